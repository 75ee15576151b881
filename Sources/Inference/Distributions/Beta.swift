import Foundation
import NumericKernels

/// The beta distribution with shapes α and β.
///
///     log p(x) = (α - 1) log x + (β - 1) log(1 - x) - log B(α, β),   0 <= x <= 1
///
/// At an end whose shape is below 1 the density is infinite (value plus infinity), above 1 it is 0, at 1 finite. Next
/// to 1 the distance 1 - x carries the rounding of x: model 1 - x where that matters. α and β must be positive and
/// finite. Stan: `beta(alpha, beta)`.
public struct Beta: PositivePairFamily {
  public static let name = "beta"

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .interval(0, 1) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    if x < 0 || x > 1 { return .impossible }
    let (alpha, beta) = (p[0], p[1])
    if x == 0 || x == 1 { return atEnd(x, alpha, beta) }
    let y = 1 - x
    let (logX, logY) = (log(x), log1p(-x))
    // Of the uniform, rounding must not leave what is not 0.
    let value =
      alpha == 1 && beta == 1 && !x.isNaN ? 0 : SpecialFunctions.logBetaKernel(x, y, alpha, beta) - logX - logY
    return Partials(
      value: value, x: (alpha - 1) / x - (beta - 1) / y,
      p: SIMD4(
        logX + SpecialFunctions.digammaDifference(alpha, beta),
        logY + SpecialFunctions.digammaDifference(beta, alpha), 0, 0))
  }

  /// Value and derivatives at 0 and 1.
  @usableFromInline
  static func atEnd(_ x: Double, _ alpha: Double, _ beta: Double) -> Partials {
    let (shape, other) = x == 0 ? (alpha, beta) : (beta, alpha)
    let inwards = x == 0 ? 1.0 : -1.0
    if shape == 1 {
      // p = B(1, other)^-1 = other there.
      let byOther = SpecialFunctions.digammaDifference(other, 1)
      let p = x == 0 ? SIMD4(-.infinity, byOther, 0, 0) : SIMD4(byOther, -.infinity, 0, 0)
      return Partials(value: log(other), x: -inwards * (other - 1), p: p)
    }
    let edge = shape < 1 ? Double.infinity : -.infinity
    return Partials(value: edge, x: -edge * inwards, p: .zero)
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? stream.beta(p[0], p[1]) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { 1 / (1 + p[1] / p[0]) }
  public static func variance(_ p: SIMD4<Double>) -> Double {
    mean(p) / (1 + p[0] / p[1]) / (p[0] + p[1] + 1)
  }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? 0 : x >= 1 ? 1 : SpecialFunctions.regularizedBeta(x, 1 - x, p[0], p[1])
  }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? 1 : x >= 1 ? 0 : SpecialFunctions.regularizedBeta(1 - x, x, p[1], p[0])
  }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? -.infinity : x >= 1 ? 0 : SpecialFunctions.logRegularizedBeta(x, 1 - x, p[0], p[1])
  }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? 0 : x >= 1 ? -.infinity : SpecialFunctions.logRegularizedBeta(1 - x, x, p[1], p[0])
  }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    SpecialFunctions.betaQuantile(q, p[0], p[1])
  }
}

/// The uniform distribution on [α, β].
///
///     log p(x) = -log(β - α),   α <= x <= β
///
/// α < β, both finite. Stan: `uniform(alpha, beta)`.
public struct Uniform: ScalarDistribution {
  public static let name = "uniform"
  public static let parameterNames = ["alpha", "beta"]
  public static let parameterSupports: [Support] = [.real, .real]
  public static let isDiscrete = false

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(alpha: Double, beta: Double) { parameters = SIMD4(alpha, beta, 0, 0) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { p[0].isFinite && p[1].isFinite && p[0] < p[1] }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .interval(p[0], p[1]) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    guard x >= p[0] && x <= p[1] else { return x.isNaN ? .undefined : .impossible }
    let width = p[1] - p[0]
    return Partials(value: -log(width), x: 0, p: SIMD4(1 / width, -1 / width, 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? quantile(stream.uniform(), p) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { 0.5 * p[0] + 0.5 * p[1] }
  public static func variance(_ p: SIMD4<Double>) -> Double { (p[1] - p[0]) * (p[1] - p[0]) / 12 }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    min(1, max(0, (x - p[0]) / (p[1] - p[0])))
  }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    min(1, max(0, (p[1] - x) / (p[1] - p[0])))
  }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    min(p[1], p[0] + q * (p[1] - p[0]))
  }
}
