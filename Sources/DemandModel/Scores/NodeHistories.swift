import DemandData

/// Daily sales of every node of every level pair, one node at a time.
///
/// Series stand sorted by product, so all nodes at the product level are complete once their product is; only the nodes
/// above it are held until the end. M5 needs memory for 154 + 14 histories instead of 42,840.
enum NodeHistories {
  /// Units of one node by day, and whether any of its series is unknown on the day.
  struct History {
    var units: [Int]
    var isUnknown: [Bool]

    init(dayCount: Int) {
      units = [Int](repeating: 0, count: dayCount)
      isUnknown = [Bool](repeating: false, count: dayCount)
    }

    mutating func add(_ other: History) {
      for day in units.indices {
        units[day] += other.units[day]
        isUnknown[day] = isUnknown[day] || other.isUnknown[day]
      }
    }
  }

  /// Calls `body` once for every node that holds a series: product by product, then the nodes above, sorted.
  ///
  /// - Complexity: O(series x days x location levels + products x locations x days x product levels).
  static func forEach(in panel: Panel, _ body: (Node, History) throws -> Void) rethrows {
    let hierarchy = panel.hierarchy
    let leafLevel = hierarchy.product.leafLevel
    let locationLevels = hierarchy.location.levels.indices
    var above: [Node: History] = [:]
    for (product, range) in hierarchy.seriesByProduct() {
      for level in locationLevels {
        var ofLocation: [Int: History] = [:]
        for series in range {
          let location = hierarchy.location.node(ofLeaf: hierarchy.series[series].store, atLevel: level)
          add(series: series, of: panel, to: &ofLocation[location, default: History(dayCount: panel.dayCount)])
        }
        for (location, history) in ofLocation.sorted(by: { $0.key < $1.key }) {
          for upper in 0..<leafLevel {
            let node = Node(
              pair: LevelPair(product: upper, location: level),
              product: hierarchy.product.node(ofLeaf: product, atLevel: upper), location: location)
            above[node, default: History(dayCount: panel.dayCount)].add(history)
          }
          let pair = LevelPair(product: leafLevel, location: level)
          try body(Node(pair: pair, product: product, location: location), history)
        }
      }
    }
    for (node, history) in above.sorted(by: { $0.key < $1.key }) { try body(node, history) }
  }

  private static func add(series: Int, of panel: Panel, to history: inout History) {
    let start = panel.cells(ofSeries: series).lowerBound
    for day in 0..<panel.dayCount {
      history.units[day] += Int(panel.units[start + day])
      if panel.status[start + day] == DayStatus.unknown.rawValue { history.isUnknown[day] = true }
    }
  }
}

extension Hierarchy {
  /// Every product that has series, with the positions of its series, in order.
  func seriesByProduct() -> [(product: Int, series: Range<Int>)] {
    var result: [(product: Int, series: Range<Int>)] = []
    var start = 0
    for index in series.indices {
      let isLast = index == series.count - 1 || series[index + 1].product != series[index].product
      if isLast {
        result.append((series[index].product, start..<index + 1))
        start = index + 1
      }
    }
    return result
  }

  /// The nodes of `pair` that hold at least one series, sorted.
  func nodes(at pair: LevelPair) -> [Node] { membership(at: pair).nodes }
}

extension [Node] {
  /// Position of `node` in this sorted array, by bisection.
  func position(of node: Node) -> Int? {
    var low = startIndex
    var high = endIndex
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < node { low = middle + 1 } else { high = middle }
    }
    return low < endIndex && self[low] == node ? low : nil
  }
}
