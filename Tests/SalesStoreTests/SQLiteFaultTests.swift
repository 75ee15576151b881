import DatabaseTestSupport
import DemandData
import Foundation
import GRDB
import SalesStore
import Testing

@Suite struct SQLiteFaultTests {
  let now = SmallStore.noon

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return String(describing: error) }
    return "no error"
  }

  /// What a process leaves that is killed as it makes the database, before the file is in WAL: a file with a hot journal.
  private func interruptedCreation(_ folder: TemporaryFolder) throws -> DatabaseURL {
    let queue = try DatabaseQueue(path: folder.file("first.sqlite"))
    try queue.writeWithoutTransaction { database in
      // A cache of one page spills into the file, behind a synchronised journal.
      try database.execute(
        sql: """
          PRAGMA cache_size = 1; BEGIN IMMEDIATE; CREATE TABLE filler (x);
          INSERT INTO filler WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
            SELECT randomblob(4000) FROM n
          """)
      for suffix in ["", "-journal"] {
        try FileManager.default.copyItem(
          atPath: folder.file("first.sqlite") + suffix, toPath: folder.file("killed.sqlite") + suffix)
      }
      try database.execute(sql: "ROLLBACK")
    }
    return DatabaseURL(path: folder.file("killed.sqlite"))
  }

  /// Found by kills at random moments: "attempt to write a readonly database", as the look before opening was read-only
  /// and met the journal.
  @Test func killedAsItWasMade() throws {
    let folder = try TemporaryFolder()
    let url = try interruptedCreation(folder)
    let reading = message { _ = try openStore(url, mode: .readOnly, now: now) }
    #expect(reading.contains("cannot be read") && reading.contains("demand db migrate"), "\(reading)")
    let store = try openStore(url, mode: .readWrite(create: true), now: now)
    #expect(try store.integrityIsOK())
    #expect(try store.loads().isEmpty)
  }

  /// A file in a folder where nothing can be written, as on a medium or a share for reading only.
  @Test(.enabled(if: SmallDisk.canMount, "\(SmallDisk.absence)")) func readOnlyFolder() throws {
    let small = try SmallStore(.sqlite)
    try small.load()
    let snapshot = try small.store.dataSnapshot()
    try small.store.close()
    func disk(with endings: [String]) throws -> (SmallDisk, DatabaseURL) {
      let disk = try SmallDisk(megabytes: 4)
      for ending in endings {
        try FileManager.default.copyItem(
          atPath: small.database.name + ending, toPath: disk.file("a b?c#d%.sqlite") + ending)
      }
      try disk.makeReadOnly()
      return (disk, DatabaseURL(path: disk.file("a b?c#d%.sqlite")))
    }
    let (whole, url) = try disk(with: [""])
    let store = try openStore(url, mode: .readOnly, now: now)
    #expect(try store.dataSnapshot() == snapshot)
    #expect(try store.integrityIsOK())
    let writing = message { _ = try openStore(url, mode: .readWrite(create: true), now: now) }
    #expect(writing.contains("cannot be written"), "\(writing)")
    // With a log that was not folded in, the file alone would be an old state.
    let again = try openStore(small.database.url, mode: .readWrite(create: false), now: now)
    _ = try again.createRun(SmallStore.runRecord())
    let (half, unfolded) = try disk(with: ["", "-wal"])
    let refused = message { _ = try openStore(unfolded, mode: .readOnly, now: now).dataSnapshot() }
    #expect(refused.contains("its last changes are in a file beside it"), "\(refused)")
    try again.close()
    withExtendedLifetime((whole, half)) {}
  }

  @Test(.enabled(if: SmallDisk.canMount, "\(SmallDisk.absence)")) func fullDisk() throws {
    let disk = try SmallDisk(megabytes: 3)
    let url = DatabaseURL(path: disk.file("demand.sqlite"))
    let small = try SmallStore(.sqlite)
    try small.load()
    let store = try openStore(url, mode: .readWrite(create: true), now: now)
    func load(_ days: Int) throws {
      _ = try store.withLoad(LoadHeader(source: "long", files: [], contentHash: "\(days)"), now: { now }) { writer in
        try writer.setLevels(tree: "product", ["product"])
        try writer.setLevels(tree: "location", ["store"])
        let place = try writer.addStore(path: ["s"])
        for product in 0..<100 {
          let id = try writer.seriesID(product: try writer.addProduct(path: ["p\(product)"]).id, store: place)
          for day in 0..<days {
            try writer.writeSale(series: id, day: SmallStore.first.number + day, units: 1, status: .sold)
          }
        }
        return LoadSummary()
      }
    }
    let refused = message { try load(3000) }
    #expect(refused.contains("cannot be written") && refused.contains("free space"), "\(refused)")
    #expect(try store.dataSummary().rows == 0)
    #expect(try store.integrityIsOK())
    try load(100)
    #expect(try store.dataSummary().rows == 10_000)
    try store.close()
  }
}
