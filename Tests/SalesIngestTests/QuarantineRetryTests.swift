import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// What a retry, a correction of one row and a delivery of lines must leave as it is, on both databases.
@Suite struct QuarantineRetryTests {
  private static let masters = [
    "products.csv": "product,category,department\ntea,drinks,hot\nham,fresh,meat\n",
    "stores.csv": "store,region\nnorth,upper\nsouth,lower\n",
  ]
  private static let rum = ["products.csv": "product,category,department\nrum,drinks,strong\n"]

  /// A database with ways to load into it and to look at it.
  private struct Place {
    let database: TestDatabase
    let store: any SalesStore
    var mapping = SourceMapping.long

    init(_ kind: DatabaseKind) throws {
      database = try TestDatabase(kind)
      store = try openStore(database.url, mode: .readWrite(create: true), now: Delivery.now)
    }

    @discardableResult
    func load(
      _ rows: [String], header: String = "date,product,store,units", _ others: [String: String] = [:],
      _ change: (inout DeliveryLoad.Options) -> Void = { _ in }
    ) throws -> LoadRecord {
      let folder = try TemporaryFolder()
      for (name, text) in others { try folder.write(text, to: name) }
      if !rows.isEmpty { try folder.write(([header] + rows).joined(separator: "\n") + "\n", to: "sales.csv") }
      var options = DeliveryLoad.Options()
      options.badRows.maximumShare = 1
      change(&options)
      let files = try DeliveryFiles(folder: folder.path, mapping: mapping)
      return try DeliveryLoad(source: "test", mapping: mapping, files: files, options: options)
        .run(into: store, IngestEnvironment(now: { Delivery.now })).record
    }

    func retry(
      _ load: LoadRecord, kinds: Set<String>? = nil, restate: DeliveryLoad.Restate = .reject,
      now: @escaping @Sendable () -> Date = { Delivery.now }
    ) throws -> QuarantineRetry.Outcome {
      try QuarantineRetry(load: load.id, kinds: kinds, options: .init(), restate: restate)
        .run(into: store, IngestEnvironment(now: now))
    }

    /// Stored days as `product day units status`, days counted from the first.
    func sales() throws -> [String] {
      var found: [String] = []
      try store.salesRows(from: nil, to: nil) { row in
        found.append("\(row.product) \(row.day - Delivery.first) \(row.units.description) \(row.status)")
      }
      return found.sorted()
    }
  }

  private func place(_ kind: DatabaseKind, lines: Bool = false) throws -> Place {
    var place = try Place(kind)
    if lines { place.mapping.rows = .lines }
    return place
  }

  // MARK: What is there

  @Test(arguments: DatabaseKind.available) func duplicatesAreNotRetriedByThemselves(on kind: DatabaseKind) throws {
    let place = try place(kind)
    let record = try place.load(["2024-01-01,tea,north,5", "2024-01-01,tea,north,9"], Self.masters)
    #expect(record.summary.quarantinedByReason == ["duplicate_row": 1])
    let kept = try place.retry(record)
    #expect(kept.released == 0 && kept.load == nil && kept.kept == ["duplicate_row": 1])
    #expect(try place.sales() == ["tea 0 5.0 sold"])
    // Whoever knows the second to be right says so twice.
    let named = try place.retry(record, kinds: ["duplicate_row"], restate: .supersede)
    #expect(named.released == 1)
    #expect(try place.sales() == ["tea 0 9.0 sold"])
  }

  @Test(arguments: DatabaseKind.available) func newerCorrectionsStay(on kind: DatabaseKind) throws {
    let place = try place(kind)
    let header = "date,product,store,units,price"
    let rows = ["2024-01-01,tea,north,1,2", "2024-01-01,rum,north,3,2", "2024-01-02,rum,north,4,2"]
    let old = try place.load(rows, header: header, Self.masters)
    try place.load(["2024-01-01,rum,north,7,2", "2024-01-02,rum,north,4,5"], header: header, Self.rum)
    let before = try place.store.dataSnapshot()
    let outcome = try place.retry(old)
    #expect(outcome.released == 0 && outcome.kept == ["contradicts_database": 2])
    #expect(try place.store.dataSnapshot() == before)
    let row = try #require(try place.store.quarantine(load: old.id).first)
    #expect(row.kind == "contradicts_database" && row.column == "units" && row.value == "3")
    #expect(row.reason.contains("has 7 units") && row.reason.contains("retry --restate supersede"), "\(row.reason)")
    #expect(try place.retry(old, restate: .supersede).released == 2)
    #expect(try place.sales().contains("rum 0 3.0 sold"))
  }

  // MARK: Lines

  @Test(arguments: DatabaseKind.available) func linesAreAddedToTheirOwnLoad(on kind: DatabaseKind) throws {
    let place = try place(kind, lines: true)
    let held = try place.load(
      ["2024-01-01,tea,north,2", "2024-01-01,tea,north,0.5", "2024-01-01,rum,north,3"], Self.masters)
    #expect(held.summary.quarantinedByReason == ["fractional_units": 1, "unknown_product": 1])
    try place.load([], ["products.csv": "product,category,department,kind\ntea,drinks,hot,measure\n"])
    #expect(try place.retry(held).released == 1)
    #expect(try place.sales() == ["tea 0 2.5 sold"])
    try place.load([], Self.rum)
    #expect(try place.retry(held).released == 1)
    #expect(try place.sales() == ["rum 0 3.0 sold", "tea 0 2.5 sold"])
  }

  @Test(arguments: DatabaseKind.available) func linesOfADayDeliveredAgainStay(on kind: DatabaseKind) throws {
    let place = try place(kind, lines: true)
    let rows = ["2024-01-01,tea,north,2", "2024-01-01,rum,north,3", "2024-01-02,rum,north,4"]
    let held = try place.load(rows, Self.masters)
    let again = try place.load([rows[0], rows[1]], Self.rum)
    #expect(again.summary.rowsLoaded == 1 && again.summary.quarantinedByReason.isEmpty)
    let outcome = try place.retry(held)
    #expect(outcome.released == 1 && outcome.kept == ["contradicts_database": 1])
    #expect(try place.sales() == ["rum 0 3.0 sold", "rum 1 4.0 sold", "tea 0 2.0 sold"])
    let left = try place.store.quarantine(load: held.id)
    #expect(left.map(\.kind) == ["contradicts_database"])
    #expect(left.first?.reason.contains("deliver the whole day again") == true)
  }

  /// The second of two retries at once finds that the first has taken the rows.
  @Test(arguments: DatabaseKind.available) func retriesAtOnceAddOnce(on kind: DatabaseKind) throws {
    let place = try place(kind, lines: true)
    let held = try place.load(["2024-01-01,tea,north,2", "2024-01-01,rum,north,3"], Self.masters)
    try place.load([], Self.rum)
    // The clock is read after the rows were, and before the transaction: another retry runs there, once.
    nonisolated(unsafe) var calls = 0
    nonisolated(unsafe) var inner: QuarantineRetry.Outcome?
    let outer = try place.retry(
      held,
      now: {
        calls += 1
        if calls == 1 { inner = try? place.retry(held, now: { Delivery.now + 1 }) }
        return Delivery.now
      })
    #expect(inner?.released == 1 && outer.released == 0 && outer.load == nil)
    #expect(try place.sales() == ["rum 0 3.0 sold", "tea 0 2.0 sold"])
  }

  @Test(arguments: DatabaseKind.available) func daysOfTooManyUnits(on kind: DatabaseKind) throws {
    let place = try place(kind, lines: true)
    let rows = (0..<3).map { _ in "2024-01-02,tea,north,400000000" }
    let record = try place.load(["2024-01-01,tea,north,2"] + rows + ["2024-01-03,tea,north,1"], Self.masters)
    #expect(record.summary.quarantinedByReason == ["too_large": 1])
    let row = try #require(try place.store.quarantine(load: record.id).first)
    #expect(row.value == "1200000000" && row.reason.contains("more than a billion"))
    #expect(try place.sales() == ["tea 0 2.0 sold", "tea 1 0.0 unknown", "tea 2 1.0 sold"])
  }

  @Test func whatTheDatabaseRefusesIsTheDeliverysFault() {
    func isFault(_ reason: String) -> Bool { IngestError.store(.database(place: "", reason: reason)).isDeliverysFault }
    #expect(isFault("CHECK constraint failed: units >= 0"))
    #expect(isFault("new row for relation \"sales\" violates check constraint \"sales_units_check\""))
    #expect(!isFault("disk I/O error"))
  }

  @Test(arguments: DatabaseKind.available) func linesThatSupersedeAreToldOf(on kind: DatabaseKind) throws {
    let place = try place(kind, lines: true)
    let first = try place.load(["2024-01-01,tea,north,2", "2024-01-01,tea,north,3"], Self.masters)
    #expect(first.summary.details?.warnings == [])
    let mended = try place.load(["2024-01-01,tea,north,1"]) { $0.restate = .supersede }
    #expect(
      mended.summary.details?.warnings.contains { $0.hasPrefix("1 days of products") && $0.contains("whole files") }
        == true)
  }

  @Test(arguments: DatabaseKind.available) func revenueOfLinesWithoutAPriceIsNotKnown(on kind: DatabaseKind) throws {
    var place = try place(kind, lines: true)
    place.mapping.revenue = .unitsTimesPrice
    try place.load(
      ["2024-01-01,tea,north,2,3", "2024-01-01,tea,north,1,", "2024-01-02,tea,north,2,3"],
      header: "date,product,store,units,price", Self.masters)
    var revenue: [Double?] = []
    try place.store.salesRows(from: nil, to: nil) { revenue.append($0.details.revenue) }
    #expect(revenue == [nil, 6])
    // Nor does the sum of before stand beside the units of now.
    try place.load(["2024-01-02,tea,north,5,"], header: "date,product,store,units,price") { $0.restate = .supersede }
    revenue = []
    try place.store.salesRows(from: nil, to: nil) { revenue.append($0.details.revenue) }
    #expect(revenue == [nil, nil])
  }

  // MARK: Missing rows and stock

  @Test(arguments: DatabaseKind.available) func missingRowsKeepTheirMeaning(on kind: DatabaseKind) throws {
    let place = try place(kind)
    let rows = (1...4).map { "2024-01-0\($0),tea,north,1" }
    let ham = ["2024-01-01,ham,north,1", "2024-01-04,ham,north,1"]
    let record = try place.load(
      rows + ham + ["2024-01-02,rum,north,5", "2024-01-05,rum,south,5"], Self.masters
    ) { $0.missing = .unknown }
    func meanings() throws -> String {
      try place.database.query("SELECT min(missing) + 10 * count(*) + 1000 * max(missing) FROM store_days")
    }
    #expect(try meanings() == "4044")
    // One row, with another meaning in the settings of the day.
    try place.load(["2024-01-03,tea,north,2"]) { $0.missing = .zero }
    #expect(try meanings() == "4044")
    try place.load([], Self.rum)
    #expect(try place.retry(record).released == 2)
    // A day that the retry is the first to speak of has the meaning of its load.
    #expect(try meanings() == "4054")
  }

  @Test(arguments: DatabaseKind.available) func silenceLeavesDaysOutOfStock(on kind: DatabaseKind) throws {
    let place = try place(kind)
    let header = "date,product,store,units,stock"
    try place.load(
      ["2024-01-01,tea,north,2,out", "2024-01-02,tea,north,2,out", "2024-01-03,tea,north,0,out"], header: header,
      Self.masters)
    let silent = try place.load(["2024-01-01,tea,north,2", "2024-01-02,tea,north,3", "2024-01-03,tea,north,0"])
    #expect(silent.summary.rowsUnchanged == 2 && silent.summary.rowsRestated == 1)
    #expect(try place.sales() == ["tea 0 2.0 outOfStock", "tea 1 3.0 sold", "tea 2 0.0 outOfStock"])
    // A word on the stock is heard.
    #expect(try place.load(["2024-01-01,tea,north,2,ok"], header: header).summary.rowsRestated == 1)
    #expect(try place.sales()[0] == "tea 0 2.0 sold")
  }
}
