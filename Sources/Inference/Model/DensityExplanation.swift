import NumericKernels

private typealias Words = ParameterWords

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
          return "the \(kind) bound of \(name) is \(Words.number(bound))\(Words.element(row, of: shape))"
        }
        if let low, let high, !(low < high) {
          return "the lower bound of \(name), \(low), is not below its upper bound, \(high)"
            + Words.element(row, of: shape) + "; bound one of them so that they cannot cross"
        }
      }
      return nil
    }
  }

  private mutating func addValue(of parameter: Model.Parameter) throws {
    let (name, shape) = (parameter.name, parameter.shape)
    let operand = try lowering.operand(Node(.parameter(parameter.key), [], shape), in: shape)
    let describe = try lowering.parameterWords(of: parameter.distribution, rows: shape)
    let isShifted = parameter.parameterization == .nonCentered
    parts.append { memory in
      for row in 0..<shape.count where !operand.number(row, memory).isFinite {
        return "\(name) is \(Words.number(operand.number(row, memory)))\(Words.element(row, of: shape))"
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
      let describe = try lowering.parameterWords(of: distribution, rows: shape)
      parts.append { memory in
        for row in 0..<shape.count {
          let x = operand.number(row, memory)
          let value = density.logDensity(x, row, memory)
          if value.isFinite { continue }
          return
            "\(title) has the log density \(Words.number(value))\(Words.element(row, of: shape)), where \(label) is "
            + Words.number(x) + describe(row, memory)
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
        if let problem = Words.problem(with: family, rows, set, memory) {
          return "\(title) has the log density \(Words.number(value))\(place): \(problem)"
        }
        return "\(title) has the log density \(Words.number(value))\(place), by its \(family.name) distribution"
      }
      return nil
    }
  }

  private mutating func addTerm(_ term: Model.Named) throws {
    let shape = term.formula.shape
    let operand = try lowering.operand(term.formula.node, in: shape)
    parts.append { memory in
      for row in 0..<shape.count where !operand.number(row, memory).isFinite {
        return "the term \(term.name) is \(Words.number(operand.number(row, memory)))\(Words.element(row, of: shape))"
      }
      return nil
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
          return "the derivative by \(parameter.name) is \(Words.number(gradient[coordinate]))"
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
