import DemandData

/// What the forecasts made at one origin are held against: every node's actual sales over the horizon, its weight in
/// its level and the scales of its training history.
///
/// The rules are those of the M5 competition (Makridakis, Spiliotis and Assimakopoulos, "The M5 uncertainty
/// competition", International Journal of Forecasting 38, 2022). With `y_1..y_T` the node's sales up to the origin and
/// `f` the first day with sales:
///
///     squareScale   = mean over t = f+1..T of (y_t - y_t-1)^2
///     absoluteScale = mean over t = f+1..T of |y_t - y_t-1|
///     weight        = revenue of the last 28 training days, as a share of the level's
///
/// Revenue takes the price of the day. A panel without any price weighs by units instead (``weighting``); where only
/// some prices are missing, those sales weigh nothing.
///
/// Closed days count as days on which nothing was sold, as in M5. A node's day on which any of its series is unknown is
/// left out: as an actual, and as either end of a one-step difference.
public struct EvaluationWindow: Sendable {
  /// What nodes are weighted by.
  public enum Weighting: String, Sendable, Hashable, Codable {
    case revenue
    case units
  }

  /// One level pair's nodes, sorted, with their figures by position.
  struct Level: Sendable {
    let pair: LevelPair
    let name: String
    let nodes: [Node]
    /// Revenue (or units) of the last 28 training days, not yet divided by the level's.
    var weight: [Double]
    var squareScale: [Double]
    var absoluteScale: [Double]
    /// `[node][day of the horizon]`.
    var actual: [Int]
    var isKnown: [Bool]
  }

  /// Days before the origin whose revenue gives the weights.
  public static let weightDays = 28

  /// Last training day.
  public let origin: Day
  public let horizon: Int
  public let weighting: Weighting
  let levels: [Level]

  /// Takes actuals, weights and scales from a panel that reaches at least `horizon` days beyond the origin.
  ///
  /// - Parameter trainingDays: days of the panel up to and with the origin.
  /// - Precondition: `trainingDays >= 1`, `horizon >= 1`, and both together lie within the panel.
  /// - Complexity: O(series x days) time; memory for the horizons of all nodes and the histories of those above the
  ///   product level.
  public init(panel: Panel, trainingDays: Int, horizon: Int) {
    precondition(trainingDays >= 1 && horizon >= 1 && trainingDays + horizon <= panel.dayCount)
    origin = panel.firstDay + (trainingDays - 1)
    self.horizon = horizon
    weighting = panel.prices.price.isEmpty ? .units : .revenue
    let worth = Self.worthOfSeries(panel: panel, trainingDays: trainingDays, weighting: weighting)
    var levels: [Level] = []
    for pair in panel.hierarchy.levelPairs {
      let (nodes, nodeOfSeries) = panel.hierarchy.membership(at: pair)
      var weight = [Double](repeating: 0, count: nodes.count)
      for (series, node) in nodeOfSeries.enumerated() { weight[node] += worth[series] }
      levels.append(
        Level(
          pair: pair, name: panel.hierarchy.name(of: pair), nodes: nodes, weight: weight,
          squareScale: [Double](repeating: 0, count: nodes.count),
          absoluteScale: [Double](repeating: 0, count: nodes.count),
          actual: [Int](repeating: 0, count: nodes.count * horizon),
          isKnown: [Bool](repeating: true, count: nodes.count * horizon)))
    }
    let locationLevels = panel.hierarchy.location.levels.count
    NodeHistories.forEach(in: panel) { node, history in
      let level = node.pair.product * locationLevels + node.pair.location
      let position = levels[level].nodes.position(of: node)!
      (levels[level].squareScale[position], levels[level].absoluteScale[position]) =
        Self.scales(history, trainingDays: trainingDays)
      for day in 0..<horizon {
        levels[level].actual[position * horizon + day] = history.units[trainingDays + day]
        levels[level].isKnown[position * horizon + day] = !history.isUnknown[trainingDays + day]
      }
    }
    self.levels = levels
  }

  private static func worthOfSeries(panel: Panel, trainingDays: Int, weighting: Weighting) -> [Double] {
    (0..<panel.seriesCount).map { series in
      let start = panel.cells(ofSeries: series).lowerBound
      var worth = 0.0
      for day in max(0, trainingDays - weightDays)..<trainingDays where panel.units[start + day] != 0 {
        let units = Double(panel.units[start + day])
        switch weighting {
        case .units: worth += units
        case .revenue:
          worth += units * Double(panel.prices.price(ofSeries: series, on: panel.firstDay + day) ?? 0)
        }
      }
      return worth
    }
  }

  /// Mean squared and mean absolute one-step difference from the first day with sales on; 0 where there is none.
  private static func scales(_ history: NodeHistories.History, trainingDays: Int) -> (square: Double, absolute: Double)
  {
    guard let first = history.units[..<trainingDays].firstIndex(where: { $0 > 0 }) else { return (0, 0) }
    var count = 0
    var square = 0.0
    var absolute = 0
    for day in first + 1..<max(first + 1, trainingDays) where !history.isUnknown[day] && !history.isUnknown[day - 1] {
      let difference = history.units[day] - history.units[day - 1]
      count += 1
      square += Double(difference) * Double(difference)
      absolute += abs(difference)
    }
    return (square / Double(max(1, count)), Double(absolute) / Double(max(1, count)))
  }
}
