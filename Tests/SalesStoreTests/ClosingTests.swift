import DatabaseTestSupport
import DemandData
import Foundation
import SalesStore
import Synchronization
import Testing

/// A store that was closed says so, whatever is asked of it and whoever else is at work on it.
@Suite struct ClosingTests {
  private static let uses: [(name: String, use: @Sendable (any SalesStore) throws -> Void)] = [
    ("loads", { _ = try $0.loads() }), ("panel", { _ = try $0.panel() }), ("summary", { _ = try $0.dataSummary() }),
    ("status", { _ = try $0.databaseStatus() }), ("integrity", { _ = try $0.integrityIsOK() }),
    ("vacuum", { try $0.vacuum() }), ("check", { _ = try $0.check() }),
    ("backup", { try $0.backup(to: FileManager.default.temporaryDirectory.path + "/demand-\(UUID().uuidString)") }),
    ("rows", { try $0.salesRows(from: nil, to: nil) { _ in } }),
    ("drop", { try $0.dropQuarantine([1]) }), ("run", { _ = try $0.createRun(SmallStore.runRecord()) }),
    (
      "load",
      { store in
        _ = try store.withLoad(LoadHeader(source: "long", files: [], contentHash: "c"), now: { SmallStore.noon }) { _ in
          LoadSummary()
        }
      }
    ),
  ]

  @Test(arguments: DatabaseKind.available) func everyUseAfterwards(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    try small.store.close()
    for (name, use) in Self.uses {
      let error = #expect(throws: StoreError.self) { try use(small.store) }
      #expect(error.map { "\($0)".contains("the store was closed") } == true, "\(name): \(String(describing: error))")
    }
    try small.store.close()
    let again = try openStore(small.database.url, mode: .readOnly, now: SmallStore.noon)
    #expect(try again.loads().count == 1)
  }

  /// Threads that are at work as the store is closed go on to the end of what they do, or are told.
  @Test(arguments: DatabaseKind.available) func closedWhileInUse(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    let snapshot = try small.store.dataSnapshot()
    for round in 0..<10 {
      let store = try openStore(small.database.url, mode: .readOnly, now: SmallStore.noon)
      let odd = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 4) { worker in
        if worker == 0 {
          Thread.sleep(forTimeInterval: Double(round) * 0.001)
          do { try store.close() } catch { odd.withLock { $0.append("\(error)") } }
          return
        }
        for _ in 0..<20 {
          do {
            if try store.dataSnapshot() != snapshot { odd.withLock { $0.append("another snapshot") } }
          } catch {
            if !"\(error)".contains("the store was closed") { odd.withLock { $0.append("\(error)") } }
          }
        }
      }
      #expect(odd.withLock { $0 } == [])
    }
    #expect(try small.store.dataSnapshot() == snapshot)
  }

  /// Closed from within a load: the load goes on to its end.
  @Test func closedWithinALoad() throws {
    let small = try SmallStore(.sqlite)
    _ = try small.store.withLoad(
      LoadHeader(source: "long", files: [], contentHash: "x"), now: { SmallStore.noon }
    ) { writer in
      try small.store.close()
      try writer.setLevels(tree: "product", ["product"])
      return LoadSummary()
    }
    #expect(throws: StoreError.self) { _ = try small.store.loads() }
    let again = try openStore(small.database.url, mode: .readOnly, now: SmallStore.noon)
    #expect(try again.loads().map(\.contentHash) == ["x"])
  }

  @Test func discardedAndClosed() throws {
    let database = try TestDatabase(.sqlite)
    let store = try openStore(database.url, mode: .readWrite(create: true), now: SmallStore.noon)
    try store.discardIfCreated()
    #expect(!FileManager.default.fileExists(atPath: database.name))
    #expect(throws: StoreError.self) { _ = try store.loads() }
    try store.discardIfCreated()
    try store.close()
  }
}
