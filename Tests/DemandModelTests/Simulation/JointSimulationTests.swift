import DemandData
import DemandModel
import Testing

@Suite struct JointSimulationTests {
  /// Noisy in every respect.
  static var rich: SyntheticPosterior {
    var it = SyntheticPosterior()
    (it.weekly, it.daily, it.ownWeekly, it.ownDaily, it.trend) = (0.05, 0.04, 0.06, 0.1, 0.01)
    (it.alpha, it.size, it.onShelf, it.leave, it.comeBack) = (0.1, 3, 0.8, 0.05, 0.2)
    it.level = { Float($0 % 7) * 2 + 0.3 }
    it.weekdays = [-0.2, -0.1, 0, 0, 0.1, 0.2, 0]
    it.draws = 128
    it.notOnSale = [3, 9]
    it.closures = [.init(day: SyntheticPosterior.origin + 5)]
    return it
  }

  @Test func everyNodeIsTheSumOfTheVeryDrawsOfItsSeries() throws {
    let it = Self.rich
    let simulation = try it.simulation()
    let draws = it.hierarchy.series.indices.map { series in
      (0..<it.draws).map { simulation.units(series: series, draw: $0) }
    }
    let forecasts = try it.forecasts()
    let expected = it.hierarchy.levelPairs.reduce(0) { $0 + it.hierarchy.membership(at: $1).nodes.count }
    #expect(forecasts.count == expected && Set(forecasts.map(\.node)).count == expected)
    for forecast in forecasts {
      let members = it.hierarchy.series.indices.filter {
        it.hierarchy.node(ofSeries: $0, at: forecast.node.pair) == forecast.node
      }
      let sums = (0..<it.draws).map { draw in
        (0..<it.horizon).map { day in members.reduce(0) { $0 + draws[$1][draw][day] } }
      }
      for day in 0..<it.horizon {
        #expect(forecast.days[day] == EmpiricalDistribution(draws: sums.map { $0[day] }))
      }
      #expect(forecast.total == EmpiricalDistribution(draws: sums.map { $0.reduce(0, +) }))
    }
  }

  @Test func threadsNeverChangeAResult() throws {
    var it = Self.rich
    it.products = 90
    let one = try it.forecasts()
    #expect(try it.forecasts(threads: 2) == one)
    #expect(try it.forecasts(threads: 5) == one)
    it.seed = 2
    #expect(try it.forecasts() != one)
  }

  @Test func aSeriesDrawsTheSameNumbersInAnyPanelAndHorizon() throws {
    var large = Self.rich
    var small = large
    large.products = 8
    small.horizon = 9
    let series = large.hierarchy.series.firstIndex { $0.product == 2 && $0.store == 1 }!
    let same = small.hierarchy.series.firstIndex { $0.product == 2 && $0.store == 1 }!
    // Levels are set by position, and department 2 of store 1 must hold no other series for its noise budget to agree.
    large.level = { _ in 4 }
    small.level = { _ in 4 }
    large.ownDaily = 0
    small.ownDaily = 0
    large.ownWeekly = 0
    small.ownWeekly = 0
    let (a, b) = (try large.simulation(), try small.simulation())
    for draw in 0..<20 {
      #expect(Array(a.units(series: series, draw: draw).prefix(9)) == b.units(series: same, draw: draw))
    }
  }

  @Test func closedDaysAndSeriesNotOnSaleSellNothing() throws {
    var it = Self.rich
    it.closures = [
      .init(day: SyntheticPosterior.origin + 3, scope: .location(level: "region", node: "r1")),
      .init(day: SyntheticPosterior.origin + 10),
    ]
    for forecast in try it.forecasts() where forecast.node.pair == it.hierarchy.seriesPair {
      let index = forecast.node.product * it.stores + forecast.node.location
      #expect(forecast.days[9].values == [0])
      #expect((forecast.days[2].values == [0]) == (forecast.node.location >= 2 || it.notOnSale.contains(index)))
      if it.notOnSale.contains(index) {
        #expect(forecast.days.allSatisfy { $0.values == [0] && $0.counts == [it.draws] })
      }
    }
  }

  /// On a closed day the level stands still: with alpha 1 and no noise worth mention, the days around it must agree.
  @Test func closedDaysFreezeTheLevel() throws {
    var it = SyntheticPosterior()
    it.alpha = 1
    it.level = { _ in 1e6 }
    it.closures = [.init(day: SyntheticPosterior.origin + 2)]
    let units = try it.simulation().units(series: 0, draw: 0)
    #expect(units[1] == 0)
    #expect(abs(Double(units[2]) / Double(units[0]) - 1) < 0.01)
  }

  @Test func posteriorsThatDoNotFitTogetherAreRefused() throws {
    let it = SyntheticPosterior()
    func simulate(series: [SeriesPosterior], horizon: Int) throws {
      _ = try JointSimulation(
        panel: it.panel, groups: it.groups, series: series, specification: ModelSpecification(), horizon: horizon,
        seed: 1)
    }
    #expect(throws: SimulationError.noHorizon) { try simulate(series: it.series, horizon: 0) }
    #expect(throws: SimulationError.calendarTooShort(ahead: 28, horizon: 29)) {
      try simulate(series: it.series, horizon: 29)
    }
    #expect(throws: SimulationError.differentPanels(series: 1, grouped: 24, panel: 24)) {
      try simulate(series: [it.series[0]], horizon: 28)
    }
    var other = it
    other.archivedDraws = 2
    #expect(throws: SimulationError.unevenDraws(found: 2, expected: 1)) {
      try simulate(series: it.series.dropLast() + [other.series[0]], horizon: 28)
    }
  }

  @Test func cancellationAndErrorsOfTheReceiverEndTheRun() throws {
    let simulation = try SyntheticPosterior().simulation()
    #expect(throws: Cancelled.self) {
      try simulation.run(control: RunControl(threads: 2, isCancelled: { true })) { _ in }
    }
    struct Full: Error {}
    #expect(throws: Full.self) { try simulation.run(control: RunControl(threads: 2)) { _ in throw Full() } }
  }
}
