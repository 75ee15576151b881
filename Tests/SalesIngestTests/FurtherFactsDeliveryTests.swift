import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Deliveries that bring facts beyond sales, and such that say otherwise than earlier ones, on both databases.
@Suite struct FurtherFactsDeliveryTests {
  private static let first = Delivery.first

  private func open(_ kind: DatabaseKind) throws -> (store: any SalesStore, database: TestDatabase) {
    let database = try TestDatabase(kind)
    return (try openStore(database.url, mode: .readWrite(create: true), now: Delivery.now), database)
  }

  /// Loads a folder's files in long format.
  @discardableResult
  private func load(
    _ files: [String: String], into store: any SalesStore,
    _ change: (inout DeliveryLoad.Options) -> Void = { _ in }
  ) throws -> LoadRecord {
    let folder = try TemporaryFolder()
    for (name, text) in files { try folder.write(text, to: name) }
    var options = DeliveryLoad.Options()
    options.badRows.maximumShare = 1
    change(&options)
    let delivery = try DeliveryFiles(folder: folder.path, mapping: .long)
    return try DeliveryLoad(source: "long", mapping: .long, files: delivery, options: options)
      .run(into: store, IngestEnvironment(now: { Delivery.now })).record
  }

  private static let masters = [
    "products.csv": "product,category,department\ntea,drinks,hot\nham,fresh,meat\n",
    "stores.csv": "store,region\nnorth,upper\nsouth,lower\n",
  ]

  private static func sales(_ rows: [String], _ header: String = "date,product,store,units,price") -> [String: String] {
    ["sales.csv": ([header] + rows).joined(separator: "\n") + "\n"]
  }

  @Test(arguments: DatabaseKind.available) func everyFileOfTheLongFormat(on kind: DatabaseKind) throws {
    let (store, database) = try open(kind)
    defer { withExtendedLifetime(database) {} }
    var files = Self.masters
    files["sales.csv"] =
      "date,product,store,units,price,base_price,revenue,stock_on_hand,promotion,promotion_kinds\n"
      + "2024-01-01,tea,north,4,2,2.5,8,11,1,feature+display=0.25\n"
      + "2024-01-02,tea,north,3,2.5,,7.5,,0.5,\n"
      + "2024-01-03,tea,north,2,2.5,,,,,\n"
      + "2024-01-04,tea,north,2,2.5,,,,,feature=2\n"
      + "2024-01-05,tea,north,2,2.5,-1,,,,\n"
    files["attributes.csv"] =
      "level,node,attribute,value\nproduct,tea,size,100 g\nregion,upper,climate,wet\nbrand,tea,size,1\n"
      + "product,gin,size,1\n"
    files["ranging.csv"] =
      "product,store,from,through\ntea,north,2023-12-30,\nham,north,2024-01-02,2024-01-03\nham,east,2024-01-02,\n"
      + "ham,south,2024-01-04,2024-01-03\n"
    files["regressors.csv"] =
      "date,regressor,value,region\n2024-01-01,rain,0.5,upper\n2024-01-01,oil,80,\n2024-01-02,rain,wet,upper\n"
      + "2024-01-02,rain,1,middle\n"
    files["links.csv"] =
      "kind,node,other,date,through,ratio\nsuccessor,tea,oldtea,2024-01-01,,0.75\nclosure,south,,2024-01-02,2024-01-03,\n"
      + "birth,tea,,2024-01-01,,\nsuccessor,tea,,2024-01-01,,\nsuccessor,ham,spam,2024-01-01,,0\n"
    files["annotations.csv"] =
      "from,through,product_level,product,location_level,location,reason,author,made_at,expires_on\n"
      + "2024-01-02,2024-01-03,,,store,north,strike,me,2024-01-04,\n2024-01-02,,,,,nowhere,strike,me,,\n"
      + "2024-01-02,,,,,,,me,,\n"
    let record = try load(files, into: store)
    let refused = try store.quarantine(load: record.id).map { "\($0.file.suffix(16)) \($0.line) \($0.kind)" }
    #expect(
      record.summary.quarantinedByReason == [
        "unknown_promotion": 1, "negative_price": 1, "unknown_level": 1, "unknown_product": 1, "unknown_store": 2,
        "reversed_days": 1, "not_a_number": 1, "unknown_region": 1, "unknown_kind": 1, "empty_name": 2, "too_small": 1,
      ], "\(refused)")
    #expect(
      record.summary.details?.stored == [
        "base_price": 1, "revenue": 2, "stock_on_hand": 1, "attributes": 2, "ranging_windows": 2, "regressors": 2,
        "links": 2, "annotations": 1,
      ], "\(record.summary.details?.stored ?? [:])")
    var rows: [SalesRow] = []
    try store.salesRows(from: nil, to: nil) { if $0.units > 0 { rows.append($0) } }
    #expect(rows[0].details == SalesDetails(revenue: 8, basePrice: 2.5, stockOnHand: 11))
    #expect(
      rows[0].promotions == [Promotion(kind: "display", share: 0.25), Promotion(kind: "feature", share: 1)])
    #expect(rows[1].promotions == [Promotion(kind: "promotion", share: 0.5)])
    #expect(try store.attributes().map(\.node) == ["upper", "tea"])
    #expect(try store.rangingWindows().map(\.product) == ["ham", "tea"])
    #expect(try store.lifeCycleLinks().map(\.kind) == [.successor, .closure])
    // A closure for a time is known ahead as days on which the store is shut.
    let south = EventCalendar.Scope.location(level: "store", node: "south")
    #expect(
      try store.calendar().closures == [
        .init(day: Self.first + 1, scope: south), .init(day: Self.first + 2, scope: south),
      ])
    let annotation = try #require(try store.annotations().first)
    #expect(annotation.days.node.location == "north" && annotation.days.through == Self.first + 2)
    #expect(annotation.madeAt == Date(timeIntervalSince1970: 1_704_326_400))
    let panel = try store.panel()
    let tea = try #require(
      panel.hierarchy.series.firstIndex { panel.hierarchy.product.leaves[$0.product] == "tea" })
    #expect(panel.firstDay == Self.first - 2 && panel.startIsKnown[tea])
    let status = panel.status[panel.cells(ofSeries: tea)].map { DayStatus(rawValue: $0)! }
    #expect(status.prefix(5) == [.unknown, .unknown, .sold, .unknown, .unknown])
  }

  // MARK: Restatements

  private static let week = (0..<5).map { "\(first + $0),tea,north,\($0 + 1),2" }

  @Test(arguments: DatabaseKind.available) func laterDeliveriesSupersede(on kind: DatabaseKind) throws {
    let (store, database) = try open(kind)
    defer { withExtendedLifetime(database) {} }
    let initial = try load(Self.masters.merging(Self.sales(Self.week)) { $1 }, into: store)
    #expect(initial.summary.rowsRestated == 0 && initial.summary.rowsLoaded == 5)
    // The same day twice in one delivery is a mistake still; another price is a restatement as other units are.
    let second = try load(
      Self.sales([
        "2024-01-02,tea,north,2,2", "2024-01-03,tea,north,7,2", "2024-01-03,tea,north,8,2", "2024-01-04,tea,north,4,3",
        "2024-01-06,tea,north,6,3",
      ]), into: store)
    #expect(second.summary.rowsRestated == 2 && second.summary.rowsUnchanged == 1)
    #expect(second.summary.rowsLoaded == 3 && second.summary.quarantinedByReason == ["duplicate_row": 1])
    let found = try store.restatements(load: second.id, limit: 100)
    #expect(found.map(\.day) == [Self.first + 2, Self.first + 3])
    #expect(found.map(\.units) == [3, 4] && found.map(\.presentUnits) == [7, 4] && found.map(\.price) == [2, 2])
    // And again: both earlier values are there, under the delivery that changed each.
    let third = try load(Self.sales(["2024-01-03,tea,north,5,2"]), into: store)
    #expect(third.summary.rowsRestated == 1)
    #expect(try store.restatements(load: nil, limit: 100).map(\.units) == [3, 4, 7])
    #expect(try database.query("SELECT count(*) FROM sales") == "6")
    let total = try store.dataSummary()
    #expect(total.units == 1 + 2 + 5 + 4 + 5 + 6 && total.furtherFacts["superseded_sales"] == 3)
    let prices = try store.panel().prices
    #expect((0..<6).map { prices.price(ofSeries: 0, on: Self.first + $0) } == [2, 2, 2, 3, 2, 3])
  }

  @Test(arguments: DatabaseKind.available) func orAreRejected(on kind: DatabaseKind) throws {
    let (store, database) = try open(kind)
    defer { withExtendedLifetime(database) {} }
    try load(Self.masters.merging(Self.sales(Self.week)) { $1 }, into: store)
    let snapshot = try store.dataSnapshot()
    let rows = ["2024-01-02,tea,north,2,2", "2024-01-03,tea,north,7,2"]
    let record = try load(Self.sales(rows), into: store) { $0.restate = .reject }
    #expect(record.summary.quarantinedByReason == ["contradicts_database": 1] && record.summary.rowsUnchanged == 1)
    #expect(record.summary.rowsRestated == 0)
    #expect(try store.restatements(load: nil, limit: 10).isEmpty)
    #expect(try store.dataSnapshot() == snapshot)
    #expect(try store.quarantine(load: record.id)[0].reason.contains("--restate supersede"))
    // Out of quarantine they come as what they are.
    let outcome = try QuarantineRetry(load: record.id, options: .init(), restate: .supersede)
      .run(into: store, IngestEnvironment(now: { Delivery.now }))
    #expect(outcome.released == 1 && outcome.load?.summary.rowsRestated == 1)
    #expect(try store.restatements(load: outcome.load?.id, limit: 10).map(\.units) == [3])
  }

  /// Filling in what was not said is no restatement, nor is a day that was unknown.
  @Test func additionsAreNoRestatements() throws {
    let (store, database) = try open(.sqlite)
    defer { withExtendedLifetime(database) {} }
    let bad = Self.week + ["2024-01-06,tea,north,many,2", "2024-01-07,tea,north,1,2"]
    try load(Self.masters.merging(Self.sales(bad)) { $1 }, into: store)
    let header = "date,product,store,units,revenue,base_price"
    let added = try load(
      Self.sales(["2024-01-02,tea,north,2,4,2.5", "2024-01-06,tea,north,6,,"], header), into: store)
    #expect(added.summary.rowsRestated == 0 && added.summary.rowsUnchanged == 1 && added.summary.rowsLoaded == 1)
    let changed = try load(Self.sales(["2024-01-02,tea,north,2,5,"], header), into: store)
    #expect(changed.summary.rowsRestated == 1)
    let before = try #require(try store.restatements(load: nil, limit: 10).first)
    #expect(before.details == SalesDetails(revenue: 4, basePrice: 2.5) && before.units == 2)
    var now = SalesDetails()
    try store.salesRows(from: Self.first + 1, to: Self.first + 1) { now = $0.details }
    #expect(now == SalesDetails(revenue: 5, basePrice: 2.5))
  }

  // MARK: Life cycles

  /// Without a link the master's other department is refused, with one it is a move that keeps its date.
  @Test(arguments: DatabaseKind.available) func departmentMoves(on kind: DatabaseKind) throws {
    let (store, database) = try open(kind)
    defer { withExtendedLifetime(database) {} }
    try load(Self.masters.merging(Self.sales(Self.week)) { $1 }, into: store)
    let moved = "product,category,department\ntea,drinks,cold\n"
    let refused = try load(["products.csv": moved], into: store)
    #expect(refused.summary.quarantinedByReason == ["hierarchy": 1])
    #expect(try store.quarantine(load: refused.id)[0].reason.contains("declare the move with a link"))
    let link = "kind,node,other,date\ndepartment_move,tea,cold,2024-01-04\n"
    let record = try load(["products.csv": moved, "links.csv": link], into: store)
    #expect(record.summary.rowsQuarantined == 0)
    let move = LifeCycleLink(kind: .departmentMove, node: "tea", other: "cold", day: Self.first + 3, previous: "hot")
    #expect(try store.lifeCycleLinks() == [move])
    #expect(try store.masters(tree: "product").rows.map(\.path).contains(["drinks", "cold", "tea"]))
    #expect(try store.panel().units.reduce(0, +) == 15)
    // The new master again needs no link any more; the old one is an older state.
    #expect(try load(["products.csv": moved + "\n"], into: store).summary.rowsQuarantined == 0)
    #expect(try load(["products.csv": Self.masters["products.csv"]! + "\n"], into: store).summary.rowsQuarantined == 1)
  }

  /// A link said anew replaces the closures that it made; what an event or another link closes stays.
  @Test(arguments: DatabaseKind.available) func correctedClosure(on kind: DatabaseKind) throws {
    let (store, database) = try open(kind)
    defer { withExtendedLifetime(database) {} }
    func closed() throws -> [Int] { try store.calendar().closures.map { $0.day - Self.first } }
    let header = "kind,node,other,date,through,ratio\n"
    var files = Self.masters.merging(Self.sales(Self.week)) { $1 }
    files["links.csv"] = header + "closure,north,,2024-01-11,2024-01-20,\nclosure,north,,2024-01-19,2024-01-22,\n"
    try load(files, into: store)
    #expect(try closed() == Array(10...21))
    let event = "date,event,type,region,store,closed\n2024-01-16,,,,north,1\n"
    try load(
      ["links.csv": header + "closure,north,,2024-01-11,2024-01-13,\n", "events.csv": event], into: store)
    #expect(try closed() == [10, 11, 12, 15, 18, 19, 20, 21])
    // For good: nothing is left of the closure for a time but the store's end.
    try load(["links.csv": header + "closure,north,,2024-01-11,,\n"], into: store)
    #expect(try closed() == [15, 18, 19, 20, 21])
  }

  // MARK: Days in daily deliveries

  /// The one refused row of a delivery of one day leaves its series unknown, since earlier days are in the database.
  @Test(arguments: DatabaseKind.available) func refusedRowOfADailyDelivery(on kind: DatabaseKind) throws {
    let (store, database) = try open(kind)
    defer { withExtendedLifetime(database) {} }
    let week = Self.week + Self.week.map { $0.replacing("tea", with: "ham") }
    try load(Self.masters.merging(Self.sales(week)) { $1 }, into: store)
    let record = try load(
      Self.sales(["2024-01-06,tea,north,many,2", "2024-01-06,ham,north,3,2", "2024-01-06,tea,south,-1,2"]), into: store)
    #expect(record.summary.rowsQuarantined == 2 && record.summary.details?.dayClasses["unknown"] == 1)
    func day(_ product: String, _ number: Int) throws -> HistoryDay? {
      let names = NodeNames(productLevel: "product", product: product, locationLevel: "store", location: "north")
      return try store.salesHistory(names, from: Self.first + number, to: Self.first + number).first
    }
    #expect(try day("tea", 5)?.unknown == 1 && day("tea", 5)?.sold == 0)
    #expect(try day("ham", 5)?.sold == 1)
    // What was refused before a product was ever in the store is no day of its range.
    var rows: [SalesRow] = []
    try store.salesRows(from: nil, to: nil) { rows.append($0) }
    #expect(!rows.contains { $0.store == "south" } && rows.count == 12)
    // The row mended fills the day in, and restates nothing.
    let mended = try load(Self.sales(["2024-01-06,tea,north,4,2"]), into: store)
    #expect(mended.summary.rowsRestated == 0)
    #expect(try day("tea", 5)?.units == 4)
  }

  /// Links that name nothing are no bad rows, for what they name may come later; the load says so.
  @Test(arguments: DatabaseKind.available) func linksOfNothingAreTold(on kind: DatabaseKind) throws {
    let (store, database) = try open(kind)
    defer { withExtendedLifetime(database) {} }
    var files = Self.masters.merging(Self.sales(["2024-01-01,tea,north,1,2"])) { $1 }
    files["links.csv"] =
      "kind,node,other,date\nsuccessor,tea,ham,2024-01-01\nsuccessor,gin,rum,2024-01-01\n"
      + "department_move,tea,cold,2024-01-02\nclosure,west,,2024-01-03\nremodel,north,,2024-01-02\n"
    let record = try load(files, into: store)
    #expect(record.summary.rowsQuarantined == 0 && record.summary.details?.stored?["links"] == 5)
    let told = (record.summary.details?.warnings ?? []).filter { $0.contains("there is no") }
    try #require(told.count == 3, "\(told)")
    #expect(told[0].contains("links.csv' line 3: there is no product 'gin' and no product 'rum', so the successor"))
    #expect(told[1].contains("line 4: there is no department 'cold', so the department move does nothing yet"))
    #expect(told[2].contains("line 5: there is no store 'west'"))
    #expect(try store.check().first { $0.check == "links_of_no_node" }?.count == 3)
    // Many are counted, not listed.
    let many = (0..<8).map { "remodel,s\($0),,2024-01-02\n" }.joined()
    let warnings = try load(["links.csv": "kind,node,other,date\n\(many)"], into: store).summary.details?.warnings ?? []
    #expect(warnings.count { $0.contains("there is no store") } == 5)
    #expect(warnings.contains { $0.hasPrefix("3 further links") })
  }

  /// A class of a day does not hang on the first day asked for.
  @Test(arguments: DatabaseKind.available) func classesWhateverTheFirstDay(on kind: DatabaseKind) throws {
    let (store, database) = try open(kind)
    defer { withExtendedLifetime(database) {} }
    // Ham was last seen 20 days before the end, which is in range; tea in the south 35 days, which is not.
    var rows = (0..<60).map { "\(Self.first + $0),tea,north,1,2" }
    rows += (0..<40).map { "\(Self.first + $0),ham,north,1,2" } + (0..<25).map { "\(Self.first + $0),tea,south,1,2" }
    try load(Self.masters.merging(Self.sales(rows)) { $1 }, into: store) {
      $0.futureDays = 60
      $0.delistAfterDays = 28
    }
    let all = NodeNames(productLevel: "all", product: "all", locationLevel: "all", location: "all")
    let whole = try store.salesHistory(all)
    #expect(whole.last?.sold == 2 && whole.last?.notRanged == 1)
    for from in [1, 24, 25, 30, 39, 40, 50, 59] {
      #expect(try store.salesHistory(all, from: Self.first + from) == Array(whole[from...]), "from day \(from)")
    }
  }

  /// Decimals of measures are summed as stored: only the model rounds them.
  @Test(arguments: DatabaseKind.available) func decimalsInQueries(on kind: DatabaseKind) throws {
    let (store, database) = try open(kind)
    defer { withExtendedLifetime(database) {} }
    var files = Self.sales([
      "2024-01-01,ham,north,0.4,2", "2024-01-01,ham,south,117.2,2", "2024-01-01,tea,north,3,2",
      "2024-01-02,ham,north,0.1,2", "2024-01-02,ham,south,0.2,2",
    ])
    files["products.csv"] = "product,category,department,kind\ntea,drinks,hot,count\nham,fresh,meat,measure\n"
    files["stores.csv"] = Self.masters["stores.csv"]
    try load(files, into: store)
    let ham = NodeNames(productLevel: "product", product: "ham", locationLevel: "all", location: "all")
    let all = NodeNames(productLevel: "all", product: "all", locationLevel: "all", location: "all")
    #expect(try store.salesHistory(ham).map(\.units) == [117.6, 0.3])
    #expect(try store.salesHistory(all).map(\.units) == [120.6, 0.3])
    let measures = try store.measuredUnits(through: Self.first + 1)
    #expect(measures.count == 2 && abs(measures.values.reduce(0, +) - 117.9) < 1e-9)
    #expect(try store.panel().units.reduce(0, +) == 120)
  }

  /// Days that an earlier load brought are no gap of a later one.
  @Test(arguments: DatabaseKind.available) func gapsThatEarlierLoadsFill(on kind: DatabaseKind) throws {
    let (store, database) = try open(kind)
    defer { withExtendedLifetime(database) {} }
    try load(Self.masters.merging(Self.sales(Self.week)) { $1 }, into: store)
    func warned(_ rows: [String]) throws -> Bool {
      let warnings = try load(Self.sales(rows), into: store).summary.details?.warnings ?? []
      return warnings.contains { $0.contains("without any row of a store") }
    }
    #expect(try !warned(["2024-01-01,tea,north,2,2", "2024-01-05,tea,north,2,2", "2024-01-06,tea,north,2,2"]))
    #expect(try warned(["2024-01-01,tea,north,3,2", "2024-01-08,tea,north,2,2"]))
  }
}
