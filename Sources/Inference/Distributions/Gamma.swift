import Foundation
import NumericKernels

/// The inverse gamma distribution with shape α and scale β, that of 1 / Gamma(α, rate β).
///
///     log p(x) = α log β - log Γ(α) - (α + 1) log x - β / x,   x > 0
///
/// At 0 the density is 0. α and β must be positive and finite. The mean is infinite for α <= 1, the variance for
/// α <= 2. Stan: `inv_gamma(alpha, beta)`.
public struct InverseGamma: PositivePairFamily {
  public static let name = "inv_gamma"

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .above(0) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    if x <= 0 || x == .infinity { return .impossible }
    let (alpha, beta) = (p[0], p[1])
    let logX = log(x)
    let inverse = 1 / x
    let scaled = beta / x
    return Partials(
      value: Gamma.logKernel(scaled, log(beta) - logX, alpha) - logX, x: (scaled - (alpha + 1)) * inverse,
      p: SIMD4(log(beta) - logX - SpecialFunctions.digamma(alpha), (alpha - scaled) / beta, 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? p[1] / stream.gamma(shape: p[0]) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { p[0] > 1 ? p[1] / (p[0] - 1) : .infinity }
  public static func variance(_ p: SIMD4<Double>) -> Double {
    if p[0] <= 2 { return .infinity }
    let mean = p[1] / (p[0] - 1)
    return mean * mean / (p[0] - 2)
  }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? 0 : SpecialFunctions.regularizedGammaQ(p[0], p[1] / x)
  }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? 1 : SpecialFunctions.regularizedGammaP(p[0], p[1] / x)
  }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? -.infinity : SpecialFunctions.logRegularizedGammaQ(p[0], p[1] / x)
  }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? 0 : SpecialFunctions.logRegularizedGammaP(p[0], p[1] / x)
  }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    if q == 0 || q == 1 { return q == 0 ? 0 : .infinity }
    return p[1] / SpecialFunctions.upperGammaQuantile(q, p[0])
  }
}

/// The gamma distribution with shape α and rate β, mean α / β and variance α / β².
///
///     log p(x) = α log β - log Γ(α) + (α - 1) log x - β x,   x >= 0
///
/// At 0 the density is infinite for α < 1 (value plus infinity), β for α = 1 and 0 for α > 1. Draws of shapes below
/// 0.001 may underflow to 0. α and β must be positive and finite. Stan: `gamma(alpha, beta)`.
public struct Gamma: PositivePairFamily {
  public static let name = "gamma"

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .above(0) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    if x < 0 || x == .infinity { return .impossible }
    let (alpha, beta) = (p[0], p[1])
    if x == 0 {
      if alpha == 1 {
        return Partials(value: log(beta), x: -beta, p: SIMD4(-.infinity, 1 / beta, 0, 0))
      }
      let edge = alpha < 1 ? Double.infinity : -.infinity
      return Partials(value: edge, x: -edge, p: SIMD4(-.infinity, alpha / beta, 0, 0))
    }
    let logX = log(x)
    let logScaled = log(beta) + logX
    return Partials(
      value: logKernel(beta * x, logScaled, alpha) - logX, x: (alpha - 1) / x - beta,
      p: SIMD4(logScaled - SpecialFunctions.digamma(alpha), (alpha - beta * x) / beta, 0, 0))
  }

  /// log(s^α e^-s / Γ(α)); for large α by Stirling's series and the deviance α log(α / s) + s - α, so that the parts do
  /// not cancel near the mode.
  @inlinable
  static func logKernel(_ s: Double, _ logS: Double, _ alpha: Double) -> Double {
    if alpha < 15 { return alpha * logS - s - SpecialFunctions.logGamma(alpha) }
    let deviance =
      abs(s - alpha) < 0.3 * alpha
      ? -alpha * SpecialFunctions.log1pMinusArgument((s - alpha) / alpha) : alpha * (log(alpha) - logS) + s - alpha
    return 0.5 * log(alpha) - 0.918938533204672741780 - SpecialFunctions.stirlingCorrection(alpha) - deviance
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? stream.gamma(shape: p[0]) / p[1] : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { p[0] / p[1] }
  public static func variance(_ p: SIMD4<Double>) -> Double { p[0] / p[1] / p[1] }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? 0 : SpecialFunctions.regularizedGammaP(p[0], p[1] * x)
  }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? 1 : SpecialFunctions.regularizedGammaQ(p[0], p[1] * x)
  }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? -.infinity : SpecialFunctions.logRegularizedGammaP(p[0], p[1] * x)
  }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? 0 : SpecialFunctions.logRegularizedGammaQ(p[0], p[1] * x)
  }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    if q == 0 || q == 1 { return q == 0 ? 0 : .infinity }
    return SpecialFunctions.gammaQuantile(q, p[0]) / p[1]
  }
}

/// The exponential distribution with rate β, mean 1 / β.
///
///     log p(x) = log β - β x,   x >= 0
///
/// β must be positive and finite. Stan: `exponential(beta)`.
public struct Exponential: ScalarDistribution {
  public static let name = "exponential"
  public static let parameterNames = ["beta"]
  public static let parameterSupports: [Support] = [.above(0)]
  public static let isDiscrete = false

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(beta: Double) { parameters = SIMD4(beta, 0, 0, 0) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { PositiveParameter.contains(p[0]) }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .above(0) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    if x < 0 { return .impossible }
    return Partials(value: log(p[0]) - p[0] * x, x: -p[0], p: SIMD4(1 / p[0] - x, 0, 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? stream.exponential() / p[0] : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { 1 / p[0] }
  public static func variance(_ p: SIMD4<Double>) -> Double { 1 / (p[0] * p[0]) }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double { x <= 0 ? 0 : -expm1(-p[0] * x) }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double { x <= 0 ? 1 : exp(-p[0] * x) }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { x <= 0 ? 0 : -p[0] * x }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double { -log1p(-q) / p[0] }
}
