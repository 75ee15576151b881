/// Other data in a model's formulas: values and positions by name, and more elements of some parameters.
struct Replacement {
  let model: Model
  private let data: [String: ModelData]
  private let newElements: [String: Int]
  private var rebuild: Rebuilding

  /// - Throws: ``ModelError`` for names that the model does not have, and for other numbers of axes.
  init(_ model: Model, data: [String: ModelData], newElements: [String: Int] = [:]) throws {
    self.model = model
    self.data = data
    self.newElements = newElements
    var known: [String: Int] = [:]
    let roots =
      model.parameters.flatMap { $0.distribution.formulas + [$0.lower, $0.upper].compactMap { $0 } }
      + model.deterministics.map(\.formula) + model.observations.flatMap { $0.distribution.formulas + [$0.values] }
      + model.terms.map(\.formula)
    for node in Node.inOrder(roots.map(\.node)) {
      switch node.operation {
      case .constant(let block): if let name = block.name { known[name] = block.shape.rank }
      case .gather(let indices): for index in indices { if let name = index.name { known[name] = 1 } }
      default: break
      }
    }
    for observation in model.observations where known[observation.name] == nil {
      known[observation.name] = observation.values.shape.rank
    }
    var nodes: [String: Node] = [:]
    var blocks: [String: IndexBlock] = [:]
    for (name, values) in data.sorted(by: { $0.key < $1.key }) {
      guard let rank = known[name] else {
        let names = known.keys.sorted().joined(separator: ", ")
        throw ModelError("there is no data named \(name) to replace; there are: \(names.isEmpty ? "none" : names)")
      }
      guard values.shape.rank == rank else {
        throw ModelError("the data \(name) has \(rank) axes in the model, and its replacement has \(values.shape.rank)")
      }
      nodes[name] = try values.node(name)
      // Whether the name is an index' shows where it is used.
      blocks[name] = try? values.index(name)
    }
    var longer: [ParameterKey: Node] = [:]
    for (name, count) in newElements.sorted(by: { $0.key < $1.key }) {
      guard let parameter = model.parameters.first(where: { $0.name == name }) else {
        throw ModelError("there is no parameter named \(name) to have new elements")
      }
      guard count >= 0, count <= Int(Int32.max), parameter.shape.rank > 0,
        parameter.shape.lengthened(by: count).isCountable
      else {
        throw ModelError("\(name) of shape \(parameter.shape) cannot have \(count) new elements")
      }
      guard parameter.effectiveConstraint == nil || parameter.shape.rank > parameter.setConstraint.rank else {
        throw ModelError("\(name) is \(parameter.setConstraint.words) as a whole and cannot have new elements")
      }
      longer[parameter.key] = Node(.parameter(parameter.key), [], parameter.shape.lengthened(by: count))
    }
    rebuild = Rebuilding(
      leaf: { node in
        switch node.operation {
        case .constant(let block): block.name.flatMap { nodes[$0] }
        case .parameter(let key): longer[key]
        default: nil
        }
      }, index: { $0.name.flatMap { blocks[$0] } })
    for node in Node.inOrder(roots.map(\.node)) {
      guard case .gather(let indices) = node.operation else { continue }
      for index in indices {
        if let name = index.name, let values = data[name], blocks[name] == nil { _ = try values.index(name) }
      }
    }
  }

  mutating func callAsFunction(_ formula: Formula) -> Formula {
    var own = rebuild
    defer { rebuild = own }
    return Formula(own(formula.node))
  }

  mutating func callAsFunction(_ distribution: Distribution) -> Distribution {
    var own = rebuild
    defer { rebuild = own }
    return distribution.mapFormulas { Formula(own($0.node)) }
  }

  /// A parameter's shape with its new elements.
  func shape(of parameter: Model.Parameter) -> Shape {
    newElements[parameter.name].map { parameter.shape.lengthened(by: $0) } ?? parameter.shape
  }

  /// Observed values, which go by the observation's name if they have none of their own.
  mutating func values(of observation: Model.Observation) throws -> Formula {
    if let replaced = data[observation.name] { return Formula(try replaced.node(observation.name)) }
    return self(observation.values)
  }

  /// The shape of data made up: that of what they depend on if it has always been that of the observed, else theirs.
  mutating func predictedShape(of observation: Model.Observation) throws -> Shape {
    let old = Self.reach(observation.distribution, observation.values.shape)
    let new = Self.reach(self(observation.distribution), observation.values.shape)
    if let new, old == observation.values.shape { return new }
    return try values(of: observation).shape
  }

  /// The shape to which a distribution's parameters broadcast; nil if they do not.
  private static func reach(_ distribution: Distribution, _ variate: Shape) -> Shape? {
    var shape: Shape? = Shape.scalar
    func add(_ other: Shape, dropping axes: Int) {
      shape = shape.flatMap { Shape.broadcast($0, Shape(Array(other.lengths.dropLast(axes)))) }
    }
    func visit(_ distribution: Distribution) {
      switch distribution.kind {
      case .flat: break
      case .scalar: for argument in distribution.arguments { add(argument.shape, dropping: 0) }
      case .vector(let family):
        for (argument, rank) in zip(distribution.arguments, family.parameterRanks) {
          add(argument.shape, dropping: min(rank, argument.shape.rank))
        }
      case .combined(let combination):
        let own: Int = if case .mixture = combination { 1 } else { 0 }
        for argument in distribution.arguments { add(argument.shape, dropping: min(own, argument.shape.rank)) }
        combination.parts.forEach(visit)
      }
    }
    visit(distribution)
    if case .vector(let family) = distribution.kind, family.variateRank > 0 {
      shape = shape.map { Shape($0.lengths + variate.lengths.suffix(family.variateRank)) }
    }
    return shape
  }
}

extension Constraint {
  /// The number of axes of a set.
  var rank: Int { if case .none = self { 0 } else { isOfMatrices ? 2 : 1 } }
}

extension Shape {
  func lengthened(by count: Int) -> Shape {
    var lengths = lengths
    if !lengths.isEmpty { lengths[0] += count }
    return Shape(lengths)
  }
}
