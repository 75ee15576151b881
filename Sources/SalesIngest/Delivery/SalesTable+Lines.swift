import DemandData
import SalesStore

extension SalesTable {
  /// Writes the sums of receipt lines once the last one is read: only whole days can be compared with what earlier loads
  /// said, and have a price, a state and units that are those of all their lines.
  mutating func writeLines() throws {
    var lines = lines
    self.lines = ReceiptLines(limit: tables.linesInMemory)
    try lines.drain { key, sum in
      try write(key, sum)
      if batch.count >= Self.batchSize { try flush() }
    }
  }

  private mutating func write(_ key: ReceiptLines.Key, _ lines: ReceiptLines.Sum) throws {
    let known = try stored(key)
    var sum = lines
    if known?.status == .unknown, let before = try openSum(series: key.series, day: key.day) {
      if retried != nil || tables.options.restate == .add {
        sum = before
        sum.merge(lines)
      } else if tables.options.restate == .auto, before.fact.units != 0,
        !record.isRefused(series: key.series, day: key.day)
      {
        throw undecided(key, lines.fact, known: before.fact.units, lacksLines: true)
      }
    }
    let isRefused = record.isRefused(series: key.series, day: key.day)
    // Further lines of a day of which some are missing do not make it whole, until none of it is missing any more.
    let joins = (retried != nil || tables.options.restate == .add) && (known == nil || known?.status == .unknown)
    if try isRefused || joins && isWaiting(key, known, adding: lines.count) {
      return try leaveOpen(key, sum, known, added: joins && retried == nil ? (isRefused ? 0 : lines.count) : nil)
    }
    if joins, retried == nil { noteCompleted(key) }
    var fact = sum.fact
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

  /// Leaves a day unknown of which a line was refused: the others are no total. What they say is kept with the load, for
  /// lines that come out of quarantine.
  ///
  /// - Parameter added: lines that this load adds to a day that waits already; nil for another load.
  private mutating func leaveOpen(
    _ key: ReceiptLines.Key, _ sum: ReceiptLines.Sum, _ known: (units: Double, status: DayStatus)?, added: Int?
  ) throws {
    var sum = sum
    if let known, known.status != .unknown {
      guard retried != nil || tables.options.restate == .add else {
        keptDays += 1
        record.noteState(series: key.series, day: key.day, units: known.units, known.status)
        return
      }
      try add(known.units, to: &sum.fact, key)
    }
    let (product, store) = record.key(of: key.series)
    var open = LoadDetails.OpenSum(
      product: product, store: store, day: key.day, units: sum.fact.units, pricedUnits: sum.pricedUnits,
      paid: sum.paid, revenue: sum.fact.details.revenue, lacksRevenue: sum.fact.lacksRevenue,
      status: sum.fact.status.rawValue)
    let place = EarlierSums.Key(product: product, store: store, day: key.day)
    open.refused = record.refusedLines(place)
    if let added, try known != nil || earlier().contains(place) { open.added = added }
    if sum.count == 0, known == nil || known?.status == .unknown { open.hasLines = false }
    openSums.append(open)
    var fact = sum.fact
    fact.units = 0
    fact.status = .unknown
    fact.namesState = true
    fact.details.revenue = nil
    fact.lacksRevenue = known != nil
    let state = known.map { Self.stored($0, as: fact) } ?? .nothing
    append(Row(series: key.series, day: key.day, fact: fact, stored: state))
  }

  /// What good lines of an unknown day said in earlier loads.
  private mutating func openSum(series: Int, day: Int) throws -> ReceiptLines.Sum? {
    try earlier()[place(ReceiptLines.Key(series: series, day: day))]
  }

  private mutating func earlier() throws -> EarlierSums {
    if let earlierSums { return earlierSums }
    let found = EarlierSums(try tables.writer.earlierLoads())
    earlierSums = found
    return found
  }

  private func place(_ key: ReceiptLines.Key) -> EarlierSums.Key {
    let (product, store) = record.key(of: key.series)
    return EarlierSums.Key(product: product, store: store, day: key.day)
  }

  /// Whether lines of a day are missing that is unknown or has no row.
  private mutating func isWaiting(
    _ key: ReceiptLines.Key, _ known: (units: Double, status: DayStatus)?, adding lines: Int
  ) throws -> Bool {
    var sums = try earlier()
    // One owner only: what it looks up is not copied.
    earlierSums = nil
    defer { earlierSums = sums }
    let its = try sums.isWaiting(
      place(key), adding: retried == nil ? lines : 0, passing: retried?.id, tables.writer)
    // Nobody knows for what an unknown day waits that no load tells of.
    return its ?? (retried == nil && known != nil)
  }

  /// Notes that as many lines were added to a day as were dropped of it.
  private mutating func noteCompleted(_ key: ReceiptLines.Key) {
    guard let lacking = earlierSums?.lacking(place(key)), lacking.dropped > 0 else { return }
    completedDays += 1
    let names = record.names(series: key.series, tables.writer)
    if completedExample == nil { completedExample = "\(names.product) in \(names.store) on \(Day(number: key.day))" }
  }

  /// Takes a day of which no line was good for one that waits for those refused.
  mutating func noteWithoutLines(_ key: EarlierSums.Key) {
    guard tables.mapping.rows == .lines else { return }
    var open = LoadDetails.OpenSum(
      product: key.product, store: key.store, day: key.day, units: 0, pricedUnits: 0, paid: 0, revenue: nil,
      lacksRevenue: false, status: DayStatus.sold.rawValue)
    open.hasLines = false
    open.refused = record.refusedLines(key)
    openSums.append(open)
  }

  /// Opens the days that are there and to which only refused lines were to be added: they lack these.
  mutating func openRefusedDays() throws {
    guard retried == nil, tables.options.restate == .add else { return }
    let writer = tables.writer
    for (key, days) in record.refusedDays {
      guard let series = writer.knownSeries(product: key.product, store: key.store) else { continue }
      for day in days where !record.contains(series: series, day: day) {
        guard try writer.existing(series: series, day: day) != nil else { continue }
        record.touch(
          series: series, product: key.product, store: key.store, lastRow: writer.series(series).lastRow)
        record.noteUnknown(series: series, day: day)
        try lines.touch(series: series, day: day)
      }
    }
  }

  var hasLines: Bool { !lines.isEmpty }

  /// Takes up the sum of a day that waits for nothing any more.
  mutating func complete(_ key: EarlierSums.Key) throws {
    guard let series = tables.writer.knownSeries(product: key.product, store: key.store) else { return }
    record.touch(
      series: series, product: key.product, store: key.store, lastRow: tables.writer.series(series).lastRow)
    guard try tables.writer.existing(series: series, day: key.day)?.status == .unknown else { return }
    record.note(series: series, store: key.store, day: key.day)
    try lines.add(series: series, day: key.day, SalesFact())
  }

  /// Says which days the refusal of lines leaves unknown.
  mutating func remarkOpenDays() {
    if let completedExample {
      tables.remarks.note(
        "\(completedDays) days of products that lacked lines dropped from quarantine, such as \(completedExample), have as "
          + "many further lines now and count as whole: if those are not the dropped ones mended, load all lines of the "
          + "days with --restate supersede")
    }
    let open = openSums.count { $0.hasLines != false }
    if open > 0 {
      tables.remarks.warn(
        "\(open) days of products have good lines and stay unknown, as other lines of theirs are in quarantine: mend those "
          + "('demand quarantine export'), load them with --restate add and drop them from quarantine, or load all lines "
          + "of the days with --restate supersede; 'demand quarantine retry' takes those as they are that wait for a "
          + "product or a kind")
    }
    if keptDays > 0 {
      tables.remarks.warn(
        "\(keptDays) days of products keep what earlier loads said, as lines of theirs were refused: mend those, and load "
          + "all lines of the days again")
    }
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
  mutating func valueOfOthers(series: Int, day: Int) throws -> Double? {
    guard let retried, tables.options.restate != .add,
      !retried.isAlone(on: day, in: storeName(record.store(of: series))),
      let known = try tables.writer.existing(series: series, day: day)
    else { return nil }
    return known.status == .unknown ? try openSum(series: series, day: day)?.fact.units : known.units
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
  private func undecided(
    _ key: ReceiptLines.Key, _ fact: SalesFact, known: Double, lacksLines: Bool = false
  ) -> IngestError {
    let names = record.names(series: key.series, tables.writer)
    guard !lacksLines else {
      return .undecided(
        "the lines of \(names.product) in \(names.store) on \(Day(number: key.day)) add up to \(fact.units.formatted) "
          + "units, and an earlier load has lines of \(known.formatted) units and others that it refused; nothing was "
          + "loaded. If the files hold all lines of their days, load them with --restate supersede; if they hold further "
          + "lines, or the refused ones mended, with --restate add")
    }
    return .undecided(
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
