import Foundation

/// Mean and variance from the tails: with any m between, E(X) = m + ∫ P(X > x) above m - ∫ P(X <= x) below it, and
/// E(X - m)² = 2 ∫ (x - m) P(X > x) + 2 ∫ (m - x) P(X <= x).
///
/// Integrals are by the double exponential rule (Takahasi and Mori 1974), which takes tails that fall off as powers and
/// densities that are infinite at an end; an end far off is approached in panels that grow with
/// the distance. Sums over whole numbers end where nothing is left, or at a million terms with NaN.
enum TailMoments {
  /// Moments of a distribution that has a base's tails where it is not cut off.
  ///
  /// A base without a finite mean or variance leaves an open tail without them. With one tail open, the integral over it
  /// is infinite, and so is the moment, where the base's own, of two such tails, may be undefined (NaN).
  static func of(
    _ distribution: some UnivariateDistribution, cutFrom base: some UnivariateDistribution,
    to ends: (low: Double, high: Double), scale: Double?
  ) -> (mean: Double, variance: Double) {
    let (isOpenBelow, isOpenAbove) = (ends.low == -.infinity, ends.high == .infinity)
    let isOpen = isOpenBelow || isOpenAbove
    if isOpen && !base.mean.isFinite {
      if isOpenBelow && isOpenAbove { return (base.mean, base.variance) }
      return (isOpenAbove ? .infinity : -.infinity, .infinity)
    }
    let moments = of(distribution, from: ends.low, to: ends.high, scale: scale)
    return (moments.mean, isOpen && !base.variance.isFinite ? .infinity : moments.variance)
  }

  /// - Parameter scale: How far apart the quartiles are of what makes the tails; nil for the distribution's own.
  static func of(
    _ distribution: some UnivariateDistribution, from low: Double, to high: Double, scale: Double? = nil
  ) -> (mean: Double, variance: Double) {
    let centre = distribution.quantile(0.5)
    guard centre.isFinite else { return (.nan, .nan) }
    let above: (first: Double, second: Double)
    let below: (first: Double, second: Double)
    if distribution.isDiscrete {
      // ∫ over a unit interval from x is of P(X > x) times its length, and of 2 (t - m) is 2 (x - m) + 1.
      above = sum { k in centre + k < high ? distribution.ccdf(centre + k) : 0 }
      below = sum { k in centre - 1 - k >= low ? distribution.cdf(centre - 1 - k) : 0 }
    } else {
      let spread = scale ?? distribution.quantile(0.75) - distribution.quantile(0.25)
      above = integral(to: high - centre, scale: spread) { distribution.ccdf(centre + $0) }
      below = integral(to: centre - low, scale: spread) { distribution.cdf(centre - $0) }
    }
    let shift = above.first - below.first
    return (centre + shift, above.second + below.second - shift * shift)
  }

  /// Σ tail(k) and Σ (2k + 1) tail(k).
  private static func sum(_ tail: (Double) -> Double) -> (first: Double, second: Double) {
    var (first, second, k) = (0.0, 0.0, 0.0)
    while k < 1e6 {
      let p = tail(k)
      first += p
      second += (2 * k + 1) * p
      if !(p * (k + 1) > 1e-17 * first) { return (first, second) }
      k += 1
    }
    return (.nan, .nan)
  }

  /// ∫ tail(t) dt and ∫ 2t tail(t) dt over 0 < t < end.
  private static func integral(
    to end: Double, scale: Double, _ tail: (Double) -> Double
  ) -> (first: Double, second: Double) {
    var (first, second) = (0.0, 0.0)
    if end <= 0 { return (0, 0) }
    func add(_ t: Double, _ weight: Double) {
      guard t > 0, t < .infinity, weight > 0, weight < .infinity else { return }
      let p = tail(t) * weight
      first += p
      if p > 0 { second += 2 * t * p }
    }
    if end == .infinity {
      forEachNode { u, du in
        let t = scale * exp(u)
        add(t, t * du)
      }
      return (first, second)
    }
    // The grid of a finite interval is as wide as that: it suits an end within reach of the scale.
    let isNear = !(scale > 0) || end <= 16 * scale
    let near = isNear ? end : scale
    forEachNode { u, du in
      // near / (1 + e^-2u), whose complement to the end is not needed.
      let t = near / (1 + exp(-2 * u))
      add(t, 2 * t * (1 / (1 + exp(2 * u))) * du)
    }
    if isNear { return (first, second) }
    // From there in v = log(t / scale), panel by panel, each as long as all before it.
    let last = log(end) - log(scale)
    var (from, to) = (0.0, min(last, log(16)))
    while from < last {
      let width = to - from
      forEachNode { u, du in
        let share = 1 / (1 + exp(-2 * u))
        let t = scale * exp(from + width * share)
        if t < end { add(t, t * 2 * width * share * (1 / (1 + exp(2 * u))) * du) }
      }
      (from, to) = (to, last <= 2.5 * to ? last : 2 * to)
    }
    return (first, second)
  }

  /// Nodes and weights of the double exponential rule on the whole line, before they are mapped to an interval.
  private static func forEachNode(_ body: (_ u: Double, _ du: Double) -> Void) {
    let step = 1.0 / 32
    for i in -160...160 {
      let s = Double(i) * step
      body(0.5 * .pi * sinh(s), 0.5 * .pi * cosh(s) * step)
    }
  }
}
