/// Inverses of the regularised incomplete integrals, by bisection on the doubles: full relative accuracy of the root for
/// the function's accuracy, in at most 64 evaluations. Judged on the smaller tail.
extension SpecialFunctions {
  /// The x with P(a, x) = p: the quantile of the gamma distribution with shape a > 0 and scale 1.
  ///
  /// NaN for p outside [0, 1].
  public static func gammaQuantile(_ p: Double, _ a: Double) -> Double {
    guard a > 0, p >= 0, p <= 1 else { return .nan }
    if p == 0 || p == 1 { return p == 0 ? 0 : .infinity }
    if p > 0.5 { return upperGammaQuantile(1 - p, a) }
    return MonotoneSearch.firstDouble(from: 0, to: .greatestFiniteMagnitude) { regularizedGammaP(a, $0) >= p }
  }

  /// The x with Q(a, x) = q, for small q without the rounding of 1 - q.
  public static func upperGammaQuantile(_ q: Double, _ a: Double) -> Double {
    guard a > 0, q >= 0, q <= 1 else { return .nan }
    if q == 0 || q == 1 { return q == 0 ? .infinity : 0 }
    if q > 0.5 { return gammaQuantile(1 - q, a) }
    return MonotoneSearch.firstDouble(from: 0, to: .greatestFiniteMagnitude) { regularizedGammaQ(a, $0) <= q }
  }

  /// The quantile of the beta distribution: the x with I_x(a, b) = p.
  ///
  /// Needs a, b > 0 and 0 <= p <= 1, NaN otherwise. Next to 1 the result has absolute accuracy; take
  /// 1 - betaQuantile(1 - p, b, a) there.
  public static func betaQuantile(_ p: Double, _ a: Double, _ b: Double) -> Double {
    guard a > 0, b > 0, p >= 0, p <= 1 else { return .nan }
    if p == 0 || p == 1 { return p }
    return MonotoneSearch.firstDouble(from: 0, to: 1) { x in
      p <= 0.5 ? regularizedBeta(x, 1 - x, a, b) >= p : regularizedBeta(1 - x, x, b, a) <= 1 - p
    }
  }
}
