import Foundation
import NumericKernels

/// The negative binomial distribution with mean μ and dispersion φ, variance μ + μ² / φ.
///
///     log p(y) = log Γ(y + φ) - log Γ(φ) - log y! + y log(μ / (μ + φ)) + φ log(φ / (μ + φ)),   y = 0, 1, 2, ...
///
/// Value and gradient tend to the Poisson's as φ grows, without cancellation; an infinite φ is the Poisson. μ may be 0,
/// where only y = 0 is possible. The value's error is below 1e-15 · max(10, φ), and below 1e-15 · y log y for φ > y.
/// Stan: `neg_binomial_2(mu, phi)`.
public struct NegativeBinomial2: ScalarDistribution {
  public static let name = "neg_binomial_2"
  public static let parameterNames = ["mu", "phi"]
  public static let parameterSupports: [Support] = [.above(0), .above(0)]
  public static let isDiscrete = true

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(mu: Double, phi: Double) { parameters = SIMD4(mu, phi, 0, 0) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { p[0] >= 0 && p[0] < .infinity && isDispersion(p[1]) }

  /// Whether φ is where it may be; infinite, it makes a Poisson distribution.
  @inlinable
  static func isDispersion(_ phi: Double) -> Bool { PositiveParameter.contains(phi) || phi == .infinity }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .integers(0, .infinity) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    guard Counts.isCount(x) else { return .impossible }
    let (mu, phi) = (p[0], p[1])
    if mu == 0 && x > 0 { return .impossible }
    let ratio = mu / phi
    let logOdds = ratio < .infinity ? log1p(ratio) : log(mu) - log(phi)
    let value: Double
    if x == 0 {
      value = -meanTerm(mu, phi, logOdds)
    } else if phi == .infinity {
      value = Poisson.logMass(x, mu, log(mu))
    } else if x > 32 && phi < x {
      value = SpecialFunctions.logBetaKernel(1 / (1 + ratio), 1 / (1 + phi / mu), phi, x) - log(x)
    } else {
      value =
        rising(x, phi) - meanTerm(mu, phi, logOdds) + x * (log(mu) - logOdds) - SpecialFunctions.logGamma(x + 1)
    }
    let byMean = x == 0 ? -1 / (1 + ratio) : (x - mu) / mu / (1 + ratio)
    return Partials(value: value, x: 0, p: SIMD4(byMean, phiSlope(x, mu, phi), 0, 0))
  }

  /// φ log(1 + μ / φ), which tends to μ.
  @inlinable
  static func meanTerm(_ mu: Double, _ phi: Double, _ logOdds: Double) -> Double {
    phi == .infinity ? mu : phi * logOdds
  }

  /// log Γ(y + φ) - log Γ(φ) - y log φ.
  @inlinable
  static func rising(_ y: Double, _ phi: Double) -> Double {
    if phi == .infinity { return 0 }
    if y > 32 { return Densities.logRisingRatio(y, phi) }
    var sum = 0.0
    var k = 1.0
    while k < y {
      sum += log1p(k / phi)
      k += 1
    }
    return sum
  }

  /// The derivative by φ: ψ(y + φ) - ψ(φ) - log(1 + μ / φ) + (μ - y) / (μ + φ), of order 1 / φ² as φ grows.
  @inlinable
  static func phiSlope(_ y: Double, _ mu: Double, _ phi: Double) -> Double {
    if phi == .infinity { return 0 }
    let ratio = mu / phi
    let total = mu + phi
    if y > 32 && phi < 13 {
      return SpecialFunctions.digammaDifference(phi, y) - log1p(ratio) + (mu - y) / total
    }
    // -(log(1 + r) - r / (1 + r)), r = μ / φ: the part without counts.
    let r = ratio < .infinity ? ratio / (1 + ratio) : 1
    let meanPart =
      ratio < 0.5
      ? -SpecialFunctions.log1pMinusArgument(ratio) - ratio * r
      : r - (ratio < .infinity ? log1p(ratio) : log(mu) - log(phi))
    if y <= 32 {
      // Σ_k 1 / (φ + k) - y / (φ + μ), term by term.
      var sum = 0.0
      var k = 0.0
      while k < y {
        sum += (mu - k) / (phi + k)
        k += 1
      }
      return sum / total + meanPart
    }
    let end = phi + y
    return SpecialFunctions.log1pMinusArgument(y / phi) + (y / phi) * (mu / total) + 0.5 * (y / phi) / end
      + (SpecialFunctions.digammaTail(end) - SpecialFunctions.digammaTail(phi)) + meanPart
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? Counts.negativeBinomial(mean: p[0], phi: p[1], using: &stream) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { p[0] }
  public static func variance(_ p: SIMD4<Double>) -> Double { p[0] + p[0] * (p[0] / p[1]) }

  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    if x < 0 || p[0] == 0 { return x < 0 ? 0 : 1 }
    if p[1] == .infinity { return Poisson.cdf(x, p) }
    if x > Counts.most { return 1 }
    // I_{φ / (μ + φ)}(φ, k + 1)
    return SpecialFunctions.regularizedBeta(
      1 / (1 + p[0] / p[1]), 1 / (1 + p[1] / p[0]), p[1], x.rounded(.down) + 1)
  }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    if x < 0 || p[0] == 0 { return x < 0 ? 1 : 0 }
    if p[1] == .infinity { return Poisson.ccdf(x, p) }
    if x > Counts.most { return 0 }
    return SpecialFunctions.regularizedBeta(
      1 / (1 + p[1] / p[0]), 1 / (1 + p[0] / p[1]), x.rounded(.down) + 1, p[1])
  }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    if p[1] == .infinity { return Poisson.logCDF(x, p) }
    if x < 0 || p[0] == 0 || x > Counts.most { return log(cdf(x, p)) }
    return SpecialFunctions.logRegularizedBeta(
      1 / (1 + p[0] / p[1]), 1 / (1 + p[1] / p[0]), p[1], x.rounded(.down) + 1)
  }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    if p[1] == .infinity { return Poisson.logCCDF(x, p) }
    if x < 0 || p[0] == 0 || x > Counts.most { return log(ccdf(x, p)) }
    return SpecialFunctions.logRegularizedBeta(
      1 / (1 + p[1] / p[0]), 1 / (1 + p[0] / p[1]), x.rounded(.down) + 1, p[1])
  }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    Counts.quantile(q, near: p[0], cdf: { cdf($0, p) }, ccdf: { ccdf($0, p) })
  }
}

/// The negative binomial distribution by its log mean η and dispersion φ.
///
///     log p(y) = neg_binomial_2(y | e^η, φ)
///
/// Stable for any η: a mean that overflows or underflows is never divided by. Stan: `neg_binomial_2_log(eta, phi)`.
public struct NegativeBinomial2Log: ScalarDistribution {
  public static let name = "neg_binomial_2_log"
  public static let parameterNames = ["eta", "phi"]
  public static let parameterSupports: [Support] = [.real, .above(0)]
  public static let isDiscrete = true

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(eta: Double, phi: Double) { parameters = SIMD4(eta, phi, 0, 0) }

  @inlinable
  static func natural(_ p: SIMD4<Double>) -> SIMD4<Double> { SIMD4(exp(p[0]), p[1], 0, 0) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { p[0].isFinite && NegativeBinomial2.isDispersion(p[1]) }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .integers(0, .infinity) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    guard Counts.isCount(x) else { return .impossible }
    let (eta, phi) = (p[0], p[1])
    let mu = exp(eta)
    if phi == .infinity {
      let limit = PoissonLog.evaluate(x, p)
      return Partials(value: limit.value, x: 0, p: SIMD4(limit.p[0], 0, 0, 0))
    }
    let ratio = mu / phi
    if ratio == .infinity {
      // Only φ / μ = 0 is left out of log(1 + μ / φ) = η - log φ + log(1 + φ / μ).
      let logOdds = eta - log(phi)
      let counts = x == 0 ? 0 : NegativeBinomial2.rising(x, phi) - SpecialFunctions.logGamma(x + 1) + x * log(phi)
      let slope = SpecialFunctions.digammaDifference(phi, x) - logOdds + 1
      return Partials(value: counts - phi * logOdds, x: 0, p: SIMD4(-phi, slope, 0, 0))
    }
    let logOdds = log1p(ratio)
    let value =
      x == 0
      ? -phi * logOdds
      : NegativeBinomial2.rising(x, phi) - phi * logOdds + x * (eta - logOdds) - SpecialFunctions.logGamma(x + 1)
    return Partials(
      value: value, x: 0, p: SIMD4((x - mu) / (1 + ratio), NegativeBinomial2.phiSlope(x, mu, phi), 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? Counts.negativeBinomial(mean: exp(p[0]), phi: p[1], using: &stream) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { exp(p[0]) }
  public static func variance(_ p: SIMD4<Double>) -> Double { NegativeBinomial2.variance(natural(p)) }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double { NegativeBinomial2.cdf(x, natural(p)) }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double { NegativeBinomial2.ccdf(x, natural(p)) }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { NegativeBinomial2.logCDF(x, natural(p)) }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { NegativeBinomial2.logCCDF(x, natural(p)) }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double { NegativeBinomial2.quantile(q, natural(p)) }
}

/// The negative binomial distribution with shape α and rate β of the gamma mean: mean α / β, variance α (1 + β) / β².
///
///     log p(y) = log Γ(y + α) - log Γ(α) - log y! + α log(β / (1 + β)) - y log(1 + β),   y = 0, 1, 2, ...
///
/// Both must be positive and finite. Stan: `neg_binomial(alpha, beta)`.
public struct NegativeBinomial: PositivePairFamily {
  public static let name = "neg_binomial"
  public static let isDiscrete = true

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }

  @inlinable
  static func natural(_ p: SIMD4<Double>) -> SIMD4<Double> { SIMD4(p[0] / p[1], p[0], 0, 0) }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .integers(0, .infinity) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    guard Counts.isCount(x) else { return .impossible }
    let (alpha, beta) = (p[0], p[1])
    let logShare = beta > 1e-300 ? -log1p(1 / beta) : log(beta)
    var value = alpha * logShare
    if x > 0 {
      value += NegativeBinomial2.rising(x, alpha) + x * (log(alpha) - log1p(beta)) - SpecialFunctions.logGamma(x + 1)
    }
    return Partials(
      value: value, x: 0,
      p: SIMD4(SpecialFunctions.digammaDifference(alpha, x) + logShare, (alpha / beta - x) / (1 + beta), 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? Counts.negativeBinomial(mean: p[0] / p[1], phi: p[0], using: &stream) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { p[0] / p[1] }
  public static func variance(_ p: SIMD4<Double>) -> Double { p[0] / p[1] * (1 + 1 / p[1]) }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double { NegativeBinomial2.cdf(x, natural(p)) }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double { NegativeBinomial2.ccdf(x, natural(p)) }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { NegativeBinomial2.logCDF(x, natural(p)) }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { NegativeBinomial2.logCCDF(x, natural(p)) }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double { NegativeBinomial2.quantile(q, natural(p)) }
}
