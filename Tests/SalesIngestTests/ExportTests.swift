import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// What an export writes, loaded into an empty database, gives the same panel, on both databases.
@Suite struct ExportTests {
  private static let now = Delivery.now
  private static let first = Delivery.first + (-60)

  /// A database with ways to load into it and to write it out.
  private struct Place {
    let database: TestDatabase
    let store: any SalesStore

    init(_ kind: DatabaseKind) throws {
      database = try TestDatabase(kind)
      store = try openStore(database.url, mode: .readWrite(create: true), now: ExportTests.now)
    }

    @discardableResult
    func load(
      _ files: [String: String], _ mapping: SourceMapping = .long,
      _ change: (inout DeliveryLoad.Options) -> Void = { _ in }
    ) throws -> LoadRecord {
      let folder = try TemporaryFolder()
      for (name, text) in files { try folder.write(text, to: name) }
      var options = DeliveryLoad.Options()
      options.badRows.maximumShare = 1
      change(&options)
      let delivery = try DeliveryFiles(folder: folder.path, mapping: mapping)
      return try DeliveryLoad(source: "test", mapping: mapping, files: delivery, options: options)
        .run(into: store, IngestEnvironment(now: { ExportTests.now })).record
    }

    /// Files of an export, by name.
    func export(delistAfterDays: Int? = 28) throws -> [String: String] {
      var files: [String: String] = [:]
      _ = try LongFormatExport(store).write(from: nil, to: nil, delistAfterDays: delistAfterDays) { name, body in
        var text = ""
        try body { text += $0.joined(separator: ",") + "\n" }
        files[name] = text
      }
      return files
    }
  }

  /// Figures that are the same each time, without a pattern.
  private struct Dice {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
  }

  private static let products = ["tea", "ham", "rum", "egg"]
  private static let stores = ["north", "south", "east"]
  private static let days = 60
  private static let masters = [
    "products.csv": "product,category,department,kind\n" + products.map { "\($0),food,all,count\n" }.joined(),
    "stores.csv": "store,region\n" + stores.map { "\($0),\($0 == "east" ? "lower" : "upper")\n" }.joined(),
  ]

  /// Rows of some days: any state, any gaps, series that begin late and end early, days on which a store is silent.
  private static func delivery(_ dice: inout Dice, _ range: Range<Int>) -> String {
    var rows = ["date,product,store,units,price,promotion,stock,open"]
    for store in stores {
      let silent = Set((0..<6).map { _ in dice.next(days) })
      for product in products {
        let (from, through) = (dice.next(20), days - (dice.next(3) == 0 ? dice.next(45) : 0))
        for day in range where day >= from && day < through && !silent.contains(day) && dice.next(8) > 0 {
          let unusual = dice.next(40)
          let stock = unusual == 0 ? "unknown" : unusual == 1 ? "not_ranged" : unusual < 5 ? "out" : ""
          let units = unusual < 2 ? "" : unusual == 6 ? "many" : "\(dice.next(4))"
          rows.append(
            "\(first + day),\(product),\(store),\(units),\(1 + day / 13).5,\(dice.next(9) == 0 ? 1 : 0),\(stock),"
              + "\(unusual == 7 ? 0 : 1)")
        }
      }
    }
    return rows.joined(separator: "\n") + "\n"
  }

  private static func mapping(_ zero: SourceMapping.ZeroUnits) -> SourceMapping {
    var mapping = SourceMapping.long
    mapping.sales[0].columns["open"] = "open"
    mapping.zero = zero
    return mapping
  }

  @Test(arguments: DatabaseKind.available) func exportsOfAnyFactsGiveTheSamePanel(on kind: DatabaseKind) throws {
    var unknown = 0
    for seed in 0..<(kind == .sqlite ? 24 : 5) {
      var dice = Dice(state: UInt64(seed))
      let (before, after) = (try Place(kind), try Place(kind))
      var files = Self.masters
      files["sales.csv"] = Self.delivery(&dice, 0..<40)
      files["events.csv"] =
        "date,event,type,region,closed\n\(Self.first + dice.next(40)),Fair,own,upper,1\n"
        + "\(Self.first + dice.next(60)),,,,1\n"
      if seed % 3 == 1 {
        files["ranging.csv"] =
          "product,store,from,through\ntea,north,\(Self.first + dice.next(20)),\(Self.first + 30 + dice.next(40))\n"
          + "egg,east,\(Self.first + 3),\nrum,south,\(Self.first + 12),\(Self.first + 20)\n"
        files["links.csv"] =
          "kind,node,other,date,through,ratio\nopening,south,,\(Self.first + 5),,\nclosure,east,,\(Self.first + 50),,\n"
      }
      let zero = SourceMapping.ZeroUnits.allCases[seed % 4]
      try before.load(files, Self.mapping(zero)) { $0.missing = seed % 2 == 0 ? .zero : .unknown }
      try before.load(["sales.csv": Self.delivery(&dice, 40..<Self.days)], Self.mapping(.sold)) {
        $0.missing = seed % 5 == 0 ? .unknown : .zero
        if seed % 7 == 3 { $0.delistAfterDays = nil }
        if seed % 7 == 4 { $0.delistAfterDays = 5 }
        $0.completeThrough = Self.first + (Self.days - 1)
      }
      let written = try before.export()
      try after.load(written) { $0.completeThrough = Self.first + (Self.days - 1) }
      let (one, other) = (try before.store.panel(), try after.store.panel())
      #expect(one.hierarchy == other.hierarchy && one.firstDay == other.firstDay, "seed \(seed)")
      #expect(one.startIsKnown == other.startIsKnown && one.units == other.units, "seed \(seed)")
      try #require(one.status.count == other.status.count)
      for cell in one.status.indices where one.status[cell] != other.status[cell] {
        let series = one.hierarchy.series[cell / one.dayCount]
        Issue.record(
          """
          seed \(seed): \(Self.name(one, series)) on \(one.firstDay + cell % one.dayCount) was \(one.status[cell]) and is \
          \(other.status[cell])
          """)
      }
      unknown += one.status.count { $0 == DayStatus.unknown.rawValue }
      // What comes back is written the same.
      #expect(try after.export()["sales.csv"] == written["sales.csv"], "seed \(seed)")
    }
    #expect(unknown > 100, "there were days to lose")
  }

  private static func name(_ panel: Panel, _ it: Hierarchy.Series) -> String {
    panel.hierarchy.product.leaves[it.product] + " in " + panel.hierarchy.location.leaves[it.store]
  }

  /// A move that was carried out before the export can be taken back behind it.
  @Test(arguments: DatabaseKind.available) func movesComeBackWithTheDepartmentLeft(on kind: DatabaseKind) throws {
    let (before, after) = (try Place(kind), try Place(kind))
    func products(_ department: String) -> [String: String] {
      ["products.csv": "product,category,department\ntea,drinks,\(department)\nrum,drinks,hot\ngin,drinks,cold\n"]
    }
    let stores = "store,region\nnorth,upper\n"
    let sales = "date,product,store,units\n\(Self.first),tea,north,1\n\(Self.first + 1),tea,north,2\n"
    try before.load(products("hot").merging(["stores.csv": stores, "sales.csv": sales]) { $1 })
    let link = "department_move,tea,cold,\(Self.first + 1)"
    try before.load(
      products("cold").merging(["links.csv": "kind,node,other,date\n\(link)\nremodel,north,,\(Self.first)\n"]) { $1 })
    let links = try before.store.lifeCycleLinks()
    #expect(links.map(\.previous) == ["", "hot"])
    let written = try before.export()
    #expect(written["links.csv"]?.hasPrefix("kind,node,other,date,through,ratio,previous\n") == true)
    try after.load(written)
    #expect(try after.store.lifeCycleLinks() == links)
    #expect(try after.export() == written)
    for place in [before, after] {
      try place.load(["links.csv": "kind,node,other,date,withdrawn\n\(link),1\n"])
      #expect(try place.store.masters(tree: "product").rows.map(\.path).contains(["drinks", "hot", "tea"]))
    }
  }

  @Test func unknownDaysOfM5ComeBackAsUnknown() throws {
    let fixture = try M5Fixture { rows in
      rows[1] = rows[1].replacing(/,(\d+)$/, with: ",x")
      rows[2] = rows[2].replacing(/,(\d+),(\d+)$/, with: ",-1,4")
    }
    let store = try fixture.open()
    _ = try fixture.load(into: store)
    var files: [String: String] = [:]
    let summary = try LongFormatExport(store).write(from: nil, to: nil, delistAfterDays: 56) { name, body in
      var text = ""
      try body { text += $0.joined(separator: ",") + "\n" }
      files[name] = text
    }
    #expect(summary.unknownRows == 2)
    let again = try Place(.sqlite)
    try again.load(files)
    let (one, other) = (try store.panel(), try again.store.panel())
    #expect(one.status == other.status && one.units == other.units)
    #expect(one.status.count { $0 == DayStatus.unknown.rawValue } == 2)
  }

  /// How far sales are complete and events known comes back without options.
  @Test(arguments: DatabaseKind.available) func exportsSayHowFarTheyReach(on kind: DatabaseKind) throws {
    let place = try Place(kind)
    var files = Self.masters
    files["sales.csv"] = "date,product,store,units\n" + (0..<5).map { "\(Self.first + $0),tea,north,3\n" }.joined()
    files["events.csv"] = "date,event,type\n\(Self.first + 2),Fair,own\n"
    try place.load(files)
    #expect(try place.export()["coverage.csv"] == nil, "a load finds that out by itself")
    let other = try Place(kind)
    try other.load(files) {
      $0.completeThrough = Self.first + 3
      $0.calendarThrough = Self.first + 40
    }
    let written = try other.export()
    let again = try Place(kind)
    let record = try again.load(written)
    let (one, two) = (try other.store.dataSummary(), try again.store.dataSummary())
    #expect(one == two && two.calendarKnownThrough == Self.first + 40 && two.completeThrough == Self.first + 3)
    #expect(
      record.summary.details?.notes.contains { $0.contains("complete_through \(Self.first + 3) of '") } == true,
      "\(String(describing: record.summary.details?.notes))")
    // Options know better; a day to come and a second row are refused.
    let third = try Place(kind)
    try third.load(written) { $0.completeThrough = Self.first + 1 }
    #expect(try third.store.dataSummary().completeThrough == Self.first + 1)
    let fourth = try Place(kind)
    let wrong = try fourth.load(
      files.merging(["coverage.csv": "complete_through\n2031-01-01\n2024-01-02\n"]) { $1 })
    #expect(wrong.summary.quarantinedByReason == ["future_date": 1, "duplicate_row": 1])
    #expect(try fourth.store.dataSummary().completeThrough == Self.first + 4)
  }

  /// A row that says that nothing is known is a day of its series and no report of its store.
  @Test(arguments: DatabaseKind.available) func rowsOfUnknownDaysAreNoReports(on kind: DatabaseKind) throws {
    let place = try Place(kind)
    var files = Self.masters
    files["sales.csv"] =
      "date,product,store,units,stock\n\(Self.first),tea,north,3,\n\(Self.first),ham,north,2,\n"
      + "\(Self.first + 1),tea,north,,unknown\n\(Self.first + 2),tea,north,4,\n\(Self.first + 2),ham,north,1,\n"
      + "\(Self.first + 3),tea,north,4,unknown\n"
    let record = try place.load(files)
    #expect(record.summary.quarantinedByReason == ["units_of_no_sales": 1])
    #expect(try place.store.quarantine(load: record.id).first?.reason.contains("leave them empty") == true)
    let panel = try place.store.panel()
    let states = panel.hierarchy.series.indices.map { Array(panel.status[panel.cells(ofSeries: $0)].prefix(3)) }
    #expect(states == [[0, 4, 0], [0, 4, 0]], "nor is the missing row of the other product a zero: \(states)")
    #expect(
      record.summary.details?.dayClasses["unknown"] == 2 && record.summary.details?.dayClasses["store_silent"] == 1)
  }

  /// What a link implies comes back with the link alone, so that taking it back opens the days again.
  @Test(arguments: DatabaseKind.available) func closuresOfLinksAreExportedOnce(on kind: DatabaseKind) throws {
    let (before, after) = (try Place(kind), try Place(kind))
    var files = Self.masters
    files["sales.csv"] = "date,product,store,units\n\(Self.first),tea,north,3\n\(Self.first + 1),tea,south,2\n"
    files["events.csv"] = "date,event,type,store,closed\n\(Self.first + 3),Fire,own,north,1\n"
    files["links.csv"] = "kind,node,date,through\nclosure,north,\(Self.first + 2),\(Self.first + 27)\n"
    try before.load(files)
    let written = try before.export()
    #expect(written["events.csv"]?.split(separator: "\n").count == 2, "\(written["events.csv"] ?? "")")
    try after.load(written)
    let (one, other) = (try before.store.calendar(), try after.store.calendar())
    #expect(one == other && one.closures.count == 26 && one.knownThrough == Self.first + 3)
    #expect(try after.store.dataSummary().furtherFacts["closures"] == 1)
    #expect(try after.store.deliveredCalendar().closures.count == 1)
    // The fire is an event of its own.
    try after.load([
      "links.csv": "kind,node,date,through,withdrawn\nclosure,north,\(Self.first + 2),\(Self.first + 27),1\n"
    ])
    #expect(try after.store.calendar().closures.map(\.day) == [Self.first + 3])
  }
}
