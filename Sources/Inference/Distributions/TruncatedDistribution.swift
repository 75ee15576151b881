import Foundation
import NumericKernels

/// A distribution restricted to an interval, its ends included, and normalised there.
///
///     log p(x) = log f(x) - log P(lower <= X <= upper),   lower <= x <= upper
///
/// Parameters are lower, upper, and those of the base. Probabilities of the interval below the smallest double are
/// known by their logarithms, as far as the base's are. Derivatives by bounds are 0 for whole numbers and at infinity;
/// those of the probability by the base's parameters are numerical, good for some ten digits. Moments are integrals of
/// the tails, good for some nine. Stan: `T[lower, upper]`.
public struct Truncated<Base: ScalarDistribution>: UnivariateDistribution, Equatable {
  public let base: Base
  public let lower: Double
  public let upper: Double

  public init(_ base: Base, lower: Double = -.infinity, upper: Double = .infinity) {
    self.base = base
    self.lower = lower
    self.upper = upper
  }

  public var isDiscrete: Bool { Base.isDiscrete }
  public var support: Support { base.support.intersected(lower, upper) }
  /// P(lower <= X <= upper) of the base.
  var total: Double { Base.isValid(base.parameters) ? base.probability(from: lower, to: upper) : .nan }
  /// Its logarithm; NaN where there is no distribution.
  private var logTotal: Double {
    if lower > upper { return .nan }
    let value = base.logProbability(from: lower, to: upper)
    return value > -.infinity ? value : .nan
  }
  /// Whether probabilities of the base keep their digits, so that logarithms are not needed.
  private var isOrdinary: Bool { total > 1e-290 }

  public func partials(_ x: Double) -> DistributionPartials {
    var result = base.partials(x)
    let logTotal = logTotal
    guard !logTotal.isNaN, !x.isNaN else {
      return DistributionPartials(value: .nan, x: .nan, parameters: [.nan, .nan] + result.parameters.map { _ in .nan })
    }
    var bounds = [0.0, 0.0]
    if !isDiscrete {
      if lower.isFinite { bounds[0] = exp(base.logDensity(lower) - logTotal) }
      if upper.isFinite { bounds[1] = -exp(base.logDensity(upper) - logTotal) }
    }
    let slopes = base.probabilitySlopes(from: lower, to: upper)
    result.parameters = bounds + zip(result.parameters, slopes).map { $0 - $1 }
    if x < lower || x > upper {
      return DistributionPartials(value: -.infinity, x: 0, parameters: result.parameters.map { _ in 0 })
    }
    result.value -= logTotal
    return result
  }

  public func cdf(_ x: Double) -> Double {
    if x.isNaN { return .nan }
    let logTotal = logTotal
    if x < lower || logTotal.isNaN { return logTotal.isNaN ? .nan : 0 }
    guard isOrdinary else { return min(1, exp(base.logProbability(from: lower, to: min(x, upper)) - logTotal)) }
    return min(1, base.probability(from: lower, to: min(x, upper)) / total)
  }

  public func ccdf(_ x: Double) -> Double {
    if x.isNaN { return .nan }
    let logTotal = logTotal
    if x < lower || x >= upper || logTotal.isNaN { return logTotal.isNaN ? .nan : x < lower ? 1 : 0 }
    // The interval above x: from the next whole number.
    guard isOrdinary else {
      let first = isDiscrete ? x.rounded(.down) + 1 : x
      return first > upper ? 0 : min(1, exp(base.logProbability(from: first, to: upper) - logTotal))
    }
    let upperTail = base.ccdf(x)
    return min(1, (upperTail < 0.5 ? upperTail - base.ccdf(upper) : base.cdf(upper) - base.cdf(x)) / total)
  }

  public func quantile(_ q: Double) -> Double {
    guard q >= 0, q <= 1, !logTotal.isNaN else { return .nan }
    let (low, high) = support.ends
    // Nothing short of the upper end is certain, even where what is left is below the smallest double.
    if q == 0 || q == 1 { return q == 0 ? low : high }
    guard isOrdinary else { return ScalarTails(Base.self).quantile(q, from: lower, to: upper, base.parameters) }
    if isDiscrete {
      // Close by: the base's quantile of the same probability from below.
      let guess = base.quantile(min(1, base.below(lower) + q * total))
      let first = max(low, -0x1p53)
      return min(
        high,
        MonotoneSearch.firstInteger(from: first, near: guess.isFinite ? max(first, guess) : first) {
          $0 >= high || (q <= 0.5 ? cdf($0) >= q : ccdf($0) <= 1 - q)
        })
    }
    return MonotoneSearch.firstDouble(from: low, to: high) { q <= 0.5 ? cdf($0) >= q : ccdf($0) <= 1 - q }
  }

  public var mean: Double { moments.mean }
  public var variance: Double { moments.variance }

  private var moments: (mean: Double, variance: Double) {
    guard !logTotal.isNaN else { return (.nan, .nan) }
    let (low, high) = support.ends
    return TailMoments.of(self, cutFrom: base, to: (low, high), scale: nil)
  }

  /// A variate of the base that falls inside or, after 32 that do not, a quantile.
  public func random(using stream: inout RandomStream) -> Double {
    guard !logTotal.isNaN else { return .nan }
    for _ in 0..<32 {
      let x = base.random(using: &stream)
      if x >= lower && x <= upper { return x }
    }
    return quantile(stream.uniform())
  }
}

/// Observations of a distribution between two limits: one at a limit stands for all that lies at or beyond it.
///
///     log p(x) = log f(x) for lower < x < upper,   log P(X <= lower) at lower,   log P(X >= upper) at upper
///
/// Parameters are lower, upper, and those of the base; derivatives as in ``Truncated``. An infinite limit is none.
public struct Censored<Base: ScalarDistribution>: UnivariateDistribution, Equatable {
  public let base: Base
  public let lower: Double
  public let upper: Double

  public init(_ base: Base, lower: Double = -.infinity, upper: Double = .infinity) {
    self.base = base
    self.lower = lower
    self.upper = upper
  }

  public var isDiscrete: Bool { Base.isDiscrete }
  public var support: Support { base.support.intersected(lower, upper) }

  public func partials(_ x: Double) -> DistributionPartials {
    var result = base.partials(x)
    result.parameters = [0, 0] + result.parameters
    guard lower < upper else {
      return DistributionPartials(value: .nan, x: .nan, parameters: result.parameters.map { _ in .nan })
    }
    if x < lower || x > upper {
      return DistributionPartials(value: -.infinity, x: 0, parameters: result.parameters.map { _ in 0 })
    }
    guard x == lower || x == upper, x.isFinite, !result.value.isNaN else { return result }
    let (low, high) = x == lower ? (-Double.infinity, lower) : (upper, .infinity)
    let value = base.logProbability(from: low, to: high)
    // A limit that is data and the observation at it are one number: only the probability depends on it.
    var bounds = [0.0, 0.0]
    if !isDiscrete {
      let slope = exp(base.logDensity(x) - value)
      if x == lower { bounds[0] = slope } else { bounds[1] = -slope }
    }
    return DistributionPartials(
      value: value, x: 0, parameters: bounds + base.probabilitySlopes(from: low, to: high))
  }

  public func cdf(_ x: Double) -> Double { x < lower ? 0 : x >= upper ? 1 : base.cdf(x) }
  public func ccdf(_ x: Double) -> Double { x < lower ? 1 : x >= upper ? 0 : base.ccdf(x) }
  public func quantile(_ q: Double) -> Double {
    let x = base.quantile(q)
    return x.isNaN ? x : min(max(x, lower), upper)
  }
  public func random(using stream: inout RandomStream) -> Double {
    let x = base.random(using: &stream)
    return x.isNaN ? x : min(max(x, lower), upper)
  }

  public var mean: Double { moments.mean }
  public var variance: Double { moments.variance }

  private var moments: (mean: Double, variance: Double) {
    guard lower < upper, Base.isValid(base.parameters) else { return (.nan, .nan) }
    let (low, high) = support.ends
    // The observations' own quartiles may both be a limit.
    return TailMoments.of(
      self, cutFrom: base, to: (low, high), scale: base.quantile(0.75) - base.quantile(0.25))
  }
}

extension ScalarDistribution {
  /// log P(low <= X <= high), also where the probability is below the smallest double.
  func logProbability(from low: Double, to high: Double) -> Double {
    ScalarTails(Self.self).logProbability(low, high, parameters)
  }
}

extension Support {
  /// The lowest and the highest number.
  var ends: (low: Double, high: Double) {
    switch self {
    case .real: (-.infinity, .infinity)
    case .above(let low): (low, .infinity)
    case .below(let high): (-.infinity, high)
    case .interval(let low, let high), .integers(let low, let high): (low, high)
    }
  }

  /// What of the set lies between two numbers.
  func intersected(_ lower: Double, _ upper: Double) -> Support {
    let (low, high) = ends
    if case .integers = self { return .integers(max(low, lower.rounded(.up)), min(high, upper.rounded(.down))) }
    let (first, last) = (max(low, lower), min(high, upper))
    switch (first > -.infinity, last < .infinity) {
    case (false, false): return .real
    case (true, false): return .above(first)
    case (false, true): return .below(last)
    case (true, true): return .interval(first, last)
    }
  }
}
