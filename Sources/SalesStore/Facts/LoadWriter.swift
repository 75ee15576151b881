import DemandData

/// Writes one load's facts inside its transaction, through prepared statements.
///
/// Sorted keys (series, then day) are four times as fast as random ones. Valid only inside the closure of
/// ``LoadStore/withLoad(_:now:body:)``.
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

  let database: any SQLConnection
  private let load: Int
  private var series: [Int: Series] = [:]
  private var seriesIDs: [SeriesKey: Int] = [:]
  private var nextSeries = 1
  private var nodes: [NodeKey: Node] = [:]
  private var nextNode = 1
  /// Stored days that were looked at, by page; emptied of what this load writes.
  private var pages: [PageKey: [Int: (units: Double, status: Int)]] = [:]

  private let sale: any BulkInsert
  private let replacement: any SQLStatement
  private let existingPage: any SQLStatement
  private let storeDay: any SQLStatement
  private let promotion: any SQLStatement
  private let quarantined: any SQLStatement
  private let event: any SQLStatement
  private let closure: any SQLStatement
  private let readSteps: any SQLStatement
  private let deleteSteps: any SQLStatement
  private let step: any SQLStatement

  private let node: any SQLStatement
  private let newSeriesRow: any SQLStatement

  private struct SeriesKey: Hashable {
    let product: Int
    let store: Int
  }

  private struct NodeKey: Hashable {
    let tree: String
    let depth: Int
    let name: String
  }

  private struct Node {
    let id: Int
    let parent: Int?
  }

  /// Days of a series whose numbers agree but for their last six bits.
  private struct PageKey: Hashable {
    static let bits = 6
    let series: Int32
    let page: Int32

    init(series: Int, day: Int) {
      self.series = Int32(truncatingIfNeeded: series)
      page = Int32(truncatingIfNeeded: day >> Self.bits)
    }
  }

  /// More are dropped and looked up again: about a quarter of a gigabyte.
  private static let mostPages = 100_000

  init(_ database: any SQLConnection, load: Int) throws {
    self.database = database
    self.load = load
    sale = try database.bulkInsert(
      into: "sales",
      columns: [
        BulkColumn(name: "series_id", kind: .integer, width: 4), BulkColumn(name: "day", kind: .integer, width: 4),
        BulkColumn(name: "units", kind: .double, width: 8), BulkColumn(name: "status", kind: .integer, width: 2),
      ])
    replacement = try database.prepare("UPDATE sales SET units = ?, status = ? WHERE series_id = ? AND day = ?")
    existingPage = try database.prepare(
      "SELECT day, units, status FROM sales WHERE series_id = ? AND day BETWEEN ? AND ?")
    storeDay = try database.prepare(
      """
      INSERT INTO store_days (store_id, day, missing) VALUES (?, ?, ?)
      ON CONFLICT (store_id, day) DO UPDATE SET missing = excluded.missing
      """)
    promotion = try database.prepare(
      """
      INSERT INTO promotions (series_id, day, share) VALUES (?, ?, ?)
      ON CONFLICT (series_id, day, kind) DO UPDATE SET share = excluded.share
      """)
    quarantined = try database.prepare(
      """
      INSERT INTO quarantine (load_id, file, line, column_name, value, raw, kind, reason)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """)
    event = try database.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
    closure = try database.prepare("INSERT INTO closures VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
    readSteps = try database.prepare("SELECT from_day, price FROM price_steps WHERE series_id = ? ORDER BY from_day")
    deleteSteps = try database.prepare("DELETE FROM price_steps WHERE series_id = ?")
    step = try database.prepare("INSERT INTO price_steps (series_id, from_day, price) VALUES (?, ?, ?)")
    node = try database.prepare(
      "INSERT INTO tree_nodes (node_id, tree, depth, name, parent_id) VALUES (?, ?, ?, ?, ?)")
    newSeriesRow = try database.prepare("INSERT INTO series (series_id, product_id, store_id) VALUES (?, ?, ?)")
    try readMasters()
  }

  private func readMasters() throws {
    _ = try database.all("SELECT node_id, tree, depth, name, parent_id FROM tree_nodes") { row in
      nodes[NodeKey(tree: row.text(1), depth: row.int(2), name: row.text(3))] =
        Node(id: row.int(0), parent: row.optionalInt(4))
      nextNode = max(nextNode, row.int(0) + 1)
    }
    _ = try database.all(
      "SELECT n.name, p.product_id, p.kind FROM products p JOIN tree_nodes n ON n.node_id = p.product_id"
    ) { products[$0.text(0)] = Product(id: $0.int(1), isCount: $0.text(2) == "count") }
    stores = try SQLStore.leafIDs(database, tree: "location", table: "stores", column: "store_id")
    _ = try database.all(
      """
      SELECT series_id, product_id, store_id, first_day, start_known, delist_after,
        (SELECT max(day) FROM sales s WHERE s.series_id = i.series_id)
      FROM series i
      """
    ) { row in
      let id = row.int(0)
      seriesIDs[SeriesKey(product: row.int(1), store: row.int(2))] = id
      series[id] = Series(
        id: id, firstDay: row.optionalInt(3), startKnown: row.int(4) == 1, lastRow: row.optionalInt(6),
        delistAfter: row.optionalInt(5))
      nextSeries = max(nextSeries, id + 1)
    }
  }

  // MARK: Masters

  /// Declares a tree's levels below `all`, top down. A tree keeps the levels of its first load.
  public func setLevels(tree: String, _ names: [String]) throws {
    let known = try database.texts("SELECT name FROM tree_levels WHERE tree = ? ORDER BY depth", [tree])
    guard known.isEmpty || known == names else {
      throw StoreError.hierarchy(
        "the \(tree) levels of this load (\(names.joined(separator: ", "))) are not those of the database "
          + "(\(known.joined(separator: ", "))): load it into a database of its own")
    }
    guard known.isEmpty else { return }
    for (index, name) in names.enumerated() {
      try database.execute("INSERT INTO tree_levels VALUES (?, ?, ?)", [tree, index + 1, name])
    }
  }

  /// Adds a product with its ancestors, top down, the product last; one that is there already must stand in the same
  /// place.
  ///
  /// - Parameter isCount: whether it is counted; nil where nothing says so: as it was, and counted if it is new.
  /// - Throws: ``StoreError/hierarchy(_:)`` when a node would have two parents, or fractions were to be counted.
  @discardableResult
  public func addProduct(path: [String], isCount: Bool? = nil) throws -> Product {
    let id = try addPath(tree: "product", path)
    let name = path[path.count - 1]
    if let known = products[name] {
      guard let isCount, isCount != known.isCount else { return known }
      return try setKind(of: name, isCount: isCount)
    }
    let product = Product(id: id, isCount: isCount ?? true)
    try database.execute("INSERT INTO products VALUES (?, ?)", [id, product.isCount ? "count" : "measure"])
    products[name] = product
    newProducts += 1
    return product
  }

  /// Makes a known product counted or measured from now on.
  ///
  /// - Throws: ``StoreError/hierarchy(_:)`` when fractions that the database has were to be counted.
  @discardableResult
  public func setKind(of name: String, isCount: Bool) throws -> Product {
    let product = Product(id: products[name]!.id, isCount: isCount)
    let fractions = "SELECT 1 FROM sales s JOIN series i ON i.series_id = s.series_id WHERE i.product_id = ? "
    if isCount, try database.int(fractions + "AND s.units <> round(s.units) LIMIT 1", [product.id]) != nil {
      throw StoreError.hierarchy(
        "product '\(name)' has fractions of units in the database and cannot become a count: deliver those days in whole "
          + "units with --replace first, or keep the kind measure")
    }
    try database.execute(
      "UPDATE products SET kind = ? WHERE product_id = ?", [isCount ? "count" : "measure", product.id])
    products[name] = product
    return product
  }

  /// Adds a store with its ancestors, top down, the store last; one that is there already must agree.
  @discardableResult
  public func addStore(path: [String]) throws -> Int {
    let id = try addPath(tree: "location", path)
    let name = path[path.count - 1]
    if stores[name] == nil {
      try database.execute("INSERT INTO stores VALUES (?)", [id])
      stores[name] = id
      newStores += 1
    }
    return id
  }

  private func addPath(tree: String, _ path: [String]) throws -> Int {
    var parent: Int?
    for (index, name) in path.enumerated() {
      let key = NodeKey(tree: tree, depth: index + 1, name: name)
      if let found = nodes[key] {
        guard found.parent == parent else {
          let level = try database.text("SELECT name FROM tree_levels WHERE tree = ? AND depth = ?", [tree, index + 1])
          let known = try database.text("SELECT name FROM tree_nodes WHERE node_id = ?", [found.parent])
          throw StoreError.hierarchy(
            "\(level ?? tree) '\(name)' stands under '\(known ?? Tree.topName)' and under '\(path[max(0, index - 1)])': "
              + "a tree needs one parent, so correct or rename one of the two")
        }
        parent = found.id
      } else {
        node.bind([nextNode, tree, index + 1, name, parent])
        try node.execute()
        nodes[key] = Node(id: nextNode, parent: parent)
        parent = nextNode
        nextNode += 1
      }
    }
    return parent!
  }

  /// Whether the location tree has this node.
  public func hasLocation(level: String, name: String) throws -> Bool {
    try database.int(
      """
      SELECT 1 FROM tree_nodes n JOIN tree_levels l ON l.tree = n.tree AND l.depth = n.depth
      WHERE n.tree = 'location' AND l.name = ? AND n.name = ?
      """, [level, name]) != nil
  }

  /// The id of the series of a product in a store, created if need be.
  public func seriesID(product: Int, store: Int) throws -> Int {
    let key = SeriesKey(product: product, store: store)
    if let known = seriesIDs[key] { return known }
    let id = nextSeries
    nextSeries += 1
    newSeries += 1
    newSeriesRow.bind([id, product, store])
    try newSeriesRow.execute()
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
    if !pages.isEmpty { pages[PageKey(series: id, day: day)] = nil }
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

  /// Units of all days that the database has of a series.
  public func existingDays(series id: Int) throws -> [Int: Double] {
    existingPage.bind([id, Int(Int32.min), Int(Int32.max)])
    var days: [Int: Double] = [:]
    while try existingPage.step() { days[existingPage.int(0)] = existingPage.double(1) }
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

  private func bind(_ scope: EventCalendar.Scope, to statement: any SQLStatement, at index: Int) {
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

  /// Takes rows out of quarantine, because this load has them.
  public func release(quarantined ids: [Int]) throws {
    let release = try database.prepare("DELETE FROM quarantine WHERE quarantine_id = ?")
    for id in ids {
      release.bind(1, id)
      try release.execute()
    }
  }

  /// Writes what was collected about series.
  func finish() throws {
    let update = try database.prepare(
      "UPDATE series SET first_day = ?, start_known = ?, delist_after = ? WHERE series_id = ?")
    for id in series.keys.sorted() {
      guard let it = series[id], it.changed, let firstDay = it.firstDay else { continue }
      update.bind([firstDay, it.startKnown ? 1 : 0, it.delistAfter, id])
      try update.execute()
    }
  }
}
