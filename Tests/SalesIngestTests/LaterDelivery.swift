import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore

/// A database that deliveries come to one after another: masters of two products and two stores first.
struct DeliveredDatabase {
  let database: TestDatabase
  let store: any SalesStore
  var mapping = SourceMapping.long

  static let products = "product,category,department\ntea,drinks,hot\nham,fresh,meat\n"
  static let stores = "store,region\nnorth,upper\nsouth,lower\n"
  static let first = Delivery.first

  init(_ kind: DatabaseKind, rows: SourceMapping.Rows = .totals) throws {
    database = try TestDatabase(kind)
    store = try openStore(database.url, mode: .readWrite(create: true), now: Delivery.now)
    mapping.rows = rows
    try deliver(["products.csv": Self.products, "stores.csv": Self.stores])
  }

  /// Loads files by name; `sales` are rows below `header`.
  func result(
    _ files: [String: String] = [:], sales rows: [String] = [], header: String = "date,product,store,units,price",
    _ change: (inout DeliveryLoad.Options) -> Void = { _ in }
  ) throws -> LoadResult {
    let folder = try TemporaryFolder()
    for (name, text) in files { try folder.write(text, to: name) }
    if !rows.isEmpty { try folder.write(([header] + rows).joined(separator: "\n") + "\n", to: "sales.csv") }
    var options = DeliveryLoad.Options()
    options.badRows.maximumShare = 1
    change(&options)
    let delivery = try DeliveryFiles(folder: folder.path, mapping: mapping)
    return try DeliveryLoad(source: "test", mapping: mapping, files: delivery, options: options)
      .run(into: store, IngestEnvironment(now: { Delivery.now }))
  }

  @discardableResult
  func deliver(
    _ files: [String: String] = [:], sales rows: [String] = [], header: String = "date,product,store,units,price",
    _ change: (inout DeliveryLoad.Options) -> Void = { _ in }
  ) throws -> LoadRecord {
    try result(files, sales: rows, header: header, change).record
  }

  /// Whether a delivery is taken for one that was loaded before.
  func isKnown(
    _ files: [String: String] = [:], sales rows: [String] = [], header: String = "date,product,store,units,price",
    _ change: (inout DeliveryLoad.Options) -> Void = { _ in }
  ) throws -> Bool {
    if case .alreadyLoaded = try result(files, sales: rows, header: header, change) { true } else { false }
  }

  func rows() throws -> [SalesRow] {
    var found: [SalesRow] = []
    try store.salesRows(from: nil, to: nil) { found.append($0) }
    return found
  }

  /// Units of a product in the store `north` by day.
  func units(of product: String = "tea") throws -> [Double] {
    try rows().filter { $0.product == product && $0.store == "north" }.sorted { $0.day < $1.day }.map(\.units)
  }

  /// Kinds of promotion of tea by day.
  func promotions() throws -> [[String]] {
    try rows().filter { $0.product == "tea" }.sorted { $0.day < $1.day }.map { $0.promotions.map(\.kind) }
  }

  /// Days that the calendar shuts, counted from the first.
  func closed() throws -> [Int] { try store.calendar().closures.map { $0.day - Self.first } }

  /// Departments with their products.
  func departments() throws -> [String] {
    try store.masters(tree: "product").rows.map { $0.path.dropFirst().joined(separator: "/") }
  }

  func warnings(_ record: LoadRecord) -> [String] { record.summary.details?.warnings ?? [] }
}
