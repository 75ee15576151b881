import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Deliveries that repeat, correct or take back what earlier ones said, on both databases.
@Suite struct LaterDeliveryTests {
  private static let first = Delivery.first
  private static let week = (0..<5).map { "\(first + $0),tea,north,\($0 + 1),2" }
  private static let header = "date,product,store,units,promotion"

  // MARK: The same contents again

  @Test(arguments: DatabaseKind.available) func contentsThatWereSupersededAreLoadedAgain(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind)
    try place.deliver(sales: Self.week)
    #expect(try place.isKnown(sales: Self.week))
    // Other days, another store: what the first said still stands.
    try place.deliver(sales: ["2024-01-09,tea,north,9,2"])
    #expect(try place.isKnown(sales: Self.week))
    let second = ["2024-01-02,tea,north,20,2", "2024-01-03,tea,north,3,2"]
    try place.deliver(sales: second)
    #expect(try place.units() == [1, 20, 3, 4, 5, 9])
    let again = try place.deliver(sales: Self.week)
    #expect(again.summary.rowsRestated == 1 && again.summary.rowsUnchanged == 4)
    #expect(try place.units() == [1, 2, 3, 4, 5, 9])
    #expect(try place.store.restatements(load: nil, limit: 10).map(\.units) == [2, 20], "history is kept")
    #expect(try place.isKnown(sales: Self.week))
    // And so on: the second means the second again.
    #expect(try place.deliver(sales: second).summary.rowsRestated == 1)
    #expect(try place.units() == [1, 20, 3, 4, 5, 9])
    let loads = try place.store.loads()
    #expect(Set(loads.map(\.contentHash)).count == 4 && loads.count == 6)
    // Whoever refuses restatements is not restated by a repetition.
    #expect(try place.isKnown(sales: Self.week) { $0.restate = .supersede } == false)
    #expect(try place.deliver(sales: second) { $0.restate = .reject }.summary.quarantinedByReason.count == 1)
    #expect(try place.isKnown(sales: second) { $0.restate = .reject })
  }

  @Test(arguments: DatabaseKind.available) func pricesAndFactsThatWereSuperseded(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind)
    try place.deliver(sales: Self.week)
    try place.deliver(sales: ["2024-01-02,tea,north,2,7"])
    #expect(try !place.isKnown(sales: Self.week))
    let prices = try place.store.panel().prices
    #expect((0..<5).allSatisfy { prices.price(ofSeries: 0, on: Self.first + $0) == 2 })
    func attribute(_ value: String) -> [String: String] {
      ["attributes.csv": "level,node,attribute,value\nproduct,tea,size,\(value)\n"]
    }
    try place.deliver(attribute("small"))
    #expect(try place.isKnown(attribute("small")))
    try place.deliver(attribute("large"))
    #expect(try !place.isKnown(attribute("small")))
    #expect(try place.store.attributes().map(\.value) == ["small"])
    #expect(try place.isKnown(sales: Self.week))
  }

  /// A file read again puts what is still bad into quarantine once.
  @Test(arguments: DatabaseKind.available) func quarantineOfARepetition(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind)
    let rows = Self.week + ["2024-01-06,tea,north,many,2", "2024-01-06,rum,north,1,2"]
    let old = try place.deliver(sales: rows)
    try place.deliver(sales: ["2024-01-02,tea,north,20,2"])
    let again = try place.deliver(sales: rows)
    #expect(try place.store.quarantine(load: old.id).isEmpty)
    #expect(try place.store.quarantine(load: again.id).map(\.kind) == ["not_a_number", "unknown_product"])
    #expect(again.summary.details?.notes.contains { $0.contains("2 rows that load \(old.id)") } == true)
  }

  /// What the reason of a refused row advises is done by reading the same file otherwise: no row is left behind.
  @Test(arguments: DatabaseKind.available) func followedAdviceEmptiesQuarantine(on kind: DatabaseKind) throws {
    var place = try DeliveredDatabase(kind)
    place.mapping.products[0].columns["kind"] = nil
    let rows = ["2024-01-01,tea,north,1,2", "2024-01-02,tea,north,0.5,2", "2024-01-03,tea,north,-1,2"]
    let old = try place.deliver(sales: rows)
    let reasons = try place.store.quarantine(load: old.id).map(\.reason)
    #expect(reasons.count == 2 && reasons[1].contains("--negative zero"))
    #expect(reasons[0].contains("declare 'kind: measure' in the mapping and load the file again"), "\(reasons)")
    place.mapping.measured = true
    place.mapping.negative = .zero
    #expect(try place.deliver(sales: rows).summary.rowsQuarantined == 0)
    #expect(try place.store.dataSummary().quarantined == 0)
    #expect(try place.units() == [1, 0.5, 0])
  }

  // MARK: Withdrawals

  @Test(arguments: DatabaseKind.available) func withdrawnPromotions(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind)
    let both = "\(Self.header),promotion_kinds"
    let rows = [
      "2024-01-01,tea,north,1,1,feature+display=0.5", "2024-01-02,tea,north,2,1,", "2024-01-03,tea,north,3,0,",
    ]
    try place.deliver(sales: rows, header: both)
    #expect(try place.promotions() == [["display", "feature"], ["promotion"], []])
    // Nothing said: all stays, also where the price is another.
    let silent = try place.deliver(sales: ["2024-01-01,tea,north,1,", "2024-01-02,tea,north,2,"], header: Self.header)
    #expect(silent.summary.rowsUnchanged == 2)
    try place.deliver(sales: ["2024-01-02,tea,north,2,3"])
    try place.deliver(sales: ["2024-01-02,tea,north,2,4"])
    #expect(try place.promotions() == [["display", "feature"], ["promotion"], []])
    // No promotion after all, another kind, and one that was not known.
    let taken = try place.deliver(
      sales: ["2024-01-02,tea,north,2,0,", "2024-01-01,tea,north,1,1,feature", "2024-01-03,tea,north,3,1,"],
      header: both)
    #expect(taken.summary.rowsRestated == 2 && taken.summary.rowsUnchanged == 1)
    #expect(try place.promotions() == [["feature"], [], ["promotion"]])
    #expect(try place.store.restatements(load: taken.id, limit: 10).map(\.units) == [1, 2])
    // The first again.
    #expect(try place.deliver(sales: rows, header: both).summary.rowsRestated == 2)
    #expect(try place.promotions() == [["display", "feature"], ["promotion"], []])
  }

  /// A day without figures has promotions of its own, which the figures' row replaces.
  @Test(arguments: DatabaseKind.available) func promotionsOfUnknownDays(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind)
    let both = "\(Self.header),promotion_kinds,stock"
    try place.deliver(
      sales: [
        "2024-01-01,tea,north,1,,,ok", "2024-01-02,tea,north,,1,feature,unknown", "2024-01-03,tea,north,,0.5,,unknown",
      ], header: both)
    #expect(try place.promotions() == [[], ["feature"], ["promotion"]])
    try place.deliver(
      sales: ["2024-01-02,tea,north,2,1,display,ok", "2024-01-03,tea,north,3,0,,ok"], header: both)
    #expect(try place.promotions() == [[], ["display"], []])
  }

  @Test(arguments: DatabaseKind.available) func withdrawnWindows(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind)
    try place.deliver(sales: Self.week + ["2024-01-01,ham,south,1,2"])
    let windows = "product,store,from,through\ntea,north,2023-12-20,2024-01-02\n"
    try place.deliver(["ranging.csv": windows])
    #expect(try place.store.panel().firstDay == Self.first - 12)
    let taken = try place.deliver([
      "ranging.csv":
        "product,store,from,withdrawn\ntea,north,2023-12-20,1\ntea,north,2024-01-03,0\nham,north,2024-01-01,1\n"
    ])
    #expect(taken.summary.details?.stored == ["ranging_windows": 1, "ranging_windows_withdrawn": 1])
    #expect(place.warnings(taken).contains { $0.contains("line 4 takes back what the database does not have") })
    #expect(try place.store.rangingWindows().map(\.from) == [Self.first + 2])
    #expect(try place.store.panel().firstDay == Self.first)
    try place.deliver(["ranging.csv": "product,store,from,withdrawn\ntea,north,2024-01-03,1\n"])
    #expect(try place.store.rangingWindows().isEmpty && !place.store.panel().startIsKnown.contains(true))
    // The first again means the first again.
    #expect(try !place.isKnown(["ranging.csv": windows]))
    #expect(try place.store.rangingWindows().count == 1)
    let flag = try place.deliver(["ranging.csv": "product,store,from,withdrawn\ntea,north,2024-01-03,perhaps\n"])
    #expect(flag.summary.quarantinedByReason == ["not_a_flag": 1])
  }

  @Test(arguments: DatabaseKind.available) func withdrawnLinksAndReopenedStores(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind)
    let header = "kind,node,other,date,through,withdrawn\n"
    try place.deliver(sales: Self.week + ["2024-01-08,tea,south,1,2", "2024-01-08,ham,north,1,2"])
    func last() throws -> DayStatus? {
      let panel = try place.store.panel()
      let tree = panel.hierarchy
      let tea = try #require(
        tree.series.firstIndex { tree.product.leaves[$0.product] == "tea" && tree.location.leaves[$0.store] == "north" }
      )
      return DayStatus(rawValue: panel.status[panel.cells(ofSeries: tea)].last!)
    }
    try place.deliver(["links.csv": header + "closure,north,,2024-01-07,,\n"])
    #expect(try last() == .notRanged)
    try place.deliver(["links.csv": header + "opening,north,,2024-01-08,,\n"])
    #expect(try last() == .sold, "a store reopened: no row of tea, where ham was sold")
    let taken = try place.deliver(["links.csv": header + "closure,north,,2024-01-07,,1\nopening,north,,2024-01-08,,1\n"]
    )
    #expect(taken.summary.details?.stored == ["links_withdrawn": 2])
    #expect(try place.store.lifeCycleLinks().isEmpty)
    try place.deliver(["links.csv": header + "closure,north,,2024-01-11,2024-01-13,\n"])
    #expect(try place.closed() == [10, 11, 12])
    try place.deliver(["links.csv": header + "closure,north,,2024-01-11,2024-01-13,1\n"])
    #expect(try place.closed().isEmpty)
  }

  /// A closure that a link makes and an event declares too stays closed when the link is taken back or moved.
  @Test(arguments: DatabaseKind.available) func closuresThatAnEventDeclaresStay(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind)
    let links = "kind,node,other,date,through,withdrawn\nclosure,north,,2024-01-11,2024-01-14,"
    let event = "date,event,type,store,closed\n2024-01-12,Stocktaking,own,north,1\n2024-01-20,Fair,own,,1\n"
    try place.deliver(["events.csv": event])
    try place.deliver(["links.csv": links + "\n"])
    #expect(try place.closed() == [10, 11, 12, 13, 19])
    try place.deliver(["links.csv": links + "1\n"])
    #expect(try place.closed() == [11, 19])
    // The event's closing alone, then the event; a day that a link shuts as well stays shut.
    try place.deliver(["links.csv": links + "\n\n"])
    let withdrawals = "date,event,type,store,closed,withdrawn\n2024-01-12,,,north,1,1\n2024-01-20,Fair,own,,1,1\n"
    let taken = try place.deliver(["events.csv": withdrawals])
    #expect(taken.summary.details?.stored == ["events_withdrawn": 2])
    #expect(try place.closed() == [10, 11, 12, 13])
    #expect(try place.store.calendar().events.map(\.name) == ["Stocktaking"])
    try place.deliver(["links.csv": links + "1\n\n"])
    #expect(try place.closed().isEmpty)
    // The first again.
    #expect(try !place.isKnown(["events.csv": event]))
    #expect(try place.closed() == [11, 19])
  }

  @Test(arguments: DatabaseKind.available) func oldMastersAndLinksUndoNoMove(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind)
    func master(_ department: String, _ end: String = "") -> [String: String] {
      ["products.csv": "product,category,department\ntea,drinks,\(department)\n" + end]
    }
    func link(_ department: String, _ day: String, _ withdrawn: Int = 0) -> [String: String] {
      ["links.csv": "kind,node,other,date,withdrawn\ndepartment_move,tea,\(department),\(day),\(withdrawn)\n"]
    }
    try place.deliver(sales: Self.week)
    try place.deliver(master("cold").merging(link("cold", "2024-01-03")) { $1 })
    try place.deliver(master("iced").merging(link("iced", "2024-01-05")) { $1 })
    #expect(try place.departments().contains("iced/tea"))
    // The master of before, alone or with its link, is an older state.
    for old in [master("cold", "\n"), master("cold", "\n\n").merging(link("cold", "2024-01-03")) { $1 }] {
      let record = try place.deliver(old)
      #expect(record.summary.quarantinedByReason == ["hierarchy": 1])
      let reason = try #require(try place.store.quarantine(load: record.id).first?.reason)
      #expect(reason.contains("dated after 2024-01-05, its move to 'iced'"), "\(reason)")
      #expect(try place.departments().contains("iced/tea"))
    }
    // A later link does move it back, and a move taken back undoes it.
    try place.deliver(master("cold", "\n\n\n").merging(link("cold", "2024-01-08")) { $1 })
    #expect(try place.departments().contains("cold/tea"))
    try place.deliver(link("cold", "2024-01-08", 1))
    #expect(try place.departments().contains("iced/tea"))
    #expect(try place.deliver(master("iced", "\n\n")).summary.rowsQuarantined == 0)
  }

  // MARK: Refused restatements

  @Test(arguments: DatabaseKind.available) func otherPricesAreRejectedToo(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind)
    let header = "date,product,store,units,price,promotion,base_price"
    try place.deliver(sales: Self.week.map { $0 + ",1," }, header: header)
    let before = try place.store.dataSnapshot()
    let record = try place.deliver(
      sales: [
        "2024-01-01,tea,north,1,2,1,", "2024-01-02,tea,north,2,3,1,", "2024-01-03,tea,north,3,2,0,",
        "2024-01-04,tea,north,4,2,1,2.5", "2024-01-05,tea,north,5,,,",
      ], header: header
    ) { $0.restate = .reject }
    #expect(record.summary.quarantinedByReason == ["contradicts_database": 2])
    #expect(record.summary.rowsUnchanged == 3 && record.summary.rowsRestated == 0)
    let rows = try place.store.quarantine(load: record.id)
    #expect(rows.map(\.line) == [3, 4] && rows.allSatisfy { $0.reason.contains("another price, promotion or figure") })
    #expect(try place.store.dataSnapshot() == before)
    let supersede = QuarantineRetry(load: record.id, options: .init(), restate: .supersede)
    #expect(try supersede.run(into: place.store, IngestEnvironment(now: { Delivery.now })).released == 2)
    #expect(try place.store.restatements(load: nil, limit: 10).map(\.day) == [Self.first + 1, Self.first + 2])
    #expect(try place.store.panel().prices.price(ofSeries: 0, on: Self.first + 1) == 3)
  }

  /// A day that was loaded without a promotion has none: one that is said later restates it, as another price does.
  @Test(arguments: DatabaseKind.available) func promotionsOfDaysWithoutAreRejected(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind)
    try place.deliver(sales: ["2024-01-01,tea,north,1,2", "2024-01-02,tea,north,2,2"])
    let header = "\(Self.header),promotion_kinds"
    let later = ["2024-01-01,tea,north,1,1,feature", "2024-01-02,tea,north,2,0,", "2024-01-03,tea,north,3,1,"]
    let record = try place.deliver(sales: later, header: header) { $0.restate = .reject }
    #expect(record.summary.quarantinedByReason == ["contradicts_database": 1] && record.summary.rowsUnchanged == 1)
    let row = try #require(try place.store.quarantine(load: record.id).first)
    #expect(row.line == 2 && row.reason.contains("1 units (sold)") && row.reason.contains("promotion"))
    #expect(try place.promotions() == [[], [], ["promotion"]])
    // Whoever supersedes fills it in.
    try place.deliver(sales: later, header: header)
    #expect(try place.promotions() == [["feature"], [], ["promotion"]])
  }

  /// What the database has is said in words.
  @Test func contradictedStatesAreWords() throws {
    let place = try DeliveredDatabase(.sqlite)
    let header = "date,product,store,units,stock"
    try place.deliver(sales: ["2024-01-01,tea,north,1,out"], header: header)
    let record = try place.deliver(sales: ["2024-01-01,tea,north,2,out"], header: header) { $0.restate = .reject }
    let row = try #require(try place.store.quarantine(load: record.id).first)
    #expect(row.reason.contains("1 units (out of stock)"), "\(row.reason)")
  }

  @Test func otherPricesOfM5AreRejectedToo() throws {
    let fixture = try M5Fixture()
    let store = try fixture.open()
    _ = try fixture.load(into: store, until: M5Fixture.first + 24)
    let text = String(decoding: try fixture.folder.bytes(of: "prices.csv"), as: UTF8.self)
    try fixture.folder.write(
      text.replacing("CA_1,FOODS_1_001,11202,1.25", with: "CA_1,FOODS_1_001,11202,1.5")
        .replacing("CA_1,FOODS_1_001,11205,0.98", with: "CA_1,FOODS_1_001,11205,3"), to: "prices.csv")
    let record = try M5Load(
      sales: fixture.folder.file("sales.csv"), calendar: fixture.folder.file("calendar.csv"),
      prices: fixture.folder.file("prices.csv"), until: M5Fixture.first + 25, badRows: .init(maximumShare: 1),
      restate: .reject
    ).run(into: store, IngestEnvironment(now: { Delivery.now })).record
    #expect(record.summary.quarantinedByReason == ["contradicts_database": 1] && record.summary.rowsRestated == 0)
    let row = try #require(try store.quarantine(load: record.id).first)
    #expect(row.value == "1.5" && row.column == "d_15" && row.reason.contains("a price of 1.25 from 2012-12-24"))
    #expect(record.summary.rowsLoaded == 4)
    let prices = try store.panel(through: M5Fixture.first + 24).prices
    let series = try #require(try store.panel().hierarchy.series.indices.first)
    #expect((14..<21).allSatisfy { prices.price(ofSeries: series, on: M5Fixture.first + $0) == 1.25 })
    // A week that no day of sales has seen yet is new, not another.
    #expect(prices.price(ofSeries: series, on: M5Fixture.first + 35) == 3)
  }

  // MARK: Missing rows, scale, words

  @Test(arguments: DatabaseKind.available) func aWrongMeaningOfMissingRowsIsCorrected(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind)
    let rows = Self.week + ["2024-01-01,ham,north,1,2", "2024-01-05,ham,north,1,2"]
    try place.deliver(sales: rows)
    func ham() throws -> [Int] {
      let names = NodeNames(productLevel: "product", product: "ham", locationLevel: "store", location: "north")
      return try place.store.salesHistory(names).map(\.unknown)
    }
    #expect(try ham() == [0, 0, 0, 0, 0])
    let again = try place.deliver(sales: rows) {
      $0.missing = .unknown
      $0.restatesMissing = true
    }
    #expect(again.summary.rowsUnchanged == 7)
    #expect(again.summary.details?.notes.contains { $0.contains("5 days of store north came whole") } == true)
    #expect(try ham() == [0, 1, 1, 1, 0])
    // Some of the rows of a day say nothing of the others.
    try place.deliver(sales: ["2024-01-05,tea,north,5,2", "2024-01-04,tea,north,4,2"]) { $0.restatesMissing = true }
    #expect(try place.database.query("SELECT day FROM store_days WHERE missing = 0") == "\(Self.first.number + 3)")
    // The first again, as it was said first.
    #expect(try !place.isKnown(sales: rows) { $0.restatesMissing = true })
    #expect(try ham() == [0, 0, 0, 0, 0])
  }

  @Test(arguments: [(1, 12, true), (1, 4, false), (3, 12, true), (4, 1, false)])
  func jumpsOfScaleOfAFewSeries(_ count: Int, _ factor: Int, _ isOdd: Bool) throws {
    let place = try DeliveredDatabase(.sqlite)
    let names = (0..<count).map { "p\($0)" }
    try place.deliver(["products.csv": "product,category,department\n" + names.map { "\($0),c,d\n" }.joined()])
    func rows(_ days: Range<Int>, _ factor: Int) -> [String] {
      days.flatMap { day in names.map { "\(Self.first + day),\($0),north,\((12 + day % 5) * factor),2" } }
    }
    try place.deliver(sales: rows(0..<10, 1))
    let later = try place.deliver(sales: rows(10..<12, factor))
    #expect(
      place.warnings(later).contains { $0.contains("cases instead of units") } == isOdd, "\(place.warnings(later))")
  }

  @Test func sharesOfPromotionsAreNamed() throws {
    let place = try DeliveredDatabase(.sqlite)
    let record = try place.deliver(
      sales: ["2024-01-01,tea,north,1,0.5", "2024-01-02,tea,north,1,half"], header: Self.header)
    let row = try #require(try place.store.quarantine(load: record.id).first)
    #expect(
      row.kind == "not_a_flag" && row.reason.contains("0 or 1, or the share of the day on promotion, such as 0.5"))
  }
}
