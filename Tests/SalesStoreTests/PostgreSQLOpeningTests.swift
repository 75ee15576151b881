import DatabaseTestSupport
import DemandData
import Foundation
import SalesStore
import Testing

@Suite(.enabled(if: PostgreSQLServer.installed != nil, "\(PostgreSQLServer.absence)"))
struct PostgreSQLOpeningTests {
  let now = SmallStore.noon

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return String(describing: error) }
    return "no error"
  }

  @Test func urls() throws {
    for good in ["postgresql://h/db", "postgres://u@h:5433/db?sslmode=require", "postgresql:///db?host=/run/x"] {
      #expect(try DatabaseURL(good) == .postgresql(good))
    }
    #expect(try !DatabaseURL("postgresql://u@h/db").holdsPassword)
    let secret = try DatabaseURL("postgresql://u:sesame@h:5433/db")
    #expect(secret.holdsPassword && secret.description == "postgresql://u@h:5433/db")
    for bad in ["postgresql://u:sesame@h/db?nonsense=1", "postgresql://u:sesame@h:x/db%zz"] {
      let complaint = message { _ = try DatabaseURL(bad) }
      #expect(complaint.contains("postgresql://...") && !complaint.contains("sesame"), "\(complaint)")
    }
    let unknown = message { _ = try DatabaseURL("mysql://u:sesame@h/db") }
    #expect(unknown.contains("mysql://...") && !unknown.contains("sesame"))
  }

  @Test func freshThenAgain() throws {
    let database = try TestDatabase(.postgresql)
    for mode in [StoreMode.readOnly, .readWrite(create: false)] {
      #expect(throws: StoreError.missingDatabase(place: database.url.place)) {
        _ = try openStore(database.url, mode: mode, now: now)
      }
    }
    #expect(try database.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0")
    try openStore(database.url, mode: .readWrite(create: true), now: now).close()
    let applied = try database.query("SELECT version, name, applied_at FROM schema_migrations")
    #expect(applied.hasPrefix("1|initial|2024-01-01T12:00:00.250Z\n2|more_facts|"))
    try openStore(database.url, mode: .readWrite(create: true), now: now + 60).close()
    #expect(try database.query("SELECT version, name, applied_at FROM schema_migrations") == applied)
    let store = try openStore(database.url, mode: .readOnly, now: now)
    #expect(try store.integrityIsOK())
    #expect(message { _ = try store.panel() }.contains("holds no sales"))
    #expect(message { try store.saveArtifact(run: 1, kind: "a", payload: []) }.contains("for reading only"))
    try store.close()
    #expect(message { _ = try store.loads() }.contains("the store was closed"))
  }

  @Test func whatCannotBeReached() throws {
    let server = try PostgreSQLServer.shared.get()
    let absent = message {
      _ = try openStore(DatabaseURL(server.url("nowhere")), mode: .readOnly, now: now)
    }
    #expect(absent.contains("cannot connect") && absent.contains("\"nowhere\" does not exist"), "\(absent)")
    let began = ContinuousClock.now
    let silent = message {
      _ = try openStore(DatabaseURL("postgresql://u:sesame@127.0.0.1:9/db"), mode: .readOnly, now: now)
    }
    #expect(silent.contains("check that the server runs") && !silent.contains("sesame"), "\(silent)")
    #expect(ContinuousClock.now - began < .seconds(8))
    let stranger = message {
      _ = try openStore(DatabaseURL(server.url("postgres", user: "nobody9")), mode: .readOnly, now: now)
    }
    #expect(stranger.contains("nobody9"), "\(stranger)")
  }

  @Test func otherVersionsAndPrograms() throws {
    let database = try TestDatabase(.postgresql)
    let folder = database.folder
    func open(_ mode: StoreMode = .readWrite(create: true)) throws {
      try openStore(database.url, mode: mode, migrationsFolder: folder.path, now: now).close()
    }
    try folder.write("CREATE TABLE a (x INTEGER); CREATE TABLE b (x INTEGER);", to: "0001_first.sql")
    try open()
    try folder.write("CREATE TABLE c (x INTEGER); CREATE TABLE nonsense;", to: "0002_second.sql")
    #expect(message { try open() }.contains("migration 2 (second) failed and was rolled back"))
    #expect(try database.query("SELECT count(*) FROM pg_tables WHERE tablename = 'c'") == "0")
    try folder.write("CREATE TABLE c (x INTEGER);", to: "0002_second.sql")
    #expect(throws: StoreError.olderDatabase(place: database.url.place, version: 1, known: 2)) { try open(.readOnly) }
    try open()
    try folder.write("CREATE TABLE c (x INTEGER, y INTEGER);", to: "0002_second.sql")
    #expect(throws: StoreError.migrationChanged(version: 2, name: "second")) { try open() }
    try FileManager.default.removeItem(atPath: folder.file("0002_second.sql"))
    for mode in [StoreMode.readOnly, .readWrite(create: true)] {
      #expect(throws: StoreError.newerDatabase(place: database.url.place, version: 2, known: 1)) { try open(mode) }
    }

    let songs = try TestDatabase(.postgresql)
    try songs.query("CREATE TABLE songs (title TEXT)")
    for mode in [StoreMode.readOnly, .readWrite(create: true)] {
      #expect(throws: StoreError.foreignDatabase(place: songs.url.place)) {
        _ = try openStore(songs.url, mode: mode, now: now)
      }
    }
    // A schema of its own beside them.
    try songs.query("CREATE SCHEMA demand")
    let beside = try DatabaseURL(songs.server!.url(songs.name, parameters: "options=-csearch_path%3Ddemand"))
    try openStore(beside, mode: .readWrite(create: true), now: now).close()
    #expect(try songs.query("SELECT count(*) FROM demand.loads") == "0")
  }

  @Test func migrationsOfTheRepository() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let database = try TestDatabase(.postgresql)
    try openStore(database.url, mode: .readWrite(create: true), now: now).close()
    let folder = root.appending(path: "migrations/postgresql").path
    try openStore(database.url, mode: .readOnly, migrationsFolder: folder, now: now).close()
  }

  /// Programs that open a new database at once: one makes the schema, all find it.
  @Test func openedByManyAtOnce() async throws {
    let database = try TestDatabase(.postgresql)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<6 {
        group.addTask { try openStore(database.url, mode: .readWrite(create: true), now: SmallStore.noon).close() }
      }
      try await group.waitForAll()
    }
    #expect(try database.query("SELECT count(*) = max(version) FROM schema_migrations") == "t")
  }

  /// Names sort by their bytes though the database sorts by a language, and bytes that text cannot hold are shown.
  @Test func textsOfAllKinds() throws {
    let small = try SmallStore(.postgresql)
    let names = ["b", "B", "a", "Ä", "é", "z'\"\\;--", "東京", "?", "$1", "\t"]
    _ = try small.store.withLoad(
      LoadHeader(source: "long", files: ["a\nb", "zero\0byte"], contentHash: "x"), now: { now }
    ) { writer in
      try writer.setLevels(tree: "product", ["product"])
      try writer.setLevels(tree: "location", ["store"])
      let store = try writer.addStore(path: ["s"])
      for name in names {
        let id = try writer.seriesID(product: try writer.addProduct(path: [name]).id, store: store)
        try writer.writeSale(series: id, day: SmallStore.first.number, units: 1, status: .sold)
        writer.setRange(series: id, firstDay: SmallStore.first.number, startKnown: true, delistAfter: nil)
      }
      return LoadSummary()
    }
    let found = try small.store.hierarchy().product.leaves
    #expect(found == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    #expect(try small.store.loads()[0].files == ["a", "b", "zero\u{FFFD}byte"])
  }

  /// One series' history is read by the key, not by a scan of the table.
  @Test func historiesAreReadByTheKey() throws {
    let small = try SmallStore(.postgresql)
    _ = try small.store.withLoad(
      LoadHeader(source: "long", files: [], contentHash: "x"), now: { now }
    ) { writer in
      try writer.setLevels(tree: "product", ["product"])
      try writer.setLevels(tree: "location", ["store"])
      let store = try writer.addStore(path: ["s"])
      for product in 0..<100 {
        let id = try writer.seriesID(product: try writer.addProduct(path: ["p\(product)"]).id, store: store)
        for day in 0..<400 {
          try writer.writeSale(series: id, day: SmallStore.first.number + day, units: 1, status: .sold)
        }
      }
      return LoadSummary()
    }
    let plan = try small.database.query("EXPLAIN SELECT day, units FROM sales WHERE series_id = 7 ORDER BY day")
    #expect(plan.contains("sales_pkey") && !plan.contains("Seq Scan"), "\(plan)")
  }
}
