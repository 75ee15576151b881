import Foundation
import NumericKernels

/// The Bernoulli distribution with probability θ of a 1.
///
///     log p(1) = log θ,   log p(0) = log(1 - θ)
///
/// θ may be 0 or 1, where only one outcome is possible. Stan: `bernoulli(theta)`.
public struct Bernoulli: ScalarDistribution {
  public static let name = "bernoulli"
  public static let parameterNames = ["theta"]
  public static let parameterSupports: [Support] = [.interval(0, 1)]
  public static let isDiscrete = true

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(theta: Double) { parameters = SIMD4(theta, 0, 0, 0) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { p[0] >= 0 && p[0] <= 1 }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .integers(0, 1) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    if x == 1 { return Partials(value: log(p[0]), x: 0, p: SIMD4(1 / p[0], 0, 0, 0)) }
    if x == 0 { return Partials(value: log1p(-p[0]), x: 0, p: SIMD4(-1 / (1 - p[0]), 0, 0, 0)) }
    return .impossible
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? (stream.uniform() < p[0] ? 1 : 0) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { p[0] }
  public static func variance(_ p: SIMD4<Double>) -> Double { p[0] * (1 - p[0]) }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double { x < 0 ? 0 : x < 1 ? 1 - p[0] : 1 }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double { x < 0 ? 1 : x < 1 ? p[0] : 0 }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double { q <= 1 - p[0] ? 0 : 1 }
}

/// The Bernoulli distribution by the log odds α of a 1.
///
///     log p(1) = -log(1 + e^-α),   log p(0) = -log(1 + e^α)
///
/// Accurate for any finite α. Stan: `bernoulli_logit(alpha)`.
public struct BernoulliLogit: ScalarDistribution {
  public static let name = "bernoulli_logit"
  public static let parameterNames = ["alpha"]
  public static let parameterSupports: [Support] = [.real]
  public static let isDiscrete = true

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(alpha: Double) { parameters = SIMD4(alpha, 0, 0, 0) }

  @inlinable
  static func natural(_ p: SIMD4<Double>) -> SIMD4<Double> { SIMD4(SpecialFunctions.inverseLogit(p[0]), 0, 0, 0) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { p[0].isFinite }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .integers(0, 1) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    guard x == 0 || x == 1 else { return .impossible }
    let toOther = x == 1 ? -p[0] : p[0]
    let slope = SpecialFunctions.inverseLogit(toOther)
    return Partials(
      value: -SpecialFunctions.log1pExp(toOther), x: 0, p: SIMD4(x == 1 ? slope : -slope, 0, 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? Bernoulli.random(natural(p), using: &stream) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { natural(p)[0] }
  public static func variance(_ p: SIMD4<Double>) -> Double { natural(p)[0] * natural(-p)[0] }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double { x < 0 ? 0 : x < 1 ? natural(-p)[0] : 1 }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double { x < 0 ? 1 : x < 1 ? natural(p)[0] : 0 }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x < 0 ? -.infinity : x < 1 ? -SpecialFunctions.log1pExp(p[0]) : 0
  }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x < 0 ? 0 : x < 1 ? -SpecialFunctions.log1pExp(-p[0]) : -.infinity
  }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double { q <= natural(-p)[0] ? 0 : 1 }
}

/// The geometric distribution: failures before the first success of probability θ.
///
///     log p(y) = log θ + y log(1 - θ),   y = 0, 1, 2, ...
///
/// scipy's `geom` counts the success too, from 1. 0 < θ <= 1; at θ = 1 only y = 0 is possible.
public struct Geometric: ScalarDistribution {
  public static let name = "geometric"
  public static let parameterNames = ["theta"]
  public static let parameterSupports: [Support] = [.interval(0, 1)]
  public static let isDiscrete = true

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(theta: Double) { parameters = SIMD4(theta, 0, 0, 0) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { p[0] > 0 && p[0] <= 1 }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .integers(0, .infinity) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    guard Counts.isCount(x) else { return .impossible }
    if x == 0 { return Partials(value: log(p[0]), x: 0, p: SIMD4(1 / p[0], 0, 0, 0)) }
    return Partials(
      value: log(p[0]) + x * log1p(-p[0]), x: 0, p: SIMD4(1 / p[0] - x / (1 - p[0]), 0, 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? (p[0] == 1 ? 0 : (-stream.exponential() / log1p(-p[0])).rounded(.down)) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { (1 - p[0]) / p[0] }
  public static func variance(_ p: SIMD4<Double>) -> Double { (1 - p[0]) / p[0] / p[0] }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x < 0 ? 0 : -expm1((x.rounded(.down) + 1) * log1p(-p[0]))
  }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x < 0 ? 1 : exp((x.rounded(.down) + 1) * log1p(-p[0]))
  }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x < 0 ? 0 : (x.rounded(.down) + 1) * log1p(-p[0])
  }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    if p[0] == 1 || q == 0 { return 0 }
    return Counts.quantile(q, near: mean(p), cdf: { cdf($0, p) }, ccdf: { ccdf($0, p) })
  }
}
