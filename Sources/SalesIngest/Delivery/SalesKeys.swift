import SalesStore

/// Products and stores by the bytes of their names.
struct SalesKeys {
  private var products = NameTable()
  private var known: [LoadWriter.Product] = []
  private var stores = NameTable()

  init(_ writer: LoadWriter) {
    for (name, product) in writer.products { add(name, product) }
    for (name, store) in writer.stores { stores[name] = store }
  }

  private mutating func add(_ name: String, _ product: LoadWriter.Product) {
    products[name] = known.count
    known.append(product)
  }

  /// The product of a row; a new one where the mapping lets sales make products.
  mutating func product(
    _ table: borrowing MappedTable, _ columns: SalesColumns, _ tables: DeliveryTables
  ) throws -> SalesTable.Parsed<LoadWriter.Product> {
    if let found = products[table.bytes(columns.product)] {
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
      } catch let refusal as SalesRefusal {
        return .failure(refusal)
      } catch StoreError.hierarchy(let reason) {
        return .failure(SalesRefusal(row: table.refusal(columns.product, "hierarchy", reason)))
      }
      return .success(known[known.count - 1])
    }
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
    let levels = tables.mapping.locationLevels.count
    let creates = tables.mapping.stores.isEmpty && columns.storePath.count == levels - 1
    switch try name(table, columns.store, tables, creates: creates) {
    case .failure(let refusal): return .failure(refusal)
    case .success(let name):
      do {
        let above = try path(table, columns.storePath, levels: levels)
        let id = try tables.writer.addStore(path: above + [name])
        stores[name] = id
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
