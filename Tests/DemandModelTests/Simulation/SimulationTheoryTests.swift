import DemandData
import DemandModel
import Foundation
import Testing

/// What simulated paths must have in the mean and in variance, from theory alone. Limits are 5 standard errors of the
/// estimate, itself taken from the draws.
@Suite struct SimulationTheoryTests {
  struct Moments {
    let mean: Double
    let variance: Double
    /// Standard errors, the variance's from the fourth moment.
    let meanError: Double
    let varianceError: Double

    init(_ values: [Double]) {
      let n = Double(values.count)
      let mean = values.reduce(0, +) / n
      let squares = values.map { ($0 - mean) * ($0 - mean) }
      let variance = squares.reduce(0, +) / (n - 1)
      let fourth = squares.reduce(0) { $0 + $1 * $1 } / n
      (self.mean, self.variance) = (mean, variance)
      meanError = (variance / n).squareRoot()
      varianceError = max(0, (fourth - variance * variance) / n).squareRoot()
    }
  }

  @Test func sharedShocksHaveMeanOneAtEveryHorizon() throws {
    var it = SyntheticPosterior()
    (it.weekly, it.daily, it.ownWeekly, it.ownDaily) = (0.1, 0.1, 0.1, 0.15)
    // One huge seller per group and year: its own noise takes nothing from the group's shocks.
    (it.products, it.stores, it.horizon, it.draws) = (4, 2, 60, 4000)
    let simulation = try it.simulation()
    for group in 0..<4 {
      let factors = (0..<it.draws).map { simulation.factors(group: group, draw: $0) }
      for day in 0..<it.horizon {
        let moments = Moments(factors.map { $0[day] })
        #expect(abs(moments.mean - 1) < 5 * moments.meanError, "group \(group), day \(day + 1): \(moments.mean)")
      }
      // Log variance: two components' and the own weekly walk, and their daily shocks.
      let last = Moments(factors.map { log($0[it.horizon - 1]) })
      let weeks = Double((it.horizon + 6) / 7)
      let components = 2 * (weeks * 0.01 + 0.01)
      #expect(last.variance > components - 5 * last.varianceError)
      #expect(last.variance < components + weeks * 0.01 + 0.0225 + 5 * last.varianceError)
    }
  }

  @Test func calendarTrendAndWeekdaysMakeTheMean() throws {
    var it = SyntheticPosterior()
    it.trend = 0.1
    it.logCalendar = { group, day in 0.01 * Double(day) + 0.1 * Double(group % 2) }
    it.weekdays = [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]
    it.level = { _ in 1e5 }
    let simulation = try it.simulation()
    let units = simulation.units(series: 1, draw: 0)
    let group = it.groups.groupOfSeries[1]
    for day in 0..<28 {
      let damped = (1...day / 7 + 1).reduce(0.0) { $0 + pow(0.98, Double($1)) }
      let expected =
        1e5
        * exp(
          0.01 * Double(day) + 0.1 * Double(group % 2) + 0.1 * damped + Double(it.weekdays[day % 7]))
      #expect(abs(Double(units[day]) / expected - 1) < 0.03, "day \(day + 1)")
    }
  }

  /// Whatever alpha and the shelf do, a path neither drifts up nor down: the mean of day h is that of day 1.
  @Test(arguments: [Float(0.05), 0.3])
  func pathsAreMartingales(alpha: Float) throws {
    var it = SyntheticPosterior()
    (it.weekly, it.daily, it.ownDaily) = (0.03, 0.05, 0.1)
    (it.alpha, it.size, it.draws) = (alpha, 4, 6000)
    it.level = { $0 % 2 == 0 ? 0.7 : 8 }
    let simulation = try it.simulation()
    for series in [0, 1, 10, 23] {
      let paths = (0..<it.draws).map { simulation.units(series: series, draw: $0) }
      for day in [0, 1, 6, 7, 13, 20, 27] {
        let moments = Moments(paths.map { Double($0[day]) })
        let expected = Double(it.level(series))
        #expect(abs(moments.mean - expected) < 5 * moments.meanError, "series \(series), day \(day + 1)")
      }
    }
  }

  /// A hidden state that comes and goes: sales stop and restart, and the share of days on the shelf is the chain's.
  @Test func theShelfStateMovesByItsChain() throws {
    var it = SyntheticPosterior()
    (it.onShelf, it.leave, it.comeBack, it.draws) = (0.9, 0.1, 0.2, 8000)
    it.level = { _ in 20 }
    let simulation = try it.simulation()
    let paths = (0..<it.draws).map { simulation.units(series: 5, draw: $0) }
    var on = 0.9
    for day in 0..<28 {
      on = on * 0.9 + (1 - on) * 0.2
      let share = Double(paths.filter { $0[day] > 0 }.count) / Double(it.draws)
      #expect(abs(share - on) < 5 * (on * (1 - on) / Double(it.draws)).squareRoot(), "day \(day + 1)")
    }
  }

  /// The one-day variance that was fitted is the one that is simulated, of series as of groups.
  ///
  /// Series: mean + mean^2 / phi, with phi the fitted size, whatever part of it is shared. Group: Poisson noise plus the
  /// components' and the own lognormal shock, of which the series' own noise is a part.
  @Test(arguments: [(Float(20), 0.15), (8, 0.25), (50, 0.1)])
  func oneDayVarianceIsTheFittedOne(size: Float, ownDaily: Double) throws {
    var it = SyntheticPosterior()
    (it.products, it.stores, it.horizon, it.draws) = (24, 2, 1, 30_000)
    (it.daily, it.ownDaily, it.size) = (0.06, ownDaily, size)
    it.level = { [3, 10, 30][$0 % 3] }
    let simulation = try it.simulation()
    let groups = it.groups
    let members = it.hierarchy.series.indices.filter { groups.groupOfSeries[$0] == 0 }
    var sums = [Double](repeating: 0, count: it.draws)
    for series in members {
      let units = (0..<it.draws).map { Double(simulation.units(series: series, draw: $0)[0]) }
      for draw in sums.indices { sums[draw] += units[draw] }
      let level = Double(it.level(series))
      let moments = Moments(units)
      let theory = level + level * level / Double(size)
      #expect(abs(moments.variance - theory) < 5 * moments.varianceError, "series: \(moments.variance), \(theory)")
    }
    let total = members.reduce(0.0) { $0 + Double(it.level($1)) }
    let moments = Moments(sums)
    let shocks = exp(2 * 0.06 * 0.06 + ownDaily * ownDaily) - 1
    let theory = total + total * total * shocks
    #expect(abs(moments.variance - theory) < 5 * moments.varianceError, "group: \(moments.variance), \(theory)")
    #expect(abs(moments.mean - total) < 5 * moments.meanError)
  }

  /// Where the series' own noise is more than the group's fit allows, no own shock is added.
  @Test func seriesNoiseThatFillsTheGroupsLeavesNoOwnShock() throws {
    var it = SyntheticPosterior()
    (it.products, it.stores, it.horizon, it.draws, it.size, it.ownDaily) = (4, 2, 1, 200, 0.5, 0.1)
    let simulation = try it.simulation()
    for draw in 0..<it.draws { #expect(simulation.factors(group: 0, draw: draw)[0] == 1) }
  }

  /// The group's level wanders in a week as much as was fitted: own innovation and series' levels together.
  @Test func weeklyInnovationsAreNotCountedTwice() throws {
    var it = SyntheticPosterior()
    (it.products, it.stores, it.horizon, it.draws) = (40, 2, 15, 4000)
    (it.alpha, it.size, it.ownWeekly) = (0.15, 5, 0.1)
    it.level = { _ in 20 }
    let simulation = try it.simulation()
    let members = it.hierarchy.series.indices.filter { it.groups.groupOfSeries[$0] == 0 }
    // Sum of day 8 and of day 15: a week apart. Their covariance with day 1 is all level.
    var sums = [[Double]](repeating: [0, 0, 0], count: it.draws)
    for series in members {
      for draw in 0..<it.draws {
        let units = simulation.units(series: series, draw: draw)
        for (slot, day) in [0, 7, 14].enumerated() { sums[draw][slot] += Double(units[day]) }
      }
    }
    let total = 20.0 * Double(members.count)
    func covariance(_ a: Int, _ b: Int) -> Double {
      sums.reduce(0) { $0 + ($1[a] / total - 1) * ($1[b] / total - 1) } / Double(it.draws)
    }
    // A day's noise moves the levels it is part of by alpha of itself, so cov(day 8, day 15) is the level variance up to
    // day 8 plus alpha times day 8's own noise.
    let dayNoise = (1 / 20.0 + 1 / 5.0) / Double(members.count)
    let level = covariance(1, 2) - 0.15 * dayNoise
    // Week 1's and week 2's step of the own walk are in day 8 (each 0.01 less the series' share), and the series'
    // levels' of seven days.
    let share = 7 * 0.15 * 0.15 * dayNoise
    let expected = 2 * (0.01 - share) + share
    #expect(abs(level / expected - 1) < 0.15, "\(level), \(expected)")
  }
}
