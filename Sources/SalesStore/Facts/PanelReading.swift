import DemandData

extension SQLStore {
  func panel(through: Day?, stores: [String]?, showsAnnotatedDays: Bool) throws(StoreError) -> Panel {
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
      try days.read(database, Array(stored.series.indices), units: &units, status: &status)
      if !showsAnnotatedDays {
        for annotation in try Self.annotations(database) where annotation.isInForce(at: Day(number: origin)) {
          annotation.days.mask(
            hierarchy: stored.hierarchy, firstDay: Day(number: first), dayCount: count, units: &units, status: &status)
        }
      }
      return Panel(
        hierarchy: stored.hierarchy, firstDay: Day(number: first), dayCount: count, units: units, status: status,
        startIsKnown: stored.series.map { $0.startKnown || days.isDeclared($0) },
        prices: try Self.prices(database, stored: stored),
        calendar: calendar)
    }
  }

  func lastCompleteDay() throws(StoreError) -> Day? {
    try read { try Self.lastCompleteDay($0).map(Day.init(number:)) }
  }

  static func lastCompleteDay(_ database: any SQLConnection) throws -> Int? {
    try database.int("SELECT max(complete_through) FROM loads")
  }

  private static func prices(_ database: any SQLConnection, stored: StoredHierarchy) throws -> PriceHistory {
    let index = Dictionary(uniqueKeysWithValues: stored.series.enumerated().map { ($1.id, $0) })
    var steps = [[(day: Int32, price: Float)]](repeating: [], count: stored.series.count)
    try database.scan("SELECT series_id, from_day, price FROM price_steps ORDER BY series_id, from_day") { row in
      guard let series = index[row.int(0)] else { return }
      steps[series].append((Int32(clamping: row.int(1)), Float(row.double(2))))
    }
    var offsets = [0]
    for of in steps { offsets.append(offsets[offsets.count - 1] + of.count) }
    let fromDay = steps.flatMap { $0.map(\.day) }
    let price = steps.flatMap { $0.map(\.price) }
    return PriceHistory(offsets: offsets, fromDay: fromDay, price: price)
  }
}
