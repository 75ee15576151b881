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
    if forgetsPromotions { try forgetPromotions(series: id, day: day) }
  }

  public func forgetPromotions(series id: Int, day: Int) throws {
    let statement = try further().forgetPromotions
    statement.bind([id, day])
    try statement.execute()
  }

  // MARK: Ranges, attributes, regressors

  /// Declares days of a series in range; a window from the same day is replaced.
  public func writeRangingWindow(series id: Int, from: Int, through: Int?) throws {
    let statement = try further().window
    statement.bind([id, from, through])
    try statement.execute()
    setRange(series: id, firstDay: from, startKnown: true, delistAfter: self.series(id).delistAfter)
  }

  /// Takes a window back; false where the series has none from this day.
  public func withdrawRangingWindow(series id: Int, from: Int) throws -> Bool {
    let count = try database.executeCounting(
      "DELETE FROM ranging_windows WHERE series_id = ? AND from_day = ?", [id, from])
    guard count > 0 else { return false }
    if series(id).firstDay == from { try findRange(series: id) }
    return true
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

  /// Keeps a link; one of the same kind, nodes and day is replaced. A department move lets the product's master name that
  /// department, unless a newer one is known.
  public func writeLink(_ it: LifeCycleLink) throws {
    if it.kind == .closure { try forgetStoredClosures(of: it.node, from: it.day) }
    try database.execute(
      """
      INSERT INTO life_cycle_links (kind, node, other, day, through_day, ratio, previous, load_id)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (kind, node, other, day) DO UPDATE SET through_day = excluded.through_day, ratio = excluded.ratio,
        previous = CASE excluded.previous WHEN '' THEN life_cycle_links.previous ELSE excluded.previous END,
        load_id = excluded.load_id
      """,
      [
        it.kind.rawValue, it.node, it.other, it.day.number, it.through?.number, it.ratio,
        it.previous, load,
      ])
    if it.kind == .departmentMove { try findMove(of: it.node) }
  }

  /// Takes a link back; false where the database has none such. A product whose newest move it was goes back to the
  /// department that it left.
  public func withdrawLink(_ it: LifeCycleLink) throws -> Bool {
    if it.kind == .closure { try forgetStoredClosures(of: it.node, from: it.day) }
    let newest = moves[it.node]
    let key: [any SQLValue] = [it.kind.rawValue, it.node, it.other, it.day.number]
    let place = "FROM life_cycle_links WHERE kind = ? AND node = ? AND other = ? AND day = ?"
    guard let previous = try database.text("SELECT previous \(place)", key) else { return false }
    try database.execute("DELETE \(place)", key)
    guard it.kind == .departmentMove else { return true }
    try findMove(of: it.node)
    if newest?.department == it.other, newest?.day == it.day.number, !previous.isEmpty {
      try moveBack(it.node, from: it.other, to: previous)
    }
    return true
  }

  /// The newest move of a product: of two of one day that of the later load.
  private func findMove(of product: String) throws {
    moves[product] = nil
    _ = try database.all(
      """
      SELECT other, day FROM life_cycle_links WHERE kind = 'department_move' AND node = ?
      ORDER BY day DESC, load_id DESC LIMIT 1
      """, [product]
    ) { moves[product] = Move(department: $0.text(0), day: $0.int(1)) }
  }

  private func moveBack(_ product: String, from department: String, to previous: String) throws {
    let depth = try levels("product").count
    let key = NodeKey(tree: "product", depth: depth, name: product)
    guard let found = nodes[key], let parent = nodes[NodeKey(tree: "product", depth: depth - 1, name: previous)],
      found.parent == nodes[NodeKey(tree: "product", depth: depth - 1, name: department)]?.id
    else { return }
    try database.execute("UPDATE tree_nodes SET parent_id = ? WHERE node_id = ?", [parent.id, found.id])
    nodes[key] = Node(id: found.id, parent: parent.id)
  }

  /// Forgets the closures that earlier versions kept for a store's link of a closure for a time. They follow from the link.
  private func forgetStoredClosures(of store: String, from: Day) throws {
    let link = try database.first(
      """
      SELECT l.load_id, l.through_day, d.summary FROM life_cycle_links l JOIN loads d ON d.load_id = l.load_id
      WHERE l.kind = 'closure' AND l.node = ? AND l.day = ? AND l.through_day IS NOT NULL
      """, [store, from.number]
    ) { (load: $0.int(0), through: $0.int(1), summary: $0.text(2)) }
    guard let link, link.load != load,
      try JSONDecoder().decode(LoadSummary.self, from: Data(link.summary.utf8)).details?.contents == nil
    else { return }
    try database.execute(
      """
      DELETE FROM closures WHERE scope_node = ? AND day BETWEEN ? AND ?
        AND scope_level = (SELECT name FROM tree_levels WHERE tree = 'location' ORDER BY depth DESC LIMIT 1)
      """, [store, from.number, link.through])
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
