import DemandData

extension Yardstick {
  /// Scores every yardstick at one origin.
  ///
  /// - Parameter panel: reaches at least the window's horizon beyond `trainingDays`; only the days up to there are used
  ///   for forecasts.
  /// - Complexity: O(series x days x location levels), and O(nodes x 364 x seasons in the horizon) for intervals.
  static func scoreAll(panel: Panel, trainingDays: Int, window: EvaluationWindow) throws -> [Yardstick: ScoreCard] {
    let known = panel.truncated(toDayCount: trainingDays)
    var cards: [Yardstick: ScoreCard] = [:]
    for yardstick in allCases {
      let series = yardstick.forecastSeries(of: known, horizon: window.horizon)
      let means = NodeMeans(series: series, hierarchy: panel.hierarchy, horizon: window.horizon)
      var card = ScoreCard(window: window)
      if yardstick == .seasonalNaive {
        var tally = DistributionTally(drawCount: errorDays)
        try NodeHistories.forEach(in: known) { node, history in
          let points = means.forecast(of: node)
          let errors = SeasonalErrors(
            history: history, trainingDays: trainingDays, horizon: window.horizon, tally: &tally)
          let distributions = points.indices.map { errors.distribution(day: $0, point: Int(points[$0])) }
          try card.add(node: node, means: points, distributions: distributions)
        }
      } else {
        for level in window.levels {
          for node in level.nodes { try card.add(node: node, means: means.forecast(of: node)) }
        }
      }
      cards[yardstick] = card
    }
    return cards
  }
}

/// Point forecasts of series summed to every node.
struct NodeMeans {
  private let horizon: Int
  private let locationLevels: Int
  private let nodes: [[Node]]
  private let sums: [[Double]]

  /// - Parameter series: `[series][day]`.
  init(series: [Double], hierarchy: Hierarchy, horizon: Int) {
    self.horizon = horizon
    locationLevels = hierarchy.location.levels.count
    var nodes: [[Node]] = []
    var sums: [[Double]] = []
    for pair in hierarchy.levelPairs {
      let (ofPair, nodeOfSeries) = hierarchy.membership(at: pair)
      var sum = [Double](repeating: 0, count: ofPair.count * horizon)
      for (index, node) in nodeOfSeries.enumerated() {
        for day in 0..<horizon { sum[node * horizon + day] += series[index * horizon + day] }
      }
      nodes.append(ofPair)
      sums.append(sum)
    }
    self.nodes = nodes
    self.sums = sums
  }

  /// The forecast of one node by day.
  func forecast(of node: Node) -> [Double] {
    let level = node.pair.product * locationLevels + node.pair.location
    let position = nodes[level].position(of: node)!
    return Array(sums[level][position * horizon..<(position + 1) * horizon])
  }
}
