import DatabaseTestSupport
import Dispatch
import Foundation
import GRDB
import SalesStore
import Synchronization
import Testing

/// Several at once at a database that is new: they wait for each other, and nobody's work is taken away.
@Suite struct SharedOpeningTests {
  let now = SmallStore.noon

  private func files(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  /// Turning to WAL fails at once beside a reader, without the patience of the busy timeout; so does the look before it
  /// beside a writer.
  @Test(arguments: ["BEGIN; SELECT * FROM sqlite_master", "BEGIN EXCLUSIVE"])
  func othersAreWaitedFor(_ hold: String) throws {
    let folder = try TemporaryFolder()
    let url = DatabaseURL(path: folder.file("demand.sqlite"))
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: url.place, configuration: configuration)
    try other.writeWithoutTransaction { try $0.execute(sql: "CREATE TABLE a (x); DROP TABLE a; \(hold)") }
    let held = ContinuousClock.now
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.4) {
      try? other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    }
    let store = try openStore(url, mode: .readWrite(create: true), now: now)
    #expect(ContinuousClock.now - held > .seconds(0.3))
    #expect(try store.loads().isEmpty)
  }

  @Test(arguments: DatabaseKind.available) func manyOpenANewDatabase(on kind: DatabaseKind) throws {
    for _ in 0..<5 {
      let database = try TestDatabase(kind)
      let failures = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 8) { _ in
        do { try openStore(database.url, mode: .readWrite(create: true), now: now).close() } catch {
          failures.withLock { $0.append("\(error)") }
        }
      }
      #expect(failures.withLock { $0 } == [])
      #expect(
        try database.query("SELECT count(*) = max(version) FROM schema_migrations").hasPrefix(
          kind == .sqlite ? "1" : "t"))
    }
  }

  /// A load that fails takes back the file that it made, unless somebody else is in it.
  @Test func onlyAnOwnFileIsDiscarded() throws {
    let folder = try TemporaryFolder()
    let url = DatabaseURL(path: folder.file("demand.sqlite"))
    try openStore(url, mode: .readWrite(create: true), now: now).discardIfCreated()
    #expect(try files(folder) == [])

    // Another has it open, with data or none yet.
    for loadsBefore in [true, false] {
      let database = try TestDatabase(.sqlite)
      let failing = try openStore(database.url, mode: .readWrite(create: true), now: now)
      let other = try SmallStore(database)
      if loadsBefore { try other.load() }
      try failing.discardIfCreated()
      if !loadsBefore { try other.load() }
      try other.store.close()
      #expect(try openStore(database.url, mode: .readOnly, now: now).dataSummary().loads == 1)
    }

    // Another put data into it and has gone.
    let database = try TestDatabase(.sqlite)
    let failing = try openStore(database.url, mode: .readWrite(create: true), now: now)
    let other = try SmallStore(database)
    try other.load()
    try other.store.close()
    try failing.discardIfCreated()
    #expect(try openStore(database.url, mode: .readOnly, now: now).dataSummary().loads == 1)
  }

  /// What is written into a file that somebody has deleted would vanish with the process.
  @Test func deletedWhileOpen() throws {
    let small = try SmallStore(.sqlite)
    for ending in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: small.database.name + ending) }
    let error = #expect(throws: StoreError.self) { try small.load() }
    #expect(error?.description.contains("the file was moved or deleted while in use") == true, "\(error as Any)")
  }
}
