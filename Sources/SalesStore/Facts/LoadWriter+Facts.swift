import DemandData

extension LoadWriter {
  /// Writes what is known of a series on a day.
  ///
  /// - Parameter replaces: whether the database has a row for the day, which then changes; otherwise it must have none.
  public func writeSale(series id: Int, day: Int, units: Double, status: DayStatus, replaces: Bool = false) throws {
    if !pages.isEmpty { pages[PageKey(series: id, day: day)] = nil }
    packed.noteWritten(series: id, day: day)
    if replaces {
      replacement.bind([units, Int(status.rawValue), id, day])
      try replacement.execute()
    } else {
      sale.put(id)
      sale.put(day)
      sale.put(units)
      sale.put(Int(status.rawValue))
      try sale.endRow()
    }
  }

  /// Notes that rows up to `day` were written for a series; once per series and batch, as it costs a look-up.
  public func noteRows(series id: Int, through day: Int) {
    series[id]!.lastRow = max(series[id]!.lastRow ?? day, day)
  }

  /// What the database has of a series on a day.
  public func existing(series id: Int, day: Int) throws -> (units: Double, status: DayStatus)? {
    let key = PageKey(series: id, day: day)
    if pages[key] == nil {
      if pages.count >= Self.mostPages { pages.removeAll(keepingCapacity: true) }
      let first = (day >> PageKey.bits) << PageKey.bits
      existingPage.bind([id, first, first + (1 << PageKey.bits) - 1])
      var page: [Int: (units: Double, status: Int)] = [:]
      while try existingPage.step() {
        page[existingPage.int(0)] = (existingPage.double(1), existingPage.int(2))
      }
      pages[key] = page
    }
    guard let found = pages[key]?[day], let status = DayStatus(rawValue: UInt8(truncatingIfNeeded: found.status))
    else { return nil }
    return (found.units, status)
  }

  /// Units of the days of a series that the database has.
  ///
  /// - Parameter range: days wanted; nil for all.
  public func existingDays(series id: Int, in range: ClosedRange<Int>? = nil) throws -> [Int: Double] {
    existingPage.bind([id, range?.lowerBound ?? Int(Int32.min), range?.upperBound ?? Int(Int32.max)])
    var days: [Int: Double] = [:]
    while try existingPage.step() { days[existingPage.int(0)] = existingPage.double(1) }
    return days
  }

  /// Rows of a series that the database has, by day.
  public func existingRows(
    series id: Int, in range: ClosedRange<Int>
  ) throws -> [Int: (units: Double, status: DayStatus)] {
    existingPage.bind([id, range.lowerBound, range.upperBound])
    var days: [Int: (units: Double, status: DayStatus)] = [:]
    while try existingPage.step() {
      guard let status = DayStatus(rawValue: UInt8(truncatingIfNeeded: existingPage.int(2))) else { continue }
      days[existingPage.int(0)] = (existingPage.double(1), status)
    }
    return days
  }

  /// Days on which a store reported, by this load or an earlier one.
  public func storeDays(of store: Int, in range: ClosedRange<Int>) throws -> Set<Int> {
    Set(
      try database.all(
        "SELECT day FROM store_days WHERE store_id = ? AND day BETWEEN ? AND ?",
        [store, range.lowerBound, range.upperBound]
      ) { $0.int(0) })
  }

  /// Closures of all loads.
  public func closures() throws -> [EventCalendar.Closure] {
    try SQLStore.calendar(database).closures
  }

  /// Notes that a store reported on a day, and what a ranged product without a row then means. The first word on a day
  /// holds: a later delivery of one row must not give another meaning to all the rows that are missing.
  public func writeStoreDay(store: Int, day: Int, missingMeansZero: Bool) throws {
    storeDay.bind(1, store)
    storeDay.bind(2, day)
    storeDay.bind(3, Int((missingMeansZero ? DayStatus.sold : .unknown).rawValue))
    try storeDay.execute()
  }

  public func writePromotion(
    series id: Int, day: Int, kind: String = Promotion.anyKind, share: Double = 1
  ) throws {
    promotion.bind(1, id)
    promotion.bind(2, day)
    promotion.bind(3, kind)
    promotion.bind(4, share)
    try promotion.execute()
  }

  /// Price steps of a series, by day.
  public func priceSteps(series id: Int) throws -> PriceSteps {
    readSteps.bind(1, id)
    defer { readSteps.reset() }
    var steps = PriceSteps()
    while try readSteps.step() { steps.append(day: readSteps.int(0), price: readSteps.double(1)) }
    return steps
  }

  /// Price steps of several series at once, by series; those without any are left out.
  public func priceSteps(of ids: [Int]) throws -> [Int: PriceSteps] {
    var steps: [Int: PriceSteps] = [:]
    guard !ids.isEmpty else { return steps }
    try database.scan(
      """
      SELECT series_id, from_day, price FROM price_steps
      WHERE series_id IN (\(ids.map { String($0) }.joined(separator: ", "))) ORDER BY series_id, from_day
      """
    ) { steps[$0.int(0), default: PriceSteps()].append(day: $0.int(1), price: $0.double(2)) }
    return steps
  }

  /// Replaces the price steps of a series.
  public func writePriceSteps(series id: Int, _ steps: PriceSteps) throws {
    deleteSteps.bind(1, id)
    try deleteSteps.execute()
    step.bind(1, id)
    for (day, price) in zip(steps.days, steps.prices) {
      step.bind(2, day)
      step.bind(3, price)
      try step.execute()
    }
  }

  public func writeEvent(_ it: EventCalendar.Event) throws {
    event.bind(1, it.day.number)
    event.bind(2, it.name)
    event.bind(3, it.type)
    bind(it.scope, to: event, at: 4)
    try event.execute()
  }

  public func writeClosure(_ it: EventCalendar.Closure) throws {
    closure.bind(1, it.day.number)
    bind(it.scope, to: closure, at: 2)
    try closure.execute()
  }

  func bind(_ scope: EventCalendar.Scope, to statement: any SQLStatement, at index: Int) {
    switch scope {
    case .everywhere:
      statement.bind(index, "")
      statement.bind(index + 1, "")
    case .location(let level, let node):
      statement.bind(index, level)
      statement.bind(index + 1, node)
    }
  }

  /// Notes how far ahead the calendar is known; the furthest of all loads counts.
  public func noteCalendar(knownThrough day: Day) throws {
    try database.execute(
      """
      INSERT INTO calendar_coverage VALUES (1, ?)
      ON CONFLICT ("only") DO UPDATE SET known_through = excluded.known_through
        WHERE excluded.known_through > calendar_coverage.known_through
      """, [day.number])
  }

  /// Keeps a refused row.
  public func quarantine(_ row: QuarantinedRow) throws {
    quarantined.bind(1, load)
    quarantined.bind(2, row.file)
    quarantined.bind(3, row.line)
    let texts = [row.column, row.value, row.raw, row.kind, row.reason]
    for (index, text) in texts.enumerated() { quarantined.bind(4 + index, text) }
    try quarantined.execute()
  }

  /// Numbers of the rows of a load that are in quarantine.
  public func quarantined(load: Int) throws -> Set<Int> {
    Set(try database.all("SELECT quarantine_id FROM quarantine WHERE load_id = ?", [load]) { $0.int(0) })
  }

  /// Loads before this one, oldest first.
  public func earlierLoads() throws -> [LoadRecord] { try SQLStore.loads(database, before: load) }

  /// Takes rows out of quarantine, because this load has them.
  public func release(quarantined ids: [Int]) throws {
    let release = try database.prepare("DELETE FROM quarantine WHERE quarantine_id = ?")
    for id in ids {
      release.bind(1, id)
      try release.execute()
    }
  }
}
