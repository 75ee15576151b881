import DemandData
import DemandModel
import Foundation
import Inference
import NumericKernels
import Testing

@Suite struct SeriesSamplerTests {
  private func sample(
    _ days: SeriesDays, calendars: [[Double]], settings: ModelSpecification.Stage2 = .init(), seed: UInt64 = 3,
    identity: UInt64 = 1, method: SeriesOutcome.Method = .independence
  ) -> SampledSeries {
    Stage2.sample(
      days: days, logCalendars: calendars, prior: SeriesSimulator.prior, settings: settings, seed: seed,
      identity: identity, method: method)
  }

  /// Parameters drawn from the prior and series drawn from them: the true value's rank among its posterior draws is
  /// uniform (Talts et al., "Validating Bayesian inference algorithms with simulation-based calibration", 2018).
  @Test func ranksOfTrueParametersAreUniform() {
    let bins = 8
    let replicates = 320
    let kept = 31
    let calendar = SeriesSimulator.logCalendar(days: 150)
    var settings = ModelSpecification.Stage2()
    settings.innerSteps = 47
    settings.settlingSteps = 15
    var counts = [[Int]](repeating: [Int](repeating: 0, count: bins), count: SeriesParameter.count)
    for replicate in 0..<replicates {
      var stream = RandomStream(seed: 21, purpose: 9001, index: UInt64(replicate))
      let theta = SeriesSimulator.prior.draw(using: &stream)
      let units = SeriesSimulator.units(theta: theta, logCalendar: calendar, firstWeekday: 0, stream: &stream)
      let days = SeriesSimulator.days(units: units, firstDay: Day(number: 4))
      let sampled = sample(
        days, calendars: [[Double]](repeating: calendar, count: 8), settings: settings, identity: UInt64(replicate))
      let draws = sampled.draws
      #expect(draws.isComplete)
      let chosen = (0..<kept).map { draws.theta((2 * $0 + 1) * draws.count / (2 * kept)) }
      for parameter in 0..<SeriesParameter.count {
        let rank = chosen.count { $0[parameter] < theta[parameter] }
        counts[parameter][rank * bins / (kept + 1)] += 1
      }
    }
    let expected = Double(replicates) / Double(bins)
    for (parameter, count) in counts.enumerated() {
      let chiSquare = count.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
      // The 99.95 % quantile of chi-square with 7 degrees of freedom: eleven tests fail together once in 180.
      #expect(chiSquare < 26.02, "parameter \(parameter): \(count)")
    }
  }

  /// A slow seller whose zeros are explained by a small size or by absence.
  private var slowSeller: SeriesDays {
    var stream = RandomStream(seed: 5, purpose: 9002)
    var units = [Int32](repeating: 0, count: 700)
    for day in 0..<700 where (day / 90) % 3 != 1 && stream.uniform() < 0.07 {
      units[day] = Int32(1 + stream.negativeBinomial(mean: 1.5, size: 0.6))
    }
    return SeriesSimulator.days(units: units, firstDay: Day(number: 4))
  }

  private func moments(_ sampled: SampledSeries) -> (mean: [Double], sd: [Double]) {
    let points = (0..<sampled.draws.count).map { draw in
      sampled.draws.theta(draw) + [log(Double(sampled.draws.level(draw))), Double(sampled.draws.onShelf(draw))]
    }
    let n = Double(points.count)
    let mean = points[0].indices.map { i in points.reduce(0) { $0 + $1[i] } / n }
    let sd = points[0].indices.map { i in
      (points.reduce(0) { $0 + ($1[i] - mean[i]) * ($1[i] - mean[i]) } / n).squareRoot()
    }
    return (mean, sd)
  }

  /// Both samplers agree where the posterior is awkward, within Monte Carlo error of an effective hundred draws.
  @Test func independenceAgreesWithARandomWalk() {
    let calendars = [[Double]](repeating: SeriesSimulator.logCalendar(days: 700), count: 8)
    var settings = ModelSpecification.Stage2()
    settings.innerSteps = 511
    settings.settlingSteps = 64
    let independent = sample(slowSeller, calendars: calendars, settings: settings)
    settings.innerSteps = 159
    settings.settlingSteps = 32
    let walked = sample(slowSeller, calendars: calendars, settings: settings, method: .randomWalk)
    #expect(independent.outcome.method == .independence)
    #expect(walked.outcome.method == .randomWalk)
    let (a, b) = (moments(independent), moments(walked))
    for i in a.mean.indices {
      #expect(abs(a.mean[i] - b.mean[i]) < 0.4 * b.sd[i], "quantity \(i)")
      #expect(a.sd[i] / b.sd[i] > 0.7 && a.sd[i] / b.sd[i] < 1.4, "quantity \(i)")
    }
  }

  /// Plummer (2015): the default number of inner steps gives what four times as many give, although every stage-1 draw
  /// has a calendar of its own.
  @Test func defaultInnerStepsAreEnough() {
    var stream = RandomStream(seed: 8, purpose: 9003)
    let base = SeriesSimulator.logCalendar(days: 500)
    let theta = SeriesSimulator.prior.mean
    let units = SeriesSimulator.units(theta: theta, logCalendar: base, firstWeekday: 0, stream: &stream)
    let days = SeriesSimulator.days(units: units, firstDay: Day(number: 4))
    let calendars = (0..<32).map { _ in
      let tilt = (0..<7).map { _ in 0.1 * stream.normal() }
      return base.indices.map { base[$0] + tilt[$0 % 7] }
    }
    let settings = ModelSpecification.Stage2()
    var longer = settings
    longer.innerSteps *= 4
    longer.settlingSteps *= 4
    let (a, b) = (
      moments(sample(days, calendars: calendars, settings: settings)),
      moments(sample(days, calendars: calendars, settings: longer, seed: 4))
    )
    for i in a.mean.indices {
      #expect(abs(a.mean[i] - b.mean[i]) < 0.3 * b.sd[i], "quantity \(i)")
      #expect(a.sd[i] / b.sd[i] > 0.75 && a.sd[i] / b.sd[i] < 1.33, "quantity \(i)")
    }
  }
}
