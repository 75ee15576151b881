import NumericKernels

/// The parameters of a model that are integrated out, and the normal distributions whose means they enter.
struct MarginalLevels {
  /// The integrated-out parameters, in the order of the latent quantities.
  let parameters: [Model.Parameter]
  let latentCount: Int
  /// Names of the parameters and observations whose densities the integral holds.
  let absorbed: Set<String>
  /// The first latent quantity of each parameter.
  private let latents: [ParameterKey: Int]
  private let normals: [Normals]

  /// Independent normal distributions of one declaration.
  private struct Normals {
    let label: String
    let shape: Shape
    /// Nil for an integrated-out parameter.
    let variate: Node?
    let firstLatent: Int?
    let mean: Node
    let sd: Node
  }

  /// Nil for a model that integrates nothing out.
  ///
  /// - Throws: ``ModelError`` where an integrated-out parameter is not normal or enters anything but means of normal
  ///   distributions.
  init?(_ model: Model) throws {
    parameters = model.parameters.filter { $0.parameterization == .marginalized }
    if parameters.isEmpty { return nil }
    var latents: [ParameterKey: Int] = [:]
    var count = 0
    for parameter in parameters {
      latents[parameter.key] = count
      count += parameter.shape.count
    }
    self.latents = latents
    latentCount = count
    func isReached(_ node: Node?) -> Bool {
      guard let node else { return false }
      return Node.inOrder([node]).contains {
        if case .parameter(let key) = $0.operation { latents[key] != nil } else { false }
      }
    }
    var normals: [Normals] = []
    func absorb(_ label: String, _ shape: Shape, _ distribution: Distribution, variate: Node?, latent: Int?) throws {
      let arguments = distribution.arguments.map(\.node)
      guard latent != nil || distribution.formulas.map(\.node).contains(where: isReached) else { return }
      guard case .scalar(let family) = distribution.kind, case .normal = family.kernel, arguments.count == 2 else {
        throw ModelError(
          latent != nil
            ? "\(label) cannot be integrated out: its distribution is \(distribution.name), not normal"
            : "\(label): integrated-out parameters may enter only means of normal distributions, and this is "
              + distribution.name)
      }
      if isReached(arguments[1]) {
        throw ModelError("\(label): its standard deviation depends on an integrated-out parameter; only its mean may")
      }
      normals.append(
        Normals(
          label: label, shape: shape, variate: variate, firstLatent: latent, mean: arguments[0], sd: arguments[1]))
    }
    for parameter in model.parameters {
      let bounds = parameter.bounds
      let isPlain = bounds.lower == nil && bounds.upper == nil && parameter.effectiveConstraint == nil
      let taken = normals.count
      let isIntegrated = parameter.parameterization == .marginalized
      try absorb(
        parameter.name, parameter.shape, parameter.distribution,
        variate: isIntegrated ? nil : Node(.parameter(parameter.key), [], parameter.shape),
        latent: latents[parameter.key])
      if isReached(bounds.lower) || isReached(bounds.upper) || (normals.count > taken && !isPlain) {
        throw ModelError("\(parameter.name): bounds and integrated-out parameters do not go together")
      }
      if normals.count > taken, parameter.parameterization == .nonCentered {
        throw ModelError("\(parameter.name): declare it .centered, since its mean is integrated out")
      }
    }
    for observation in model.observations {
      try absorb(
        observation.name, observation.values.shape, observation.distribution, variate: observation.values.node,
        latent: nil)
    }
    for term in model.terms where isReached(term.formula.node) {
      throw ModelError("the term \(term.name): integrated-out parameters may enter only means of normal distributions")
    }
    self.normals = normals
    absorbed = Set(normals.map(\.label))
  }

  /// Adds the integral to a program's density; returns what recovers the parameters.
  func add(to lowering: inout Lowering) throws -> MarginalBlock {
    var factors: [GaussianLevels.Factor] = []
    var groups: [MarginalBlock.Group] = []
    var offsets = Rebuilding(
      leaf: { node in
        guard case .parameter(let key) = node.operation, self.latents[key] != nil else { return nil }
        return .constant([Double](repeating: 0, count: node.shape.count), node.shape)
      }, index: { _ in nil })
    for normal in normals {
      for argument in [normal.mean, normal.sd] {
        if case .invalid(let message) = argument.operation { throw ModelError("\(normal.label): \(message)") }
        guard Shape.broadcast(argument.shape, normal.shape) == normal.shape else {
          throw ModelError(
            "\(normal.label) has the shape \(normal.shape), but its normal distribution has one of \(argument.shape)")
        }
      }
      let form = try LinearForm(normal.mean, latents: latents, label: normal.label) { try lowering.values(of: $0) }
      var rows = form.spread(from: normal.mean.shape, over: normal.shape)
      if let first = normal.firstLatent {
        for i in rows.indices { rows[i] = LinearForm.sum(rows[i], [(first + i, -1)]) }
      }
      groups.append(
        MarginalBlock.Group(
          first: factors.count, count: rows.count,
          variate: try normal.variate.map { try lowering.operand($0, in: normal.shape) },
          offset: try lowering.operand(offsets(normal.mean), in: normal.shape),
          sd: try lowering.operand(normal.sd, in: normal.shape)))
      factors += rows
    }
    let levels = GaussianLevels(latentCount: latentCount, factors: factors)
    let block = MarginalBlock(
      levels: levels, groups: groups, storage: lowering.allocate(levels.storageCount).offset,
      place: lowering.allocate(latentCount).offset)
    lowering.blocks.append(DensityBlock { block.evaluate($0) })
    return block
  }

  /// Tells where the recovered parameters lie, for what is computed from them after the density.
  func bind(_ block: MarginalBlock, in lowering: inout Lowering) {
    for parameter in parameters {
      guard let first = latents[parameter.key] else { continue }
      lowering.bind(parameter.key, to: Lowering.Place(offset: block.place + first))
    }
  }
}

/// The integrated-out levels in a program.
struct MarginalBlock: Sendable {
  /// Factors of one declaration.
  struct Group: Sendable {
    let first: Int
    let count: Int
    let variate: RowOperand?
    let offset: RowOperand
    let sd: RowOperand
  }

  let levels: GaussianLevels
  let groups: [Group]
  /// Where the working storage and the recovered parameters lie.
  let storage: Int
  let place: Int

  /// Adds the derivatives of the integral to the adjoints and returns its logarithm.
  func evaluate(_ memory: Memory) -> Double {
    let storage = GaussianLevels.Storage(levels, at: memory.values + storage)
    let value = condition(memory, storage)
    guard value > -.infinity else { return value }
    levels.differentiate(storage)
    for group in groups {
      for i in 0..<group.count {
        let (byH, bySD) = (storage.h[group.first + i], storage.sd[group.first + i])
        if let variate = group.variate, !variate.isConstant {
          memory.adjoints[variate.place + variate.element(i, memory)] += byH
        }
        if !group.offset.isConstant { memory.adjoints[group.offset.place + group.offset.element(i, memory)] -= byH }
        if !group.sd.isConstant { memory.adjoints[group.sd.place + group.sd.element(i, memory)] += bySD }
      }
    }
    return value
  }

  /// Draws the parameters given all others, whose values are in place.
  func recover(_ memory: Memory, using stream: inout RandomStream) {
    let storage = GaussianLevels.Storage(levels, at: memory.values + storage)
    let value = condition(memory, storage)
    if value > -.infinity {
      levels.draw(storage, into: memory.values + place, using: &stream)
    } else {
      (memory.values + place).update(repeating: .nan, count: levels.latentCount)
    }
  }

  private func condition(_ memory: Memory, _ storage: GaussianLevels.Storage) -> Double {
    for group in groups {
      let (offset, sd) = (memory.numbers(group.offset.place), memory.numbers(group.sd.place))
      let (h, s) = (storage.h + group.first, storage.sd + group.first)
      for i in 0..<group.count {
        h[i] = -offset[group.offset.element(i, memory)]
        s[i] = sd[group.sd.element(i, memory)]
      }
      guard let variate = group.variate else { continue }
      let x = memory.numbers(variate.place)
      for i in 0..<group.count { h[i] += x[variate.element(i, memory)] }
    }
    return levels.condition(storage)
  }
}
