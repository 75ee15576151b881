import NumericKernels

/// A model compiled for sampling: its log density by unconstrained coordinates, with its gradient, and what predicts.
///
/// The log density includes all normalising constants and the log Jacobians of the transforms of constrained
/// parameters; terms of `Flat` priors are 0.
public struct CompiledModel: LogDensity {
  public let dimension: Int
  /// Parameters on their own scales, then computed quantities, element by element: `theta[3]`, `beta[2,5]`.
  public let variableNames: [String]
  let model: Model
  let program: Program
  /// Instructions that the density needs; the rest are of computed quantities alone.
  let densityInstructions: Int
  /// Levels that are integrated out, drawn for what a draw keeps.
  let marginal: MarginalBlock?
  /// Where what a draw keeps lies.
  let outputs: [(place: Int, count: Int)]

  public func makeEvaluator() -> ModelEvaluator { ModelEvaluator(self) }

  /// The coordinates of each parameter, by name; those that were `.automatic` as they were chosen.
  public var parameterizations: [String: Parameterization] {
    Dictionary(uniqueKeysWithValues: model.parameters.map { ($0.name, $0.parameterization) })
  }
}

/// Evaluates a compiled model for one chain, without allocation.
public struct ModelEvaluator: LogDensityEvaluator {
  private let model: CompiledModel
  private let workspace: Workspace

  init(_ model: CompiledModel) {
    self.model = model
    workspace = Workspace(model.program)
  }

  public mutating func logDensity(at position: Span<Double>, gradient: inout MutableSpan<Double>) -> Double {
    let memory = workspace.memory
    for i in position.indices { memory.values[i] = position[i] }
    let value = model.program.logDensity(model.densityInstructions, memory)
    for i in position.indices { gradient[i] = memory.adjoints[i] }
    return value
  }

  public mutating func explanation(at position: Span<Double>) -> String? {
    var gradient = [Double](repeating: 0, count: model.dimension)
    var span = gradient.mutableSpan
    let value = logDensity(at: position, gradient: &span)
    return model.explanation(
      at: position.indices.map { position[$0] }, logDensity: value, gradient: gradient)
  }

  public mutating func variables(
    at position: Span<Double>, into values: inout MutableSpan<Double>, using stream: inout RandomStream
  ) {
    let memory = workspace.memory
    for i in position.indices { memory.values[i] = position[i] }
    for transform in model.program.transforms { _ = transform.constrain(memory) }
    model.program.computeValues(0..<model.densityInstructions, memory)
    model.marginal?.recover(memory, using: &stream)
    model.program.computeValues(model.densityInstructions..<model.program.instructionCount, memory)
    var next = 0
    for output in model.outputs {
      let numbers = memory.numbers(output.place)
      for i in 0..<output.count { values[next + i] = numbers[i] }
      next += output.count
    }
  }
}

extension Model {
  /// Compiles the model: finds shapes, shares what is computed twice, and lays out a program for value and gradient.
  ///
  /// - Throws: ``ModelError`` with the names concerned: shapes that do not fit, data outside the support, a parameter
  ///   without prior.
  public func compile() throws -> CompiledModel {
    if let mistake = mistakes.first { throw ModelError(mistake) }
    try checkNames()
    return try ParameterizationChoice.resolve(self).compileAsDeclared()
  }

  /// Compiles without choosing coordinates.
  func compileAsDeclared() throws -> CompiledModel {
    if let mistake = mistakes.first { throw ModelError(mistake) }
    if parameters.isEmpty { throw ModelError("the model has no parameters") }
    var lowering = Lowering()
    var free: [Lowering.Place] = []
    for parameter in parameters { free.append(lowering.allocate(try Lowering.coordinateCount(parameter))) }
    let dimension = lowering.size
    let marginal = try MarginalLevels(self)
    if dimension == 0 && marginal == nil { throw ModelError("the model's parameters have no freedom") }
    let absorbed = marginal?.absorbed ?? []
    for (parameter, place) in zip(parameters, free) where parameter.parameterization != .marginalized {
      try lowering.declare(parameter, free: place, hasPrior: !absorbed.contains(parameter.name))
    }
    let marginalBlock = try marginal?.add(to: &lowering)
    if dimension == 0 {
      throw ModelError(
        "all parameters (\(parameters.map(\.name).joined(separator: ", "))) are integrated out, which leaves nothing "
          + "to sample; declare one of them .centered")
    }
    for observation in observations where !absorbed.contains(observation.name) { try lowering.add(observation) }
    for term in terms {
      do { try lowering.addTerm(term.formula.node) } catch let error as ModelError {
        throw ModelError("the term \(term.name): \(error.description)")
      }
    }
    let densityInstructions = lowering.instructions.count
    if let marginal, let marginalBlock { marginal.bind(marginalBlock, in: &lowering) }
    var outputs: [(place: Int, count: Int)] = []
    var names: [String] = []
    for parameter in parameters {
      let place = try lowering.place(of: Node(.parameter(parameter.key), [], parameter.shape))
      outputs.append((place.offset, parameter.shape.count))
      names += parameter.shape.elementNames(parameter.name)
    }
    for quantity in deterministics {
      do {
        outputs.append((try lowering.place(of: quantity.formula.node).offset, quantity.formula.shape.count))
      } catch let error as ModelError { throw ModelError("the quantity \(quantity.name): \(error.description)") }
      names += quantity.formula.shape.elementNames(quantity.name)
    }
    return CompiledModel(
      dimension: dimension, variableNames: names, model: self, program: Program(lowering),
      densityInstructions: densityInstructions, marginal: marginalBlock, outputs: outputs)
  }
}

extension Lowering {
  mutating func add(_ observation: Model.Observation) throws {
    let values = observation.values.node
    if case .invalid(let message) = values.operation {
      throw ModelError("the observed \(observation.name): \(message)")
    }
    guard values.isData else {
      throw ModelError("the observed \(observation.name) is computed from parameters; observe data")
    }
    try addDensity(of: values, observation.distribution, observation.name)
  }
}
