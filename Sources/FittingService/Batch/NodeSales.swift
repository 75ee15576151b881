import DemandData
import ForecastReport

/// Daily sales of any node, summed from a panel.
struct NodeSales {
  private let panel: Panel
  private let positionOfNode: [Node: Int]
  private let seriesOfNode: [[Int]]

  /// Histories of the nodes of one pair of levels.
  init(panel: Panel, pair: LevelPair) {
    self.panel = panel
    let (nodes, nodeOfSeries) = panel.hierarchy.membership(at: pair)
    positionOfNode = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($1, $0) })
    var members = [[Int]](repeating: [], count: nodes.count)
    for (series, node) in nodeOfSeries.enumerated() { members[node].append(series) }
    seriesOfNode = members
  }

  /// Units per day; nil on a day that no series of the node has figures for: closed, unknown, or not ranged yet.
  ///
  /// - Complexity: O(series of the node x days).
  func history(of node: Node) -> NodeHistory {
    guard let position = positionOfNode[node] else { return NodeHistory(firstDay: panel.firstDay, units: []) }
    var units = [Int](repeating: 0, count: panel.dayCount)
    var known = [Bool](repeating: false, count: panel.dayCount)
    // Shut for all that is in range: an unknown series may have sold.
    var closed = [Bool](repeating: false, count: panel.dayCount)
    var isOpen = [Bool](repeating: false, count: panel.dayCount)
    for series in seriesOfNode[position] {
      let start = series * panel.dayCount
      for day in 0..<panel.dayCount {
        let status = panel.status[start + day]
        if status == DayStatus.closed.rawValue {
          closed[day] = true
        } else if status != DayStatus.notRanged.rawValue {
          isOpen[day] = true
        }
        guard status == DayStatus.sold.rawValue || status == DayStatus.outOfStock.rawValue else { continue }
        known[day] = true
        units[day] += Int(panel.units[start + day])
      }
    }
    return NodeHistory(
      firstDay: panel.firstDay, units: zip(units, known).map { value, isKnown in isKnown ? value : nil },
      closedDays: Set((0..<panel.dayCount).filter { closed[$0] && !isOpen[$0] }.map { panel.firstDay + $0 }))
  }
}
