import DemandData

extension LoadWriter {
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
          + "units first, or keep the kind measure")
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

  @discardableResult
  private func addPath(tree: String, _ path: [String]) throws -> Int {
    var parent: Int?
    for (index, name) in path.enumerated() {
      let key = NodeKey(tree: tree, depth: index + 1, name: name)
      if let found = nodes[key] {
        if tree == "product", index > 0, index == path.count - 1, found.parent != parent,
          moves[name]?.department == path[index - 1]
        {
          try move(name, id: found.id, to: parent!, named: path[index - 1])
          nodes[key] = Node(id: found.id, parent: parent)
          parent = found.id
          continue
        }
        guard found.parent == parent else { throw try twoParents(tree: tree, path, at: index, known: found.parent) }
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

  private func twoParents(tree: String, _ path: [String], at index: Int, known: Int?) throws -> StoreError {
    let name = path[index]
    let level = try database.text("SELECT name FROM tree_levels WHERE tree = ? AND depth = ?", [tree, index + 1])
    let known = try database.text("SELECT name FROM tree_nodes WHERE node_id = ?", [known])
    return .hierarchy(
      "\(level ?? tree) '\(name)' stands under '\(known ?? Tree.topName)' and under '\(path[max(0, index - 1)])': "
        + "a tree needs one parent, so correct or rename one of the two"
        + (tree == "product" && index == path.count - 1
          ? ", or declare the move with a link of kind department_move"
            + (moves[name].map { " dated after \(Day(number: $0.day)), its move to '\($0.department)'" } ?? "")
          : ""))
  }

  /// Whether a link declares that a product moves.
  public func isMoved(_ product: String) -> Bool { moves[product] != nil }

  /// Sees that a product or store that is there stands where a row of a day says, or did so before a declared move.
  /// Looks at nothing but what is in memory where it does.
  ///
  /// - Parameters:
  ///   - path: its ancestors, top down, and itself.
  ///   - placeholder: the name of nodes above what nothing was said of: they contradict nothing.
  /// - Throws: ``StoreError/hierarchy(_:)`` with both names where it does not.
  public func confirm(tree: String, path: [String], day: Int, placeholder: String) throws {
    let name = path[path.count - 1]
    guard path.count > 1, let leaf = nodes[NodeKey(tree: tree, depth: path.count, name: name)] else { return }
    let above = path[path.count - 2]
    let named = nodes[NodeKey(tree: tree, depth: path.count - 1, name: above)]
    if tree == "product", let move = moves[name], named == nil || named?.id != leaf.parent {
      if move.department == above {
        try addPath(tree: tree, path)
        return
      }
      // What was sold before a move was sold where the product stood then.
      if day < move.day { return }
    }
    var below = leaf
    for index in stride(from: path.count - 1, to: 0, by: -1) {
      let parent = nodes[NodeKey(tree: tree, depth: index, name: path[index - 1])]
      guard let parent, parent.id == below.parent else {
        if nodes[NodeKey(tree: tree, depth: index, name: placeholder)]?.id == below.parent { return }
        throw try twoParents(tree: tree, path, at: index, known: below.parent)
      }
      below = parent
    }
  }

  /// Whether a tree has this node.
  public func hasNode(tree: String, level: String, name: String) throws -> Bool {
    guard let depth = try levels(tree).firstIndex(of: level) else { return false }
    return nodes[NodeKey(tree: tree, depth: depth + 1, name: name)] != nil
  }

  /// The id of the series of a product in a store; nil without one.
  public func knownSeries(product: Int, store: Int) -> Int? { seriesIDs[SeriesKey(product: product, store: store)] }

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
    series[id] = Series(id: id, firstDay: nil, startKnown: false, lastRow: nil, isNew: true, delistAfter: nil)
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
    let before = series[id]!
    var it = before
    if let known = it.firstDay, known <= firstDay {
      it.startKnown = it.startKnown || (startKnown && known == firstDay)
    } else {
      it.firstDay = firstDay
      it.startKnown = startKnown
    }
    it.delistAfter = delistAfter
    guard it != before else { return }
    it.changed = true
    series[id] = it
  }

  /// Finds a series' first day anew out of its rows and windows, after what it was known by was taken back.
  func findRange(series id: Int) throws {
    let row = try database.int("SELECT min(day) FROM sales WHERE series_id = ?", [id])
    let window = try database.int("SELECT min(from_day) FROM ranging_windows WHERE series_id = ?", [id])
    series[id]!.firstDay = [row, window].compactMap(\.self).min()
    series[id]!.startKnown = window != nil && window == series[id]!.firstDay
    series[id]!.changed = true
  }
}
