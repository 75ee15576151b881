import Foundation
import NumericKernels

/// The Cauchy distribution.
///
///     log p(x) = -log π - log σ - log(1 + z²),   z = (x - μ) / σ
///
/// It has no mean and no variance (both NaN). σ must be positive and finite. Stan: `cauchy(mu, sigma)`.
public struct Cauchy: LocationScaleFamily {
  public static let name = "cauchy"

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .real }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    let z = (x - p[0]) / p[1]
    let square = z * z
    // Where the square overflows, log(1 + z²) = 2 log |z|.
    let kernel = square < .infinity ? log1p(square) : 2 * log(abs(z))
    let slope = 2 * z / (1 + square) / p[1]
    return Partials(
      value: -1.14472988584940017414 - log(p[1]) - kernel, x: -slope,
      p: SIMD4(slope, (1 - 2 / (1 + square)) / p[1], 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? quantile(stream.uniform(), p) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { .nan }
  public static func variance(_ p: SIMD4<Double>) -> Double { .nan }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double { lowerTail((x - p[0]) / p[1]) }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double { lowerTail((p[0] - x) / p[1]) }

  /// P(Z <= z) of the standard distribution, without cancellation in its tail.
  private static func lowerTail(_ z: Double) -> Double {
    z < -1 ? atan(-1 / z) / .pi : 0.5 + atan(z) / .pi
  }

  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    if q == 0 || q == 1 { return q == 0 ? -.infinity : .infinity }
    // Tangents near a pole are taken from that pole's side.
    if q < 0.25 { return p[0] - p[1] / tan(.pi * q) }
    if q > 0.75 { return p[0] + p[1] / tan(.pi * (1 - q)) }
    return p[0] + p[1] * tan(.pi * (q - 0.5))
  }
}

/// The half-Cauchy distribution, that of |Cauchy(0, σ)|.
///
///     log p(x) = log 2 - log π - log σ - log(1 + z²),   z = x / σ,   x >= 0
///
/// Mean and variance are infinite. σ must be positive and finite. Stan: `cauchy(0, sigma)` of a variable declared with
/// lower bound 0.
public struct HalfCauchy: ScaleFamily {
  public static let name = "half_cauchy"

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    if x < 0 && isValid(p) { return .impossible }
    let whole = Cauchy.evaluate(x, SIMD4(0, p[0], 0, 0))
    return Partials(value: whole.value + 0.693147180559945309417, x: whole.x, p: SIMD4(whole.p[1], 0, 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? quantile(stream.uniform(), p) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { .infinity }
  public static func variance(_ p: SIMD4<Double>) -> Double { .infinity }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double { x <= 0 ? 0 : 2 / .pi * atan(x / p[0]) }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double { x <= 0 ? 1 : 2 / .pi * atan(p[0] / x) }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    if q == 1 { return .infinity }
    return q <= 0.5 ? p[0] * tan(0.5 * .pi * q) : p[0] / tan(0.5 * .pi * (1 - q))
  }
}
