import DemandData
import SalesStore

extension DeliveryTables {
  mutating func loadProducts(_ item: DeliveryFiles.Item) throws {
    let levels = mapping.productLevels
    var table = try open(item, required: levels, optional: ["kind"])
    let columns = levels.map { table.column($0)! }
    let kind = table.column("kind")
    var seen: Set<String> = []
    while try nextRow(&table) {
      guard let names = try names(columns, table) else { continue }
      var isCount: Bool? = mapping.measured ? false : nil
      if let kind {
        switch table.text(kind) {
        case "count": isCount = true
        case "measure": isCount = false
        case "": break
        default:
          try refusals.refuse(
            table.refusal(kind, "unknown_kind", "not a kind of units: write count or measure"), in: writer)
          continue
        }
      }
      let leaf = columns[columns.count - 1]
      guard seen.insert(names[names.count - 1]).inserted else {
        try refusals.refuse(
          table.refusal(leaf, "duplicate_row", "the product is listed twice: keep one of the rows"), in: writer)
        continue
      }
      do {
        let before = writer.newProducts
        try writer.addProduct(path: names, isCount: isCount)
        if writer.newProducts > before { made.append(MadeName("product", names[names.count - 1], table)) }
        try writeAttributes(of: names, tree: "product", levels, table)
      } catch StoreError.hierarchy(let reason) {
        try refusals.refuse(table.refusal(leaf, "hierarchy", reason), in: writer)
      }
      noteOthers(table)
    }
    try finish(table)
  }

  mutating func loadStores(_ item: DeliveryFiles.Item) throws {
    let levels = mapping.locationLevels
    var table = try open(item, required: levels, optional: [])
    let columns = levels.map { table.column($0)! }
    var seen: Set<String> = []
    while try nextRow(&table) {
      guard let names = try names(columns, table) else { continue }
      let leaf = columns[columns.count - 1]
      guard seen.insert(names[names.count - 1]).inserted else {
        try refusals.refuse(
          table.refusal(leaf, "duplicate_row", "the store is listed twice: keep one of the rows"), in: writer)
        continue
      }
      do {
        let before = writer.newStores
        try writer.addStore(path: names)
        if writer.newStores > before { made.append(MadeName("store", names[names.count - 1], table)) }
        try writeAttributes(of: names, tree: "location", levels, table)
      } catch StoreError.hierarchy(let reason) {
        try refusals.refuse(table.refusal(leaf, "hierarchy", reason), in: writer)
      }
      noteOthers(table)
    }
    try finish(table)
  }

  /// Keeps what the present row says of its product or store beside its place in the tree.
  private mutating func writeAttributes(
    of path: [String], tree: String, _ levels: [String], _ table: borrowing MappedTable
  ) throws {
    for (name, position) in table.attributes {
      guard let field = table.bytes(at: position) else { continue }
      let value = String(decoding: field, as: UTF8.self)
      guard
        try writer.writeAttribute(
          tree: tree, level: levels[levels.count - 1], node: path[path.count - 1], name: name, value: value)
      else { continue }
      remarks.stored["attributes", default: 0] += 1
    }
  }

  /// Counts values that have no place in the database.
  mutating func noteOthers(_ table: borrowing MappedTable) {
    for (name, position) in table.others where !table.isEmpty(at: position) { remarks.notStored[name, default: 0] += 1 }
  }

  /// Names in these columns, or nil after refusing the row.
  mutating func names(_ columns: [MappedColumn], _ table: borrowing MappedTable) throws -> [String]? {
    var names: [String] = []
    for column in columns {
      guard let name = table.text(column) else {
        try refusals.refuse(table.refusal(column, "invalid_utf8", Reasons.utf8), in: writer)
        return nil
      }
      guard !name.isEmpty else {
        try refusals.refuse(table.refusal(column, "empty_name", Reasons.empty(column)), in: writer)
        return nil
      }
      names.append(name)
    }
    return names
  }
}
