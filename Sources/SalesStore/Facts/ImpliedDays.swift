import DemandData

/// Days of series without a row that a delivery of the rows alone would not bring back as they are: unknown ones of a
/// store that reported, the first day of a range, the end of one.
///
/// What a load reads a missing row as is computed from the rows that a delivery would have, and compared with the state
/// that the panel has; days on which the two differ need a row of their own.
struct ImpliedDays {
  typealias Item = (day: Int, status: DayStatus)

  /// Days in order, by the series' id.
  private(set) var bySeries: [Int: [Item]] = [:]

  /// Series whose states are in memory at a time.
  private static let seriesAtOnce = 1024

  /// - Parameters:
  ///   - complete: the last complete day.
  ///   - delistAfterDays: days without a row after which the load will take a product for no longer ranged; nil: never.
  init(
    _ database: any SQLConnection, stored: StoredHierarchy, calendar: EventCalendar, complete: Int,
    delistAfterDays: Int?
  ) throws {
    guard let first = stored.series.compactMap(\.firstDay).min(), first <= complete else { return }
    let count = complete - first + 1
    let states = try SeriesDays(database, stored: stored, calendar: calendar, first: first, count: count)
    let rows = try Rows(database, stored: stored, first: first, count: count)
    for part in stride(from: 0, to: stored.series.count, by: Self.seriesAtOnce) {
      let members = Array(part..<min(part + Self.seriesAtOnce, stored.series.count))
      var units = [Int32](repeating: 0, count: members.count * count)
      var status = [UInt8](repeating: 0, count: members.count * count)
      try states.read(database, members, units: &units, status: &status)
      for (place, member) in members.enumerated() {
        let series = stored.series[member]
        guard let begin = series.firstDay, begin <= complete else { continue }
        let its = Series(
          firstDay: max(0, begin - first), status: Array(status[place * count..<(place + 1) * count]),
          isDeclared: states.isDeclared(series), hasRow: { rows.of[member].contains($0) },
          isInRange: { states.declared.allows(series: series.id, store: series.store, day: first + $0) },
          meaning: { day in
            states.closed[series.store][day]
              ? .closed : rows.reported[series.store].contains(day) ? .sold : .unknown
          })
        let found = its.further(delistAfterDays: delistAfterDays)
        if !found.isEmpty { bySeries[series.id] = found.map { (first + $0.day, $0.status) } }
      }
    }
  }
}

/// Days of series with rows, and days of stores with a row that tells of them.
private struct Rows {
  /// By index of the series; days counted from the first.
  var of: [DayBits]
  /// By index of the store.
  var reported: [DayBits]

  init(_ database: any SQLConnection, stored: StoredHierarchy, first: Int, count: Int) throws {
    var of = [DayBits](repeating: DayBits(count: count), count: stored.series.count)
    var reported = [DayBits](repeating: DayBits(count: count), count: stored.storeIDs.count)
    let index = Dictionary(uniqueKeysWithValues: stored.series.enumerated().map { ($1.id, $0) })
    let silent = [DayStatus.unknown, .notRanged].map { Int($0.rawValue) }
    // Rows of a series mostly follow each other: look its place up once.
    var (id, place) = (Int.min, -1)
    try database.scan(
      "SELECT series_id, day, status FROM sales WHERE day BETWEEN \(first) AND \(first + count - 1)"
    ) { row in
      let series = row.int(0)
      if series != id { (id, place) = (series, index[series] ?? -1) }
      guard place >= 0 else { return }
      of[place].insert(row.int(1) - first)
      if !silent.contains(row.int(2)) { reported[stored.series[place].store].insert(row.int(1) - first) }
    }
    (self.of, self.reported) = (of, reported)
  }
}

/// Days of one stretch, a bit each.
private struct DayBits {
  private var words: [UInt64]

  init(count: Int) { words = [UInt64](repeating: 0, count: (count + 63) / 64) }

  mutating func insert(_ day: Int) { words[day >> 6] |= UInt64(1) << UInt64(day & 63) }

  func contains(_ day: Int) -> Bool { words[day >> 6] >> UInt64(day & 63) & 1 == 1 }
}

/// One series as its panel has it; days are counted from the panel's first, and the last one is complete.
private struct Series {
  let firstDay: Int
  let status: [UInt8]
  /// Whether ranging windows say when it is in range.
  let isDeclared: Bool
  let hasRow: (Int) -> Bool
  /// Whether declarations leave a day in range.
  let isInRange: (Int) -> Bool
  /// What a load takes a missing row of a product in range for.
  let meaning: (Int) -> DayStatus

  private func state(_ day: Int) -> DayStatus { DayStatus(rawValue: status[day]) ?? .unknown }

  /// Days that need a row, in order.
  func further(delistAfterDays: Int?) -> [(day: Int, status: DayStatus)] {
    var found: [(day: Int, status: DayStatus)] = []
    let last = status.count - 1
    let lastRow = (firstDay...last).last(where: hasRow)
    // A load will see the end of the range by itself where it is the panel's too.
    var end = last
    if !isDeclared, let lastRow, let delistAfterDays, last - lastRow > delistAfterDays,
      (lastRow + 1...last).allSatisfy({ state($0) == .notRanged })
    {
      end = lastRow
    }
    // Without a window, the range begins with the first row.
    let begin = isDeclared ? nil : (firstDay...end).first { hasRow($0) || state($0) != .notRanged }
    for day in firstDay...end where !hasRow(day) && isInRange(day) {
      let state = state(day)
      if day == begin || (state != meaning(day) && begin.map { day > $0 } != false) { found.append((day, state)) }
    }
    if !isDeclared, end == last, let delistAfterDays, isInRange(last),
      last - max(lastRow ?? 0, found.last?.day ?? 0) > delistAfterDays
    {
      found.append((last, state(last)))
    }
    return found
  }
}
