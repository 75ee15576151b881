/// Days on which the sales of a node say nothing about its demand, such as those of a strike.
public struct UnrepresentativeDays: Sendable, Hashable, Codable {
  /// A node of either tree, or of both: `all` at the top of a tree stands for the whole of it.
  public let node: NodeNames
  public let from: Day
  /// The last of the days.
  public let through: Day

  public init(node: NodeNames, from: Day, through: Day) {
    self.node = node
    self.from = from
    self.through = through
  }

  /// The series of a hierarchy that stand below the node; none where it has no such node.
  func series(in hierarchy: Hierarchy) -> [Int] {
    guard let products = hierarchy.product.leaves(below: node.product, level: node.productLevel),
      let stores = hierarchy.location.leaves(below: node.location, level: node.locationLevel)
    else { return [] }
    return hierarchy.series.indices.filter {
      products[hierarchy.series[$0].product] && stores[hierarchy.series[$0].store]
    }
  }

  /// Makes days unknown on which these say that sales are not representative: likelihoods and scores pass over them.
  ///
  /// Days on which the store was shut, or the product not in range, stay what they are.
  ///
  /// - Parameters:
  ///   - units: cells of a panel, `[series][day]`.
  ///   - status: likewise.
  /// - Complexity: O(series of the node x days of the panel).
  public func mask(
    hierarchy: Hierarchy, firstDay: Day, dayCount: Int, units: inout [Int32], status: inout [UInt8]
  ) {
    let days = max(0, from - firstDay)..<max(max(0, from - firstDay), min(dayCount, through - firstDay + 1))
    guard !days.isEmpty else { return }
    for series in self.series(in: hierarchy) {
      for cell in series * dayCount + days.lowerBound..<series * dayCount + days.upperBound
      where status[cell] == DayStatus.sold.rawValue || status[cell] == DayStatus.outOfStock.rawValue {
        status[cell] = DayStatus.unknown.rawValue
        units[cell] = 0
      }
    }
  }
}

extension Tree {
  /// Whether each leaf stands below a node, or is it; nil where there is no such node.
  fileprivate func leaves(below name: String, level: String) -> [Bool]? {
    guard let depth = self.level(named: level), let node = levels[depth].nodes.firstIndex(of: name) else { return nil }
    return ancestors[depth].map { $0 == node }
  }
}

extension Panel {
  /// The same panel with days made unknown whose sales are not representative.
  ///
  /// - Complexity: O(cells), for the copy.
  public func masking(_ all: [UnrepresentativeDays]) -> Panel {
    guard !all.isEmpty else { return self }
    var (units, status) = (units, status)
    for days in all {
      days.mask(hierarchy: hierarchy, firstDay: firstDay, dayCount: dayCount, units: &units, status: &status)
    }
    return Panel(
      hierarchy: hierarchy, firstDay: firstDay, dayCount: dayCount, units: units, status: status,
      startIsKnown: startIsKnown, prices: prices, calendar: calendar)
  }
}
