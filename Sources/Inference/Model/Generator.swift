import NumericKernels

/// Draws the elements (or sets of elements) of a variate in their places.
struct Generator: Sendable {
  /// The number of elements or sets.
  let count: Int
  /// Writes the element or set of this number.
  let draw: @Sendable (_ row: Int, Memory, inout RandomStream) throws -> Void

  /// Attempts at a variate within bounds that a distribution does not know.
  static let attempts = 10_000
}

extension Lowering {
  /// What draws a variate that lies at `place` of its distribution.
  ///
  /// - Parameters:
  ///   - lower: Bounds to which the distribution is restricted without being normalised.
  ///   - constraint: A set to which it is restricted.
  mutating func generator(
    of distribution: Distribution, shape: Shape, place: Int, lower: Node? = nil, upper: Node? = nil,
    constraint: Constraint = .none, _ label: String
  ) throws -> Generator {
    if case .vector(let family) = distribution.kind {
      let arguments = distribution.arguments.map(\.node)
      let rows = try vectorRows(family, arguments, variate: shape, at: place, label)
      return Generator(count: rows.count) { family.random(rows, $0, $1, &$2) }
    }
    if case .none = constraint {
    } else {
      return try constrainedGenerator(distribution, shape, place, constraint, label)
    }
    let low = try lower.map { try operand($0, in: shape) }
    let high = try upper.map { try operand($0, in: shape) }
    if case .flat = distribution.kind {
      guard let low, let high else {
        throw ModelError(
          "\(label) has a flat prior without bounds on both sides, from which nothing can be drawn; give it a proper prior"
        )
      }
      return Generator(count: shape.count) { row, memory, stream in
        let (a, b) = (low.number(row, memory), high.number(row, memory))
        memory.values[place + row] = a + (b - a) * stream.uniform()
      }
    }
    let density = try rowDensity(distribution, rows: shape, label)
    guard low != nil || high != nil else {
      return Generator(count: shape.count) { row, memory, stream in
        memory.values[place + row] = density.random(row, memory, using: &stream)
      }
    }
    return Generator(count: shape.count) { row, memory, stream in
      let (a, b) = (low?.number(row, memory) ?? -.infinity, high?.number(row, memory) ?? .infinity)
      for _ in 0..<Generator.attempts {
        let x = density.random(row, memory, using: &stream)
        memory.values[place + row] = x
        if x >= a && x <= b || x.isNaN { return }
      }
      throw ModelError(
        "none of \(Generator.attempts) draws of \(label)'s prior was between \(a) and \(b); truncate the prior instead")
    }
  }

  /// Sets with elements of one distribution each: ordered ones are sorted, flat simplexes and unit
  /// vectors are uniform, normal ones of sum 0 are centred.
  private mutating func constrainedGenerator(
    _ distribution: Distribution, _ shape: Shape, _ place: Int, _ constraint: Constraint, _ label: String
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
      let density = try rowDensity(distribution, rows: shape, label)
      let least: Double = if case .positiveOrdered = constraint { 0 } else { -.infinity }
      return Generator(count: sets) { set, memory, stream in
        for i in (set * length)..<((set + 1) * length) {
          var (x, attempt) = (-Double.infinity, 0)
          while x <= least && attempt < Generator.attempts {
            x = density.random(i, memory, using: &stream)
            attempt += 1
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
      guard case .normal = family.kernel, distribution.arguments.allSatisfy({ $0.shape.count == 1 }) else { break }
      let density = try rowDensity(distribution, rows: shape, label)
      return Generator(count: sets) { set, memory, stream in
        var sum = 0.0
        for i in (set * length)..<((set + 1) * length) {
          memory.values[place + i] = density.random(i, memory, using: &stream)
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
