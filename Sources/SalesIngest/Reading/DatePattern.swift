import DemandData

/// How a source writes dates, such as `dd.MM.yyyy`.
///
/// | letters | mean |
/// | --- | --- |
/// | `yyyy`, `yy` | year; two digits are 1970 to 2069 |
/// | `MM`, `M` | month by two digits, or by one or two |
/// | `MMM` | month by the first three letters of its English name, capitals or not |
/// | `dd`, `d` | day of the month by two digits, or by one or two |
/// | `ww`, `w` | week of ISO 8601; the date is the week's Monday unless `e` says otherwise |
/// | `e` | day of the week, 1 for Monday to 7 for Sunday |
/// | `H`, `m`, `s`, `S` (one or more) | digits of a time, which are ignored |
/// | `*` | anything up to the end, ignored |
///
/// Everything else stands for itself: `yyyy-Www` reads 2016-W05.
public struct DatePattern: Sendable, Hashable, CustomStringConvertible {
  private enum Element: Sendable, Hashable {
    case number(Field, digits: ClosedRange<Int>)
    case monthName
    case ignoredDigits
    case literal(UInt8)
    case rest
  }

  private enum Field: Sendable, Hashable { case year, shortYear, month, day, week, weekday }

  /// As declared.
  public let description: String
  private let elements: [Element]
  private let isISO: Bool

  /// `yyyy-MM-dd`.
  public static let iso = DatePattern("yyyy-MM-dd")!

  /// Nil for a pattern that gives no day.
  public init?(_ text: String) {
    description = text
    isISO = text == "yyyy-MM-dd"
    var elements: [Element] = []
    var fields: [Field] = []
    let bytes = Array(text.utf8)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      let run = bytes[index...].prefix { $0 == byte }.count
      var width = run
      switch (Character(Unicode.Scalar(byte)), run) {
      case ("y", 4): elements.append(.number(.year, digits: 4...4))
      case ("y", 2): elements.append(.number(.shortYear, digits: 2...2))
      case ("M", 3): elements.append(.monthName)
      case ("M", 1...2): elements.append(.number(.month, digits: run...2))
      case ("d", 1...2): elements.append(.number(.day, digits: run...2))
      case ("w", 1...2): elements.append(.number(.week, digits: run...2))
      case ("e", 1): elements.append(.number(.weekday, digits: 1...1))
      case ("y", _), ("M", _), ("d", _), ("w", _), ("e", _): return nil
      case ("H", _), ("m", _), ("s", _), ("S", _): elements.append(.ignoredDigits)
      case ("*", _): elements.append(.rest)
      default:
        elements.append(.literal(byte))
        width = 1
      }
      switch elements.last! {
      case .number(let field, _): fields.append(field == .shortYear ? .year : field)
      case .monthName: fields.append(.month)
      default: break
      }
      index += width
    }
    guard Set(fields).count == fields.count, elements.dropLast().allSatisfy({ $0 != .rest }) else { return nil }
    let given = Set(fields)
    guard given == [.year, .month, .day] || given == [.year, .week] || given == [.year, .week, .weekday] else {
      return nil
    }
    self.elements = elements
  }

  /// Whether it names weeks rather than days.
  var isWeekly: Bool {
    elements.contains { if case .number(.week, _) = $0 { true } else { false } }
      && !elements.contains { if case .number(.weekday, _) = $0 { true } else { false } }
  }

  /// The day that a field writes in this pattern, with the numbers and letters that no day is made of, such as those of
  /// a time, without zeros at the end; nil where the pattern does not fit.
  func moment(_ bytes: ArraySlice<UInt8>) -> (day: Day, rest: [UInt8])? {
    var rest: [UInt8] = []
    let day = day(bytes) { part in
      for piece in part.split(whereSeparator: { !($0 >= 48 && $0 <= 57 || $0 | 0x20 >= 97 && $0 | 0x20 <= 122) }) {
        let plain = piece.drop { $0 == 48 }
        rest += plain.map { $0 >= 65 ? $0 | 0x20 : $0 }
        rest.append(0)
      }
    }
    while rest.last == 0 { rest.removeLast() }
    return day.map { ($0, rest) }
  }

  /// The day that a field writes in this pattern, or nil.
  ///
  /// - Parameter ignored: is handed what is no part of the day.
  package func day(_ bytes: ArraySlice<UInt8>, ignored: ((ArraySlice<UInt8>) -> Void)? = nil) -> Day? {
    if isISO { return FieldParsing.day(bytes) }
    var year = 0
    var (month, day, week, weekday) = (1, 1, 0, 1)
    var at = bytes.startIndex
    for element in elements {
      switch element {
      case .rest:
        ignored?(bytes[at...])
        at = bytes.endIndex
      case .literal(let byte):
        guard at < bytes.endIndex, bytes[at] == byte else { return nil }
        at += 1
      case .ignoredDigits:
        let count = bytes[at...].prefix { $0 >= 48 && $0 <= 57 }.count
        guard count > 0 else { return nil }
        ignored?(bytes[at..<at + count])
        at += count
      case .monthName:
        guard at + 3 <= bytes.endIndex,
          let found = Self.months.firstIndex(of: bytes[at..<at + 3].map { $0 | 0x20 })
        else { return nil }
        month = found + 1
        at += 3
      case .number(let field, let digits):
        var value = 0
        var count = 0
        while count < digits.upperBound, at < bytes.endIndex, bytes[at] >= 48, bytes[at] <= 57 {
          value = value * 10 + Int(bytes[at] - 48)
          count += 1
          at += 1
        }
        guard count >= digits.lowerBound else { return nil }
        switch field {
        case .year: year = value
        case .shortYear: year = value < 70 ? 2000 + value : 1900 + value
        case .month: month = value
        case .day: day = value
        case .week: week = value
        case .weekday: weekday = value
        }
      }
    }
    guard at == bytes.endIndex else { return nil }
    return week > 0
      ? Self.day(year: year, week: week, weekday: weekday)
      : isWeekPattern ? nil : Day(year: year, month: month, day: day)
  }

  private var isWeekPattern: Bool { elements.contains { if case .number(.week, _) = $0 { true } else { false } } }

  private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    .map { Array($0.utf8) }

  /// ISO 8601: week 1 holds 4 January.
  private static func day(year: Int, week: Int, weekday: Int) -> Day? {
    guard (1...7).contains(weekday), (1...53).contains(week), let fourth = Day(year: year, month: 1, day: 4) else {
      return nil
    }
    let monday = fourth - fourth.weekday + 7 * (week - 1)
    // Week 53 is there only in years whose last Thursday is in it.
    guard (monday + 3).components.year == year else { return nil }
    return monday + (weekday - 1)
  }
}
