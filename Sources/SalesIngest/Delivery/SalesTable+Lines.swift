import DemandData
import SalesStore

extension SalesTable {
  /// Writes the sums of receipt lines.
  ///
  /// A day whose sum so far is negative, a return before its sale, waits for the rest of the file. A day that the
  /// database has from an earlier load waits too: only the whole sum can be compared.
  ///
  /// - Parameter isLast: whether the file has no further lines.
  mutating func flushLines(isLast: Bool = false) throws {
    for (key, sum) in lines.take(waiting: isLast) {
      var fact = sum.fact
      let known = try stored(key)
      let isOwn = record.isWritten(series: key.series, day: key.day)
      let adds = isOwn || (addsToDatabase && known?.status != .unknown)
      if let known, adds {
        fact.units += known.units
        if let revenue = fact.details.revenue {
          fact.details.revenue = revenue + (try tables.writer.details(series: key.series, day: key.day).revenue ?? 0)
        }
      }
      if !isLast, fact.units < 0 || (known != nil && !adds) {
        lines.wait(key, sum)
        continue
      }
      if fact.units < 0 {
        tables.remarks.negativeAsZero += 1
        fact.units = 0
      }
      // A sum of many decimals is no more exact than its terms.
      fact.units = (fact.units * 1e6).rounded() / 1e6
      fact.details.revenue = fact.details.revenue.map { ($0 * 1e6).rounded() / 1e6 }
      readZero(&fact)
      var state = Stored.nothing
      if let known {
        state = isOwn ? .part : Self.stored(known, as: fact)
        if !adds, case .other = state, tables.options.restate == .reject {
          try refuseSum(key, fact, known: known.units)
          continue
        }
      }
      record.noteWritten(series: key.series, day: key.day)
      append(Row(series: key.series, day: key.day, fact: fact, stored: state))
    }
    try flush()
  }

  private func stored(_ key: ReceiptLines.Key) throws -> (units: Double, status: DayStatus)? {
    if record.isWritten(series: key.series, day: key.day) {
      return try tables.writer.existing(series: key.series, day: key.day)
    }
    guard let last = record.lastRowBefore(series: key.series), key.day <= last else { return nil }
    return try tables.writer.existing(series: key.series, day: key.day)
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
          + "product, store and day: load with --restate supersede if it is a correction"), in: tables.writer)
  }
}
