import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Files that overlap, lie deeper than they should, or are packed twice.
@Suite struct OverlappingFilesTests {
  private let folder: TemporaryFolder
  private let store: any SalesStore

  init() throws {
    folder = try TemporaryFolder()
    store = try openStore(
      DatabaseURL(path: folder.file("demand.sqlite")), mode: .readWrite(create: true), now: Delivery.now)
  }

  private func load(_ delivery: String, _ mapping: SourceMapping, _ name: String = "test") throws -> LoadRecord {
    try DeliveryLoad(source: name, mapping: mapping, files: try DeliveryFiles(folder: delivery, mapping: mapping))
      .run(into: store, IngestEnvironment(now: { Delivery.now })).record
  }

  private static func invoices() throws -> SourceMapping {
    let text = """
      mine:
        rows: lines
        negative: net
        sales:
          files: [Year*.csv]
          date_pattern: "yyyy-MM-dd HH:mm:ss"
          columns: {date: InvoiceDate, product: StockCode, store: Country, units: Quantity, price: Price}
          constants: {category: goods, department: goods, region: online}
          line_key: [Invoice, StockCode, Quantity, InvoiceDate, Price, Customer ID]
      """
    return try #require(try SourceMapping.read(yaml: text)["mine"])
  }

  /// As the two sheets of Online Retail II do for nine days of December.
  @Test func linesOfOverlappingSheetsCountOnce() throws {
    let header = "Invoice,StockCode,Quantity,InvoiceDate,Price,Customer ID,Country\n"
    // A customer took the same twice: a line that is there two times in one invoice counts two times.
    let shared = [
      "536365,85123A,6,2010-12-01 08:26:00,2.55,17850,UK", "536365,85123A,6,2010-12-01 08:26:00,2.55,17850,UK",
      "536366,22633,1,2010-12-02 08:28:00,1.85,17850,UK", "C536379,22633,-1,2010-12-02 09:41:00,1.85,14527,UK",
    ]
    let first = ["489434,85123A,12,2010-11-30 07:45:00,6.95,13085,UK"] + shared
    // The second sheet has one of them once more, and lines that differ in one field each.
    let second =
      shared + [
        "536365,85123A,6,2010-12-01 08:26:00,2.55,17850,UK", "536365,85123A,6,2010-12-01 08:26:00,2.55,17851,UK",
        "536365,85123A,6,2010-12-01 08:27:00,2.55,17850,UK", "536390,85123A,1,2010-12-10 10:19:00,2.55,17511,UK",
      ]
    let delivery = folder.file("sheets")
    try FileManager.default.createDirectory(atPath: delivery, withIntermediateDirectories: true)
    try folder.write(header + first.joined(separator: "\n") + "\n", to: "sheets/Year 2009-2010.csv")
    try folder.write(header + second.joined(separator: "\n") + "\n", to: "sheets/Year 2010-2011.csv")
    let record = try load(delivery, try Self.invoices())
    #expect(
      record.summary.details?.notes.contains { $0.hasPrefix("4 lines of") && $0.contains("they count once") } == true)
    #expect(record.summary.details?.skipped == ["\(delivery)/Year 2010-2011.csv": 4])
    var units: [String: Double] = [:]
    try store.salesRows(from: nil, to: nil) { units["\($0.day) \($0.product)"] = $0.units }
    #expect(
      units == [
        "2010-11-30 85123A": 12, "2010-12-01 85123A": 30, "2010-12-02 22633": 0, "2010-12-10 85123A": 1,
      ], "\(units)")
  }

  @Test func shippedMappingsOfOnlineRetailKnowTheirLines() throws {
    let resource = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "config/mappings.yml")
    let mappings = try SourceMapping.read(yaml: String(contentsOf: resource, encoding: .utf8))
    for name in ["online_retail", "online_retail_gross"] {
      #expect(mappings[name]?.sales[0].lineKey.contains("Invoice") == true)
    }
    let own = try #require(mappings["online_retail"])
    #expect(try SourceMapping.read(yaml: "mine:\n" + own.yaml(indentation: 2))["mine"] == own)
  }

  /// Files in subfolders are not read, and that is said.
  @Test func filesInSubfoldersAreNamed() throws {
    var delivery = try Delivery()
    delivery.sales = Array(delivery.sales.prefix(4))
    try delivery.write()
    let inner = delivery.folder.file("2024/january")
    try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
    try Data(delivery.salesText.utf8).write(to: URL(filePath: inner + "/sales_2.csv"))
    let record = try load(delivery.folder.path, .long)
    #expect(record.summary.rowsLoaded == 4)
    #expect(
      record.summary.details?.warnings.contains { $0.contains("sales_2.csv") && $0.contains("load '\(inner)'") }
        == true,
      "\(record.summary.details?.warnings ?? [])")
    let error = #expect(throws: IngestError.self) {
      _ = try DeliveryFiles(folder: delivery.folder.file("2024"), mapping: .long)
    }
    #expect("\(try #require(error))".contains("itself holds no file"))
  }

  /// A gzip file in a zip archive is unpacked twice, whole or in members one after another; a zip in a zip is refused.
  @Test func archivesInArchives() throws {
    let delivery = try Delivery()
    let text = Array(delivery.salesText.utf8)
    let half = text.count / 2
    let packed = ZipWriter.gzip(Array(text[..<half])) + ZipWriter.gzip(Array(text[half...]))
    let members: [(String, [UInt8])] = [
      ("products.csv", Array(delivery.products.utf8)), ("stores.csv.gz", ZipWriter.gzip(Array(delivery.stores.utf8))),
      ("in/sales.csv.gz", packed), ("events.csv.gz", Array(delivery.events.utf8)),
    ]
    let archive = folder.file("all.zip")
    try Data(ZipWriter.archive(members.map { ($0.0, $0.1) }, deflated: true)).write(to: URL(filePath: archive))
    let record = try load(archive, .long)
    #expect(record.summary.rowsLoaded == delivery.sales.count && record.summary.rowsQuarantined == 0)
    func refusal(_ members: [(String, [UInt8])]) throws -> String {
      let path = folder.file("bad.zip")
      let all = [("products.csv", Array(delivery.products.utf8))] + members
      try Data(ZipWriter.archive(all.map { ($0.0, $0.1) }, deflated: false)).write(to: URL(filePath: path))
      do {
        return "loaded \(try load(path, .long).id)"
      } catch { return "\(error)" }
    }
    #expect(try refusal([("sales.csv.gz", Array(packed.dropLast(9)))]).contains("gzip data is damaged"))
    let inner = ZipWriter.archive([("sales.csv", text)], deflated: true)
    #expect(try refusal([("sales.csv.zip", inner)]).contains("an archive in an archive"))
  }
}
