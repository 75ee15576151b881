import DemandData

/// The hierarchy with the database's ids beside it.
struct StoredHierarchy {
  let hierarchy: Hierarchy
  /// Product and store ids by leaf index.
  let productIDs: [Int]
  let storeIDs: [Int]
  /// In the order of `hierarchy.series`.
  let series: [StoredSeries]
}

/// A row of table `series`.
struct StoredSeries {
  let id: Int
  let store: Int
  let firstDay: Int?
  let startKnown: Bool
  let delistAfter: Int?
}

extension SQLStore {
  func hierarchy(stores: [String]? = nil) throws(StoreError) -> Hierarchy {
    try read { try Self.storedHierarchy($0, stores: stores, nothing: self.nothingLoaded) }.hierarchy
  }

  var nothingLoaded: StoreError {
    .noData(reason: "database '\(url.place)' holds no sales: load some with `demand ingest`")
  }

  static func storedHierarchy(
    _ database: any SQLConnection, stores: [String]?, nothing: StoreError
  ) throws -> StoredHierarchy {
    let products = try leaves(database, tree: "product")
    var locations = try leaves(database, tree: "location")
    guard !products.paths.isEmpty, !locations.paths.isEmpty else { throw nothing }
    if let stores {
      let known = Set(locations.paths.map { $0.last! })
      if let missing = stores.first(where: { !known.contains($0) }) {
        throw StoreError.unknownName(kind: "store", name: missing, known: known.sorted())
      }
      let wanted = Set(stores)
      let kept = locations.paths.indices.filter { wanted.contains(locations.paths[$0].last!) }
      locations.ids = kept.map { locations.ids[$0] }
      locations.paths = kept.map { locations.paths[$0] }
    }
    let productIndex = Dictionary(uniqueKeysWithValues: products.ids.enumerated().map { ($1, $0) })
    let storeIndex = Dictionary(uniqueKeysWithValues: locations.ids.enumerated().map { ($1, $0) })
    var found: [(series: Hierarchy.Series, row: StoredSeries)] = []
    let statement = try database.prepare(
      "SELECT series_id, product_id, store_id, first_day, start_known, delist_after FROM series")
    while try statement.step() {
      guard let store = storeIndex[statement.int(2)], let product = productIndex[statement.int(1)] else { continue }
      let row = StoredSeries(
        id: statement.int(0), store: store, firstDay: statement.optionalInt(3),
        startKnown: statement.int(4) == 1, delistAfter: statement.optionalInt(5))
      found.append((Hierarchy.Series(product: product, store: store), row))
    }
    guard !found.isEmpty else { throw nothing }
    found.sort { $0.series < $1.series }
    do {
      let hierarchy = Hierarchy(
        product: try Tree(levelNames: products.levels, paths: products.paths),
        location: try Tree(levelNames: locations.levels, paths: locations.paths), series: found.map(\.series))
      return StoredHierarchy(
        hierarchy: hierarchy, productIDs: products.ids, storeIDs: locations.ids, series: found.map(\.row))
    } catch {
      throw StoreError.hierarchy(error.description)
    }
  }

  /// Leaves of a tree sorted by path, with the names of the levels below `all`.
  static func leaves(
    _ database: any SQLConnection, tree: String
  ) throws -> (levels: [String], ids: [Int], paths: [[String]]) {
    let levels = try database.texts("SELECT name FROM tree_levels WHERE tree = ? ORDER BY depth", [tree])
    var nodes: [Int: (name: String, parent: Int?, depth: Int)] = [:]
    _ = try database.all("SELECT node_id, name, parent_id, depth FROM tree_nodes WHERE tree = ?", [tree]) {
      nodes[$0.int(0)] = ($0.text(1), $0.optionalInt(2), $0.int(3))
    }
    var leaves: [(id: Int, path: [String])] = []
    for (id, node) in nodes where node.depth == levels.count {
      var path = [node.name]
      var parent = node.parent
      while let id = parent, let above = nodes[id] {
        path.append(above.name)
        parent = above.parent
      }
      leaves.append((id, path.reversed()))
    }
    leaves.sort { $0.path.lexicographicallyPrecedes($1.path) }
    return (levels, leaves.map(\.id), leaves.map(\.path))
  }
}
