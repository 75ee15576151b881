import DemandData
import DemandModel
import Foundation
import Testing

@Suite struct YardstickTests {
  static func forecast(_ yardstick: Yardstick, _ units: [Int32], unknown: Set<Int> = [], horizon: Int = 10) -> [Double]
  {
    let hierarchy = Hierarchy(
      product: try! Tree(levelNames: ["product"], paths: [["p"]]),
      location: try! Tree(levelNames: ["store"], paths: [["s"]]), series: [.init(product: 0, store: 0)])
    let status = units.indices.map { (unknown.contains($0) ? DayStatus.unknown : .sold).rawValue }
    let panel = Panel(
      hierarchy: hierarchy, firstDay: Day(number: 0), dayCount: units.count, units: units, status: status,
      startIsKnown: [true], prices: .none(seriesCount: 1), calendar: EventCalendar())
    return yardstick.forecastSeries(of: panel, horizon: horizon)
  }

  @Test func pointForecasts() {
    let units = (1...30).map { Int32($0) }
    #expect(Self.forecast(.naive, units) == [Double](repeating: 30, count: 10))
    #expect(Self.forecast(.seasonalNaive, units) == [24, 25, 26, 27, 28, 29, 30, 24, 25, 26])
    #expect(Self.forecast(.movingAverage, units) == [Double](repeating: (3 + 30) / 2.0, count: 10))
  }

  /// Figures of statsforecast 2.1.1 (CrostonClassic, TSB(0.1, 0.1)) from the first sale on; for exponential smoothing the
  /// best of 98,001 alphas, which its SimpleExponentialSmoothingOptimized also finds, to five digits.
  @Test(arguments: [
    ((0..<60).map { ($0 * $0 * 7 + 3 * $0) % 11 }, 3.999406548573498, 3.9875040276941935, 4.039053867632872),
    (
      (0..<90).map { ($0 * $0 * 5 + $0) % 13 == 0 ? 1 + $0 % 4 : 0 }, 0.40159186456137386, 0.45172926723528195,
      0.25628491569923956
    ),
    ([0, 0, 0, 5, 0, 0, 3, 0, 1, 0, 0, 0, 0, 2, 0], 0.4968723577697949, 2.5290556900726386, 2.089005920602021),
  ])
  func smoothingAgreesWithStatsforecast(units: [Int], smoothed: Double, croston: Double, tsb: Double) {
    let units = units.map { Int32($0) }
    #expect(abs(Self.forecast(.exponentialSmoothing, units)[9] / smoothed - 1) < 2e-3)
    #expect(abs(Self.forecast(.croston, units)[9] / croston - 1) < 1e-12)
    #expect(abs(Self.forecast(.tsb, units)[9] / tsb - 1) < 1e-12)
  }

  @Test func smoothingOfAConstantAndOfNothing() {
    for yardstick in [Yardstick.exponentialSmoothing, .croston, .tsb] {
      #expect(Self.forecast(yardstick, [0, 3, 3, 3, 3])[0] == 3)
      #expect(Self.forecast(yardstick, [0, 0, 0]).allSatisfy { $0 == 0 })
      #expect(Self.forecast(yardstick, [7], unknown: [0]).allSatisfy { $0 == 0 })
    }
  }

  @Test func unknownDaysArePassedOver() {
    let units: [Int32] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0]
    #expect(Self.forecast(.naive, units, unknown: [12, 13])[0] == 12)
    #expect(Self.forecast(.seasonalNaive, units, unknown: [12, 13], horizon: 7) == [8, 9, 10, 11, 12, 6, 7])
    #expect(Self.forecast(.movingAverage, units, unknown: [12, 13])[0] == 6.5)
  }

  @Test func historiesShorterThanASeasonOrEmptyForecastZero() {
    #expect(Self.forecast(.seasonalNaive, [4, 5], horizon: 7) == [0, 0, 0, 0, 0, 4, 5])
    #expect(Self.forecast(.naive, [7], unknown: [0]).allSatisfy { $0 == 0 })
    #expect(Self.forecast(.movingAverage, [7], unknown: [0]).allSatisfy { $0 == 0 })
  }

  @Test func backtestOfYardsticksScoresEveryLevelAtEveryOrigin() throws {
    let panel = SmallRetailer.panel()
    let origins = try Backtest.origins(panel: panel, horizon: 14, count: 3, step: 7)
    #expect(origins.map { $0 - panel.firstDay + 1 } == [50, 57, 64])
    let result = try Backtest.yardsticks(panel: panel, horizon: 14, origins: origins)
    #expect(result.accuracy.count == 6 * 13)
    for row in result.accuracy {
      #expect(row.wrmsse > 0 && row.wrmsse.isFinite)
      #expect((row.wspl != nil) == (row.method == "seasonal_naive"))
    }
    // The pooled figure is the mean of the origins'.
    let each = try origins.map {
      try Backtest.yardsticks(panel: panel, horizon: 14, origins: [$0]).accuracy[2].wrmsse
    }
    #expect(abs(result.accuracy[2].wrmsse - each.reduce(0, +) / 3) < 1e-12)
  }

  @Test func originsThatLeaveNoHorizonAreRefused() {
    let panel = SmallRetailer.panel()
    #expect(throws: BacktestError.historyTooShort(days: 78, needed: 79)) {
      try Backtest.origins(panel: panel, horizon: 28, count: 2, step: 50)
    }
    #expect(throws: BacktestError.notPositive) { try Backtest.origins(panel: panel, horizon: 0, count: 1, step: 1) }
    #expect(throws: BacktestError.self) {
      try Backtest.yardsticks(panel: panel, horizon: 28, origins: [panel.origin])
    }
  }

  /// Seasonal naive trained on d_1..d_1885 and tested on d_1886..d_1913: the check figures that come with the data,
  /// of an evaluator that reproduces the M5 organisers' own.
  @Test(.enabled(if: M5Panel.folder != nil, "set DEMAND_M5_DATA to the folder of the M5 files to run this"))
  func seasonalNaiveOnM5HasThePublishedScore() throws {
    let panel = try M5Panel.load(from: #require(M5Panel.folder))
    #expect(panel.seriesCount == 30_490)
    let result = try Backtest.yardsticks(panel: panel, horizon: 28, origins: [panel.firstDay + 1884])
    let rows = result.accuracy.filter { $0.method == Yardstick.seasonalNaive.rawValue }
    let expected = [
      "all:all": 0.667679, "all:region": 0.724484, "all:store": 0.825182, "category:all": 0.754253,
      "department:all": 0.973824, "category:region": 0.834724, "department:region": 0.984390,
      "category:store": 0.920513, "department:store": 1.028956, "product:all": 1.114270, "product:region": 1.119214,
      "product:store": 1.125888, "mean": 0.922781,
    ]
    #expect(rows.count == expected.count)
    for row in rows {
      let wanted = try #require(expected[row.level])
      #expect(abs(row.wrmsse - wanted) < 1e-6, "\(row.level): \(row.wrmsse), not \(wanted)")
    }
  }
}
