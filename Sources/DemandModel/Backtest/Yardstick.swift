import DemandData

/// Simple methods that a forecast must beat, by the name that ``LevelAccuracy/method`` carries.
///
/// Point forecasts are made for every series and summed to the nodes above. Days of unknown sales are passed over;
/// closed days count as sales of zero, as the M5 benchmarks have them.
public enum Yardstick: String, Sendable, Hashable, Codable, CaseIterable {
  /// The last day's sales, for ever.
  case naive
  /// The last week's sales, repeated.
  case seasonalNaive = "seasonal_naive"
  /// Mean of the last 28 days.
  case movingAverage = "moving_average"
  /// Simple exponential smoothing of every series, alpha by least squares: the M5's best benchmark's simplest form.
  case exponentialSmoothing = "exponential_smoothing"
  /// Size of a sale over days between sales, both smoothed.
  case croston
  /// Teunter, Syntetos and Babai: size of a sale times probability of one, both smoothed.
  case tsb

  /// Days in a season: a week.
  public static let season = 7
  /// Days that the moving average covers.
  public static let averagedDays = 28
  /// Days of history whose errors make the seasonal naive's intervals.
  public static let errorDays = 364

  /// Point forecasts of every series of a panel, `[series][day of the horizon]`.
  public func forecastSeries(of panel: Panel, horizon: Int) -> [Double] {
    var result = [Double](repeating: 0, count: panel.seriesCount * horizon)
    for series in 0..<panel.seriesCount {
      let cells = panel.cells(ofSeries: series)
      let units = panel.units[cells]
      let status = panel.status[cells]
      func isKnown(_ cell: Int) -> Bool { status[cell] != DayStatus.unknown.rawValue }
      switch self {
      case .naive:
        let last = cells.reversed().first(where: isKnown).map { Double(units[$0]) } ?? 0
        for day in 0..<horizon { result[series * horizon + day] = last }
      case .seasonalNaive:
        // The latest known day at a whole number of seasons before each day of the week ahead.
        let week = (0..<Self.season).map { day in
          stride(from: cells.upperBound - Self.season + day, through: cells.lowerBound, by: -Self.season)
            .first(where: isKnown).map { Double(units[$0]) } ?? 0
        }
        for day in 0..<horizon { result[series * horizon + day] = week[day % Self.season] }
      case .movingAverage:
        let known = cells.reversed().lazy.filter(isKnown).prefix(Self.averagedDays)
        var sum = 0
        var days = 0
        for cell in known {
          sum += Int(units[cell])
          days += 1
        }
        for day in 0..<horizon { result[series * horizon + day] = days == 0 ? 0 : Double(sum) / Double(days) }
      case .exponentialSmoothing, .croston, .tsb:
        let smoothing = ExponentialSmoothing(units: cells.filter(isKnown).map { units[$0] })
        let level =
          switch self {
          case .croston: smoothing.croston()
          case .tsb: smoothing.teunterSyntetosBabai()
          default: smoothing.optimised()
          }
        for day in 0..<horizon { result[series * horizon + day] = level }
      }
    }
    return result
  }
}

/// Distribution of the seasonal naive forecast of one node: its point forecast plus the errors that the same method
/// made on the node's own history at the same lead, cut at zero.
///
/// Day `h` is `k = ceil(h / 7)` seasons ahead of the week that it repeats, so its errors are `y_t - y_t-7k` over the
/// last 364 days `t` of history since the node's first sale. The method's empirical error distribution at that lead
/// needs no assumption but that errors recur; the others get none, as their errors on a weekly pattern depend
/// on the weekday.
struct SeasonalErrors {
  /// Errors by seasons ahead, ascending, with how often each occurred; nil where no error was seen.
  private let byLead: [EmpiricalDistribution?]

  init(history: NodeHistories.History, trainingDays: Int, horizon: Int, tally: inout DistributionTally) {
    let first = history.units[..<trainingDays].firstIndex { $0 > 0 } ?? trainingDays
    let leads = (horizon + Yardstick.season - 1) / Yardstick.season
    byLead = (1...leads).map { lead -> EmpiricalDistribution? in
      let lag = lead * Yardstick.season
      var errors: [Int] = []
      for day in max(first + lag, trainingDays - Yardstick.errorDays)..<max(first + lag, trainingDays)
      where !history.isUnknown[day] && !history.isUnknown[day - lag] {
        errors.append(history.units[day] - history.units[day - lag])
      }
      return errors.isEmpty ? nil : tally.distribution(of: errors[...])
    }
  }

  /// Distribution of the day `day` (0 for the first) around `point`.
  func distribution(day: Int, point: Int) -> EmpiricalDistribution {
    guard let errors = byLead[day / Yardstick.season] else { return EmpiricalDistribution(draws: [point]) }
    let atZero = errors.values.firstIndex { $0 + point > 0 } ?? errors.values.count
    let zeros = errors.counts[..<atZero].reduce(0, +)
    return EmpiricalDistribution(
      values: (zeros > 0 ? [0] : []) + errors.values[atZero...].map { $0 + point },
      counts: (zeros > 0 ? [zeros] : []) + errors.counts[atZero...])
  }
}
