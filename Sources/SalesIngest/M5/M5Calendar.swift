import DemandData

/// The M5 competition's `calendar.csv`: names of day columns and weeks, events, benefit days.
struct M5Calendar {
  /// Day of column `d_1`; the columns count on from there.
  let firstDay: Day
  let dayCount: Int
  /// First day of every week, by `wm_yr_wk`.
  let firstDayOfWeek: [Int: Day]
  let events: [EventCalendar.Event]
  /// Benefit days by state.
  let benefitDays: [String: [Day]]

  var lastDay: Day { firstDay + (dayCount - 1) }

  /// Christmas: all stores are shut, though the calendar file does not say so and the sales files have a handful of units.
  var closures: [EventCalendar.Closure] {
    (firstDay...lastDay).filter { $0.components.month == 12 && $0.components.day == 25 }.map { .init(day: $0) }
  }

  private static let columns = [
    "date", "wm_yr_wk", "weekday", "wday", "month", "year", "d", "event_name_1", "event_type_1", "event_name_2",
    "event_type_2",
  ]
  private static let benefitPrefix = "snap_"

  /// Reads the file. Every other file hangs on it, so any bad row is an error.
  init(_ input: InputFile, meter: inout ProgressMeter) throws(IngestError) {
    var table = try TableReader(input, required: Self.columns, open: Self.benefitPrefix)
    let states = table.columnNames.enumerated().filter { $1.hasPrefix(Self.benefitPrefix) }
      .map { (column: $0, state: String($1.dropFirst(Self.benefitPrefix.count))) }
    let (date, week, name) = (table.position("date"), table.position("wm_yr_wk"), table.position("d"))
    let eventColumns = [1, 2].map {
      (name: table.position("event_name_\($0)"), type: table.position("event_type_\($0)"))
    }
    var first: Day?
    var count = 0
    var weeks: [Int: Day] = [:]
    var events: [EventCalendar.Event] = []
    var benefits: [String: [Day]] = [:]
    while try table.csv.advance() {
      try meter.row(table.csv.source)
      if let refusal = table.structuralRefusal { throw .badRow(refusal) }
      guard let day = FieldParsing.day(table.csv.bytes(date)) else {
        throw .badRow(table.refusal("date", "unparseable_date", Reasons.date))
      }
      let start = first ?? day
      first = start
      guard day == start + count, table.csv.text(name) == "d_\(count + 1)" else {
        throw .badRow(
          table.refusal("d", "not_consecutive", "the row should be d_\(count + 1), \(start + count): sort the days"))
      }
      guard let number = FieldParsing.whole(table.csv.bytes(week)) else {
        throw .badRow(table.refusal("wm_yr_wk", "not_a_number", "the week is no number: write digits"))
      }
      if weeks[number] == nil { weeks[number] = day }
      for column in eventColumns where !table.csv.fields[column.name].isEmpty {
        events.append(.init(day: day, name: table.csv.text(column.name), type: table.csv.text(column.type)))
      }
      for (column, state) in states {
        switch table.csv.text(column) {
        case "1": benefits[state, default: []].append(day)
        case "0": break
        default:
          throw .badRow(table.refusal(Self.benefitPrefix + state, "not_a_flag", "not a flag: write 0 or 1"))
        }
      }
      count += 1
    }
    guard let first else { throw .emptyFile(input.name) }
    firstDay = first
    dayCount = count
    firstDayOfWeek = weeks
    self.events = events
    benefitDays = benefits
    try meter.finish(table.csv.source)
  }

  /// The day of column `d_N`, or nil.
  func day(ofColumn name: String) -> Day? {
    guard name.hasPrefix("d_"), let number = Int(name.dropFirst(2)), (1...dayCount).contains(number) else { return nil }
    return firstDay + (number - 1)
  }
}
