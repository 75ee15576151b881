import DemandData
import Foundation
import SalesIngest
import SalesStore

/// A small delivery in long format: two products (one weighed), two stores, ten days, all good.
struct Delivery {
  let folder: TemporaryFolder
  var products = "product,category,department,kind\ntea,drinks,hot,count\nham,fresh,meat,measure\n"
  var stores = "store,region\nnorth,upper\nsouth,lower\n"
  var events =
    "date,event,type,region,closed\n2024-01-01,New Year,public,,0\n2024-01-05,Stocktaking,own,upper,1\n"
    + "2024-02-10,Benefit,benefit,lower,0\n"
  var sales: [String] = []
  static let header = "date,product,store,units,price,promotion,stock"
  static let first = Day(iso: "2024-01-01")!
  /// 1 February 2024.
  static let now = Date(timeIntervalSince1970: 1_706_788_800)

  init() throws {
    folder = try TemporaryFolder()
    for day in 0..<10 where day != 4 {
      for (product, store) in [("tea", "north"), ("tea", "south"), ("ham", "north")] where day > 1 || product == "tea" {
        let units = product == "ham" ? "\(day).5" : "\((day * 7) % 5)"
        let stock = day == 6 && store == "south" ? "out" : "ok"
        sales.append(
          "\(Self.first + day),\(product),\(store),\(units),\(day < 5 ? "2.50" : "2"),\(day == 5 ? 1 : 0),\(stock)")
      }
    }
  }

  /// Data rows of `sales.csv` in the delivery as it stands.
  var salesText: String { ([Self.header] + sales).joined(separator: "\n") + "\n" }

  func write() throws {
    try folder.write(products, to: "products.csv")
    try folder.write(stores, to: "stores.csv")
    try folder.write(events, to: "events.csv")
    try folder.write(salesText, to: "sales.csv")
  }

  func open(_ name: String = "demand.sqlite") throws -> any SalesStore {
    try openStore(DatabaseURL(path: folder.file(name)), mode: .readWrite(create: true), now: Self.now)
  }

  /// Writes the files and loads them.
  @discardableResult
  func load(
    into store: any SalesStore, _ options: LongFormatLoad.Options = .init(),
    isCancelled: @escaping () -> Bool = { false }
  ) throws -> LoadResult {
    try write()
    return try LongFormatLoad(files: .init(folder: folder.path), options: options)
      .run(into: store, IngestEnvironment(now: { Self.now }, isCancelled: isCancelled))
  }

  /// What a load's error says, or what it loaded.
  func outcome(into store: any SalesStore, _ options: LongFormatLoad.Options = .init()) -> String {
    do { return "loaded \(try load(into: store, options).record.summary.rowsLoaded)" } catch {
      return String(describing: error)
    }
  }
}

/// Options that let any share of rows be bad.
func lenient(_ change: (inout LongFormatLoad.Options) -> Void = { _ in }) -> LongFormatLoad.Options {
  var options = LongFormatLoad.Options()
  options.badRows.maximumShare = 1
  change(&options)
  return options
}

/// Packs a file with the `gzip` of the system.
func gzip(_ path: String) throws {
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = ["gzip", "-kf", path]
  try process.run()
  process.waitUntilExit()
}
