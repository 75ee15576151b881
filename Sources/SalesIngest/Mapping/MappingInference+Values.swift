import DemandData

/// What a column of texts holds: dates in which forms, numbers in which notation.
extension MappingInference {
  static let knownPatterns = [
    "yyyy-MM-dd", "yyyyMMdd", "dd.MM.yyyy", "d.M.yyyy", "MM/dd/yyyy", "dd/MM/yyyy", "M/d/yyyy", "d/M/yyyy",
    "yyyy/MM/dd",
    "dd-MM-yyyy", "dd-MMM-yy", "dd-MMM-yyyy", "d-MMM-yy", "dd MMM yyyy", "MM-dd-yyyy", "dd.MM.yy", "MM/dd/yy",
    "dd/MM/yy",
    "M/d/yy", "d/M/yy", "d.M.yy", "dd-MM-yy", "yyyy.MM.dd", "yy.MM.dd", "yy-MM-dd", "yy/MM/dd",
    "yyyy-Www", "yyyyWww", "yyyy-ww", "yyyy-Www-e",
  ]

  /// Patterns that fit all values.
  ///
  /// - Parameter name: the column's. Weeks without a letter before them are months too, unless the name or one beyond
  ///   the twelfth says otherwise.
  static func patterns(_ values: [String], _ name: String) -> [DatePattern] {
    guard !values.isEmpty else { return [] }
    let areMonths = !ColumnGuess.namesWeeks(name) && areMonths(values)
    let fields = values.prefix(2000).map { Array($0.utf8)[...] }
    // A time behind the day: at a blank or a T.
    let hasTime = fields.count { $0.contains(UInt8(ascii: ":")) } * 2 > fields.count
    var found: [(pattern: DatePattern, misfits: Int)] = []
    for text in knownPatterns where !areMonths || text != "yyyy-ww" {
      for ending in hasTime ? [" *", "T*"] : [""] {
        guard let pattern = DatePattern(text + ending),
          let misfits = misfits(fields, { pattern.day($0).map { (1950...2100).contains($0.components.year) } == true })
        else { continue }
        found.append((pattern, misfits))
        break
      }
    }
    // Days beyond the twelfth tell days from months: of patterns that fit, those that fit best.
    let least = found.map(\.misfits).min()
    return found.filter { $0.misfits == least }.map(\.pattern)
  }

  /// Whether values are years with months, all but a few.
  static func areMonths(_ values: [String]) -> Bool {
    let fields = values.filter { !$0.isEmpty }.map { Array($0.utf8)[...] }
    /// The number behind the year.
    func number(_ field: ArraySlice<UInt8>) -> Int? {
      let mark = field.count == 7 ? 1 : field.count == 6 ? 0 : -1
      guard mark >= 0, field.starts(with: Array("19".utf8)) || field.starts(with: Array("20".utf8)) else { return nil }
      if mark == 1, !Array("-/.".utf8).contains(field[field.startIndex + 4]) { return nil }
      let digits = field.prefix(4) + field.suffix(2)
      guard digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
      return field.suffix(2).reduce(0) { $0 * 10 + Int($1 - 48) }
    }
    func isMonth(_ field: ArraySlice<UInt8>) -> Bool { number(field).map { (1...12).contains($0) } == true }
    // One week beyond the twelfth is enough.
    let later = fields.contains { (13...53).contains(number($0) ?? 0) }
    return !fields.isEmpty && !later && misfits(fields, isMonth) != nil
  }

  /// Cells that do not fit; nil where they are more than a slip or a line of totals: one of three or more, or one in
  /// twenty.
  static func misfits(_ fields: [ArraySlice<UInt8>], _ fits: (ArraySlice<UInt8>) -> Bool) -> Int? {
    let most = fields.count < 3 ? 0 : max(1, fields.count / 20)
    var count = 0
    for field in fields where !fits(field) {
      count += 1
      if count > most { return nil }
    }
    return count
  }

  /// Says which cells do not fit the columns that were chosen: their rows will be refused.
  mutating func noteOddCells(
    _ sample: Sample, _ table: SourceMapping.Table, _ found: [String: Int], _ empty: [String]
  ) {
    for ours in ["date", "units", "price", "base_price", "revenue", "stock_on_hand"] {
      guard let column = found[ours] else { continue }
      func fits(_ text: String) -> Bool {
        if empty.contains(text) || ours == "date" && ColumnGuess.namesTotalOfDays(text) { return true }
        let bytes = Array(text.utf8)[...]
        return ours == "date"
          ? table.datePatterns.contains { $0.day(bytes) != nil } : table.numbers.amount(bytes) != nil
      }
      let odd = sample.rows.indices.filter { !fits(sample.rows[$0][column]) }
      guard let first = odd.first else { continue }
      let places = odd.prefix(3).map { "'\(sample.rows[$0][column])' in row \(sample.numbers[$0])" }
      notes.append(
        "\(odd.count) of \(sample.rows.count) cells of '\(sample.header[column])' are no "
          + "\(ours == "date" ? "dates" : "numbers") and their rows would be refused: \(places.joined(separator: ", "))"
          + (sample.rows[first].contains { $0.lowercased().contains("total") || $0.lowercased().contains("summe") }
            ? "; leave out lines of totals" : ""))
    }
  }

  mutating func chooseDates(_ values: [String], _ name: String, _ table: inout SourceMapping.Table) {
    let patterns = Self.patterns(values, name)
    // The reading under which neighbouring rows lie closest together.
    func spread(_ pattern: DatePattern) -> Int {
      let days = values.compactMap { pattern.day(Array($0.utf8)[...])?.number }
      return zip(days, days.dropFirst()).reduce(0) { $0 + min(400, abs($1.0 - $1.1)) }
    }
    let best = patterns.enumerated().min { (spread($0.element), $0.offset) < (spread($1.element), $1.offset) }!.element
    table.datePatterns = [best]
    let others = patterns.filter { other in
      other != best && values.contains { other.day(Array($0.utf8)[...]) != best.day(Array($0.utf8)[...]) }
    }
    guard !others.isEmpty else { return }
    // Where they differ, each reading once.
    let sample = values.map { Array($0.utf8)[...] }.first { field in
      best.day(field).map { day in others.contains { $0.day(field).map { $0 != day } == true } } == true
    }
    guard let sample else { return }
    var readings: [(pattern: DatePattern, day: Day)] = []
    for pattern in [best] + others {
      guard let day = pattern.day(sample), !readings.contains(where: { $0.day == day }) else { continue }
      readings.append((pattern, day))
    }
    notes.append(
      "dates such as '\(String(decoding: sample, as: UTF8.self))' may be "
        + readings.map { "\($0.pattern) (\($0.day))" }.joined(separator: " or ")
        + ": the first is taken, check date_pattern")
  }

  private static let formats = [
    NumberFormat(), NumberFormat(decimal: .comma), NumberFormat(decimal: .point, thousands: .comma),
    NumberFormat(decimal: .comma, thousands: .point), NumberFormat(decimal: .comma, thousands: .space),
    NumberFormat(decimal: .point, thousands: .space), NumberFormat(decimal: .point, thousands: .apostrophe),
  ]

  /// The format that reads most values, all but a few; marks between thousands before decimal commas where commas
  /// separate fields, and wherever every mark has three digits behind it.
  static func format(_ values: [String], _ separator: Separator) -> NumberFormat? {
    guard !values.isEmpty else { return nil }
    if let grouped = groupedFormat(values) { return grouped }
    let fields = values.prefix(5000).map { Array($0.utf8)[...] }
    let order = separator == .comma ? [0, 2, 1, 3, 4, 5, 6] : [0, 1, 3, 2, 4, 5, 6]
    var best: (format: NumberFormat, misfits: Int)?
    for format in order.map({ formats[$0] }) {
      guard let count = misfits(fields, { format.number($0) != nil }) else { continue }
      if count < best?.misfits ?? Int.max { best = (format, count) }
    }
    return best?.format
  }

  /// Where only one of point and comma is used, and every time as a mark between thousands would be: with one to three
  /// digits before it, not beginning with 0, and three behind. `1.204` may be a fraction too; a file of fractions that
  /// all have three decimals and none below one is the rarer one.
  private static func groupedFormat(_ values: [String]) -> NumberFormat? {
    let marked = values.filter { $0.contains(".") || $0.contains(",") }
    guard !marked.isEmpty else { return nil }
    let points = marked.allSatisfy { $0.contains(/^-?[1-9][0-9]{0,2}(\.[0-9]{3})+$/) }
    let commas = marked.allSatisfy { $0.contains(/^-?[1-9][0-9]{0,2}(,[0-9]{3})+$/) }
    return points
      ? NumberFormat(decimal: .comma, thousands: .point)
      : commas ? NumberFormat(decimal: .point, thousands: .comma) : nil
  }

  mutating func chooseNumbers(
    _ found: [String: Int], _ values: (Int) -> [String], _ separator: Separator, _ table: inout SourceMapping.Table
  ) {
    let all = ["units", "price", "base_price", "revenue", "stock_on_hand"].flatMap { ours in
      found[ours].map { Self.amounts(ours, values($0)) } ?? []
    }
    if let format = Self.format(all, separator) {
      table.numbers = format
      table.declaresNumbers = format != NumberFormat() || all.contains { $0.contains(".") }
      if Self.groupedFormat(all) != nil, let number = Self.doubtfulNumber(all) {
        doubtfulNumber = number
        table.numbers = NumberFormat()
        table.declaresNumbers = false
        return
      }
      if Self.groupedFormat(all) != nil, let example = all.first(where: { $0.contains(".") || $0.contains(",") }),
        let value = format.number(Array(example.utf8)[...])
      {
        let (mark, other) = format.thousands == .point ? ("point", "comma") : ("comma", "point")
        notes.append(
          "'\(example)' is read as \(value.formatted), with a \(mark) between thousands: if it is a fraction, declare "
            + "'decimal: \(mark)' and 'thousands: none' (now 'decimal: \(other)' and 'thousands: \(mark)')")
        return
      }
      if format.thousands == .comma, !all.contains(where: { $0.contains(".") }) || format.decimal == .comma,
        all.contains(where: { $0.contains(",") })
      {
        notes.append("check the decimal mark: \(format.words) was understood")
      }
    } else {
      notes.append("numbers are written in several ways: declare decimal and thousands")
    }
  }
}
