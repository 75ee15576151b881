/// Why nothing can be inferred from a file, and what would mend that.
extension MappingInference {
  /// Refuses lines of title above a header.
  static func requireHeader(_ rows: [[String]], _ name: String) throws(IngestError) {
    guard let header = rows.first else { return }
    let widths = Dictionary(grouping: rows.indices.dropFirst(), by: { rows[$0].count }).mapValues(\.count)
    guard let width = widths.max(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key, width > 2 else { return }
    func named(_ row: [String]) -> Int { row.count { !$0.isEmpty } }
    guard named(header) * 2 <= width,
      let line = rows.indices.first(where: { rows[$0].count == width && named(rows[$0]) * 2 > width })
    else { return }
    throw .option(
      "'\(name)' begins with '\(header.first { !$0.isEmpty } ?? "")' and names its columns only on line \(line + 1), not "
        + "counting empty ones: delete the lines above, such as a title")
  }

  /// Refuses a header by whose names columns cannot be told apart.
  static func requireDistinct(_ sample: Sample) throws(IngestError) {
    var seen: Set<String> = []
    guard let twice = sample.header.first(where: { !seen.insert($0).inserted }) else { return }
    throw .option(
      "'\(sample.input.name)' line 1: "
        + (twice.isEmpty
          ? "several columns have no name and hold values" : "the column '\(twice)' is there more than once")
        + ": give every column a name of its own, and infer again")
  }

  /// Why no file is one of sales: what keeps each from it first.
  func noSales(_ samples: [Sample]) -> String {
    let tried = samples.prefix(4).map(Self.whyNotSales)
    let workbooks = notes.filter { $0.contains("save its table as CSV") }
    let more = samples.count > 4 ? ["and \(samples.count - 4) more files likewise"] : []
    // A workbook is rather what was meant than a text beside it.
    let reasons = workbooks + tried + more
    let areNames = tried.contains { $0.contains("is called like units") || $0.contains("has no column whose") }
    return (reasons.isEmpty ? "there is no table" : reasons.joined(separator: "; "))
      + "; so no file is one of sales, which have a column of dates and one of units"
      + (areNames
        ? ": rename columns in the header, such as to date, product, store and units, or write a mapping by hand, which "
          + "docs/data.md tells how" : "")
  }

  /// What keeps a file from being sales, in words.
  static func whyNotSales(_ sample: Sample) -> String {
    let name = "'\(sample.input.name)'"
    let names = sample.header.prefix(12).map { "'\($0)'" }.joined(separator: ", ")
    if sample.header.contains(where: { !patterns([$0], "").isEmpty }) {
      return "\(name) begins with data (\(names)): add a first line with the names of the columns"
    }
    guard
      let date = sample.header.indices.first(where: { !patterns(sample.days($0), sample.header[$0]).isEmpty })
    else {
      let months = sample.header.indices.first {
        !ColumnGuess.namesWeeks(sample.header[$0]) && areMonths(sample.values($0))
      }
      if months == nil, let why = whyNoDates(sample) { return why }
      if let months {
        return
          "\(name) has months in '\(sample.header[months])', such as '\(sample.values(months)[0])', which are no grain "
          + "of the data: deliver days or weeks; if they are weeks, call the column 'week', or write them as 2025-W01"
      }
      let column = ColumnGuess.column("date", in: sample.header, taken: [])
      if let column, let why = oddDates(sample, column) { return why }
      if let column, let row = sample.rows.firstIndex(where: { !$0[column].isEmpty }) {
        return
          "\(name) line \(sample.numbers[row]) has '\(sample.rows[row][column])' in '\(sample.header[column])', which "
          + "is no form of dates that is known: write days as YYYY-MM-DD, or declare date_pattern in a mapping"
      }
      let example = sample.rows.first.map { row in
        "; line \(sample.numbers[0]) has " + row.prefix(12).map { "'\($0)'" }.joined(separator: ", ")
      }
      return "\(name) has no column whose values are dates among \(names)" + (example ?? "")
    }
    let numeric = sample.header.indices.filter { $0 != date && format(sample.values($0), sample.separator) != nil }
      .map { "'\(sample.header[$0])'" }
    return "\(name) has dates in '\(sample.header[date])', but "
      + (numeric.isEmpty
        ? "no other column holds numbers among \(names)"
        : "no column is called like units; those of numbers are \(numeric.prefix(12).joined(separator: ", "))")
  }

  /// Names the cells of a column of dates that are none, where most are; nil where most are in no form that is known.
  private static func oddDates(_ sample: Sample, _ column: Int) -> String? {
    let rows = sample.rows.indices.filter { !sample.rows[$0][column].isEmpty }
    func odd(_ pattern: DatePattern) -> [Int] {
      rows.filter { pattern.day(Array(sample.rows[$0][column].utf8)[...]) == nil }
    }
    let fewest = knownPatterns.compactMap { DatePattern($0) }.map(odd).min { $0.count < $1.count }
    guard let fewest, fewest.count * 2 < rows.count else { return nil }
    let cells = fewest.prefix(3).map { "'\(sample.rows[$0][column])' in row \(sample.numbers[$0])" }
    return
      "\(fewest.count) of \(rows.count) cells of '\(sample.header[column])' in '\(sample.input.name)' are no dates, such as "
      + cells.joined(separator: ", ") + ", and the others are: correct these rows, or delete them if they are no sales"
  }

  /// Refuses to sum rows into one series where a column that is not understood tells them apart day by day.
  static func requireKeys(_ sample: Sample, _ found: [String: Int]) throws(IngestError) {
    let missing = ["product", "store"].filter { found[$0] == nil }
    guard !missing.isEmpty, let date = found["date"] else { return }
    let keys = [date] + ["product", "store"].compactMap { found[$0] }
    func distinct(_ columns: [Int]) -> Int { Set(sample.rows.map { row in columns.map { row[$0] } }).count }
    let rows = Set(sample.rows).count
    guard distinct(keys) < rows else { return }
    let days = distinct([date])
    let levels = ["category", "department", "region"]
    let taken = found.filter { !levels.contains($0.key) }.values
    // Names that come on several days, which those of receipts do not.
    let candidates = sample.header.indices.filter { column in
      guard !taken.contains(column), !ColumnGuess.namesPartOfDay(sample.header[column]) else { return false }
      let values = sample.values(column)
      let names = distinct([column])
      return names > 1 && names * 10 <= rows * 9 && !values.contains("")
        && !values.contains { $0.contains(/^-?[0-9]+[.,][0-9]+$/) }
        && (days < 2 || distinct([column, date]) * 2 >= names * 3)
    }
    let single = candidates.filter { distinct(keys + [$0]) == rows }.map { [$0] }
    let pairs =
      missing.count < 2 || !single.isEmpty
      ? []
      : candidates.prefix(12).flatMap { one in
        candidates.prefix(12).filter { $0 > one && distinct(keys + [one, $0]) == rows }.map { [one, $0] }
      }
    guard let telling = single.first ?? pairs.first else { return }
    let names = telling.map { "'\(sample.header[$0])'" }.joined(separator: " and ")
    throw .option(
      "'\(sample.input.name)' has no column that is called like \(missing.map { $0 + "s" }.joined(separator: " or ")), but "
        + "\(names) tell\(telling.count == 1 ? "s" : "") the rows of a day apart, which would all be summed: call "
        + "\(telling.count == 1 ? "it" : "them") \(missing.joined(separator: telling.count == 1 ? " or " : " and ")) in "
        + "the header and infer again, or write a mapping by hand, which docs/data.md tells how")
  }
}
