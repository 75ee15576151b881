import DemandData
import SalesStore

extension SalesTable {
  /// Writes what is left, and sums up.
  mutating func finish() throws -> LoadSummary {
    if tables.mapping.rows == .lines {
      try openRefusedDays()
      try writeLines()
    }
    try flush()
    guard tables.meter.rows > 0 || retried != nil else { throw IngestError.noRows }
    try tables.refusals.check(rows: tables.meter.rows)
    for store in record.storeDays.keys.sorted() {
      for day in record.storeDays[store]!.days {
        try tables.writer.writeStoreDay(store: store, day: day, missingMeansZero: missing == .zero)
      }
      if retried == nil, tables.options.restatesMissing { try restateMissing(of: store) }
    }
    try writeUnknownDays()
    let grain = try timeGrain()
    let closures = try StoreClosures(tables.writer)
    try warnOfGaps(grain: grain, closures)
    try warnOfScale()
    if retried == nil {
      try tables.warnOfTotals()
      tables.warnOfLikeNames(further: keys.made)
    }
    if tables.options.warnsOfLinks { try tables.warnOfLinks() }
    let remarks = tables.remarks
    if remarks.zeroPrices > 0 {
      tables.remarks.warn(
        "\(remarks.zeroPrices) rows have units at a price of 0: the units count, the price is left out; deliver the "
          + "price, or an empty field")
    }
    if remarks.negativeAsZero > 0 {
      tables.remarks.note("\(remarks.negativeAsZero) negative rows or days were read as none sold")
    }
    if remarks.returnedUnits > 0 {
      tables.remarks.note("\(remarks.returnedUnits.formatted) units came back and are not stored")
    }
    if tables.mapping.rows == .lines, restated > 0, tables.options.restate == .add {
      tables.remarks.note("\(restated) days of products had figures of earlier loads, to which these lines were added")
    } else if tables.mapping.rows == .lines, restated > 0, retried == nil {
      tables.remarks.warn(
        "\(restated) days of products had other figures and now have the sums of these lines alone: if the file held "
          + "only some lines of those days, such as mended ones, load the whole files again")
    }
    remarkOpenDays()
    summary.rowsQuarantined = tables.refusals.badRows + tables.refusals.heldRows
    summary.quarantinedByReason = tables.refusals.byKind
    // A date in the future must not move the forecast's origin, which no later load takes back.
    let last = summary.lastDay.map { tables.options.allowsFuture ? min($0, tables.options.today ?? $0) : $0 }
    summary.completeThrough = tables.options.completeThrough ?? last
    remarkIncompleteDays()
    let classes = try dayClasses(grain: grain, closures)
    summary.rowsRestated = restated
    summary.newProducts = tables.writer.newProducts
    summary.newStores = tables.writer.newStores
    summary.newSeries = tables.writer.newSeries
    summary.details = LoadDetails(
      rows: tables.meter.rows, timeGrain: grain.rawValue, dayClasses: classes, warnings: tables.remarks.warnings,
      notes: tables.remarks.notes, notStored: tables.remarks.notStored,
      notRead: tables.remarks.notRead.filter { !$0.value.isEmpty },
      skipped: tables.remarks.skipped, stored: tables.remarks.stored, reading: tables.reading.text,
      retryOf: retried?.id, storeDays: tables.mapping.rows == .lines ? storeDays() : nil)
    if !openSums.isEmpty { summary.details?.openSums = openSums }
    return summary
  }

  /// Days that the load brought, by store: who else brought lines of a day is asked when rows come out of quarantine.
  private func storeDays() -> [String: [Int]] {
    Dictionary(record.storeDays.map { (storeName($0), RetriedLoad.ends($1.days)) }) { first, _ in first }
  }

  /// Gives missing rows the meaning that this load says on days of a store of which it brought every row that is there:
  /// it is the whole day's delivery, and the first was read otherwise.
  private mutating func restateMissing(of store: Int) throws {
    let reported = record.storeDays[store]!
    guard let first = reported.days.first, let last = reported.days.last else { return }
    let others = try tables.writer.storeDays(of: store, in: first...last, whereMissingMeansZero: missing != .zero)
      .filter(reported.contains)
    guard let from = others.first, let to = others.last else { return }
    let own = record.rowCounts(of: store, in: from...to)
    let all = try tables.writer.rowCounts(of: store, in: from...to)
    let whole = others.filter { own[$0, default: 0] >= all[$0, default: 0] }
    for day in whole { try tables.writer.restateStoreDay(store: store, day: day, missingMeansZero: missing == .zero) }
    guard !whole.isEmpty else { return }
    tables.remarks.stored["missing_meanings", default: 0] += whole.count
    tables.remarks.note(
      "\(whole.count) days of store \(storeName(store)) came whole: their missing rows now mean \(missing.rawValue)")
  }

  /// Says so where days are loaded that the user calls incomplete: one is a day under way, more may be a slip.
  private mutating func remarkIncompleteDays() {
    guard retried == nil, let through = tables.options.completeThrough, let last = summary.lastDay, through < last
    else { return }
    let days = last - through
    let text =
      "\(tables.coverageFile.map { "complete_through \(through) of '\($0)'" } ?? "--complete-through \(through)") is before "
      + "the last day of sales, \(last): the \(days == 1 ? "day" : "\(days) days") "
      + "after it \(days == 1 ? "is" : "are") loaded, but forecasts start on \(through + 1) and do not learn from \(days == 1 ? "it" : "them")"
    if days == 1 {
      tables.remarks.note(text)
    } else {
      tables.remarks.warn("\(text); leave that out if all days are whole, or correct it")
    }
  }

  private var missing: SourceMapping.MissingRows { tables.options.missing }

  /// A row that was refused leaves its day unknown: it must not be taken for a day on which nothing was sold.
  private mutating func writeUnknownDays() throws {
    for (series, days) in record.unknownDays(tables.writer) {
      for day in days where try tables.writer.existing(series: series, day: day) == nil {
        try tables.writer.writeSale(series: series, day: day, units: 0, status: .unknown)
        tables.writer.noteRows(series: series, through: day)
        record.noteUnknown(series: series, day: day)
        let (product, store) = record.key(of: series)
        noteWithoutLines(EarlierSums.Key(product: product, store: store, day: day))
        record.noteState(series: series, day: day, units: 0, .unknown)
      }
    }
    guard tables.mapping.rows == .lines else { return }
    // Before a series begins, nothing is unknown; but lines that come for such a day later are no whole day.
    for (key, days) in record.refusedDays {
      let series = tables.writer.knownSeries(product: key.product, store: key.store)
      let first = series.flatMap { tables.writer.series($0).firstDay }
      for day in days where first.map({ day < $0 }) ?? true {
        noteWithoutLines(EarlierSums.Key(product: key.product, store: key.store, day: day))
      }
    }
  }

  /// Weeks where the days of every store lie whole weeks apart.
  ///
  /// - Throws: ``IngestError/option(_:)`` where the database holds the other grain.
  private mutating func timeGrain() throws -> SourceMapping.TimeGrain {
    var isWeekly = !record.storeDays.isEmpty
    var longest = 0
    var weekdays: Set<Int> = []
    for days in record.storeDays.values {
      let days = days.days
      longest = max(longest, days.count)
      weekdays.formUnion(days.map { Day(number: $0).weekday })
      if zip(days, days.dropFirst()).contains(where: { ($1 - $0) % 7 != 0 }) { isWeekly = false }
    }
    var found = tables.mapping.grain
    switch found {
    case .week:
      if weekdays.count > 1 {
        tables.remarks.warn(
          "weeks end on \(weekdays.count) different weekdays: correct 'time_grain' or the dates")
      }
    case .day:
      if isWeekly, longest > 4 {
        tables.remarks.warn("all days lie whole weeks apart: if the data is weekly, declare 'time_grain: week'")
      }
    case .auto: found = isWeekly && longest > 2 ? .week : .day
    }
    // Masters alone are of no grain; rows out of quarantine are of their load's.
    guard retried == nil, !record.storeDays.isEmpty else { return found }
    let isDeclared = tables.mapping.grain != .auto
    let grain = try TimeGrainCheck(held: tables.writer.earlierGrains()).grain(
      found, isSure: isDeclared || !isWeekly || longest > 4, isDeclared: isDeclared, weekdays: weekdays)
    if !isDeclared, grain == .week { tables.warnOfWeekDates(weekdays) }
    if !isDeclared, grain == .day, found == .week {
      tables.remarks.warn(
        "all days lie whole weeks apart and are taken as days, as the database's are: if they are weeks, load the "
          + "days' own rows again with --restate supersede, and the weeks into a database of their own")
    }
    return grain
  }

  private mutating func warnOfGaps(grain: SourceMapping.TimeGrain, _ closures: StoreClosures) throws {
    var before: [Int: Int] = [:]
    for id in record.touched {
      guard let last = record.lastRowBefore(series: id) else { continue }
      before[record.store(of: id)] = max(before[record.store(of: id)] ?? last, last)
    }
    var gaps = StoreGaps(step: grain == .week ? 7 : 1)
    for (store, set) in record.storeDays.sorted(by: { $0.key < $1.key }) {
      try gaps.add(
        store: store, reported: set.days, before: before[store], closed: closures.days(of: store), tables.writer)
    }
    if let warning = gaps.warning { tables.remarks.warn(warning) }
  }

  /// Compares units with those the database had: a file in cases instead of units is off by a factor everywhere.
  private mutating func warnOfScale() throws {
    if let evidence = try ScaleCheck(record: record).evidence(tables.writer) { tables.remarks.warn(evidence) }
  }

  func storeName(_ id: Int) -> String { tables.writer.stores.first { $0.value == id }?.key ?? "?" }
}
