import DemandData
import SalesStore

/// Reads an M5 sales file: one row per series, one column per day.
struct M5Sales {
  private static let names = ["id", "item_id", "dept_id", "cat_id", "store_id", "state_id"]
  private static let mostUnits = 1_000_000_000

  private let input: InputFile
  private let prices: M5Prices
  private let stores: Set<String>?
  private let writer: LoadWriter
  /// Positions of the day columns taken, with the numbers of their days.
  private let columns: [(position: Int, day: Int)]
  private let positions: [Int]
  private let closedDays: Set<Int>
  private let columnNames: [String]
  private var found: Set<String> = []
  private var seen: Set<Int> = []
  private var loaded = LoadSummary()
  private var notRangedDays = 0
  private var closedCount = 0
  private var soldCount = 0
  private var restated = 0
  /// Days of which only the price is another.
  private var repriced = 0
  private let restate: DeliveryLoad.Restate
  /// Columns with a figure of any item, by store.
  private var reported: [Int: [Bool]] = [:]
  /// Last day with a row in the database before this load, by store.
  private var lastBefore: [Int: Int] = [:]

  init(
    _ input: InputFile, calendar: M5Calendar, prices: M5Prices, stores: Set<String>?, until: Day?,
    restate: DeliveryLoad.Restate, writer: LoadWriter
  ) throws {
    let table = try Self.open(input)
    var columns: [(position: Int, day: Int)] = []
    for (position, name) in table.columnNames.enumerated() where !Self.names.contains(name) {
      guard let day = calendar.day(ofColumn: name) else {
        throw IngestError.option(
          "'\(input.name)' line 1: column '\(name)' is no day of the calendar file: take both files from one delivery")
      }
      columns.append((position, day.number))
    }
    columns.sort { $0.day < $1.day }
    guard let first = columns.first?.day, let last = columns.last?.day else {
      throw IngestError.wrongHeader(
        file: input.name, found: table.columnNames, required: Self.names + ["d_1", "d_2"], optional: [])
    }
    if let until, !(first...last).contains(until.number) {
      throw IngestError.option(
        "the sales of '\(input.name)' run from \(Day(number: first)) to \(Day(number: last)): --until \(until) is outside"
      )
    }
    self.input = input
    self.prices = prices
    self.stores = stores
    self.writer = writer
    self.restate = restate
    self.columns = columns.filter { $0.day <= until?.number ?? last }
    positions = Self.names.map { table.position($0) }
    closedDays = Set(calendar.closures.map(\.day.number))
    columnNames = table.columnNames
  }

  private static func open(_ input: InputFile) throws(IngestError) -> TableReader {
    try TableReader(input, required: names, open: "d", maximumRecord: 1 << 18, rawLimit: 1000)
  }

  mutating func load(refusals: inout RowRefusals, meter: inout ProgressMeter) throws {
    var table = try Self.open(input)
    while try table.csv.advance() {
      try meter.row(table.csv.source)
      // A row is two thousand days: report more often than for short rows.
      try meter.report(table.csv.source)
      if let refusal = table.structuralRefusal {
        try refusals.refuse(refusal, in: writer)
        continue
      }
      let store = table.csv.text(positions[4])
      guard stores?.contains(store) ?? true else { continue }
      found.insert(store)
      if let refusal = nameRefusal(table) {
        try refusals.refuse(refusal, in: writer)
        continue
      }
      let (series, place): (Int, Int)
      do {
        (series, place) = try addSeries(table)
      } catch StoreError.hierarchy(let reason) {
        try refusals.refuse(table.refusal("item_id", "hierarchy", reason), in: writer)
        continue
      }
      guard seen.insert(series).inserted else {
        try refusals.refuse(
          table.refusal("id", "duplicate_row", "the file has this item and store already: keep one of the rows"),
          in: writer)
        continue
      }
      try write(series, store: place, table, refusals: &refusals)
    }
    if let missing = stores?.subtracting(found).sorted().first {
      throw IngestError.option("'\(input.name)' has no store '\(missing)': correct --stores")
    }
    guard !seen.isEmpty else { throw IngestError.emptyFile(input.name) }
    try meter.finish(table.csv.source)
  }

  /// Why the names of a row cannot be those of an item and a store, or nil.
  private func nameRefusal(_ table: borrowing TableReader) -> QuarantinedRow? {
    for position in positions.dropFirst() {
      let column = columnNames[position]
      guard let name = table.validText(position) else { return table.refusal(column, "invalid_utf8", Reasons.utf8) }
      if name.isEmpty { return table.refusal(column, "empty_name", "the \(column) is empty: fill it in") }
    }
    return nil
  }

  private mutating func addSeries(_ table: borrowing TableReader) throws -> (series: Int, store: Int) {
    func text(_ index: Int) -> String { table.csv.text(positions[index]) }
    let product = try writer.addProduct(path: [text(3), text(2), text(1)])
    let store = try writer.addStore(path: [text(5), text(4)])
    let series = try writer.seriesID(product: product.id, store: store)
    if let last = writer.series(series).lastRow { lastBefore[store] = max(lastBefore[store] ?? last, last) }
    return (series, store)
  }

  private mutating func write(
    _ id: Int, store: Int, _ table: borrowing TableReader, refusals: inout RowRefusals
  ) throws {
    let weeks = prices.weeks(item: table.csv.text(positions[1]), store: table.csv.text(positions[4]))?.steps()
    let before = writer.series(id).isNew ? PriceSteps() : try writer.priceSteps(series: id)
    var prices = weeks?.steps ?? before
    var units = [Int](repeating: -1, count: columns.count)
    var firstPositive: Int?
    for (index, column) in columns.enumerated() {
      guard let value = FieldParsing.whole(table.csv.bytes(column.position)), value <= Self.mostUnits else {
        try refusals.refuse(refusal(table, column.position), in: writer)
        continue
      }
      units[index] = value
      if value > 0, firstPositive == nil { firstPositive = column.day }
    }
    var figures = reported.removeValue(forKey: store) ?? [Bool](repeating: false, count: columns.count)
    for index in units.indices where units[index] >= 0 { figures[index] = true }
    reported[store] = figures
    guard let start = [weeks?.first, firstPositive].compactMap(\.self).min() else {
      notRangedDays += columns.count
      return
    }
    let days = columns[0].day...columns[columns.count - 1].day
    let isKnown = writer.series(id).lastRow.map { $0 >= days.lowerBound } ?? false
    let known = isKnown ? try writer.existingRows(series: id, in: days) : [:]
    if prices != before, !restate.supersedes {
      prices = try unrestated(prices, before, known, id, table, refusals: &refusals)
    }
    if prices != before { try writer.writePriceSteps(series: id, prices) }
    var last: Int?
    for (index, column) in columns.enumerated() {
      guard column.day >= start else {
        notRangedDays += 1
        continue
      }
      guard units[index] >= 0 else { continue }
      last = column.day
      if let old = known[column.day] {
        if old.status == .unknown {
          try replace(id, column.day, units: units[index])
        } else if old.units != Double(units[index]) {
          try restate(id, column, known: old, units: units[index], before, table, refusals: &refusals)
        } else if prices != before, let price = before.price(on: column.day),
          prices.price(on: column.day).map({ $0.differs(from: price) }) == true
        {
          try keep(id, column.day, old, price: price, forgetsPromotions: false)
          repriced += 1
        } else {
          loaded.rowsUnchanged += 1
        }
        continue
      }
      let closed = closedDays.contains(column.day)
      if closed { closedCount += 1 } else { soldCount += 1 }
      try writer.writeSale(
        series: id, day: column.day, units: Double(units[index]), status: closed ? .closed : .sold)
    }
    if let last { writer.noteRows(series: id, through: last) }
    writer.setRange(series: id, firstDay: start, startKnown: weeks?.first == start, delistAfter: nil)
  }

  /// Prices that contradict none of the days that the database has: up to the last of them those it had, where one would.
  /// Each run of days with another price is refused once.
  ///
  /// - Parameters:
  ///   - before: prices that the database has.
  ///   - known: rows that the database has.
  private func unrestated(
    _ prices: PriceSteps, _ before: PriceSteps, _ known: [Int: (units: Double, status: DayStatus)], _ id: Int,
    _ table: borrowing TableReader, refusals: inout RowRefusals
  ) throws -> PriceSteps {
    var isRefused = false
    var last: (old: Double, new: Double)?
    for column in columns {
      guard known[column.day].map({ $0.status != .unknown }) == true, let old = before.price(on: column.day),
        let new = prices.price(on: column.day), old.differs(from: new)
      else {
        last = nil
        continue
      }
      isRefused = true
      defer { last = (old, new) }
      if let last, last == (old, new) { continue }
      try refusals.refuse(
        table.refusal(
          column: columnNames[column.position], value: String(new), kind: "contradicts_database",
          reason: "the database has a price of \(old.formatted) from \(Day(number: column.day)) on: deliver the prices "
            + "that were loaded first, or load with --restate supersede if it is a correction"), in: writer)
    }
    guard isRefused, let end = writer.series(id).lastRow else { return prices }
    var kept = PriceSteps()
    for (day, price) in zip(before.days, before.prices) where day <= end {
      kept.observe(price: price, on: day, lastSeen: nil)
    }
    if let next = prices.price(on: end + 1) { kept.observe(price: next, on: end + 1, lastSeen: nil) }
    for (day, price) in zip(prices.days, prices.prices) where day > end + 1 {
      kept.observe(price: price, on: day, lastSeen: nil)
    }
    return kept
  }

  /// Takes a figure that an earlier load gave otherwise, which is kept, or refuses it.
  ///
  /// - Parameter before: prices that the database had.
  private mutating func restate(
    _ id: Int, _ column: (position: Int, day: Int), known: (units: Double, status: DayStatus), units: Int,
    _ before: PriceSteps, _ table: borrowing TableReader, refusals: inout RowRefusals
  ) throws {
    guard restate.supersedes else {
      return try refusals.refuse(
        table.refusal(
          column: columnNames[column.position], value: String(units), kind: "contradicts_database",
          reason: "the database has \(known.units.formatted) units on \(Day(number: column.day)): deliver the figures "
            + "that were loaded first, or load with --restate supersede if it is a correction"), in: writer)
    }
    try keep(id, column.day, known, price: before.price(on: column.day))
    try replace(id, column.day, units: units)
  }

  /// Keeps what an earlier load said of a day that this one changes.
  private mutating func keep(
    _ id: Int, _ day: Int, _ known: (units: Double, status: DayStatus), price: Double?, forgetsPromotions: Bool = true
  ) throws {
    try writer.supersede(
      series: id, day: day, units: known.units, status: known.status, price: price,
      details: try writer.details(series: id, day: day), forgetsPromotions: forgetsPromotions)
    restated += 1
  }

  private mutating func replace(_ id: Int, _ day: Int, units: Int) throws {
    let closed = closedDays.contains(day)
    if closed { closedCount += 1 } else { soldCount += 1 }
    try writer.writeSale(
      series: id, day: day, units: Double(units), status: closed ? .closed : .sold, replaces: true)
  }

  /// Why a cell is no number of units.
  private func refusal(_ table: borrowing TableReader, _ position: Int) -> QuarantinedRow {
    let bytes = table.csv.bytes(position)
    let (kind, reason) =
      switch FieldParsing.number(bytes) {
      case nil: ("not_a_number", "units are no number: write digits; the day counts as unknown")
      case let value? where value < 0: ("negative_units", "units are negative: 0 at least; the day counts as unknown")
      case let value? where value != value.rounded():
        ("fractional_units", "products are counted, units must be whole; the day counts as unknown")
      default: ("too_large", "more than a billion units or not plain digits: correct it; the day counts as unknown")
      }
    return table.refusal(
      column: columnNames[position], value: String(decoding: bytes, as: UTF8.self), kind: kind, reason: reason)
  }

  /// Notes on which days the stores reported: a figure that could not be read leaves its day unknown.
  ///
  /// - Returns: a warning of days that the files leave out, or nil.
  func writeStoreDays() throws -> String? {
    var gaps = StoreGaps(step: 1)
    let closures = try StoreClosures(writer)
    for (store, figures) in reported.sorted(by: { $0.key < $1.key }) {
      let days = zip(columns, figures).filter(\.1).map(\.0.day)
      for day in days { try writer.writeStoreDay(store: store, day: day, missingMeansZero: false) }
      try gaps.add(
        store: store, reported: days, before: lastBefore[store], closed: closures.days(of: store), writer)
    }
    return gaps.warning
  }

  func summary(rows: Int, warnings: [String], refusals: RowRefusals) -> LoadSummary {
    var summary = loaded
    summary.rowsLoaded = soldCount + closedCount + repriced
    summary.rowsRestated = restated
    summary.rowsQuarantined = refusals.badRows
    summary.quarantinedByReason = refusals.byKind
    summary.daysByStatus = ["sold": soldCount, "closed": closedCount, "notRanged": notRangedDays]
    summary.firstDay = columns.first.map { Day(number: $0.day) }
    summary.lastDay = columns.last.map { Day(number: $0.day) }
    summary.completeThrough = summary.lastDay
    summary.newProducts = writer.newProducts
    summary.newStores = writer.newStores
    summary.newSeries = writer.newSeries
    summary.details = LoadDetails(
      rows: rows, timeGrain: SourceMapping.TimeGrain.day.rawValue, dayClasses: [:], warnings: warnings, notes: [],
      notStored: [:], notRead: [:], skipped: [:], reading: "")
    return summary
  }
}
