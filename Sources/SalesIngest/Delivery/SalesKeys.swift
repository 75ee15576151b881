import SalesStore

/// Products and stores by the bytes of their names.
struct SalesKeys {
  private var products = NameTable()
  private var known: [LoadWriter.Product] = []
  private var stores = NameTable()
  /// Ancestors, as the last row that was seen to be right wrote them: by product, as in `known`, and by store.
  private var productPlaces: [[UInt8]] = []
  private var storePlaces: [Int: [UInt8]] = [:]
  /// Products and stores that rows made.
  private(set) var made: [MadeName] = []

  init(_ writer: LoadWriter) {
    for (name, product) in writer.products { add(name, product) }
    for (name, store) in writer.stores { stores[name] = store }
  }

  private mutating func add(_ name: String, _ product: LoadWriter.Product) {
    products[name] = known.count
    known.append(product)
    productPlaces.append([])
  }

  /// Why a row cannot be right in where it says that its product and store stand; nil where it can.
  ///
  /// Rows that say what the last one said cost a comparison of bytes.
  mutating func misplaced(
    _ table: borrowing MappedTable, _ columns: SalesColumns, day: Int, _ writer: LoadWriter
  ) throws -> QuarantinedRow? {
    if columns.placesProducts, let index = products[table.bytes(columns.product)],
      !Self.says(productPlaces[index], table, columns.productPath)
    {
      let refusal = try Self.refusal(table, "product", columns.productPath, columns.product, day: day, writer)
      if refusal != nil { return refusal }
      // A product that moves stood elsewhere on other days.
      if !writer.isMoved(table.text(columns.product) ?? "") {
        productPlaces[index] = Self.place(table, columns.productPath)
      }
    }
    if columns.placesStores, let id = stores[table.bytes(columns.store)],
      !Self.says(storePlaces[id] ?? [], table, columns.storePath)
    {
      let refusal = try Self.refusal(table, "location", columns.storePath, columns.store, day: day, writer)
      if refusal != nil { return refusal }
      storePlaces[id] = Self.place(table, columns.storePath)
    }
    return nil
  }

  private static func refusal(
    _ table: borrowing MappedTable, _ tree: String, _ columns: [MappedColumn], _ leaf: MappedColumn, day: Int,
    _ writer: LoadWriter
  ) throws -> QuarantinedRow? {
    var path: [String] = []
    for column in columns + [leaf] {
      // An empty field says nothing of what is known already.
      guard let name = table.text(column), !name.isEmpty else { return nil }
      path.append(name)
    }
    do {
      try writer.confirm(tree: tree, path: path, day: day, placeholder: DeliveryTables.unassigned)
      return nil
    } catch StoreError.hierarchy(let reason) {
      return table.refusal(columns[columns.count - 1], "hierarchy", reason)
    }
  }

  /// No byte of a text in UTF-8.
  private static let end: UInt8 = 0xFF

  private static func place(_ table: borrowing MappedTable, _ columns: [MappedColumn]) -> [UInt8] {
    var place: [UInt8] = []
    for column in columns {
      place += table.bytes(column)
      place.append(end)
    }
    return place
  }

  /// Whether a row names these ancestors.
  private static func says(
    _ place: [UInt8], _ table: borrowing MappedTable, _ columns: [MappedColumn]
  ) -> Bool {
    var at = 0
    for column in columns {
      let bytes = table.bytes(column)
      let last = at + bytes.count
      guard last < place.count, place[last] == end, place[at..<last].elementsEqual(bytes) else { return false }
      at = last + 1
    }
    return at == place.count
  }

  /// The product of a row; a new one where the mapping lets sales make products.
  mutating func product(
    _ table: borrowing MappedTable, _ columns: SalesColumns, _ tables: DeliveryTables
  ) throws -> SalesTable.Parsed<LoadWriter.Product> {
    if let found = products[table.bytes(columns.product)] ?? sameProduct(table, columns.product, tables.writer) {
      // What was counted so far may be measured from now on: a measure takes all that a count does.
      if known[found].isCount, isMeasured(table, columns, tables) {
        known[found] = try tables.writer.setKind(of: table.text(columns.product)!, isCount: false)
      }
      return .success(known[found])
    }
    let levels = tables.mapping.productLevels.count
    let creates = tables.mapping.products.isEmpty && columns.productPath.count == levels - 1
    switch try name(table, columns.product, tables, creates: creates) {
    case .failure(let refusal): return .failure(refusal)
    case .success(let name):
      let kind = columns.kind.flatMap { table.text($0) } ?? ""
      guard ["", "count", "measure"].contains(kind) else {
        return .failure(
          SalesRefusal(
            row: table.refusal(columns.kind!, "unknown_kind", "not a kind of units: write count or measure")))
      }
      let isCount = kind.isEmpty ? (tables.mapping.measured ? false : nil) : kind == "count"
      do {
        let above = try path(table, columns.productPath, levels: levels)
        add(name, try tables.writer.addProduct(path: above + [name], isCount: isCount))
        made.append(MadeName("product", name, table))
      } catch let refusal as SalesRefusal {
        return .failure(refusal)
      } catch StoreError.hierarchy(let reason) {
        return .failure(SalesRefusal(row: table.refusal(columns.product, "hierarchy", reason)))
      }
      return .success(known[known.count - 1])
    }
  }

  /// A known product whose name is written by other bytes: the accents of one are characters of their own. From then on it
  /// is found by these too.
  private mutating func sameProduct(
    _ table: borrowing MappedTable, _ column: MappedColumn, _ writer: LoadWriter
  ) -> Int? {
    guard let name = Self.accented(table, column), let product = writer.products[name],
      let index = known.firstIndex(where: { $0.id == product.id })
    else { return nil }
    products[String(decoding: table.bytes(column), as: UTF8.self)] = index
    return index
  }

  /// A name with other characters than those of ASCII, which may be written in several ways.
  private static func accented(_ table: borrowing MappedTable, _ column: MappedColumn) -> String? {
    table.bytes(column).contains { $0 >= 0x80 } ? table.text(column) : nil
  }

  private func isMeasured(
    _ table: borrowing MappedTable, _ columns: SalesColumns, _ tables: DeliveryTables
  ) -> Bool {
    guard let kind = columns.kind.map({ table.bytes($0) }), !kind.isEmpty else {
      return tables.mapping.measured && !tables.mapping.saysKinds
    }
    return kind.elementsEqual("measure".utf8)
  }

  /// The store of a row; a new one where the mapping lets sales make stores.
  mutating func store(
    _ table: borrowing MappedTable, _ columns: SalesColumns, _ tables: DeliveryTables
  ) throws -> SalesTable.Parsed<Int> {
    if let found = stores[table.bytes(columns.store)] { return .success(found) }
    if let name = Self.accented(table, columns.store), let found = tables.writer.stores[name] {
      stores[String(decoding: table.bytes(columns.store), as: UTF8.self)] = found
      return .success(found)
    }
    let levels = tables.mapping.locationLevels.count
    let creates = tables.mapping.stores.isEmpty && columns.storePath.count == levels - 1
    switch try name(table, columns.store, tables, creates: creates) {
    case .failure(let refusal): return .failure(refusal)
    case .success(let name):
      do {
        let above = try path(table, columns.storePath, levels: levels)
        let id = try tables.writer.addStore(path: above + [name])
        stores[name] = id
        made.append(MadeName("store", name, table))
        return .success(id)
      } catch let refusal as SalesRefusal {
        return .failure(refusal)
      } catch StoreError.hierarchy(let reason) {
        return .failure(SalesRefusal(row: table.refusal(columns.store, "hierarchy", reason)))
      }
    }
  }

  /// A name that no master knows, if it may be made.
  private func name(
    _ table: borrowing MappedTable, _ column: MappedColumn, _ tables: DeliveryTables, creates: Bool
  ) throws -> SalesTable.Parsed<String> {
    guard let name = table.text(column) else {
      return .failure(SalesRefusal(row: table.refusal(column, "invalid_utf8", Reasons.utf8)))
    }
    guard !name.isEmpty else {
      return .failure(SalesRefusal(row: table.refusal(column, "empty_name", Reasons.empty(column))))
    }
    if creates || tables.mapping.unknownKeys == .create { return .success(name) }
    let file = tables.mapping.fileName(column.name == "product" ? .products : .stores)
    let row = table.refusal(
      column, "unknown_\(column.name)",
      "no \(column.name) of this name: correct it (capitals and spaces count), or "
        + (file.map { "add it to \($0) and load that" } ?? "load it with --unknown-keys create")
        + "; 'demand quarantine retry' then loads the row")
    return .failure(SalesRefusal(row: row, isHeld: tables.mapping.unknownKeys == .hold))
  }

  /// Nodes above a new product or store, top down.
  private func path(
    _ table: borrowing MappedTable, _ columns: [MappedColumn], levels: Int
  ) throws -> [String] {
    guard columns.count == levels - 1 else {
      return [String](repeating: DeliveryTables.unassigned, count: levels - 1)
    }
    var path: [String] = []
    for column in columns {
      guard let name = table.text(column) else {
        throw SalesRefusal(row: table.refusal(column, "invalid_utf8", Reasons.utf8))
      }
      guard !name.isEmpty else {
        throw SalesRefusal(row: table.refusal(column, "empty_name", Reasons.empty(column)))
      }
      path.append(name)
    }
    return path
  }
}
