import Foundation

/// The distribution function of a family that has one.
struct ScalarTails: Sendable {
  let isDiscrete: Bool
  let cdf: @Sendable (Double, SIMD4<Double>) -> Double
  let ccdf: @Sendable (Double, SIMD4<Double>) -> Double
  let logCDF: @Sendable (Double, SIMD4<Double>) -> Double
  let logCCDF: @Sendable (Double, SIMD4<Double>) -> Double
  let quantileOfFamily: @Sendable (Double, SIMD4<Double>) -> Double

  init<D: ScalarDistribution>(_: D.Type) {
    isDiscrete = D.isDiscrete
    cdf = { D.isValid($1) ? D.cdf($0, $1) : .nan }
    ccdf = { D.isValid($1) ? D.ccdf($0, $1) : .nan }
    logCDF = { D.isValid($1) ? D.logCDF($0, $1) : .nan }
    logCCDF = { D.isValid($1) ? D.logCCDF($0, $1) : .nan }
    quantileOfFamily = { D.isValid($1) && $0 >= 0 && $0 <= 1 ? D.quantile($0, $1) : .nan }
  }
}

extension ScalarTails {
  /// log P(low <= X <= high), by the tail that keeps its digits.
  func logProbability(_ low: Double, _ high: Double, _ p: SIMD4<Double>) -> Double {
    // P(X < low) of whole numbers is that of the next smaller one.
    let before = isDiscrete ? low.rounded(.up) - 1 : low
    if !(low <= high) { return .nan }
    switch (low == -.infinity, high == .infinity) {
    case (true, true): return 0
    case (true, false): return logCDF(high, p)
    case (false, true): return logCCDF(before, p)
    default:
      let below = cdf(before, p)
      let above = below > 0.5
      let (inner, outer) = above ? (ccdf(before, p), ccdf(high, p)) : (cdf(high, p), below)
      if inner > 1e-290 { return log(inner - outer) }
      let logInner = above ? logCCDF(before, p) : logCDF(high, p)
      let logOuter = above ? logCCDF(high, p) : logCDF(before, p)
      return logInner + log(-expm1(logOuter - logInner))
    }
  }

  /// The quantile of the family between two bounds that belong to it, by bisection of the tail that keeps its digits.
  func quantile(_ q: Double, from low: Double, to high: Double, _ p: SIMD4<Double>) -> Double {
    let (first, last) = isDiscrete ? (low.rounded(.up), high.rounded(.down)) : (low, high)
    let before = isDiscrete ? first - 1 : first
    let isUpper = low > -.infinity && cdf(before, p) > 0.5
    if !isUpper {
      let (atLow, atHigh) = (low == -.infinity ? 0 : cdf(before, p), high == .infinity ? 1 : cdf(last, p))
      if atHigh > 1e-290 { return min(max(quantileOfFamily(atLow + q * (atHigh - atLow), p), first), last) }
    }
    // In logs, and from the bound where the tail is heavier: the probability between may be below the smallest double.
    let near = isUpper ? before : last
    let (logNear, logFar) =
      isUpper
      ? (logCCDF(before, p), high == .infinity ? -.infinity : logCCDF(last, p))
      : (logCDF(last, p), low == -.infinity ? -.infinity : logCDF(before, p))
    let beyond = isUpper ? q : 1 - q
    let target = logNear + log1p(beyond * expm1(logFar - logNear))
    func reaches(_ distance: Double) -> Bool {
      isUpper ? logCCDF(near + distance, p) <= target : logCDF(near - distance, p) < target
    }
    let most = isUpper ? last - near : near - before
    let reach = Swift.max(1, Swift.abs(near)) * 0.125
    var (a, step) = (0.0, isDiscrete ? reach.rounded(.up) : reach)
    var b = Swift.min(step, most)
    while b < most && !reaches(b) {
      (a, step) = (b, 2 * step)
      b = Swift.min(a + step, most)
    }
    for _ in 0..<200 {
      let middle = isDiscrete ? (0.5 * (a + b)).rounded(.down) : 0.5 * (a + b)
      if middle <= a || middle >= b { break }
      if reaches(middle) { b = middle } else { a = middle }
    }
    return isUpper ? near + b : near - a
  }
}
