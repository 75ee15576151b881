import Foundation
import NumericKernels

/// Student's t distribution with ν degrees of freedom, location μ and scale σ.
///
///     log p(x) = log Γ((ν + 1) / 2) - log Γ(ν / 2) - ½ log(ν π) - log σ - ½ (ν + 1) log(1 + z² / ν),   z = (x - μ) / σ
///
/// ν and σ must be positive; an infinite ν is the normal distribution, which the density and its gradient approach
/// without cancellation. The mean exists for ν > 1, the variance is finite for ν > 2. Stan: `student_t(nu, mu, sigma)`.
public struct StudentT: ScalarDistribution {
  public static let name = "student_t"
  public static let parameterNames = ["nu", "mu", "sigma"]
  public static let parameterSupports: [Support] = [.above(0), .real, .above(0)]
  public static let isDiscrete = false

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(nu: Double, mu: Double, sigma: Double) { parameters = SIMD4(nu, mu, sigma, 0) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool {
    (PositiveParameter.contains(p[0]) || p[0] == .infinity) && p[1].isFinite && PositiveParameter.contains(p[2])
  }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .real }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    let (nu, sigma) = (p[0], p[2])
    if nu == .infinity {
      let limit = Normal.evaluate(x, SIMD4(p[1], sigma, 0, 0))
      return Partials(value: limit.value, x: limit.x, p: SIMD4(0, limit.p[0], limit.p[1], 0))
    }
    let z = (x - p[1]) / sigma
    let square = z * z
    let ratio = square / nu
    // z² / (ν + z²), 1 where the square overflows.
    let share = 1 / (1 + nu / square)
    let kernel = ratio < .infinity ? log1p(ratio) : 2 * log(abs(z)) - log(nu)
    let half = 0.5 * nu
    let value =
      Densities.logRisingRatio(0.5, half) - 0.918938533204672741780 - log(sigma) - (half + 0.5) * kernel
    let slope = square < .infinity ? (nu + 1) * z / (nu + square) / sigma : 0
    // ψ(h + ½) - ψ(h) - 1 / (2h) is of order 1 / h², and so is the rest at a given z.
    let rising =
      half < 40
      ? SpecialFunctions.digammaDifference(half, 0.5) - 0.5 / half
      : (0.125 - (1.0 / 64 - (1.0 / 128) / (half * half)) / (half * half)) / (half * half)
    let rest =
      ratio < 0.5
      ? -SpecialFunctions.log1pMinusArgument(ratio) - ratio * share : share - kernel
    return Partials(
      value: value, x: -slope,
      p: SIMD4(0.5 * (rising + rest + share / nu), slope, ((nu + 1) * share - 1) / sigma, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    guard isValid(p) else { return .nan }
    if p[0] == .infinity { return p[1] + p[2] * stream.normal() }
    let half = 0.5 * p[0]
    return p[1] + p[2] * stream.normal() * (half / stream.gamma(shape: half)).squareRoot()
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { p[0] > 1 ? p[1] : .nan }
  public static func variance(_ p: SIMD4<Double>) -> Double {
    if p[0] == .infinity { return p[2] * p[2] }
    if p[0] > 2 { return p[2] * p[2] * p[0] / (p[0] - 2) }
    return p[0] > 1 ? .infinity : .nan
  }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double { lowerTail((x - p[1]) / p[2], p[0]) }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double { lowerTail((p[1] - x) / p[2], p[0]) }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { logLowerTail((x - p[1]) / p[2], p[0]) }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { logLowerTail((p[1] - x) / p[2], p[0]) }

  /// log P(T <= t) of the standard distribution, also where the probability is below the smallest double.
  static func logLowerTail(_ t: Double, _ nu: Double) -> Double {
    if nu == .infinity { return Normal.logCDF(t, SIMD4(0, 1, 0, 0)) }
    let tail = lowerTail(t, nu)
    if tail > 1e-290 || !(t < 0) { return log(tail) }
    let (half, square) = (0.5 * nu, t * t)
    // ½ I_x(ν / 2, ½) with x = ν / (ν + t²): ½ x^(ν / 2) √(1 - x) / (½ ν B(ν / 2, ½)) · Σ (ν / 2 + ½)_n / (ν / 2 + 1)_n x^n.
    let first = -log(nu) - SpecialFunctions.logBeta(half, 0.5)
    if square > 1e300 { return first + half * (log(nu) - 2 * log(-t)) }
    let x = nu / (nu + square)
    var (sum, term, n) = (1.0, 1.0, 0.0)
    while term > 1e-17 * sum && n < 1e7 {
      term *= (half + 0.5 + n) / (half + 1 + n) * x
      sum += term
      n += 1
    }
    return first - half * log1p(square / nu) - 0.5 * log1p(nu / square) + log(sum)
  }

  /// P(T <= t) of the standard distribution, without cancellation in its tail.
  static func lowerTail(_ t: Double, _ nu: Double) -> Double {
    if nu == .infinity { return SpecialFunctions.normalCDF(t) }
    let square = t * t
    if square > 1e300 {
      // The density is a power there: ½ (ν / t²)^(ν / 2) / (½ ν B(ν / 2, ½)).
      let half = 0.5 * nu
      let tail = 0.5 * exp(half * (log(nu) - 2 * log(abs(t))) - SpecialFunctions.logBeta(half, 0.5)) / half
      return t < 0 ? tail : 1 - tail
    }
    if square < 0.5 * nu && square < 1 {
      let central = SpecialFunctions.regularizedBeta(square / (nu + square), nu / (nu + square), 0.5, 0.5 * nu)
      return t < 0 ? 0.5 * (1 - central) : 0.5 * (1 + central)
    }
    let tail = 0.5 * SpecialFunctions.regularizedBeta(nu / (nu + square), square / (nu + square), 0.5 * nu, 0.5)
    return t < 0 ? tail : 1 - tail
  }

  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    if p[0] == .infinity { return p[1] + p[2] * SpecialFunctions.normalQuantile(q) }
    return p[1] + p[2] * standardQuantile(q, p[0])
  }

  static func standardQuantile(_ q: Double, _ nu: Double) -> Double {
    if q == 0 || q == 1 { return q == 0 ? -.infinity : .infinity }
    if q == 0.5 { return 0 }
    if q < 0.5 { return -upperQuantile(q, nu) }
    return upperQuantile(1 - q, nu)
  }

  /// The t > 0 with P(T > t) = tail <= ½.
  static func upperQuantile(_ tail: Double, _ nu: Double) -> Double {
    MonotoneSearch.firstDouble(from: 0, to: .infinity) { lowerTail(-$0, nu) <= tail }
  }
}

/// The half-t distribution, that of σ |T_ν|.
///
///     log p(x) = log 2 + log student_t(x | ν, 0, σ),   x >= 0
///
/// The mean is infinite for ν <= 1, the variance for ν <= 2. Stan: `student_t(nu, 0, sigma)` of a variable declared
/// with lower bound 0.
public struct HalfStudentT: ScalarDistribution {
  public static let name = "half_student_t"
  public static let parameterNames = ["nu", "sigma"]
  public static let parameterSupports: [Support] = [.above(0), .above(0)]
  public static let isDiscrete = false

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(nu: Double, sigma: Double) { parameters = SIMD4(nu, sigma, 0, 0) }

  @inlinable
  static func whole(_ p: SIMD4<Double>) -> SIMD4<Double> { SIMD4(p[0], 0, p[1], 0) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { StudentT.isValid(whole(p)) }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .above(0) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    if x < 0 && isValid(p) { return .impossible }
    let both = StudentT.evaluate(x, whole(p))
    return Partials(value: both.value + 0.693147180559945309417, x: both.x, p: SIMD4(both.p[0], both.p[2], 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    abs(StudentT.random(whole(p), using: &stream))
  }

  public static func mean(_ p: SIMD4<Double>) -> Double {
    if p[0] == .infinity { return HalfNormal.mean(SIMD4(p[1], 0, 0, 0)) }
    if p[0] <= 1 { return .infinity }
    // 2 σ √(ν / π) Γ((ν + 1) / 2) / (Γ(ν / 2) (ν - 1))
    let half = 0.5 * p[0]
    return 2 * p[1] * exp(Densities.logRisingRatio(0.5, half)) * (half * p[0] / .pi).squareRoot() / (p[0] - 1)
  }
  public static func variance(_ p: SIMD4<Double>) -> Double {
    if p[0] <= 2 { return .infinity }
    if p[0] == .infinity { return HalfNormal.variance(SIMD4(p[1], 0, 0, 0)) }
    let mean = mean(p)
    return StudentT.variance(whole(p)) - mean * mean
  }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    if x <= 0 { return 0 }
    if p[0] == .infinity { return HalfNormal.cdf(x, SIMD4(p[1], 0, 0, 0)) }
    let t = x / p[1]
    let square = t * t
    if t < 1e-9 * min(1, p[0]) {
      // The density is flat there.
      return 2 * t * exp(StudentT.evaluate(0, SIMD4(p[0], 0, 1, 0)).value)
    }
    if square < 0.5 * p[0] {
      return SpecialFunctions.regularizedBeta(square / (p[0] + square), p[0] / (p[0] + square), 0.5, 0.5 * p[0])
    }
    return 1 - ccdf(x, p)
  }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? 1 : 2 * StudentT.lowerTail(-x / p[1], p[0])
  }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    x <= 0 ? 0 : log(2) + StudentT.logLowerTail(-x / p[1], p[0])
  }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    if q == 0 || q == 1 { return q == 0 ? 0 : .infinity }
    if p[0] == .infinity { return HalfNormal.quantile(q, SIMD4(p[1], 0, 0, 0)) }
    if q > 0.5 { return p[1] * StudentT.upperQuantile(0.5 * (1 - q), p[0]) }
    return p[1]
      * MonotoneSearch.firstDouble(from: 0, to: .greatestFiniteMagnitude) { cdf($0, SIMD4(p[0], 1, 0, 0)) >= q }
  }
}
