import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Lines of receipts for days that the database has: nobody but their sender knows what they are, on both databases.
@Suite struct FurtherLinesTests {
  private static let morning = ["2024-01-01,tea,north,2,2", "2024-01-01,tea,north,1,2", "2024-01-02,tea,north,4,2"]
  private static let evening = ["2024-01-01,tea,north,5,2", "2024-01-01,ham,north,1,3"]

  @Test(arguments: DatabaseKind.available) func linesOfADayThatIsThereStopTheLoad(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    try place.deliver(sales: Self.morning)
    let before = try place.store.dataSnapshot()
    let error = #expect(throws: IngestError.self) { try place.deliver(sales: Self.evening) }
    let words = "\(error!)"
    #expect(words.contains("tea in north on 2024-01-01 add up to 5 units, and the database has 3"), "\(words)")
    #expect(words.contains("--restate add") && words.contains("--restate supersede") && error!.isDeliverysFault)
    #expect(try place.store.dataSnapshot() == before && place.store.loads().count == 2)
    // Other products, other days and the same sums are no question.
    #expect(try place.deliver(sales: Self.morning + ["2024-01-03,tea,north,1,2"]).summary.rowsUnchanged == 2)
    #expect(try place.deliver(sales: ["2024-01-02,ham,north,1,3"]).summary.rowsLoaded == 1)
  }

  @Test(arguments: DatabaseKind.available) func furtherLinesAreAdded(on kind: DatabaseKind) throws {
    var place = try DeliveredDatabase(kind, rows: .lines)
    place.mapping.revenue = .unitsTimesPrice
    try place.deliver(sales: Self.morning)
    let added = try place.deliver(sales: Self.evening) { $0.restate = .add }
    #expect(added.summary.rowsRestated == 1 && added.summary.rowsLoaded == 2)
    #expect(try place.units() == [8, 4] && place.units(of: "ham") == [1])
    #expect(try place.rows().filter { $0.product == "tea" }.map(\.details.revenue) == [16, 8])
    let kept = try place.store.restatements(load: added.id, limit: 10)
    #expect(kept.map(\.units) == [3] && kept.map(\.details.revenue) == [6], "what was there before is kept")
    // The same files once more add nothing, whichever was first, nor does the first undo the second.
    #expect(try place.isKnown(sales: Self.evening) { $0.restate = .add })
    #expect(try place.isKnown(sales: Self.morning))
    #expect(try place.units() == [8, 4])
    // A return that comes later is taken off.
    place.mapping.negative = .net
    try place.deliver(sales: ["2024-01-01,tea,north,-3,2"]) { $0.restate = .add }
    #expect(try place.units() == [5, 4])
    // All lines of a day take its place.
    try place.deliver(sales: ["2024-01-01,tea,north,6,2"]) { $0.restate = .supersede }
    #expect(try place.units() == [6, 4])
  }

  @Test func addingIsForLines() throws {
    let place = try DeliveredDatabase(.sqlite)
    let error = #expect(throws: IngestError.self) { try place.deliver(sales: Self.evening) { $0.restate = .add } }
    #expect("\(error!)".contains("rows: lines"))
    let fixture = try M5Fixture()
    let store = try fixture.open()
    #expect(throws: IngestError.self) {
      _ = try M5Load(
        sales: fixture.folder.file("sales.csv"), calendar: fixture.folder.file("calendar.csv"),
        prices: fixture.folder.file("prices.csv"), restate: .add
      ).run(into: store, IngestEnvironment(now: { Delivery.now }))
    }
  }

  @Test(arguments: DatabaseKind.available) func otherPricesOfSumsAreRejectedToo(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    try place.deliver(sales: Self.morning)
    let record = try place.deliver(sales: ["2024-01-02,tea,north,4,5"]) { $0.restate = .reject }
    #expect(record.summary.quarantinedByReason == ["contradicts_database": 1])
    #expect(try place.store.panel().prices.price(ofSeries: 0, on: Delivery.first + 1) == 2)
  }

  /// A sum stands on no line of the file: its message names none.
  @Test func sumsNameNoLine() throws {
    let place = try DeliveredDatabase(.sqlite, rows: .lines)
    try place.deliver(sales: Self.morning)
    let error = #expect(throws: IngestError.self) {
      try place.deliver(sales: ["2024-01-02,tea,north,4,5"]) {
        $0.restate = .reject
        $0.badRows.maximumShare = 0
      }
    }
    #expect("\(error!)".contains("sales.csv, column units"), "\(error!)")
    #expect(!"\(error!)".contains("line 0"))
  }

  // MARK: Lines out of quarantine

  private func retry(
    _ place: DeliveredDatabase, _ load: LoadRecord, _ restate: DeliveryLoad.Restate = .reject
  ) throws -> QuarantineRetry.Outcome {
    try QuarantineRetry(load: load.id, options: .init(), restate: restate)
      .run(into: place.store, IngestEnvironment(now: { Delivery.now }))
  }

  private static let measured = ["products.csv": "product,category,department,kind\ntea,drinks,hot,measure\n"]

  /// Whether another delivery can have brought a day is asked of the store, and of deliveries, not of loads.
  @Test(arguments: DatabaseKind.available) func linesJoinTheirOwnDelivery(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    let rows = Self.morning + ["2024-01-01,tea,north,0.5,2"]
    let held = try place.deliver(sales: rows)
    #expect(held.summary.quarantinedByReason == ["fractional_units": 1])
    // Another store's file of the same days, and one with days before and after.
    try place.deliver(sales: ["2024-01-01,tea,south,7,2", "2024-01-02,tea,south,7,2"])
    try place.deliver(sales: ["2023-12-30,tea,north,1,2", "2024-01-04,tea,north,1,2"])
    try place.deliver(Self.measured)
    #expect(try retry(place, held).released == 1)
    #expect(try place.units() == [1, 3.5, 4, 1])
  }

  /// The same files read twice are one delivery.
  @Test(arguments: DatabaseKind.available) func linesOfARepeatedDelivery(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    let rows = Self.morning + ["2024-01-01,tea,north,0.5,2"]
    try place.deliver(sales: rows)
    let again = try place.deliver(sales: rows) { $0.delistAfterDays = 3 }
    #expect(again.summary.rowsUnchanged == 2 && again.summary.rowsQuarantined == 1)
    try place.deliver(Self.measured)
    #expect(try retry(place, again).released == 1)
    #expect(try place.units() == [3.5, 4])
  }

  @Test(arguments: DatabaseKind.available) func linesOfADayOfAnotherDelivery(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    let held = try place.deliver(sales: Self.morning + ["2024-01-01,tea,north,0.5,2"])
    try place.deliver(Self.measured)
    try place.deliver(sales: ["2024-01-01,tea,north,4,2"]) { $0.restate = .add }
    let kept = try retry(place, held)
    #expect(kept.released == 0 && kept.kept == ["contradicts_database": 1])
    // Whoever knows that it is a further line says so.
    #expect(try retry(place, held, .add).released == 1)
    #expect(try place.units() == [7.5, 4])
  }

  // MARK: Mended lines

  private static let broken = ["2024-01-01,tea,north,4,2", "2024-01-01,tea,north,x,2", "2024-01-02,tea,north,1,2"]
  private static let mended = ["2024-01-01,tea,north,9,2"]

  private func states(_ place: DeliveredDatabase) throws -> [String] {
    try place.rows().sorted { $0.day < $1.day }.map { "\($0.units) \($0.status)" }
  }

  private func drop(_ place: DeliveredDatabase, _ load: LoadRecord) throws -> [LoadRecord] {
    let ids = try place.store.quarantine(load: load.id, limit: 100).compactMap(\.id)
    return try QuarantineDrop(ids, options: .init())
      .run(into: place.store, IngestEnvironment(now: { Delivery.now })).completed
  }

  /// The documented way: mend, forget the refused line, add.
  @Test(arguments: DatabaseKind.available) func mendedLinesMakeTheirDayWhole(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    let held = try place.deliver(sales: Self.broken)
    #expect(held.summary.quarantinedByReason == ["not_a_number": 1])
    #expect(try states(place) == ["0.0 unknown", "1.0 sold"])
    #expect(try drop(place, held).isEmpty)
    #expect(try states(place) == ["0.0 unknown", "1.0 sold"], "a line forgotten is no total")
    let added = try place.deliver(sales: Self.mended) { $0.restate = .add }
    #expect(added.summary.rowsLoaded == 1 && added.summary.rowsUnchanged == 0)
    #expect(try states(place) == ["13.0 sold", "1.0 sold"])
  }

  /// The other way round: the day is whole as soon as the refused line is forgotten.
  @Test(arguments: DatabaseKind.available) func mendedLinesBeforeTheDrop(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    let held = try place.deliver(sales: Self.broken + ["2024-01-02,ham,north,y,2"])
    let added = try place.deliver(sales: Self.mended) { $0.restate = .add }
    #expect(try states(place) == ["0.0 unknown", "1.0 sold"])
    #expect(place.warnings(added).contains { $0.contains("drop them from quarantine") }, "\(place.warnings(added))")
    let completed = try drop(place, held)
    #expect(completed.map(\.summary.rowsLoaded) == [1])
    #expect(try states(place) == ["13.0 sold", "1.0 sold"])
    #expect(try place.isKnown(sales: Self.mended) { $0.restate = .add })
    #expect(try states(place) == ["13.0 sold", "1.0 sold"])
  }

  /// A day of which no line was good has no sum, and waits all the same.
  @Test(arguments: DatabaseKind.available) func aDayOfRefusedLinesAlone(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    let held = try place.deliver(sales: ["2023-12-31,tea,north,1,2", "2024-01-01,tea,north,x,2"])
    #expect(try states(place) == ["1.0 sold", "0.0 unknown"])
    _ = try drop(place, held)
    try place.deliver(sales: Self.mended) { $0.restate = .add }
    #expect(try states(place) == ["1.0 sold", "9.0 sold"])
  }

  /// Lines of other days in quarantine are no reason to wait.
  @Test(arguments: DatabaseKind.available) func onlyLinesOfTheDayAreWaitedFor(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    let held = try place.deliver(sales: Self.broken + ["2024-01-02,tea,north,y,2"])
    #expect(try states(place) == ["0.0 unknown", "0.0 unknown"])
    let first = try place.store.quarantine(load: held.id, limit: 100).first { $0.raw.hasPrefix("2024-01-01") }
    try place.store.dropQuarantine([try #require(first?.id)])
    try place.deliver(sales: Self.mended + ["2024-01-02,tea,north,5,2"]) { $0.restate = .add }
    #expect(try states(place) == ["13.0 sold", "0.0 unknown"])
    _ = try drop(place, held)
    #expect(try states(place) == ["13.0 sold", "6.0 sold"])
  }
}
