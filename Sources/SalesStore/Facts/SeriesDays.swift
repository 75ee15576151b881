import DemandData

/// Reads the days of series and resolves every day's status: the row if there is one, else what the series' range, the
/// closures and the store's own days say.
struct SeriesDays {
  private let stored: StoredHierarchy
  private let first: Int
  private let count: Int
  /// Status of a ranged product without a row, `[store][day]`.
  private let storeDefault: [[UInt8]]
  /// Whether the store is closed, `[store][day]`.
  let closed: [[Bool]]
  let declared: DeclaredRange

  /// Up to so many series are looked for by their ids; more are read with all others.
  private static let mostListed = 10_000

  /// - Parameters:
  ///   - first: number of the first day wanted.
  ///   - count: days wanted.
  init(
    _ database: any SQLConnection, stored: StoredHierarchy, calendar: EventCalendar, first: Int, count: Int
  ) throws {
    self.stored = stored
    self.first = first
    self.count = count
    let index = Dictionary(uniqueKeysWithValues: stored.storeIDs.enumerated().map { ($1, $0) })
    var defaults = stored.storeIDs.map { _ in [UInt8](repeating: DayStatus.unknown.rawValue, count: count) }
    var closed = stored.storeIDs.map { _ in [Bool](repeating: false, count: count) }
    try database.scan(
      "SELECT store_id, day, missing FROM store_days WHERE day BETWEEN \(first) AND \(first + count - 1)"
    ) { row in
      if let store = index[row.int(0)] { defaults[store][row.int(1) - first] = UInt8(row.int(2)) }
    }
    for closure in calendar.closures {
      let day = closure.day.number - first
      guard day >= 0, day < count else { continue }
      for store in stored.storeIDs.indices where closure.scope.contains(store: store, in: stored.hierarchy.location) {
        defaults[store][day] = DayStatus.closed.rawValue
        closed[store][day] = true
      }
    }
    storeDefault = defaults
    self.closed = closed
    declared = try DeclaredRange(
      database,
      stores: Dictionary(uniqueKeysWithValues: stored.hierarchy.location.leaves.enumerated().map { ($1, $0) }))
  }

  /// Whether the days of a series in range are declared.
  func isDeclared(_ series: StoredSeries) -> Bool { declared.isDeclared(series: series.id) }

  /// Units as a panel has them: whole ones.
  static func units(_ value: Double) -> Int32 { Int32(clamping: Int(value.rounded())) }

  /// Fills `units` and `status`, both `members.count * count` cells long, series after series.
  ///
  /// A row that says that nothing was sold on a closed day means closed; one with units stands, for it knows better
  /// than the calendar.
  ///
  /// - Parameter members: indices of the series wanted.
  func read(
    _ database: any SQLConnection, _ members: [Int], units: inout [Int32], status: inout [UInt8]
  ) throws {
    // Local copies: the loop below runs some ten million times.
    let (first, count, closed) = (first, count, closed)
    var position: [Int: Int] = [:]
    position.reserveCapacity(members.count)
    var stores: [Int] = []
    var last: [Int] = []
    let notRanged = DayStatus.notRanged.rawValue
    for (place, member) in members.enumerated() {
      let series = stored.series[member]
      position[series.id] = place
      stores.append(series.store)
      let start = series.firstDay.map { min(count, max(0, $0 - first)) } ?? count
      last.append((series.firstDay ?? first) - first)
      let cells = place * count
      for day in 0..<start { status[cells + day] = notRanged }
      let defaults = storeDefault[series.store]
      for day in start..<count { status[cells + day] = defaults[day] }
    }
    let sold = Int(DayStatus.sold.rawValue)
    let end = first + count
    let isRanged = members.map { stored.series[$0].firstDay.map { $0 < end } ?? false }
    // Rows of a series mostly follow each other: look its place up once.
    var (id, place) = (Int.min, -1)
    try units.withUnsafeMutableBufferPointer { units in
      try status.withUnsafeMutableBufferPointer { status in
        func put(_ place: Int, _ number: Int, _ value: Int32, _ own: Int) {
          let day = number - first
          units[place * count + day] = value
          status[place * count + day] =
            own == sold && value == 0 && closed[stores[place]][day]
            ? DayStatus.closed.rawValue : UInt8(truncatingIfNeeded: own)
          if day > last[place] { last[place] = day }
        }
        func read(_ sql: String) throws {
          try database.scan(sql) { row in
            let series = row.int(0)
            if series != id { (id, place) = (series, position[series] ?? -1) }
            guard place >= 0, isRanged[place] else { return }
            put(place, row.int(1), Self.units(row.double(2)), row.int(3))
          }
        }
        let days = "day BETWEEN \(first) AND \(end - 1)"
        guard members.count > Self.mostListed || members.count == stored.series.count else {
          return try read(
            """
            SELECT series_id, day, units, status FROM sales
            WHERE \(days) AND series_id IN (\(members.map { String(stored.series[$0].id) }.joined(separator: ", ")))
            """)
        }
        var missing = Set(position.keys)
        try PackedHistories(database).read { series, payload in
          guard let place = position[series] else { return }
          let isWhole = PackedHistory.unpack(payload) { day, value, own in
            if day >= first, day < end, isRanged[place] { put(place, day, value, Int(own)) }
          }
          if isWhole { missing.remove(series) }
        }
        if missing.count == members.count || missing.count > Self.mostListed {
          try read("SELECT series_id, day, units, status FROM sales WHERE \(days)")
        } else {
          try read(PackedHistories(database).rowsBehind(first: first, end: end))
          if !missing.isEmpty {
            try read(
              """
              SELECT series_id, day, units, status FROM sales
              WHERE \(days) AND series_id IN (\(missing.map { String($0) }.joined(separator: ", ")))
              """)
          }
        }
      }
    }
    try seekRowsBefore(database, members, last: &last)
    for (place, member) in members.enumerated() {
      let series = stored.series[member]
      let cells = place * count..<(place + 1) * count
      declared.apply(to: series, cells: cells, first: first, units: units, status: &status)
      guard !declared.isDeclared(series: series.id), let firstDay = series.firstDay,
        let delistAfter = series.delistAfter,
        firstDay < first + count,
        count - 1 - last[place] > delistAfter
      else { continue }
      for day in max(0, firstDay - first, last[place] + 1)..<count { status[place * count + day] = notRanged }
    }
  }
  /// Moves `last`, each member's last day with a row counted from the first day wanted, to rows before that day where
  /// they keep the series in range.
  private func seekRowsBefore(_ database: any SQLConnection, _ members: [Int], last: inout [Int]) throws {
    var places: [Int: Int] = [:]
    var longest = 0
    for (place, member) in members.enumerated()
    where last[place] < 0 && !declared.isDeclared(series: stored.series[member].id) {
      guard let delistAfter = stored.series[member].delistAfter, count - 1 - last[place] > delistAfter else { continue }
      places[stored.series[member].id] = place
      longest = max(longest, delistAfter)
    }
    // An older row ends the range before the days wanted, whichever day it is of.
    let oldest = first + count - 1 - longest
    guard !places.isEmpty, oldest < first else { return }
    var sql = "SELECT series_id, max(day) FROM sales WHERE day BETWEEN \(oldest) AND \(first - 1)"
    if places.count <= Self.mostListed {
      sql += " AND series_id IN (\(places.keys.map { String($0) }.joined(separator: ", ")))"
    }
    try database.scan(sql + " GROUP BY series_id") { row in
      if let place = places[row.int(0)] { last[place] = max(last[place], row.int(1) - first) }
    }
  }
}
