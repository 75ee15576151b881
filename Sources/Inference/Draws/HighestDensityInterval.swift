/// The shortest interval that holds a share of a sample.
public enum HighestDensityInterval {
  /// The shortest of the intervals from the i-th to the (i + floor(probability · n))-th of n values in order; the first
  /// of equally short ones. Figures agree with ArviZ's `hdi`.
  ///
  /// For a distribution with one mode. Nil for an empty sample, one with a value that is not a number, and a probability
  /// that does not lie between 0 and 1.
  ///
  /// - Complexity: O(n log n).
  public static func of(_ values: [Double], probability: Double) -> ClosedRange<Double>? {
    guard probability > 0, probability < 1, !values.isEmpty, !values.contains(where: \.isNaN) else { return nil }
    let sorted = values.sorted()
    let span = Int(probability * Double(sorted.count))
    var best = 0
    for i in 1..<max(2, sorted.count - span) where i + span < sorted.count {
      if sorted[i + span] - sorted[i] < sorted[best + span] - sorted[best] { best = i }
    }
    return sorted[best]...sorted[best + span]
  }
}
