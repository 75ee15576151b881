import DemandData

extension SQLStore {
  func saveForecasts(run: Int, _ forecasts: [NodeForecast], hierarchy: Hierarchy) throws(StoreError) {
    try write(.runs) { database in
      let products = try Self.nodeIDs(database, tree: "product", of: hierarchy.product)
      let locations = try Self.nodeIDs(database, tree: "location", of: hierarchy.location)
      let statement = try database.prepare(
        """
        INSERT INTO forecasts (run_id, product_depth, location_depth, product_index, location_index,
          product_node, location_node, packed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (run_id, product_depth, location_depth, product_index, location_index) DO UPDATE SET
          product_node = excluded.product_node, location_node = excluded.location_node, packed = excluded.packed
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

  func forecast(run: Int, _ names: NodeNames) throws(StoreError) -> NodeForecast {
    try read { database in
      let product = try Self.nodeID(database, tree: "product", level: names.productLevel, name: names.product)
      let location = try Self.nodeID(database, tree: "location", level: names.locationLevel, name: names.location)
      let statement = try database.prepare(
        Self.forecastColumns + " WHERE f.run_id = ? AND f.product_node = ? AND f.location_node = ?")
      statement.bind(1, run)
      statement.bind(2, product)
      statement.bind(3, location)
      defer { statement.reset() }
      guard try statement.step() else {
        guard try database.int("SELECT 1 FROM runs WHERE run_id = ?", [run]) != nil else {
          throw StoreError.unknownRun(run)
        }
        throw StoreError.noData(
          reason: "run \(run) has no forecast of \(names.productLevel) '\(names.product)' in \(names.locationLevel) "
            + "'\(names.location)': it is not sold there, or the run did not come that far")
      }
      return try Self.forecast(statement, run: run).forecast
    }
  }

  func forecasts(
    run: Int, productLevel: String, locationLevel: String, each: (NodeNames, NodeForecast) throws -> Void
  ) throws -> Int {
    var count = 0
    try passingErrors {
      try database.read { database in
        let statement = try database.prepare(
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
              productLevel: productLevel, product: nodes.product, locationLevel: locationLevel, location: nodes.location
            ),
            forecast)
          count += 1
        }
      }
    }
    return count
  }

  func forecastCount(run: Int) throws(StoreError) -> Int {
    try read {
      try $0.int("SELECT count(*) FROM forecasts WHERE run_id = ?", [run]) ?? 0
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
    _ row: any SQLStatement, run: Int
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
  private static func nodeIDs(_ database: any SQLConnection, tree: String, of names: Tree) throws -> [[Int]] {
    var ids: [[String: Int]] = []
    _ = try database.all("SELECT depth, name, node_id FROM tree_nodes WHERE tree = ?", [tree]) { row in
      while ids.count <= row.int(0) { ids.append([:]) }
      ids[row.int(0)][row.text(1)] = row.int(2)
    }
    return try names.levels.map { level in
      let depth = try depth(database, tree: tree, level: level.name)
      return try level.nodes.map { name in
        if let id = depth < ids.count ? ids[depth][name] : nil { return id }
        return try nodeID(database, tree: tree, level: level.name, name: name)
      }
    }
  }

  private static func nodeID(_ database: any SQLConnection, tree: String, level: String, name: String) throws -> Int {
    let depth = try depth(database, tree: tree, level: level)
    if depth == 0, name == Tree.topName { return 0 }
    guard
      let id = try database.int(
        "SELECT node_id FROM tree_nodes WHERE tree = ? AND depth = ? AND name = ?", [tree, depth, name])
    else {
      let known = try database.texts(
        "SELECT name FROM tree_nodes WHERE tree = ? AND depth = ? ORDER BY name", [tree, depth])
      throw StoreError.unknownName(kind: level, name: name, known: depth == 0 ? [Tree.topName] : known)
    }
    return id
  }

  private static func depth(_ database: any SQLConnection, tree: String, level: String) throws -> Int {
    if level == Tree.topName { return 0 }
    guard let depth = try database.int("SELECT depth FROM tree_levels WHERE tree = ? AND name = ?", [tree, level])
    else {
      let known = try database.texts("SELECT name FROM tree_levels WHERE tree = ? ORDER BY depth", [tree])
      throw StoreError.unknownName(kind: "\(tree) level", name: level, known: [Tree.topName] + known)
    }
    return depth
  }
}
