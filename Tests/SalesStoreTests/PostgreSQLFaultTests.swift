import DatabaseTestSupport
import DemandData
import Foundation
import SalesStore
import Testing

/// What a server can do to a program that works on it: a clear error or recovery, nothing lost, nothing doubled.
@Suite(.enabled(if: PostgreSQLServer.installed != nil, "\(PostgreSQLServer.absence)"))
struct PostgreSQLFaultTests {
  let now = SmallStore.noon
  static let rows = 40_000

  /// Forty thousand rows, with something that happens behind the first half; the rest are sent all the same.
  private func load(_ store: any SalesStore, _ happens: () throws -> Void = {}) throws -> LoadResult {
    try store.withLoad(LoadHeader(source: "long", files: [], contentHash: "x"), now: { now }) { writer in
      try writer.setLevels(tree: "product", ["product"])
      try writer.setLevels(tree: "location", ["store"])
      let place = try writer.addStore(path: ["s"])
      for product in 0..<100 {
        let id = try writer.seriesID(product: try writer.addProduct(path: ["p\(product)"]).id, store: place)
        for day in 0..<Self.rows / 100 {
          try writer.writeSale(series: id, day: SmallStore.first.number + day, units: 1, status: .sold)
        }
        // Looked up, so that what was written so far is with the server.
        if product == 50 {
          #expect(try writer.existingDays(series: id).count == Self.rows / 100)
          try happens()
        }
      }
      var summary = LoadSummary()
      summary.rowsLoaded = Self.rows
      summary.completeThrough = SmallStore.first
      return summary
    }
  }

  private func error(_ body: () throws -> Void) -> StoreError? {
    do { try body() } catch { return error as? StoreError }
    return nil
  }

  private func isConnectionLost(_ error: StoreError?) -> Bool {
    if case .connectionLost = error { true } else { false }
  }

  /// The same load again, on the same store, which connects anew; then all of it is there once.
  private func expectRecovery(_ small: SmallStore) throws {
    #expect(try small.store.dataSummary().rows == 0)
    guard case .loaded = try load(small.store) else {
      Issue.record("the load was found done")
      return
    }
    guard case .alreadyLoaded = try load(small.store) else {
      Issue.record("the load was done twice")
      return
    }
    let summary = try small.store.dataSummary()
    #expect(summary.rows == Self.rows && summary.loads == 1 && summary.products == 100)
    #expect(try small.store.integrityIsOK())
  }

  @Test func connectionCutInMidLoad() throws {
    let small = try SmallStore(.postgresql)
    let server = try #require(small.database.server)
    let error = error { _ = try load(small.store) { try server.cutConnections(to: small.database.name) } }
    #expect(isConnectionLost(error) && "\(error!)".contains("nothing of the step in hand was kept"), "\(error as Any)")
    try expectRecovery(small)
  }

  /// Cut while the server is at the commit: the load asks what became of it, and the same load again does it.
  @Test func connectionCutAsItCommits() throws {
    let small = try SmallStore(.postgresql)
    let server = try #require(small.database.server)
    let name = small.database.name
    try small.database.query(
      """
      CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN NULL; END';
      CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON loads DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION slow();
      """)
    DispatchQueue.global().async {
      let isCommitting = "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(name)' AND query = 'COMMIT' "
      for _ in 0..<200 where (try? server.query(isCommitting + "AND state = 'active'", in: "postgres")) != "1" {
        usleep(50_000)
      }
      try? server.cutConnections(to: name)
    }
    let error = error { _ = try load(small.store) }
    #expect(isConnectionLost(error), "the load found out that it was not kept: \(error as Any)")
    try small.database.query("DROP TRIGGER slow ON loads")
    try expectRecovery(small)
  }

  /// A connection that is cut says nothing against the migration.
  @Test func connectionCutInAMigration() throws {
    let database = try TestDatabase(.postgresql)
    let folder = database.folder
    try folder.write("SELECT pg_terminate_backend(pg_backend_pid());", to: "0001_first.sql")
    let cut = error {
      _ = try openStore(database.url, mode: .readWrite(create: true), migrationsFolder: folder.path, now: now)
    }
    #expect(isConnectionLost(cut), "\(cut as Any)")
  }

  @Test func connectionCutBetweenSteps() throws {
    let small = try SmallStore(.postgresql)
    try small.load()
    let snapshot = try small.store.dataSnapshot()
    for _ in 0..<3 {
      try small.database.server!.cutConnections(to: small.database.name)
      #expect(try small.store.dataSnapshot() == snapshot)
    }
    try small.database.server!.cutConnections(to: small.database.name)
    #expect(try small.run().id == 1)
  }

  /// Nobody told the program whether its commit was carried out: it asks by the content hash, once the server is done
  /// with the load one way or the other.
  @Test(arguments: CuttingProxy.Moment.allCases) func connectionLostAtCommit(_ moment: CuttingProxy.Moment) throws {
    let small = try SmallStore(.postgresql)
    let proxy = try CuttingProxy(to: small.database.server!.folder)
    let url = try DatabaseURL("postgresql://demand@/\(small.database.name)?host=\(proxy.folder.path)")
    let store = try openStore(url, mode: .readWrite(create: false), now: now)
    var result: LoadResult?
    let error = error { result = try load(store) { proxy.cutNextCommit(moment) } }
    #expect(proxy.hasCut)
    switch moment {
    case .before:
      #expect(isConnectionLost(error), "\(error as Any)")
      try expectRecovery(small)
    case .after, .late:
      guard case .loaded(let record) = result else {
        Issue.record("\(error as Any)")
        return
      }
      #expect(try small.store.loads() == [record])
      #expect(try small.store.dataSummary().rows == Self.rows)
      #expect(try load(store) == .alreadyLoaded(record))
    }
  }

  /// The same while the server cannot be asked: then it is not known, and said so.
  @Test func lostAtCommitAndNotToBeAsked() throws {
    let small = try SmallStore(.postgresql)
    let server = small.database.server!
    let proxy = try CuttingProxy(to: server.folder)
    let url = try DatabaseURL(
      "postgresql://demand@/\(small.database.name)?host=\(proxy.folder.path)&options=-c%20lock_timeout%3D300")
    let store = try openStore(url, mode: .readWrite(create: false), now: now)
    let holder = try openStore(small.database.url, mode: .readWrite(create: false), now: now)
    let (held, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let waiting = Thread {
      _ = try? holder.withLoad(LoadHeader(source: "long", files: [], contentHash: "other"), now: { SmallStore.noon }) {
        _ in
        held.signal()
        release.wait()
        return LoadSummary()
      }
    }
    let error = error {
      _ = try load(store) {
        proxy.cutNextCommit(.before)
        // Next in the line for the lock, and holds it while the outcome is asked for.
        waiting.start()
        let others =
          """
          SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          """
        var looks = 0
        while looks < 100, try small.database.query(others) == "0" {
          Thread.sleep(forTimeInterval: 0.02)
          looks += 1
        }
      }
    }
    #expect(held.wait(timeout: .now() + 30) == .success)
    guard case .outcomeUnknown = error else {
      Issue.record("\(error as Any)")
      release.signal()
      return
    }
    #expect("\(error!)".contains("start the command again"))
    release.signal()
    _ = try load(small.store)
    #expect(try small.store.dataSummary().rows == Self.rows)
  }

  /// Whoever owns its folder, a server that stopped leaves nothing behind, though it was down or killed by then.
  @Test(arguments: [false, true]) func stoppedServersLeaveNothing(isDown: Bool) throws {
    var server: PostgreSQLServer? = try PostgreSQLServer()
    let folder = try #require(server?.folder)
    #expect(FileManager.default.fileExists(atPath: folder + "/data"))
    // The server's own file, with a name that begins with a point, as the lock of a socket has.
    try server?.query("COPY (SELECT 1) TO '\(folder)/.left'", in: "postgres")
    if isDown { try server?.stop(.immediate) }
    server = nil
    #expect(!FileManager.default.fileExists(atPath: folder))
  }

  /// On a server of their own, which goes down and comes back.
  @Test func serverRestarts() throws {
    let server = try PostgreSQLServer()
    for how in [PostgreSQLServer.Shutdown.fast, .immediate] {
      let small = try SmallStore(TestDatabase(.postgresql, server: server))
      // In mid-load; down while the rest is sent, or up again.
      let error = error {
        _ = try load(small.store) {
          try server.stop(how)
          if how == .fast { try server.start() }
        }
      }
      #expect(isConnectionLost(error), "\(error as Any)")
      // Between two steps: the next one waits until the server is back.
      if how == .fast { try server.stop(how) }
      DispatchQueue.global().asyncAfter(deadline: .now() + 0.5) { try? server.start() }
      try expectRecovery(small)
    }
    // A server that stays away is an error of the first connection at once.
    let small = try SmallStore(TestDatabase(.postgresql, server: server))
    try server.stop(.fast)
    let away = error { _ = try openStore(small.database.url, mode: .readOnly, now: now) }
    guard case .unreachable = away else {
      Issue.record("\(away as Any)")
      return
    }
  }

  @Test func tooSlow() throws {
    let small = try SmallStore(.postgresql)
    let url = try DatabaseURL(
      small.database.server!.url(small.database.name, parameters: "options=-c%20statement_timeout%3D200"))
    let store = try openStore(url, mode: .readWrite(create: false), now: now)
    // A lock on the table makes a statement slow.
    let holder = try SlowLock(small.database, table: "sales")
    let error = error { _ = try store.dataSummary() }
    guard case .timeout = error else {
      Issue.record("\(error as Any)")
      return
    }
    holder.release()
    #expect(try store.dataSummary().rows == 0)
  }

  @Test func readOnlyDatabase() throws {
    let small = try SmallStore(.postgresql)
    try small.load()
    let snapshot = try small.store.dataSnapshot()
    let server = try #require(small.database.server)
    try server.query("ALTER DATABASE \(small.database.name) SET default_transaction_read_only = on", in: "postgres")
    let store = try openStore(small.database.url, mode: .readWrite(create: false), now: now)
    let refused = error { _ = try load(store) }
    #expect(refused?.description.contains("read-only transaction") == true, "\(refused as Any)")
    #expect(try store.dataSnapshot() == snapshot)
  }

  @Test func userWhoMayOnlyRead() throws {
    let small = try SmallStore(.postgresql)
    try small.load()
    let server = try #require(small.database.server)
    let reader = "reader_\(small.database.name)"
    try small.database.query("CREATE ROLE \(reader) LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO \(reader)")
    let url = try DatabaseURL(server.url(small.database.name, user: reader))
    let store = try openStore(url, mode: .readOnly, now: now)
    #expect(try store.dataSnapshot() == small.store.dataSnapshot())
    let writing = try openStore(url, mode: .readWrite(create: false), now: now)
    let refused = error { _ = try load(writing) }
    #expect(refused?.description.contains("permission denied") == true, "\(refused as Any)")
    #expect(refused?.description.contains("the user's rights") == true)
  }

  @Test(.enabled(if: SmallDisk.canMount, "\(SmallDisk.absence)")) func fullDisk() throws {
    let disk = try SmallDisk(megabytes: 14)
    PostgreSQLServer.own(disk.path)
    let server = try PostgreSQLServer.shared.get()
    let name = try server.makeDatabase()
    let space = "small_\(name)"
    try server.query("CREATE TABLESPACE \(space) LOCATION '\(disk.path)'", in: "postgres")
    try server.query("ALTER DATABASE \(name) SET TABLESPACE \(space)", in: "postgres")
    defer {
      _ = try? server.query("DROP DATABASE \(name) WITH (FORCE)", in: "postgres")
      _ = try? server.query("DROP TABLESPACE \(space)", in: "postgres")
    }
    let store = try openStore(DatabaseURL(server.url(name)), mode: .readWrite(create: true), now: now)
    try server.query("CREATE TABLE filler (x TEXT)", in: name)
    #expect(throws: (any Error).self) {
      for _ in 0..<40 {
        try server.query("INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, 400)", in: name)
      }
    }
    let refused = error { _ = try load(store) }
    guard case .unwritable = refused else {
      Issue.record("\(refused as Any)")
      return
    }
    #expect("\(refused!)".contains("No space left"))
    try server.query("DROP TABLE filler", in: name)
    _ = try load(store)
    #expect(try store.dataSummary().rows == Self.rows)
    try store.close()
  }
}

/// Another program that locks a table.
private final class SlowLock {
  private let process = Process()
  private let input = Pipe()

  init(_ database: TestDatabase, table: String) throws {
    process.executableURL = URL(filePath: PostgreSQLServer.installed! + "/psql")
    process.arguments = ["-X", "-q", "-A", "-t", "-d", database.argument]
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: Data("BEGIN; LOCK TABLE \(table); SELECT 'locked';\n".utf8))
    _ = output.fileHandleForReading.availableData
  }

  func release() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
