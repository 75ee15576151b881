import DemandData

/// What a node sold on one day, and of how many of its series what is known.
public struct HistoryDay: Sendable, Hashable, Codable {
  public let day: Day
  /// Sum over series, out-of-stock and closed days as recorded.
  /// A measure's decimals are summed as stored, and rounded to six.
  public var units: Double
  public var sold: Int
  public var closed: Int
  public var notRanged: Int
  public var outOfStock: Int
  public var unknown: Int

  public init(
    day: Day, units: Double = 0, sold: Int = 0, closed: Int = 0, notRanged: Int = 0, outOfStock: Int = 0,
    unknown: Int = 0
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
        let measured = try Self.measures(database, members.map { stored.series[$0].id }, first...last)
        for (index, member) in members.enumerated() {
          let decimals = measured[stored.series[member].id]
          for day in result.indices {
            let sold = decimals.map { $0[first + day] ?? 0 } ?? Double(units[index * count + day])
            result[day].add(units: sold, status: status[index * count + day])
          }
        }
      }
      // A sum of many decimals is no more exact than its terms.
      for day in result.indices { result[day].units = (result[day].units * 1e6).rounded() / 1e6 }
      return result
    }
  }

  func measuredUnits(through day: Day) throws(StoreError) -> [Hierarchy.Series: Double] {
    try read { database in
      let stored = try Self.storedHierarchy(database, stores: nil, nothing: self.nothingLoaded)
      let index = Dictionary(uniqueKeysWithValues: stored.series.enumerated().map { ($1.id, $0) })
      var units: [Hierarchy.Series: Double] = [:]
      try database.scan(
        """
        SELECT s.series_id, sum(s.units) FROM sales s
        JOIN series i ON i.series_id = s.series_id JOIN products p ON p.product_id = i.product_id
        WHERE p.kind = 'measure' AND s.day <= \(day.number) GROUP BY s.series_id
        """
      ) { if let place = index[$0.int(0)] { units[stored.hierarchy.series[place]] = $0.double(1) } }
      return units
    }
  }

  /// Amounts of the series of measured products, by series and day, as stored.
  private static func measures(
    _ database: any SQLConnection, _ ids: [Int], _ days: ClosedRange<Int>
  ) throws -> [Int: [Int: Double]] {
    var found: [Int: [Int: Double]] = [:]
    let list = ids.map { String($0) }.joined(separator: ", ")
    try database.scan(
      """
      SELECT i.series_id FROM series i JOIN products p ON p.product_id = i.product_id
      WHERE p.kind = 'measure' AND i.series_id IN (\(list))
      """
    ) { found[$0.int(0)] = [:] }
    guard !found.isEmpty else { return found }
    try database.scan(
      """
      SELECT series_id, day, units FROM sales WHERE day BETWEEN \(days.lowerBound) AND \(days.upperBound)
        AND series_id IN (\(found.keys.map { String($0) }.joined(separator: ", ")))
      """
    ) { found[$0.int(0)]?[$0.int(1)] = $0.double(2) }
    return found
  }
}

extension HistoryDay {
  fileprivate mutating func add(units: Double, status: UInt8) {
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
