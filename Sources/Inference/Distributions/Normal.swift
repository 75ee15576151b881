import Foundation
import NumericKernels

/// The normal distribution N(μ, σ²).
///
///     log p(x) = -½ z² - log σ - ½ log 2π,   z = (x - μ) / σ
///
/// σ must be positive and finite. Stan: `normal(mu, sigma)`.
public struct Normal: LocationScaleFamily {
  public static let name = "normal"

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .real }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    let inverse = 1 / p[1]
    let z = (x - p[0]) * inverse
    let slope = z * inverse
    return Partials(
      value: -0.5 * z * z - log(p[1]) - 0.918938533204672741780, x: -slope,
      p: SIMD4(slope, z * slope - inverse, 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? p[0] + p[1] * stream.normal() : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { p[0] }
  public static func variance(_ p: SIMD4<Double>) -> Double { p[1] * p[1] }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double { SpecialFunctions.normalCDF((x - p[0]) / p[1]) }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double { SpecialFunctions.normalCDF((p[0] - x) / p[1]) }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    SpecialFunctions.logNormalCDF((x - p[0]) / p[1])
  }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    SpecialFunctions.logNormalCDF((p[0] - x) / p[1])
  }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    p[0] + p[1] * SpecialFunctions.normalQuantile(q)
  }
}

/// The half-normal distribution, that of |N(0, σ²)|.
///
///     log p(x) = log 2 - ½ z² - log σ - ½ log 2π,   z = x / σ,   x >= 0
///
/// σ must be positive and finite. Stan: `normal(0, sigma)` of a variable declared with lower bound 0.
public struct HalfNormal: ScaleFamily {
  public static let name = "half_normal"

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    if x < 0 { return .impossible }
    let inverse = 1 / p[0]
    let z = x * inverse
    let slope = z * inverse
    return Partials(
      value: -0.5 * z * z - log(p[0]) - 0.225791352644727432363, x: -slope, p: SIMD4(z * slope - inverse, 0, 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? p[0] * abs(stream.normal()) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { p[0] * (2 / Double.pi).squareRoot() }
  public static func variance(_ p: SIMD4<Double>) -> Double { p[0] * p[0] * (1 - 2 / Double.pi) }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? 0 : erf(x / p[0] * 0.5.squareRoot())
  }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? 1 : erfc(x / p[0] * 0.5.squareRoot())
  }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? 0 : log(2) + SpecialFunctions.logNormalCDF(-x / p[0])
  }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    if q == 0 || q == 1 { return q == 0 ? 0 : .infinity }
    let z = -SpecialFunctions.normalQuantile(0.5 * (1 - q))
    if q > 0.25 { return p[0] * z }
    // The lower tail is Newton's on erf, since (1 - q) / 2 has lost q's last digits; one step from a good start.
    let start = max(z, q * (0.5 * Double.pi).squareRoot())
    let slope = exp(-0.5 * start * start) * (2 / Double.pi).squareRoot()
    return p[0] * (start - (erf(start * 0.5.squareRoot()) - q) / slope)
  }
}

/// The log-normal distribution, that of e^N(μ, σ²).
///
///     log p(x) = -½ z² - log σ - log x - ½ log 2π,   z = (log x - μ) / σ,   x > 0
///
/// At 0 the density is 0. σ must be positive and finite. Stan: `lognormal(mu, sigma)`.
public struct LogNormal: LocationScaleFamily {
  public static let name = "lognormal"

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .above(0) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    if x <= 0 || x == .infinity { return .impossible }
    let logX = log(x)
    let inverse = 1 / p[1]
    let z = (logX - p[0]) * inverse
    let slope = z * inverse
    return Partials(
      value: -0.5 * z * z - log(p[1]) - logX - 0.918938533204672741780, x: -(slope + 1) / x,
      p: SIMD4(slope, z * slope - inverse, 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? exp(p[0] + p[1] * stream.normal()) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { exp(p[0] + 0.5 * p[1] * p[1]) }
  public static func variance(_ p: SIMD4<Double>) -> Double {
    expm1(p[1] * p[1]) * exp(2 * p[0] + p[1] * p[1])
  }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double { x <= 0 ? 0 : Normal.cdf(log(x), p) }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double { x <= 0 ? 1 : Normal.ccdf(log(x), p) }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? -.infinity : Normal.logCDF(log(x), p)
  }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { x <= 0 ? 0 : Normal.logCCDF(log(x), p) }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double { exp(Normal.quantile(q, p)) }
}
