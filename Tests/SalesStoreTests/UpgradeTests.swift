import DatabaseTestSupport
import DemandData
import Foundation
import SalesStore
import Testing

/// Databases that earlier versions wrote, kept as fixtures: opened for writing they are brought up to date, and say what
/// they said. Figures are those of the fixtures' own database programs (sqlite3, psql).
@Suite struct UpgradeTests {
  /// What every fixture holds, by a query that both databases understand.
  private static let totals: [(query: String, answer: [Double])] = [
    ("SELECT count(*), sum(units), sum(status * day) FROM sales", [420, 438, 521_265]),
    ("SELECT count(*), sum(price) FROM price_steps", [18, 73.52]),
    ("SELECT count(*) FROM promotions", [59]),
    ("SELECT count(*) FROM events", [209]),
    ("SELECT count(*) FROM closures", [3]),
    ("SELECT count(*) FROM store_days", [140]),
    ("SELECT count(*) FROM quarantine", [1]),
    ("SELECT count(*), sum(length(packed)) FROM forecasts", [40, 4104]),
    ("SELECT count(*), sum(length(draws)) FROM run_series", [6, 2496]),
    ("SELECT count(*), sum(first_day), sum(start_known), sum(delist_after) FROM series", [6, 115_608, 0, 336]),
  ]

  /// The repository's migrations of a database, in order.
  private static func migrations(_ kind: DatabaseKind) throws -> [String] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "migrations/\(kind == .sqlite ? "sqlite" : "postgresql")").path
    return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { folder + "/" + $0 }
  }

  /// A copy of the fixture of a version.
  private func fixture(_ version: String, _ kind: DatabaseKind) throws -> TestDatabase {
    let folder = try #require(Bundle.module.resourcePath) + "/Fixtures/version_\(version)"
    let database = try TestDatabase(kind)
    if let server = database.server {
      try server.run(file: folder + ".postgresql.sql", in: database.name)
    } else {
      try FileManager.default.copyItem(atPath: folder + ".sqlite", toPath: database.name)
    }
    return database
  }

  private func check(_ database: TestDatabase) throws {
    for (query, answer) in Self.totals {
      let found = try database.query(query).split(separator: "|").map { Double($0) ?? .nan }
      #expect(found.count == answer.count, "\(query)")
      for (a, b) in zip(found, answer) { #expect(abs(a - b) < 1e-9, "\(query): \(found)") }
    }
  }

  @Test(arguments: DatabaseKind.available) func versionOne(on kind: DatabaseKind) throws {
    let now = SmallStore.noon
    let database = try fixture("0001", kind)
    try check(database)
    let newest = try Self.migrations(kind).count
    #expect(throws: StoreError.olderDatabase(place: database.url.place, version: 1, known: newest)) {
      _ = try openStore(database.url, mode: .readOnly, now: now)
    }
    let store = try openStore(database.url, mode: .readWrite(create: false), now: now)
    try check(database)
    let applied = try store.databaseStatus().migrations
    #expect(applied.map(\.version) == Array(1...newest) && applied.last?.appliedAt == now)
    #expect(try store.integrityIsOK())
    #expect(try store.check().allSatisfy { $0.severity != .error || $0.count == 0 })
    // What a fit sees is what the run of that time saw: nothing has to be fitted again.
    let run = try #require(try store.publishedRun()?.run)
    #expect(try store.dataSnapshot() == run.snapshot)
    #expect(
      try store.forecasts(run: run.id, productLevel: "product", locationLevel: "store") { _, _ in } == 6)
    #expect(try store.series(run: run.id).count == 6)
    let load = try #require(try store.loads().first)
    #expect(load.summary.rowsLoaded == 420 && load.summary.rowsRestated == nil)
    #expect(try store.quarantine(load: load.id).map(\.kind) == ["unknown_store"])
    // And it takes what is new.
    let day = try #require(try store.lastCompleteDay())
    let node = NodeNames(productLevel: "all", product: "all", locationLevel: "store", location: "N1")
    _ = try store.addAnnotation(
      Annotation(
        days: UnrepresentativeDays(node: node, from: day, through: day), reason: "strike", author: "test", madeAt: now))
    #expect(try store.dataSnapshot() != run.snapshot)
    // Opened again, nothing is left to do.
    try store.close()
    let again = try openStore(database.url, mode: .readOnly, now: now)
    #expect(try again.databaseStatus().migrations == applied)
  }

  /// A program that knows the first version alone leaves an upgraded database as it is.
  @Test(arguments: DatabaseKind.available) func newerDatabasesAreRefused(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    try small.store.close()
    let folder = try TemporaryFolder()
    let migrations = try Self.migrations(kind)
    try FileManager.default.copyItem(atPath: migrations[0], toPath: folder.file("0001_initial.sql"))
    for mode in [StoreMode.readOnly, .readWrite(create: true)] {
      #expect(
        throws: StoreError.newerDatabase(place: small.database.url.place, version: migrations.count, known: 1)
      ) {
        _ = try openStore(small.database.url, mode: mode, migrationsFolder: folder.path, now: SmallStore.noon)
      }
    }
  }
}
