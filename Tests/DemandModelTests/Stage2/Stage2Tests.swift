import DemandData
import DemandModel
import Foundation
import NumericKernels
import Synchronization
import Testing

@Suite struct Stage2Tests {
  /// Departments A and B in one store; every series drawn from its department's prior.
  struct World {
    let panel: Panel
    let groups: GroupPosterior
    let hyperparameters: [NormalPrior]
  }

  static func world(perDepartment: Int, days: Int, seed: UInt64) throws -> World {
    var stream = RandomStream(seed: seed, purpose: 9010)
    let priors = (0..<2).map { _ in
      NormalPrior(
        mean: [-3 + 0.5 * stream.normal(), 0.5 + 0.4 * stream.normal(), 0.3 * stream.normal()]
          + [Double](repeating: 0, count: 6) + [1 / 300.0, 1 / 20.0].map(SpecialFunctions.logit),
        sd: [0.7 + 0.2 * stream.uniform(), 0.6, 0.9] + [Double](repeating: 0.12, count: 6) + [0.25, 0.25])
    }
    let paths = (0..<2 * perDepartment).map { ["\(["A", "B"][$0 / perDepartment])", "p\($0)"] }
    let product = try Tree(levelNames: ["department", "product"], paths: paths)
    let location = try Tree(levelNames: ["store"], paths: [["S"]])
    let hierarchy = Hierarchy(
      product: product, location: location, series: paths.indices.map { .init(product: $0, store: 0) })
    let firstDay = Day(number: 4)
    let calendar = SeriesSimulator.logCalendar(days: days + 28)
    var units: [Int32] = []
    for series in paths.indices {
      let theta = priors[series / perDepartment].draw(using: &stream)
      units += SeriesSimulator.units(
        theta: theta, logCalendar: Array(calendar[..<days]), firstWeekday: firstDay.weekday, stream: &stream)
    }
    let panel = Panel(
      hierarchy: hierarchy, firstDay: firstDay, dayCount: days, units: units,
      status: [UInt8](repeating: DayStatus.sold.rawValue, count: units.count),
      startIsKnown: [Bool](repeating: true, count: paths.count), prices: .none(seriesCount: paths.count),
      calendar: EventCalendar())
    return World(panel: panel, groups: groups(of: panel, calendar: calendar), hyperparameters: priors)
  }

  static func groups(of panel: Panel, calendar: [Double]) -> GroupPosterior {
    let pair = panel.hierarchy.levelPair(named: "department:store")!
    let (nodes, membership) = panel.hierarchy.membership(at: pair)
    let draws = 16
    return GroupPosterior(
      groups: nodes, groupOfSeries: membership, firstDay: panel.firstDay, dayCount: calendar.count, keptDraws: draws,
      logCalendar: (0..<draws * nodes.count).flatMap { _ in calendar.map { Float($0) } },
      weeklyTrend: [Double](repeating: 0, count: draws * nodes.count),
      shocks: SharedShocks(components: [], weekly: [], daily: [], ownWeekly: [], ownDaily: []), diagnostics: [])
  }

  static func specification() -> ModelSpecification {
    var specification = ModelSpecification()
    specification.stage2.archivedDraws = 64
    return specification
  }

  @Test func threadsDoNotChangeTheResult() throws {
    let world = try Self.world(perDepartment: 9, days: 160, seed: 1)
    let results = try [1, 3].map { threads in
      try Stage2.sample(
        panel: world.panel, groups: world.groups, specification: Self.specification(), horizon: 28, seed: 7,
        control: RunControl(threads: threads))
    }
    #expect(results[0].series == results[1].series)
    #expect(results[0].diagnostics.map(\.mean) == results[1].diagnostics.map(\.mean))
    #expect(results[0].series.allSatisfy { $0.draws?.drawCount == 64 })
    #expect(results[0].series.allSatisfy { $0.draws?.values.allSatisfy(\.isFinite) == true })
  }

  @Test func cancellationThrowsAndProgressReachesItsTotal() throws {
    let world = try Self.world(perDepartment: 4, days: 60, seed: 2)
    #expect(throws: Cancelled.self) {
      try Stage2.sample(
        panel: world.panel, groups: world.groups, specification: Self.specification(), horizon: 28, seed: 7,
        control: RunControl(isCancelled: { true }))
    }
    let reached = Mutex((done: 0, total: 0))
    _ = try Stage2.sample(
      panel: world.panel, groups: world.groups, specification: Self.specification(), horizon: 28, seed: 7,
      control: RunControl(
        threads: 2,
        progress: { done, total in
          reached.withLock { if done > $0.done { $0 = (done, total) } }
        }))
    #expect(reached.withLock { $0.done == $0.total && $0.total > 0 })
  }

  /// Hyperparameters of simulated departments are found again, over replicates.
  @Test func hyperpriorIsRecovered() throws {
    var inside = 0
    var asked = 0
    var weekdayRatios: [Double] = []
    for replicate in 0..<8 {
      let world = try Self.world(perDepartment: 40, days: 300, seed: 100 + UInt64(replicate))
      let result = try Stage2.sample(
        panel: world.panel, groups: world.groups, specification: Self.specification(), horizon: 28, seed: 7,
        control: RunControl(threads: 2))
      for (department, truth) in zip(["A", "B"], world.hyperparameters) {
        let expected = [
          "hyper_mean[alpha|\(department)]": truth.mean[0], "hyper_mean[size|\(department)]": truth.mean[1],
          "hyper_mean[level|\(department)]": truth.mean[2], "hyper_sd[alpha|\(department)]": truth.sd[0],
          "hyper_sd[size|\(department)]": truth.sd[1], "hyper_sd[level|\(department)]": truth.sd[2],
          "hyper_sd[weekday|\(department)]": truth.sd[3],
        ]
        for (name, value) in expected {
          let row = try #require(result.diagnostics.first { $0.name == name })
          asked += 1
          if name.contains("weekday") { weekdayRatios.append(row.mean / value) }
          inside += row.q5 <= value && value <= row.q95 ? 1 : 0
          #expect(abs(row.mean - value) < 5 * row.sd, "\(name) of replicate \(replicate)")
        }
      }
    }
    // Nominal is 90 % of 112: 101 with a binomial standard deviation of 3.2. Bounds set before the result.
    #expect(Double(inside) / Double(asked) > 0.8, "\(inside) of \(asked)")
    // Spreads are neither too wide nor too narrow, by 16 posterior means. What is reached, 1.09, is still on the wide
    // side for a reason not yet found (the width of the working prior no longer moves it).
    let ratio = weekdayRatios.reduce(0, +) / Double(weekdayRatios.count)
    #expect(abs(ratio - 1) < 0.1, "weekday sd over truth \(ratio)")
  }

  /// What statuses and prices make of series without a history to sample from.
  @Test func seriesWithoutHistoryAreLabelled() throws {
    let world = try Self.world(perDepartment: 6, days: 100, seed: 3)
    var units = world.panel.units
    var status = world.panel.status
    let days = world.panel.dayCount
    func blank(_ series: Int, _ range: Range<Int>, _ value: DayStatus) {
      for day in range {
        units[series * days + day] = 0
        status[series * days + day] = value.rawValue
      }
    }
    blank(0, 0..<days, .notRanged)
    blank(1, 0..<days, .notRanged)
    blank(2, 60..<days, .notRanged)
    blank(3, 0..<days, .unknown)
    let origin = world.panel.origin
    var offsets = [Int](repeating: 0, count: 13)
    for series in 2...12 { offsets[series] = 1 }
    let panel = Panel(
      hierarchy: world.panel.hierarchy, firstDay: world.panel.firstDay, dayCount: days, units: units, status: status,
      startIsKnown: world.panel.startIsKnown,
      prices: PriceHistory(offsets: offsets, fromDay: [Int32(origin.number + 5)], price: [2]),
      calendar: EventCalendar())
    let result = try Stage2.sample(
      panel: panel, groups: world.groups, specification: Self.specification(), horizon: 28, seed: 7,
      control: RunControl())
    let methods = result.series.map(\.outcome.method)
    #expect(methods[0] == .notRanged && result.series[0].draws == nil)
    #expect(methods[1] == .hyperprior)
    #expect(methods[2] == .notRanged && result.series[2].draws == nil)
    #expect(methods[3] == .hyperprior)
    #expect(methods[4...].allSatisfy { $0 == .independence || $0 == .randomWalk })
    let draws = try #require(result.series[1].draws)
    for draw in 0..<draws.drawCount {
      let (leave, back) = (draws.value(.leave, draw: draw), draws.value(.comeBack, draw: draw))
      #expect(abs(draws.value(.onShelf, draw: draw) - back / (leave + back)) < 1e-5)
      let weekdays = (SeriesDraws.Field.monday.rawValue...SeriesDraws.Field.sunday.rawValue).map {
        draws.value(SeriesDraws.Field(rawValue: $0)!, draw: draw)
      }
      #expect(abs(weekdays.reduce(0, +)) < 1e-5)
    }
  }
}
