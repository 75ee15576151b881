/// Times of day in cron's five fields: minute, hour, day of month, month, day of week.
///
/// A field is `*`, a number, a range `1-5`, each with an optional step (`*/15`, `8-18/2`), or a comma-separated list of
/// these. Months and days of the week may be given by their first three letters, in any case; Sunday is 0 or 7.
/// `@hourly`, `@daily` (`@midnight`), `@weekly`, `@monthly` and `@yearly` (`@annually`) are accepted.
///
/// Days follow Vixie cron (crontab(5)): where both day fields are restricted, that is neither begins with `*`, a day
/// matches if *either* field matches it; otherwise both must.
public struct CronExpression: Sendable, Hashable, CustomStringConvertible {
  /// The expression as it was written.
  public let description: String
  /// Matching values of each field, ascending.
  let minutes: [Int]
  let hours: [Int]
  let months: Set<Int>
  private let monthDays: Set<Int>
  /// 0 for Sunday to 6.
  private let weekdays: Set<Int>
  private let eitherDayField: Bool

  /// - Throws: ``CronError`` that names the field and what it may hold.
  public init(_ text: String) throws(CronError) {
    description = text
    var fields = text.split(whereSeparator: \.isWhitespace).map(String.init)
    if fields.count == 1, fields[0].hasPrefix("@") {
      guard let expanded = Self.macros[fields[0].lowercased()] else {
        throw CronError(
          problem: "'\(fields[0])' is not known",
          hint: "known are \(Self.macros.keys.sorted().joined(separator: ", "))")
      }
      fields = expanded.split(separator: " ").map(String.init)
    }
    guard fields.count == 5 else {
      throw CronError(
        problem: "'\(text)' has \(fields.count) fields where five are needed",
        hint: "write minute, hour, day of month, month, day of week, such as 30 2 * * *")
    }
    minutes = try CronField.minute.values(fields[0]).sorted()
    hours = try CronField.hour.values(fields[1]).sorted()
    monthDays = try CronField.monthDay.values(fields[2])
    months = try CronField.month.values(fields[3])
    weekdays = Set(try CronField.weekday.values(fields[4]).map { $0 % 7 })
    eitherDayField = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
    if !eitherDayField, !months.contains(where: { month in monthDays.contains { $0 <= Self.longest(month) } }) {
      throw CronError(problem: "'\(text)' names a day that never comes", hint: "February has 29 days at most")
    }
  }

  /// Half past two every night.
  public static let nightly: CronExpression = {
    do { return try CronExpression("30 2 * * *") } catch { preconditionFailure("\(error)") }
  }()

  /// Whether the schedule has any time on this date; `weekday` is 0 for Sunday.
  func matches(month: Int, day: Int, weekday: Int) -> Bool {
    guard months.contains(month) else { return false }
    let byMonthDay = monthDays.contains(day)
    let byWeekday = weekdays.contains(weekday)
    return eitherDayField ? byMonthDay || byWeekday : byMonthDay && byWeekday
  }

  private static func longest(_ month: Int) -> Int { month == 2 ? 29 : [4, 6, 9, 11].contains(month) ? 30 : 31 }

  private static let macros = [
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
  ]
}

/// Why a cron expression cannot be used.
public struct CronError: Error, Hashable, Sendable, CustomStringConvertible {
  public let problem: String
  public let hint: String
  public var description: String { problem }
}

/// One of the five fields: its bounds and names.
private enum CronField: String {
  case minute
  case hour
  case monthDay = "day of month"
  case month
  case weekday = "day of week"

  var bounds: ClosedRange<Int> {
    switch self {
    case .minute: 0...59
    case .hour: 0...23
    case .monthDay: 1...31
    case .month: 1...12
    case .weekday: 0...7
    }
  }

  /// Names of the values from the lower bound on.
  private var names: [String] {
    switch self {
    case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    case .weekday: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    case .minute, .hour, .monthDay: []
    }
  }

  func values(_ text: String) throws(CronError) -> Set<Int> {
    var found: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      found.formUnion(try values(ofPart: part))
    }
    return found
  }

  private func values(ofPart part: Substring) throws(CronError) -> Set<Int> {
    let stepped = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let ends = stepped[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let range: ClosedRange<Int>
    if stepped[0] == "*" {
      // Day 7 is day 0 again: a star must not count it twice, or */2 would include a Sunday too many.
      range = self == .weekday ? 0...6 : bounds
    } else if let low = value(ends[0]), let high = value(ends[ends.count - 1]), low <= high {
      range = low...high
    } else {
      throw wrong(part)
    }
    guard stepped.count == 2 else { return Set(range) }
    guard let step = digits(stepped[1]), step > 0, stepped[0] == "*" || ends.count == 2 else { throw wrong(part) }
    return Set(stride(from: range.lowerBound, through: range.upperBound, by: step))
  }

  private func value(_ text: Substring) -> Int? {
    let number = names.firstIndex(of: text.lowercased()).map { $0 + bounds.lowerBound } ?? digits(text)
    return number.flatMap { bounds.contains($0) ? $0 : nil }
  }

  /// A number in digits only: `Int` alone would take a sign.
  private func digits(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
  }

  private func wrong(_ part: Substring) -> CronError {
    var may = "\(bounds.lowerBound) to \(bounds.upperBound)"
    if let first = names.first, let last = names.last { may += " or \(first) to \(last)" }
    return CronError(
      problem: "'\(part)' is not a valid \(rawValue)",
      hint: "\(rawValue) may be *, a value (\(may)), a range low-high, a step */n or low-high/n, or a list of these")
  }
}
