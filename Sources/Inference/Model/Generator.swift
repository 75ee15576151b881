import NumericKernels

/// Draws the elements (or sets of elements) of a variate in their places.
struct Generator: Sendable {
  /// The number of elements or sets.
  let count: Int
  /// Writes the element or set of this number.
  let draw: @Sendable (_ row: Int, Memory, inout RandomStream) throws -> Void

  /// Attempts at a variate within bounds that a distribution does not know.
  static let attempts = 10_000
  /// Attempts at all variates together, where bounds and what they bound depend on one another.
  static let jointAttempts = 100_000

  /// A variate outside bounds whose probability depends on other variates: all of them are to be drawn again.
  struct Rejection: Error { let label: String }
  /// Variates that drawing again and again does not reach; chains do.
  struct Unreachable: Error { let label: String }
}

extension Generator {
  /// What is thrown where a distribution's parameters leave it no variate: what was drawn before is drawn again where
  /// they hang on it, since the density is not a number there either; otherwise it is an error.
  static func noVariate(_ label: String, isDrawn: Bool, _ problem: @autoclosure () -> String) -> any Error {
    isDrawn ? Rejection(label: label) : ModelError("\(label) cannot be drawn: \(problem())")
  }
}

extension Node {
  /// The number that this is, if it is one.
  var singleConstant: Double? {
    if case .constant(let block) = operation, block.values.count == 1 { block.values[0] } else { nil }
  }

  /// Whether one of these parameters enters.
  func depends(on parameters: Set<ParameterKey>) -> Bool {
    !isData && !parameters.isEmpty
      && Node.inOrder([self]).contains { node in
        if case .parameter(let key) = node.operation { parameters.contains(key) } else { false }
      }
  }
}

extension Lowering {
  /// What draws a variate that lies at `place` of its distribution.
  ///
  /// - Parameters:
  ///   - lower: Bounds to which the distribution is restricted without being normalised.
  ///   - constraint: A set to which it is restricted.
  ///   - drawn: Parameters that are drawn beside the variate. Where the probability of lying within the bounds depends
  ///     on them, as it does in the density, a variate outside has them all drawn again (``Generator/Rejection``).
  mutating func generator(
    of distribution: Distribution, shape: Shape, place: Int, lower: Node? = nil, upper: Node? = nil,
    constraint: Constraint = .none, drawn: Set<ParameterKey> = [], _ label: String
  ) throws -> Generator {
    if case .vector(let family) = distribution.kind {
      return try vectorGenerator(family, distribution, shape, place, lower, upper, constraint, drawn, label)
    }
    if case .none = constraint {
    } else {
      return try constrainedGenerator(distribution, shape, place, constraint, drawn, label)
    }
    let isJoint = Self.isJoint(distribution, lower, upper, drawn)
    let low = try lower.map { try operand($0, in: shape) }
    let high = try upper.map { try operand($0, in: shape) }
    if case .flat = distribution.kind {
      guard let low, let high else {
        throw ModelError(
          "\(label) has a flat prior without bounds on both sides, from which nothing can be drawn; give it a proper prior"
        )
      }
      // Those parameters are weighed by the distance of the bounds.
      if isJoint { throw Generator.Unreachable(label: label) }
      return Generator(count: shape.count) { row, memory, stream in
        let (a, b) = (low.number(row, memory), high.number(row, memory))
        memory.values[place + row] = a + (b - a) * stream.uniform()
      }
    }
    let draw = try drawOne(of: distribution, shape, drawn, label)
    guard low != nil || high != nil else {
      return Generator(count: shape.count) { row, memory, stream in
        memory.values[place + row] = try draw(row, memory, &stream)
      }
    }
    return Generator(count: shape.count) { row, memory, stream in
      let (a, b) = (low?.number(row, memory) ?? -.infinity, high?.number(row, memory) ?? .infinity)
      for _ in 0..<Generator.attempts {
        let x = try draw(row, memory, &stream)
        memory.values[place + row] = x
        if x >= a && x <= b { return }
        if isJoint { throw Generator.Rejection(label: label) }
      }
      throw ModelError(
        "none of \(Generator.attempts) draws of \(label)'s prior was between \(a) and \(b); truncate the prior instead")
    }
  }

  /// What draws one element of a univariate distribution.
  private mutating func drawOne(
    of distribution: Distribution, _ shape: Shape, _ drawn: Set<ParameterKey>, _ label: String
  ) throws -> @Sendable (_ row: Int, Memory, inout RandomStream) throws -> Double {
    let density = try rowDensity(distribution, rows: shape, label)
    let isDrawn = distribution.formulas.contains { $0.node.depends(on: drawn) }
    let words = try parameterWords(of: distribution, rows: shape)
    let name = distribution.name
    return { row, memory, stream in
      let x = density.random(row, memory, using: &stream)
      guard x.isNaN else { return x }
      throw Generator.noVariate(
        label, isDrawn: isDrawn,
        "its \(name) distribution has no variates" + ParameterWords.element(row, of: shape) + words(row, memory))
    }
  }

  /// Whether the probability of lying within the bounds may depend on parameters that are drawn as well.
  private static func isJoint(
    _ distribution: Distribution, _ lower: Node?, _ upper: Node?, _ drawn: Set<ParameterKey>
  ) -> Bool {
    let bounds = [lower, upper].compactMap { $0 }
    guard !bounds.isEmpty else { return false }
    if bounds.contains(where: { $0.depends(on: drawn) }) { return true }
    guard distribution.formulas.contains(where: { $0.node.depends(on: drawn) }) else { return false }
    // One side of a symmetric distribution's centre is half of it, whatever the scale.
    if bounds.count == 1, case .scalar(let family) = distribution.kind, let places = family.locationScale,
      let centre = distribution.arguments[places.location].node.singleConstant,
      let bound = bounds[0].singleConstant
    {
      if case .logNormal = family.kernel { return true }
      return centre != bound
    }
    return true
  }

  /// Vectors or matrices, drawn again until they are within bounds and constraint.
  private mutating func vectorGenerator(
    _ family: VectorFamily, _ distribution: Distribution, _ shape: Shape, _ place: Int, _ lower: Node?,
    _ upper: Node?, _ constraint: Constraint, _ drawn: Set<ParameterKey>, _ label: String
  ) throws -> Generator {
    let rows = try vectorRows(family, distribution.arguments.map(\.node), variate: shape, at: place, label)
    let isOwn = if case .none = constraint { true } else { constraint.words == family.constraint.words }
    let low = try lower.map { try operand($0, in: shape) }
    let high = try upper.map { try operand($0, in: shape) }
    let least: Double
    switch constraint {
    case _ where isOwn: least = -.infinity
    case .ordered: least = -.infinity
    case .positiveOrdered: least = 0
    default:
      throw ModelError(
        "\(label) is \(constraint.words) with a prior of \(distribution.name); there is no way to draw from that prior"
      )
    }
    let length = shape.count / max(rows.count, 1)
    let isDrawn = distribution.formulas.contains { $0.node.depends(on: drawn) }
    @Sendable func draw(_ set: Int, _ memory: Memory, _ stream: inout RandomStream) throws {
      family.random(rows, set, memory, &stream)
      guard (0..<length).contains(where: { memory.values[place + set * length + $0].isNaN }) else { return }
      throw Generator.noVariate(
        label, isDrawn: isDrawn,
        (ParameterWords.problem(with: family, rows, set, memory) ?? "its \(family.name) distribution has no variates")
          + (rows.count == 1 ? "" : ", in row \(set)"))
    }
    if isOwn && low == nil && high == nil { return Generator(count: rows.count, draw: draw) }
    let isJoint = Self.isJoint(distribution, lower, upper, drawn) || !isOwn && isDrawn
    return Generator(count: rows.count) { set, memory, stream in
      for _ in 0..<Generator.attempts {
        try draw(set, memory, &stream)
        let elements = (set * length)..<((set + 1) * length)
        var isInside = true
        var last = least
        for i in elements {
          let x = memory.values[place + i]
          if let low, x < low.number(i, memory) { isInside = false }
          if let high, x > high.number(i, memory) { isInside = false }
          if !isOwn && x <= last { isInside = false }
          last = x
        }
        if isInside { return }
        if isJoint { throw Generator.Rejection(label: label) }
      }
      throw ModelError(
        "none of \(Generator.attempts) draws of \(label)'s prior was within its bounds; there is no way to draw from it"
      )
    }
  }

  /// Sets with elements of one distribution each: ordered ones are sorted, flat simplexes and unit
  /// vectors are uniform, normal ones of sum 0 are centred.
  private mutating func constrainedGenerator(
    _ distribution: Distribution, _ shape: Shape, _ place: Int, _ constraint: Constraint,
    _ drawn: Set<ParameterKey>, _ label: String
  ) throws -> Generator {
    let length = shape.lengths.last ?? 1
    let sets = shape.count / max(length, 1)
    switch (constraint, distribution.kind) {
    case (.simplex, .flat):
      return Generator(count: sets) { set, memory, stream in
        var sum = 0.0
        for i in (set * length)..<((set + 1) * length) {
          memory.values[place + i] = stream.exponential()
          sum += memory.values[place + i]
        }
        for i in (set * length)..<((set + 1) * length) { memory.values[place + i] /= sum }
      }
    case (.unitVector, .flat):
      return Generator(count: sets) { set, memory, stream in
        var square = 0.0
        for i in (set * length)..<((set + 1) * length) {
          memory.values[place + i] = stream.normal()
          square += memory.values[place + i] * memory.values[place + i]
        }
        for i in (set * length)..<((set + 1) * length) { memory.values[place + i] /= square.squareRoot() }
      }
    case (.ordered, .scalar), (.positiveOrdered, .scalar):
      guard distribution.arguments.allSatisfy({ $0.shape.count == 1 }) else { break }
      let draw = try drawOne(of: distribution, shape, drawn, label)
      let least: Double = if case .positiveOrdered = constraint { 0 } else { -.infinity }
      let isJoint = least == 0 && Self.isJoint(distribution, .scalar(0), nil, drawn)
      return Generator(count: sets) { set, memory, stream in
        for i in (set * length)..<((set + 1) * length) {
          var (x, attempt) = (-Double.infinity, 0)
          while x <= least && attempt < Generator.attempts {
            x = try draw(i, memory, &stream)
            attempt += 1
            if isJoint && x <= least { throw Generator.Rejection(label: label) }
          }
          if x <= least { throw ModelError("\(label)'s prior is hardly ever positive, which it must be") }
          memory.values[place + i] = x
        }
        var elements = UnsafeMutableBufferPointer(start: memory.values + place + set * length, count: length)
        elements.sort()
      }
    case (.zeroSum, .scalar(let family)):
      // Independent normal elements of one mean and one scale, given that their sum is 0, are deviations from their
      // mean.
      guard case .normal = family.kernel, distribution.arguments.allSatisfy({ $0.shape.isOneForEachSet }) else { break }
      let draw = try drawOne(of: distribution, shape, drawn, label)
      return Generator(count: sets) { set, memory, stream in
        var sum = 0.0
        for i in (set * length)..<((set + 1) * length) {
          memory.values[place + i] = try draw(i, memory, &stream)
          sum += memory.values[place + i]
        }
        for i in (set * length)..<((set + 1) * length) { memory.values[place + i] -= sum / Double(length) }
      }
    default: break
    }
    throw ModelError(
      "\(label) is \(constraint.words) with a prior of \(distribution.name); there is no way to draw from that prior")
  }
}
