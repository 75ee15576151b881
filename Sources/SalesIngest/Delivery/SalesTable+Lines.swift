import DemandData
import SalesStore

extension SalesTable {
  /// Writes the sums of receipt lines once the last one is read: only whole days can be compared with what earlier loads
  /// said, and have a price, a state and units that are those of all their lines.
  mutating func writeLines() throws {
    var lines = lines
    self.lines = ReceiptLines(limit: tables.linesInMemory)
    try lines.drain { key, sum in
      try write(key, sum.fact)
      if batch.count >= Self.batchSize { try flush() }
    }
  }

  private mutating func write(_ key: ReceiptLines.Key, _ sum: SalesFact) throws {
    var fact = sum
    let known = try stored(key)
    // What another load may have brought was refused line by line.
    let adds = (retried != nil || tables.options.restate == .add) && known != nil && known?.status != .unknown
    if let known, adds { try add(known.units, to: &fact, key) }
    if fact.lacksRevenue { fact.details.revenue = nil }
    guard fact.units <= SalesLimits.units else {
      try refuseLargeSum(key, fact)
      if known == nil { leaveUnknown(key) }
      return
    }
    if fact.units < 0 {
      tables.remarks.negativeAsZero += 1
      fact.units = 0
    }
    // A sum of many decimals is no more exact than its terms.
    fact.units = (fact.units * 1e6).rounded() / 1e6
    fact.details.revenue = fact.details.revenue.map { ($0 * 1e6).rounded() / 1e6 }
    let isSold = fact.status == .sold
    readZero(&fact)
    if let known, isSold { fact.keepStock(known, adds: adds) }
    var state = Stored.nothing
    if let known {
      state = Self.stored(known, as: fact)
      if !adds, case .other = state, tables.options.restate == .auto {
        throw undecided(key, fact, known: known.units)
      }
      if !adds, try isRejected(fact, state, series: key.series, day: key.day) {
        return try refuseSum(key, fact, known: known.units)
      }
    }
    append(Row(series: key.series, day: key.day, fact: fact, stored: state))
  }

  /// Adds what is stored of a day to lines of the same day.
  private func add(_ units: Double, to fact: inout SalesFact, _ key: ReceiptLines.Key) throws {
    fact.units += units
    guard let revenue = fact.details.revenue else { return }
    let before = try tables.writer.details(series: key.series, day: key.day).revenue
    // A day's revenue by price is that of all its lines, or unknown.
    if before == nil, units > 0, tables.mapping.revenue == .unitsTimesPrice { fact.lacksRevenue = true }
    fact.details.revenue = revenue + (before ?? 0)
  }

  /// Units of a day to which a line out of quarantine must not be added, as they may hold it already.
  func valueOfOthers(series: Int, day: Int) throws -> Double? {
    guard let retried, tables.options.restate != .add,
      !retried.isAlone(on: day, in: storeName(record.store(of: series))),
      let known = try tables.writer.existing(series: series, day: day), known.status != .unknown
    else { return nil }
    return known.units
  }

  /// Leaves a day unknown whose lines are no sum that can be.
  private mutating func leaveUnknown(_ key: ReceiptLines.Key) {
    var fact = SalesFact()
    fact.status = .unknown
    append(Row(series: key.series, day: key.day, fact: fact, stored: .nothing))
  }

  private mutating func refuseLargeSum(_ key: ReceiptLines.Key, _ fact: SalesFact) throws {
    let day = Day(number: key.day)
    let names = record.names(series: key.series, tables.writer)
    let reason =
      "the lines of \(day) add up to \(fact.units.formatted) units, more than a billion: correct the numbers, or declare "
      + "the decimal mark, and load the whole day again"
    guard retried == nil else {
      throw IngestError.option(
        "\(names.product) in \(names.store): \(reason); forget its lines with 'demand quarantine drop'")
    }
    try tables.refusals.refuse(
      QuarantinedRow(
        file: tables.reading.files.last { $0.role == .sales }?.name ?? "", line: 0, column: "units",
        value: fact.units.formatted, raw: "\(day),\(names.product),\(names.store),\(fact.units.formatted)",
        kind: "too_large", reason: reason), in: tables.writer)
  }

  private func stored(_ key: ReceiptLines.Key) throws -> (units: Double, status: DayStatus)? {
    guard let last = record.lastRowBefore(series: key.series), key.day <= last else { return nil }
    return try tables.writer.existing(series: key.series, day: key.day)
  }

  /// Why lines of a day that is there already stop the load: nobody but their sender knows whether they are all of the
  /// day's lines or further ones.
  private func undecided(_ key: ReceiptLines.Key, _ fact: SalesFact, known: Double) -> IngestError {
    let names = record.names(series: key.series, tables.writer)
    return .option(
      "the lines of \(names.product) in \(names.store) on \(Day(number: key.day)) add up to \(fact.units.formatted) units, "
        + "and the database has \(known.formatted) of an earlier load; nothing was loaded. If the files hold further lines "
        + "of days that are there, load them with --restate add; if they hold all lines of their days, with --restate "
        + "supersede")
  }

  private mutating func refuseSum(_ key: ReceiptLines.Key, _ fact: SalesFact, known: Double) throws {
    let day = Day(number: key.day)
    let names = record.names(series: key.series, tables.writer)
    try tables.refusals.refuse(
      QuarantinedRow(
        file: tables.reading.files.last { $0.role == .sales }?.name ?? "", line: 0, column: "units",
        value: fact.units.formatted, raw: "\(day),\(names.product),\(names.store),\(fact.units.formatted)",
        kind: "contradicts_database",
        reason:
          "the lines of \(day) add up to \(fact.units.formatted), the database has \(known.formatted) units for this "
          + "product, store and day\(known == fact.units ? ", and another price, promotion or figure" : ""): load with --restate supersede if it is a correction"
      ), in: tables.writer)
  }
}
