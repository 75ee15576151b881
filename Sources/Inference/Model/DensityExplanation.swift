import NumericKernels

/// Finds the part of a model's log density that is not finite at a point: a parameter's bounds, value or prior, an
/// observation's row, or a term.
///
/// It lays the model out anew and evaluates row by row, so it is for messages, once nothing else will help.
struct DensityExplanation {
  private typealias Part = (Memory) -> String?

  private var lowering = Lowering()
  private var parts: [Part] = []
  private let places: [(place: Int, count: Int)]

  init(_ model: Model) throws {
    var lowering = Lowering()
    places = model.parameters.map { parameter in
      let place = lowering.allocate(parameter.shape.count)
      lowering.bind(parameter.key, to: place)
      return (place.offset, parameter.shape.count)
    }
    self.lowering = lowering
    for parameter in model.parameters {
      try addBounds(of: parameter)
      try addValue(of: parameter)
      // What is integrated out has a density only together with what it enters.
      if parameter.parameterization == .marginalized || parameter.parameterization == .nonCentered { continue }
      let node = Node(.parameter(parameter.key), [], parameter.shape)
      try addDensity(of: node, parameter.distribution, parameter.name, "the prior of \(parameter.name)")
    }
    for observation in model.observations {
      try addDensity(
        of: observation.values.node, observation.distribution, observation.name, "the observed \(observation.name)")
    }
    for term in model.terms { try addTerm(term) }
  }

  /// The first part that is not finite.
  ///
  /// - Parameter values: Of all parameters on their own scales, in the order of declaration.
  func find(at values: [Double]) -> String? {
    let workspace = Workspace(Program(lowering))
    var next = 0
    for (place, count) in places {
      for i in 0..<count { workspace.memory.values[place + i] = values[next + i] }
      next += count
    }
    workspace.program.computeValues(0..<workspace.program.instructionCount, workspace.memory)
    for part in parts {
      if let problem = part(workspace.memory) { return problem }
    }
    return nil
  }

  static func words(_ x: Double) -> String { x.isNaN ? "nan" : "\(x)" }

  private static func element(_ row: Int, of shape: Shape) -> String {
    shape.count == 1 ? "" : " at position \(row)"
  }

  private mutating func addBounds(of parameter: Model.Parameter) throws {
    guard parameter.effectiveConstraint == nil else { return }
    let (name, shape, bounds) = (parameter.name, parameter.shape, parameter.bounds)
    let lower = try bounds.lower.map { try lowering.operand($0, in: shape) }
    let upper = try bounds.upper.map { try lowering.operand($0, in: shape) }
    if lower == nil && upper == nil { return }
    parts.append { memory in
      for row in 0..<shape.count {
        let (low, high) = (lower?.number(row, memory), upper?.number(row, memory))
        for (bound, kind) in [(low, "lower"), (high, "upper")] {
          guard let bound, !bound.isFinite else { continue }
          return "the \(kind) bound of \(name) is \(Self.words(bound))\(Self.element(row, of: shape))"
        }
        if let low, let high, !(low < high) {
          return "the lower bound of \(name), \(low), is not below its upper bound, \(high)"
            + Self.element(row, of: shape) + "; bound one of them so that they cannot cross"
        }
      }
      return nil
    }
  }

  private mutating func addValue(of parameter: Model.Parameter) throws {
    let (name, shape) = (parameter.name, parameter.shape)
    let operand = try lowering.operand(Node(.parameter(parameter.key), [], shape), in: shape)
    let describe = try arguments(of: parameter.distribution, rows: shape, parameter.name)
    let isShifted = parameter.parameterization == .nonCentered
    parts.append { memory in
      for row in 0..<shape.count where !operand.number(row, memory).isFinite {
        return "\(name) is \(Self.words(operand.number(row, memory)))\(Self.element(row, of: shape))"
          + (isShifted ? describe(row, memory) : "")
      }
      return nil
    }
  }

  private mutating func addDensity(
    of variate: Node, _ distribution: Distribution, _ label: String, _ title: String
  ) throws {
    switch distribution.kind {
    case .flat: return
    case .vector(let family):
      try addVectorDensity(of: variate, family, distribution.arguments.map(\.node), label, title)
    case .scalar, .combined:
      let shape = variate.shape
      let density = try lowering.rowDensity(distribution, rows: shape, label)
      let operand = try lowering.operand(variate, in: shape)
      let describe = try arguments(of: distribution, rows: shape, label)
      parts.append { memory in
        for row in 0..<shape.count {
          let x = operand.number(row, memory)
          let value = density.logDensity(x, row, memory)
          if value.isFinite { continue }
          return "\(title) has the log density \(Self.words(value))\(Self.element(row, of: shape)), where \(label) is "
            + Self.words(x) + describe(row, memory)
        }
        return nil
      }
    }
  }

  private mutating func addVectorDensity(
    of variate: Node, _ family: VectorFamily, _ arguments: [Node], _ label: String, _ title: String
  ) throws {
    let rows = try lowering.vectorRows(
      family, arguments, variate: variate.shape, at: try lowering.place(of: variate).offset, label)
    parts.append { memory in
      for set in 0..<rows.count {
        let value = family.logDensity(rows, set, memory)
        if value.isFinite { continue }
        let place = rows.count == 1 ? "" : " in row \(set)"
        for (k, operand) in rows.parameters.enumerated() {
          let length = rows.parameterLengths[k]
          let numbers = UnsafeBufferPointer(
            start: memory.numbers(operand.place) + operand.element(set, memory) * length, count: length)
          if let problem = family.problem(k, Array(numbers), rows.size) {
            return "\(title) has the log density \(Self.words(value))\(place): the \(family.parameterNames[k]) of its "
              + "\(family.name) \(problem)"
          }
        }
        return "\(title) has the log density \(Self.words(value))\(place), by its \(family.name) distribution"
      }
      return nil
    }
  }

  private mutating func addTerm(_ term: Model.Named) throws {
    let shape = term.formula.shape
    let operand = try lowering.operand(term.formula.node, in: shape)
    parts.append { memory in
      for row in 0..<shape.count where !operand.number(row, memory).isFinite {
        return "the term \(term.name) is \(Self.words(operand.number(row, memory)))\(Self.element(row, of: shape))"
      }
      return nil
    }
  }

  /// The parameters of a univariate distribution in a row, in words that follow a comma.
  private mutating func arguments(
    of distribution: Distribution, rows shape: Shape, _ label: String
  ) throws -> (_ row: Int, Memory) -> String {
    var named: [(name: String, operand: RowOperand)] = []
    try collect(distribution, shape, prefix: "", into: &named)
    let known = named
    return { row, memory in
      known.map { ", \($0.name) \(Self.words($0.operand.number(row, memory)))" }.joined()
    }
  }

  private mutating func collect(
    _ distribution: Distribution, _ shape: Shape, prefix: String,
    into named: inout [(name: String, operand: RowOperand)]
  ) throws {
    let nodes = distribution.arguments.map(\.node)
    func names() -> [String] {
      switch distribution.kind {
      case .flat, .vector, .combined(.mixture): []
      case .scalar(let family): family.parameterNames
      case .combined(.zeroInflated): ["theta"]
      case .combined(.truncated(_, let hasLower)), .combined(.censored(_, let hasLower)):
        hasLower ? ["lower bound", "upper bound"] : ["upper bound"]
      }
    }
    for (name, node) in zip(names(), nodes) { named.append((prefix + name, try lowering.operand(node, in: shape))) }
    guard case .combined(let combination) = distribution.kind else { return }
    if case .mixture(let components) = combination {
      for (k, part) in components.enumerated() {
        try collect(part, shape, prefix: "\(prefix)component \(k)'s ", into: &named)
      }
    } else {
      for part in combination.parts { try collect(part, shape, prefix: prefix, into: &named) }
    }
  }
}

extension CompiledModel {
  /// What keeps the log density or its gradient from being finite, by name; nil where that cannot be told.
  ///
  /// - Parameter gradient: The gradient at the position, where the log density is finite.
  func explanation(at position: [Double], logDensity: Double, gradient: [Double]) -> String? {
    if logDensity.isFinite {
      guard let coordinate = gradient.firstIndex(where: { !$0.isFinite }) else { return nil }
      var next = 0
      for parameter in model.parameters {
        next += (try? Lowering.coordinateCount(parameter)) ?? 0
        if coordinate < next {
          return "the derivative by \(parameter.name) is \(DensityExplanation.words(gradient[coordinate]))"
        }
      }
      return nil
    }
    guard let explanation = try? DensityExplanation(model) else { return nil }
    var kept = [Double](repeating: 0, count: variableNames.count)
    var evaluator = makeEvaluator()
    var span = kept.mutableSpan
    var stream = RandomStream(seed: 0, purpose: StreamPurpose.prior)
    evaluator.variables(at: position.span, into: &span, using: &stream)
    // Integrated-out parameters cannot be drawn where the density is not finite; any value of theirs will do.
    var next = 0
    for parameter in model.parameters {
      if parameter.parameterization == .marginalized {
        for i in 0..<parameter.shape.count { kept[next + i] = 0 }
      }
      next += parameter.shape.count
    }
    return explanation.find(at: kept)
  }
}
