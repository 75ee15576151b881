import DemandData
import DemandModel
import NumericKernels
import Synchronization
import Testing

@Suite struct BacktestTests {
  /// Two years of two products in two stores: level, weekday pattern, Poisson noise.
  static func panel(days: Int) throws -> Panel {
    let hierarchy = Hierarchy(
      product: try Tree(levelNames: ["department", "product"], paths: [["d", "a"], ["d", "b"]]),
      location: try Tree(levelNames: ["store"], paths: [["s"], ["t"]]),
      series: [0, 1].flatMap { p in [0, 1].map { Hierarchy.Series(product: p, store: $0) } })
    let firstDay = Day(year: 2020, month: 1, day: 6)!
    var units: [Int32] = []
    for series in 0..<4 {
      var stream = RandomStream(seed: 11, purpose: StreamPurpose.retailSimulation.rawValue, index: UInt64(series))
      for day in 0..<days {
        units.append(Int32(stream.poisson((day % 7 < 5 ? 4 : 9) * Double(1 + series))))
      }
    }
    return Panel(
      hierarchy: hierarchy, firstDay: firstDay, dayCount: days, units: units,
      status: [UInt8](repeating: DayStatus.sold.rawValue, count: units.count), startIsKnown: [true, true, true, true],
      prices: .none(seriesCount: 4), calendar: EventCalendar())
  }

  static var specification: ModelSpecification {
    var it = ModelSpecification()
    it.calendar.annualHarmonics = 1
    it.calendar.weekendHarmonics = 0
    it.calendar.partsOfMonth = false
    (it.stage1.chains, it.stage1.warmup, it.stage1.draws, it.stage1.keptDraws) = (2, 60, 60, 4)
    (it.stage2.archivedDraws, it.stage2.hyperpriorSweeps) = (16, 100)
    it.simulation.draws = 64
    return it
  }

  @Test func theModelIsScoredBesideTheYardsticks() throws {
    let panel = try Self.panel(days: 420)
    let origins = try Backtest.origins(panel: panel, horizon: 14, count: 2, step: 14)
    let seen = Mutex<[Day: Int]>([:])
    let progress = Mutex<[Int]>([])
    let control = RunControl(threads: 2, progress: { done, _ in progress.withLock { $0.append(done) } })
    let result = try Backtest.run(
      panel: panel, specification: Self.specification, horizon: 14, origins: origins, seed: 5, control: control
    ) { origin, forecasts in
      seen.withLock { $0[origin, default: 0] += forecasts.count }
      #expect(forecasts.allSatisfy { $0.days.count == 14 })
    }
    let nodes = panel.hierarchy.levelPairs.reduce(0) { $0 + panel.hierarchy.membership(at: $1).nodes.count }
    #expect(seen.withLock { $0 } == [origins[0]: nodes, origins[1]: nodes])
    #expect(progress.withLock { $0.max() } == 6000)
    #expect(result.origins == origins && result.horizon == 14)
    let levels = panel.hierarchy.levelPairs.count + 1
    #expect(result.accuracy.count == 7 * levels)
    let model = result.accuracy.prefix(levels)
    #expect(model.allSatisfy { $0.method == Backtest.modelMethod })
    let best = try #require(result.accuracy.filter { $0.level == "mean" && $0.method != "demand" }.map(\.wrmsse).min())
    // The weekly pattern is plain and the noise Poisson: the model must beat every yardstick.
    let mean = try #require(model.last)
    #expect(mean.wrmsse < best)
    let coverage = try #require(mean.coverage95)
    #expect(coverage > 0.85)
  }

  @Test func cancellationEndsIt() throws {
    let panel = try Self.panel(days: 100)
    #expect(throws: Cancelled.self) {
      try Backtest.run(
        panel: panel, specification: Self.specification, horizon: 14, origins: [panel.origin - 14], seed: 1,
        control: RunControl(isCancelled: { true }))
    }
  }
}
