import CNumericKernels

/// How parameters come from the coordinates that samplers move.
extension Lowering {
  /// The number of coordinates of a parameter, or what is wrong with it.
  static func coordinateCount(_ parameter: Model.Parameter) throws -> Int {
    if parameter.parameterization == .marginalized { return 0 }
    switch parameter.effectiveConstraint {
    case .none: return parameter.shape.count
    case .some(let transform): return parameter.sets(of: transform).count * transform.coordinates
    }
  }

  /// Places a parameter, and adds its prior and what the change of variables contributes.
  ///
  /// - Parameters:
  ///   - free: Where its coordinates begin.
  ///   - hasPrior: Whether its prior is to be added; an integral may hold it already.
  mutating func declare(_ parameter: Model.Parameter, free: Place, hasPrior: Bool = true) throws {
    try Self.checkDeclaration(parameter)
    try checkBounds(of: parameter)
    bind(coordinates: parameter.key, to: free)
    if let transform = parameter.effectiveConstraint {
      let place = allocate(parameter.shape.count)
      for set in parameter.sets(of: transform) {
        transforms.append(
          transform.block(free.offset + set * transform.coordinates, place.offset + set * transform.count))
      }
      bind(parameter.key, to: place)
      try addPrior(of: parameter)
      return
    }
    let coordinates = Node(.free(parameter.key), [], parameter.shape)
    if parameter.parameterization == .nonCentered {
      try declareNonCentered(parameter, coordinates)
      return
    }
    let (lower, upper) = parameter.bounds
    var value = coordinates
    switch (lower, upper) {
    case (nil, nil): break
    case (let lower?, nil):
      value = .unary(.exp, coordinates)
      if !lower.isZero { value = .binary(.add, lower, value) }
      try addTerm(coordinates)
    case (nil, let upper?):
      value = .binary(.subtract, upper, .unary(.exp, coordinates))
      try addTerm(coordinates)
    case (let lower?, let upper?):
      let width = Node.binary(.subtract, upper, lower)
      value = .binary(.add, lower, .binary(.multiply, width, .unary(.inverseLogit, coordinates)))
      // log |dx/du| = log width + u - 2 log(1 + e^u)
      let both = Node.binary(.multiply, .scalar(2), .unary(.log1pExp, coordinates))
      try addTerm(.binary(.add, .unary(.log, width), .binary(.subtract, coordinates, both)))
    }
    guard value.shape == parameter.shape else {
      if case .invalid(let message) = value.operation { throw ModelError("\(parameter.name): \(message)") }
      throw ModelError("the bounds of \(parameter.name) \(parameter.shape) have the shape \(value.shape)")
    }
    bind(parameter.key, to: try place(of: value))
    if hasPrior { try addPrior(of: parameter) }
  }

  private mutating func addPrior(of parameter: Model.Parameter) throws {
    let node = Node(.parameter(parameter.key), [], parameter.shape)
    if case .zeroSum = parameter.setConstraint, let scale = try Self.normalScale(ofZeroSum: parameter) {
      // Given that their sum is 0, normal numbers of one mean and one scale do not depend on the mean, and their
      // density is of K - 1 dimensions: that of all K, divided by that of sum / √K at 0, which is 1 / (scale √2π).
      try addDensity(of: node, .normal(0, scale), parameter.name)
      let sets = parameter.shape.count / max(parameter.shape.lengths.last ?? 1, 1)
      let scales = max(scale.shape.count, 1)
      try addTerm(.binary(.multiply, .scalar(Double(sets / scales)), .unary(.log, scale.node)))
      constant += Double(sets) * Self.halfLogTwoPi
      return
    }
    try addDensity(of: node, parameter.distribution, parameter.name)
  }

  /// The scale of normal numbers that sum to 0, where all of a set share it and the mean; nil for other priors, whose
  /// density is not normalised over such sets and must therefore be of data alone.
  private static func normalScale(ofZeroSum parameter: Model.Parameter) throws -> Formula? {
    let distribution = parameter.distribution
    if case .scalar(let family) = distribution.kind, case .normal = family.kernel,
      distribution.arguments.allSatisfy({
        $0.shape.isOneForEachSet && Shape.broadcast($0.shape, parameter.shape) == parameter.shape
      })
    {
      for argument in distribution.arguments {
        if case .invalid(let message) = argument.node.operation { throw ModelError("\(parameter.name): \(message)") }
      }
      return distribution.arguments[1]
    }
    guard distribution.formulas.allSatisfy(\.node.isData) else {
      throw ModelError(
        "\(parameter.name) is of sum 0 with a prior of \(distribution.name) that depends on parameters, for which it "
          + "cannot be normalised; use a normal prior with one mean and one scale for all elements")
    }
    return nil
  }

  /// location + scale · z, with z of the standard distribution of the family.
  private mutating func declareNonCentered(_ parameter: Model.Parameter, _ z: Node) throws {
    guard case .scalar(let family) = parameter.distribution.kind, let places = family.locationScale,
      parameter.lower == nil, parameter.upper == nil
    else {
      throw ModelError(
        "\(parameter.name) cannot be non-centred: that needs an unbounded distribution with location and scale, such as "
          + "normal, and it has \(parameter.distribution.name)")
    }
    var arguments = parameter.distribution.arguments
    let (location, scale) = (arguments[places.location].node, arguments[places.scale].node)
    var value = Node.binary(.add, location, .binary(.multiply, scale, z))
    if case .logNormal = family.kernel { value = .unary(.exp, value) }
    guard value.shape == parameter.shape else {
      throw ModelError(
        "\(parameter.name) has the shape \(parameter.shape), but location and scale of its \(family.name) "
          + "distribution make it \(value.shape)")
    }
    bind(parameter.key, to: try place(of: value))
    arguments[places.location] = 0
    arguments[places.scale] = 1
    let standard: Distribution =
      if case .logNormal = family.kernel { .normal(0, 1) } else {
        Distribution(kind: parameter.distribution.kind, arguments: arguments)
      }
    try addDensity(of: z, standard, parameter.name)
  }

  private static func checkDeclaration(_ parameter: Model.Parameter) throws {
    let (name, distribution) = (parameter.name, parameter.distribution)
    if case .none = parameter.setConstraint {
    } else {
      if parameter.effectiveConstraint == nil {
        throw ModelError(
          "\(name) of shape \(parameter.shape) cannot be \(parameter.setConstraint.words); that needs "
            + (parameter.setConstraint.isOfMatrices ? "a square matrix" : "a vector"))
      }
      if parameter.lower != nil || parameter.upper != nil {
        throw ModelError("\(name) is \(parameter.setConstraint.words) and cannot have bounds besides")
      }
      if parameter.parameterization == .nonCentered {
        throw ModelError("\(name) is \(parameter.setConstraint.words) and cannot be non-centred")
      }
    }
    if distribution.isDiscrete {
      throw ModelError(
        "\(name) has the discrete distribution \(distribution.name); sum over its values (mixture) instead")
    }
    if case .combined(.censored) = distribution.kind {
      throw ModelError("\(name) cannot have a censored prior; only observations are censored")
    }
    for (bound, isLower) in [(parameter.lower, true), (parameter.upper, false)] {
      if let bound, case .invalid(let message) = bound.node.operation {
        throw ModelError("the \(isLower ? "lower" : "upper") bound of \(parameter.name): \(message)")
      }
    }
  }
}

extension Model.Parameter {
  /// What explicit bounds leave of the distribution's support.
  var bounds: (lower: Node?, upper: Node?) {
    var (low, high) = (lower?.node, upper?.node)
    switch distribution.support {
    case .real, .integers: break
    case .above(let bound): low = Self.within(low, bound, .maximum)
    case .below(let bound): high = Self.within(high, bound, .minimum)
    case .interval(let a, let b):
      low = Self.within(low, a, .maximum)
      high = Self.within(high, b, .minimum)
    }
    // Infinite for every element, a bound is none.
    if let node = low, node.isEverywhere(-.infinity) { low = nil }
    if let node = high, node.isEverywhere(.infinity) { high = nil }
    return (low, high)
  }

  /// A bound, where there is one, that is not beyond the support's end.
  private static func within(_ bound: Node?, _ end: Double, _ operation: Node.Binary) -> Node? {
    guard let bound else { return .scalar(end) }
    // Ends that depend on parameters are the distribution's own formulas.
    if end.isNaN { return bound }
    switch operation {
    case .maximum where bound.isEverywhere({ $0 >= end }): return bound
    case .minimum where bound.isEverywhere({ $0 <= end }): return bound
    default: break
    }
    if bound.isEverywhere({ $0.isInfinite }) { return .scalar(end) }
    return .binary(operation, bound, .scalar(end))
  }

  /// The transform of vectors or matrices, if the parameter is confined to a set of them.
  var effectiveConstraint: VectorTransform? { VectorTransform(setConstraint, shape) }

  /// The constraint asked for, else that of the distribution's support.
  var setConstraint: Constraint {
    if case .none = constraint, case .vector(let family) = distribution.kind { return family.constraint }
    return constraint
  }

  /// Numbers of the sets (rows of a matrix of simplexes, say) that are transformed one by one.
  func sets(of transform: VectorTransform) -> Range<Int> { 0..<(shape.count / max(transform.count, 1)) }
}

extension Node {
  var isZero: Bool { isEverywhere(0) }

  /// Whether this is the one number, given as such, in all elements.
  func isEverywhere(_ number: Double) -> Bool { isEverywhere { $0 == number } }

  /// Whether all elements are numbers, given as such, of which this holds.
  func isEverywhere(_ holds: (Double) -> Bool) -> Bool {
    if case .constant(let block) = operation { block.values.allSatisfy(holds) } else { false }
  }
}

/// A transform of the library for one set of elements: a vector, or a square matrix.
struct VectorTransform {
  /// Numbers of coordinates and of elements of a set.
  let coordinates: Int
  let count: Int
  let block: (_ free: Int, _ place: Int) -> TransformBlock

  private init<T: Transform>(_: T.Type, _ size: Int) {
    coordinates = T.unconstrainedCount(size: size)
    count = T.constrainedCount(size: size)
    block = { TransformBlock(T.self, size: size, free: $0, place: $1) }
  }

  /// Nil without a constraint, or where the shape has no such sets.
  init?(_ constraint: Constraint, _ shape: Shape) {
    guard let size = shape.lengths.last, size > 0, !constraint.isOfMatrices || shape.length(fromLast: 1) == size else {
      return nil
    }
    switch constraint {
    case .none: return nil
    case .ordered: self.init(OrderedTransform.self, size)
    case .positiveOrdered: self.init(PositiveOrderedTransform.self, size)
    case .simplex: self.init(SimplexTransform.self, size)
    case .unitVector: self.init(UnitVectorTransform.self, size)
    case .zeroSum: self.init(ZeroSumTransform.self, size)
    case .choleskyCorrelation: self.init(CholeskyCorrelationTransform.self, size)
    case .choleskyCovariance: self.init(CholeskyCovarianceTransform.self, size)
    case .correlation: self.init(CorrelationTransform.self, size)
    case .covariance: self.init(CovarianceTransform.self, size)
    }
  }
}
