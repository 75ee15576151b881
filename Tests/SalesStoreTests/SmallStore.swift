import DatabaseTestSupport
import DemandData
import Foundation
import SalesStore

/// A database with two products, two stores and three series, its facts written by hand.
struct SmallStore {
  let database: TestDatabase
  let store: any SalesStore

  static let first = Day(iso: "2024-01-01")!
  static let noon = Date(timeIntervalSince1970: 1_704_110_400.25)

  init(_ kind: DatabaseKind) throws { try self.init(try TestDatabase(kind)) }

  init(_ database: TestDatabase) throws {
    self.database = database
    store = try openStore(database.url, mode: .readWrite(create: true), now: Self.noon)
  }

  /// Ten days: tea in north from day 0 with all kinds of days, tea in south from day 4, milk in north from day 2.
  @discardableResult
  func load(hash: String = "first") throws -> LoadResult {
    let first = Self.first.number
    return try store.withLoad(
      LoadHeader(source: "long", files: ["a.csv"], contentHash: hash), now: { Self.noon }
    ) { writer in
      try writer.setLevels(tree: "product", ["category", "product"])
      try writer.setLevels(tree: "location", ["region", "store"])
      let tea = try writer.addProduct(path: ["drinks", "tea"]).id
      let milk = try writer.addProduct(path: ["dairy", "milk"], isCount: false).id
      let north = try writer.addStore(path: ["upper", "north"])
      let south = try writer.addStore(path: ["lower", "south"])
      let teaNorth = try writer.seriesID(product: tea, store: north)
      let teaSouth = try writer.seriesID(product: tea, store: south)
      let milkNorth = try writer.seriesID(product: milk, store: north)
      func row(_ id: Int, _ day: Int, _ units: Double, _ status: DayStatus) throws {
        try writer.writeSale(series: id, day: first + day, units: units, status: status)
      }
      try row(teaNorth, 0, 3, .sold)
      try row(teaNorth, 1, 0, .sold)  // Closed by the calendar.
      try row(teaNorth, 2, 2, .outOfStock)
      // Day 3: no row, the store reported: sold none. Day 4: unknown. Day 5: no row, closed.
      try row(teaNorth, 6, 0, .notRanged)
      try row(teaNorth, 7, 1, .closed)
      try row(teaNorth, 8, 5, .sold)
      try row(teaNorth, 9, 4, .sold)
      try row(teaSouth, 4, 7, .sold)
      try row(milkNorth, 2, 1.5, .sold)
      for day in [0, 2, 3, 8, 9] { try writer.writeStoreDay(store: north, day: first + day, missingMeansZero: true) }
      for day in [4, 5, 6, 7, 8, 9] {
        try writer.writeStoreDay(store: south, day: first + day, missingMeansZero: false)
      }
      writer.setRange(series: teaNorth, firstDay: first, startKnown: true, delistAfter: nil)
      writer.setRange(series: teaSouth, firstDay: first + 4, startKnown: false, delistAfter: nil)
      writer.setRange(series: milkNorth, firstDay: first + 2, startKnown: false, delistAfter: 3)
      var steps = PriceSteps()
      steps.observe(price: 2.5, on: first, lastSeen: nil)
      steps.observe(price: 2, on: first + 5, lastSeen: nil)
      try writer.writePriceSteps(series: teaNorth, steps)
      let upper = EventCalendar.Scope.location(level: "region", node: "upper")
      try writer.writeEvent(.init(day: Self.first, name: "New Year", type: "public"))
      try writer.writeClosure(.init(day: Self.first + 1, scope: upper))
      try writer.writeClosure(.init(day: Self.first + 5))
      try writer.noteCalendar(knownThrough: Self.first + 40)
      try writer.quarantine(
        QuarantinedRow(
          file: "a.csv", line: 7, column: "units", value: "-1", raw: "x,-1", kind: "negative_units", reason: "why"))
      var summary = LoadSummary()
      summary.rowsLoaded = 9
      summary.completeThrough = Self.first + 9
      return summary
    }
  }

  func run(key: String = "key", status: RunRecord.Status = .complete) throws -> RunRecord {
    try store.createRun(Self.runRecord(key: key, status: status))
  }

  static func runRecord(key: String = "key", status: RunRecord.Status = .complete) -> RunRecord {
    RunRecord(
      key: key, command: "nightly", status: status, origin: first + 9, horizon: 2, seed: .max, startedAt: noon,
      snapshot: "s", configurationHash: "c", codeVersion: "1", cpuClass: "v3")
  }

  /// One forecast for every node of the hierarchy, recognisable by its values.
  func forecasts() throws -> [NodeForecast] {
    let hierarchy = try store.hierarchy()
    return hierarchy.levelPairs.flatMap { pair in
      hierarchy.membership(at: pair).nodes.map { node in
        let base = node.product * 10 + node.location
        return NodeForecast(
          node: node, days: [.init(draws: [base, base + 1, base + 1]), .init(draws: [0, 0, base])],
          total: .init(draws: [base, base + 1, 2 * base + 1]))
      }
    }
  }
}
