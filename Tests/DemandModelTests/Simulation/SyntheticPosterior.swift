import DemandData
import DemandModel

/// Posteriors of chosen values for a small retailer, so that theory can say what a simulation must give.
struct SyntheticPosterior {
  var products = 6
  var stores = 4
  var horizon = 28
  var draws = 512
  var archivedDraws = 1
  var keptDraws = 1
  var weekly = 0.0
  var daily = 0.0
  var ownWeekly = 0.0
  var ownDaily = 0.0
  var trend = 0.0
  var logCalendar: @Sendable (_ group: Int, _ day: Int) -> Double = { _, _ in 0 }
  var alpha: Float = 0
  var size: Float = 1e9
  var level: @Sendable (_ series: Int) -> Float = { _ in 5 }
  var onShelf: Float = 1
  var leave: Float = 0
  var comeBack: Float = 0
  var weekdays = [Float](repeating: 0, count: 7)
  /// Positions of series that are not on sale.
  var notOnSale: Set<Int> = []
  var closures: [EventCalendar.Closure] = []
  var seed: UInt64 = 1

  static let historyDays = 14
  /// A Sunday, so that the first day ahead is a Monday.
  static let origin = Day(year: 2016, month: 3, day: 27)!

  var hierarchy: Hierarchy {
    let product = try! Tree(
      levelNames: ["category", "department", "product"],
      paths: (0..<products).map { ["c\($0 % 4 / 2)", "d\($0 % 4)", "p\($0)"] })
    let location = try! Tree(levelNames: ["region", "store"], paths: (0..<stores).map { ["r\($0 / 2)", "s\($0)"] })
    return Hierarchy(
      product: product, location: location,
      series: (0..<products).flatMap { p in (0..<stores).map { Hierarchy.Series(product: p, store: $0) } })
  }

  var panel: Panel {
    let hierarchy = hierarchy
    let cells = hierarchy.series.count * Self.historyDays
    return Panel(
      hierarchy: hierarchy, firstDay: Self.origin - (Self.historyDays - 1), dayCount: Self.historyDays,
      units: [Int32](repeating: 1, count: cells), status: [UInt8](repeating: 0, count: cells),
      startIsKnown: [Bool](repeating: true, count: hierarchy.series.count),
      prices: .none(seriesCount: hierarchy.series.count), calendar: EventCalendar(closures: closures))
  }

  /// Groups are departments in stores; shocks are shared by all, and by the departments of a store.
  var groups: GroupPosterior {
    let hierarchy = hierarchy
    let (nodes, groupOfSeries) = hierarchy.membership(at: LevelPair(product: 2, location: 2))
    let days = Self.historyDays + horizon
    let calendar = (0..<keptDraws).flatMap { _ in
      nodes.indices.flatMap { group in (0..<days).map { Float(logCalendar(group, $0 - Self.historyDays)) } }
    }
    let own = keptDraws * nodes.count
    return GroupPosterior(
      groups: nodes, groupOfSeries: groupOfSeries, firstDay: Self.origin - (Self.historyDays - 1), dayCount: days,
      keptDraws: keptDraws, logCalendar: calendar, weeklyTrend: [Double](repeating: trend, count: own),
      shocks: SharedShocks(
        components: [
          .init(name: "all", nodeCount: 1, nodeOfGroup: nodes.map { _ in 0 }),
          .init(name: "store", nodeCount: stores, nodeOfGroup: nodes.map(\.location)),
        ],
        weekly: [Double](repeating: weekly, count: (1 + stores) * keptDraws),
        daily: [Double](repeating: daily, count: 2 * keptDraws),
        ownWeekly: [Double](repeating: ownWeekly, count: own), ownDaily: [Double](repeating: ownDaily, count: own)),
      diagnostics: [])
  }

  var series: [SeriesPosterior] {
    (0..<products * stores).map { index in
      if notOnSale.contains(index) {
        return SeriesPosterior(outcome: SeriesOutcome(method: .notRanged), draws: nil)
      }
      let draw = [alpha, size, level(index), onShelf, leave, comeBack] + weekdays
      return SeriesPosterior(
        outcome: SeriesOutcome(method: .independence),
        draws: SeriesDraws(values: (0..<archivedDraws).flatMap { _ in draw }))
    }
  }

  func simulation() throws -> JointSimulation {
    var specification = ModelSpecification()
    specification.simulation.draws = draws
    return try JointSimulation(
      panel: panel, groups: groups, series: series, specification: specification, horizon: horizon, seed: seed)
  }

  func forecasts(threads: Int = 1) throws -> [NodeForecast] {
    var all: [NodeForecast] = []
    try simulation().run(control: RunControl(threads: threads)) { all += $0 }
    return all
  }
}
