import DemandData
import DemandModel
import Foundation
import Testing

@Suite struct ScoreCardTests {
  /// Figures of `Reference/m5_scores.py`, whose formulas are the M5 evaluator's.
  struct Reference: Decodable {
    struct Level: Decodable {
      let nodes: Int
      let wrmsse, wspl, rmsse, mase, wape, bias, pinball, coverage50, coverage80, calibrationGap: Double
    }
    let provenance: String
    let levels: [String: Level]

    static func load() throws -> Reference {
      let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/m5_scores.json")
      return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
    }
  }

  static func card(_ panel: Panel, _ forecasts: [NodeForecast] = SmallRetailer.forecasts) throws -> ScoreCard {
    let window = EvaluationWindow(
      panel: panel, trainingDays: SmallRetailer.trainingDays, horizon: SmallRetailer.horizon)
    var card = ScoreCard(window: window, seed: 7)
    for forecast in forecasts { try card.add(forecast) }
    return card
  }

  @Test func everyFigureOfEveryLevelIsTheReferences() throws {
    let reference = try Reference.load()
    let accuracy = try ScoreCard.accuracy(of: [Self.card(SmallRetailer.panel())], method: "demand")
    #expect(accuracy.count == 13)
    for level in accuracy.dropLast() {
      let expected = try #require(reference.levels[level.level])
      #expect(level.nodes == expected.nodes)
      let figures: [(String, Double?, Double)] = [
        ("WRMSSE", level.wrmsse, expected.wrmsse), ("WSPL", level.wspl, expected.wspl),
        ("RMSSE", level.rmsse, expected.rmsse), ("MASE", level.mase, expected.mase),
        ("WAPE", level.wape, expected.wape), ("bias", level.bias, expected.bias),
        ("pinball", level.pinball, expected.pinball), ("coverage 50", level.coverage50, expected.coverage50),
        ("coverage 80", level.coverage80, expected.coverage80),
        ("calibration gap", level.calibrationGap, expected.calibrationGap),
      ]
      for (name, found, wanted) in figures {
        let figure = try #require(found)
        #expect(abs(figure - wanted) < 1e-9, "\(name) at \(level.level): \(figure), not \(wanted)")
      }
    }
    let mean = try #require(accuracy.last)
    let expected = reference.levels.values.reduce(0) { $0 + $1.wrmsse } / 12
    #expect(mean.level == "mean" && abs(mean.wrmsse - expected) < 1e-9)
  }

  @Test func withoutAnyPriceUnitsAreTheWeights() throws {
    let panel = SmallRetailer.panel(withPrices: false)
    let window = EvaluationWindow(panel: panel, trainingDays: 50, horizon: 28)
    #expect(window.weighting == .units)
    let card = try Self.card(panel)
    let accuracy = try ScoreCard.accuracy(of: [card], method: "demand")
    // WRMSSE of the stores by hand.
    var weighted = 0.0
    var units = 0.0
    for store in 0..<4 {
      let products = SmallRetailer.hierarchy.series.filter { $0.store == store }.map(\.product)
      let y: [Int] = (0..<78).map { t in products.reduce(0) { $0 + SmallRetailer.sales($1, store, t) } }
      let first = try #require(y.firstIndex { $0 > 0 })
      let steps = (first + 1..<50).map { (t: Int) -> Double in
        let step = Double(y[t] - y[t - 1])
        return step * step
      }
      let errors = (0..<28).map { (h: Int) -> Double in
        let draws = (0..<20).map { k in products.reduce(0) { $0 + SmallRetailer.draw($1, store, h, k) } }
        return Double(y[50 + h]) - Double(draws.reduce(0, +)) / 20
      }
      let rmsse =
        (errors.reduce(0) { $0 + $1 * $1 } / 28 / (steps.reduce(0, +) / Double(steps.count))).squareRoot()
      let weight = Double(y[22..<50].reduce(0, +))
      weighted += weight * rmsse
      units += weight
    }
    let stores = try #require(accuracy.first { $0.level == "all:store" })
    #expect(abs(stores.wrmsse - weighted / units) < 1e-12)
  }

  @Test func unknownDaysAreLeftOut() throws {
    // Series 2 (product 0, store 2) is unknown on one day of the horizon; its forecast that day must not matter.
    let panel = SmallRetailer.panel(unknown: [(series: 2, day: 60)])
    let node = SmallRetailer.hierarchy.node(ofSeries: 2, at: SmallRetailer.hierarchy.seriesPair)
    let wild = SmallRetailer.forecasts.map { forecast in
      guard forecast.node == node else { return forecast }
      var days = forecast.days
      days[10] = EmpiricalDistribution(draws: [1_000_000])
      return NodeForecast(node: node, days: days, total: forecast.total)
    }
    let usual = try ScoreCard.accuracy(of: [Self.card(panel)], method: "demand")
    #expect(try ScoreCard.accuracy(of: [Self.card(panel, wild)], method: "demand") == usual)
    let known = SmallRetailer.panel()
    let mattered = try ScoreCard.accuracy(of: [Self.card(known, wild)], method: "demand")
    #expect(mattered[11].wrmsse > 100 * usual[11].wrmsse)
  }

  @Test func originsArePooledAsDocumented() throws {
    let one = try Self.card(SmallRetailer.panel())
    var doubled = ScoreCard(
      window: EvaluationWindow(panel: SmallRetailer.panel(), trainingDays: 50, horizon: 28), seed: 7)
    for forecast in SmallRetailer.forecasts {
      try doubled.add(node: forecast.node, means: forecast.days.map { 2 * $0.mean }, distributions: forecast.days)
    }
    let a = try ScoreCard.accuracy(of: [one], method: "m")[5]
    let b = try ScoreCard.accuracy(of: [doubled], method: "m")[5]
    let both = try ScoreCard.accuracy(of: [one, doubled], method: "m")[5]
    #expect(abs(both.wrmsse - (a.wrmsse + b.wrmsse) / 2) < 1e-12)
    #expect(abs(both.bias - (a.bias + b.bias) / 2) < 1e-12)
    #expect(abs((1 + b.bias) - 2 * (1 + a.bias)) < 1e-12)
    let coverage = try #require(a.coverage80)
    #expect(both.coverage80 == coverage)
  }

  @Test func aPerfectForecastScoresZeroAndIsCalibrated() throws {
    let panel = SmallRetailer.panel()
    let window = EvaluationWindow(panel: panel, trainingDays: 50, horizon: 28)
    var card = ScoreCard(window: window)
    for pair in panel.hierarchy.levelPairs {
      let (nodes, nodeOfSeries) = panel.hierarchy.membership(at: pair)
      for node in nodes.indices {
        let days = (0..<28).map { h in
          let members = panel.hierarchy.series.indices.filter { nodeOfSeries[$0] == node }
          let actual = members.reduce(0) {
            let it = panel.hierarchy.series[$1]
            return $0 + SmallRetailer.sales(it.product, it.store, 50 + h)
          }
          return EmpiricalDistribution(draws: [actual])
        }
        try card.add(NodeForecast(node: nodes[node], days: days, total: days[0]))
      }
    }
    for level in try ScoreCard.accuracy(of: [card], method: "m") {
      #expect(level.wrmsse == 0 && level.wspl == 0 && level.mase == 0 && level.bias == 0)
      #expect(level.coverage50 == 1 && level.calibrationGap == 0)
    }
  }

  @Test func theTransformOfDrawsFromTheForecastIsUniform() throws {
    // Actuals replaced by cycling through the distribution itself: the randomised transform must be flat.
    let panel = SmallRetailer.panel()
    let window = EvaluationWindow(panel: panel, trainingDays: 50, horizon: 28)
    var card = ScoreCard(window: window, seed: 3)
    let series = panel.hierarchy.seriesPair
    var rotation = 0
    for node in panel.hierarchy.membership(at: series).nodes {
      let days = (0..<28).map { h -> EmpiricalDistribution in
        // Ten equally likely values of which the actual is the `rotation`th.
        let actual = SmallRetailer.sales(node.product, node.location, 50 + h)
        rotation = (rotation + 3) % 10
        return EmpiricalDistribution(draws: (0..<10).map { actual + $0 - rotation })
      }
      try card.add(NodeForecast(node: node, days: days, total: days[0]))
    }
    let calibration = try #require(card.calibration.last)
    #expect(calibration.histogram.reduce(0, +) == 19 * 28)
    // 532 actuals in 20 bins: the Kolmogorov distance exceeds 0.07 with probability below 0.02.
    #expect(calibration.gap < 0.07)
  }

  @Test func misuseIsRefused() throws {
    let window = EvaluationWindow(panel: SmallRetailer.panel(), trainingDays: 50, horizon: 28)
    var card = ScoreCard(window: window)
    let first = SmallRetailer.forecasts[0]
    try card.add(first)
    #expect(throws: ScoreError.addedTwice(first.node)) { try card.add(first) }
    let short = NodeForecast(
      node: SmallRetailer.forecasts[1].node, days: Array(first.days.prefix(5)), total: first.total)
    #expect(throws: ScoreError.tooFewDays(found: 5, needed: 28)) { try card.add(short) }
    let stranger = Node(pair: LevelPair(product: 3, location: 2), product: 4, location: 3)
    #expect(throws: ScoreError.unknownNode(stranger)) {
      try card.add(NodeForecast(node: stranger, days: first.days, total: first.total))
    }
    #expect(throws: ScoreError.missingNodes(level: "all:region", missing: 2, of: 2)) {
      try ScoreCard.accuracy(of: [card], method: "m")
    }
  }
}
