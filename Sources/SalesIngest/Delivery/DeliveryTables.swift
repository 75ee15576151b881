import DemandData
import SalesStore

/// What the tables of one load have in common: where they write, what they refuse, what they remark.
struct DeliveryTables {
  /// Name of the nodes above a product or store that was made from sales alone.
  static let unassigned = "unassigned"

  let writer: LoadWriter
  let mapping: SourceMapping
  /// As they were given; what a delivery says itself of how far it reaches fills in what was not.
  var options: DeliveryLoad.Options
  var meter: ProgressMeter
  var refusals: RowRefusals
  var remarks = LoadRemarks()
  /// Sums of receipt lines that are kept in memory.
  var linesInMemory = ReceiptLines.usualLimit
  /// The file that said through which day sales are complete.
  var coverageFile: String?
  /// Links of this load, with where they stand: the products and stores that they name may come behind them.
  var links: [(place: String, link: LifeCycleLink)] = []
  /// Products and stores that the database had, with names of totals.
  private var knownTotals: Set<String> = []
  /// Products and stores that the database had.
  var knownNames: [String: [String]] = [:]
  /// Where products and stores that this load made stand first.
  var made: [MadeName] = []
  private let encodings: [InputFile: TextEncoding]
  /// Lines on which files change from one encoding to another.
  var changesOfEncoding: [InputFile: Int] = [:]
  /// How the files were read.
  private(set) var reading: DeliveryReading

  init(
    writer: LoadWriter, mapping: SourceMapping, options: DeliveryLoad.Options, meter: ProgressMeter,
    encodings: [InputFile: TextEncoding], keepsRefusals: Bool = true
  ) {
    self.writer = writer
    self.mapping = mapping
    self.options = options
    self.meter = meter
    self.encodings = encodings
    refusals = RowRefusals(policy: options.badRows, keepsRows: keepsRefusals)
    // Rows in quarantine are read again as they would have been read now, whatever the settings say then.
    var effective = mapping
    effective.missing = options.missing
    reading = DeliveryReading(mapping: effective)
  }

  /// How a product becomes one that is measured, in words.
  var measureAdvice: String {
    let file = mapping.saysKinds ? mapping.fileName(.products) : nil
    return file.map { "give the product the kind measure in \($0) and load that" }
      ?? "declare 'kind: measure' in the mapping and load the file again"
  }

  /// Products and stores that are called like totals.
  private var totals: Set<String> {
    var found: Set<String> = []
    for (kind, names) in [("product", Array(writer.products.keys)), ("store", Array(writer.stores.keys))]
    where names.count > 1 {
      let keys = Set(writer.products.keys).union(writer.stores.keys)
      for name in names where ColumnGuess.namesTotals(name, among: keys) { found.insert("\(kind) '\(name)'") }
    }
    return found
  }

  mutating func rememberTotals() { knownTotals = totals }

  /// Whether the units of a product or store that is called like a total show that it is none.
  ///
  /// - Parameter called: as ``totals`` has it, such as `product 'Total'`.
  private func hasOwnFigures(_ called: String) throws -> Bool {
    func ids(_ kind: String) -> [(name: String, id: Int)] {
      kind == "product"
        ? writer.products.map { ("product '\($0.key)'", $0.value.id) }
        : writer.stores.map { ("store '\($0.key)'", $0.value) }
    }
    let kind = called.hasPrefix("product") ? "product" : "store"
    let all = totals
    let excluded = Set(ids(kind).filter { all.contains($0.name) }.map(\.id))
    guard let id = ids(kind).first(where: { $0.name == called })?.id else { return false }
    let found = try writer.comparisonWithOthers(of: id, level: kind, excluding: excluded)
    // A total is no smaller than what it sums.
    return found.days >= 3 && found.equal * 10 <= found.days && found.less * 2 >= found.days
  }

  /// Warns of new products and stores that are rather lines of totals, and notes those that have figures of their own.
  mutating func warnOfTotals() throws {
    var new: [String] = []
    for name in totals.subtracting(knownTotals).sorted() {
      if try hasOwnFigures(name) {
        remarks.note(
          "the new \(name) is called like a total, and its units are not the sums of the others: it counts as any other"
        )
      } else {
        new.append(name)
      }
    }
    guard !new.isEmpty else { return }
    remarks.warn(
      "the new \(new.joined(separator: " and the new ")) may be totals of the others, which count twice then: leave such "
        + "rows out with 'except:' in the mapping, and load into a new database")
  }

  /// Says which day of its week a row is taken to name, where nothing was declared.
  mutating func warnOfWeekDates(_ weekdays: Set<Int>) {
    guard weekdays == [0], mapping.weekDate == .last else { return }
    remarks.warn(
      "all days are Mondays, so that the rows are weeks, and each date is read as its week's last day: if it is the first, "
        + "declare 'time_grain: week' and 'week_date: first' in a mapping, and load into a new database")
  }

  /// Opens a file, finding out how it is written where the mapping leaves it open.
  mutating func open(
    _ item: DeliveryFiles.Item, required: [String], optional: [String]
  ) throws -> MappedTable {
    var encoding = item.table.encoding ?? encodings[item.input] ?? .utf8
    let surveyed = encodings[item.input] ?? .utf8
    // A mark at the beginning knows better than a declaration of one byte a character.
    if surveyed == .utf16LittleEndian || surveyed == .utf16BigEndian { encoding = surveyed }
    if let line = changesOfEncoding[item.input] {
      remarks.warn(
        "'\(item.input.name)' is UTF-8 in part and in part not, first on line \(line), and was read as "
          + "\(encoding == .utf8 ? "UTF-8" : "Windows-1252"): names of either part do not match those of the other, so save "
          + "its parts in one encoding and load it into a database without these names")
    } else if item.table.encoding == nil, encoding == .windows1252 {
      remarks.warn(
        "'\(item.input.name)' is no UTF-8 and was read as Windows-1252: save it as UTF-8, or declare its encoding")
    }
    let separator = try item.table.separator ?? detect(item, encoding, required)
    let table = try MappedTable(
      item.input, item.table, encoding: encoding, separator: separator, required: required, optional: optional)
    reading.files.append(
      DeliveryReading.File(
        name: item.input.name, role: item.role, table: item.table, separator: separator,
        header: table.reader.columnNames))
    // What one table passes over, another of the same file may read.
    remarks.notRead[item.input.name] =
      remarks.notRead[item.input.name].map { $0.filter(table.unread.contains) } ?? table.unread
    for name in table.absent { remarks.note("'\(item.input.name)' has no column '\(name)', which the mapping names") }
    return table
  }

  private func detect(
    _ item: DeliveryFiles.Item, _ encoding: TextEncoding, _ required: [String]
  ) throws(IngestError) -> Separator {
    let source = try ByteSource(item.input, encoding: encoding)
    var sample = [UInt8](repeating: 0, count: 1 << 16)
    var filled = 0
    while filled < sample.count - 64 {
      let count = try source.read(into: &sample, at: filled)
      if count == 0 { break }
      filled += count
    }
    let columns = required.filter { item.table.constants[$0] == nil }.map { item.table.columns[$0] ?? $0 }
    return Separator.detect(Array(sample[..<filled]), isWhole: filled < sample.count - 64, columns: columns)
  }

  /// Moves to the next row that is one and is wanted, refusing those that are none.
  mutating func nextRow(_ table: inout MappedTable) throws -> Bool {
    while try table.reader.csv.advance() {
      if table.reader.isBlank { continue }
      try meter.row(table.reader.csv.source)
      if let refusal = table.reader.structuralRefusal {
        try refusals.refuse(refusal, in: writer)
      } else if !table.isSkipped() {
        if !table.reader.nameless.isEmpty { table.noteNameless() }
        return true
      }
    }
    return false
  }

  mutating func finish(_ table: borrowing MappedTable) throws {
    if table.skipped > 0 { remarks.skipped[table.reader.file, default: 0] += table.skipped }
    if table.namelessValues > 0 {
      remarks.warn(
        "\(table.namelessValues) rows of '\(table.reader.file)' hold something in a column without a name, which is not "
          + "read: name the column if it belongs to the delivery")
    }
    try meter.finish(table.reader.csv.source)
  }

  /// Reads all tables, masters before what names them.
  ///
  /// - Parameter retried: the load out of whose quarantine the rows come.
  func load(_ files: DeliveryFiles, latestDay: Day, retried: RetriedLoad? = nil) throws -> SalesTable {
    var tables = self
    try writer.setLevels(tree: "product", mapping.productLevels)
    try writer.setLevels(tree: "location", mapping.locationLevels)
    for item in files.items(.coverage) { try tables.loadCoverage(item) }
    // Moves of products must be known before their masters.
    for item in files.items(.links) { try tables.loadLinks(item) }
    for item in files.items(.products) { try tables.loadProducts(item) }
    for item in files.items(.stores) { try tables.loadStores(item) }
    for item in files.items(.events) { try tables.loadEvents(item) }
    var sales = SalesTable(tables: tables, latestDay: latestDay, retried: retried)
    if retried == nil, mapping.rows == .lines, files.items(.sales).count > 1 { sales.repeatedLines = RepeatedLines() }
    for item in files.items(.sales) { try sales.load(item) }
    // These name products and stores, which sales may bring.
    for item in files.items(.attributes) { try sales.tables.loadAttributes(item) }
    for item in files.items(.ranging) { try sales.tables.loadRanging(item) }
    for item in files.items(.regressors) { try sales.tables.loadRegressors(item) }
    for item in files.items(.annotations) { try sales.tables.loadAnnotations(item) }
    return sales
  }
}
