import DemandData

/// Builds distributions of draws by counting where their range is small, which is nearly everywhere, and by sorting
/// elsewhere; scratch memory is kept between calls.
struct DistributionTally {
  private var counts: [Int]

  /// Ranges up to this many times the number of draws are counted.
  private static let spread = 4

  init(drawCount: Int) { counts = [Int](repeating: 0, count: Self.spread * drawCount) }

  /// - Precondition: `draws` is not empty.
  /// - Complexity: O(draws) for small ranges, else O(draws log draws).
  mutating func distribution<Value: FixedWidthInteger>(of draws: ArraySlice<Value>) -> EmpiricalDistribution {
    var low = draws[draws.startIndex]
    var high = low
    for value in draws {
      low = min(low, value)
      high = max(high, value)
    }
    guard Int(high) - Int(low) < counts.count else { return EmpiricalDistribution(draws: draws.map { Int($0) }) }
    let size = Int(high) - Int(low) + 1
    for value in draws { counts[Int(value - low)] += 1 }
    var distinct = 0
    for offset in 0..<size where counts[offset] > 0 { distinct += 1 }
    var values: [Int] = []
    var tally: [Int] = []
    values.reserveCapacity(distinct)
    tally.reserveCapacity(distinct)
    for offset in 0..<size where counts[offset] > 0 {
      values.append(Int(low) + offset)
      tally.append(counts[offset])
      counts[offset] = 0
    }
    return EmpiricalDistribution(values: values, counts: tally)
  }
}
