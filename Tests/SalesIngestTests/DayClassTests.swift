import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// What a load's summary says of days is what the panel says of them.
@Suite struct DayClassTests {
  private let folder: TemporaryFolder
  private let store: any SalesStore
  private static let first = Delivery.first + (-60)

  init() throws {
    folder = try TemporaryFolder()
    store = try openStore(
      DatabaseURL(path: folder.file("demand.sqlite")), mode: .readWrite(create: true), now: Delivery.now)
  }

  @discardableResult
  private func load(
    _ files: [String: String], _ change: (inout DeliveryLoad.Options) -> Void = { _ in }
  ) throws -> LoadRecord {
    let folder = try TemporaryFolder()
    for (name, text) in files { try folder.write(text, to: name) }
    var options = DeliveryLoad.Options()
    options.badRows.maximumShare = 1
    change(&options)
    var mapping = SourceMapping.long
    mapping.sales[0].columns["open"] = "open"
    return try DeliveryLoad(
      source: "test", mapping: mapping, files: try DeliveryFiles(folder: folder.path, mapping: mapping),
      options: options
    ).run(into: store, IngestEnvironment(now: { Delivery.now })).record
  }

  /// Days of some products in some stores, counted by what the panel says.
  private func panelClasses(_ days: ClosedRange<Int>, _ names: [String]) throws -> [DayStatus: Int] {
    let panel = try store.panel()
    var counts: [DayStatus: Int] = [:]
    for (index, series) in panel.hierarchy.series.enumerated() {
      let name = panel.hierarchy.product.leaves[series.product] + " " + panel.hierarchy.location.leaves[series.store]
      guard names.contains(name) else { continue }
      for day in days {
        let place = Self.first + day - panel.firstDay
        // Before the first day of all series, none is in range.
        let status =
          place < 0 ? .notRanged : DayStatus(rawValue: panel.status[panel.cells(ofSeries: index).lowerBound + place])!
        counts[status, default: 0] += 1
      }
    }
    return counts
  }

  private func agree(_ record: LoadRecord, _ days: ClosedRange<Int>, _ names: [String], _ what: String) throws {
    let its = record.summary.details?.dayClasses ?? [:]
    func sum(_ names: String...) -> Int { names.reduce(0) { $0 + its[$1, default: 0] } }
    let said: [DayStatus: Int] = [
      .sold: sum("sold", "sold_none", "missing_read_as_zero"), .closed: sum("closed"),
      .outOfStock: sum("out_of_stock"), .notRanged: sum("not_ranged"),
      .unknown: sum("unknown", "missing_unknown", "store_silent"),
    ]
    #expect(try said.filter { $0.value > 0 } == panelClasses(days, names), "\(what): \(its)")
    #expect(its.values.reduce(0, +) == days.count * names.count, "\(what): \(its)")
  }

  private static let masters = [
    "products.csv": "product,category,department\ntea,drinks,hot\nham,fresh,meat\nrum,drinks,strong\n",
    "stores.csv": "store,region\nnorth,upper\nsouth,lower\n",
  ]

  private static func sales(_ rows: [String]) -> String {
    "date,product,store,units,stock,open\n" + rows.joined(separator: "\n") + "\n"
  }

  private static func row(_ day: Int, _ product: String, _ place: String, _ units: String, _ rest: String = ",")
    -> String
  {
    "\(first + day),\(product),\(place),\(units),\(rest)"
  }

  @Test func classesOfALoadAreThoseOfThePanel() throws {
    var files = Self.masters
    files["ranging.csv"] =
      "product,store,from,through\nham,north,\(Self.first + 4),\(Self.first + 12)\nrum,north,\(Self.first - 2),\n"
    files["events.csv"] =
      "date,event,type,region,closed\n\(Self.first + 6),,,upper,1\n\(Self.first + 7),,,upper,1\n"
      + "\(Self.first + 14),,,,1\n"
    files["links.csv"] = "kind,node,other,date,through,ratio\nopening,south,,\(Self.first + 3),,\n"
    // Rows on closed days, with and without units; rows outside windows, with and without; silent days 9 and 10.
    let rows =
      (0..<20).filter { $0 != 9 && $0 != 10 && $0 != 14 }.map { Self.row($0, "tea", "north", $0 == 6 ? "2" : "0") }
      + [2, 3, 5, 8, 15, 16].map { Self.row($0, "ham", "north", $0 == 16 ? "1" : "0") }
      + [1, 8, 11, 19].map { Self.row($0, "rum", "north", "3", $0 == 11 ? "out," : ",") }
      + [0, 2, 4, 12].map { Self.row($0, "tea", "south", $0 == 4 ? "5" : "0", $0 == 12 ? ",0" : ",") }
      + [Self.row(13, "tea", "south", "many"), Self.row(18, "tea", "south", "", "unknown,")]
    files["sales.csv"] = Self.sales(rows)
    let names = ["tea north", "ham north", "rum north", "tea south"]
    let record = try load(files)
    try agree(record, 0...19, names, "one load")

    // Later days of some series; what earlier loads said counts too, and masters are not delivered again.
    let later = [12, 13, 24, 25].map { Self.row($0, "tea", "south", $0 == 24 ? "1" : "0") }
    let next = try load([
      "sales.csv": Self.sales(later + [Self.row(16, "rum", "north", "0")]),
      "events.csv": "date,event,type,region,closed\n\(Self.first + 25),,,lower,1\n",
    ]) { $0.missing = .unknown }
    try agree(next, 12...25, ["tea south", "rum north"], "the next load")
  }

  @Test func rangesThatEndByThemselvesAreThoseOfThePanel() throws {
    var files = Self.masters
    files["sales.csv"] = Self.sales(
      (0..<40).map { Self.row($0, "tea", "north", "1") } + [0, 1, 4].map { Self.row($0, "ham", "north", "1") }
        + [0, 3].map { Self.row($0, "rum", "north", "1") })
    files["ranging.csv"] = "product,store,from,through\nrum,north,\(Self.first),\n"
    try agree(try load(files), 0...39, ["tea north", "ham north", "rum north"], "ham ends")
    // A late delivery of old days, after which the origin stays.
    let late = try load(["sales.csv": Self.sales([Self.row(2, "ham", "north", "3"), Self.row(9, "ham", "north", "3")])])
    try agree(late, 2...9, ["ham north"], "old days")
  }

  @Test func gapsOfM5DaysAreSeen() throws {
    let fixture = try M5Fixture { rows in
      // Days 11 to 14 are not delivered.
      rows = rows.map { line in
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
        return (fields[..<16] + fields[20...]).joined(separator: ",")
      }
    }
    let store = try fixture.open()
    let record = try fixture.load(into: store).record
    let warnings = record.summary.details?.warnings ?? []
    #expect(
      warnings.contains {
        $0.contains("8 days without any row of a store") && $0.contains("CA_1 from 2012-12-20, 4 days")
      },
      "\(warnings)")
    // Later deliveries know the days of which M5's files told.
    let next = try LongFormatLoad(
      files: .init(sales: [
        try fixture.folder.write(
          "date,product,store,units\n2012-12-11,FOODS_1_001,CA_1,9\n2013-01-07,FOODS_1_001,CA_1,2\n", to: "later.csv")
      ])
    ).run(into: store, IngestEnvironment(now: { Delivery.now })).record
    let found = next.summary.details?.warnings.filter { $0.contains("without any row") } ?? []
    #expect(found.count == 1 && found[0].hasPrefix("4 days"), "\(found)")
  }
}
