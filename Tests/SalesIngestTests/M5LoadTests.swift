import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

@Suite struct M5LoadTests {
  @Test func wholeFixture() throws {
    let fixture = try M5Fixture()
    let store = try fixture.open()
    let summary = try fixture.load(into: store).record.summary
    #expect(summary.rowsLoaded == 2 * 30 + 2 * 23 && summary.rowsQuarantined == 0)
    #expect(summary.daysByStatus == ["sold": 102, "closed": 4, "notRanged": 14])
    let panel = try store.panel()
    let hierarchy = panel.hierarchy
    #expect(hierarchy.product.levels.map(\.name) == ["all", "category", "department", "product"])
    #expect(hierarchy.location.levels.map(\.name) == ["all", "region", "store"])
    #expect(hierarchy.levelPairs.count == 12)
    #expect(panel.firstDay == M5Fixture.first && panel.dayCount == 30)
    #expect(panel.startIsKnown.allSatisfy { $0 })
    for (index, series) in hierarchy.series.enumerated() {
      let cells = panel.cells(ofSeries: index)
      for day in 0..<30 {
        #expect(Int(panel.units[cells.lowerBound + day]) == M5Fixture.units(series.product, series.store, day))
        let expected: DayStatus =
          day < M5Fixture.firstWeek[series.product] * 7 ? .notRanged : day == 15 ? .closed : .sold
        #expect(panel.status[cells.lowerBound + day] == expected.rawValue)
      }
      #expect(panel.prices.price(ofSeries: index, on: M5Fixture.first + 20) == 1.25)
      #expect(panel.prices.price(ofSeries: index, on: M5Fixture.first + 38) == 0.98)
      #expect(panel.prices.offsets[index + 1] - panel.prices.offsets[index] == 2)
    }
    #expect(panel.calendar.knownThrough == M5Fixture.first + 39)
    #expect(panel.calendar.closures == [.init(day: Day(iso: "2012-12-25")!)])
    #expect(panel.calendar.events.filter { $0.scope == .everywhere }.map(\.name) == ["Christmas", "Second"])
    let benefits = panel.calendar.events.filter { $0.type == EventCalendar.benefitType }
    #expect(benefits.filter { $0.name == "SNAP_TX" }.map(\.day) == [M5Fixture.first + 3])
    #expect(benefits.filter { $0.scope == .location(level: "region", node: "CA") }.count == 20)
  }

  @Test func packedIsTheSame() throws {
    let fixture = try M5Fixture()
    for name in ["sales", "calendar", "prices"] { try gzip(fixture.folder.file("\(name).csv")) }
    let (plain, packed) = (try fixture.open("plain.sqlite"), try fixture.open("packed.sqlite"))
    let first = try fixture.load(into: plain)
    #expect(try fixture.load(into: packed, packed: true).record.contentHash == first.record.contentHash)
    #expect(try plain.dataSnapshot() == packed.dataSnapshot())
    #expect(try fixture.load(into: plain, packed: true) == .alreadyLoaded(first.record))
  }

  /// The files are found by the competition's names, plain or packed.
  @Test func filesOfAFolder() throws {
    let fixture = try M5Fixture()
    let folder = fixture.folder
    func said(_ files: () throws -> M5Files) -> String {
      do { return "\(try files())" } catch { return "\(error)" }
    }
    let nothing = said { try M5Files(folder: folder.path) }
    #expect(nothing.contains("holds no sales_train_*.csv") && nothing.contains("prices.csv"), "\(nothing)")
    for (name, other) in [("sales", "sales_train_validation"), ("prices", "sell_prices")] {
      try FileManager.default.copyItem(atPath: folder.file("\(name).csv"), toPath: folder.file("\(other).csv"))
    }
    try gzip(folder.file("sell_prices.csv"))
    try FileManager.default.removeItem(atPath: folder.file("sell_prices.csv"))
    let files = try M5Files(folder: folder.path)
    #expect(files.sales == folder.file("sales_train_validation.csv"))
    #expect(files.prices == folder.file("sell_prices.csv.gz"))
    let store = try fixture.open()
    let summary = try M5Load(files: files).run(into: store, IngestEnvironment(now: { Delivery.now })).record.summary
    #expect(summary.rowsLoaded == 2 * 30 + 2 * 23)
    // The competition's archive holds the sales twice.
    try FileManager.default.copyItem(atPath: files.sales, toPath: folder.file("sales_train_evaluation.csv"))
    let both = said { try M5Files(folder: folder.path) }
    #expect(both.contains("sales_train_evaluation.csv and sales_train_validation.csv") && both.contains("--sales"))
    #expect(try M5Files(folder: folder.path, sales: files.sales) == files)
    #expect(said { try M5Files(folder: files.sales) }.contains("is a single file"))
    #expect(said { try M5Files(folder: folder.file("nowhere")) }.contains("there is no file"))
    #expect(said { try M5Files(folder: nil, sales: "s", prices: "p") }.contains("--calendar"))
    // In a zip archive likewise.
    let members = try [files.sales, files.calendar, folder.file("prices.csv")].map { path in
      let name = URL(filePath: path).lastPathComponent
      return (name: name == "prices.csv" ? "sell_prices.csv" : name, bytes: Array(try folder.bytes(of: name)))
    }
    try Data(ZipWriter.archive(members, deflated: true)).write(to: URL(filePath: folder.file("m5.zip")))
    let again = try fixture.open("again.sqlite")
    _ = try M5Load(files: try M5Files(folder: folder.file("m5.zip"))).run(
      into: again, IngestEnvironment(now: { Delivery.now }))
    #expect(try again.dataSnapshot() == store.dataSnapshot())
  }

  /// A file with one more column, or with that column alone, brings the day; prices that were there stay as they are.
  @Test func furtherColumns() throws {
    let fixture = try M5Fixture()
    let store = try fixture.open()
    let whole = try fixture.open("whole.sqlite")
    _ = try fixture.load(into: whole)
    _ = try fixture.load(into: store, until: M5Fixture.first + 28)
    let text = String(decoding: try fixture.folder.bytes(of: "sales.csv"), as: UTF8.self)
    let last = text.split(separator: "\n").map { line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      return (cells[..<6] + cells.suffix(1)).joined(separator: ",")
    }
    try fixture.folder.write(last.joined(separator: "\n") + "\n", to: "sales.csv")
    let summary = try fixture.load(into: store).record.summary
    #expect(summary.rowsLoaded == 4 && summary.rowsUnchanged == 0 && summary.completeThrough == M5Fixture.first + 29)
    #expect(try store.dataSnapshot() == whole.dataSnapshot())
  }

  @Test func aPartOfIt() throws {
    let fixture = try M5Fixture()
    let store = try fixture.open()
    let until = M5Fixture.first + 20
    #expect(try fixture.load(into: store, stores: ["TX_1"], until: until).record.summary.completeThrough == until)
    let panel = try store.panel()
    #expect(panel.hierarchy.location.leaves == ["TX_1"] && panel.origin == until)
    // Prices and calendar stay known beyond.
    #expect(panel.prices.price(ofSeries: 0, on: until + 10) == 0.98)
    #expect(panel.calendar.knownThrough == M5Fixture.first + 39)
    #expect(!panel.calendar.events.contains { $0.name == "SNAP_CA" })
    // The rest of the days later: the days that are there stay.
    let rest = try fixture.load(into: store, stores: ["TX_1"]).record.summary
    #expect(rest.rowsUnchanged == 21 + 14 && rest.rowsLoaded == 18)
    let whole = try fixture.open("whole.sqlite")
    _ = try fixture.load(into: whole, stores: ["TX_1"])
    #expect(try whole.dataSnapshot() == store.dataSnapshot())
  }

  @Test func optionsThatDoNotFit() throws {
    let fixture = try M5Fixture()
    let store = try fixture.open()
    func said(_ stores: [String]?, _ until: Day?) -> String {
      do { return String(describing: try fixture.load(into: store, stores: stores, until: until)) } catch {
        return error.description
      }
    }
    #expect(said(["CA_1", "WI_9"], nil).contains("has no store 'WI_9': correct --stores"))
    #expect(
      said(nil, Day(iso: "2013-02-01")).contains("run from 2012-12-10 to 2013-01-08: --until 2013-02-01 is outside"))
    #expect(said(nil, Day(iso: "2012-12-09")).contains("outside"))
    #expect(try store.dataSummary().products == 0)
  }

  @Test func badCellsAndRows() throws {
    let fixture = try M5Fixture { sales in
      var cells = sales[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      (cells[8], cells[9], cells[10], cells[11]) = ("-1", "1.5", "x", "99999999999")
      sales[1] = cells.joined(separator: ",")
      sales[2] += ",7"
      sales.append(sales[3])
      sales.append(sales[4].replacing("HOBBIES_1_001,HOBBIES_1,", with: "HOBBIES_1_002,FOODS_1,"))
      sales.append(sales[4].replacing("HOBBIES_1_001,HOBBIES_1,", with: ",HOBBIES_1,"))
    }
    let store = try fixture.open()
    let record = try fixture.load(into: store).record
    #expect(
      record.summary.quarantinedByReason == [
        "negative_units": 1, "fractional_units": 1, "not_a_number": 1, "too_large": 1, "wrong_column_count": 1,
        "duplicate_row": 1, "hierarchy": 1, "empty_name": 1,
      ])
    #expect(record.summary.rowsQuarantined == 5)
    let rows = try store.quarantine(load: record.id)
    #expect(rows[0].line == 2 && rows[0].column == "d_3" && rows[0].value == "-1")
    let panel = try store.panel(stores: ["CA_1"])
    #expect(Array(panel.status[0..<6]) == [0, 0, 4, 4, 4, 4])
    do {
      _ = try fixture.load(into: try fixture.open("strict.sqlite"), badRows: .init(strict: true))
      Issue.record("a strict load went on")
    } catch { #expect(String(describing: error).contains("sales.csv line 2, column d_3, value '-1'")) }
  }

  @Test(arguments: [
    ("calendar.csv", "2012-12-12,", "12.12.2012,", "line 4, column date, value '12.12.2012'"),
    ("calendar.csv", ",d_5,", ",d_6,", "line 6, column d, value 'd_6': the row should be d_5"),
    ("calendar.csv", "date,wm_yr_wk", "day,wm_yr_wk", "add date, rename"),
    ("sales.csv", "d_7,", "day7,", "column 'day7' is no day of the calendar file"),
    ("sales.csv", "item_id", "item", "add item_id"),
    ("prices.csv", "sell_price", "price", "add sell_price, rename or remove 'price'"),
  ])
  func brokenFiles(_ file: String, _ old: String, _ new: String, _ message: String) throws {
    let fixture = try M5Fixture()
    let text = String(decoding: try fixture.folder.bytes(of: file), as: UTF8.self)
    let range = try #require(text.range(of: old))
    try fixture.folder.write(text.replacingCharacters(in: range, with: new), to: file)
    let store = try fixture.open()
    do {
      _ = try fixture.load(into: store)
      Issue.record("a broken file was loaded")
    } catch { #expect(String(describing: error).contains(message), "\(error)") }
    #expect(try store.dataSummary().products == 0 && store.loads().isEmpty)
  }

  @Test func badPrices() throws {
    let fixture = try M5Fixture()
    let text = String(decoding: try fixture.folder.bytes(of: "prices.csv"), as: UTF8.self)
    try fixture.folder.write(
      text + "CA_1,FOODS_1_001,11202,1.5\nCA_1,FOODS_1_001,99999,1\nCA_1,FOODS_1_001,11203,free\n", to: "prices.csv")
    let store = try fixture.open()
    let summary = try fixture.load(into: store).record.summary
    #expect(summary.quarantinedByReason == ["duplicate_row": 1, "unknown_week": 1, "not_a_number": 1])
    // Weeks in any order are the same prices.
    let lines = text.split(separator: "\n")
    try fixture.folder.write(
      ([lines[0]] + lines.dropFirst().reversed()).joined(separator: "\n") + "\n", to: "prices.csv")
    let turned = try fixture.open("turned.sqlite")
    _ = try fixture.load(into: turned)
    #expect(try turned.dataSnapshot() == store.dataSnapshot())
  }

  /// A figure that a later file corrects holds from then on, and the one before is kept; prices and all else stay.
  @Test func correctedFigures() throws {
    let fixture = try M5Fixture()
    let store = try fixture.open()
    _ = try fixture.load(into: store)
    let text = String(decoding: try fixture.folder.bytes(of: "sales.csv"), as: UTF8.self)
    var lines = text.split(separator: "\n").map(String.init)
    var cells = lines[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let before = try #require(Double(cells[cells.count - 1]))
    cells[cells.count - 1] = "\(Int(before) + 5)"
    lines[1] = cells.joined(separator: ",")
    try fixture.folder.write(lines.joined(separator: "\n") + "\n", to: "sales.csv")
    let record = try fixture.load(into: store).record
    #expect(record.summary.rowsRestated == 1 && record.summary.rowsLoaded == 1)
    let restated = try store.restatements(load: record.id, limit: 10)
    #expect(restated.map(\.units) == [before] && restated.map(\.presentUnits) == [before + 5])
    // As if it had been so from the first.
    let fresh = try fixture.open("fresh.sqlite")
    _ = try fixture.load(into: fresh)
    #expect(try fresh.dataSnapshot() == store.dataSnapshot())
  }

  /// Prices that the file says otherwise are restated with what held before, also where the units are the same, and a
  /// day that a long file left unknown is filled in.
  @Test func pricesAndUnknownDaysOfALongFile() throws {
    let fixture = try M5Fixture()
    let store = try fixture.open()
    _ = try fixture.load(into: store)
    let path = fixture.folder.file("prices.csv")
    let text = String(decoding: try fixture.folder.bytes(of: "prices.csv"), as: UTF8.self)
    // One item in one store, one week, another price.
    let changed = text.replacing("CA_1,FOODS_1_001,11202,1.25", with: "CA_1,FOODS_1_001,11202,1.5")
    #expect(changed != text)
    try changed.write(toFile: path, atomically: true, encoding: .utf8)
    let sales = String(decoding: try fixture.folder.bytes(of: "sales.csv"), as: UTF8.self)
    var lines = sales.split(separator: "\n").map(String.init)
    let row = try #require(lines.firstIndex { $0.hasPrefix("FOODS_1_001_CA_1") })
    var cells = lines[row].split(separator: ",").map(String.init)
    // A day of that week with other units, too.
    let (day, before) = (16, try #require(Int(cells[6 + 16])))
    cells[6 + day] = "\(before + 3)"
    lines[row] = cells.joined(separator: ",")
    try fixture.folder.write(lines.joined(separator: "\n") + "\n", to: "sales.csv")
    let record = try fixture.load(into: store).record
    let restated = try store.restatements(load: record.id, limit: 100).sorted { $0.day < $1.day }
    #expect(restated.map(\.day) == (14..<21).map { M5Fixture.first + $0 })
    #expect(restated.allSatisfy { $0.price == 1.25 })
    #expect(record.summary.rowsRestated == 7 && record.summary.rowsLoaded == 7)
    #expect(restated[2].units == Double(before) && restated[2].presentUnits == Double(before + 3))
    // A day left unknown by a long file takes M5's figure, be it 0, and that restates nothing.
    let long = try fixture.open("long.sqlite")
    try fixture.folder.write(
      "date,product,store,units\n\(M5Fixture.first),FOODS_1_001,CA_1,\(M5Fixture.units(0, 0, 0))\n"
        + "\(M5Fixture.first + 7),FOODS_1_001,CA_1,many\n", to: "long.csv")
    try fixture.folder.write("product,category,department\nFOODS_1_001,FOODS,FOODS_1\n", to: "long_products.csv")
    try fixture.folder.write("store,region\nCA_1,CA\n", to: "long_stores.csv")
    _ = try LongFormatLoad(
      files: .init(
        products: [fixture.folder.file("long_products.csv")], stores: [fixture.folder.file("long_stores.csv")],
        sales: [fixture.folder.file("long.csv")]), options: lenient()
    ).run(into: long, IngestEnvironment(now: { Delivery.now }))
    #expect(M5Fixture.units(0, 0, 7) == 0)
    let filled = try fixture.load(into: long).record
    #expect(filled.summary.rowsRestated == 0 && filled.summary.rowsUnchanged == 1)
    let names = NodeNames(
      productLevel: "product", product: "FOODS_1_001", locationLevel: "store", location: "CA_1")
    let history = try long.salesHistory(names, from: M5Fixture.first + 7, to: M5Fixture.first + 7)
    #expect(history.map(\.sold) == [1] && history.map(\.units) == [0])
  }

  /// The competition's own files, where they are at hand: totals of the store CA_1 up to 27 March 2016.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["DEMAND_M5_DATA"] != nil,
      "needs the M5 files; name their folder in DEMAND_M5_DATA"))
  func competitionFiles() throws {
    let data = try #require(ProcessInfo.processInfo.environment["DEMAND_M5_DATA"])
    let folder = try TemporaryFolder()
    let store = try openStore(
      DatabaseURL(path: folder.file("m5.sqlite")), mode: .readWrite(create: true), now: Delivery.now)
    let load = M5Load(
      sales: data + "/sales_train_validation.csv.gz", calendar: data + "/calendar.csv",
      prices: data + "/sell_prices.csv.gz", stores: ["CA_1"], until: Day(iso: "2016-03-27"))
    let summary = try load.run(into: store, IngestEnvironment(now: { Delivery.now })).record.summary
    let panel = try store.panel()
    // Figures from numpy 1.24 over the same files.
    #expect(panel.seriesCount == 3049 && panel.dayCount == 1885)
    #expect(panel.units.reduce(0) { $0 + Int($1) } == 7_570_261)
    #expect(summary.rowsLoaded == 4_617_523 && summary.daysByStatus["closed"] == 12_642)
  }
}
