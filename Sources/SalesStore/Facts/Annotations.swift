import DemandData
import Foundation

extension SQLStore {
  func annotations() throws(StoreError) -> [Annotation] { try read { try Self.annotations($0) } }

  func addAnnotation(_ annotation: Annotation) throws(StoreError) -> (id: Int, isNew: Bool) {
    try write(.facts) { try Self.insert(annotation, into: $0) }
  }

  func removeAnnotation(_ id: Int) throws(StoreError) {
    try write(.facts) { database in
      guard try database.executeCounting("DELETE FROM annotations WHERE annotation_id = ?", [id]) > 0 else {
        throw StoreError.unknownAnnotation(id)
      }
    }
  }

  func expireAnnotation(_ id: Int, on day: Day) throws(StoreError) {
    try write(.facts) { database in
      let changed = try database.executeCounting(
        "UPDATE annotations SET expires_on = ? WHERE annotation_id = ?", [day.number, id])
      guard changed > 0 else { throw StoreError.unknownAnnotation(id) }
    }
  }

  static func annotations(_ database: any SQLConnection) throws -> [Annotation] {
    try database.all(
      """
      SELECT annotation_id, product_level, product, location_level, location, from_day, through_day, reason, author,
        made_at, expires_on
      FROM annotations ORDER BY annotation_id
      """
    ) { row in
      func name(_ column: Int) -> String { row.text(column).isEmpty ? Tree.topName : row.text(column) }
      return Annotation(
        id: row.int(0),
        days: UnrepresentativeDays(
          node: NodeNames(productLevel: name(1), product: name(2), locationLevel: name(3), location: name(4)),
          from: Day(number: row.int(5)), through: Day(number: row.int(6))),
        reason: row.text(7), author: row.text(8), madeAt: try Timestamp.date(row.text(9)),
        expiresOn: row.optionalInt(10).map(Day.init(number:)))
    }
  }

  /// Adds an annotation; one of the same days, node and reason stays as it is.
  static func insert(_ it: Annotation, into database: any SQLConnection) throws -> (id: Int, isNew: Bool) {
    let node = it.days.node
    try requireNode(database, tree: "product", level: node.productLevel, name: node.product)
    try requireNode(database, tree: "location", level: node.locationLevel, name: node.location)
    func stored(_ name: String) -> String { name == Tree.topName ? "" : name }
    let key: [any SQLValue] = [
      stored(node.productLevel), stored(node.product), stored(node.locationLevel), stored(node.location),
      it.days.from.number, it.days.through.number, it.reason,
    ]
    let known = try database.int(
      """
      SELECT annotation_id FROM annotations WHERE product_level = ? AND product = ? AND location_level = ?
        AND location = ? AND from_day = ? AND through_day = ? AND reason = ?
      """, key)
    if let known { return (known, false) }
    let id = try database.int(
      """
      INSERT INTO annotations (product_level, product, location_level, location, from_day, through_day, reason, author,
        made_at, expires_on)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING annotation_id
      """, key + [it.author, Timestamp.text(it.madeAt), it.expiresOn?.number])
    return (id!, true)
  }

  private static func requireNode(
    _ database: any SQLConnection, tree: String, level: String, name: String
  ) throws {
    guard level != Tree.topName else { return }
    let levels = try database.texts("SELECT name FROM tree_levels WHERE tree = ? ORDER BY depth", [tree])
    guard let depth = levels.firstIndex(of: level) else {
      throw StoreError.unknownName(kind: "level", name: level, known: levels)
    }
    let found = try database.int(
      "SELECT 1 FROM tree_nodes WHERE tree = ? AND depth = ? AND name = ?", [tree, depth + 1, name])
    guard found != nil else {
      throw StoreError.unknownName(
        kind: level, name: name,
        known: try database.texts(
          "SELECT name FROM tree_nodes WHERE tree = ? AND depth = ? ORDER BY name", [tree, depth + 1]))
    }
  }
}
