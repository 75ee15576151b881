/// The distribution of a count over joint draws: distinct values with how many draws took them.
///
/// Nothing is lost against keeping the draws (their order across nodes aside, which the simulation regenerates), any
/// quantile can be asked for later, and sums over draws stay exact integers, so means add up across nodes.
public struct EmpiricalDistribution: Sendable, Hashable {
  /// Distinct values, ascending.
  public let values: [Int]
  /// Draws with that value; all positive.
  public let counts: [Int]

  /// - Precondition: at least one draw.
  public init(draws: some Collection<Int>) {
    precondition(!draws.isEmpty)
    var values: [Int] = []
    var counts: [Int] = []
    for value in draws.sorted() {
      if value == values.last { counts[counts.count - 1] += 1 } else { values.append(value); counts.append(1) }
    }
    self.values = values
    self.counts = counts
  }

  /// - Precondition: values ascend strictly, counts are positive, both have the same non-zero length.
  public init(values: [Int], counts: [Int]) {
    precondition(!values.isEmpty && values.count == counts.count && counts.allSatisfy { $0 > 0 })
    precondition(zip(values, values.dropFirst()).allSatisfy { $0 < $1 })
    self.values = values
    self.counts = counts
  }

  public var drawCount: Int { counts.reduce(0, +) }

  /// Exact sum of the draws divided by their number.
  public var mean: Double {
    var sum = 0
    for (value, count) in zip(values, counts) { sum += value * count }
    return Double(sum) / Double(drawCount)
  }

  /// Inverse of the empirical distribution function: the smallest value `v` with `P(Y <= v) >= probability`.
  ///
  /// - Parameter probability: in 0...1; 0 gives the minimum.
  public func quantile(_ probability: Double) -> Int {
    quantiles(CollectionOfOne(probability))[0]
  }

  /// The quantiles at several ascending probabilities, each as ``quantile(_:)`` gives it, in one pass.
  ///
  /// - Complexity: O(distinct values + probabilities).
  public func quantiles(_ ascending: some Collection<Double>) -> [Int] {
    let total = Double(drawCount)
    var result: [Int] = []
    result.reserveCapacity(ascending.count)
    var position = 0
    var cumulative = counts[0]
    for probability in ascending {
      // A whole number of draws must not be missed by a rounding error of probability x total.
      while position < values.count - 1, Double(cumulative) < probability * total - 1e-9 {
        position += 1
        cumulative += counts[position]
      }
      result.append(values[position])
    }
    return result
  }

  /// `P(Y < value)` and `P(Y <= value)`: the two ends of the randomised probability integral transform.
  public func cumulative(at value: Int) -> (below: Double, upTo: Double) {
    var below = 0
    var upTo = 0
    for (v, count) in zip(values, counts) where v <= value {
      upTo += count
      if v < value { below += count }
    }
    return (Double(below) / Double(drawCount), Double(upTo) / Double(drawCount))
  }
}
