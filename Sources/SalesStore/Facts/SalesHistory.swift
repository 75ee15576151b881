import DemandData

/// What a node sold on one day, and of how many of its series what is known.
public struct HistoryDay: Sendable, Hashable, Codable {
  public let day: Day
  /// Sum over series, out-of-stock and closed days as recorded.
  public var units: Int
  public var sold: Int
  public var closed: Int
  public var notRanged: Int
  public var outOfStock: Int
  public var unknown: Int

  public init(
    day: Day, units: Int = 0, sold: Int = 0, closed: Int = 0, notRanged: Int = 0, outOfStock: Int = 0, unknown: Int = 0
  ) {
    self.day = day
    self.units = units
    self.sold = sold
    self.closed = closed
    self.notRanged = notRanged
    self.outOfStock = outOfStock
    self.unknown = unknown
  }
}

extension SQLStore {
  func salesHistory(_ names: NodeNames, from: Day?, to: Day?) throws(StoreError) -> [HistoryDay] {
    try read { database in
      let stored = try Self.storedHierarchy(database, stores: nil, nothing: self.nothingLoaded)
      let node = try stored.hierarchy.node(named: names)
      let members = stored.hierarchy.series.indices.filter {
        stored.hierarchy.node(ofSeries: $0, at: node.pair) == node
      }
      guard let complete = try Self.lastCompleteDay(database),
        let begin = members.compactMap({ stored.series[$0].firstDay }).min()
      else { throw self.nothingLoaded }
      let first = max(begin, from?.number ?? begin)
      let last = min(complete, to?.number ?? complete)
      guard first <= last else {
        throw StoreError.noData(
          reason: "there are no sales in the days asked for: they are known from \(Day(number: begin)) to "
            + "\(Day(number: complete))")
      }
      // Read to the last complete day, so that "no longer ranged" does not depend on the days asked for.
      let count = complete - first + 1
      let days = try SeriesDays(
        database, stored: stored, calendar: try Self.calendar(database), first: first, count: count)
      var result = (first...last).map { HistoryDay(day: Day(number: $0)) }
      // So many series at a time as to keep memory small.
      for part in stride(from: 0, to: members.count, by: 1024) {
        let members = Array(members[part..<min(part + 1024, members.count)])
        var units = [Int32](repeating: 0, count: members.count * count)
        var status = [UInt8](repeating: 0, count: members.count * count)
        try days.read(database, members, units: &units, status: &status)
        for index in members.indices {
          for day in result.indices {
            result[day].add(units: Int(units[index * count + day]), status: status[index * count + day])
          }
        }
      }
      return result
    }
  }
}

extension HistoryDay {
  fileprivate mutating func add(units: Int, status: UInt8) {
    self.units += units
    switch DayStatus(rawValue: status) {
    case .sold: sold += 1
    case .closed: closed += 1
    case .notRanged: notRanged += 1
    case .outOfStock: outOfStock += 1
    case .unknown, nil: unknown += 1
    }
  }
}

extension Hierarchy {
  /// The node of these names.
  ///
  /// - Throws: ``StoreError/unknownName(kind:name:known:)`` that lists what there is.
  public func node(named names: NodeNames) throws(StoreError) -> Node {
    func find(_ tree: Tree, _ level: String, _ name: String) throws(StoreError) -> (level: Int, node: Int) {
      guard let depth = tree.level(named: level) else {
        throw .unknownName(kind: "level", name: level, known: tree.levels.map(\.name))
      }
      guard let node = tree.levels[depth].nodes.firstIndex(of: name) else {
        throw .unknownName(kind: level, name: name, known: tree.levels[depth].nodes)
      }
      return (depth, node)
    }
    let p = try find(product, names.productLevel, names.product)
    let l = try find(location, names.locationLevel, names.location)
    return Node(pair: LevelPair(product: p.level, location: l.level), product: p.node, location: l.node)
  }
}
