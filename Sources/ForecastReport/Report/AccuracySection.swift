import DemandData

/// The last backtest in words: the forecast against seasonal naive, level by level.
struct AccuracySection {
  /// A level at which both were scored.
  private struct Pair {
    let forecast: LevelAccuracy
    let naive: LevelAccuracy
    /// Share of seasonal naive's error that the forecast saves: negative when it is worse, nil when there is none.
    var saved: Double? { naive.wrmsse > 0 ? 1 - forecast.wrmsse / naive.wrmsse : nil }
  }

  /// Name of the row that is the mean of all levels.
  private static let mean = "mean"

  private let backtest: BacktestResult
  private let levels: [Pair]
  private let overall: Pair

  /// Nil without a backtest, or with one that did not score both methods at a common level.
  init?(_ backtest: BacktestResult?) {
    guard let backtest else { return nil }
    let pairs: [Pair] = backtest.accuracy.filter { $0.method == "demand" }.compactMap { forecast in
      let naive = backtest.accuracy.first { $0.method == "seasonal_naive" && $0.level == forecast.level }
      return naive.map { Pair(forecast: forecast, naive: $0) }
    }
    guard let overall = pairs.first(where: { $0.forecast.level == Self.mean }) ?? pairs.first else { return nil }
    self.backtest = backtest
    self.overall = overall
    levels = pairs.filter { $0.forecast.level != Self.mean }
  }

  var headline: String { Self.verdict(overall.saved) }

  var headlineNote: String {
    "than seasonal naive: WRMSSE \(Figures.decimal(overall.forecast.wrmsse, 3)) against "
      + Figures.decimal(overall.naive.wrmsse, 3)
  }

  var values: [String: Any] {
    ["sentence": sentence, "rows": (levels + meanRow).map(row)]
  }

  private var meanRow: [Pair] { overall.forecast.level == Self.mean ? [overall] : [] }

  /// `32% better`, `8% worse`, `the same`.
  private static func verdict(_ saved: Double?) -> String {
    guard let saved, saved.isFinite else { return "not comparable" }
    let percent = abs(saved) * 100
    if percent < 0.5 { return "the same" }
    return "\(Figures.decimal(percent, percent < 9.95 ? 1 : 0))% \(saved > 0 ? "better" : "worse")"
  }

  private var sentence: String {
    let origins = backtest.origins.count
    let spans = origins == 1 ? "one past origin" : "\(Figures.grouped(origins)) past origins"
    var range = ""
    if let first = backtest.origins.min(), let last = backtest.origins.max() {
      range = first == last ? " (\(first.iso))" : " (\(first.iso) to \(last.iso))"
    }
    let better = levels.count { ($0.saved ?? 0) > 0 }
    let verdict = Self.verdict(overall.saved)
    let comparison = verdict == "not comparable" ? "which is not comparable" : "\(verdict)"
    var text = "Forecasting \(backtest.horizon == 1 ? "one day" : "\(backtest.horizon) days") from \(spans)\(range), "
    text +=
      "the forecast's weighted error (WRMSSE) was \(Figures.decimal(overall.forecast.wrmsse, 3)), seasonal naive's "
    text += "\(Figures.decimal(overall.naive.wrmsse, 3)): \(comparison)."
    if levels.count > 1 { text += " It was better at \(better) of \(levels.count) levels." }
    if let coverage = overall.forecast.coverage80 {
      text += " The 80% intervals held \(Figures.decimal(coverage * 100, 0)) of 100 days."
    }
    return text
  }

  private func row(_ pair: Pair) -> [String: Any] {
    let it = pair.forecast
    func percent(_ value: Double?) -> String { value.map { Figures.decimal($0 * 100, 0) + "%" } ?? "–" }
    // A narrow page breaks `department:store` after its colon.
    let level = it.level == Self.mean ? "mean of levels" : it.level
    let start = level.prefix { $0 != ":" }
    return [
      "levelStart": String(level.prefix(start.count + 1)), "levelEnd": String(level.dropFirst(start.count + 1)),
      "isMean": it.level == Self.mean,
      "forecast": Figures.decimal(it.wrmsse, 3), "naive": Figures.decimal(pair.naive.wrmsse, 3),
      "verdict": Self.verdict(pair.saved), "isWorse": (pair.saved ?? 0) <= -0.005,
      "bias": Figures.change(it.bias), "half": percent(it.coverage50), "eight": percent(it.coverage80),
      "most": percent(it.coverage95),
    ]
  }
}
