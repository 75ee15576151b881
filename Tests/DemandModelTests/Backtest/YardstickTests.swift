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
    #expect(result.accuracy.count == 3 * 13)
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
