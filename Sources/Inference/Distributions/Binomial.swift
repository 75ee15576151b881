import Foundation
import NumericKernels

/// The binomial distribution: successes among N trials of probability θ.
///
///     log p(y) = log C(N, y) + y log θ + (N - y) log(1 - θ),   y = 0, ..., N
///
/// N is a whole number up to 2^53 and data: the derivative by it is 0. θ may be 0 or 1. Stan: `binomial(N, theta)`.
public struct Binomial: ScalarDistribution {
  public static let name = "binomial"
  public static let parameterNames = ["N", "theta"]
  public static let parameterSupports: [Support] = [.integers(0, .infinity), .interval(0, 1)]
  public static let isDiscrete = true

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(trials: Int, theta: Double) { parameters = SIMD4(Double(trials), theta, 0, 0) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { Counts.isTrials(p[0]) && p[1] >= 0 && p[1] <= 1 }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .integers(0, p[0]) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    let (n, theta) = (p[0], p[1])
    guard Counts.isCount(x) && x <= n else { return .impossible }
    if x == 0 { return Partials(value: n == 0 ? 0 : n * log1p(-theta), x: 0, p: SIMD4(0, -n / (1 - theta), 0, 0)) }
    if theta == 0 || theta == 1 && x < n { return .impossible }
    if x == n { return Partials(value: n * log(theta), x: 0, p: SIMD4(0, n / theta, 0, 0)) }
    let value =
      min(x, n - x) < 10
      ? logChoose(n, x) + x * log(theta) + (n - x) * log1p(-theta)
      : SpecialFunctions.logBetaKernel(theta, 1 - theta, x + 1, n - x + 1) - log(theta) - log1p(-theta) - log(n + 1)
    return Partials(value: value, x: 0, p: SIMD4(0, (x - n * theta) / (theta * (1 - theta)), 0, 0))
  }

  /// log C(n, k).
  @inlinable
  static func logChoose(_ n: Double, _ k: Double) -> Double {
    k == 0 || k == n ? 0 : -log(n + 1) - SpecialFunctions.logBeta(k + 1, n - k + 1)
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    guard isValid(p) else { return .nan }
    return Double(stream.binomial(n: Int(p[0]), p: p[1]))
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { p[0] * p[1] }
  public static func variance(_ p: SIMD4<Double>) -> Double { p[0] * p[1] * (1 - p[1]) }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double { atMost(x, p[0], p[1], 1 - p[1]) }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    atMost(p[0] - x.rounded(.down) - 1, p[0], 1 - p[1], p[1])
  }

  /// P(Y <= x) of N trials, given the probabilities of success and of failure.
  static func atMost(_ x: Double, _ n: Double, _ theta: Double, _ rest: Double) -> Double {
    let k = x.rounded(.down)
    if k < 0 || k >= n { return k < 0 ? 0 : 1 }
    return SpecialFunctions.regularizedBeta(rest, theta, n - k, k + 1)
  }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double { logAtMost(x, p[0], p[1], 1 - p[1]) }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    logAtMost(p[0] - x.rounded(.down) - 1, p[0], 1 - p[1], p[1])
  }

  /// log P(Y <= x) of N trials, given the probabilities of success and of failure.
  static func logAtMost(_ x: Double, _ n: Double, _ theta: Double, _ rest: Double) -> Double {
    let k = x.rounded(.down)
    if k < 0 || k >= n { return k < 0 ? -.infinity : 0 }
    return SpecialFunctions.logRegularizedBeta(rest, theta, n - k, k + 1)
  }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    Counts.boundedQuantile(q, p[0], near: mean(p), cdf: { cdf($0, p) }, ccdf: { ccdf($0, p) })
  }
}

/// The binomial distribution by the log odds α of a success.
///
///     log p(y) = log C(N, y) - y log(1 + e^-α) - (N - y) log(1 + e^α)
///
/// Accurate for any finite α. N as in ``Binomial``. Stan: `binomial_logit(N, alpha)`.
public struct BinomialLogit: ScalarDistribution {
  public static let name = "binomial_logit"
  public static let parameterNames = ["N", "alpha"]
  public static let parameterSupports: [Support] = [.integers(0, .infinity), .real]
  public static let isDiscrete = true

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(trials: Int, alpha: Double) { parameters = SIMD4(Double(trials), alpha, 0, 0) }

  @inlinable
  static func natural(_ p: SIMD4<Double>) -> SIMD4<Double> {
    SIMD4(p[0], SpecialFunctions.inverseLogit(p[1]), 0, 0)
  }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool { Counts.isTrials(p[0]) && p[1].isFinite }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .integers(0, p[0]) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    let (n, alpha) = (p[0], p[1])
    guard Counts.isCount(x) && x <= n else { return .impossible }
    let (success, failure) = (SpecialFunctions.inverseLogit(alpha), SpecialFunctions.inverseLogit(-alpha))
    return Partials(
      value: Binomial.logChoose(n, x) - x * SpecialFunctions.log1pExp(-alpha)
        - (n - x) * SpecialFunctions.log1pExp(alpha),
      x: 0, p: SIMD4(0, x * failure - (n - x) * success, 0, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    isValid(p) ? Binomial.random(natural(p), using: &stream) : .nan
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { Binomial.mean(natural(p)) }
  public static func variance(_ p: SIMD4<Double>) -> Double {
    p[0] * SpecialFunctions.inverseLogit(p[1]) * SpecialFunctions.inverseLogit(-p[1])
  }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    Binomial.atMost(x, p[0], SpecialFunctions.inverseLogit(p[1]), SpecialFunctions.inverseLogit(-p[1]))
  }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    cdf(p[0] - x.rounded(.down) - 1, SIMD4(p[0], -p[1], 0, 0))
  }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    Binomial.logAtMost(x, p[0], SpecialFunctions.inverseLogit(p[1]), SpecialFunctions.inverseLogit(-p[1]))
  }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    logCDF(p[0] - x.rounded(.down) - 1, SIMD4(p[0], -p[1], 0, 0))
  }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    Counts.boundedQuantile(q, p[0], near: mean(p), cdf: { cdf($0, p) }, ccdf: { ccdf($0, p) })
  }
}

/// The beta-binomial distribution: binomial with N trials whose probability is Beta(α, β).
///
///     log p(y) = log C(N, y) + log B(y + α, N - y + β) - log B(α, β),   y = 0, ..., N
///
/// Tends to the binomial as α + β grows, without cancellation. N as in ``Binomial``; α and β positive and finite. The
/// distribution function and quantiles are sums that cost O(N), and NaN for N above a million. Stan: `beta_binomial(N,
/// alpha, beta)`.
public struct BetaBinomial: ScalarDistribution {
  public static let name = "beta_binomial"
  public static let parameterNames = ["N", "alpha", "beta"]
  public static let parameterSupports: [Support] = [.integers(0, .infinity), .above(0), .above(0)]
  public static let isDiscrete = true

  public let parameters: SIMD4<Double>
  public init(parameters: SIMD4<Double>) { self.parameters = parameters }
  public init(trials: Int, alpha: Double, beta: Double) { parameters = SIMD4(Double(trials), alpha, beta, 0) }

  @inlinable
  public static func isValid(_ p: SIMD4<Double>) -> Bool {
    Counts.isTrials(p[0]) && PositiveParameter.contains(p[1]) && PositiveParameter.contains(p[2])
  }

  @inlinable
  public static func support(_ p: SIMD4<Double>) -> Support { .integers(0, p[0]) }

  @inlinable
  public static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials {
    guard isValid(p) else { return .undefined }
    let (n, alpha, beta) = (p[0], p[1], p[2])
    guard Counts.isCount(x) && x <= n else { return .impossible }
    let total = alpha + beta
    let spread =
      Densities.logRisingRatio(x, alpha) + Densities.logRisingRatio(n - x, beta) - Densities.logRisingRatio(n, total)
    let successes = x == 0 ? 0 : -x * logOnePlusRatio(beta, alpha)
    let failures = x == n ? 0 : -(n - x) * logOnePlusRatio(alpha, beta)
    let value = Binomial.logChoose(n, x) + successes + failures + spread
    let byTotal = SpecialFunctions.digammaDifference(total, n)
    return Partials(
      value: value, x: 0,
      p: SIMD4(
        0, SpecialFunctions.digammaDifference(alpha, x) - byTotal,
        SpecialFunctions.digammaDifference(beta, n - x) - byTotal, 0))
  }

  public static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double {
    guard isValid(p) else { return .nan }
    return Double(stream.binomial(n: Int(p[0]), p: stream.beta(p[1], p[2])))
  }

  /// log(1 + a / b).
  @inlinable
  static func logOnePlusRatio(_ a: Double, _ b: Double) -> Double {
    let ratio = a / b
    return ratio < .infinity ? log1p(ratio) : log(a) - log(b)
  }

  public static func mean(_ p: SIMD4<Double>) -> Double { p[0] / (1 + p[2] / p[1]) }
  public static func variance(_ p: SIMD4<Double>) -> Double {
    let total = p[1] + p[2]
    return mean(p) / (1 + p[1] / p[2]) * (total + p[0]) / (total + 1)
  }
  public static func cdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    let k = x.rounded(.down)
    if k < 0 || k >= p[0] { return k < 0 ? 0 : 1 }
    if p[0] > 1e6 { return .nan }
    return k <= mean(p) ? sum(from: 0, to: k, p) : 1 - sum(from: k + 1, to: p[0], p)
  }
  public static func ccdf(_ x: Double, _ p: SIMD4<Double>) -> Double {
    let k = x.rounded(.down)
    if k < 0 || k >= p[0] { return k < 0 ? 1 : 0 }
    if p[0] > 1e6 { return .nan }
    return k <= mean(p) ? 1 - sum(from: 0, to: k, p) : sum(from: k + 1, to: p[0], p)
  }
  private static func sum(from low: Double, to high: Double, _ p: SIMD4<Double>) -> Double {
    stride(from: low, through: high, by: 1).reduce(0) { $0 + exp(evaluate($1, p).value) }
  }
  public static func logCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    logTail(cdf(x, p), from: 0, to: x.rounded(.down), p)
  }
  public static func logCCDF(_ x: Double, _ p: SIMD4<Double>) -> Double {
    logTail(ccdf(x, p), from: x.rounded(.down) + 1, to: p[0], p)
  }
  /// The logarithm of a tail, from the masses' where it is below the smallest double.
  private static func logTail(_ tail: Double, from low: Double, to high: Double, _ p: SIMD4<Double>) -> Double {
    if tail > 1e-290 || tail.isNaN || low > high { return log(tail) }
    return SpecialFunctions.logSumExp(stride(from: low, through: high, by: 1).map { evaluate($0, p).value })
  }
  public static func quantile(_ q: Double, _ p: SIMD4<Double>) -> Double {
    if p[0] > 1e6 { return .nan }
    return Counts.boundedQuantile(q, p[0], near: mean(p), cdf: { cdf($0, p) }, ccdf: { ccdf($0, p) })
  }
}

extension Counts {
  /// ``quantile(_:near:cdf:ccdf:)`` of a count that is at most `top`.
  static func boundedQuantile(
    _ q: Double, _ top: Double, near guess: Double, cdf: (Double) -> Double, ccdf: (Double) -> Double
  ) -> Double {
    // Nothing short of all trials is certain, however small the rest, unless there are no successes at all.
    if q == 1 { return ccdf(0) == 0 ? 0 : top }
    return min(top, quantile(q, near: guess, cdf: cdf, ccdf: ccdf))
  }
}
