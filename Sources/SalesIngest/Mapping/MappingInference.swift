import DemandData

/// A mapping inferred from the beginnings of files, with what is uncertain about it.
public struct MappingInference: Sendable {
  public private(set) var mapping = SourceMapping()
  /// What the user should check, in words.
  public private(set) var notes: [String] = []

  /// Beginning of a file, cut into rows.
  private struct Sample {
    let input: InputFile
    let encoding: TextEncoding
    let separator: Separator
    let header: [String]
    let rows: [[String]]

    func values(_ column: Int) -> [String] { rows.compactMap { column < $0.count ? $0[column] : nil } }
  }

  private static let sampleBytes = 1 << 20
  private static let emptyWords: Set<String> = ["NA", "N/A", "NULL", "null", "NaN", "nan", "None", "\\N", "-", "?"]

  /// Infers a mapping.
  ///
  /// - Parameter names: files, folders, archives or patterns. Files with dates and numbers are sales, those with
  ///   products or stores and no dates are masters.
  /// - Throws: ``IngestError`` when a file cannot be read or none looks like sales.
  public init(_ names: [String]) throws(IngestError) {
    var samples: [Sample] = []
    for name in names {
      for input in try InputFile.expand(name) { samples.append(try Self.sample(input)) }
    }
    var headers: Set<[String]> = []
    var rest: [Sample] = []
    for sample in samples {
      // A second file of the same shape is read by the same table.
      guard headers.insert(sample.header).inserted else { continue }
      if mapping.sales.isEmpty, inferSales(sample) { continue }
      rest.append(sample)
    }
    guard !mapping.sales.isEmpty else {
      let tried = samples.map { "'\($0.input.name)' with the columns \($0.header.prefix(12).joined(separator: ", "))" }
      throw .option(
        "no file looks like sales, with a column of dates and one of numbers: "
          + (tried.isEmpty ? "there is none" : tried.prefix(4).joined(separator: "; "))
          + "; write a mapping by hand, docs/data.md tells how")
    }
    inferMasters(rest)
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
    return Sample(
      input: input, encoding: encoding, separator: separator, header: header,
      rows: rows.dropFirst().filter { $0.count == header.count })
  }

  private static func table(_ sample: Sample) -> SourceMapping.Table {
    let name = sample.input.name
    let file = name == InputFile.standardInput ? "*" : String(name.split(separator: "/").last ?? "")
    let plain = [".gz", ".zip"].reduce(file) { $0.hasSuffix($1) ? String($0.dropLast($1.count)) : $0 }
    var table = SourceMapping.Table(files: [plain])
    table.separator = sample.separator
    table.encoding = sample.encoding
    return table
  }

  // MARK: Sales

  private mutating func inferSales(_ sample: Sample) -> Bool {
    var table = Self.table(sample)
    let words = Set(sample.rows.prefix(2000).flatMap { $0 }).intersection(Self.emptyWords)
    let empty = [""] + words.sorted()
    table.empty = empty
    func values(_ column: Int) -> [String] { sample.values(column).filter { !empty.contains($0) } }
    var taken: Set<Int> = []
    guard
      let date = ColumnGuess.column("date", in: sample.header, taken: [], fits: { !Self.patterns(values($0)).isEmpty })
        ?? sample.header.indices.first(where: { !Self.patterns(values($0)).isEmpty })
    else { return false }
    taken.insert(date)
    func isNumeric(_ column: Int) -> Bool { Self.format(values(column), sample.separator) != nil }
    // Names of products may be numbers, and numbers may be called products: keys first.
    var found: [String: Int] = ["date": date]
    for ours in ["product", "store"] {
      if let column = ColumnGuess.column(ours, in: sample.header, taken: taken) {
        found[ours] = column
        taken.insert(column)
      }
    }
    for ours in ["units", "price", "base_price", "revenue", "stock_on_hand"] {
      if let column = ColumnGuess.column(ours, in: sample.header, taken: taken, fits: isNumeric) {
        found[ours] = column
        taken.insert(column)
      }
    }
    guard let units = found["units"] else { return false }
    for ours in ["promotion", "category", "department", "region"] {
      if let column = ColumnGuess.column(ours, in: sample.header, taken: taken) {
        found[ours] = column
        taken.insert(column)
      }
    }
    chooseDates(values(date), &table)
    chooseNumbers(found, values, sample.separator, &table)
    for (ours, column) in found { table.columns[ours] = sample.header[column] }
    if let column = found["promotion"] { checkFlags(values(column), &table) }
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
    mapping.sales = [table]
    judgeRows(sample, table, found, units)
    return true
  }

  /// Whether rows repeat their keys, are negative, fractional or weekly.
  private mutating func judgeRows(
    _ sample: Sample, _ table: SourceMapping.Table, _ found: [String: Int], _ units: Int
  ) {
    var keys: Set<[String]> = []
    var repeats = 0
    var days: Set<Int> = []
    var isNegative = false
    for row in sample.rows {
      guard let day = table.datePatterns.lazy.compactMap({ $0.day(Array(row[found["date"]!].utf8)[...]) }).first else {
        continue
      }
      days.insert(day.number)
      if !keys.insert(["product", "store"].map { found[$0].map { row[$0] } ?? "" } + [day.iso]).inserted {
        repeats += 1
      }
      guard let value = table.numbers.number(Array(row[units].utf8)[...]) else { continue }
      isNegative = isNegative || value < 0
      if value != value.rounded() { mapping.measured = true }
    }
    if repeats > 0 {
      mapping.rows = .lines
      notes.append("\(repeats) of \(sample.rows.count) rows repeat product, store and day: rows are summed as lines")
    }
    if isNegative {
      mapping.negative = repeats > 0 ? .net : .zero
      notes.append("there are negative units: they are \(repeats > 0 ? "taken off as returns" : "read as none sold")")
    }
    if mapping.measured { notes.append("units have fractions: products are measured, not counted") }
    let sorted = days.sorted()
    if sorted.count > 2, zip(sorted, sorted.dropFirst()).allSatisfy({ ($1 - $0) % 7 == 0 }) {
      mapping.grain = .week
      notes.append("dates lie whole weeks apart: weekly data; check week_date, first or last day of its week")
    }
  }

  private func areFlags(_ values: [String], _ table: SourceMapping.Table) -> Bool {
    Set(values.map { $0.lowercased() }).isSubset(of: table.yes + table.no)
  }

  private mutating func checkFlags(_ values: [String], _ table: inout SourceMapping.Table) {
    guard !areFlags(values, table) else { return }
    table.columns["promotion"] = nil
    notes.append("the column of promotions holds other words than yes and no: it is left out; declare yes: and no:")
  }

  // MARK: Dates and numbers

  private static let knownPatterns = [
    "yyyy-MM-dd", "yyyyMMdd", "dd.MM.yyyy", "d.M.yyyy", "MM/dd/yyyy", "dd/MM/yyyy", "M/d/yyyy", "d/M/yyyy",
    "yyyy/MM/dd",
    "dd-MM-yyyy", "dd-MMM-yy", "dd-MMM-yyyy", "d-MMM-yy", "dd MMM yyyy", "MM-dd-yyyy", "dd.MM.yy", "MM/dd/yy",
    "dd/MM/yy",
    "M/d/yy", "d/M/yy", "yyyy-Www", "yyyyWww", "yyyy-ww", "yyyy-Www-e",
  ]

  /// Patterns that fit all values.
  private static func patterns(_ values: [String]) -> [DatePattern] {
    guard !values.isEmpty else { return [] }
    let fields = Set(values).prefix(1000).map { Array($0.utf8)[...] }
    // A time behind the day: at a blank or a T.
    let hasTime = fields.allSatisfy { $0.contains(UInt8(ascii: ":")) }
    return knownPatterns.compactMap { text in
      for ending in hasTime ? [" *", "T*"] : [""] {
        if let pattern = DatePattern(text + ending),
          fields.allSatisfy({ field in
            pattern.day(field).map { (1950...2100).contains($0.components.year) } == true
          })
        {
          return pattern
        }
      }
      return nil
    }
  }

  private mutating func chooseDates(_ values: [String], _ table: inout SourceMapping.Table) {
    let patterns = Self.patterns(values)
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
    if !others.isEmpty {
      notes.append(
        "dates such as '\(values[0])' may be \(([best] + others).map(\.description).joined(separator: " or ")): check "
          + "date_pattern")
    }
  }

  private static let formats = [
    NumberFormat(), NumberFormat(decimal: .comma), NumberFormat(decimal: .point, thousands: .comma),
    NumberFormat(decimal: .comma, thousands: .point), NumberFormat(decimal: .comma, thousands: .space),
    NumberFormat(decimal: .point, thousands: .space), NumberFormat(decimal: .point, thousands: .apostrophe),
  ]

  /// The first format that reads all values; marks between thousands before decimal commas where commas separate fields.
  private static func format(_ values: [String], _ separator: Separator) -> NumberFormat? {
    guard !values.isEmpty else { return nil }
    let fields = Set(values).prefix(2000).map { Array($0.utf8)[...] }
    let order = separator == .comma ? [0, 2, 1, 3, 4, 5, 6] : [0, 1, 3, 2, 4, 5, 6]
    return order.map { formats[$0] }.first { format in fields.allSatisfy { format.number($0) != nil } }
  }

  private mutating func chooseNumbers(
    _ found: [String: Int], _ values: (Int) -> [String], _ separator: Separator, _ table: inout SourceMapping.Table
  ) {
    let all = ["units", "price", "base_price", "revenue", "stock_on_hand"].compactMap { found[$0] }.flatMap(values)
    if let format = Self.format(all, separator) {
      table.numbers = format
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

  private mutating func inferMasters(_ samples: [Sample]) {
    for sample in samples {
      var table = Self.table(sample)
      table.numbers = NumberFormat()
      let product = ColumnGuess.column("product", in: sample.header, taken: [])
      let store = ColumnGuess.column("store", in: sample.header, taken: [])
      let hasDates = sample.header.indices.contains { !Self.patterns(sample.values($0)).isEmpty }
      if let product, mapping.products.isEmpty, !hasDates, mapping.sales[0].columns["product"] != nil {
        addMaster(&table, sample, leaf: ("product", product), levels: ["category", "department"])
        mapping.products = [table]
      } else if let store, mapping.stores.isEmpty, !hasDates, mapping.sales[0].columns["store"] != nil {
        addMaster(&table, sample, leaf: ("store", store), levels: ["region"])
        mapping.stores = [table]
      } else {
        notes.append("'\(sample.input.name)' is neither sales nor a list of products or stores: it is not read")
      }
    }
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
