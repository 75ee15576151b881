import DemandData

extension Backtest {
  /// Fits and forecasts at every origin with what was known then, and scores the model beside the yardsticks.
  ///
  /// At each origin the panel is cut there, both stages are sampled afresh and the joint simulation run; prices and the
  /// event calendar stay known ahead, as they are at forecast time. Figures are pooled over origins as told at
  /// ``ScoreCard/accuracy(of:method:)``.
  ///
  /// - Parameters:
  ///   - origins: last training days, each at least `horizon` days before the panel's end; see
  ///     ``origins(panel:horizon:count:step:)``.
  ///   - seed: of every origin's run; streams of the scores' randomised transform use it too.
  ///   - control: progress counts thousandths of each of the three steps of each origin.
  ///   - observe: called with every batch of forecasts of an origin before it is scored, in an order that is always the
  ///     same.
  /// - Throws: ``BacktestError``, what the stages throw, ``Cancelled``, or what `observe` throws.
  public static func run(
    panel: Panel, specification: ModelSpecification, horizon: Int, origins: [Day], seed: UInt64,
    control: RunControl = RunControl(), observe: (_ origin: Day, [NodeForecast]) throws -> Void = { _, _ in }
  ) throws -> BacktestResult {
    var cards: [String: [ScoreCard]] = [:]
    for (position, origin) in origins.enumerated() {
      let trainingDays = try trainingDays(panel: panel, origin: origin, horizon: horizon)
      let known = panel.truncated(toDayCount: trainingDays)
      func step(_ step: Int) -> RunControl { control.part(3 * position + step, of: 3 * origins.count) }
      let groups = try Stage1.sample(
        panel: known, specification: specification, horizon: horizon, seed: seed, control: step(0))
      let series = try Stage2.sample(
        panel: known, groups: groups, specification: specification, horizon: horizon, seed: seed, control: step(1))
      let simulation = try JointSimulation(
        panel: known, groups: groups, series: series.series, specification: specification, horizon: horizon, seed: seed)
      let window = EvaluationWindow(panel: panel, trainingDays: trainingDays, horizon: horizon)
      var card = ScoreCard(window: window, seed: seed)
      try simulation.run(control: step(2)) { forecasts in
        try observe(origin, forecasts)
        for forecast in forecasts { try card.add(forecast) }
      }
      cards[modelMethod, default: []].append(card)
      for (yardstick, card) in try Yardstick.scoreAll(panel: panel, trainingDays: trainingDays, window: window) {
        cards[yardstick.rawValue, default: []].append(card)
      }
    }
    return BacktestResult(origins: origins, horizon: horizon, accuracy: try accuracy(cards))
  }
}

extension RunControl {
  /// The control of part `index` of a computation of `count` equal parts, whose progress it reports in thousandths.
  fileprivate func part(_ index: Int, of count: Int) -> RunControl {
    RunControl(
      threads: threads,
      progress: { [progress] done, total in
        progress(index * 1000 + 1000 * done / max(1, total), count * 1000)
      }, isCancelled: isCancelled)
  }
}
