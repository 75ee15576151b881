/// Quantiles of a sample, by definitions that other programs share.
public enum EmpiricalQuantile {
  /// The inverse of the empirical distribution function at `p`: the smallest element x with at least a share p of the
  /// sample at or below it. Type 1 of Hyndman and Fan (1996), numpy's `inverted_cdf`. Always an element of the sample.
  ///
  /// `sorted` must be ascending and not empty, 0 <= p <= 1.
  @inlinable
  public static func inverse<Sample: RandomAccessCollection>(_ sorted: Sample, _ p: Double) -> Sample.Element {
    let position = inversePosition(count: sorted.count, p)
    return sorted[sorted.index(sorted.startIndex, offsetBy: position)]
  }

  /// The zero-based rank, in an ascending sample of `count`, of the inverse empirical distribution function at `p`.
  ///
  /// The product count · p is taken as numpy takes it, in double precision with no tolerance.
  @inlinable
  public static func inversePosition(count: Int, _ p: Double) -> Int {
    precondition(count > 0 && p >= 0 && p <= 1, "a quantile needs a non-empty sample and a p in [0, 1]")
    let rank = Int((Double(count) * p).rounded(.up))
    return min(max(rank, 1), count) - 1
  }

  /// The quantile by linear interpolation between order statistics, type 7, the default of numpy and R.
  ///
  /// `sorted` must be ascending and not empty, 0 <= p <= 1.
  @inlinable
  public static func linear<Sample: RandomAccessCollection>(_ sorted: Sample, _ p: Double) -> Double
  where Sample.Element == Double {
    precondition(!sorted.isEmpty && p >= 0 && p <= 1, "a quantile needs a non-empty sample and a p in [0, 1]")
    let position = Double(sorted.count - 1) * p
    let below = Int(position)
    let fraction = position - Double(below)
    let first = sorted[sorted.index(sorted.startIndex, offsetBy: below)]
    if fraction == 0 { return first }
    let second = sorted[sorted.index(sorted.startIndex, offsetBy: below + 1)]
    return first + fraction * (second - first)
  }
}
