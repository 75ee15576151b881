import DatabaseTestSupport
import DemandData
import Foundation
import SalesStore
import Testing

@Suite struct FactsTests {
  @Test(arguments: DatabaseKind.available) func emptyLevelsAndRepeatedLoads(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    guard case .loaded(let record) = try small.load() else {
      Issue.record("the first load is not new")
      return
    }
    #expect(record.summary.rowsLoaded == 9)
    #expect(record.startedAt == SmallStore.noon)
    #expect(try small.load() == .alreadyLoaded(record))
    #expect(try small.store.loads() == [record])
    let quarantined = try small.store.quarantine(load: record.id)
    #expect(quarantined.map(\.line) == [7])
    #expect(quarantined.first?.kind == "negative_units")
  }

  @Test(arguments: DatabaseKind.available) func aThrownErrorUndoesTheLoad(on kind: DatabaseKind) throws {
    struct Stop: Error {}
    let small = try SmallStore(kind)
    try small.load()
    let before = try small.store.dataSnapshot()
    #expect(throws: Stop.self) {
      _ = try small.store.withLoad(
        LoadHeader(source: "long", files: [], contentHash: "second"), now: { SmallStore.noon }
      ) { writer in
        let id = try writer.seriesID(product: writer.products["tea"]!.id, store: writer.stores["north"]!)
        try writer.writeSale(series: id, day: SmallStore.first.number + 10, units: 1, status: .sold)
        throw Stop()
      }
    }
    #expect(try small.store.dataSnapshot() == before)
    #expect(try small.store.loads().count == 1)
  }

  @Test(arguments: DatabaseKind.available) func panelTellsFiveKindsOfDaysApart(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    let panel = try small.store.panel()
    #expect(panel.firstDay == SmallStore.first)
    #expect(panel.dayCount == 10)
    // Sorted by path: dairy before drinks, lower before upper.
    #expect(panel.hierarchy.product.leaves == ["milk", "tea"])
    #expect(panel.hierarchy.location.leaves == ["south", "north"])
    #expect(panel.hierarchy.series.map { [$0.product, $0.store] } == [[0, 1], [1, 0], [1, 1]])
    func status(_ series: Int) -> [DayStatus] {
      panel.status[panel.cells(ofSeries: series)].map { DayStatus(rawValue: $0)! }
    }
    func units(_ series: Int) -> [Int32] { Array(panel.units[panel.cells(ofSeries: series)]) }
    #expect(
      status(2) == [
        .sold, .closed, .outOfStock, .sold, .unknown, .closed, .notRanged, .closed, .sold, .sold,
      ])
    #expect(units(2) == [3, 0, 2, 0, 0, 0, 0, 1, 5, 4])
    // South is not in the closed region; a missing row of its reporting days is unknown.
    #expect(
      status(1) == [
        .notRanged, .notRanged, .notRanged, .notRanged, .sold, .closed, .unknown, .unknown, .unknown, .unknown,
      ])
    // Milk: seven days without a row are more than three: not ranged since; its measure is rounded.
    #expect(
      status(0) == [
        .notRanged, .notRanged, .sold, .notRanged, .notRanged, .notRanged, .notRanged, .notRanged, .notRanged,
        .notRanged,
      ])
    #expect(units(0)[2] == 2)
    #expect(panel.startIsKnown == [false, false, true])
    #expect(panel.prices.price(ofSeries: 2, on: SmallStore.first + 4) == 2.5)
    #expect(panel.prices.price(ofSeries: 2, on: SmallStore.first + 90) == 2)
    #expect(panel.prices.price(ofSeries: 1, on: SmallStore.first) == nil)
    #expect(panel.calendar.knownThrough == SmallStore.first + 40)
    #expect(panel.calendar.events.map(\.name) == ["New Year"])
  }

  @Test(arguments: DatabaseKind.available) func partsOfThePanel(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    let south = try small.store.panel(stores: ["south"])
    #expect(south.firstDay == SmallStore.first + 4)
    #expect(south.hierarchy.location.leaves == ["south"])
    let early = try small.store.panel(through: SmallStore.first + 3)
    #expect(early.dayCount == 4)
    #expect(throws: StoreError.unknownName(kind: "store", name: "east", known: ["north", "south"])) {
      _ = try small.store.panel(stores: ["east"])
    }
    #expect(throws: StoreError.self) { _ = try small.store.panel(through: SmallStore.first - 1) }
  }

  @Test(arguments: DatabaseKind.available) func snapshotFollowsWhatAFitSees(on kind: DatabaseKind) throws {
    let (one, other) = (try SmallStore(kind), try SmallStore(kind))
    try one.load()
    try other.load(hash: "another name of the same")
    let snapshot = try one.store.dataSnapshot()
    #expect(try other.store.dataSnapshot() == snapshot)
    #expect(try one.store.dataSnapshot(through: SmallStore.first + 8) != snapshot)
    func change(_ hash: String, _ body: (LoadWriter, Int) throws -> Void) throws {
      _ = try other.store.withLoad(
        LoadHeader(source: "long", files: [], contentHash: hash), now: { SmallStore.noon }
      ) { writer in
        try body(writer, try writer.seriesID(product: writer.products["tea"]!.id, store: writer.stores["north"]!))
        return LoadSummary()
      }
    }
    // A day behind the origin is not seen; then units, status, price, event each are.
    try change("a") { try $0.writeSale(series: $1, day: SmallStore.first.number + 30, units: 1, status: .sold) }
    #expect(try other.store.dataSnapshot() == snapshot)
    var seen: Set<String> = [snapshot]
    let day = SmallStore.first.number
    try change("b") { try $0.writeSale(series: $1, day: day, units: 4, status: .sold, replaces: true) }
    seen.insert(try other.store.dataSnapshot())
    try change("c") { try $0.writeSale(series: $1, day: day, units: 4, status: .outOfStock, replaces: true) }
    seen.insert(try other.store.dataSnapshot())
    try change("d") { writer, id in
      var steps = try writer.priceSteps(series: id)
      steps.observe(price: 3, on: day + 60, lastSeen: day + 9)
      try writer.writePriceSteps(series: id, steps)
    }
    seen.insert(try other.store.dataSnapshot())
    try change("e") { writer, _ in
      try writer.writeEvent(.init(day: SmallStore.first + 20, name: "Fair", type: "local"))
    }
    seen.insert(try other.store.dataSnapshot())
    #expect(seen.count == 5)
  }

  @Test(arguments: DatabaseKind.available) func historyOfNodes(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    let all = NodeNames(productLevel: "all", product: "all", locationLevel: "all", location: "all")
    let history = try small.store.salesHistory(all)
    #expect(history.map(\.units) == [3, 0, 3.5, 0, 7, 0, 0, 1, 5, 4])
    #expect(history[2].sold == 1 && history[2].outOfStock == 1 && history[2].notRanged == 1)
    let panel = try small.store.panel()
    // Units as stored: the panel has those of a measure rounded.
    var stored: [[String]: Double] = [:]
    try small.store.salesRows(from: nil, to: nil) { stored[[$0.product, $0.store, $0.day.iso]] = $0.units }
    let series = panel.hierarchy.series.map {
      [panel.hierarchy.product.leaves[$0.product], panel.hierarchy.location.leaves[$0.store]]
    }
    for pair in panel.hierarchy.levelPairs {
      for node in panel.hierarchy.membership(at: pair).nodes {
        let days = try small.store.salesHistory(panel.hierarchy.names(of: node), from: SmallStore.first)
        for (offset, day) in zip(days.indices, days) {
          let index = day.day - panel.firstDay
          let members = panel.hierarchy.series.indices.filter { panel.hierarchy.node(ofSeries: $0, at: pair) == node }
          let cells = members.map { panel.cells(ofSeries: $0).lowerBound + index }
          #expect(days[offset].units == members.reduce(0) { $0 + stored[series[$1] + [day.day.iso], default: 0] })
          #expect(days[offset].unknown == cells.count { panel.status[$0] == DayStatus.unknown.rawValue })
        }
      }
    }
    let cut = try small.store.salesHistory(all, from: SmallStore.first + 8, to: SmallStore.first + 50)
    #expect(cut.map(\.day) == [SmallStore.first + 8, SmallStore.first + 9])
    #expect(throws: StoreError.self) { _ = try small.store.salesHistory(all, from: SmallStore.first + 50) }
    let unknown = NodeNames(productLevel: "brand", product: "x", locationLevel: "all", location: "all")
    #expect(throws: StoreError.unknownName(kind: "level", name: "brand", known: ["all", "category", "product"])) {
      _ = try small.store.salesHistory(unknown)
    }
  }

  @Test(arguments: DatabaseKind.available) func summaryCounts(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    let summary = try small.store.dataSummary()
    #expect(summary.products == 2 && summary.stores == 2 && summary.series == 3 && summary.rows == 9)
    #expect(summary.units == 23.5)
    #expect(summary.rowsByStatus == ["sold": 6, "outOfStock": 1, "notRanged": 1, "closed": 1])
    #expect(summary.completeThrough == SmallStore.first + 9 && summary.lastDay == SmallStore.first + 9)
  }

  /// Steps that were seen in any order say what the days say.
  @Test func priceStepsInAnyOrder() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      let prices = (0..<12).map { _ in Double(Int.random(in: 1...3, using: &generator)) }
      var steps = PriceSteps()
      var lastSeen: Int?
      let order = Array(prices.indices).shuffled(using: &generator)
      for day in order {
        steps.observe(price: prices[day], on: day, lastSeen: lastSeen)
        lastSeen = max(lastSeen ?? day, day)
      }
      let found = prices.indices.map { day in steps.prices[steps.days.lastIndex { $0 <= day }!] }
      #expect(found == prices, "order \(order)")
      #expect(zip(steps.days, steps.days.dropFirst()).allSatisfy { $0 < $1 })
    }
  }

  @Test(arguments: DatabaseKind.available) func mastersMustBeTrees(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    func attempt(_ body: @escaping (LoadWriter) throws -> Void) -> String {
      do {
        _ = try small.store.withLoad(
          LoadHeader(source: "long", files: [], contentHash: UUID().uuidString), now: { SmallStore.noon }
        ) { writer in
          try body(writer)
          return LoadSummary()
        }
      } catch { return String(describing: error) }
      return "no error"
    }
    #expect(
      attempt { _ = try $0.addProduct(path: ["dairy", "tea"]) }.contains("stands under 'drinks' and under 'dairy'"))
    // A measure takes all that a count does; what has fractions cannot be counted.
    #expect(
      attempt { _ = try $0.addProduct(path: ["dairy", "milk"], isCount: true) }.contains("has fractions of units"))
    #expect(attempt { _ = try $0.addProduct(path: ["drinks", "tea"], isCount: false) } == "no error")
    let silent = attempt {
      if try $0.addProduct(path: ["drinks", "tea"]).isCount { throw StoreError.hierarchy("it is counted again") }
    }
    #expect(silent == "no error")
    #expect(attempt { _ = try $0.addProduct(path: ["drinks", "tea"], isCount: true) } == "no error")
    #expect(attempt { try $0.setLevels(tree: "product", ["product"]) }.contains("a database of its own"))
  }
}
