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
    storeDay.bind(3, Int(missing(meansZero: missingMeansZero)))
    try storeDay.execute()
  }

  /// Days on which a store reported and its missing rows mean zero, or else unknown.
  public func storeDays(of store: Int, in range: ClosedRange<Int>, whereMissingMeansZero: Bool) throws -> [Int] {
    try database.all(
      "SELECT day FROM store_days WHERE store_id = ? AND day BETWEEN ? AND ? AND missing = ? ORDER BY day",
      [store, range.lowerBound, range.upperBound, Int(missing(meansZero: whereMissingMeansZero))]
    ) { $0.int(0) }
  }

  /// How many rows a store has by day, unknown ones aside.
  public func rowCounts(of store: Int, in range: ClosedRange<Int>) throws -> [Int: Int] {
    var counts: [Int: Int] = [:]
    _ = try database.all(
      """
      SELECT day, count(*) FROM sales
      WHERE series_id IN (SELECT series_id FROM series WHERE store_id = ?) AND day BETWEEN ? AND ? AND status <> ?
      GROUP BY day
      """, [store, range.lowerBound, range.upperBound, Int(DayStatus.unknown.rawValue)]
    ) { counts[$0.int(0)] = $0.int(1) }
    return counts
  }

  /// Gives the missing rows of a store's day another meaning than the load that brought it first.
  public func restateStoreDay(store: Int, day: Int, missingMeansZero: Bool) throws {
    try database.execute(
      "UPDATE store_days SET missing = ? WHERE store_id = ? AND day = ?",
      [Int(missing(meansZero: missingMeansZero)), store, day])
  }

  private func missing(meansZero: Bool) -> UInt8 { (meansZero ? DayStatus.sold : .unknown).rawValue }

  /// Promotions of several series, by series and day.
  public func promotions(of ids: [Int], in range: ClosedRange<Int>? = nil) throws -> [Int: [Int: [Promotion]]] {
    var found: [Int: [Int: [Promotion]]] = [:]
    guard !ids.isEmpty else { return found }
    try database.scan(
      """
      SELECT series_id, day, kind, share FROM promotions
      WHERE series_id IN (\(ids.map { String($0) }.joined(separator: ", ")))
        AND day BETWEEN \(range?.lowerBound ?? Int(Int32.min)) AND \(range?.upperBound ?? Int(Int32.max))
      """
    ) {
      found[$0.int(0), default: [:]][$0.int(1), default: []].append(Promotion(kind: $0.text(2), share: $0.double(3)))
    }
    return found
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

  /// Takes an event back; false where the database has none such.
  public func withdrawEvent(_ it: EventCalendar.Event) throws -> Bool {
    let (level, node) = Self.names(it.scope)
    return try database.executeCounting(
      "DELETE FROM events WHERE day = ? AND name = ? AND type = ? AND scope_level = ? AND scope_node = ?",
      [it.day.number, it.name, it.type, level, node]) > 0
  }

  /// Takes back that an event shut stores; false where none did. Days that a link shuts stay shut.
  public func withdrawClosure(_ it: EventCalendar.Closure) throws -> Bool {
    let (level, node) = Self.names(it.scope)
    return try database.executeCounting(
      "DELETE FROM closures WHERE day = ? AND scope_level = ? AND scope_node = ?", [it.day.number, level, node]) > 0
  }

  private static func names(_ scope: EventCalendar.Scope) -> (level: String, node: String) {
    switch scope {
    case .everywhere: ("", "")
    case .location(let level, let node): (level, node)
    }
  }

  func bind(_ scope: EventCalendar.Scope, to statement: any SQLStatement, at index: Int) {
    let (level, node) = Self.names(scope)
    statement.bind(index, level)
    statement.bind(index + 1, node)
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

  /// Where the rows of a load stood that are in quarantine.
  public func quarantinedPlaces(load: Int) throws -> Set<LoadDetails.QuarantinePlace> {
    Set(
      try database.all("SELECT file, line FROM quarantine WHERE load_id = ?", [load]) {
        LoadDetails.QuarantinePlace(file: $0.text(0), line: $0.int(1))
      })
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
