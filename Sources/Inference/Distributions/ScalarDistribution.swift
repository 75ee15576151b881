import Foundation
import NumericKernels

/// A univariate distribution with its parameters: what a ``ScalarDensity`` is, and moments, distribution function and
/// quantiles.
///
/// A value such as `Normal(mu: 0, sigma: 2)` holds its parameters and takes any numbers for them: with parameters
/// outside their supports densities, moments, probabilities, quantiles and draws are NaN. ``checkParameters()`` says
/// which parameter it is.
///
/// Everything is a static function of the parameters; the methods without them are for values.
public protocol ScalarDistribution: ScalarDensity, UnivariateDistribution, Equatable {
  /// In the order of ``ScalarDensity/parameterNames``; unused places are 0.
  var parameters: SIMD4<Double> { get }

  init(parameters: SIMD4<Double>)

  /// Whether the parameters are where they may be.
  static func isValid(_ p: SIMD4<Double>) -> Bool

  /// The expectation; NaN where there is none, infinite where the integral is.
  static func mean(_ p: SIMD4<Double>) -> Double

  /// The variance; NaN where the mean does not exist, infinite where only the variance does not.
  static func variance(_ p: SIMD4<Double>) -> Double

  /// P(X <= x).
  static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double

  /// P(X > x), without cancellation where it is small.
  static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double

  /// log P(X <= x), where the family knows it beyond the smallest double.
  static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double

  /// log P(X > x), where the family knows it beyond the smallest double.
  static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double

  /// The smallest x with P(X <= x) >= q; NaN for q outside [0, 1].
  static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double
}

extension ScalarDistribution {
  /// The normalised log density (log mass) at `x`; minus infinity outside the support.
  public func logDensity(_ x: Double) -> Double { Self.evaluate(x, parameters).value }

  /// The log density with its partial derivatives by the variate and by the parameters.
  public func evaluate(_ x: Double) -> Partials { Self.evaluate(x, parameters) }

  public var support: Support { Self.support(parameters) }
  public var mean: Double { Self.isValid(parameters) ? Self.mean(parameters) : .nan }
  public var variance: Double { Self.isValid(parameters) ? Self.variance(parameters) : .nan }

  /// P(X <= x).
  public func cdf(_ x: Double) -> Double {
    Self.isValid(parameters) && !x.isNaN ? Self.cdf(x, parameters) : .nan
  }

  /// P(X > x), without cancellation where it is small.
  public func ccdf(_ x: Double) -> Double {
    Self.isValid(parameters) && !x.isNaN ? Self.ccdf(x, parameters) : .nan
  }

  /// The smallest x with P(X <= x) >= q; NaN for q outside [0, 1].
  public func quantile(_ q: Double) -> Double {
    Self.isValid(parameters) && q >= 0 && q <= 1 ? Self.quantile(q, parameters) : .nan
  }

  public func random(using stream: inout RandomStream) -> Double { Self.random(parameters, using: &stream) }

  /// Throws with the name of the first parameter that is outside its support.
  public func checkParameters() throws(ParameterOutsideSupport) {
    for (i, name) in Self.parameterNames.enumerated() where !Self.parameterSupports[i].contains(parameters[i]) {
      throw ParameterOutsideSupport(
        distribution: Self.name, parameter: name, value: parameters[i], support: Self.parameterSupports[i])
    }
    if !Self.isValid(parameters) {
      let last = Self.parameterNames.count - 1
      throw ParameterOutsideSupport(
        distribution: Self.name, parameter: Self.parameterNames.joined(separator: ", "), value: parameters[last],
        support: Self.parameterSupports[last])
    }
  }

  @inlinable
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double { 1 - cdf(x, p) }

  @inlinable
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { log(cdf(x, p)) }

  @inlinable
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { log(ccdf(x, p)) }
}

/// A distribution's parameter lies outside its support.
public struct ParameterOutsideSupport: Error, Equatable, CustomStringConvertible {
  public let distribution: String
  public let parameter: String
  public let value: Double
  public let support: Support

  public var description: String {
    "\(distribution): \(parameter) is \(value), but must be \(support.description)"
      + (support.contains(value) && value != 0 ? " within \(PositiveParameter.range)" : "")
  }
}

extension Support: CustomStringConvertible {
  /// Whether a number lies in the set, its bounds included unless infinite.
  public func contains(_ x: Double) -> Bool {
    switch self {
    case .real: x.isFinite
    case .above(let low): x >= low && x < .infinity
    case .below(let high): x <= high && x > -.infinity
    case .interval(let low, let high): x >= low && x <= high
    case .integers(let low, let high): x >= low && x <= high && x.isFinite && x == x.rounded()
    }
  }

  public var description: String {
    switch self {
    case .real: "a finite number"
    case .above(let low): "a finite number above \(low)"
    case .below(let high): "a finite number below \(high)"
    case .interval(let low, let high): "between \(low) and \(high)"
    case .integers(let low, let high):
      high == .infinity ? "a whole number from \(low)" : "a whole number from \(low) to \(high)"
    }
  }
}

extension Partials {
  /// Outside the support.
  @inlinable
  public static var impossible: Partials { Partials(value: -.infinity, x: 0, p: .zero) }

  /// For parameters outside their supports.
  @inlinable
  public static var undefined: Partials { Partials(value: .nan, x: .nan, p: SIMD4(repeating: .nan)) }
}
