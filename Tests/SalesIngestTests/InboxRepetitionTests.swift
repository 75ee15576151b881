import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// An inbox and what the database says to its deliveries, on both databases.
@Suite struct InboxRepetitionTests {
  private struct Place {
    let database: TestDatabase
    let store: any SalesStore
    let folder: TemporaryFolder

    init(_ kind: DatabaseKind) throws {
      database = try TestDatabase(kind)
      store = try openStore(database.url, mode: .readWrite(create: true), now: Delivery.now)
      folder = try TemporaryFolder()
      try folder.write(DeliveredDatabase.products, to: "products.csv")
      try folder.write(DeliveredDatabase.stores, to: "stores.csv")
      _ = try empty()
    }

    func put(_ rows: String, _ name: String) throws { try folder.write("date,product,store,units\n" + rows, to: name) }

    func empty() throws -> [String] {
      var said: [String] = []
      var options = DeliveryLoad.Options()
      options.today = Delivery.first + 31
      let inbox = Inbox(folder: folder.path, source: "long", mapping: .long, options: options, settling: 0)
      try inbox.load(into: store, IngestEnvironment(now: { Date() })) { name, outcome in
        switch outcome {
        case .loaded: said.append("loaded \(name)")
        case .alreadyLoaded: said.append("known \(name)")
        case .failed: said.append("failed \(name)")
        }
      }
      return said
    }

    func units() throws -> [Double] {
      var found: [Double] = []
      try store.salesRows(from: nil, to: nil) { found.append($0.units) }
      return found
    }
  }

  /// A file that was loaded and did not get to move is no new delivery, whatever came between; one that came since is.
  @Test(arguments: DatabaseKind.available) func whatLiesThereSinceBefore(on kind: DatabaseKind) throws {
    let place = try Place(kind)
    try place.put("2024-01-01,tea,north,1\n", "monday.csv")
    // Loaded, and killed before the file could move.
    let files = try DeliveryFiles([.sales: [place.folder.file("monday.csv")]], mapping: .long)
    var options = DeliveryLoad.Options()
    options.today = Delivery.first + 31
    Thread.sleep(forTimeInterval: 0.05)
    _ = try DeliveryLoad(source: "long", mapping: .long, files: files, options: options)
      .run(into: place.store, IngestEnvironment(now: { Date() }))
    let correction = try TemporaryFolder()
    try correction.write("date,product,store,units\n2024-01-01,tea,north,5\n", to: "sales.csv")
    _ = try DeliveryLoad(
      source: "long", mapping: .long, files: try DeliveryFiles(folder: correction.path, mapping: .long),
      options: options
    ).run(into: place.store, IngestEnvironment(now: { Date() }))
    #expect(try place.empty() == ["known monday.csv"])
    #expect(try place.units() == [5])
    // Put there again, it is meant.
    Thread.sleep(forTimeInterval: 0.05)
    try FileManager.default.moveItem(
      atPath: place.folder.file("done/monday.csv"), toPath: place.folder.file("monday.csv"))
    #expect(try place.empty() == ["loaded monday.csv"])
    #expect(try place.units() == [1])
  }

  /// What the database's own rules refuse goes to `failed/`, and the deliveries behind it are loaded.
  @Test(arguments: DatabaseKind.available) func whatTheDatabaseRefusesStopsNoOther(on kind: DatabaseKind) throws {
    let place = try Place(kind)
    try place.database.query("CREATE UNIQUE INDEX one_row_a_day ON sales (day)")
    try place.put("2024-01-01,tea,north,1\n2024-01-01,ham,north,1\n", "monday.csv")
    try place.put("2024-01-02,tea,north,2\n", "tuesday.csv")
    #expect(try place.empty() == ["failed monday.csv", "loaded tuesday.csv"])
    let reason = String(decoding: try place.folder.bytes(of: "failed/monday.csv.reason.txt"), as: UTF8.self)
    #expect(reason.contains("constraint"), "\(reason)")
    #expect(try place.units() == [2] && place.store.integrityIsOK())
  }
}
