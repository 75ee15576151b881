import DemandData

/// A mapping inferred from the beginnings of files, with what is uncertain about it.
public struct MappingInference: Sendable {
  public internal(set) var mapping = SourceMapping()
  /// What the user should check, in words.
  public internal(set) var notes: [String] = []
  /// A number that may be read in two ways, which the user must choose between before anything is loaded.
  public var doubtfulNumber: String?
  /// Rows that may be totals or sales, which the user must choose between, too.
  public internal(set) var doubtfulTotals: [DoubtfulTotals] = []
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

    /// Values that may be dates: not the words of lines of totals.
    func days(_ column: Int) -> [String] { values(column).filter { !ColumnGuess.namesTotalOfDays($0) } }
  }

  private static let sampleBytes = 1 << 20
  /// Whether money is taken for units.
  var sumsMoney = false
  /// Files that were dealt with together with the first one of sales.
  var joined: Set<InputFile> = []
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
      throw .option(noSales(samples))
    }
    try inferMasters(rest)
    if mapping.saysKinds { heedKinds() }
    fillLevels()
  }

  static func sample(_ input: InputFile) throws(IngestError) -> Sample {
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
    func areDays(_ column: Int) -> Bool {
      !Self.patterns(sample.days(column).filter { !empty.contains($0) }, sample.header[column]).isEmpty
    }
    var taken: Set<Int> = []
    guard
      let date = ColumnGuess.column("date", in: sample.header, taken: [], fits: areDays)
        ?? sample.header.indices.first(where: areDays)
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
    chooseDates(sample.days(date).filter { !empty.contains($0) }, sample.header[date], &table)
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
    leaveOutTotalsOfDays(sample, date, &table)
    leaveOutTotals(sample, found, &table)
    let further = join(others, &table)
    mapping.sales = [table]
    judgeRows([sample] + further, table)
    return true
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
        let values = ours == "date" ? sample.days(column) : sample.values(column)
        let fields = values.filter { !empty.contains($0) }.map { Array($0.utf8)[...] }
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
      if let name = table.columns["date"], let column = sample.header.firstIndex(of: name) {
        leaveOutTotalsOfDays(sample, column, &table)
        table.except[name] = table.except[name].map { Set($0).sorted() }
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

  func areFlags(_ values: [String], _ table: SourceMapping.Table) -> Bool {
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
}
