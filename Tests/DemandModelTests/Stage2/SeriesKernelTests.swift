import CNumericKernels
import DemandData
import DemandModel
import Foundation
import NumericKernels
import Testing

@Suite struct SeriesKernelTests {
  static let paths = [CNK_PATH_BASE, CNK_PATH_V3, CNK_PATH_V4].map { Int32($0) }.filter {
    cnk_path_is_supported($0) != 0
  }

  /// Results of one kernel call on vectors given by lane.
  static func run(
    path: Int32, days: SeriesDays, calendars: [[Double]], thetas: [[Double]]
  ) -> (logLikelihood: [Double], level: [Double], onShelf: [Double]) {
    let lanes = Int(CNK_LANES)
    var flat = [Double](repeating: 0, count: SeriesParameter.count * lanes)
    for (lane, theta) in thetas.enumerated() {
      for p in theta.indices { flat[p * lanes + lane] = theta[p] }
    }
    var logLikelihood = [Double](repeating: 0, count: lanes)
    var level = logLikelihood
    var onShelf = logLikelihood
    let factors = calendars.map { $0.map { exp($0) } }
    days.withKernelSeries {
      cnk_series_pass_on(path, $0, factors[0], factors[1], flat, &logLikelihood, &level, &onShelf)
    }
    return (logLikelihood, level, onShelf)
  }

  /// Series of all status kinds against the plain filter, on every path that this machine has.
  @Test(arguments: paths) func agreesWithThePlainFilter(path: Int32) throws {
    var stream = RandomStream(seed: 11, purpose: 9000)
    for round in 0..<40 {
      let count = 30 + 10 * round
      let scale = exp(3 * stream.normal() / 2)
      let status = (0..<count).map { _ in UInt8([0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 4][stream.integer(below: 11)]) }
      let units = status.map { status -> Int32 in
        guard status == 0 || status == 3, stream.uniform() < 0.6 else { return 0 }
        return Int32(stream.poisson(scale * stream.gamma(shape: 1)))
      }
      let days = try #require(
        SeriesDays(
          units: units[...], status: status[...], window: round % 3, startIsKnown: round % 2 == 0,
          firstDay: Day(number: 100 + round)))
      let calendars = [0.0, 1].map { SeriesSimulator.logCalendar(days: days.count, phase: $0, size: 0.4) }
      let thetas = (0..<Int(CNK_LANES)).map { _ in
        (0..<SeriesParameter.count).map {
          SeriesSimulator.prior.mean[$0] + 2 * SeriesSimulator.prior.sd[$0] * stream.normal()
        }
      }
      let found = Self.run(path: path, days: days, calendars: calendars, thetas: thetas)
      for (lane, theta) in thetas.enumerated() {
        let plain = ScalarFilter(days: days, logCalendar: calendars[lane / Int(CNK_HALF)], theta: theta)
        #expect(abs(found.logLikelihood[lane] - plain.logLikelihood) < 1e-9 * (1 + abs(plain.logLikelihood)))
        #expect(abs(found.level[lane] - plain.level) < 1e-11 * (1 + plain.level))
        #expect(abs(found.onShelf[lane] - plain.onShelf) < 1e-9)
      }
    }
  }

  /// Derivatives of the kernel by lanes a step apart are those of the plain filter.
  /// Days of thousands to hundreds of millions of units among ordinary ones cost no memory of their size, and no digits.
  @Test(arguments: paths) func daysOfAnySize(path: Int32) throws {
    var stream = RandomStream(seed: 14, purpose: 9000)
    let units = (0..<40).map { $0 % 3 == 0 ? Int32(exp(8 + 12 * stream.uniform())) : Int32(3000 + $0) }
    let days = try #require(
      SeriesDays(
        units: units[...], status: [UInt8](repeating: 0, count: units.count)[...], window: 0, startIsKnown: true,
        firstDay: Day(number: 100)))
    #expect(days.exceedances.count == Int(CNK_MANY) && days.large.count == units.count { $0 > CNK_MANY })
    let calendars = [0.0, 1].map { SeriesSimulator.logCalendar(days: days.count, phase: $0, size: 0.4) }
    let thetas = (0..<Int(CNK_LANES)).map { _ in
      (0..<SeriesParameter.count).map { parameter in
        parameter == SeriesParameter.logLevel
          ? 9 + stream.normal()
          : SeriesSimulator.prior.mean[parameter] + SeriesSimulator.prior.sd[parameter] * stream.normal()
      }
    }
    let found = Self.run(path: path, days: days, calendars: calendars, thetas: thetas)
    for (lane, theta) in thetas.enumerated() {
      let plain = ScalarFilter(days: days, logCalendar: calendars[lane / Int(CNK_HALF)], theta: theta)
      #expect(abs(found.logLikelihood[lane] - plain.logLikelihood) < 1e-9 * (1 + abs(plain.logLikelihood)))
    }
  }

  @Test(arguments: paths) func differencesAcrossLanesAreDerivatives(path: Int32) {
    var stream = RandomStream(seed: 12, purpose: 9000)
    let calendar = SeriesSimulator.logCalendar(days: 300)
    let theta = SeriesSimulator.prior.draw(using: &stream)
    let units = SeriesSimulator.units(theta: theta, logCalendar: calendar, firstWeekday: 3, stream: &stream)
    let days = SeriesSimulator.days(units: units, firstDay: Day(number: 0))
    for parameter in 0..<SeriesParameter.count {
      func moved(_ step: Double) -> [Double] {
        var point = theta
        point[parameter] += step
        return point
      }
      let lanes = (0..<16).map { moved($0 == 0 ? 1e-4 : -1e-4) }
      let found = Self.run(path: path, days: days, calendars: [calendar, calendar], thetas: lanes).logLikelihood
      let plain = [1e-3, -1e-3, 5e-4, -5e-4].map {
        ScalarFilter(days: days, logCalendar: calendar, theta: moved($0)).logLikelihood
      }
      // Richardson's extrapolation of two step lengths.
      let derivative = (4 * (plain[2] - plain[3]) / 1e-3 - (plain[0] - plain[1]) / 2e-3) / 3
      #expect(abs((found[0] - found[1]) / 2e-4 - derivative) < 1e-4 * (1 + abs(derivative)))
    }
  }

  /// scipy 1.17.1: nbinom.logsf(units - 1, size, size / (size + mean)).
  static let tails: [(units: Int32, mean: Double, size: Double, log: Double)] = [
    (1, 0.3, 0.5, -1.56336293124053),
    (1, 2.0, 5.0, -0.205714365955623),
    (3, 0.5, 0.2, -2.76814536825421),
    (5, 5.0, 1.0, -0.911607783969773),
    (12, 1.0, 2.0, -10.9861228866811),
    (40, 2.0, 0.7, -12.9888375013282),
    (3, 20.0, 3.0, -0.0182413135227082),
    (60, 20.0, 50.0, -18.8445608255482),
    (200, 150.0, 0.4, -1.43029822544363),
    (25, 0.05, 8.0, -112.047846486879),
    // More than are summed; mpmath 1.3, log of the regularised incomplete beta function at 40 digits.
    (5000, 4000.0, 3.0, -1.28309926477364),
    (5000, 20.0, 0.5, -126.441223449462),
    (5000, 60000.0, 2.0, -0.0125179708807316),
    (100_000, 90000.0, 400.0, -4.1659726976491),
    (900_000_000, 1e6, 2.0, -1792.50210465611),
  ]

  @Test(arguments: paths) func soldOutDaysContributeTheUpperTail(path: Int32) {
    for tail in Self.tails {
      let days = SeriesDays(
        units: [tail.units], status: [DayStatus.outOfStock.rawValue], window: 0, startIsKnown: true,
        firstDay: Day(number: 0))!
      var theta = [Double](repeating: 0, count: SeriesParameter.count)
      theta[SeriesParameter.logSize] = log(tail.size)
      theta[SeriesParameter.logLevel] = log(tail.mean)
      let found = Self.run(
        path: path, days: days, calendars: [[0], [0]], thetas: [[Double]](repeating: theta, count: 16))
      // Log gammas of large counts leave an error of their last digit.
      let tolerance = tail.units > CNK_MANY ? 1e-8 : 1e-11
      #expect(abs(found.logLikelihood[0] - tail.log) < tolerance * (1 + abs(tail.log)))
      // Level and shelf state stand still.
      #expect(abs(found.level[15] - tail.mean) < 1e-13 * (1 + tail.mean))
      #expect(found.onShelf[15] == 0.5)
    }
  }

  /// The kernels' logarithm and exponential against the C library's, in units in the last place.
  @Test(arguments: paths) func elementaryFunctionsAreAccurate(path: Int32) {
    var stream = RandomStream(seed: 13, purpose: 9000)
    for round in 0..<20_000 {
      let width = round % 2 == 0 ? 1.0 : 300
      let x = (0..<16).map { _ in width * (stream.uniform() - 0.5) }
      var result = [Double](repeating: 0, count: 16)
      cnk_exp_on(path, x, &result)
      for (argument, value) in zip(x, result) { #expect(abs(value - exp(argument)) <= 2 * exp(argument).ulp) }
      let positive = x.map { exp($0) }
      cnk_log_on(path, positive, &result)
      for (argument, value) in zip(positive, result) { #expect(abs(value - log(argument)) <= 2 * log(argument).ulp) }
    }
  }

  @Test func pathHasAName() {
    #expect(["base", "v3", "v4"].contains(Stage2.kernelPath))
    #expect(Self.paths.contains(cnk_path()))
  }
}
