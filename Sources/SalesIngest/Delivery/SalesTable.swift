import DemandData
import SalesStore

/// Reads sales rows, refuses the bad ones, and writes the others in batches sorted by series and day.
struct SalesTable {
  struct Row {
    let series: Int
    let day: Int
    var fact: SalesFact
    let stored: Stored
  }

  /// What the database has for the row's key.
  enum Stored {
    case nothing
    /// The same units and status.
    case same
    /// No figure at all: it gives way.
    case part
    /// What an earlier delivery said, which this row restates.
    case other(units: Double, status: DayStatus)
  }

  static let batchSize = 500_000
  /// Series whose prices are asked for by one query.
  private static let seriesAtOnce = 1024

  var tables: DeliveryTables
  let latestDay: Day
  /// What the rows are that come out of quarantine; nil for those of a delivery.
  let retried: RetriedLoad?
  var keys: SalesKeys
  var record = SalesRecord()
  var summary = LoadSummary()
  /// Rows that said otherwise than an earlier delivery.
  var restated = 0
  var lines: ReceiptLines
  private(set) var batch: [Row] = []
  var said = SaidBefore()
  /// Sums of days that are unknown, as lines of theirs were refused, and days that keep what they had for that reason.
  var openSums: [LoadDetails.OpenSum] = []
  var keptDays = 0
  /// Days to which as many lines were added as had been dropped of them, and one of them in words.
  var completedDays = 0
  var completedExample: String?
  /// Those of earlier loads, once they are asked for.
  var earlierSums: EarlierSums?
  /// Lines of the files read so far; nil where no second file can repeat them.
  var repeatedLines: RepeatedLines?

  /// - Parameter retried: the load out of whose quarantine the rows come.
  init(tables: DeliveryTables, latestDay: Day, retried: RetriedLoad? = nil) {
    self.tables = tables
    self.latestDay = latestDay
    self.retried = retried
    keys = SalesKeys(tables.writer)
    lines = ReceiptLines(limit: tables.linesInMemory)
  }

  mutating func load(_ item: DeliveryFiles.Item) throws {
    let names = tables.mapping.columns(.sales)
    var table = try tables.open(item, required: names.required, optional: names.optional)
    let columns = SalesColumns(table, tables.mapping)
    let key = try lineKey(item, table)
    var repeated = 0
    let before = tables.meter.rows
    // Rows that were read before are read as they were.
    var doubt = retried == nil ? NumberDoubt(table, columns) : nil
    while try tables.nextRow(&table) {
      if let key, repeatedLines?.isRepeated(table, key, item.table.hashValue) == true {
        repeated += 1
        continue
      }
      guard case .failure(let refusal) = try take(table, columns) else {
        doubt?.observe(table)
        continue
      }
      if let key = refusal.key { record.noteUnknown(product: key.product, store: key.store, day: key.day) }
      if let key = refusal.key, tables.mapping.rows == .lines {
        let place = LoadDetails.QuarantinePlace(file: refusal.row.file, line: refusal.row.line)
        record.noteRefusedLine(
          EarlierSums.Key(product: key.product, store: key.store, day: key.day), retried?.origin(of: place) ?? place)
      }
      if refusal.isPassedOver { continue }
      try tables.refusals.refuse(refusal.row, in: tables.writer, isHeld: refusal.isHeld)
    }
    try doubt?.check()
    repeatedLines?.finishFile()
    if tables.meter.rows == before, retried == nil {
      tables.remarks.warn("'\(item.input.name)' holds a header and no rows: if there were sales, deliver it again")
    }
    if repeated > 0 {
      tables.remarks.skipped[item.input.name, default: 0] += repeated
      tables.remarks.note(
        "\(repeated) lines of '\(item.input.name)' are in an earlier file of the delivery too: they count once")
    }
    try tables.finish(table)
  }

  /// The columns that tell lines apart; nil where the mapping names none.
  private mutating func lineKey(
    _ item: DeliveryFiles.Item, _ table: borrowing MappedTable
  ) throws -> [RepeatedLines.Field]? {
    let names = item.table.lineKey
    guard repeatedLines != nil, !names.isEmpty else { return nil }
    var kinds: [Int: RepeatedLines.Field.Kind] = [:]
    for (column, kind) in [
      ("date", RepeatedLines.Field.Kind.date), ("units", .number), ("price", .number), ("base_price", .number),
      ("revenue", .number), ("stock_on_hand", .number),
    ] { if let position = table.column(column)?.position { kinds[position] = kind } }
    let fields = names.compactMap { name in
      table.reader.columns[name].map { RepeatedLines.Field(position: $0, kind: kinds[$0] ?? .text) }
    }
    if fields.count == names.count { return fields }
    let missing = names.first { table.reader.columns[$0] == nil } ?? ""
    tables.remarks.warn(
      "'\(item.input.name)' has no column '\(missing)', which tells lines apart: lines that are in several files count "
        + "several times")
    return nil
  }

  /// Reads a row and keeps it.
  private mutating func take(_ table: borrowing MappedTable, _ columns: SalesColumns) throws -> Parsed<Void> {
    let day: Day
    switch self.day(table, columns) {
    case .success(let value): day = value
    case .failure(let refusal): return .failure(refusal)
    }
    let product: LoadWriter.Product
    switch try keys.product(table, columns, tables) {
    case .success(let value): product = value
    case .failure(let refusal): return .failure(refusal)
    }
    let store: Int
    switch try keys.store(table, columns, tables) {
    case .success(let value): store = value
    case .failure(let refusal): return .failure(refusal)
    }
    let key = (product: product.id, store: store, day: day.number)
    if let retried, retried.isPassedOver(table.reader.file, line: table.reader.csv.line) {
      return .failure(SalesRefusal(row: table.refusal(columns.date, "", ""), key: key, isPassedOver: true))
    }
    if columns.placesProducts || columns.placesStores,
      let row = try keys.misplaced(table, columns, day: day.number, tables.writer)
    {
      return .failure(SalesRefusal(row: row, key: key))
    }
    switch fact(table, columns, isCount: product.isCount) {
    case .failure(var refusal):
      refusal.key = key
      return .failure(refusal)
    case .success(let fact):
      return try keep(fact, product: product.id, store: store, day: day.number, table, columns)
    }
  }

  private mutating func keep(
    _ given: SalesFact, product: Int, store: Int, day: Int, _ table: borrowing MappedTable, _ columns: SalesColumns
  ) throws -> Parsed<Void> {
    let writer = tables.writer
    let series = try writer.seriesID(product: product, store: store)
    record.touch(series: series, product: product, store: store, lastRow: writer.series(series).lastRow)
    var fact = given
    if tables.mapping.rows == .lines {
      if let known = try valueOfOthers(series: series, day: day) {
        return .failure(
          SalesRefusal(
            row: table.refusal(
              columns.units, "contradicts_database",
              "the database has \(known.formatted) units for this product, store and day, and another load may have "
                + "brought them with this line: if it did, forget the line with 'demand quarantine drop', else deliver "
                + "the whole day again")))
      }
      note(fact, table)
      if fact.units < 0, tables.mapping.negative != .net { setAside(&fact) }
      record.note(series: series, store: store, day: day)
      try lines.add(series: series, day: day, fact)
      return .success(())
    }
    guard !record.contains(series: series, day: day) else {
      return .failure(
        SalesRefusal(
          row: table.refusal(
            columns.date, "duplicate_row",
            "the delivery has this product, store and day already: keep one of the rows")))
    }
    if fact.units < 0 { setAside(&fact) }
    let isSold = fact.status == .sold
    readZero(&fact)
    var stored = Stored.nothing
    if let last = record.lastRowBefore(series: series), day <= last,
      let known = try writer.existing(series: series, day: day)
    {
      if isSold { fact.keepStock(known) }
      stored = Self.stored(known, as: fact)
      if try isRejected(fact, stored, series: series, day: day) {
        let mend =
          retried == nil
          ? "correct the row, or load with --restate supersede if it is a correction"
          : "if the row is the newer, take it with 'demand quarantine retry --restate supersede', else forget it with "
            + "'demand quarantine drop'"
        return .failure(
          SalesRefusal(
            row: table.refusal(
              columns.units, "contradicts_database",
              "the database has \(known.units.formatted) units (\(known.status.words)) for this product, store and day"
                + (known.units == fact.units ? ", and another price, promotion or figure: " : ": ") + mend)))
      }
    }
    note(fact, table)
    if fact.namesState, !fact.status.hasUnits {
      record.noteUnknown(series: series, day: day)
    } else {
      record.note(series: series, store: store, day: day)
    }
    append(Row(series: series, day: day, fact: fact, stored: stored))
    if batch.count >= Self.batchSize { try flush() }
    return .success(())
  }

  /// What the database has of a day, as a row sees it that says `fact`.
  static func stored(_ known: (units: Double, status: DayStatus), as fact: SalesFact) -> Stored {
    if known.units == fact.units, known.status == fact.status { return .same }
    return known.status == .unknown ? .part : .other(units: known.units, status: known.status)
  }

  /// Whether a row says otherwise than the database and must not, be it a price or a promotion.
  mutating func isRejected(_ fact: SalesFact, _ stored: Stored, series: Int, day: Int) throws -> Bool {
    guard tables.options.restate == .reject else { return false }
    switch stored {
    case .other: return true
    case .nothing, .part: return false
    case .same: return try said.isContradicted(by: fact, series: series, day: day, tables.writer)
    }
  }

  /// Counts what is not stored, and what is odd.
  private mutating func note(_ fact: SalesFact, _ table: borrowing MappedTable) {
    tables.noteOthers(table)
    if fact.price == 0, fact.units > 0 { tables.remarks.zeroPrices += 1 }
  }

  /// Reads negative units as the mapping says: none was sold, and the rest came back.
  private mutating func setAside(_ fact: inout SalesFact) {
    tables.remarks.negativeAsZero += 1
    if tables.mapping.negative == .separate { tables.remarks.returnedUnits -= fact.units }
    fact.units = 0
    // What was paid back is no revenue of what was sold.
    if tables.mapping.revenue == .unitsTimesPrice { fact.details.revenue = nil }
    fact.lacksRevenue = false
  }

  /// Gives a day without units the meaning that the mapping says.
  func readZero(_ fact: inout SalesFact) {
    guard !fact.namesState else { return }
    if fact.units == 0, fact.status == .sold { fact.status = tables.mapping.zero.status }
    // Units know better than the word that the store was shut.
    if fact.units > 0, fact.status == .closed { fact.status = .sold }
  }

  mutating func append(_ row: Row) {
    batch.append(row)
    let day = Day(number: row.day)
    summary.firstDay = min(summary.firstDay ?? day, day)
    summary.lastDay = max(summary.lastDay ?? day, day)
  }

  mutating func flush() throws {
    batch.sort { ($0.series, $0.day) < ($1.series, $1.day) }
    var groups: [Range<Int>] = []
    var start = 0
    while start < batch.count {
      var end = start + 1
      while end < batch.count, batch[end].series == batch[start].series { end += 1 }
      groups.append(start..<end)
      start = end
    }
    for part in stride(from: 0, to: groups.count, by: Self.seriesAtOnce) {
      let groups = groups[part..<min(part + Self.seriesAtOnce, groups.count)]
      // A price of zero is a gift or a gap: it would be carried forward as the price of days to come.
      let priced = groups.filter { batch[$0].contains { $0.fact.price > 0 } }.map { batch[$0.lowerBound].series }
      let known = try tables.writer.priceSteps(of: priced)
      let prices = Set(priced)
      let promotions = try knownPromotions(groups)
      for group in groups {
        let id = batch[group.lowerBound].series
        try write(
          batch[group], priceSteps: prices.contains(id) ? known[id] ?? PriceSteps() : nil,
          promotions: promotions[id] ?? [:])
      }
    }
    batch.removeAll(keepingCapacity: true)
    said.forget()
  }

  /// Promotions of known days of which the batch's rows say some, or none.
  private func knownPromotions(_ groups: ArraySlice<Range<Int>>) throws -> [Int: [Int: [Promotion]]] {
    var wanted: Set<Int> = []
    var days: ClosedRange<Int>?
    for row in groups.lazy.flatMap({ batch[$0] }) where row.fact.saysPromotions {
      guard case .same = row.stored else { continue }
      wanted.insert(row.series)
      days = min(days?.lowerBound ?? row.day, row.day)...max(days?.upperBound ?? row.day, row.day)
    }
    return try tables.writer.promotions(of: wanted.sorted(), in: days)
  }

  /// Writes the rows of one series.
  ///
  /// - Parameters:
  ///   - before: prices that the database has; nil where no row has a price.
  ///   - promotions: those that the database has, by day, as far as rows say some.
  private mutating func write(
    _ rows: ArraySlice<Row>, priceSteps before: PriceSteps?, promotions: [Int: [Promotion]]
  ) throws {
    let writer = tables.writer
    let id = rows.first!.series
    let known = writer.series(id)
    var steps = before
    for row in rows {
      let fact = row.fact
      let isRestated = try supersede(row, before, promotions[row.day] ?? [])
      if isRestated { restated += 1 }
      if case .same = row.stored, fact.saysPromotions, Set(fact.promotions) != Set(promotions[row.day] ?? []) {
        tables.remarks.stored["promotions", default: 0] += 1
      }
      if case .same = row.stored {
        if isRestated { summary.rowsLoaded += 1 } else { summary.rowsUnchanged += 1 }
      } else {
        var replaces = true
        if case .nothing = row.stored { replaces = false }
        try writer.writeSale(series: id, day: row.day, units: fact.units, status: fact.status, replaces: replaces)
        summary.daysByStatus[String(describing: fact.status), default: 0] += 1
        summary.rowsLoaded += 1
      }
      record.noteState(series: id, day: row.day, units: fact.units, fact.status)
      if !fact.namesState || fact.status.hasUnits { record.noteUnits(series: id, fact.units) }
      for promotion in fact.promotions {
        try writer.writePromotion(series: id, day: row.day, kind: promotion.kind, share: promotion.share)
      }
      if !fact.details.isEmpty { try writeDetails(fact.details, series: id, day: row.day) }
      if fact.lacksRevenue { try writer.forgetRevenue(series: id, day: row.day) }
      if fact.price > 0 { steps?.observe(price: fact.price, on: row.day, lastSeen: known.lastRow) }
    }
    if let steps, steps != before { try writer.writePriceSteps(series: id, steps) }
    writer.noteRows(series: id, through: rows.last!.day)
    writer.setRange(
      series: id, firstDay: rows.first!.day, startKnown: false, delistAfter: tables.options.delistAfterDays)
  }

  /// Keeps what an earlier delivery said of a row's day, where the row says otherwise.
  ///
  /// - Parameters:
  ///   - steps: the prices that the database has, as far as they were looked up.
  ///   - promotions: likewise its promotions on the day.
  private func supersede(_ row: Row, _ steps: PriceSteps?, _ promotions: [Promotion]) throws -> Bool {
    let (units, status): (Double, DayStatus)
    var forgetsPromotions = true
    let fact = row.fact
    var price = steps?.price(on: row.day)
    let writer = tables.writer
    switch row.stored {
    case .nothing: return false
    case .part:
      // A day without figures may have promotions all the same.
      if fact.saysPromotions { try writer.forgetPromotions(series: row.series, day: row.day) }
      return false
    case .same:
      let isNewPrice = fact.price > 0 && price.map { $0.differs(from: fact.price) } == true
      let areOtherPromotions = fact.saysPromotions && SaidBefore.isContradicted(promotions, by: fact.promotions)
      guard isNewPrice || areOtherPromotions || !fact.details.isEmpty else { return false }
      let details = try writer.details(series: row.series, day: row.day)
      guard isNewPrice || areOtherPromotions || details.isContradicted(by: fact.details) else { return false }
      (units, status) = (fact.units, fact.status)
      forgetsPromotions = fact.saysPromotions
    case .other(let knownUnits, let knownStatus):
      if steps == nil { price = try writer.priceSteps(series: row.series).price(on: row.day) }
      (units, status) = (knownUnits, knownStatus)
    }
    try writer.supersede(
      series: row.series, day: row.day, units: units, status: status, price: price,
      details: try writer.details(series: row.series, day: row.day), forgetsPromotions: forgetsPromotions)
    return true
  }

  private mutating func writeDetails(_ details: SalesDetails, series: Int, day: Int) throws {
    try tables.writer.writeDetails(series: series, day: day, details)
    if details.revenue != nil { tables.remarks.stored["revenue", default: 0] += 1 }
    if details.basePrice != nil { tables.remarks.stored["base_price", default: 0] += 1 }
    if details.stockOnHand != nil { tables.remarks.stored["stock_on_hand", default: 0] += 1 }
  }
}

extension Double {
  /// Without the point of whole numbers.
  var formatted: String { self == rounded() && abs(self) < 1e15 ? String(Int(self)) : String(self) }
}
