import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Days of receipts of which refused lines were dropped: they lack them, and count as whole only where as many came in
/// their place or somebody says so. On both databases.
@Suite struct DroppedLinesTests {
  private static let lines = [
    "2024-01-01,tea,north,4,2", "2024-01-01,tea,north,0.5,2", "2024-01-01,tea,north,x,2", "2024-01-02,tea,north,1,2",
  ]
  private static let measured = ["products.csv": "product,category,department,kind\ntea,drinks,hot,measure\n"]

  private func states(_ place: DeliveredDatabase) throws -> [String] {
    try place.rows().filter { $0.product == "tea" }.sorted { $0.day < $1.day }.map { "\($0.units) \($0.status)" }
  }

  @discardableResult
  private func drop(
    _ place: DeliveredDatabase, _ load: LoadRecord, _ kinds: Set<String>? = nil, whole: Bool = false
  ) throws -> QuarantineDrop.Outcome {
    let rows = try place.store.quarantine(load: load.id, limit: 100).filter { kinds?.contains($0.kind) ?? true }
    return try QuarantineDrop(
      rows.compactMap(\.id), options: .init(), areDaysWhole: whole, settling: kinds == nil ? [load.id] : []
    ).run(into: place.store, IngestEnvironment(now: { Delivery.now }))
  }

  private func retry(_ place: DeliveredDatabase, _ load: LoadRecord) throws -> QuarantineRetry.Outcome {
    try QuarantineRetry(load: load.id, options: .init())
      .run(into: place.store, IngestEnvironment(now: { Delivery.now }))
  }

  /// One of two refused lines is dropped, the other mended by what its product is.
  @Test(arguments: DatabaseKind.available, [true, false])
  func aRetriedLineMakesNoDayWholeThatLacksADroppedOne(on kind: DatabaseKind, dropsFirst: Bool) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    let held = try place.deliver(sales: Self.lines)
    try place.deliver(Self.measured)
    func dropBadNumber() throws {
      let outcome = try drop(place, held, ["not_a_number"])
      #expect(outcome.completed.isEmpty)
      let partial = try #require(outcome.partial.first)
      #expect(outcome.partial.count == 1 && partial.product == "tea" && partial.store == "north")
      #expect(partial.day == Delivery.first && partial.dropped == 1 && partial.added == 0)
    }
    if dropsFirst { try dropBadNumber() }
    #expect(try retry(place, held).released == 1)
    if !dropsFirst { try dropBadNumber() }
    #expect(try states(place) == ["0.0 unknown", "1.0 sold"])
    // What the day has is kept, for whoever says that the line was no sale.
    let whole = try drop(place, held, whole: true)
    #expect(whole.completed.map(\.summary.rowsLoaded) == [1] && whole.partial.isEmpty)
    #expect(try states(place) == ["4.5 sold", "1.0 sold"])
  }

  /// Two lines are dropped, and one is delivered again: before or after.
  @Test(arguments: DatabaseKind.available, [true, false])
  func asManyLinesAreAddedAsWereDropped(on kind: DatabaseKind, dropsFirst: Bool) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    let held = try place.deliver(sales: Self.lines)
    if dropsFirst { #expect(try drop(place, held).partial.map(\.dropped) == [2]) }
    try place.deliver(sales: ["2024-01-01,tea,north,2,2"]) { $0.restate = .add }
    if !dropsFirst { #expect(try drop(place, held).partial.map(\.added) == [1]) }
    #expect(try states(place) == ["0.0 unknown", "1.0 sold"])
    let last = try place.deliver(sales: ["2024-01-01,tea,north,3,2"]) { $0.restate = .add }
    #expect(try states(place) == ["9.0 sold", "1.0 sold"])
    let notes = last.summary.details?.notes ?? []
    #expect(notes.contains { $0.contains("tea in north on 2024-01-01") && $0.contains("count as whole") }, "\(notes)")
    // The next refused line of the day is missed anew: lines that came before are in its place no more.
    let evening = try place.deliver(sales: ["2024-01-01,tea,north,y,2", "2024-01-01,tea,north,1,2"]) {
      $0.restate = .add
    }
    #expect(try states(place) == ["0.0 unknown", "1.0 sold"])
    #expect(try drop(place, evening).partial.count == 1)
    #expect(try states(place) == ["0.0 unknown", "1.0 sold"])
    try place.deliver(sales: ["2024-01-01,tea,north,20,2"]) { $0.restate = .supersede }
    #expect(try states(place) == ["20.0 sold", "1.0 sold"])
  }

  /// A file of further lines whose only line of the day is refused.
  @Test(arguments: DatabaseKind.available) func aDayThatIsThereLacksARefusedFurtherLine(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    try place.deliver(sales: ["2024-01-01,tea,north,4,2", "2024-01-02,tea,north,1,2"])
    let evening = try place.deliver(sales: ["2024-01-01,tea,north,x,2"]) { $0.restate = .add }
    #expect(try states(place) == ["0.0 unknown", "1.0 sold"])
    #expect(try drop(place, evening, whole: true).completed.count == 1)
    #expect(try states(place) == ["4.0 sold", "1.0 sold"])
  }

  /// Of a day of refused lines alone, before and after the product's first sale.
  @Test(arguments: DatabaseKind.available, [true, false])
  func daysOfRefusedLinesAlone(on kind: DatabaseKind, isFirst: Bool) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    let held = try place.deliver(
      sales: ["2024-01-02,tea,north,x,2", "2024-01-02,tea,north,0.5,2"]
        + (isFirst ? ["2024-01-02,ham,north,1,2"] : ["2024-01-01,tea,north,1,2"]))
    try place.deliver(Self.measured)
    try drop(place, held, ["not_a_number"])
    #expect(try retry(place, held).released == 1)
    #expect(try states(place).last == "0.0 unknown")
    try drop(place, held, whole: true)
    #expect(try states(place).last == "0.5 sold")
  }

  /// Lines of a product that comes later: which day they are of is known only when they are read again.
  @Test(arguments: DatabaseKind.available) func linesWhoseDayIsKnownLater(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    let held = try place.deliver(
      sales: ["2024-01-01,rum,north,4,2", "2024-01-01,rum,north,x,2", "2024-01-01,rum,north,y,2"])
    try place.deliver(["products.csv": "product,category,department\nrum,drinks,hot\n"])
    #expect(try retry(place, held).released == 1)
    #expect(try drop(place, held).partial.map(\.dropped) == [2])
    try place.deliver(sales: ["2024-01-01,rum,north,1,2"]) { $0.restate = .add }
    #expect(try place.rows().map(\.status) == [.unknown])
    try place.deliver(sales: ["2024-01-01,rum,north,2,2"]) { $0.restate = .add }
    #expect(try place.rows().map(\.units) == [7])
  }

  /// All that a day had was no sale.
  @Test(arguments: DatabaseKind.available) func daysWithoutASaleAreWholeToo(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind, rows: .lines)
    let held = try place.deliver(sales: ["2024-01-01,tea,north,1,2", "2024-01-02,tea,north,x,2"])
    #expect(try states(place) == ["1.0 sold", "0.0 unknown"])
    try drop(place, held, whole: true)
    #expect(try states(place) == ["1.0 sold", "0.0 sold"])
  }
}
