import DemandData
import GRDB

extension SalesStore {
  /// Appends forecasts of a run in one transaction; a node that is there already is replaced.
  ///
  /// - Parameter hierarchy: the hierarchy that the forecasts' node indices refer to.
  public func saveForecasts(run: Int, _ forecasts: [NodeForecast], hierarchy: Hierarchy) throws(StoreError) {
    try write { database in
      let products = try Self.nodeIDs(database, tree: "product", of: hierarchy.product)
      let locations = try Self.nodeIDs(database, tree: "location", of: hierarchy.location)
      let statement = try RawStatement(
        database,
        """
        INSERT OR REPLACE INTO forecasts (run_id, product_depth, location_depth, product_index, location_index,
          product_node, location_node, packed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """)
      statement.bind(1, run)
      for forecast in forecasts {
        let node = forecast.node
        statement.bind(2, node.pair.product)
        statement.bind(3, node.pair.location)
        statement.bind(4, node.product)
        statement.bind(5, node.location)
        statement.bind(6, products[node.pair.product][node.product])
        statement.bind(7, locations[node.pair.location][node.location])
        statement.bind(8, forecast.packed())
        try statement.execute()
      }
    }
  }

  /// The forecast of one node, by its names.
  ///
  /// - Throws: ``StoreError/unknownName(kind:name:known:)`` for names that are not there, ``StoreError/noData(reason:)``
  ///   when the run has no forecast of the node.
  public func forecast(run: Int, _ names: NodeNames) throws(StoreError) -> NodeForecast {
    try read { database in
      let product = try Self.nodeID(database, tree: "product", level: names.productLevel, name: names.product)
      let location = try Self.nodeID(database, tree: "location", level: names.locationLevel, name: names.location)
      let statement = try RawStatement(
        database, Self.forecastColumns + " WHERE f.run_id = ? AND f.product_node = ? AND f.location_node = ?")
      statement.bind(1, run)
      statement.bind(2, product)
      statement.bind(3, location)
      defer { statement.reset() }
      guard try statement.step() else {
        guard try Int.fetchOne(database, sql: "SELECT 1 FROM runs WHERE run_id = ?", arguments: [run]) != nil else {
          throw StoreError.unknownRun(run)
        }
        throw StoreError.noData(
          reason: "run \(run) has no forecast of \(names.productLevel) '\(names.product)' in \(names.locationLevel) "
            + "'\(names.location)': it is not sold there, or the run did not come that far")
      }
      return try Self.forecast(statement, run: run).forecast
    }
  }

  /// Streams the forecasts of one pair of levels, such as `department` and `store`, in the run's node order.
  ///
  /// - Returns: how many there were.
  @discardableResult
  public func forecasts(
    run: Int, productLevel: String, locationLevel: String, each: (NodeNames, NodeForecast) throws -> Void
  ) throws -> Int {
    var count = 0
    try queue.read { database in
      let statement = try RawStatement(
        database,
        Self.forecastColumns
          + " WHERE f.run_id = ? AND f.product_depth = ? AND f.location_depth = ? "
          + "ORDER BY f.product_index, f.location_index")
      statement.bind(1, run)
      statement.bind(2, try Self.depth(database, tree: "product", level: productLevel))
      statement.bind(3, try Self.depth(database, tree: "location", level: locationLevel))
      defer { statement.reset() }
      while try statement.step() {
        let (nodes, forecast) = try Self.forecast(statement, run: run)
        try each(
          NodeNames(
            productLevel: productLevel, product: nodes.product, locationLevel: locationLevel, location: nodes.location),
          forecast)
        count += 1
      }
    }
    return count
  }

  /// How many nodes a run has forecasts of.
  public func forecastCount(run: Int) throws(StoreError) -> Int {
    try read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM forecasts WHERE run_id = ?", arguments: [run]) ?? 0
    }
  }

  private static let forecastColumns = """
    SELECT f.product_depth, f.location_depth, f.product_index, f.location_index, f.packed,
      coalesce(p.name, 'all'), coalesce(l.name, 'all')
    FROM forecasts f
    LEFT JOIN tree_nodes p ON p.node_id = f.product_node
    LEFT JOIN tree_nodes l ON l.node_id = f.location_node
    """

  private static func forecast(
    _ row: RawStatement, run: Int
  ) throws -> (names: (product: String, location: String), forecast: NodeForecast) {
    let node = Node(
      pair: LevelPair(product: row.int(0), location: row.int(1)), product: row.int(2), location: row.int(3))
    let names = (product: row.text(5), location: row.text(6))
    do {
      return (names, try NodeForecast(node: node, packed: row.bytes(4)))
    } catch {
      throw StoreError.corrupt(
        what: "the forecast of '\(names.product)' in '\(names.location)' of run \(run)", reason: error.reason)
    }
  }

  /// Ids of a tree's nodes, `[level][node]`; the top has none and is 0.
  private static func nodeIDs(_ database: Database, tree: String, of names: Tree) throws -> [[Int]] {
    try names.levels.map { level in
      try level.nodes.map { try nodeID(database, tree: tree, level: level.name, name: $0) }
    }
  }

  private static func nodeID(_ database: Database, tree: String, level: String, name: String) throws -> Int {
    let depth = try depth(database, tree: tree, level: level)
    if depth == 0, name == Tree.topName { return 0 }
    let statement = try database.cachedStatement(
      sql: "SELECT node_id FROM tree_nodes WHERE tree = ? AND depth = ? AND name = ?")
    guard let id = try Int.fetchOne(statement, arguments: [tree, depth, name]) else {
      let known = try String.fetchAll(
        database, sql: "SELECT name FROM tree_nodes WHERE tree = ? AND depth = ? ORDER BY name",
        arguments: [tree, depth])
      throw StoreError.unknownName(kind: level, name: name, known: depth == 0 ? [Tree.topName] : known)
    }
    return id
  }

  private static func depth(_ database: Database, tree: String, level: String) throws -> Int {
    if level == Tree.topName { return 0 }
    let statement = try database.cachedStatement(sql: "SELECT depth FROM tree_levels WHERE tree = ? AND name = ?")
    guard let depth = try Int.fetchOne(statement, arguments: [tree, level]) else {
      let known = try String.fetchAll(
        database, sql: "SELECT name FROM tree_levels WHERE tree = ? ORDER BY depth", arguments: [tree])
      throw StoreError.unknownName(kind: "\(tree) level", name: level, known: [Tree.topName] + known)
    }
    return depth
  }
}
