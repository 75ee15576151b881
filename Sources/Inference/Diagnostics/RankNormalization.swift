import NumericKernels

/// Values replaced by normal scores of their ranks over all chains, which makes diagnostics indifferent to heavy tails.
///
/// z = Φ^-1((r - 3/8) / (S + 1/4)), r the rank among S values, ties sharing their average rank (Blom 1958; Vehtari et
/// al. 2021). One sort serves both the scores of the values and those of their distances to the median.
struct RankNormalization {
  /// Positions of the values in ascending order, and the values in that order.
  private let order: [Int32]
  let sorted: [Double]

  init(_ values: [Double]) {
    var pairs: [(value: Double, position: Int32)] = []
    pairs.reserveCapacity(values.count)
    for (position, value) in values.enumerated() { pairs.append((value, Int32(position))) }
    pairs.sort { $0.value < $1.value }
    order = pairs.map(\.position)
    sorted = pairs.map(\.value)
  }

  /// The median of the values: the middle one, or the mean of the middle two.
  var median: Double {
    let half = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
  }

  /// Normal scores of the values, in the values' own order.
  var scores: [Double] { Self.scores(order: order, ascending: sorted) }

  /// Normal scores of the absolute distances to the median, in the values' own order.
  ///
  /// Distances ascend outwards from the median on both sides of the sorted values, so a merge puts them in order.
  var foldedScores: [Double] {
    let centre = median
    let count = sorted.count
    var above = sorted.partitioningIndex { $0 >= centre }
    var below = above - 1
    var distances: [Double] = []
    var positions: [Int32] = []
    distances.reserveCapacity(count)
    positions.reserveCapacity(count)
    while below >= 0 || above < count {
      let down = below >= 0 ? centre - sorted[below] : .infinity
      let up = above < count ? sorted[above] - centre : .infinity
      if below >= 0 && (above >= count || down <= up) {
        distances.append(down)
        positions.append(order[below])
        below -= 1
      } else {
        distances.append(up)
        positions.append(order[above])
        above += 1
      }
    }
    return Self.scores(order: positions, ascending: distances)
  }

  /// Ranks among all values from 1, ties sharing their average, in the values' own order.
  static func averageRanks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var first = 0
    while first < order.count {
      var end = first + 1
      while end < order.count && values[order[end]] == values[order[first]] { end += 1 }
      for i in first..<end { ranks[order[i]] = 0.5 * Double(first + 1 + end) }
      first = end
    }
    return ranks
  }

  private static func scores(order: [Int32], ascending: [Double]) -> [Double] {
    let count = ascending.count
    var scores = [Double](repeating: 0, count: count)
    let size = Double(count) + 0.25
    var first = 0
    while first < count {
      var end = first + 1
      while end < count && ascending[end] == ascending[first] { end += 1 }
      let rank = 0.5 * Double(first + 1 + end)
      let score = SpecialFunctions.normalQuantile((rank - 0.375) / size)
      for i in first..<end { scores[Int(order[i])] = score }
      first = end
    }
    return scores
  }
}

extension Array where Element == Double {
  /// The first index of an ascending array at which the predicate holds, its count if it never does.
  fileprivate func partitioningIndex(where predicate: (Double) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if predicate(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
