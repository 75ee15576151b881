import DemandData
import DemandModel
import ForecastReport
import Foundation
import SalesStore

/// Forecasts from the past, scored against what came, beside simple yardsticks; the result is kept for reports.
public struct BacktestBatch: Sendable {
  private let environment: BatchEnvironment
  public init(_ environment: BatchEnvironment) { self.environment = environment }

  /// - Parameters:
  ///   - horizon: days ahead of every origin.
  ///   - origins: how many, the last one a horizon before the end of history.
  ///   - step: days from one origin to the next.
  ///   - yardsticksOnly: leave the model out, which is quick.
  ///   - export: file for the model's forecasts of all origins, in the format of `demand forecast export`.
  public func run(
    horizon: Int, origins: Int, step: Int, yardsticksOnly: Bool = false, export: String? = nil
  ) throws -> BacktestResult {
    try run(
      panel: try environment.loadPanel(), horizon: horizon, origins: origins, step: step,
      yardsticksOnly: yardsticksOnly, export: export)
  }

  func run(
    panel: Panel, horizon: Int, origins count: Int, step: Int, yardsticksOnly: Bool, export: String?
  ) throws -> BacktestResult {
    let origins = try Backtest.origins(panel: panel, horizon: horizon, count: count, step: step)
    let result: BacktestResult
    if yardsticksOnly {
      result = try Backtest.yardsticks(panel: panel, horizon: horizon, origins: origins, control: control())
    } else if let export {
      let url = URL(fileURLWithPath: export)
      var found: BacktestResult?
      try AtomicFile.write(to: url) { sink in
        var writer: ForecastExport?
        var origin: Day?
        found = try model(panel: panel, horizon: horizon, origins: origins) { day, forecasts in
          if origin != day {
            try writer?.finish()
            writer = try ForecastExport(
              hierarchy: panel.hierarchy, origin: day, quantiles: ForecastExport.defaultQuantiles, format: .csv,
              hasHeader: origin == nil, to: sink)
            origin = day
          }
          for forecast in forecasts { try writer?.write(forecast) }
        }
        try writer?.finish()
      }
      result = found!
    } else {
      result = try model(panel: panel, horizon: horizon, origins: origins) { _, _ in }
    }
    if !yardsticksOnly {
      let key = RunKey(panel: panel, horizon: horizon, environment: environment).hash
      try environment.store.saveBacktest(result, runKey: key, at: environment.now())
    }
    return result
  }

  private func model(
    panel: Panel, horizon: Int, origins: [Day], observe: (Day, [NodeForecast]) throws -> Void
  ) throws -> BacktestResult {
    environment.progress.begin("backtest", total: 3000 * origins.count)
    defer { environment.progress.end("backtest") }
    return try Backtest.run(
      panel: panel, specification: environment.configuration.model, horizon: horizon, origins: origins,
      seed: environment.seed, control: control(), observe: observe)
  }

  private func control() -> RunControl {
    let progress = environment.progress
    return RunControl(
      threads: environment.threads, progress: { done, total in progress.advance("backtest", done: done, total: total) },
      isCancelled: environment.isCancelled)
  }
}
