import DemandData
import DemandModel
import ForecastReport
import Foundation
import SalesStore

/// The files that a nightly run leaves for people: `forecasts.csv` and `report.html`.
struct Reports {
  let environment: BatchEnvironment
  let panel: Panel
  let record: RunRecord

  /// Writes both, each whole or not at all; the same run gives the same bytes.
  ///
  /// - Returns: their paths.
  func write(to folder: String) throws -> [String] {
    let directory = URL(fileURLWithPath: folder, isDirectory: true)
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    } catch {
      throw BatchError.failed(
        message: "cannot make the reports folder \(folder): \(error.localizedDescription)",
        hint: "name a folder that can be written with --reports")
    }
    let csv = directory.appendingPathComponent("forecasts.csv")
    let page = directory.appendingPathComponent("report.html")
    let pairs = panel.hierarchy.levelPairs
    let progress = environment.progress
    progress.begin("reports", total: 2 * pairs.count)
    defer { progress.end("reports") }

    try AtomicFile.write(to: csv) { sink in
      var export = try ForecastExport(
        hierarchy: panel.hierarchy, origin: record.origin, quantiles: environment.configuration.forecast.quantiles,
        format: .csv, to: sink)
      for (done, pair) in pairs.enumerated() {
        try eachForecast(pair) { try export.write($0) }
        progress.advance("reports", done: done + 1, total: 2 * pairs.count)
      }
      try export.finish()
    }
    var report = HTMLReport(input: try input())
    for (done, pair) in pairs.enumerated() {
      let histories = NodeSales(panel: panel, pair: pair)
      try eachForecast(pair) { report.add($0, history: histories.history(of: $0.node)) }
      progress.advance("reports", done: pairs.count + done + 1, total: 2 * pairs.count)
    }
    let html = try report.render()
    try AtomicFile.write(to: page) { sink in try sink(Array(html.utf8)) }
    return [csv.path, page.path]
  }

  private func eachForecast(_ pair: LevelPair, _ body: (NodeForecast) throws -> Void) throws {
    _ = try environment.store.forecasts(
      run: record.id, productLevel: panel.hierarchy.product.levels[pair.product].name,
      locationLevel: panel.hierarchy.location.levels[pair.location].name
    ) { _, forecast in try body(forecast) }
  }

  private func input() throws -> ReportInput {
    let ledger = try environment.store.series(run: record.id, draws: false)
    let outcome = Dictionary(
      ledger.map { ("\($0.product)\u{0}\($0.store)", $0.outcome) }, uniquingKeysWith: { first, _ in first })
    let products = panel.hierarchy.product.leaves
    let stores = panel.hierarchy.location.leaves
    let outcomes = panel.hierarchy.series.compactMap { outcome["\(products[$0.product])\u{0}\(stores[$0.store])"] }
    let diagnostics = try environment.store.diagnostics(run: record.id)
    return ReportInput(
      title: "Demand forecast", unit: "units", hierarchy: panel.hierarchy,
      run: RunFacts(
        id: String(record.id), key: record.key, origin: record.origin, horizon: record.horizon, seed: record.seed,
        draws: environment.configuration.model.simulation.draws, version: record.codeVersion,
        finishedAt: record.finishedAt.map { $0.formatted(.iso8601) }),
      outcomes: outcomes, parameters: diagnostics,
      backtest: try environment.store.latestBacktest()?.result,
      eventsThrough: panel.calendar.knownThrough,
      warnings: [
        "Prices and promotions are not in the model: the forecast goes on at the recent mix of regular and promoted days."
      ] + Gates(limits: environment.configuration.gates).remarks(diagnostics: diagnostics))
  }
}
