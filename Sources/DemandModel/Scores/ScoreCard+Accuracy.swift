import DemandData

extension ScoreCard {
  /// Figures per level, and their mean over levels (level `mean`), pooled over the origins' cards.
  ///
  /// WRMSSE, WSPL, RMSSE and MASE are means over origins; WAPE, bias, pinball, coverage and calibration gap are ratios
  /// of sums over all origins' days. The row `mean` holds the plain mean of the levels' figures and all nodes together.
  ///
  /// - Parameter cards: one per origin, at least one.
  /// - Throws: ``ScoreError/missingNodes(level:missing:of:)`` unless every node was added to every card.
  public static func accuracy(of cards: [ScoreCard], method: String) throws(ScoreError) -> [LevelAccuracy] {
    guard let first = cards.first else { return [] }
    for card in cards {
      guard card.window.levels.map(\.name) == first.window.levels.map(\.name) else { throw .differentHierarchies }
      for (sum, level) in zip(card.sums, card.window.levels) where sum.nodes < level.nodes.count {
        throw .missingNodes(level: level.name, missing: level.nodes.count - sum.nodes, of: level.nodes.count)
      }
    }
    let levels = first.window.levels.indices.map { level in
      pooled(cards.map { $0.sums[level] }, level: first.window.levels[level].name, method: method)
    }
    return levels + [mean(of: levels, method: method)]
  }

  private static func pooled(_ sums: [Sums], level: String, method: String) -> LevelAccuracy {
    func mean(_ value: (Sums) -> Double) -> Double { sums.reduce(0) { $0 + value($1) } / Double(sums.count) }
    func total(_ value: (Sums) -> Double) -> Double { sums.reduce(0) { $0 + value($1) } }
    let actual = max(total(\.actual), 1e-9)
    let days = total { Double($0.daysWithQuantiles) }
    let hasQuantiles = days > 0
    func share(_ count: (Sums) -> Int) -> Double? { hasQuantiles ? total { Double(count($0)) } / days : nil }
    return LevelAccuracy(
      level: level, method: method, nodes: sums[0].nodes,
      wrmsse: mean { $0.weightedSquare / max($0.weight, smallestScale) },
      rmsse: mean { $0.rmsse / Double(max(1, $0.scaledNodes)) },
      mase: mean { $0.mase / Double(max(1, $0.scaledNodes)) },
      wape: total(\.absoluteError) / actual, bias: total(\.mean) / actual - 1,
      wspl: hasQuantiles ? mean { $0.weightedPinball / max($0.weight, smallestScale) } : nil,
      pinball: hasQuantiles ? total(\.pinball) / days : nil,
      coverage50: share { $0.inside[0] }, coverage80: share { $0.inside[1] }, coverage95: share { $0.inside[2] },
      calibrationGap: hasQuantiles ? quantileGap(sums, days: days) : nil)
  }

  /// Largest miss over the scored probabilities `q`: by how much `P(quantile > actual)` exceeds `q`, or
  /// `P(quantile >= actual)` stays below it.
  private static func quantileGap(_ sums: [Sums], days: Double) -> Double {
    var gap = 0.0
    for (slot, probability) in quantiles.enumerated() {
      let above = sums.reduce(0) { $0 + $1.quantileAbove[slot] }
      let reaches = sums.reduce(0) { $0 + $1.quantileReaches[slot] }
      gap = max(gap, Double(above) / days - probability, probability - Double(reaches) / days)
    }
    return gap
  }

  private static func mean(of levels: [LevelAccuracy], method: String) -> LevelAccuracy {
    func mean(_ value: (LevelAccuracy) -> Double) -> Double {
      levels.reduce(0) { $0 + value($1) } / Double(levels.count)
    }
    func mean(_ value: (LevelAccuracy) -> Double?) -> Double? {
      let known = levels.compactMap(value)
      return known.count == levels.count ? known.reduce(0, +) / Double(known.count) : nil
    }
    return LevelAccuracy(
      level: "mean", method: method, nodes: levels.reduce(0) { $0 + $1.nodes }, wrmsse: mean(\.wrmsse),
      rmsse: mean(\.rmsse), mase: mean(\.mase), wape: mean(\.wape), bias: mean(\.bias), wspl: mean(\.wspl),
      pinball: mean(\.pinball), coverage50: mean(\.coverage50), coverage80: mean(\.coverage80),
      coverage95: mean(\.coverage95), calibrationGap: mean(\.calibrationGap))
  }

  /// How the randomised probability integral transform of a level's actuals is distributed.
  ///
  /// The transform of actual `y` is `P(Y < y) + u P(Y = y)` with `u` uniform from a keyed stream; it is uniform if the
  /// forecast is right, counts included (Czado, Gneiting and Held, Biometrics 65, 2009).
  public struct Calibration: Sendable, Hashable, Codable {
    public let level: String
    /// Actuals by equal bin of the transform.
    public let histogram: [Int]

    /// Largest distance between the transform's distribution function and the uniform one, at the bins' edges.
    public var gap: Double {
      let total = Double(max(1, histogram.reduce(0, +)))
      var cumulative = 0
      var gap = 0.0
      for (bin, count) in histogram.enumerated() {
        cumulative += count
        gap = max(gap, abs(Double(cumulative) / total - Double(bin + 1) / Double(histogram.count)))
      }
      return gap
    }
  }

  /// Calibration per level of a method that gave distributions; histograms are empty of counts otherwise.
  public var calibration: [Calibration] {
    zip(window.levels, sums).map { Calibration(level: $0.name, histogram: $1.transform) }
  }
}
