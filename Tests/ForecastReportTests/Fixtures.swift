import DemandData
import ForecastReport

extension SyntheticRetailer {
  var run: RunFacts {
    RunFacts(
      id: "2016-03-27-a41f", key: "9f2c4e17b3d8a605", origin: origin, horizon: horizon, seed: 20_160_327, draws: draws,
      version: "0.1.0 (74ea463)", finishedAt: "2016-03-28 02:14", other: [.init(name: "Threads", value: "2")])
  }

  /// A few series fell back, the rest was sampled.
  var outcomes: [SeriesOutcome] {
    hierarchy.series.indices.map { index in
      switch index % 97 {
      case 13: SeriesOutcome(method: .fallback, reason: "no finite mode: all sales on one day")
      case 31: SeriesOutcome(method: .hyperprior)
      case 5, 45, 77: SeriesOutcome(method: .randomWalk, rhat: 1.006, essBulk: 455, essTail: 431)
      default: SeriesOutcome(method: .independence, rhat: 1.002, essBulk: 1210, essTail: 980, acceptance: 0.91)
      }
    }
  }

  var backtest: BacktestResult {
    let levels = hierarchy.levelPairs.map { hierarchy.name(of: $0) } + ["mean"]
    let accuracy = levels.enumerated().flatMap { index, level in
      let error = 0.42 + 0.04 * Double(index)
      return [
        LevelAccuracy(
          level: level, method: "demand", nodes: 10, wrmsse: error, rmsse: error, mase: error, wape: 0.2, bias: -0.012,
          wspl: 0.15, pinball: 1.2, coverage50: 0.51, coverage80: 0.79, coverage95: 0.94),
        LevelAccuracy(
          level: level, method: "seasonal_naive", nodes: 10, wrmsse: index == 11 ? 0.84 : 1.1, rmsse: 0.9, mase: 0.9,
          wape: 0.3, bias: 0.002),
      ]
    }
    return BacktestResult(origins: [origin - 84, origin - 56, origin - 28], horizon: horizon, accuracy: accuracy)
  }

  var parameters: [ParameterDiagnostic] {
    ["weekly_scale[total]", "weekly_scale[store]", "calendar[FOODS_3,CA_1,saturday]", "damping"].enumerated().map {
      ParameterDiagnostic(
        name: $1, mean: 0.021, sd: 0.004, q5: 0.015, q50: 0.02, q95: 0.028, rhat: 1.001 + 0.002 * Double($0),
        essBulk: 1500 - 200 * Double($0), essTail: 1400 - 210 * Double($0))
    }
  }

  var input: ReportInput {
    ReportInput(
      title: "Example Stores", hierarchy: hierarchy, run: run, outcomes: outcomes, parameters: parameters,
      backtest: backtest, eventsThrough: origin + 14)
  }

  func page(_ change: (inout ReportInput) -> Void = { _ in }) throws -> String {
    var input = input
    change(&input)
    var report = HTMLReport(input: input)
    for (forecast, history) in nodes() { report.add(forecast, history: history) }
    return try report.render()
  }
}

/// One product, one store, hostile or plain.
func tinyHierarchy(product: String = "P1", store: String = "S1", department: String = "D1") -> Hierarchy {
  Hierarchy(
    product: try! Tree(levelNames: ["department", "product"], paths: [[department, product]]),
    location: try! Tree(levelNames: ["store"], paths: [[store]]), series: [.init(product: 0, store: 0)])
}

func tinyRun(horizon: Int) -> RunFacts {
  RunFacts(
    id: "r1", key: "k1", origin: Day(iso: "2024-02-28")!, horizon: horizon, seed: 1, draws: 4, version: "test")
}

/// `1,234,567`, written another way than the report does.
func grouped(_ value: Int) -> String {
  var text = String(value)
  var position = text.count - 3
  while position > 0 {
    text.insert(",", at: text.index(text.startIndex, offsetBy: position))
    position -= 3
  }
  return text
}
