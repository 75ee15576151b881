import DemandData
import GRDB

extension SalesStore {
  /// Sales history of all series up to the origin, prices and calendar as far as they are known.
  ///
  /// The first day is the first on which any of the series was ranged. Status of a day: its row; else not ranged before
  /// the series' first day, and after its last row once that is more than the load's limit ago; else closed by the
  /// calendar; else what the load said that a missing row of a reporting store means; else unknown. Units of a
  /// `measure` are rounded to whole ones. A closed day keeps what was recorded all the same, as M5 has on Christmas.
  ///
  /// - Parameters:
  ///   - through: the origin; nil for the last day that a load declared complete.
  ///   - stores: only these stores; nil for all.
  /// - Throws: ``StoreError/noData(reason:)`` when nothing is known up to the origin,
  ///   ``StoreError/unknownName(kind:name:known:)`` for a store that is not there.
  /// - Complexity: O(rows), some millions a second.
  public func panel(through: Day? = nil, stores: [String]? = nil) throws(StoreError) -> Panel {
    try read { database in
      let stored = try Self.storedHierarchy(database, stores: stores, nothing: self.nothingLoaded)
      guard let origin = try through?.number ?? Self.lastCompleteDay(database) else { throw self.nothingLoaded }
      guard let first = stored.series.compactMap(\.firstDay).min(), first <= origin else {
        let begins = stored.series.compactMap(\.firstDay).min().map { "; sales begin on \(Day(number: $0))" } ?? ""
        throw StoreError.noData(
          reason: "there is no history on or before \(Day(number: origin))\(begins): name a later day or load more")
      }
      let calendar = try Self.calendar(database)
      let count = origin - first + 1
      let days = try SeriesDays(database, stored: stored, calendar: calendar, first: first, count: count)
      var units = [Int32](repeating: 0, count: stored.series.count * count)
      var status = [UInt8](repeating: 0, count: stored.series.count * count)
      try units.withUnsafeMutableBufferPointer { units in
        try status.withUnsafeMutableBufferPointer { status in
          for (index, series) in stored.series.enumerated() {
            let cells = index * count..<(index + 1) * count
            try days.read(series, units: .init(rebasing: units[cells]), status: .init(rebasing: status[cells]))
          }
        }
      }
      return Panel(
        hierarchy: stored.hierarchy, firstDay: Day(number: first), dayCount: count, units: units, status: status,
        startIsKnown: stored.series.map(\.startKnown), prices: try Self.prices(database, stored: stored),
        calendar: calendar)
    }
  }

  /// The last day that a load declared complete: the default origin. Nil in an empty database.
  public func lastCompleteDay() throws(StoreError) -> Day? {
    try read { try Self.lastCompleteDay($0).map(Day.init(number:)) }
  }

  static func lastCompleteDay(_ database: Database) throws -> Int? {
    try Int.fetchOne(database, sql: "SELECT max(complete_through) FROM loads")
  }

  private static func prices(_ database: Database, stored: StoredHierarchy) throws -> PriceHistory {
    let statement = try RawStatement(
      database, "SELECT from_day, price FROM price_steps WHERE series_id = ? ORDER BY from_day")
    var offsets = [0]
    var fromDay: [Int32] = []
    var price: [Float] = []
    for series in stored.series {
      statement.bind(1, series.id)
      while try statement.step() {
        fromDay.append(Int32(clamping: statement.int(0)))
        price.append(Float(statement.double(1)))
      }
      statement.reset()
      offsets.append(fromDay.count)
    }
    return PriceHistory(offsets: offsets, fromDay: fromDay, price: price)
  }

  /// Hash of everything that a fit on this part of the data sees: trees, days, units, status, prices, calendar.
  ///
  /// It changes when and only when ``panel(through:stores:)`` changes.
  public func dataSnapshot(through: Day? = nil, stores: [String]? = nil) throws(StoreError) -> String {
    Self.snapshot(of: try panel(through: through, stores: stores))
  }

  /// The same hash of a panel that is at hand.
  ///
  /// - Complexity: O(cells); about a quarter of a gigabyte a second.
  public static func snapshot(of panel: Panel) -> String {
    var hash = ContentHash()
    for tree in [panel.hierarchy.product, panel.hierarchy.location] {
      hash.update(tree.levels.count)
      for level in tree.levels {
        hash.update(level.name)
        hash.update(level.nodes.count)
        for node in level.nodes { hash.update(node) }
        hash.update(level.parents)
      }
    }
    hash.update(panel.seriesCount)
    hash.update(panel.hierarchy.series.flatMap { [Int32($0.product), Int32($0.store)] })
    hash.update(panel.firstDay.number)
    hash.update(panel.dayCount)
    hash.update(panel.units)
    hash.update(panel.status)
    hash.update(panel.startIsKnown.map { UInt8($0 ? 1 : 0) })
    hash.update(panel.prices.offsets)
    hash.update(panel.prices.fromDay)
    hash.update(panel.prices.price)
    func put(_ scope: EventCalendar.Scope) {
      switch scope {
      case .everywhere: hash.update(0)
      case .location(let level, let node):
        hash.update(1)
        hash.update(level)
        hash.update(node)
      }
    }
    hash.update(panel.calendar.events.count)
    for event in panel.calendar.events {
      hash.update(event.day.number)
      hash.update(event.name)
      hash.update(event.type)
      put(event.scope)
    }
    hash.update(panel.calendar.closures.count)
    for closure in panel.calendar.closures {
      hash.update(closure.day.number)
      put(closure.scope)
    }
    hash.update(panel.calendar.knownThrough?.number ?? Int.min)
    return hash.hex
  }
}
