import DatabaseTestSupport
import DemandData
import Foundation
import SalesStore
import Testing

@Suite struct MaintenanceTests {
  let now = SmallStore.noon

  private func filled(_ kind: DatabaseKind) throws -> SmallStore {
    let small = try SmallStore(kind)
    try small.load()
    let run = try small.run()
    try small.store.saveForecasts(run: run.id, try small.forecasts(), hierarchy: try small.store.hierarchy())
    try small.store.saveArtifact(run: run.id, kind: "stage1", part: "draws", payload: [1, 2, 3])
    try small.store.publish(run: run.id, at: now)
    return small
  }

  @Test(arguments: DatabaseKind.available) func status(of kind: DatabaseKind) throws {
    let small = try filled(kind)
    let status = try small.store.databaseStatus()
    #expect(status.software.hasPrefix("\(kind) ") && status.bytes > 100_000)
    #expect(status.migrations.first?.name == "initial" && status.migrations.first?.appliedAt == now)
    #expect((status.freeBytes == nil) == (kind == .postgresql))
  }

  @Test(arguments: DatabaseKind.available) func backups(of kind: DatabaseKind) throws {
    let small = try filled(kind)
    let (snapshot, published) = (try small.store.dataSnapshot(), try small.store.publishedRun())
    let file = small.database.folder.file("backup")
    // Somebody has the database open for reading; a backup needs no more than that.
    let reader = try openStore(small.database.url, mode: .readOnly, now: now)
    try reader.backup(to: file)
    let copy: DatabaseURL
    if let server = small.database.server {
      let other = try TestDatabase(.postgresql)
      let restore = Process()
      restore.executableURL = URL(filePath: PostgreSQLServer.installed! + "/pg_restore")
      restore.arguments = ["--dbname=" + server.url(other.name), "--exit-on-error", file]
      try restore.run()
      restore.waitUntilExit()
      #expect(restore.terminationStatus == 0)
      copy = other.url
    } else {
      copy = DatabaseURL(path: file)
    }
    let restored = try openStore(copy, mode: .readWrite(create: false), now: now)
    #expect(try restored.dataSnapshot() == snapshot)
    #expect(try restored.publishedRun() == published)
    #expect(try restored.createRun(SmallStore.runRecord()).id == 2)
    #expect(throws: StoreError.self) { try reader.backup(to: file) }
    let nowhere = #expect(throws: StoreError.self) { try reader.backup(to: small.database.folder.file("no/where")) }
    #expect(nowhere?.description.contains("no/where") == true, "\(String(describing: nowhere))")
    let left = try FileManager.default.contentsOfDirectory(atPath: small.database.folder.path)
    #expect(left.allSatisfy { !$0.hasSuffix(".part") }, "\(left)")
  }

  @Test(arguments: DatabaseKind.available) func vacuum(of kind: DatabaseKind) throws {
    let small = try filled(kind)
    let snapshot = try small.store.dataSnapshot()
    for _ in 0..<3 {
      let run = try small.run()
      try small.store.saveArtifact(
        run: run.id, kind: "stage1", part: "", payload: [UInt8](repeating: 7, count: 1 << 20))
    }
    try small.store.pruneRuns(keep: 1)
    let before = try small.store.databaseStatus().bytes
    try small.store.vacuum()
    if kind == .sqlite { #expect(try small.store.databaseStatus().bytes < before) }
    #expect(try small.store.dataSnapshot() == snapshot)
    #expect(try small.store.integrityIsOK())
  }

  @Test(arguments: DatabaseKind.available) func checks(of kind: DatabaseKind) throws {
    let small = try filled(kind)
    func found() throws -> [String: Int] {
      let findings = try small.store.check()
      #expect(findings.allSatisfy { ($0.count == 0) == ($0.severity == .ok) && !$0.meaning.isEmpty })
      return Dictionary(uniqueKeysWithValues: findings.filter { $0.count > 0 }.map { ($0.check, $0.count) })
    }
    #expect(try found() == ["quarantined_rows": 1, "silent_days": 5])
    try small.database.query(
      """
      \(kind == .sqlite ? "PRAGMA foreign_keys = OFF;" : "")
      INSERT INTO sales VALUES (99, 1, 1, 0); INSERT INTO sales VALUES (1, \(SmallStore.first.number - 9), 1.5, 0);
      UPDATE price_steps SET price = 0; DELETE FROM quarantine;
      UPDATE run_artifacts SET payload = \(kind == .sqlite ? "x'01'" : "'\\x01'");
      INSERT INTO series (series_id, product_id, store_id)
        SELECT 77, p.product_id, s.store_id FROM products p, stores s
        WHERE NOT EXISTS (SELECT 1 FROM series i WHERE i.product_id = p.product_id AND i.store_id = s.store_id);
      """)
    #expect(
      try found()
        == [
          "sales_without_series": 1, "sales_before_range": 1, "fractional_counts": 1, "zero_prices": 2,
          "silent_days": 5, "damaged_runs": 1, "series_without_rows": 1, "wrong_packed_histories": 1,
        ].merging(kind == .postgresql ? ["integrity": 1] : [:]) { $1 })
  }

  @Test func coverageAndGaps() throws {
    let small = try SmallStore(.sqlite)
    try small.load()
    let panel = try small.store.panel()
    let pair = try #require(panel.hierarchy.levelPair(named: "all:store"))
    let found = panel.coverage(at: pair)
    #expect(found.map { panel.hierarchy.names(of: $0.node).location } == ["south", "north"])
    let north = found[1]
    #expect(north.series == 2 && north.units == 17)
    #expect(north.sold == 4 && north.zeros == 1 && north.closed == 3)
    #expect(north.notRanged == 10 && north.outOfStock == 1 && north.unknown == 1)
    #expect(north.firstDay == SmallStore.first && north.lastDay == SmallStore.first + 9)
    #expect(found[0].firstDay == SmallStore.first + 4 && found[0].lastDay == SmallStore.first + 4)
    #expect(
      panel.storeGaps() == [
        StoreGap(store: "south", from: SmallStore.first + 6, through: SmallStore.first + 9),
        StoreGap(store: "north", from: SmallStore.first + 4, through: SmallStore.first + 4),
      ])
  }

  @Test(arguments: DatabaseKind.available) func rowsForExport(of kind: DatabaseKind) throws {
    let small = try filled(kind)
    var rows: [SalesRow] = []
    try small.store.salesRows(from: SmallStore.first + 2, to: SmallStore.first + 7) { rows.append($0) }
    #expect(rows.map(\.product) == ["tea", "tea", "tea", "tea", "milk"])
    #expect(rows.map(\.units) == [2, 0, 1, 7, 1.5])
    #expect(rows.map(\.price) == [2.5, 2, 2, nil, nil])
    #expect(rows.map(\.status) == [.outOfStock, .notRanged, .closed, .sold, .sold])
    let masters = try small.store.masters(tree: "product")
    #expect(masters.levels == ["category", "product"])
    #expect(masters.rows.map(\.path) == [["dairy", "milk"], ["drinks", "tea"]])
    #expect(masters.rows.map(\.isCount) == [false, true])
  }

  /// A database whose list of migrations has a gap is not what any version of the program made.
  @Test(arguments: DatabaseKind.available) func aMigrationIsMissing(on kind: DatabaseKind) throws {
    let database = try TestDatabase(kind)
    try openStore(database.url, mode: .readWrite(create: true), now: SmallStore.noon).close()
    try database.query("DELETE FROM schema_migrations WHERE version = 2")
    for mode in [StoreMode.readOnly, .readWrite(create: true)] {
      #expect(throws: StoreError.migrationMissing(version: 2, name: "more_facts")) {
        _ = try openStore(database.url, mode: mode, now: SmallStore.noon)
      }
    }
  }

  @Test func hintsOfDatabasesThatCannotBeWritten() {
    let denied = StoreError.unwritable(place: "postgresql://u@h/d", reason: "permission denied for table sales")
    let full = StoreError.unwritable(place: "demand.sqlite", reason: "database or disk is full")
    let failed = StoreError.unwritable(place: "demand.sqlite", reason: "disk I/O error")
    let closed = StoreError.unwritable(place: "demand.sqlite", reason: "attempt to write a readonly database")
    #expect(!denied.isOutOfRoom && full.isOutOfRoom && !closed.isOutOfRoom)
    #expect(denied.description.contains("the user's rights") && !denied.description.contains("disk"))
    #expect(failed.isFailureOfDisk && failed.description.contains("free space") && !closed.isFailureOfDisk)
    #expect(full.description.contains("free space") && closed.description.contains("permissions"))
  }
}
