import DatabaseTestSupport
import DemandData
import Foundation
import SalesStore
import Testing

/// Facts beyond sales, prices and events, on both databases.
@Suite struct FurtherFactsTests {
  private static let first = SmallStore.first

  @discardableResult
  private func change(_ small: SmallStore, _ body: (LoadWriter) throws -> Void) throws -> LoadRecord {
    try small.store.withLoad(
      LoadHeader(source: "long", files: [], contentHash: UUID().uuidString), now: { SmallStore.noon }
    ) { writer in
      try body(writer)
      return LoadSummary()
    }.record
  }

  private func filled(_ kind: DatabaseKind) throws -> SmallStore {
    let small = try SmallStore(kind)
    try small.load()
    return small
  }

  private func id(_ writer: LoadWriter, _ product: String, _ store: String) throws -> Int {
    try writer.seriesID(product: writer.products[product]!.id, store: writer.stores[store]!)
  }

  private func status(_ panel: Panel, _ product: String, _ store: String) throws -> [DayStatus] {
    let series = try #require(
      panel.hierarchy.series.firstIndex {
        panel.hierarchy.product.leaves[$0.product] == product && panel.hierarchy.location.leaves[$0.store] == store
      })
    return panel.status[panel.cells(ofSeries: series)].map { DayStatus(rawValue: $0)! }
  }

  @Test(arguments: DatabaseKind.available) func detailsAndPromotions(on kind: DatabaseKind) throws {
    let small = try filled(kind)
    let day = Self.first.number
    try change(small) { writer in
      let tea = try id(writer, "tea", "north")
      try writer.writeDetails(series: tea, day: day, SalesDetails(revenue: 7.5, stockOnHand: -2))
      try writer.writeDetails(series: tea, day: day + 8, SalesDetails(basePrice: 2.75))
      try writer.writeDetails(series: tea, day: day + 9, SalesDetails())
      try writer.writePromotion(series: tea, day: day, kind: "feature")
      try writer.writePromotion(series: tea, day: day, kind: "display", share: 0.5)
    }
    // What is not given stays.
    try change(small) { writer in
      let tea = try id(writer, "tea", "north")
      try writer.writeDetails(series: tea, day: day, SalesDetails(basePrice: 3))
      #expect(
        try writer.details(series: tea, day: day) == SalesDetails(revenue: 7.5, basePrice: 3, stockOnHand: -2))
      #expect(try writer.details(series: tea, day: day + 9) == SalesDetails())
    }
    var rows: [SalesRow] = []
    try small.store.salesRows(from: Self.first, to: Self.first + 8) { row in
      if row.product == "tea", row.store == "north" { rows.append(row) }
    }
    #expect(rows.first?.details == SalesDetails(revenue: 7.5, basePrice: 3, stockOnHand: -2))
    #expect(
      rows.first?.promotions == [Promotion(kind: "display", share: 0.5), Promotion(kind: "feature", share: 1)])
    #expect(rows.last?.details == SalesDetails(basePrice: 2.75) && rows.last?.promotions.isEmpty == true)
    let counts = try small.store.dataSummary().furtherFacts
    #expect(counts["base_price"] == 2 && counts["revenue"] == 1 && counts["stock_on_hand"] == 1, "\(counts)")
    #expect(counts["promotions"] == 2 && counts["promotion_kinds"] == 2)
  }

  /// Declared windows win over what rows suggest, but for days with units.
  @Test(arguments: DatabaseKind.available) func rangingWindows(on kind: DatabaseKind) throws {
    let small = try filled(kind)
    let day = Self.first.number
    try change(small) { writer in
      let tea = try id(writer, "tea", "north")
      try writer.writeRangingWindow(series: tea, from: day - 2, through: day + 3)
      try writer.writeRangingWindow(series: tea, from: day + 9, through: day + 9)
      // A later delivery says until when.
      try writer.writeRangingWindow(series: tea, from: day + 9, through: nil)
      // Milk would be delisted after three days without a row.
      try writer.writeRangingWindow(series: try id(writer, "milk", "north"), from: day + 2, through: nil)
      // Never sold so far.
      try writer.writeRangingWindow(series: try id(writer, "milk", "south"), from: day + 4, through: nil)
    }
    let panel = try small.store.panel()
    #expect(panel.firstDay == Self.first - 2)
    #expect(
      try status(panel, "tea", "north") == [
        .unknown, .unknown, .sold, .closed, .outOfStock, .sold, .notRanged, .notRanged, .notRanged, .closed, .sold,
        .sold,
      ], "days with units stand: a closed day with one unit, and five units outside of the windows")
    #expect(
      try status(panel, "milk", "north") == [
        .notRanged, .notRanged, .notRanged, .notRanged, .sold, .sold, .unknown, .closed, .unknown, .unknown, .sold,
        .sold,
      ])
    #expect(
      try status(panel, "milk", "south").suffix(6) == [.unknown, .closed, .unknown, .unknown, .unknown, .unknown])
    #expect(panel.startIsKnown == panel.hierarchy.series.map { _ in true }.enumerated().map { $0.offset != 2 })
    let windows = try small.store.rangingWindows()
    #expect(windows.map(\.product) == ["milk", "milk", "tea", "tea"])
    #expect(windows.last?.from == Self.first + 9 && windows.last?.through == nil)
    let outside = try #require(try small.store.check().first { $0.check == "sales_outside_range" })
    #expect(outside.count == 2 && outside.severity == .warning)
  }

  /// A store that opens later or closes for good is no place where nothing is bought.
  @Test(arguments: DatabaseKind.available) func livesOfStores(on kind: DatabaseKind) throws {
    let small = try filled(kind)
    try change(small) { writer in
      try writer.writeLink(LifeCycleLink(kind: .opening, node: "north", day: Self.first + 2))
      try writer.writeLink(LifeCycleLink(kind: .closure, node: "south", day: Self.first + 6))
      try writer.writeLink(LifeCycleLink(kind: .opening, node: "south", day: Self.first + 9))
      try writer.writeLink(
        LifeCycleLink(kind: .remodel, node: "south", day: Self.first + 1, through: Self.first + 3))
      try writer.writeLink(
        LifeCycleLink(kind: .successor, node: "milk", other: "oldmilk", day: Self.first, ratio: 0.8))
      try writer.writeLink(LifeCycleLink(kind: .successor, node: "milk", other: "oldmilk", day: Self.first))
    }
    let panel = try small.store.panel()
    #expect(
      try status(panel, "tea", "north").prefix(3) == [.sold, .notRanged, .outOfStock],
      "what was sold before the opening was sold")
    #expect(
      try status(panel, "tea", "south").suffix(6) == [.sold, .closed, .notRanged, .notRanged, .notRanged, .unknown])
    let links = try small.store.lifeCycleLinks()
    #expect(links.count == 5)
    #expect(links.first { $0.kind == .successor }?.ratio == nil, "the later link replaces the earlier")
    #expect(links.first { $0.kind == .remodel }?.through == Self.first + 3)
    // 'oldmilk' is not there; a store or a department that is not would do nothing either.
    func unknown() throws -> Int? { try small.store.check().first { $0.check == "links_of_no_node" }?.count }
    #expect(try unknown() == 1)
    try change(small) { writer in
      try writer.writeLink(LifeCycleLink(kind: .closure, node: "North", day: Self.first))
      try writer.writeLink(LifeCycleLink(kind: .successor, node: "milk", other: "tea", day: Self.first))
    }
    #expect(try unknown() == 2)
  }

  @Test(arguments: DatabaseKind.available) func attributesAndRegressors(on kind: DatabaseKind) throws {
    let small = try filled(kind)
    let upper = EventCalendar.Scope.location(level: "region", node: "upper")
    try change(small) { writer in
      func set(_ tree: String, _ level: String, _ node: String, _ value: String) throws -> Bool {
        try writer.writeAttribute(tree: tree, level: level, node: node, name: "size", value: value)
      }
      #expect(try set("product", "product", "tea", "100 g"))
      #expect(try set("location", "store", "north", "small"))
      #expect(try set("location", "region", "upper", "vast"))
      #expect(try set("location", "store", "north", "large"))
      #expect(try !set("location", "store", "upper", "none"))
      #expect(try !set("product", "brand", "tea", "none"))
      for day in 0..<3 {
        try writer.writeRegressor(
          Regressor(name: "rain", day: Self.first + day, scope: upper, value: Double(day) / 4))
      }
      try writer.writeRegressor(Regressor(name: "rain", day: Self.first + 1, scope: upper, value: 9))
      try writer.writeRegressor(Regressor(name: "oil", day: Self.first + 1, scope: .everywhere, value: -1.5))
    }
    #expect(
      try small.store.attributes().map { [$0.level, $0.node, $0.value] } == [
        ["region", "upper", "vast"], ["store", "north", "large"], ["product", "tea", "100 g"],
      ])
    var found: [Regressor] = []
    try small.store.regressors(from: Self.first + 1, to: nil) { found.append($0) }
    #expect(
      found == [
        Regressor(name: "oil", day: Self.first + 1, scope: .everywhere, value: -1.5),
        Regressor(name: "rain", day: Self.first + 1, scope: upper, value: 9),
        Regressor(name: "rain", day: Self.first + 2, scope: upper, value: 0.5),
      ])
  }

  // MARK: Annotations

  private static func annotation(
    _ product: (String, String), _ location: (String, String), _ from: Int, _ through: Int, expires: Day? = nil
  ) -> Annotation {
    let node = NodeNames(
      productLevel: product.0, product: product.1, locationLevel: location.0, location: location.1)
    return Annotation(
      days: UnrepresentativeDays(node: node, from: first + from, through: first + through), reason: "strike",
      author: "tester", madeAt: SmallStore.noon, expiresOn: expires)
  }

  @Test(arguments: DatabaseKind.available) func annotatedDaysAreUnknownToFits(on kind: DatabaseKind) throws {
    let small = try filled(kind)
    let snapshot = try small.store.dataSnapshot()
    let all = ("all", "all")
    let strike = Self.annotation(all, ("store", "north"), 7, 9)
    let (id, isNew) = try small.store.addAnnotation(strike)
    #expect(isNew)
    let again = try small.store.addAnnotation(strike)
    #expect(again.id == id && !again.isNew)
    let masked = try small.store.panel()
    // The closed day stays closed, other stores and days stay as they were.
    #expect(try status(masked, "tea", "north").suffix(4) == [.notRanged, .closed, .unknown, .unknown])
    let cells = masked.cells(ofSeries: 2)
    #expect(masked.units[cells].suffix(3) == [1, 0, 0])
    let plain = try small.store.panel(through: nil, stores: nil, showsAnnotatedDays: true)
    #expect(try status(plain, "tea", "south") == status(masked, "tea", "south"))
    #expect(plain.units[cells].suffix(3) == [1, 5, 4])
    // The data's hash, and so the key of a run, follows.
    let annotated = try small.store.dataSnapshot()
    #expect(annotated != snapshot && plain.snapshot == snapshot)
    // Histories and summaries show what was sold.
    let names = NodeNames(productLevel: "all", product: "all", locationLevel: "all", location: "all")
    #expect(try small.store.salesHistory(names).map(\.units).suffix(2) == [5, 4])
    // Expired from the origin on, it masks no more; a day later it would still.
    try small.store.expireAnnotation(id, on: Self.first + 10)
    #expect(try small.store.dataSnapshot() == annotated)
    try small.store.expireAnnotation(id, on: Self.first + 9)
    #expect(try small.store.dataSnapshot() == snapshot)
    #expect(try small.store.dataSnapshot(through: Self.first + 8) != plain.truncated(toDayCount: 9).snapshot)
    let kept = try small.store.annotations()
    #expect(kept.count == 1 && kept[0].expiresOn == Self.first + 9 && kept[0].author == "tester")
    #expect(kept[0].madeAt == SmallStore.noon && kept[0].days == strike.days)
    try small.store.removeAnnotation(id)
    #expect(try small.store.annotations().isEmpty)
    #expect(throws: StoreError.unknownAnnotation(id)) { try small.store.removeAnnotation(id) }
    #expect(throws: StoreError.unknownAnnotation(7)) { try small.store.expireAnnotation(7, on: Self.first) }
  }

  @Test(arguments: DatabaseKind.available) func annotationsNameNodesThatAreThere(on kind: DatabaseKind) throws {
    let small = try filled(kind)
    let all = ("all", "all")
    #expect(throws: StoreError.unknownName(kind: "store", name: "east", known: ["north", "south"])) {
      _ = try small.store.addAnnotation(Self.annotation(all, ("store", "east"), 0, 1))
    }
    #expect(throws: StoreError.unknownName(kind: "level", name: "brand", known: ["category", "product"])) {
      _ = try small.store.addAnnotation(Self.annotation(("brand", "x"), all, 0, 1))
    }
    // A category in a region: both trees at once.
    _ = try small.store.addAnnotation(Self.annotation(("category", "dairy"), ("region", "upper"), 0, 4))
    let panel = try small.store.panel()
    #expect(try status(panel, "milk", "north")[2] == .unknown)
    #expect(try status(panel, "tea", "north")[2] == .outOfStock)
  }

  // MARK: History of changes

  @Test(arguments: DatabaseKind.available) func supersededValuesAreKept(on kind: DatabaseKind) throws {
    let small = try filled(kind)
    let day = Self.first.number
    let before = SalesDetails(revenue: 7.5)
    let load = try change(small) { writer in
      let tea = try id(writer, "tea", "north")
      try writer.writePromotion(series: tea, day: day)
      try writer.supersede(series: tea, day: day, units: 3, status: .sold, price: 2.5, details: before)
      try writer.writeSale(series: tea, day: day, units: 4, status: .sold, replaces: true)
      // A second change by the same load: what was there before it stays the record.
      try writer.supersede(series: tea, day: day, units: 4, status: .sold, price: 2.5, details: SalesDetails())
      try writer.writeSale(series: tea, day: day, units: 6, status: .outOfStock, replaces: true)
    }
    let found = try #require(try small.store.restatements(load: load.id, limit: 10).first)
    #expect(found.product == "tea" && found.store == "north" && found.day == Self.first)
    #expect(found.units == 3 && found.status == .sold && found.price == 2.5 && found.details == before)
    #expect(found.presentUnits == 6 && found.presentStatus == .outOfStock)
    #expect(found.supersededAt == SmallStore.noon && found.load == load.id)
    #expect(try small.store.restatements(load: nil, limit: 10).count == 1)
    #expect(try small.store.restatements(load: 99, limit: 10).isEmpty)
    // The promotion of what is superseded goes with it.
    #expect(try small.database.query("SELECT count(*) FROM promotions") == "0")
    #expect(try small.store.check().allSatisfy { $0.severity != .error || $0.count == 0 })
  }

  /// A product changes its department where a link declares it, and keeps its number and its sales.
  @Test(arguments: DatabaseKind.available) func departmentMoves(on kind: DatabaseKind) throws {
    let small = try filled(kind)
    let refused = #expect(throws: StoreError.self) {
      try change(small) { _ = try $0.addProduct(path: ["dairy", "tea"]) }
    }
    #expect("\(refused!)".contains("declare the move with a link of kind department_move"))
    let move = LifeCycleLink(kind: .departmentMove, node: "tea", other: "dairy", day: Self.first + 5)
    try change(small) { writer in
      try writer.writeLink(move)
      let before = writer.products["tea"]!.id
      #expect(try writer.addProduct(path: ["dairy", "tea"]).id == before)
    }
    #expect(try small.store.lifeCycleLinks().map(\.previous) == ["drinks"])
    let products = try small.store.masters(tree: "product").rows.map(\.path)
    #expect(products == [["dairy", "milk"], ["dairy", "tea"]])
    #expect(try small.store.panel().units.reduce(0) { $0 + Int($1) } == 24, "15 + 7 + 2, as before")
    // Told again, it is known; back again is another move.
    try change(small) { _ = try $0.addProduct(path: ["dairy", "tea"]) }
    #expect(throws: StoreError.self) { try change(small) { _ = try $0.addProduct(path: ["drinks", "tea"]) } }
  }
}
