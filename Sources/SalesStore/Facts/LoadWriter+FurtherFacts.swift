import DemandData
import Foundation

/// Statements for the facts that few deliveries bring.
final class FurtherStatements {
  let detail, readDetail, supersede, forgetPromotions, window, attribute, regressor: any SQLStatement

  init(_ database: any SQLConnection) throws {
    detail = try database.prepare(
      """
      INSERT INTO sales_details (series_id, day, revenue, base_price, stock_on_hand) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (series_id, day) DO UPDATE SET
        revenue = coalesce(excluded.revenue, sales_details.revenue),
        base_price = coalesce(excluded.base_price, sales_details.base_price),
        stock_on_hand = coalesce(excluded.stock_on_hand, sales_details.stock_on_hand)
      """)
    readDetail = try database.prepare(
      "SELECT revenue, base_price, stock_on_hand FROM sales_details WHERE series_id = ? AND day = ?")
    supersede = try database.prepare(
      """
      INSERT INTO superseded_sales
        (series_id, day, load_id, units, status, price, revenue, base_price, stock_on_hand, superseded_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (series_id, day, load_id) DO NOTHING
      """)
    forgetPromotions = try database.prepare("DELETE FROM promotions WHERE series_id = ? AND day = ?")
    window = try database.prepare(
      """
      INSERT INTO ranging_windows (series_id, from_day, through_day) VALUES (?, ?, ?)
      ON CONFLICT (series_id, from_day) DO UPDATE SET through_day = excluded.through_day
      """)
    attribute = try database.prepare(
      """
      INSERT INTO attributes (node_id, name, value) VALUES (?, ?, ?)
      ON CONFLICT (node_id, name) DO UPDATE SET value = excluded.value
      """)
    regressor = try database.prepare(
      """
      INSERT INTO regressors (name, scope_level, scope_node, day, value) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (name, scope_level, scope_node, day) DO UPDATE SET value = excluded.value
      """)
  }
}

extension LoadWriter {
  // MARK: Sales

  /// Writes what is known of a series on a day beyond its sales; what is not given stays as it was.
  public func writeDetails(series id: Int, day: Int, _ it: SalesDetails) throws {
    guard !it.isEmpty else { return }
    let statement = try further().detail
    statement.bind([id, day, it.revenue, it.basePrice, it.stockOnHand])
    try statement.execute()
  }

  /// Takes away what is stored as the revenue of a day: it is not that of the whole day.
  public func forgetRevenue(series id: Int, day: Int) throws {
    try database.execute(
      """
      DELETE FROM sales_details
      WHERE series_id = ? AND day = ? AND base_price IS NULL AND stock_on_hand IS NULL
      """, [id, day])
    try database.execute("UPDATE sales_details SET revenue = NULL WHERE series_id = ? AND day = ?", [id, day])
  }

  public func details(series id: Int, day: Int) throws -> SalesDetails {
    let statement = try further().readDetail
    statement.bind([id, day])
    defer { statement.reset() }
    guard try statement.step() else { return SalesDetails() }
    return SalesDetails(
      revenue: statement.optionalDouble(0), basePrice: statement.optionalDouble(1),
      stockOnHand: statement.optionalDouble(2))
  }

  /// Keeps what the database has of a series on a day, which this load is about to change; its promotions are forgotten.
  ///
  /// Of several changes by one load the first is kept: what was there before it.
  ///
  /// - Parameter forgetsPromotions: false where the load changes only what it knows of, which no promotion is.
  public func supersede(
    series id: Int, day: Int, units: Double, status: DayStatus, price: Double?, details: SalesDetails,
    forgetsPromotions: Bool = true
  ) throws {
    let statements = try further()
    statements.supersede.bind([
      id, day, load, units, Int(status.rawValue), price, details.revenue, details.basePrice, details.stockOnHand,
      startedAt,
    ])
    try statements.supersede.execute()
    guard forgetsPromotions else { return }
    statements.forgetPromotions.bind([id, day])
    try statements.forgetPromotions.execute()
  }

  // MARK: Ranges, attributes, regressors

  /// Declares days of a series in range; a window from the same day is replaced.
  public func writeRangingWindow(series id: Int, from: Int, through: Int?) throws {
    let statement = try further().window
    statement.bind([id, from, through])
    try statement.execute()
    setRange(series: id, firstDay: from, startKnown: true, delistAfter: self.series(id).delistAfter)
  }

  /// Sets an attribute of a product or store; false where the tree has no such node.
  public func writeAttribute(tree: String, level: String, node: String, name: String, value: String) throws -> Bool {
    let levels = try levels(tree)
    guard let depth = levels.firstIndex(of: level),
      let found = nodes[NodeKey(tree: tree, depth: depth + 1, name: node)]
    else { return false }
    let statement = try further().attribute
    statement.bind([found.id, name, value])
    try statement.execute()
    return true
  }

  public func writeRegressor(_ it: Regressor) throws {
    let statement = try further().regressor
    statement.bind(1, it.name)
    bind(it.scope, to: statement, at: 2)
    statement.bind(4, it.day.number)
    statement.bind(5, it.value)
    try statement.execute()
  }

  func levels(_ tree: String) throws -> [String] {
    if let known = treeLevels[tree] { return known }
    let found = try database.texts("SELECT name FROM tree_levels WHERE tree = ? ORDER BY depth", [tree])
    treeLevels[tree] = found
    return found
  }

  // MARK: Annotations and life cycles

  /// Adds an annotation; one of the same days, node and reason stays as it is.
  ///
  /// - Throws: ``StoreError/unknownName(kind:name:known:)`` for a level or node that is not there.
  @discardableResult
  public func writeAnnotation(_ it: Annotation) throws -> (id: Int, isNew: Bool) {
    try SQLStore.insert(it, into: database)
  }

  /// When the load began: when an annotation without a date was made.
  public func loadStart() throws -> Date { try Timestamp.date(startedAt) }

  /// Lets a product's master say another department than the database: it then moves there.
  public func declareMove(of product: String, to department: String) { moves[product, default: []].insert(department) }

  /// Keeps a link; one of the same kind, nodes and day is replaced.
  public func writeLink(_ it: LifeCycleLink) throws {
    try database.execute(
      """
      INSERT INTO life_cycle_links (kind, node, other, day, through_day, ratio, previous, load_id)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (kind, node, other, day) DO UPDATE SET through_day = excluded.through_day, ratio = excluded.ratio,
        previous = CASE excluded.previous WHEN '' THEN life_cycle_links.previous ELSE excluded.previous END
      """,
      [
        it.kind.rawValue, it.node, it.other, it.day.number, it.through?.number, it.ratio,
        it.previous, load,
      ])
  }

  /// Takes back the closures that a store's link of a closure for a time made when it was loaded before; days that
  /// another such link closes stay closed.
  ///
  /// - Parameters:
  ///   - from: the link's first day.
  ///   - level: level of stores in the location tree.
  public func withdrawClosures(of store: String, from: Day, level: String) throws {
    var links: [ClosedRange<Int>] = []
    var own: ClosedRange<Int>?
    _ = try database.all(
      "SELECT day, through_day FROM life_cycle_links WHERE kind = 'closure' AND node = ? AND through_day IS NOT NULL",
      [store]
    ) { row in
      let days = row.int(0)...max(row.int(0), row.int(1))
      if row.int(0) == from.number { own = days } else { links.append(days) }
    }
    guard let own else { return }
    try database.execute(
      "DELETE FROM closures WHERE scope_level = ? AND scope_node = ? AND day BETWEEN ? AND ?",
      [level, store, own.lowerBound, own.upperBound])
    for day in own where links.contains(where: { $0.contains(day) }) {
      try writeClosure(EventCalendar.Closure(day: Day(number: day), scope: .location(level: level, node: store)))
    }
  }

  /// Moves a product to another department, and notes which one it left with the links that declare it.
  func move(_ product: String, id: Int, to parent: Int, named department: String) throws {
    let before = try database.text(
      "SELECT p.name FROM tree_nodes n JOIN tree_nodes p ON p.node_id = n.parent_id WHERE n.node_id = ?", [id])
    try database.execute("UPDATE tree_nodes SET parent_id = ? WHERE node_id = ?", [parent, id])
    try database.execute(
      """
      UPDATE life_cycle_links SET previous = ?
      WHERE kind = 'department_move' AND node = ? AND other = ? AND previous = ''
      """, [before ?? "", product, department])
  }
}
