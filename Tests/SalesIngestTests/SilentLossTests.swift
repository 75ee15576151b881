import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// What a delivery holds and a load does not take as it was meant is said, never passed over.
@Suite struct SilentLossTests {
  private static let first = Delivery.first
  private static let archive: [UInt8] = [0x50, 0x4B, 3, 4] + Array("anything".utf8)

  private func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }

  @Test func workbooksAndArchivesBesideTablesAreNamed() throws {
    let delivery = try Delivery()
    try write(Self.archive, to: delivery.folder.file("february.xlsx"))
    try write([0xD0, 0xCF, 0x11, 0xE0] + [UInt8](repeating: 120, count: 20), to: delivery.folder.file("old.xls"))
    try write(Self.archive, to: delivery.folder.file("march.zip"))
    try delivery.write()
    let files = try DeliveryFiles(folder: delivery.folder.path, mapping: .long)
    let place = try delivery.open()
    let record = try DeliveryLoad(source: "long", mapping: .long, files: files)
      .run(into: place, IngestEnvironment(now: { Delivery.now })).record
    let warning = record.summary.details?.warnings.first { $0.contains("not read") } ?? ""
    #expect(["february.xlsx'", "old.xls'", "march.zip'"].allSatisfy(warning.contains), "\(warning)")
    try place.close()
    let notes = try MappingInference([delivery.folder.path]).notes.joined(separator: "\n")
    #expect(
      ["february.xlsx' is not read", "old.xls' is not read", "march.zip' is not read"].allSatisfy(notes.contains))
  }

  @Test func aFileOfTwoEncodingsIsNamedWithTheLine() throws {
    let delivery = try Delivery()
    try delivery.write()
    let rows = (0..<4).map { "\(Self.first + $0),tea,north,1,2,0,ok" }
    let text = ([Delivery.header] + rows).joined(separator: "\n") + "\n"
    let bytes = Array(text.utf8) + Array("2024-01-06,tea,K\u{F6}ln,1,2,0,ok\n".utf8)
    let latin = Array("2024-01-07,tea,K".utf8) + [0xF6] + Array("ln,1,2,0,ok\n".utf8)
    for (tail, line) in [(latin, 7), (latin + latin + latin, 7)] {
      try write(bytes + tail, to: delivery.folder.file("sales.csv"))
      let store = try delivery.open("\(tail.count).sqlite")
      let record = try LongFormatLoad(files: .init(folder: delivery.folder.path), options: lenient())
        .run(into: store, IngestEnvironment(now: { Delivery.now })).record
      let warnings = record.summary.details?.warnings ?? []
      #expect(
        warnings.contains { $0.contains("is UTF-8 in part and in part not, first on line \(line)") }, "\(warnings)")
      try store.close()
    }
  }

  @Test(arguments: DatabaseKind.available) func namesThatDifferBySpacesAndCapitalsAreNamed(on kind: DatabaseKind) throws
  {
    var place = try DeliveredDatabase(kind)
    place.mapping.unknownKeys = .create
    let record = try place.deliver(sales: [
      "2024-01-01,tea,north,1,2", "2024-01-02,Tea ,north,1,2", "2024-01-02,cake,north,1,2",
      "2024-01-03,cake,K\u{F6}ln,1,2", "2024-01-03,cake,K\u{D6}LN,1,2",
    ])
    let warning = try #require(place.warnings(record).first { $0.contains("differ only by spaces or capitals") })
    #expect(warning.contains("products 'tea' (in the database) and 'Tea ' ("), "\(warning)")
    #expect(
      warning.contains("sales.csv line 3)") && warning.contains("stores 'K\u{F6}ln'") && !warning.contains("cake"))
    // Said once: those names are there now.
    let next = try place.deliver(sales: ["2024-01-04,Tea ,north,1,2"])
    #expect(!place.warnings(next).contains { $0.contains("differ only") })
  }

  @Test func aFileOfSalesWithoutRowsIsNamed() throws {
    let place = try DeliveredDatabase(.sqlite)
    let record = try place.deliver([
      "products.csv": DeliveredDatabase.products, "sales.csv": "date,product,store,units,price\n",
    ])
    #expect(place.warnings(record).contains { $0.contains("sales.csv' holds a header and no rows") })
  }

  /// Days on which a store is never open are one remark, and a long gap comes first.
  @Test func habitsOfSilenceHideNoGap() throws {
    let place = try DeliveredDatabase(.sqlite)
    let days = (-300 ..< -1).filter { (Self.first + $0).weekday != 6 && !(-200 ..< -148).contains($0) }
    let record = try place.deliver(sales: days.map { "\(Self.first + $0),tea,north,1,2" })
    let warning = try #require(place.warnings(record).first { $0.contains("without any row of a store") })
    #expect(warning.contains("(north from \(Self.first - 200), "), "\(warning)")
    #expect(warning.contains("no row on any Sunday in 1 store (") && !warning.contains(", 1 days"))
    let steady = try DeliveredDatabase(.sqlite)
    let only = try steady.deliver(
      sales: (-60 ..< -1).filter { (Self.first + $0).weekday != 6 }.map { "\(Self.first + $0),tea,north,1,2" })
    #expect(
      steady.warnings(only).contains {
        $0.hasPrefix("no row on any Sunday in 1 store") && $0.contains("declare them closed")
      })
  }

  /// Excel leaves columns without names and rows of separators behind.
  @Test func emptyColumnsAndRowsOfSeparatorsAreNothing() throws {
    let place = try DeliveredDatabase(.sqlite)
    let header = "date,,product,store,units,price,,"
    let record = try place.deliver(
      sales: ["2024-01-01,,tea,north,1,2,,", ",,,,,,,", "2024-01-02,,tea,north,1,2,,"], header: header)
    #expect(record.summary.rowsLoaded == 2 && record.summary.rowsQuarantined == 0)
    #expect(place.warnings(record).isEmpty)
    let filled = try place.deliver(sales: ["2024-01-03,,tea,north,1,2,x,"], header: header)
    #expect(place.warnings(filled).contains { $0.contains("in a column without a name, which is not read") })
  }
}
