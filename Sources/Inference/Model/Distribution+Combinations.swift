/// Distributions made of others.
extension Distribution {
  /// Counts that are 0 for another reason with probability theta:
  ///
  ///     P(y = 0) = theta + (1 - theta) p(0),   P(y) = (1 - theta) p(y)
  public static func zeroInflated(_ base: Distribution, theta: some FormulaConvertible) -> Distribution {
    Distribution(kind: .combined(.zeroInflated(base)), arguments: [theta.formula])
  }

  /// A univariate family restricted to bounds that belong to it, and normalised there.
  ///
  /// As a parameter's prior it confines the parameter. The family needs a distribution function; its derivatives by
  /// parameters other than location and scale are numerical, good for about ten digits.
  ///
  /// Bounds are numbers, arrays of them (one for each row; an infinite one is none) or formulas.
  public static func truncated(
    _ base: Distribution, lower: (any FormulaConvertible)? = nil, upper: (any FormulaConvertible)? = nil
  ) -> Distribution {
    Distribution(
      kind: .combined(.truncated(base, hasLower: lower != nil)),
      arguments: [lower, upper].compactMap { $0?.formula }, lower: lower?.formula ?? base.lower,
      upper: upper?.formula ?? base.upper)
  }

  /// Observations of a univariate family that show no more than that they are at or beyond a bound: an observed value
  /// equal to `upper` stands for all from there on, one equal to `lower` for all up to there. One beyond a bound cannot
  /// be: it is refused when the model is compiled, or has the density 0 where the bound depends on parameters.
  ///
  /// Bounds are numbers, arrays of them (one for each row; an infinite one is none) or formulas.
  public static func censored(
    _ base: Distribution, lower: (any FormulaConvertible)? = nil, upper: (any FormulaConvertible)? = nil
  ) -> Distribution {
    Distribution(
      kind: .combined(.censored(base, hasLower: lower != nil)),
      arguments: [lower, upper].compactMap { $0?.formula })
  }

  /// Each element is of one of several distributions, which is not known:
  ///
  ///     p(x) = sum over k of w_k p_k(x)
  ///
  /// - Parameter weights: A simplex as long as there are components, or one for each element along the last axis. Where
  ///   their sum differs from 1 by more than 1e-8 the density is 0.
  public static func mixture(_ components: [Distribution], weights: some FormulaConvertible) -> Distribution {
    Distribution(kind: .combined(.mixture(components)), arguments: [weights.formula])
  }

  /// How others are combined; the outer distribution's arguments are the probability, the bounds, or the weights.
  indirect enum Combination: Sendable {
    case zeroInflated(Distribution)
    case truncated(Distribution, hasLower: Bool)
    case censored(Distribution, hasLower: Bool)
    case mixture([Distribution])

    var parts: [Distribution] {
      switch self {
      case .zeroInflated(let base), .truncated(let base, _), .censored(let base, _): [base]
      case .mixture(let components): components
      }
    }
  }

  /// Whether variates are whole numbers.
  var isDiscrete: Bool {
    switch kind {
    case .flat: false
    case .scalar(let family): family.isDiscrete
    case .vector(let family): family.isDiscrete
    case .combined(let combination): combination.parts.contains(where: \.isDiscrete)
    }
  }

  /// Where variates may lie, as far as it is known without parameters (open bounds are not-a-number); real numbers for
  /// components of different supports.
  var support: Support {
    switch kind {
    case .flat, .vector: .real
    case .scalar(let family): family.support(SIMD4(repeating: .nan))
    case .combined(let combination):
      combination.parts.dropFirst().allSatisfy { $0.support == combination.parts[0].support }
        ? combination.parts.first?.support ?? .real : .real
    }
  }

  /// The same distribution over formulas that have been rebuilt.
  func mapFormulas(_ change: (Formula) -> Formula) -> Distribution {
    var kind = kind
    if case .combined(let combination) = kind {
      func inner(_ part: Distribution) -> Distribution { part.mapFormulas(change) }
      let changed: Combination =
        switch combination {
        case .zeroInflated(let base): .zeroInflated(inner(base))
        case .truncated(let base, let hasLower): .truncated(inner(base), hasLower: hasLower)
        case .censored(let base, let hasLower): .censored(inner(base), hasLower: hasLower)
        case .mixture(let components): .mixture(components.map(inner))
        }
      kind = .combined(changed)
    }
    return Distribution(
      kind: kind, arguments: arguments.map(change), lower: lower.map(change), upper: upper.map(change))
  }

  /// All formulas that enter, its parts' too.
  var formulas: [Formula] {
    var all = arguments + [lower, upper].compactMap { $0 }
    if case .combined(let combination) = kind { all += combination.parts.flatMap(\.formulas) }
    return all
  }
}

extension Lowering {
  /// A univariate distribution as rows of this shape see it.
  mutating func rowDensity(_ distribution: Distribution, rows shape: Shape, _ label: String) throws -> RowDensity {
    let arguments = distribution.arguments.map(\.node)
    switch distribution.kind {
    case .scalar(let family):
      try check(arguments, of: family, rows: shape, label)
      return .family(family, try arguments.map { try operand($0, in: shape) })
    case .flat, .vector:
      throw ModelError("\(label): \(distribution.name) is no univariate distribution and cannot be part of another")
    case .combined(let combination):
      for part in combination.parts + [distribution] {
        for formula in part.arguments {
          if case .invalid(let message) = formula.node.operation { throw ModelError("\(label): \(message)") }
        }
      }
      switch combination {
      case .zeroInflated(let base):
        guard base.isDiscrete else {
          throw ModelError("\(label): only counts can be zero-inflated, and \(base.name) has none")
        }
        try checkFits(arguments[0], "theta", shape, label)
        if arguments[0].isData, let wrong = try values(of: arguments[0]).first(where: { !($0 >= 0 && $0 <= 1) }) {
          throw ModelError("\(label): the theta of zero-inflation must be from 0 to 1; it is \(wrong)")
        }
        return .zeroInflated(try rowDensity(base, rows: shape, label), try operand(arguments[0], in: shape))
      case .truncated(let base, let hasLower):
        return .truncated(try bounded(base, arguments, hasLower, shape, label))
      case .censored(let base, let hasLower):
        return .censored(try bounded(base, arguments, hasLower, shape, label))
      case .mixture(let components):
        let weights = arguments[0]
        guard components.count > 0, weights.shape.lengths.last == components.count else {
          throw ModelError(
            "\(label): a mixture of \(components.count) components needs as many weights along the last axis; their "
              + "shape is \(weights.shape)")
        }
        let rows = Shape(Array(weights.shape.lengths.dropLast()))
        guard Shape.broadcast(rows, shape) == shape else {
          throw ModelError("\(label) has the shape \(shape), but the mixture's weights have \(weights.shape)")
        }
        if Set(components.map(\.isDiscrete)).count > 1 {
          throw ModelError("\(label): a mixture of discrete and continuous distributions has no density")
        }
        if weights.isData, let wrong = try values(of: weights).first(where: { !($0 >= 0 && $0 <= 1) }) {
          throw ModelError("\(label): a mixture's weights must be from 0 to 1; one is \(wrong)")
        }
        if weights.isData {
          let numbers = try values(of: weights)
          for first in stride(from: 0, to: numbers.count, by: components.count) {
            let sum = numbers[first..<(first + components.count)].reduce(0, +)
            guard abs(sum - 1) <= RowDensity.weightTolerance else {
              throw ModelError("\(label): a mixture's weights must sum to 1; their sum is \(sum)")
            }
          }
        }
        return .mixture(
          try components.map { try rowDensity($0, rows: shape, label) },
          operand(at: try place(of: weights).offset, rows, in: shape))
      }
    }
  }

  private mutating func bounded(
    _ base: Distribution, _ bounds: [Node], _ hasLower: Bool, _ shape: Shape, _ label: String
  ) throws -> BoundedFamily {
    guard case .scalar(let family) = base.kind, family.tails != nil else {
      throw ModelError(
        "\(label): \(base.name) cannot be truncated or censored; that needs a single family with a distribution function"
      )
    }
    if bounds.isEmpty { throw ModelError("\(label): truncation and censoring need a lower or an upper bound") }
    try check(base.arguments.map(\.node), of: family, rows: shape, label)
    for bound in bounds { try checkFits(bound, "bound", shape, label) }
    if bounds.count == 2, bounds.allSatisfy(\.isData) {
      let (low, high) = (try values(of: bounds[0]), try values(of: bounds[1]))
      if low.count == 1 || high.count == 1 || low.count == high.count {
        for i in 0..<max(low.count, high.count) {
          let (a, b) = (low[min(i, low.count - 1)], high[min(i, high.count - 1)])
          if a > b { throw ModelError("\(label): the lower bound of its distribution, \(a), is above the upper, \(b)") }
        }
      }
    }
    let operands = try bounds.map { try operand($0, in: shape) }
    return BoundedFamily(
      family: family, operands: try base.arguments.map { try operand($0.node, in: shape) },
      lower: hasLower ? operands[0] : nil, upper: hasLower ? operands.dropFirst().first : operands[0])
  }

  private func checkFits(_ node: Node, _ name: String, _ shape: Shape, _ label: String) throws {
    guard Shape.broadcast(node.shape, shape) == shape else {
      throw ModelError("\(label) has the shape \(shape), but the \(name) (\(node.label)) has the shape \(node.shape)")
    }
  }
}
