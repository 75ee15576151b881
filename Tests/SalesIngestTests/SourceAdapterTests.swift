import DemandData
import FittingService
import Foundation
import GRDB
import SalesIngest
import SalesStore
import Testing

/// The mappings that ship, each on files of its source's shape.
@Suite struct SourceAdapterTests {
  private struct Loaded {
    let folder: TemporaryFolder
    let store: any SalesStore
    let summary: LoadSummary

    var details: LoadDetails { summary.details! }

    /// Units by product, store and day; nil where there is no fact.
    func units(_ product: String, _ place: String, _ day: String) throws -> Double? {
      let names = NodeNames(productLevel: "product", product: product, locationLevel: "store", location: place)
      let day = try #require(Day(iso: day))
      return try store.salesHistory(names, from: day, to: day).first?.units
    }
  }

  private func load(_ mapping: String, change: (inout DeliveryLoad.Options) -> Void = { _ in }) throws -> Loaded {
    let resources = try #require(Bundle.module.resourcePath) + "/"
    let folder = mapping.replacing("_gross", with: "")
    return try load(mapping, from: resources + folder, change: change)
  }

  private func load(
    _ name: String, from path: String, change: (inout DeliveryLoad.Options) -> Void = { _ in }
  ) throws -> Loaded {
    let mapping = try #require(SourceMappings.embedded[name])
    let folder = try TemporaryFolder()
    let store = try openStore(
      DatabaseURL(path: folder.file("demand.sqlite")), mode: .readWrite(create: true), now: Delivery.now)
    var options = DeliveryLoad.Options()
    options.badRows.maximumShare = 0.3
    change(&options)
    let files = try DeliveryFiles(folder: path, mapping: mapping)
    let result = try DeliveryLoad(source: name, mapping: mapping, files: files, options: options)
      .run(into: store, IngestEnvironment(now: { Delivery.now }))
    return Loaded(folder: folder, store: store, summary: result.record.summary)
  }

  @Test func rossmann() throws {
    let loaded = try load("rossmann")
    #expect(loaded.summary.rowsLoaded == 8 && loaded.summary.rowsQuarantined == 0)
    #expect(loaded.summary.daysByStatus == ["sold": 5, "closed": 3])
    #expect(loaded.details.notStored == ["Customers": 8])
    #expect(loaded.details.notRead.values.contains(["DayOfWeek"]) == true)
    let attributes = try loaded.store.attributes()
    #expect(attributes.first { $0.name == "promo2_months" }?.value == "Jan,Apr,Jul,Oct")
    #expect(attributes.count { $0.level == "store" && $0.name == "competition_distance" } == 2)
    // Days to come of test.csv are known ahead.
    var holidays: [Regressor] = []
    try loaded.store.regressors(from: Day(iso: "2015-08-01"), to: nil) { holidays.append($0) }
    #expect(holidays.map(\.value) == [0, 0, 1] && holidays.last?.scope == .location(level: "store", node: "2"))
    let closures = try loaded.store.calendar().closures
    #expect(closures.map(\.day.iso) == ["2015-07-26", "2015-07-26", "2015-07-29", "2015-08-02"])
    let panel = try loaded.store.panel()
    #expect(panel.hierarchy.location.leaves.sorted() == ["1", "2"])
    #expect(panel.calendar.events.map(\.name) == ["PublicHoliday"])
    #expect(panel.calendar.events.first?.scope == .location(level: "store", node: "2"))
    let units = panel.units.reduce(0) { $0 + Int($1) }
    #expect(units == 26_696, "5263 + 6064 + 5020 + 5567 + 4782")
  }

  @Test func walmart() throws {
    let loaded = try load("walmart")
    #expect(loaded.details.timeGrain == "week" && loaded.summary.rowsLoaded == 8)
    #expect(loaded.details.notes.contains { $0.hasPrefix("1 negative rows") })
    #expect(loaded.details.dayClasses["sold_none"] == 1 && loaded.details.dayClasses["sold"] == 7)
    // The days between the weeks' ends are no facts; department 2 has no row in the third week: none sold.
    let panel = try loaded.store.panel()
    #expect(panel.dayCount == 15 && panel.status.count { $0 == DayStatus.sold.rawValue } == 9)
    #expect(panel.calendar.events.count == 2)
    var regressors: [Regressor] = []
    try loaded.store.regressors(from: nil, to: nil) { regressors.append($0) }
    #expect(Set(regressors.map(\.name)) == ["temperature", "fuel_price", "consumer_prices", "unemployment"])
    let store = EventCalendar.Scope.location(level: "store", node: "2")
    let wanted = Regressor(name: "temperature", day: Day(iso: "2010-02-12")!, scope: store, value: 38.49)
    #expect(regressors.count == 16 && regressors.contains(wanted), "mark-downs that are not there have no row")
    #expect(try loaded.store.attributes().map(\.value) == ["151315", "202307"])
    #expect(try loaded.units("1", "1", "2010-02-05") == 24924.5, "as stored; a panel holds the nearest whole number")
  }

  @Test func favorita() throws {
    let loaded = try load("favorita")
    #expect(loaded.summary.rowsLoaded == 6)
    #expect(loaded.summary.quarantinedByReason == ["unknown_city": 1])
    let panel = try loaded.store.panel()
    #expect(panel.hierarchy.location.levels.map(\.name) == ["all", "state", "city", "store"])
    let scopes = Dictionary(uniqueKeysWithValues: panel.calendar.events.map { ($0.name, $0.scope) })
    #expect(
      scopes == [
        "Primer dia del ano": .everywhere, "Fundacion de Quito": .location(level: "city", node: "Quito"),
        "Provincializacion Santa Elena": .location(level: "state", node: "Santa Elena"),
      ])
    #expect(try loaded.units("105574", "1", "2013-01-02") == 0)
    #expect(loaded.details.skipped.values.reduce(0, +) == 1, "a transferred holiday is not one")
    var oil: [Regressor] = []
    try loaded.store.regressors(from: nil, to: nil) { oil.append($0) }
    #expect(oil.map(\.value) == [93.14, 92.97] && oil.allSatisfy { $0.scope == .everywhere })
    #expect(try loaded.store.attributes().contains { $0.node == "103665" && $0.name == "class" && $0.value == "2712" })
    #expect(try loaded.store.dataSummary().furtherFacts["promotions"] == 1)
  }

  @Test func breakfast() throws {
    let loaded = try load("breakfast")
    #expect(loaded.summary.rowsLoaded == 6 && loaded.summary.rowsQuarantined == 0)
    #expect(loaded.details.timeGrain == "week")
    #expect(loaded.details.stored?["base_price"] == 4 && loaded.details.stored?["revenue"] == 6)
    var rows: [SalesRow] = []
    try loaded.store.salesRows(from: nil, to: nil) { rows.append($0) }
    let pretzels = try #require(rows.first { $0.units == 24 })
    #expect(pretzels.details == SalesDetails(revenue: 23.76, basePrice: 1.57))
    #expect(pretzels.promotions.map(\.kind) == ["display", "feature"])
    #expect(rows.first { $0.units == 13 }?.promotions == [Promotion(kind: "tpr", share: 1)])
    #expect(try loaded.store.attributes().contains { $0.node == "367" && $0.name == "segment" && $0.value == "VALUE" })
    #expect(loaded.details.notRead.values.contains(["week"]))
    #expect(loaded.details.dayClasses["sold"] == 6 && loaded.details.dayClasses["not_ranged"] == 1)
    let panel = try loaded.store.panel()
    #expect(Set(panel.prices.price) == [1.39, 0.99, 1.57, 5.69])
    #expect(try loaded.units("1111009477", "367", "2009-01-21") == 24)
    #expect(panel.origin == Day(iso: "2009-01-28"))
  }

  /// The published workbook lists the stores 4503 and 17627 twice, in two segments: the first rows count, the others are
  /// told, and no sales are lost.
  @Test func storesThatAreListedTwice() throws {
    let loaded = try load("breakfast", from: try #require(Bundle.module.resourcePath) + "/breakfast_workbook")
    #expect(loaded.summary.rowsLoaded == 3 && loaded.summary.quarantinedByReason == ["duplicate_row": 2])
    let kept = try loaded.store.quarantine(load: 1, limit: 10)
    #expect(kept.map(\.value) == ["4503", "17627"] && kept.map(\.line) == [3, 5])
    #expect(kept.allSatisfy { $0.file.hasSuffix("store.csv") && $0.reason.contains("keep one of the rows") })
    #expect(try loaded.store.dataSummary().stores == 3)
    #expect(try loaded.units("1111009477", "4503", "2009-01-14") == 9)
    #expect(try loaded.units("1111009477", "17627", "2009-01-21") == 11)
  }

  @Test func onlineRetail() throws {
    let loaded = try load("online_retail")
    // 12 + 4 - 6 on one day; returned later: below zero, read as none.
    #expect(try loaded.units("85048", "United Kingdom", "2009-12-01") == 10)
    #expect(try loaded.units("79323P", "United Kingdom", "2009-12-02") == 0)
    #expect(try loaded.units("85048", "EIRE", "2009-12-01") == 4)
    #expect(loaded.summary.rowsLoaded == 5 && loaded.details.rows == 8)
    #expect(loaded.details.skipped.values.reduce(0, +) == 1)
    #expect(loaded.details.warnings.contains { $0.hasPrefix("1 rows have units at a price of 0") })
    let prices = try loaded.store.panel().prices.price
    // (12 x 6.95 + 4 x 5.95) / 16
    #expect(prices.contains { abs($0 - 6.7) < 1e-12 })
    // Units times price, returns taken off: 12 x 6.95 + 4 x 5.95 - 6 x 6.95.
    var revenue: [String: Double] = [:]
    try loaded.store.salesRows(from: nil, to: nil) {
      revenue["\($0.product) \($0.store) \($0.day)"] = $0.details.revenue
    }
    #expect(revenue["85048 United Kingdom 2009-12-01"] == 65.5, "\(revenue)")
    #expect(revenue["79323P United Kingdom 2009-12-02"] == -13.5)
    let gross = try load("online_retail_gross")
    #expect(try gross.units("85048", "United Kingdom", "2009-12-01") == 16)
    var grossRevenue = 0.0
    try gross.store.salesRows(from: nil, to: nil) { grossRevenue += $0.details.revenue ?? 0 }
    #expect(abs(grossRevenue - (12 * 6.95 + 4 * 5.95 + 4 * 5.95 + 12 * 6.75)) < 1e-9)
    #expect(gross.details.notes.contains("8 units came back and are not stored"))
  }

  /// All mappings that ship are read back from what is printed of them.
  @Test func printedMappingsReadBack() throws {
    for (name, mapping) in SourceMappings.embedded {
      let text = "\(name):\n" + mapping.yaml(indentation: 2)
      let read = try SourceMapping.read(yaml: text)
      #expect(read == [name: mapping], "\(text)")
    }
    #expect(Set(SourceMappings.embedded.keys).isSuperset(of: ["rossmann", "walmart", "favorita", "breakfast"]))
  }

  // MARK: The sources' own files, where they are at hand

  private static func data(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

  /// Figures from Reference/totals.py (Python 3.11, csv and decimal of its standard library).
  @Test(
    .enabled(if: data("DEMAND_BREAKFAST_DATA") != nil, "needs the files; name their folder in DEMAND_BREAKFAST_DATA"))
  func breakfastFiles() throws {
    let loaded = try load("breakfast", from: try #require(Self.data("DEMAND_BREAKFAST_DATA")))
    #expect(loaded.summary.rowsLoaded == Self.breakfast.rows)
    #expect(try Self.totals(loaded) == Self.breakfast)
    #expect(loaded.details.timeGrain == "week")
  }

  @Test(.enabled(if: data("DEMAND_WALMART_DATA") != nil, "needs the files; name their folder in DEMAND_WALMART_DATA"))
  func walmartFiles() throws {
    let loaded = try load("walmart", from: try #require(Self.data("DEMAND_WALMART_DATA")))
    #expect(try Self.totals(loaded) == Self.walmart)
    #expect(loaded.details.timeGrain == "week")
  }

  private struct Totals: Equatable {
    var rows: Int
    /// Those of the masters, or of the sales where there are no masters.
    var products: Int
    var productsSold: Int
    var stores: Int
    var days: Int
    /// In hundredths, as are all amounts.
    var units: Int
    var firstStoreUnits: Int
    /// The price in force at each row, summed.
    var prices: Int
    var promotedRows: Int
    var firstDay: String
    var lastDay: String
    var quarantined = 0
  }

  private static let breakfast = Totals(
    rows: 438_441, products: 58, productsSold: 55, stores: 77, days: 130, units: 872_273_700,
    firstStoreUnits: 6_388_600, prices: 147_383_267, promotedRows: 127_372, firstDay: "2009-01-14",
    lastDay: "2011-07-06")
  private static let walmart = Totals(
    rows: 383_040, products: 81, productsSold: 81, stores: 45, days: 130, units: 613_544_166_953,
    firstStoreUnits: 20_214_103_872, prices: 0, promotedRows: 0, firstDay: "2010-02-05", lastDay: "2012-07-27")

  /// What the database holds, by SQL of the test's own.
  private static func totals(_ loaded: Loaded) throws -> Totals {
    let summary = loaded.summary
    let stored = try loaded.store.dataSummary()
    let queue = try DatabaseQueue(path: loaded.folder.file("demand.sqlite"))
    return try queue.read { database in
      func int(_ sql: String) throws -> Int { try Int.fetchOne(database, sql: "SELECT \(sql)") ?? 0 }
      let sum = "CAST(round(100 * total(s.units)) AS INTEGER) FROM sales s"
      let firstStore = """
        JOIN series i ON i.series_id = s.series_id JOIN tree_nodes n ON n.node_id = i.store_id
        WHERE CAST(n.name AS INTEGER) = (SELECT min(CAST(m.name AS INTEGER)) FROM stores t JOIN tree_nodes m
          ON m.node_id = t.store_id)
        """
      let prices = """
        CAST(round(100 * total(p.price)) AS INTEGER) FROM sales s JOIN price_steps p ON p.series_id = s.series_id
          AND p.from_day = (SELECT max(q.from_day) FROM price_steps q
            WHERE q.series_id = s.series_id AND q.from_day <= s.day)
        """
      return Totals(
        rows: try int("count(*) FROM sales"), products: stored.products,
        productsSold: try int("count(DISTINCT i.product_id) FROM sales s JOIN series i ON i.series_id = s.series_id"),
        stores: stored.stores, days: try int("count(DISTINCT day) FROM sales"), units: try int(sum),
        firstStoreUnits: try int("\(sum) \(firstStore)"), prices: try int(prices),
        promotedRows: try int("count(DISTINCT series_id * 1000000 + day) FROM promotions WHERE share > 0"),
        firstDay: summary.firstDay?.iso ?? "", lastDay: summary.lastDay?.iso ?? "",
        quarantined: summary.rowsQuarantined)
    }
  }
}
