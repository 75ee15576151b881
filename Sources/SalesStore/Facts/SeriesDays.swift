import DemandData
import GRDB

/// Reads the days of one series after another and resolves every day's status: the row if there is one, else what the
/// series' range, the closures and the store's own days say.
final class SeriesDays {
  private let statement: RawStatement
  private let first: Int
  private let count: Int
  /// Status of a ranged product without a row, `[store][day]`.
  private let storeDefault: [[UInt8]]
  /// Whether the store is closed, `[store][day]`.
  private let closed: [[Bool]]

  /// - Parameters:
  ///   - first: number of the first day wanted.
  ///   - count: days wanted.
  init(_ database: Database, stored: StoredHierarchy, calendar: EventCalendar, first: Int, count: Int) throws {
    self.first = first
    self.count = count
    statement = try RawStatement(
      database,
      "SELECT day, units, status FROM sales WHERE series_id = ? AND day BETWEEN ? AND ? ORDER BY day")
    let storeDay = try RawStatement(
      database, "SELECT day, missing FROM store_days WHERE store_id = ? AND day BETWEEN ? AND ?")
    var defaults: [[UInt8]] = []
    var closed: [[Bool]] = []
    for (store, id) in stored.storeIDs.enumerated() {
      var status = [UInt8](repeating: DayStatus.unknown.rawValue, count: count)
      var shut = [Bool](repeating: false, count: count)
      storeDay.bind(1, id)
      storeDay.bind(2, first)
      storeDay.bind(3, first + count - 1)
      while try storeDay.step() { status[storeDay.int(0) - first] = UInt8(storeDay.int(1)) }
      storeDay.reset()
      for closure in calendar.closures {
        let day = closure.day.number - first
        guard day >= 0, day < count, closure.scope.contains(store: store, in: stored.hierarchy.location) else {
          continue
        }
        status[day] = DayStatus.closed.rawValue
        shut[day] = true
      }
      defaults.append(status)
      closed.append(shut)
    }
    storeDefault = defaults
    self.closed = closed
  }

  /// Fills `units` and `status`, both `count` cells long.
  ///
  /// A row that says that nothing was sold on a closed day means closed; one with units stands, for it knows better
  /// than the calendar.
  func read(_ series: StoredSeries, units: UnsafeMutableBufferPointer<Int32>, status: UnsafeMutableBufferPointer<UInt8>)
    throws
  {
    let notRanged = DayStatus.notRanged.rawValue
    units.update(repeating: 0)
    guard let firstDay = series.firstDay, firstDay < first + count else {
      status.update(repeating: notRanged)
      return
    }
    let start = max(0, firstDay - first)
    for day in 0..<start { status[day] = notRanged }
    let defaults = storeDefault[series.store]
    for day in start..<count { status[day] = defaults[day] }
    statement.bind(1, series.id)
    statement.bind(2, first)
    statement.bind(3, first + count - 1)
    var last = firstDay - first
    while try statement.step() {
      let day = statement.int(0) - first
      let value = Int32(clamping: Int(statement.double(1).rounded()))
      let own = UInt8(truncatingIfNeeded: statement.int(2))
      units[day] = value
      status[day] =
        own == DayStatus.sold.rawValue && value == 0 && closed[series.store][day] ? DayStatus.closed.rawValue : own
      last = day
    }
    statement.reset()
    if let delistAfter = series.delistAfter, count - 1 - last > delistAfter {
      for day in max(start, last + 1)..<count { status[day] = notRanged }
    }
  }
}
