import Foundation
import NumericKernels

/// The von Mises distribution of an angle, with mean direction μ and concentration κ, on [-π, π].
///
///     log p(x) = κ cos(x - μ) - log(2π I_0(κ)),   -π <= x <= π
///
/// Computed as -2κ sin²((x - μ) / 2) - log(2π e^-κ I_0(κ)), so that large κ neither overflow nor cancel. Angles outside
/// [-π, π] are to be brought there first; μ may be any angle. κ >= 0, finite; κ = 0 is the uniform distribution. The
/// mean is the mean direction in [-π, π] and the variance the circular one, 1 - I_1(κ) / I_0(κ). Draws for κ above 1e6
/// are normal with variance 1 / κ, out by 1 / κ of themselves. Stan: `von_mises(mu, kappa)`.
public struct VonMises: ScalarDistribution {
  public static let name = "von_mises"
  public static let parameterNames = ["mu", "kappa"]
  public static let parameterSupports: [Support] = [.real, .above(0)]
  public static let isDiscrete = false

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(mu: Double, kappa: Double) { parameters = SIMD4(mu, kappa, 0, 0) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { p[0].isFinite && p[1] >= 0 && p[1] <= 1e300 }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .interval(-.pi, .pi) }

  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    guard x >= -.pi && x <= .pi else { return x.isNaN ? .undefined : .impossible }
    let kappa = p[1]
    let half = 0.5 * (x - p[0])
    let dip = 2 * sin(half) * sin(half)
    let slope = kappa * sin(x - p[0])
    return Partials(
      value: -kappa * dip - 1.83787706640934548356 - log(SpecialFunctions.scaledBesselI0(kappa)), x: -slope,
      p: SIMD4(slope, SpecialFunctions.besselDeficit(kappa) - dip, 0, 0))
  }

  /// Best and Fisher's rejection from a wrapped Cauchy (Applied Statistics 28, 1979).
  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    guard isValid(p) else { return .nan }
    let kappa = p[1]
    if kappa < 1e-8 { return .pi * (2 * stream.uniform() - 1) }
    if kappa > 1e6 { return wrapped(p[0] + stream.normal() / kappa.squareRoot()) }
    let r = 1 + (1 + 4 * kappa * kappa).squareRoot()
    let rho = (r - (2 * r).squareRoot()) / (2 * kappa)
    let s = kappa < 1e-5 ? 1 / kappa + kappa : (1 + rho * rho) / (2 * rho)
    while true {
      let z = cos(.pi * stream.uniform())
      let w = (1 + s * z) / (s + z)
      let y = kappa * (s - w)
      let u = stream.uniform()
      if y * (2 - y) >= u || log(y / u) + 1 >= y {
        let angle = acos(min(1, max(-1, w)))
        return wrapped(p[0] + (stream.next() & 1 == 0 ? angle : -angle))
      }
    }
  }

  /// The same angle in [-π, π].
  private static func wrapped(_ angle: Double) -> Double { angle.remainder(dividingBy: 2 * .pi) }

  public static func mean(_ p: SIMD4<Double>) -> Double { wrapped(p[0]) }
  public static func variance(_ p: SIMD4<Double>) -> Double { SpecialFunctions.besselDeficit(p[1]) }

  /// P(-π <= X <= x): absolute error below 1e-14 (κ <= 1e6).
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    if x <= -.pi || x >= .pi { return x < 0 ? 0 : 1 }
    let mu = wrapped(p[0])
    let value = primitive(x - mu, p[1]) - primitive(-.pi - mu, p[1])
    return min(1, max(0, value))
  }

  /// The integral of the density centred at 0 from 0 to an angle in [-2π, 2π], by its Fourier series
  /// t / 2π + Σ_j I_j(κ) / I_0(κ) sin(jt) / (jπ), ratios by backward recurrence (Hill 1977).
  private static func primitive(_ t: Double, _ kappa: Double) -> Double {
    if kappa > 1e6 { return concentratedPrimitive(t, kappa) }
    var j = (20 + min(4 * kappa, 9 * kappa.squareRoot() + 10)).rounded()
    var ratio = 0.0
    var sum = 0.0
    while j >= 1 {
      // ratio = I_j / I_{j-1}; the sum collects I_j / I_0 sin(jt) / j by Horner's rule in the ratios.
      ratio = kappa / (2 * j + kappa * ratio)
      sum = ratio * (sin(j * t) / j + sum)
      j -= 1
    }
    return t / (2 * .pi) + sum / .pi
  }

  /// For large κ: s = 2 sin(t / 2) is nearly normal with variance 1 / κ; relative error of order 1 / κ³.
  private static func concentratedPrimitive(_ t: Double, _ kappa: Double) -> Double {
    let turns = (t / (2 * .pi)).rounded()
    let z = 2 * sin(0.5 * (t - 2 * .pi * turns)) * kappa.squareRoot()
    let phi = exp(-0.5 * z * z) / (2 * .pi).squareRoot()
    let centre = 0.5 * erf(z * 0.5.squareRoot())
    // ds / √(1 - s² / 4) = (1 + s² / 8 + 3 s⁴ / 128) ds, and ∫ z² φ = Φ - z φ, ∫ z⁴ φ = 3 (Φ - z φ) - z³ φ.
    let second = centre - z * phi
    let fourth = 3 * second - z * z * z * phi
    let norm = 1 + (1 / 8 + 9 / (128 * kappa)) / kappa
    return turns + (centre + (second / 8 + 3 * fourth / (128 * kappa)) / kappa) / norm
  }

  /// As good as the distribution function: far out, where probabilities are below its error, it is a point of the tail.
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    if q == 0 || q == 1 { return q == 0 ? -.pi : .pi }
    return MonotoneSearch.firstDouble(from: -.pi, to: .pi) { cdf($0, p) >= q }
  }
}
