import NumericKernels

/// What a parameter or an observation is distributed as, with formulas for its parameters.
public struct Distribution: Sendable {
  enum Kind: Sendable {
    case flat
    case scalar(ScalarFamily)
    case vector(VectorFamily)
    case combined(Combination)
  }

  let kind: Kind
  let arguments: [Formula]
  /// Bounds of the support that are formulas, as of a uniform distribution.
  var lower: Formula?
  var upper: Formula?

  /// A univariate family of the library or your own, element by element, with its parameters in the family's order.
  public static func scalar<F: ScalarDensity>(_ family: F.Type, _ arguments: [Formula]) -> Distribution {
    Distribution(kind: .scalar(ScalarFamily(family)), arguments: arguments)
  }

  static func scalar<F: ScalarDensity>(
    _ family: F.Type, _ kernel: ScalarFamily.Kernel, _ arguments: [any FormulaConvertible]
  ) -> Distribution {
    Distribution(kind: .scalar(ScalarFamily(family, kernel)), arguments: arguments.map(\.formula))
  }

  var name: String {
    switch kind {
    case .flat: "Flat"
    case .scalar(let family): family.name
    case .vector(let family): family.name
    case .combined(.zeroInflated(let base)): "zero-inflated \(base.name)"
    case .combined(.truncated(let base, _)): "truncated \(base.name)"
    case .combined(.censored(let base, _)): "censored \(base.name)"
    case .combined(.mixture(let components)): "mixture of " + components.map(\.name).joined(separator: ", ")
    }
  }
}

/// A scalar family without its type, for programs: loops over rows are closures that were specialised where the type
/// was known.
struct ScalarFamily: Sendable {
  /// Which of the tape's kernels knows the family.
  enum Kernel: Sendable {
    case none, normal, negativeBinomialLog, poissonLog, bernoulliLogit
    /// Location and scale are these parameters, so that a non-centred form exists.
    case locationScale(Int, Int)
    /// exp of a location-scale variate.
    case logNormal

    var isLogNormal: Bool { if case .logNormal = self { true } else { false } }
  }

  let name: String
  let parameterNames: [String]
  let parameterSupports: [Support]
  let isDiscrete: Bool
  let kernel: Kernel
  let support: @Sendable (SIMD4<Double>) -> Support
  let evaluate: @Sendable (Double, SIMD4<Double>) -> Partials
  let random: @Sendable (SIMD4<Double>, inout RandomStream) -> Double
  /// Whether all parameters are where they may be, if the family knows.
  let isValid: (@Sendable (SIMD4<Double>) -> Bool)?
  /// The distribution function, if the family has one.
  let tails: ScalarTails?
  let block: @Sendable (DensityRows) -> DensityBlock

  @inline(__always)
  init<F: ScalarDensity>(_: F.Type, _ kernel: Kernel = .none) {
    name = F.name
    parameterNames = F.parameterNames
    parameterSupports = F.parameterSupports
    isDiscrete = F.isDiscrete
    self.kernel = kernel
    support = { F.support($0) }
    evaluate = { F.evaluate($0, $1) }
    random = { F.random($0, using: &$1) }
    isValid = (F.self as? any ScalarDistribution.Type).map { Self.validity($0) }
    tails = (F.self as? any ScalarDistribution.Type).map { ScalarTails($0) }
    block = { rows in DensityBlock { memory in rows.evaluate(F.self, memory) } }
  }

  private static func validity<D: ScalarDistribution>(_: D.Type) -> @Sendable (SIMD4<Double>) -> Bool {
    { D.isValid($0) }
  }

  /// Location and scale among the parameters.
  var locationScale: (location: Int, scale: Int)? {
    switch kernel {
    case .normal, .logNormal: (0, 1)
    case .locationScale(let location, let scale): (location, scale)
    default: nil
    }
  }
}

extension Support {
  var words: String {
    switch self {
    case .real: "real numbers"
    case .above(let low): "numbers above \(low)"
    case .below(let high): "numbers below \(high)"
    case .interval(let low, let high): "numbers from \(low) to \(high)"
    case .integers(let low, let high):
      high == .infinity ? "whole numbers from \(Int(low))" : "whole numbers from \(low) to \(high)"
    }
  }
}
