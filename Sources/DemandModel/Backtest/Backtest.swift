import DemandData

/// Forecasts of the past, made with what was known then and held against what came.
public enum Backtest {
  /// The last `count` origins, `step` days apart, that leave `horizon` days of history to score; earliest first.
  ///
  /// - Throws: ``BacktestError`` if a count is not positive or the history is too short.
  public static func origins(panel: Panel, horizon: Int, count: Int, step: Int) throws(BacktestError) -> [Day] {
    guard horizon >= 1, count >= 1, step >= 1 else { throw .notPositive }
    let last = panel.dayCount - horizon
    guard last - (count - 1) * step >= 1 else {
      throw .historyTooShort(days: panel.dayCount, needed: horizon + (count - 1) * step + 1)
    }
    return (0..<count).reversed().map { panel.firstDay + (last - 1 - $0 * step) }
  }

  /// Scores only the yardsticks: quick, and independent of the model.
  ///
  /// - Throws: ``BacktestError``, ``Cancelled``.
  public static func yardsticks(
    panel: Panel, horizon: Int, origins: [Day], control: RunControl = RunControl()
  ) throws -> BacktestResult {
    var cards: [String: [ScoreCard]] = [:]
    for (done, origin) in origins.enumerated() {
      if control.isCancelled() { throw Cancelled() }
      let trainingDays = try trainingDays(panel: panel, origin: origin, horizon: horizon)
      let window = EvaluationWindow(panel: panel, trainingDays: trainingDays, horizon: horizon)
      for (yardstick, card) in try Yardstick.scoreAll(panel: panel, trainingDays: trainingDays, window: window) {
        cards[yardstick.rawValue, default: []].append(card)
      }
      control.progress(done + 1, origins.count)
    }
    return BacktestResult(origins: origins, horizon: horizon, accuracy: try accuracy(cards))
  }

  /// Days of the panel up to and with an origin.
  static func trainingDays(panel: Panel, origin: Day, horizon: Int) throws(BacktestError) -> Int {
    guard horizon >= 1 else { throw .notPositive }
    let days = origin - panel.firstDay + 1
    guard days >= 1, days + horizon <= panel.dayCount else {
      throw .originOutside(
        origin: origin, first: panel.firstDay, last: panel.origin - horizon, horizon: horizon)
    }
    return days
  }

  /// Figures of every method: the model's first, then the yardsticks' in their order.
  static func accuracy(_ cards: [String: [ScoreCard]]) throws -> [LevelAccuracy] {
    let methods = [modelMethod] + Yardstick.allCases.map(\.rawValue)
    return try methods.flatMap { try ScoreCard.accuracy(of: cards[$0] ?? [], method: $0) }
  }

  /// What ``LevelAccuracy/method`` calls the hierarchical model.
  public static let modelMethod = "demand"
}

/// A back-test that cannot be run as asked.
public enum BacktestError: Error, Hashable, Sendable, CustomStringConvertible {
  case notPositive
  case historyTooShort(days: Int, needed: Int)
  case originOutside(origin: Day, first: Day, last: Day, horizon: Int)

  public var description: String {
    switch self {
    case .notPositive:
      "horizon, number of origins and step must be at least 1 day"
    case .historyTooShort(let days, let needed):
      "history holds \(days) days and these origins need \(needed): ask for fewer origins, smaller steps or a shorter "
        + "horizon"
    case .originOutside(let origin, let first, let last, let horizon):
      "origin \(origin) leaves no \(horizon) days to score: choose one from \(first) to \(last)"
    }
  }
}
