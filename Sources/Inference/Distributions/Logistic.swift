import Foundation
import NumericKernels

/// The Laplace distribution, by its name in Stan (`Laplace` is the approximation).
///
///     log p(x) = -log 2σ - |x - μ| / σ
///
/// At x = μ, where there is no derivative by x and μ, it is given as 0. σ must be positive and finite.
/// Stan: `double_exponential(mu, sigma)`.
public struct DoubleExponential: LocationScaleFamily {
  public static let name = "double_exponential"

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .real }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    let z = (x - p[0]) / p[1]
    let slope = z > 0 ? 1 / p[1] : z < 0 ? -1 / p[1] : 0
    return Partials(
      value: -0.693147180559945309417 - log(p[1]) - abs(z), x: -slope, p: SIMD4(slope, (abs(z) - 1) / p[1], 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? quantile(stream.uniform(), p) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { p[0] }
  public static func variance(_ p: SIMD4<Double>) -> Double { 2 * p[1] * p[1] }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double { lowerTail((x - p[0]) / p[1]) }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double { lowerTail((p[0] - x) / p[1]) }
  private static func lowerTail(_ z: Double) -> Double { z < 0 ? 0.5 * exp(z) : 1 - 0.5 * exp(-z) }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { logLowerTail((x - p[0]) / p[1]) }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { logLowerTail((p[0] - x) / p[1]) }
  private static func logLowerTail(_ z: Double) -> Double { z < 0 ? z - log(2) : log1p(-0.5 * exp(-z)) }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    q <= 0.5 ? p[0] + p[1] * log(2 * q) : p[0] - p[1] * log(2 * (1 - q))
  }
}

/// The logistic distribution.
///
///     log p(x) = -|z| - log σ - 2 log(1 + e^-|z|),   z = (x - μ) / σ
///
/// σ must be positive and finite. Stan: `logistic(mu, sigma)`.
public struct Logistic: LocationScaleFamily {
  public static let name = "logistic"

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .real }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    let z = (x - p[0]) / p[1]
    let slope = tanh(0.5 * z)
    return Partials(
      value: -abs(z) - log(p[1]) - 2 * log1p(exp(-abs(z))), x: -slope / p[1],
      p: SIMD4(slope / p[1], (z * slope - 1) / p[1], 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? quantile(stream.uniform(), p) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { p[0] }
  public static func variance(_ p: SIMD4<Double>) -> Double { p[1] * p[1] * (.pi * .pi / 3) }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    SpecialFunctions.inverseLogit((x - p[0]) / p[1])
  }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    SpecialFunctions.inverseLogit((p[0] - x) / p[1])
  }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { logLowerTail((x - p[0]) / p[1]) }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { logLowerTail((p[0] - x) / p[1]) }
  private static func logLowerTail(_ z: Double) -> Double { z < 0 ? z - log1p(exp(z)) : -log1p(exp(-z)) }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    p[0] + p[1] * SpecialFunctions.logit(q)
  }
}

/// The Weibull distribution with shape α and scale σ.
///
///     log p(x) = log α - log σ + (α - 1) log(x / σ) - (x / σ)^α,   x >= 0
///
/// At 0 the density is infinite for α < 1, 1 / σ for α = 1 and 0 for α > 1. Both parameters must be positive and
/// finite. Stan: `weibull(alpha, sigma)`.
public struct Weibull: PositivePairFamily {
  public static let name = "weibull"
  public static let parameterNames = ["alpha", "sigma"]

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(alpha: Double, sigma: Double) { parameters = SIMD4(alpha, sigma, 0, 0) }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .above(0) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    if x < 0 || x == .infinity { return .impossible }
    let (alpha, sigma) = (p[0], p[1])
    if x == 0 {
      if alpha == 1 { return Partials(value: -log(sigma), x: -1 / sigma, p: SIMD4(-.infinity, -1 / sigma, 0, 0)) }
      let edge = alpha < 1 ? Double.infinity : -.infinity
      return Partials(value: edge, x: -edge, p: .zero)
    }
    let logZ = log(x) - log(sigma)
    let power = exp(alpha * logZ)
    return Partials(
      value: log(alpha) - log(sigma) + (alpha - 1) * logZ - power, x: (alpha - 1 - alpha * power) / x,
      p: SIMD4(1 / alpha + logZ * (1 - power), alpha * (power - 1) / sigma, 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? p[1] * pow(stream.exponential(), 1 / p[0]) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { p[1] * exp(SpecialFunctions.logGamma(1 + 1 / p[0])) }
  public static func variance(_ p: SIMD4<Double>) -> Double {
    let h = 1 / p[0]
    let mean = mean(p)
    // log Γ(1 + 2h) - 2 log Γ(1 + h) = Σ (-1)^k ζ(k) (2^k - 2) h^k / k, k >= 2.
    var spread = SpecialFunctions.logGamma(1 + 2 * h) - 2 * SpecialFunctions.logGamma(1 + h)
    if h < 0.003 {
      spread = 6.2215665308602196 - h * 10.512544973839308
      spread = 3.7881313179889837 - h * spread
      spread = 2.4041138063191886 - h * spread
      spread = h * h * (1.6449340668482264 - h * spread)
    }
    return mean * mean * expm1(spread)
  }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double { x <= 0 ? 0 : -expm1(-pow(x / p[1], p[0])) }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double { x <= 0 ? 1 : exp(-pow(x / p[1], p[0])) }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { x <= 0 ? 0 : -pow(x / p[1], p[0]) }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double { p[1] * pow(-log1p(-q), 1 / p[0]) }
}
