import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

@Suite struct LongFormatTests {
  @Test func goodDelivery() throws {
    let delivery = try Delivery()
    let store = try delivery.open()
    let summary = try delivery.load(into: store).record.summary
    #expect(summary.rowsLoaded == 25 && summary.rowsQuarantined == 0)
    #expect(summary.daysByStatus == ["sold": 24, "outOfStock": 1])
    #expect(summary.firstDay == Delivery.first && summary.completeThrough == Delivery.first + 9)
    #expect(summary.newProducts == 2 && summary.newStores == 2 && summary.newSeries == 3)
    let panel = try store.panel()
    #expect(panel.hierarchy.product.levels.map(\.name) == ["all", "category", "department", "product"])
    #expect(panel.hierarchy.location.levels.map(\.name) == ["all", "region", "store"])
    func statuses(_ product: String, _ place: String) -> [DayStatus] {
      let index = panel.hierarchy.series.firstIndex {
        panel.hierarchy.product.leaves[$0.product] == product && panel.hierarchy.location.leaves[$0.store] == place
      }!
      return panel.status[panel.cells(ofSeries: index)].map { DayStatus(rawValue: $0)! }
    }
    var sold = [DayStatus](repeating: .sold, count: 10)
    // Day 4: the upper region is closed; nobody heard from the south.
    sold[4] = .closed
    #expect(statuses("tea", "north") == sold)
    sold[4] = .unknown
    sold[6] = .outOfStock
    #expect(statuses("tea", "south") == sold)
    #expect(statuses("ham", "north").prefix(3) == [.notRanged, .notRanged, .sold])
    #expect(panel.startIsKnown == [false, false, false])
    #expect(panel.prices.price.prefix(2) == [2.5, 2])
    #expect(panel.calendar.knownThrough == Day(iso: "2024-02-10"))
    #expect(panel.calendar.events.contains { $0.type == EventCalendar.benefitType && $0.scope != .everywhere })
    #expect(try delivery.load(into: store) == .alreadyLoaded(try store.loads()[0]))
  }

  @Test func columnsInAnyOrderWithMarkAndCarriageReturns() throws {
    let delivery = try Delivery()
    try delivery.load(into: try delivery.open("plain.sqlite"))
    var turned = try Delivery()
    turned.stores = "\u{FEFF}region,store\r\n\"upper\",north\r\nlower,\"south\""
    try turned.load(into: try turned.open("plain.sqlite"))
    #expect(
      try turned.open("plain.sqlite").dataSnapshot() == delivery.open("plain.sqlite").dataSnapshot())
  }

  @Test func packedIsTheSame() throws {
    let delivery = try Delivery()
    let plain = try delivery.open("plain.sqlite")
    let first = try delivery.load(into: plain)
    for name in ["products", "stores", "events", "sales"] {
      try gzip(delivery.folder.file("\(name).csv"))
      try FileManager.default.removeItem(atPath: delivery.folder.file("\(name).csv"))
    }
    let packed = try delivery.open("packed.sqlite")
    let environment = IngestEnvironment(now: { Delivery.now })
    let load = LongFormatLoad(files: try .init(folder: delivery.folder.path))
    #expect(load.files.sales == [delivery.folder.file("sales.csv.gz")])
    #expect(try load.run(into: packed, environment).record.contentHash == first.record.contentHash)
    #expect(try packed.dataSnapshot() == plain.dataSnapshot())
    #expect(try load.run(into: plain, environment) == .alreadyLoaded(first.record))
    // Cut off in the middle.
    let whole = try delivery.folder.bytes(of: "sales.csv.gz")
    try whole.prefix(whole.count / 2).write(to: URL(filePath: delivery.folder.file("sales.csv.gz")))
    do {
      _ = try load.run(into: packed, environment)
      Issue.record("half a file was loaded")
    } catch { #expect(String(describing: error).contains("damaged or cut off")) }
  }

  /// Every kind of bad sales row: where it is kept, and why.
  @Test(arguments: [
    ("2024-01-03,tea,north,-2,2,0,ok", "units", "-2", "negative_units"),
    ("2024-01-03,tea,north,2.5,2,0,ok", "units", "2.5", "fractional_units"),
    ("2024-01-03,tea,north,many,2,0,ok", "units", "many", "not_a_number"),
    ("2024-01-03,tea,north,,2,0,ok", "units", "", "not_a_number"),
    ("2024-01-03,tea,north,0x10,2,0,ok", "units", "0x10", "not_a_number"),
    ("2024-01-03,tea,north,nan,2,0,ok", "units", "nan", "not_a_number"),
    ("2024-01-03,tea,north,1e12,2,0,ok", "units", "1e12", "too_large"),
    ("2024-02-30,tea,north,2,2,0,ok", "date", "2024-02-30", "unparseable_date"),
    ("03.01.2024,tea,north,2,2,0,ok", "date", "03.01.2024", "unparseable_date"),
    ("2031-01-03,tea,north,2,2,0,ok", "date", "2031-01-03", "future_date"),
    ("0202-01-03,tea,north,2,2,0,ok", "date", "0202-01-03", "date_too_early"),
    ("2024-01-03,gin,north,2,2,0,ok", "product", "gin", "unknown_product"),
    ("2024-01-03,tea,east,2,2,0,ok", "store", "east", "unknown_store"),
    ("2024-01-03,tea,north,2,cheap,0,ok", "price", "cheap", "not_a_number"),
    ("2024-01-03,tea,north,2,-1,0,ok", "price", "-1", "negative_price"),
    ("2024-01-03,tea,north,2,2,yes,ok", "promotion", "yes", "not_a_flag"),
    ("2024-01-03,tea,north,2,2,0,gone", "stock", "gone", "unknown_stock"),
    ("2024-01-03,tea,north,2,2,0", "-", "6 columns", "wrong_column_count"),
    ("2024-01-03,tea,north,2,2,0,ok,more", "-", "8 columns", "wrong_column_count"),
    ("2024-01-03,te\u{0}a,north,2,2,0,ok", "-", "", "nul_byte"),
    ("2024-01-03,\"tea\"x,north,2,2,0,ok", "-", "", "text_after_quote"),
    ("2024-01-03,\"tea,north,2,2,0,ok", "-", "", "unclosed_quote"),
    ("2024-01-03," + String(repeating: "x", count: 70_000) + ",north,2,2,0,ok", "-", "", "too_long"),
    ("2024-01-04,tea,north,3,2,0,ok", "date", "2024-01-04", "duplicate_row"),
  ])
  func badRow(_ row: String, column: String, value: String, kind: String) throws {
    var delivery = try Delivery()
    delivery.sales.removeAll { $0.hasPrefix("2024-01-03,tea,north") }
    let good = delivery.sales.count
    delivery.sales.insert(row, at: 20)
    let store = try delivery.open()
    let record = try delivery.load(into: store, lenient()).record
    #expect(record.summary.rowsLoaded == good)
    #expect(record.summary.rowsQuarantined == 1)
    #expect(record.summary.quarantinedByReason == [kind: 1])
    let kept = try store.quarantine(load: record.id)
    try #require(kept.count == 1)
    #expect(kept[0].file == delivery.folder.file("sales.csv") && kept[0].line == 22)
    #expect(kept[0].column == column && kept[0].value == value && kept[0].kind == kind)
    #expect(kept[0].reason.count > 15)
    #expect(kept[0].raw.hasPrefix(String(row.prefix(12))) || kind == "nul_byte")
    // A strict load stops there, says where, and leaves nothing.
    let strict = try delivery.open("strict.sqlite")
    let said = delivery.outcome(into: strict, lenient { $0.badRows.strict = true })
    #expect(said.contains("sales.csv line 22, column \(column), value '\(value)': \(kept[0].reason)"))
    #expect(try strict.loads().isEmpty)
    #expect(try strict.dataSummary().products == 0)
  }

  @Test func badMastersAndEvents() throws {
    var delivery = try Delivery()
    delivery.products += "tea,drinks,hot,count\ntea2,drinks,meat,count\n,drinks,hot,count\ncup,drinks,hot,piece\n"
    delivery.stores += "south,lower\neast,\n"
    delivery.events +=
      "soon,Fair,own,,0\n2024-01-06,Fair,own,middle,0\n2024-01-06,Fair,own,,maybe\n2024-01-06,,own,,0\n"
    let store = try delivery.open()
    let record = try delivery.load(into: store, lenient()).record
    #expect(
      record.summary.quarantinedByReason == [
        "duplicate_row": 2, "hierarchy": 1, "empty_name": 3, "unknown_kind": 1, "unparseable_date": 1,
        "unknown_region": 1, "not_a_flag": 1,
      ])
    let hierarchy = try store.quarantine(load: record.id).first { $0.kind == "hierarchy" }
    #expect(hierarchy?.reason.contains("'meat' stands under 'fresh' and under 'drinks'") == true)
    #expect(hierarchy?.line == 5)
  }

  @Test func tooManyBadRows() throws {
    var delivery = try Delivery()
    let store = try delivery.open()
    // The delivery has 2 + 2 + 3 + 25 good rows: one bad is 1/33, two are 2/34 > 5%.
    delivery.sales.append("2024-01-03,tea,nowhere,1,,,")
    #expect(delivery.outcome(into: store) == "loaded 25")
    let before = try store.dataSnapshot()
    delivery.sales.append("2024-01-03,tea,nowhere,2,,,")
    delivery.sales.append("2024-01-11,tea,north,2,,,")
    let said = delivery.outcome(into: store)
    #expect(said.contains("2 of 35 rows are bad, more than the 5.0%"))
    #expect(said.contains("value 'nowhere'"))
    #expect(try store.dataSnapshot() == before)
    #expect(try store.loads().count == 1)
  }

  @Test func errorsOfFiles() throws {
    var delivery = try Delivery()
    let store = try delivery.open()
    let environment = IngestEnvironment(now: { Delivery.now })
    #expect(throws: IngestError.missingFile("/nowhere/at/all")) {
      _ = try LongFormatLoad.Files(folder: "/nowhere/at/all")
    }
    #expect(
      throws: IngestError.nothingToLoad(
        delivery.folder.path,
        wanted: [
          "coverage.csv*", "links.csv*", "products.csv*", "stores.csv*", "events.csv*", "calendar.csv*", "sales*.csv*",
        ]
          + ["attributes", "ranging", "regressors", "annotations"].map { $0 + ".csv*" })
    ) {
      _ = try LongFormatLoad.Files(folder: delivery.folder.path)
    }
    try delivery.write()
    #expect(throws: IngestError.missingFile("/nowhere/sales.csv")) {
      _ = try LongFormatLoad(files: .init(sales: ["/nowhere/sales.csv"])).run(into: store, environment)
    }
    // Of a folder, the files of sales.
    let named = LongFormatLoad.Files(
      products: [delivery.folder.file("products.csv")], stores: [delivery.folder.file("stores.csv")],
      sales: [delivery.folder.path])
    let loaded = try LongFormatLoad(files: named).run(into: try delivery.open("named.sqlite"), environment)
    #expect(loaded.record.files.count == 3 && loaded.record.summary.rowsLoaded == delivery.sales.count)
    delivery.stores = ""
    #expect(delivery.outcome(into: store).contains("stores.csv' is empty"))
    delivery.stores = "store,area\nnorth,upper\n"
    let said = delivery.outcome(into: store)
    #expect(said.contains("the header is 'store,area', expected are the columns region, store"))
    #expect(said.contains("add region, rename or remove 'area'"))
    delivery.stores = "store,region,store\n"
    #expect(delivery.outcome(into: store).contains("name every column once"))
    #expect(try store.loads().isEmpty)
    #expect(try store.dataSummary().products == 0)
  }

  @Test func laterDeliveries() throws {
    var delivery = try Delivery()
    let store = try delivery.open()
    try delivery.load(into: store)
    let origin = try #require(try store.lastCompleteDay())
    // The last day again, one row of it different, and the next day.
    delivery.sales = [
      "2024-01-10,tea,north,3,2,0,ok", "2024-01-10,tea,south,9,2,0,ok", "2024-01-11,tea,north,6,3,0,ok",
    ]
    try delivery.write()
    let files = LongFormatLoad.Files(sales: [delivery.folder.file("sales.csv")])
    let environment = IngestEnvironment(now: { Delivery.now })
    let record = try LongFormatLoad(files: files, options: lenient { $0.restate = .reject })
      .run(into: store, environment).record
    #expect(record.summary.rowsLoaded == 1 && record.summary.rowsUnchanged == 1)
    #expect(record.summary.quarantinedByReason == ["contradicts_database": 1])
    #expect(try store.quarantine(load: record.id)[0].reason.contains("the database has 3 units (sold)"))
    #expect(try store.lastCompleteDay() == origin + 1)
    let superseded = try LongFormatLoad(files: files, options: lenient())
      .run(into: store, environment).record
    #expect(superseded.summary.rowsLoaded == 1 && superseded.summary.rowsUnchanged == 2)
    #expect(superseded.summary.rowsRestated == 1)
    let south = NodeNames(productLevel: "product", product: "tea", locationLevel: "store", location: "south")
    #expect(try store.salesHistory(south, from: origin, to: origin).first?.units == 9)
    let panel = try store.panel()
    #expect(panel.prices.price(ofSeries: 1, on: origin) == 2 && panel.prices.price(ofSeries: 1, on: origin + 1) == 3)
  }

  @Test func rulesForMissingRows() throws {
    var delivery = try Delivery()
    // South reports once, north on all days but the second; ham is never seen again.
    delivery.sales = ["2024-01-01,tea,north,1,,,", "2024-01-03,ham,north,2,,,", "2024-01-01,tea,south,1,,,"]
    delivery.sales += (2...40).map { "\(Delivery.first + $0),tea,north,1,,," }
    func panel(_ missing: LongFormatLoad.MissingRows, _ delist: Int?) throws -> Panel {
      let store = try delivery.open("\(missing)-\(delist ?? 0).sqlite")
      try delivery.load(
        into: store,
        lenient {
          $0.missing = missing
          $0.delistAfterDays = delist
          $0.futureDays = 60
        })
      return try store.panel()
    }
    func status(_ panel: Panel, _ series: Int, _ day: Int) -> DayStatus {
      DayStatus(rawValue: panel.status[panel.cells(ofSeries: series).lowerBound + day])!
    }
    // Series by path: drinks before fresh, lower before upper.
    let (teaSouth, teaNorth, ham) = (0, 1, 2)
    let zero = try panel(.zero, nil)
    #expect(status(zero, teaNorth, 1) == .unknown, "nobody reported on 2 January")
    #expect(status(zero, teaSouth, 2) == .unknown && status(zero, teaSouth, 40) == .unknown)
    #expect(status(zero, ham, 1) == .notRanged)
    #expect(status(zero, ham, 3) == .sold && status(zero, ham, 40) == .sold)
    let unknown = try panel(.unknown, nil)
    #expect(status(unknown, ham, 2) == .sold && status(unknown, ham, 3) == .unknown)
    let delisted = try panel(.zero, 28)
    #expect(status(delisted, ham, 2) == .sold && status(delisted, ham, 3) == .notRanged)
    #expect(status(delisted, teaSouth, 0) == .sold && status(delisted, teaSouth, 1) == .notRanged)
    #expect(status(delisted, teaNorth, 40) == .sold)
    #expect(status(try panel(.zero, 38), ham, 3) == .sold, "38 days without a row are not more than 38")
    #expect(status(try panel(.zero, 37), ham, 3) == .notRanged)
  }

  @Test func cancelling() throws {
    let delivery = try Delivery()
    let store = try delivery.open()
    var asked = 0
    do {
      try delivery.load(
        into: store,
        isCancelled: {
          asked += 1
          return asked > 10
        })
      Issue.record("the load went on")
    } catch { #expect(error as? IngestError == .cancelled) }
    #expect(try store.dataSummary().products == 0)
  }
}
