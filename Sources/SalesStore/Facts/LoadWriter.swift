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
    /// Whether this load made it.
    public internal(set) var isNew = false
    /// Days without a row after which the product is no longer ranged; nil for never.
    public internal(set) var delistAfter: Int?
    var changed = false
  }

  /// A product as masters describe it.
  public struct Product: Sendable, Hashable {
    public let id: Int
    public let isCount: Bool
  }

  public internal(set) var products: [String: Product] = [:]
  public internal(set) var stores: [String: Int] = [:]
  public internal(set) var newProducts = 0
  public internal(set) var newStores = 0
  public internal(set) var newSeries = 0

  let database: any SQLConnection
  let load: Int
  /// When the load began, as the database writes it.
  let startedAt: String
  /// The newest move of each product that a link declares, by product.
  var moves: [String: Move] = [:]
  /// Names of the levels of a tree below `all`, once asked for.
  var treeLevels: [String: [String]] = [:]
  var series: [Int: Series] = [:]
  var seriesIDs: [SeriesKey: Int] = [:]
  var nextSeries = 1
  var nodes: [NodeKey: Node] = [:]
  var nextNode = 1
  /// What the load means for packed histories.
  var packed = PackedDays()
  /// Stored days that were looked at, by page; emptied of what this load writes.
  var pages: [PageKey: [Int: (units: Double, status: Int)]] = [:]

  let sale: any BulkInsert
  let replacement: any SQLStatement
  let existingPage: any SQLStatement
  let storeDay: any SQLStatement
  let promotion: any SQLStatement
  let quarantined: any SQLStatement
  let event: any SQLStatement
  let closure: any SQLStatement
  let readSteps: any SQLStatement
  let deleteSteps: any SQLStatement
  let step: any SQLStatement

  let node: any SQLStatement
  let newSeriesRow: any SQLStatement
  /// Statements that few loads need.
  private var furtherStatements: FurtherStatements?

  struct SeriesKey: Hashable {
    let product: Int
    let store: Int
  }

  struct Move {
    let department: String
    let day: Int
  }

  struct NodeKey: Hashable {
    let tree: String
    let depth: Int
    let name: String
  }

  struct Node {
    let id: Int
    let parent: Int?
  }

  /// Days of a series whose numbers agree but for their last six bits.
  struct PageKey: Hashable {
    static let bits = 6
    let series: Int32
    let page: Int32

    init(series: Int, day: Int) {
      self.series = Int32(truncatingIfNeeded: series)
      page = Int32(truncatingIfNeeded: day >> Self.bits)
    }
  }

  /// More are dropped and looked up again: about a quarter of a gigabyte.
  static let mostPages = 100_000

  init(_ database: any SQLConnection, load: Int, startedAt: String) throws {
    self.database = database
    self.load = load
    self.startedAt = startedAt
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
      ON CONFLICT (store_id, day) DO NOTHING
      """)
    promotion = try database.prepare(
      """
      INSERT INTO promotions (series_id, day, kind, share) VALUES (?, ?, ?, ?)
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
    _ = try database.all(
      "SELECT node, other, day FROM life_cycle_links WHERE kind = 'department_move' ORDER BY day, load_id"
    ) { moves[$0.text(0)] = Move(department: $0.text(1), day: $0.int(2)) }
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
    packed = try PackedDays(database, seriesCount: nextSeries)
  }

  /// Writes what was collected about series.
  func finish() throws {
    let update = try database.prepare(
      "UPDATE series SET first_day = ?, start_known = ?, delist_after = ? WHERE series_id = ?")
    for id in series.keys.sorted() {
      guard let it = series[id], it.changed else { continue }
      update.bind([it.firstDay, it.startKnown ? 1 : 0, it.delistAfter, id])
      try update.execute()
    }
    try packed.unpackChanged(database)
  }

  /// Prepared by the first that wants them.
  func further() throws -> FurtherStatements {
    if let furtherStatements { return furtherStatements }
    let made = try FurtherStatements(database)
    furtherStatements = made
    return made
  }
}
