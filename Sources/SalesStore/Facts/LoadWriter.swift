import DemandData
import GRDB

/// Writes one load's facts inside its transaction, through prepared statements.
///
/// Sorted keys (series, then day) are four times as fast as random ones. Valid only inside the closure of
/// ``SalesStore/withLoad(_:now:body:)``.
public final class LoadWriter {
  /// A series as far as a load needs to know it.
  public struct Series: Sendable, Hashable {
    public let id: Int
    /// First ranged day, if any is known.
    public internal(set) var firstDay: Int?
    public internal(set) var startKnown: Bool
    /// Last day with a row in the database when the load began or this load wrote, nil without one.
    public internal(set) var lastRow: Int?
    var delistAfter: Int?
    var changed = false
  }

  /// A product as masters describe it.
  public struct Product: Sendable, Hashable {
    public let id: Int
    public let isCount: Bool
  }

  public private(set) var products: [String: Product] = [:]
  public private(set) var stores: [String: Int] = [:]
  public private(set) var newProducts = 0
  public private(set) var newStores = 0
  public private(set) var newSeries = 0

  let database: Database
  private let load: Int
  private let path: String
  private var series: [Int: Series] = [:]
  private var seriesIDs: [SeriesKey: Int] = [:]
  private var nextSeries = 1

  private let sale: RawStatement
  private let replacement: RawStatement
  private let existingSale: RawStatement
  private let storeDay: RawStatement
  private let promotion: RawStatement
  private let quarantined: RawStatement
  private let event: RawStatement
  private let closure: RawStatement
  private let readSteps: RawStatement
  private let deleteSteps: RawStatement
  private let step: RawStatement

  private struct SeriesKey: Hashable {
    let product: Int
    let store: Int
  }

  init(_ database: Database, load: Int, path: String) throws {
    self.database = database
    self.load = load
    self.path = path
    // Not `INSERT OR REPLACE`, which opens a statement transaction for every row and is four times as slow.
    sale = try RawStatement(database, "INSERT INTO sales (day, units, status, series_id) VALUES (?, ?, ?, ?)")
    replacement = try RawStatement(
      database, "UPDATE sales SET units = ?2, status = ?3 WHERE day = ?1 AND series_id = ?4")
    existingSale = try RawStatement(database, "SELECT units, status FROM sales WHERE series_id = ? AND day = ?")
    storeDay = try RawStatement(
      database, "INSERT OR REPLACE INTO store_days (store_id, day, missing) VALUES (?, ?, ?)")
    promotion = try RawStatement(
      database, "INSERT OR REPLACE INTO promotions (series_id, day, share) VALUES (?, ?, ?)")
    quarantined = try RawStatement(
      database,
      """
      INSERT INTO quarantine (load_id, file, line, column_name, value, raw, kind, reason)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """)
    event = try RawStatement(database, "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)")
    closure = try RawStatement(database, "INSERT OR IGNORE INTO closures VALUES (?, ?, ?)")
    readSteps = try RawStatement(
      database, "SELECT from_day, price FROM price_steps WHERE series_id = ? ORDER BY from_day")
    deleteSteps = try RawStatement(database, "DELETE FROM price_steps WHERE series_id = ?")
    step = try RawStatement(database, "INSERT INTO price_steps (series_id, from_day, price) VALUES (?, ?, ?)")
    try readMasters()
  }

  private func readMasters() throws {
    let product = try RawStatement(
      database, "SELECT n.name, p.product_id, p.kind FROM products p JOIN tree_nodes n ON n.node_id = p.product_id")
    while try product.step() {
      products[product.text(0)] = Product(id: product.int(1), isCount: product.text(2) == "count")
    }
    stores = try SalesStore.leafIDs(database, tree: "location", table: "stores", column: "store_id")
    let row = try RawStatement(
      database,
      """
      SELECT series_id, product_id, store_id, first_day, start_known, delist_after,
        (SELECT max(day) FROM sales s WHERE s.series_id = i.series_id)
      FROM series i
      """)
    while try row.step() {
      let id = row.int(0)
      seriesIDs[SeriesKey(product: row.int(1), store: row.int(2))] = id
      series[id] = Series(
        id: id, firstDay: row.isNull(3) ? nil : row.int(3), startKnown: row.int(4) == 1,
        lastRow: row.isNull(6) ? nil : row.int(6), delistAfter: row.isNull(5) ? nil : row.int(5))
      nextSeries = max(nextSeries, id + 1)
    }
  }

  // MARK: Masters

  /// Declares a tree's levels below `all`, top down. A tree keeps the levels of its first load.
  public func setLevels(tree: String, _ names: [String]) throws {
    let known = try String.fetchAll(
      database, sql: "SELECT name FROM tree_levels WHERE tree = ? ORDER BY depth", arguments: [tree])
    guard known.isEmpty || known == names else {
      throw StoreError.hierarchy(
        "the \(tree) levels of this load (\(names.joined(separator: ", "))) are not those of the database "
          + "(\(known.joined(separator: ", "))): load it into a database of its own")
    }
    guard known.isEmpty else { return }
    for (index, name) in names.enumerated() {
      try database.execute(sql: "INSERT INTO tree_levels VALUES (?, ?, ?)", arguments: [tree, index + 1, name])
    }
  }

  /// Adds a product with its ancestors, top down, the product last; one that is there already must agree.
  ///
  /// - Throws: ``StoreError/hierarchy(_:)`` when a node would have two parents or another kind.
  @discardableResult
  public func addProduct(path: [String], isCount: Bool = true) throws -> Product {
    let id = try addPath(tree: "product", path)
    let name = path[path.count - 1]
    if let known = products[name] {
      guard known.isCount == isCount else {
        throw StoreError.hierarchy(
          "product '\(name)' is a \(known.isCount ? "count" : "measure") in the database and a "
            + "\(isCount ? "count" : "measure") in this load: its kind cannot change")
      }
      return known
    }
    try database.execute(
      sql: "INSERT INTO products VALUES (?, ?)", arguments: [id, isCount ? "count" : "measure"])
    let product = Product(id: id, isCount: isCount)
    products[name] = product
    newProducts += 1
    return product
  }

  /// Adds a store with its ancestors, top down, the store last; one that is there already must agree.
  @discardableResult
  public func addStore(path: [String]) throws -> Int {
    let id = try addPath(tree: "location", path)
    let name = path[path.count - 1]
    if stores[name] == nil {
      try database.execute(sql: "INSERT INTO stores VALUES (?)", arguments: [id])
      stores[name] = id
      newStores += 1
    }
    return id
  }

  private func addPath(tree: String, _ path: [String]) throws -> Int {
    var parent: Int?
    for (index, name) in path.enumerated() {
      let found = try Row.fetchOne(
        database.cachedStatement(
          sql: "SELECT node_id, parent_id FROM tree_nodes WHERE tree = ? AND depth = ? AND name = ?"),
        arguments: [tree, index + 1, name])
      if let found {
        guard found["parent_id"] as Int? == parent else {
          let level = try String.fetchOne(
            database, sql: "SELECT name FROM tree_levels WHERE tree = ? AND depth = ?", arguments: [tree, index + 1])
          let known = try String.fetchOne(
            database, sql: "SELECT name FROM tree_nodes WHERE node_id = ?", arguments: [found["parent_id"] as Int?])
          throw StoreError.hierarchy(
            "\(level ?? tree) '\(name)' stands under '\(known ?? Tree.topName)' and under '\(path[max(0, index - 1)])': "
              + "a tree needs one parent, so correct or rename one of the two")
        }
        parent = found["node_id"]
      } else {
        try database.execute(
          sql: "INSERT INTO tree_nodes (tree, depth, name, parent_id) VALUES (?, ?, ?, ?)",
          arguments: [tree, index + 1, name, parent])
        parent = Int(database.lastInsertedRowID)
      }
    }
    return parent!
  }

  /// Whether the location tree has this node.
  public func hasLocation(level: String, name: String) throws -> Bool {
    try Int.fetchOne(
      database,
      sql: """
        SELECT 1 FROM tree_nodes n JOIN tree_levels l ON l.tree = n.tree AND l.depth = n.depth
        WHERE n.tree = 'location' AND l.name = ? AND n.name = ?
        """, arguments: [level, name]) != nil
  }

  /// The id of the series of a product in a store, created if need be.
  public func seriesID(product: Int, store: Int) throws -> Int {
    let key = SeriesKey(product: product, store: store)
    if let known = seriesIDs[key] { return known }
    let id = nextSeries
    nextSeries += 1
    newSeries += 1
    try database.execute(
      sql: "INSERT INTO series (series_id, product_id, store_id) VALUES (?, ?, ?)", arguments: [id, product, store])
    seriesIDs[key] = id
    series[id] = Series(id: id, firstDay: nil, startKnown: false, lastRow: nil, delistAfter: nil)
    return id
  }

  /// What is known of a series.
  public func series(_ id: Int) -> Series { series[id]! }

  /// Notes that a series was ranged from `firstDay` on (an earlier day known before stays).
  ///
  /// - Parameters:
  ///   - startKnown: whether the day is known to be the first; otherwise it is only the first one seen.
  ///   - delistAfter: days without a row after which the product is no longer ranged; nil for never.
  public func setRange(series id: Int, firstDay: Int, startKnown: Bool, delistAfter: Int?) {
    var it = series[id]!
    if let known = it.firstDay, known <= firstDay {
      it.startKnown = it.startKnown || (startKnown && known == firstDay)
    } else {
      it.firstDay = firstDay
      it.startKnown = startKnown
    }
    it.delistAfter = delistAfter
    it.changed = true
    series[id] = it
  }

  // MARK: Facts

  /// Writes what is known of a series on a day.
  ///
  /// - Parameter replaces: whether the database has a row for the day, which then changes; otherwise it must have none.
  public func writeSale(series id: Int, day: Int, units: Double, status: DayStatus, replaces: Bool = false) throws {
    let statement = replaces ? replacement : sale
    statement.bind(1, day)
    if units == units.rounded() { statement.bind(2, Int(units)) } else { statement.bind(2, units) }
    statement.bind(3, Int(status.rawValue))
    statement.bind(4, id)
    try statement.execute()
  }

  /// Notes that rows up to `day` were written for a series; once per series and batch, as it costs a look-up.
  public func noteRows(series id: Int, through day: Int) {
    series[id]!.lastRow = max(series[id]!.lastRow ?? day, day)
  }

  /// What the database has of a series on a day.
  public func existing(series id: Int, day: Int) throws -> (units: Double, status: DayStatus)? {
    existingSale.bind(1, id)
    existingSale.bind(2, day)
    defer { existingSale.reset() }
    guard try existingSale.step(), let status = DayStatus(rawValue: UInt8(existingSale.int(1))) else { return nil }
    return (existingSale.double(0), status)
  }

  /// Units of all days that the database has of a series.
  public func existingDays(series id: Int) throws -> [Int: Double] {
    let statement = try RawStatement(database, "SELECT day, units FROM sales WHERE series_id = ?")
    statement.bind(1, id)
    var days: [Int: Double] = [:]
    while try statement.step() { days[statement.int(0)] = statement.double(1) }
    return days
  }

  /// Notes that a store reported on a day, and what a ranged product without a row then means.
  public func writeStoreDay(store: Int, day: Int, missingMeansZero: Bool) throws {
    storeDay.bind(1, store)
    storeDay.bind(2, day)
    storeDay.bind(3, Int((missingMeansZero ? DayStatus.sold : .unknown).rawValue))
    try storeDay.execute()
  }

  public func writePromotion(series id: Int, day: Int, share: Double = 1) throws {
    promotion.bind(1, id)
    promotion.bind(2, day)
    promotion.bind(3, share)
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

  private func bind(_ scope: EventCalendar.Scope, to statement: RawStatement, at index: Int32) {
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
      sql: """
        INSERT INTO calendar_coverage VALUES (1, ?)
        ON CONFLICT (only) DO UPDATE SET known_through = max(known_through, excluded.known_through)
        """, arguments: [day.number])
  }

  /// Keeps a refused row.
  public func quarantine(_ row: QuarantinedRow) throws {
    quarantined.bind(1, load)
    quarantined.bind(2, row.file)
    quarantined.bind(3, row.line)
    let texts = [row.column, row.value, row.raw, row.kind, row.reason]
    for (index, text) in texts.enumerated() { quarantined.bind(Int32(4 + index), text) }
    try quarantined.execute()
  }

  /// Writes what was collected about series.
  func finish() throws {
    let update = try RawStatement(
      database, "UPDATE series SET first_day = ?, start_known = ?, delist_after = ? WHERE series_id = ?")
    for id in series.keys.sorted() {
      guard let it = series[id], it.changed, let firstDay = it.firstDay else { continue }
      update.bind(1, firstDay)
      update.bind(2, it.startKnown ? 1 : 0)
      update.bind(3, it.delistAfter.map(Double.init))
      update.bind(4, id)
      try update.execute()
    }
  }
}
