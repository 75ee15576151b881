import DemandData

/// A mapping inferred from the beginnings of files, with what is uncertain about it.
public struct MappingInference: Sendable {
  public internal(set) var mapping = SourceMapping()
  /// What the user should check, in words.
  public internal(set) var notes: [String] = []
  /// A number that may be read in two ways, which the user must choose between before anything is loaded.
  public private(set) var doubtfulNumber: String?
  /// What can be read once only, such as standard input, kept for who reads it next.
  private var held: [InputFile] = []

  /// Beginning of a file, cut into rows.
  struct Sample {
    let input: InputFile
    let encoding: TextEncoding
    let separator: Separator
    let header: [String]
    let rows: [[String]]
    /// Numbers of the rows in the file, the header's being 1.
    let numbers: [Int]
    /// Whether the file ends with its header.
    let isHeaderOnly: Bool

    func values(_ column: Int) -> [String] { rows.compactMap { column < $0.count ? $0[column] : nil } }
  }

  private static let sampleBytes = 1 << 20
  /// Whether money is taken for units.
  var sumsMoney = false
  /// Files that were dealt with together with the first one of sales.
  private var joined: Set<InputFile> = []
  private static let emptyWords: Set<String> = ["NA", "N/A", "NULL", "null", "NaN", "nan", "None", "\\N", "-", "?"]

  /// Infers a mapping.
  ///
  /// - Parameter names: files, folders, archives or patterns. Files with dates and numbers are sales, those with
  ///   products or stores and no dates are masters.
  /// - Throws: ``IngestError`` when a file cannot be read or none looks like sales.
  public init(_ names: [String]) throws(IngestError) {
    var samples: [Sample] = []
    for name in names {
      for input in try InputFile.expand(name) {
        if input.isSpooled { held.append(input) }
        samples.append(try Self.sample(input))
      }
      for workbook in InputFile.workbooks(in: name) {
        let isArchive = FilePattern.matches(workbook, "*.zip")
        notes.append(
          "'\(workbook)' is not read: it is "
            + (isArchive ? "an archive in a folder, unpack it or load it by itself" : "no text, save its table as CSV"))
      }
      let inner = InputFile.inSubfolders(of: name, wanted: FilePattern.tables)
      if let first = inner.first { notes.append("\(inner.count) files in subfolders are not read, such as '\(first)'") }
    }
    var rest: [Sample] = []
    for (index, sample) in samples.enumerated() {
      if try inferFacts(sample) { continue }
      if mapping.sales.isEmpty, try inferSales(sample, among: samples[(index + 1)...]) { continue }
      if !joined.contains(sample.input) { rest.append(sample) }
    }
    guard !mapping.sales.isEmpty else {
      let tried = samples.prefix(4).map(Self.whyNotSales)
      throw .option(
        "no file looks like sales, with a column of dates and one of units: "
          + (tried.isEmpty ? "there is none" : tried.joined(separator: "; "))
          + notes.filter { $0.contains("save its table as CSV") }.map { "; \($0)" }.joined()
          + "; rename columns in the header, such as to date, product, store and units, or write a mapping by hand, which "
          + "docs/data.md tells how")
    }
    try inferMasters(rest)
    if mapping.saysKinds { heedKinds() }
    fillLevels()
  }

  private static func sample(_ input: InputFile) throws(IngestError) -> Sample {
    let raw = try ByteSource(input)
    var bytes = [UInt8](repeating: 0, count: sampleBytes)
    let filled = try raw.read(into: &bytes, at: 0)
    var survey = EncodingSurvey()
    // A character may be cut at the end.
    survey.update(bytes[..<max(0, filled - (filled == sampleBytes ? 4 : 0))])
    let encoding = survey.encoding
    let source = try ByteSource(input, encoding: encoding)
    var text = [UInt8](repeating: 0, count: sampleBytes)
    let count = try source.read(into: &text, at: 0)
    text.removeLast(text.count - count)
    let isWhole = filled < sampleBytes && (encoding == .utf8 || count < sampleBytes / 2)
    let separator = Separator.detect(text, isWhole: isWhole)
    let rows = Separator.rows(text, separator, isWhole: isWhole, limit: 5000)
    guard let header = rows.first else { throw .emptyFile(input.name) }
    // Text has hardly a control character but for tabs and line ends.
    let beginning = text.prefix(4096)
    if beginning.count(where: { $0 < 9 || (14..<32).contains($0) }) * 20 > beginning.count {
      throw .unreadable(input.name, reason: "it is no text: save its table as CSV")
    }
    if header.contains(where: { $0.contains("\r") && !$0.contains("\n") }) { throw TableReader.oldLineEnds(input.name) }
    for candidate in header.count > 1 ? [separator] : Separator.allCases {
      let rows = candidate == separator ? rows : Separator.rows(text, candidate, isWhole: isWhole, limit: 200)
      try requireHeader(rows, input.name)
    }
    let kept = rows.indices.dropFirst().filter { rows[$0].count == header.count && !rows[$0].allSatisfy(\.isEmpty) }
    // Excel leaves columns without names and values behind.
    let columns = header.indices.filter { column in
      !header[column].isEmpty || kept.contains { !rows[$0][column].isEmpty }
    }
    return Sample(
      input: input, encoding: encoding, separator: separator, header: columns.map { header[$0] },
      rows: kept.map { row in columns.map { rows[row][$0] } }, numbers: kept.map { $0 + 1 },
      isHeaderOnly: rows.dropFirst().allSatisfy { $0.allSatisfy(\.isEmpty) })
  }

  /// A file's name as a mapping has it.
  static func fileName(_ sample: Sample) -> String {
    let name = sample.input.name
    let file = name == InputFile.standardInput ? "*" : String(name.split(separator: "/").last ?? "")
    return [".gz", ".zip"].reduce(file) { $0.hasSuffix($1) ? String($0.dropLast($1.count)) : $0 }
  }

  static func table(_ sample: Sample) -> SourceMapping.Table {
    var table = SourceMapping.Table(files: [fileName(sample)])
    table.separator = sample.separator
    table.encoding = sample.encoding
    return table
  }

  // MARK: Sales

  private mutating func inferSales(
    _ sample: Sample, among others: ArraySlice<Sample>
  ) throws(IngestError) -> Bool {
    var table = Self.table(sample)
    let words = Set(sample.rows.prefix(2000).flatMap { $0 }).intersection(Self.emptyWords)
    let empty = [""] + words.sorted()
    table.empty = empty
    func values(_ column: Int) -> [String] { sample.values(column).filter { !empty.contains($0) } }
    var taken: Set<Int> = []
    guard
      let date = ColumnGuess.column(
        "date", in: sample.header, taken: [], fits: { !Self.patterns(values($0), sample.header[$0]).isEmpty })
        ?? sample.header.indices.first(where: { !Self.patterns(values($0), sample.header[$0]).isEmpty })
    else { return false }
    taken.insert(date)
    func isNumeric(_ ours: String, _ column: Int) -> Bool {
      Self.format(Self.amounts(ours, values(column)), sample.separator) != nil
    }
    // Names of products may be numbers, and numbers may be called products: keys first.
    var found: [String: Int] = ["date": date]
    for ours in ["product", "store"] {
      if let column = ColumnGuess.column(ours, in: sample.header, taken: taken) {
        found[ours] = column
        taken.insert(column)
      }
    }
    for ours in ["units", "price", "base_price", "revenue", "stock_on_hand"] {
      if let column = ColumnGuess.column(ours, in: sample.header, taken: taken, fits: { isNumeric(ours, $0) }) {
        found[ours] = column
        taken.insert(column)
      }
    }
    if found["units"] == nil, let revenue = found["revenue"] {
      // Better money than nothing, but not without a word.
      found["units"] = revenue
      found["revenue"] = nil
      mapping.measured = true
      sumsMoney = true
      notes.append(
        "no column looks like units: '\(sample.header[revenue])' is taken for them, which looks like revenue, so that "
          + "forecasts are of money; name the column of units under 'units:' and this one under 'revenue:', if there is one"
      )
    }
    guard let units = found["units"] else { return false }
    try Self.requireDistinct(sample)
    if ["sales", "sold", "volume"].contains(ColumnGuess.normalised(sample.header[units])) {
      notes.append(
        "'\(sample.header[units])' is taken for units: if it is money, declare 'kind: measure', or name the column of units"
      )
    }
    noteMoney(sample, found, taken, values)
    for ours in ["promotion", "category", "department", "region"] {
      if let column = ColumnGuess.column(ours, in: sample.header, taken: taken) {
        found[ours] = column
        taken.insert(column)
      }
    }
    if let upper = found["category"], let lower = found["department"],
      Self.isUpsideDown(sample, upper: upper, lower: lower)
    {
      (found["category"], found["department"]) = (lower, upper)
    }
    try Self.requireKeys(sample, found)
    chooseDates(values(date), sample.header[date], &table)
    chooseNumbers(found, values, sample.separator, &table)
    // Nothing is read before the user has chosen.
    if doubtfulNumber == nil { noteOddCells(sample, table, found, empty) }
    for (ours, column) in found { table.columns[ours] = sample.header[column] }
    if let column = found["promotion"] { checkFlags(values(column), &table) }
    takeStatesAndKinds(sample, values, &taken, &table)
    noteFurtherDates(sample, date, taken, values)
    for (kind, names) in ColumnGuess.promotionKinds {
      let column = sample.header.indices.first {
        !taken.contains($0) && names.contains(ColumnGuess.normalised(sample.header[$0])) && areFlags(values($0), table)
      }
      guard let column else { continue }
      table.promotions[kind] = sample.header[column]
      taken.insert(column)
    }
    table.others = sample.header.indices.filter { !taken.contains($0) }.map { sample.header[$0] }
    if found["product"] == nil {
      table.constants["product"] = "total"
      notes.append("no column looks like products: all sales are one product, 'total'")
    }
    if found["store"] == nil {
      table.constants["store"] = "shop"
      notes.append("no column looks like stores: all sales are in one store, 'shop'")
    }
    leaveOutTotals(sample, found, &table)
    let further = join(others, &table)
    mapping.sales = [table]
    judgeRows([sample] + further, table)
    return true
  }

  /// Leaves out rows whose product or store is called like a total, where others are not.
  private mutating func leaveOutTotals(
    _ sample: Sample, _ found: [String: Int], _ table: inout SourceMapping.Table
  ) {
    // What may be summed: also all of a department, or of a region.
    let levels = ["product", "store", "category", "department", "region"].compactMap { found[$0] }
    let keys = Set(levels.flatMap(sample.values))
    for ours in ["product", "store"] {
      guard let column = found[ours] else { continue }
      let names = sample.values(column)
      let called = Set(names).filter { ColumnGuess.namesTotals($0, among: keys) }
      let totals = names.filter(called.contains)
      guard !totals.isEmpty, names.contains(where: { !$0.isEmpty && !called.contains($0) }) else { continue }
      let distinct = Set(totals).sorted()
      let header = sample.header[column]
      table.except[header] = distinct
      notes.append(
        "\(totals.count) of \(names.count) rows have \(distinct.map { "'\($0)'" }.joined(separator: ", ")) in '\(header)', "
          + "which looks like totals: they are left out by 'except:'; take that out if it is the name of a \(ours)")
    }
  }

  /// Adds the files that the table of sales can read too, and says of those that almost could why not.
  private mutating func join(_ others: ArraySlice<Sample>, _ table: inout SourceMapping.Table) -> [Sample] {
    var further: [Sample] = []
    let levels = ["date", "product", "store", "units", "category", "department", "region"]
    for sample in others {
      let needed = levels.compactMap { table.columns[$0] } + table.except.keys
      guard needed.allSatisfy(sample.header.contains), Set(sample.header).count == sample.header.count else { continue }
      let empty = table.empty
      func misfits(_ ours: String, _ fits: (ArraySlice<UInt8>) -> Bool) -> Bool {
        guard let name = table.columns[ours], let column = sample.header.firstIndex(of: name) else { return false }
        let fields = sample.values(column).filter { !empty.contains($0) }.map { Array($0.utf8)[...] }
        return Self.misfits(fields, fits) == nil
      }
      let (patterns, numbers) = (table.datePatterns, table.numbers)
      let odd =
        misfits("date") { field in patterns.contains { $0.day(field) != nil } }
        ? "dates"
        : ["units", "price", "base_price", "revenue", "stock_on_hand"].contains { ours in
          misfits(ours) { numbers.amount($0) != nil }
        } ? "numbers" : nil
      joined.insert(sample.input)
      if let odd {
        notes.append(
          "'\(sample.input.name)' has the columns of '\(table.files[0])' and writes its \(odd) otherwise: it is not read; "
            + "add a table for it under 'sales:', or infer and load it by itself")
        continue
      }
      let name = Self.fileName(sample)
      if !table.files.contains(name) { table.files.append(name) }
      // Found out file by file then.
      if table.separator != sample.separator { table.separator = nil }
      if table.encoding != sample.encoding { table.encoding = nil }
      further.append(sample)
    }
    if !further.isEmpty {
      notes.append("\(further.count + 1) files of sales have the same columns and are read alike: check 'files:'")
    }
    return further
  }

  /// Whether rows repeat their keys, are negative, fractional or weekly.
  private mutating func judgeRows(_ samples: [Sample], _ table: SourceMapping.Table) {
    var everywhere: Set<[String]> = []
    var (repeats, identical, acrossFiles, copies, count) = (0, 0, 0, 0, 0)
    var lines: Set<[String]> = []
    var days: Set<Int> = []
    var isNegative = false
    var hasFractions = false
    var isFirstOfMonth = true
    for sample in samples {
      func column(_ ours: String) -> Int? { table.columns[ours].flatMap { sample.header.firstIndex(of: $0) } }
      let (date, units) = (column("date")!, column("units")!)
      let names = ["product", "store"].map(column)
      let except = table.except.map { (column: sample.header.firstIndex(of: $0)!, texts: Set($1)) }
      var keys: Set<[String]> = []
      var whole: Set<[String]> = []
      for row in sample.rows where !except.contains(where: { $0.texts.contains(row[$0.column]) }) {
        guard let day = table.datePatterns.lazy.compactMap({ $0.day(Array(row[date].utf8)[...]) }).first else {
          continue
        }
        count += 1
        days.insert(day.number)
        isFirstOfMonth = isFirstOfMonth && day.components.day == 1
        let key = names.map { $0.map { row[$0] } ?? "" } + [day.iso]
        if !keys.insert(key).inserted { repeats += 1 }
        if everywhere.contains(key) { acrossFiles += 1 }
        if lines.contains(row) { copies += 1 }
        if !whole.insert(row).inserted { identical += 1 }
        guard let value = table.numbers.amount(Array(row[units].utf8)[...]) else { continue }
        isNegative = isNegative || value < 0
        if value != value.rounded() { hasFractions = true }
      }
      guard samples.count > 1 else { continue }
      everywhere.formUnion(keys)
      lines.formUnion(whole)
    }
    if repeats > 0 {
      mapping.rows = .lines
      notes.append("\(repeats) of \(count) rows repeat product, store and day: rows are summed as lines")
    }
    if identical > 0 {
      notes.append(
        "\(identical) of \(count) rows are like another one in every column, and count again: if they are copies, such as "
          + "a table pasted twice, declare 'rows: totals', which refuses them, or delete them")
    }
    if copies > 0, repeats > 0, let key = Self.lineKey(table, samples[0].header) {
      mapping.sales[0].lineKey = key
      notes.append(
        "\(copies) of \(count) rows are in an earlier file too, receipt number and all: 'line_key' takes the files for "
          + "overlapping ones and counts such lines once; take it out if all of them were sold")
    } else if acrossFiles > 0 {
      notes.append(
        "\(acrossFiles) of \(count) rows name a product, store and day that another file has too: if one file holds what "
          + "others do, take it out of 'files:'")
    }
    if days.count > 2, isFirstOfMonth {
      notes.append("all dates are the first of a month: sums of months are no sales of a day; deliver days or weeks")
    }
    if isNegative {
      mapping.negative = repeats > 0 ? .net : .zero
      notes.append("there are negative units: they are \(repeats > 0 ? "taken off as returns" : "read as none sold")")
    }
    if hasFractions, doubtfulNumber == nil {
      mapping.measured = true
      notes.append(Self.measuredNote)
    }
    let sorted = days.sorted()
    if sorted.count > 2, zip(sorted, sorted.dropFirst()).allSatisfy({ ($1 - $0) % 7 == 0 }) {
      mapping.grain = .week
      let name = table.columns["date"] ?? ""
      let areMondays = sorted.allSatisfy { Day(number: $0).weekday == 0 }
      let plain = ColumnGuess.normalised(name)
      if !table.datePatterns.contains(where: \.isWeekly), !plain.contains("end"), !plain.contains("last"),
        areMondays || ColumnGuess.namesBeginning(name)
      {
        mapping.weekDate = .first
        notes.append(
          "dates lie whole weeks apart: weekly data; \(areMondays ? "all dates are Mondays" : "'\(name)' says so"), so that "
            + "each is read as the first day of its week: take out 'week_date: first' if it is the last")
      } else {
        notes.append("dates lie whole weeks apart: weekly data; check week_date, first or last day of its week")
      }
    }
  }

  private func areFlags(_ values: [String], _ table: SourceMapping.Table) -> Bool {
    Set(values.map { $0.lowercased() }).isSubset(of: table.yes + table.no)
  }

  private mutating func checkFlags(_ values: [String], _ table: inout SourceMapping.Table) {
    func isShare(_ text: String) -> Bool {
      table.numbers.number(Array(text.utf8)[...]).map { (0...1).contains($0) } == true
    }
    guard !areFlags(values.filter { !isShare($0) }, table) else { return }
    table.columns["promotion"] = nil
    notes.append(
      "the column of promotions holds other words than yes and no, and no shares of the day: it is left out; declare yes: "
        + "and no:")
  }

  // MARK: Dates and numbers

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
  private static func misfits(_ fields: [ArraySlice<UInt8>], _ fits: (ArraySlice<UInt8>) -> Bool) -> Int? {
    let most = fields.count < 3 ? 0 : max(1, fields.count / 20)
    var count = 0
    for field in fields where !fits(field) {
      count += 1
      if count > most { return nil }
    }
    return count
  }

  /// Says which cells do not fit the columns that were chosen: their rows will be refused.
  private mutating func noteOddCells(
    _ sample: Sample, _ table: SourceMapping.Table, _ found: [String: Int], _ empty: [String]
  ) {
    for ours in ["date", "units", "price", "base_price", "revenue", "stock_on_hand"] {
      guard let column = found[ours] else { continue }
      func fits(_ text: String) -> Bool {
        if empty.contains(text) { return true }
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

  private mutating func chooseNumbers(
    _ found: [String: Int], _ values: (Int) -> [String], _ separator: Separator, _ table: inout SourceMapping.Table
  ) {
    let all = ["units", "price", "base_price", "revenue", "stock_on_hand"].flatMap { ours in
      found[ours].map { Self.amounts(ours, values($0)) } ?? []
    }
    if let format = Self.format(all, separator) {
      table.numbers = format
      if Self.groupedFormat(all) != nil, let number = Self.doubtfulNumber(all) {
        doubtfulNumber = number
        table.numbers = NumberFormat()
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

  // MARK: Masters

  private mutating func inferMasters(_ samples: [Sample]) throws(IngestError) {
    for sample in samples {
      var table = Self.table(sample)
      table.numbers = NumberFormat()
      let product = ColumnGuess.column("product", in: sample.header, taken: [])
      let store = ColumnGuess.column("store", in: sample.header, taken: [])
      let hasDates = sample.header.indices.contains { !Self.patterns(sample.values($0), sample.header[$0]).isEmpty }
      if !hasDates, joinMaster(sample, \.products) || joinMaster(sample, \.stores) { continue }
      if let product, mapping.products.isEmpty, !hasDates, mapping.sales[0].columns["product"] != nil {
        try Self.requireDistinct(sample)
        addMaster(&table, sample, leaf: ("product", product), levels: ["category", "department"])
        mapping.products = [table]
      } else if let store, mapping.stores.isEmpty, !hasDates, mapping.sales[0].columns["store"] != nil {
        try Self.requireDistinct(sample)
        addMaster(&table, sample, leaf: ("store", store), levels: ["region"])
        mapping.stores = [table]
      } else {
        notes.append("'\(sample.input.name)' is neither sales nor a list of products or stores: it is not read")
      }
    }
  }

  /// Adds a further file of the columns of a master that there is.
  private mutating func joinMaster(
    _ sample: Sample, _ tables: WritableKeyPath<SourceMapping, [SourceMapping.Table]>
  ) -> Bool {
    guard let table = mapping[keyPath: tables].first,
      Set(table.columns.values).union(table.others) == Set(sample.header),
      Set(sample.header).count == sample.header.count
    else { return false }
    let name = Self.fileName(sample)
    if !table.files.contains(name) { mapping[keyPath: tables][0].files.append(name) }
    if table.separator != sample.separator { mapping[keyPath: tables][0].separator = nil }
    if table.encoding != sample.encoding { mapping[keyPath: tables][0].encoding = nil }
    return true
  }

  private func addMaster(
    _ table: inout SourceMapping.Table, _ sample: Sample, leaf: (name: String, column: Int), levels: [String]
  ) {
    var taken: Set<Int> = [leaf.column]
    table.columns[leaf.name] = sample.header[leaf.column]
    for level in levels {
      guard let column = ColumnGuess.column(level, in: sample.header, taken: taken) else { continue }
      table.columns[level] = sample.header[column]
      taken.insert(column)
    }
    if leaf.name == "product", let kind = sample.header.firstIndex(of: "kind"), !taken.contains(kind),
      Set(sample.values(kind)).isSubset(of: ["", "count", "measure"])
    {
      table.columns["kind"] = "kind"
      taken.insert(kind)
    }
    if let upper = table.columns["category"].flatMap(sample.header.firstIndex),
      let lower = table.columns["department"].flatMap(sample.header.firstIndex),
      Self.isUpsideDown(sample, upper: upper, lower: lower)
    {
      (table.columns["category"], table.columns["department"]) = (sample.header[lower], sample.header[upper])
    }
    table.others = sample.header.indices.filter { !taken.contains($0) }.map { sample.header[$0] }
  }

  /// Constants for levels that no column gives, where they are read: in the master if there is one, else in the sales.
  private mutating func fillLevels() {
    func fill(_ table: inout SourceMapping.Table, _ levels: [String], _ word: String) {
      var names = table.columns
      // A department without a category is its own category, and the other way round.
      for (missing, other) in [("category", "department"), ("department", "category")]
      where levels.contains(missing) && names[missing] == nil && names[other] != nil {
        table.columns[missing] = names[other]
        names = table.columns
      }
      for level in levels where names[level] == nil { table.constants[level] = word }
    }
    if mapping.products.isEmpty {
      fill(&mapping.sales[0], ["category", "department"], "goods")
    } else {
      fill(&mapping.products[0], ["category", "department"], "goods")
      for level in ["category", "department"] { mapping.sales[0].columns[level] = nil }
    }
    if mapping.stores.isEmpty {
      fill(&mapping.sales[0], ["region"], "stores")
    } else {
      fill(&mapping.stores[0], ["region"], "stores")
      mapping.sales[0].columns["region"] = nil
    }
  }
}
