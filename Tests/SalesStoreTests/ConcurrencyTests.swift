import DatabaseTestSupport
import DemandData
import Foundation
import SalesStore
import Synchronization
import Testing

/// Several at once on one database: nothing mixes, nothing is seen by halves, and who waits is told for whom.
@Suite struct ConcurrencyTests {
  let now = SmallStore.noon

  /// A product's hundred days in one store, as a load of its own.
  private func load(_ product: String, into store: any SalesStore, then: () throws -> Void = {}) throws -> LoadResult {
    try store.withLoad(LoadHeader(source: "long", files: [product], contentHash: product), now: { now }) { writer in
      try writer.setLevels(tree: "product", ["product"])
      try writer.setLevels(tree: "location", ["store"])
      let id = try writer.seriesID(
        product: try writer.addProduct(path: [product]).id, store: try writer.addStore(path: ["s"]))
      for day in 0..<100 {
        if day == 50 { try then() }
        try writer.writeSale(series: id, day: SmallStore.first.number + day, units: 1, status: .sold)
      }
      writer.setRange(series: id, firstDay: SmallStore.first.number, startKnown: true, delistAfter: nil)
      var summary = LoadSummary()
      summary.rowsLoaded = 100
      summary.completeThrough = SmallStore.first + 99
      return summary
    }
  }

  @Test(arguments: DatabaseKind.available) func loadersNeverMix(on kind: DatabaseKind) throws {
    let database = try TestDatabase(kind)
    let stores = try (0..<4).map { _ in try openStore(database.url, mode: .readWrite(create: true), now: now) }
    // Four products, each brought by two of them at the same time.
    let failures = Collected<String>()
    DispatchQueue.concurrentPerform(iterations: 8) { index in
      do { _ = try load("p\(index / 2)", into: stores[index % 4]) } catch { failures.append("\(error)") }
    }
    #expect(failures.all == [])
    let summary = try stores[0].dataSummary()
    #expect(summary.loads == 4 && summary.rows == 400 && summary.series == 4)
    #expect(try stores[0].integrityIsOK())
    #expect(try database.query("SELECT count(DISTINCT series_id) FROM series") == "4")
  }

  @Test(arguments: DatabaseKind.available) func readersSeeTheStateBefore(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    let reader = try openStore(small.database.url, mode: .readOnly, now: now)
    let (before, history) = (try reader.dataSnapshot(), try reader.salesHistory(Self.everything))
    let writer = try openStore(small.database.url, mode: .readWrite(create: false), now: now)
    _ = try writer.withLoad(LoadHeader(source: "long", files: [], contentHash: "y"), now: { now }) { load in
      let id = try load.seriesID(product: load.products["tea"]!.id, store: load.stores["north"]!)
      try load.writeSale(series: id, day: SmallStore.first.number, units: 99, status: .sold, replaces: true)
      #expect(try reader.dataSnapshot() == before)
      #expect(try reader.salesHistory(Self.everything) == history)
      return LoadSummary()
    }
    #expect(try reader.salesHistory(Self.everything)[0].units == 99)
  }

  private static let everything = NodeNames(
    productLevel: "all", product: "all", locationLevel: "all", location: "all")

  @Test(arguments: DatabaseKind.available) func oneBatchAtATime(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    let other = try openStore(small.database.url, mode: .readWrite(create: false), now: now)
    var lock: (any BatchLock)? = try small.store.lockForBatch(holder: "demand nightly since noon")
    let refusal = #expect(throws: StoreError.self) { _ = try other.lockForBatch(holder: "me") }
    #expect(refusal?.description.contains("demand nightly since noon") == true, "\(String(describing: refusal))")
    // A load does not wait for a batch.
    #expect(throws: Never.self) { try small.load() }
    _ = lock
    lock = nil
    #expect(throws: Never.self) { _ = try other.lockForBatch(holder: "me") }
  }

  /// A lock that another program holds for a while is waited for.
  @Test(arguments: DatabaseKind.available) func shortLocksAreWaitedFor(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    let (held, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let holder = try openStore(small.database.url, mode: .readWrite(create: false), now: now)
    let thread = Thread {
      _ = try? load("held", into: holder) {
        held.signal()
        release.wait()
      }
    }
    thread.start()
    held.wait()
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.7) { release.signal() }
    let began = ContinuousClock.now
    _ = try load("waiting", into: small.store)
    #expect(ContinuousClock.now - began > .seconds(0.4))
    #expect(try small.store.loads().map(\.contentHash) == ["held", "waiting"])
  }

  /// A lock that is held for longer ends in an error, and what was to be done can be done later.
  @Test(arguments: DatabaseKind.available) func longLocksAreReported(on kind: DatabaseKind) throws {
    let database = try TestDatabase(kind)
    try openStore(database.url, mode: .readWrite(create: true), now: now).close()
    let holder = try openStore(database.url, mode: .readWrite(create: false), now: now)
    // PostgreSQL's patience can be set; SQLite's is ten seconds.
    let url =
      try database.server.map {
        try DatabaseURL($0.url(database.name, parameters: "options=-c%20lock_timeout%3D300"))
      } ?? database.url
    let store = try openStore(url, mode: .readWrite(create: false), now: now)
    _ = try load("held", into: holder) {
      let error = #expect(throws: StoreError.self) { _ = try load("waiting", into: store) }
      #expect(error == .busy(place: url.place), "\(String(describing: error))")
    }
    _ = try load("waiting", into: store)
    #expect(try store.dataSummary().rows == 200)
  }
}

/// Values from several threads.
private final class Collected<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])

  var all: [Value] { values.withLock { $0 } }

  func append(_ value: Value) { values.withLock { $0.append(value) } }
}
