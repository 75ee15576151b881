import DemandData
import SalesStore

/// Reads sales rows, refuses the bad ones, and writes the others in batches sorted by series and day.
struct SalesTable {
  private struct Row {
    let series: Int32
    let day: Int32
    let units: Double
    /// Not a number where there is none.
    let price: Double
    let outOfStock: Bool
    let promotion: Bool
    let stored: Stored
  }

  /// What the database has for the row's key.
  private enum Stored { case nothing, same, other }

  private static let batchSize = 1_000_000
  /// More than any shop sells of a product on a day, and within 32 bits.
  private static let mostUnits = 1e9

  private var tables: LongTables
  private let latestDay: Day
  private var summary = LoadSummary()
  private var batch: [Row] = []
  /// Days met in this load by series, and by store.
  private var seriesDays: [Int: DaySet] = [:]
  private var storeDays: [Int: DaySet] = [:]

  init(tables: LongTables, latestDay: Day) {
    self.tables = tables
    self.latestDay = latestDay
  }

  mutating func load(_ path: String) throws {
    var table = try TableReader(
      path: path, required: ["date", "product", "store", "units"], optional: ["price", "promotion", "stock"])
    let columns = Columns(table)
    while try tables.nextRow(&table) {
      switch try parse(table, columns) {
      case .success(let row): try keep(row)
      case .failure(let refusal): try tables.refusals.refuse(refusal.row, in: tables.writer)
      }
    }
    try tables.meter.finish(table.csv.source)
  }

  private struct Columns {
    let date, product, store, units: Int
    let price, promotion, stock: Int?

    init(_ table: borrowing TableReader) {
      date = table.position("date")
      product = table.position("product")
      store = table.position("store")
      units = table.position("units")
      price = table.columns["price"]
      promotion = table.columns["promotion"]
      stock = table.columns["stock"]
    }
  }

  private struct Refusal: Error { let row: QuarantinedRow }

  private mutating func parse(_ table: borrowing TableReader, _ columns: Columns) throws -> Result<Row, Refusal> {
    let writer = tables.writer
    func refuse(_ column: String, _ kind: String, _ reason: String) -> Result<Row, Refusal> {
      .failure(Refusal(row: table.refusal(column, kind, reason)))
    }
    guard let day = FieldParsing.day(table.csv.bytes(columns.date)) else {
      return refuse("date", "unparseable_date", Reasons.date)
    }
    guard day <= latestDay else {
      return refuse("date", "future_date", "sales after \(latestDay) have not happened yet: correct the date")
    }
    guard day >= tables.options.earliestDay else {
      return refuse("date", "date_too_early", "before \(tables.options.earliestDay): correct the year")
    }
    guard let product = writer.products[table.csv.text(columns.product)] else {
      guard table.validText(columns.product) != nil else { return refuse("product", "invalid_utf8", Reasons.utf8) }
      return refuse("product", "unknown_product", "not in products.csv: add it there or correct it")
    }
    guard let store = writer.stores[table.csv.text(columns.store)] else {
      guard table.validText(columns.store) != nil else { return refuse("store", "invalid_utf8", Reasons.utf8) }
      return refuse("store", "unknown_store", "not in stores.csv: add it there or correct it")
    }
    guard let units = FieldParsing.number(table.csv.bytes(columns.units)) else {
      return refuse("units", "not_a_number", "units are no number: write digits, with a point for fractions")
    }
    guard units >= 0 else {
      return refuse("units", "negative_units", "units are negative: deliver sales before returns, 0 at least")
    }
    guard !product.isCount || units == units.rounded() else {
      return refuse(
        "units", "fractional_units",
        "the product is counted, units must be whole: round them, or give the product the kind measure in products.csv")
    }
    guard units <= Self.mostUnits else {
      return refuse("units", "too_large", "more than a billion units on a day: correct them")
    }
    var price = Double.nan
    if let column = columns.price, !table.csv.fields[column].isEmpty {
      guard let value = FieldParsing.number(table.csv.bytes(column)) else {
        return refuse("price", "not_a_number", "the price is no number: write digits with a point, or leave it empty")
      }
      guard value >= 0 else { return refuse("price", "negative_price", "the price is negative: correct it") }
      price = value
    }
    var promotion = false
    if let column = columns.promotion {
      switch table.csv.text(column) {
      case "", "0": break
      case "1": promotion = true
      default: return refuse("promotion", "not_a_flag", "not a flag: write 0 or 1")
      }
    }
    var outOfStock = false
    if let column = columns.stock {
      switch table.csv.text(column) {
      case "", "ok": break
      case "out": outOfStock = true
      default: return refuse("stock", "unknown_stock", "not a stock status: write ok or out")
      }
    }
    let series = try writer.seriesID(product: product.id, store: store)
    guard seriesDays[series, default: DaySet()].insert(day.number) else {
      return refuse(
        "date", "duplicate_row", "the delivery has this product, store and day already: keep one of the rows")
    }
    var stored = Stored.nothing
    if let last = writer.series(series).lastRow, day.number <= last,
      let known = try writer.existing(series: series, day: day.number)
    {
      stored = known.units == units && known.status == (outOfStock ? .outOfStock : .sold) ? .same : .other
      guard stored == .same || tables.options.replace else {
        return refuse(
          "units", "contradicts_database",
          "the database has \(known.units.formatted) units (\(known.status)) for this product, store and day: correct "
            + "the row, or load with replace if it is a correction")
      }
    }
    storeDays[store, default: DaySet()].insert(day.number)
    return .success(
      Row(
        series: Int32(series), day: Int32(day.number), units: units, price: price, outOfStock: outOfStock,
        promotion: promotion, stored: stored))
  }

  private mutating func keep(_ row: Row) throws {
    batch.append(row)
    let day = Day(number: Int(row.day))
    summary.firstDay = min(summary.firstDay ?? day, day)
    summary.lastDay = max(summary.lastDay ?? day, day)
    if batch.count == Self.batchSize { try flush() }
  }

  private mutating func flush() throws {
    batch.sort { ($0.series, $0.day) < ($1.series, $1.day) }
    var start = 0
    while start < batch.count {
      var end = start + 1
      while end < batch.count, batch[end].series == batch[start].series { end += 1 }
      try write(batch[start..<end])
      start = end
    }
    batch.removeAll(keepingCapacity: true)
  }

  /// Writes the rows of one series.
  private mutating func write(_ rows: ArraySlice<Row>) throws {
    let writer = tables.writer
    let id = Int(rows.first!.series)
    let known = writer.series(id)
    let before = rows.contains { !$0.price.isNaN } ? try writer.priceSteps(series: id) : nil
    var steps = before
    for row in rows {
      let day = Int(row.day)
      if row.stored == .same {
        summary.rowsUnchanged += 1
      } else {
        let status = row.outOfStock ? DayStatus.outOfStock : .sold
        try writer.writeSale(series: id, day: day, units: row.units, status: status, replaces: row.stored == .other)
        summary.daysByStatus[String(describing: status), default: 0] += 1
        summary.rowsLoaded += 1
      }
      if row.promotion { try writer.writePromotion(series: id, day: day) }
      if !row.price.isNaN { steps?.observe(price: row.price, on: day, lastSeen: known.lastRow) }
    }
    if let steps, steps != before { try writer.writePriceSteps(series: id, steps) }
    writer.noteRows(series: id, through: Int(rows.last!.day))
    writer.setRange(
      series: id, firstDay: Int(rows.first!.day), startKnown: false, delistAfter: tables.options.delistAfterDays)
  }

  mutating func finish() throws -> LoadSummary {
    try flush()
    guard tables.meter.rows > 0 else { throw IngestError.noRows }
    try tables.refusals.check(rows: tables.meter.rows)
    for store in storeDays.keys.sorted() {
      for day in storeDays[store]!.days {
        try tables.writer.writeStoreDay(store: store, day: day, missingMeansZero: tables.options.missing == .zero)
      }
    }
    summary.rowsQuarantined = tables.refusals.badRows
    summary.quarantinedByReason = tables.refusals.byKind
    summary.completeThrough = tables.options.completeThrough ?? summary.lastDay
    summary.newProducts = tables.writer.newProducts
    summary.newStores = tables.writer.newStores
    summary.newSeries = tables.writer.newSeries
    return summary
  }
}

extension Double {
  /// Without the point of whole numbers.
  fileprivate var formatted: String { self == rounded() ? String(Int(self)) : String(self) }
}
