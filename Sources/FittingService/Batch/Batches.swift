import DemandData
import DemandModel
import ForecastReport
import Foundation
import Logging
import SalesStore

/// Fits the model to what the database holds: both stages, sampled and archived, nothing published.
public struct FitBatch: Sendable {
  private let environment: BatchEnvironment
  public init(_ environment: BatchEnvironment) { self.environment = environment }

  public func run(horizon: Int) throws -> BatchOutcome {
    try environment.withModelRun(command: "fit", horizon: horizon) { run in
      let repeated = run.has(.fitted)
      try run.fit()
      try run.finish()
      return environment.outcome(run, repeated: repeated, headline: "fitted \(run.panel.seriesCount) series")
    }
  }
}

/// Continues a fit of the same data, configuration and seed into the future, and fits first where there is none.
public struct ForecastBatch: Sendable {
  private let environment: BatchEnvironment
  public init(_ environment: BatchEnvironment) { self.environment = environment }

  public func run(horizon: Int) throws -> BatchOutcome {
    try environment.withModelRun(command: "forecast", horizon: horizon) { run in
      let repeated = run.has(.forecast)
      try run.fit()
      try run.forecast()
      try run.finish()
      return environment.outcome(run, repeated: repeated, headline: try run.headline())
    }
  }
}

/// Everything from data to published reports.
public struct NightlyBatch: Sendable {
  private let environment: BatchEnvironment
  public init(_ environment: BatchEnvironment) { self.environment = environment }

  /// Loads what lies in the inbox, fits, forecasts, passes the gates, moves the published pointer, and writes reports.
  ///
  /// A failed or refused run leaves the published forecast as it was and marks it stale. What fails after publication,
  /// such as a full disk under the reports, is thrown too, but says nothing against the run or its forecast.
  ///
  /// - Parameter reports: folder for `forecasts.csv` and `report.html`; nil for the configured one, or none.
  public func run(horizon: Int, reports: String?) throws -> BatchOutcome {
    var published = false
    do {
      try environment.emptyInbox()
      return try environment.withModelRun(command: "nightly", horizon: horizon) { run in
        let repeated = try run.has(.forecast) && isPublished(run)
        try run.fit()
        try run.forecast()
        try run.finish()
        if !repeated { try publish(&run) }
        published = true
        try backtestIfDue(panel: run.panel, horizon: horizon)
        var outcome = environment.outcome(run, repeated: repeated, headline: try run.headline())
        outcome.published = true
        if let folder = reports ?? environment.configuration.nightly.reportsDirectory {
          outcome.reportPaths = try Reports(environment: environment, panel: run.panel, record: run.record)
            .write(to: folder)
        }
        _ = try environment.store.pruneRuns(keep: environment.configuration.nightly.keepRuns)
        return outcome
      }
    } catch let error as BatchError {
      // Another batch at work, or nothing to learn from, says nothing against what is published.
      switch error {
      case .lockHeld, .noData: break
      case .gateRefused, .cancelled, .failed:
        if published { break }
        try environment.store.markStale(reason: error.description, at: environment.now())
      }
      throw error
    }
  }

  /// Whether it is published without a stale mark, which only another publication takes away.
  private func isPublished(_ run: ModelRun) throws -> Bool {
    guard let published = try environment.store.publishedRun() else { return false }
    return published.run.id == run.record.id && published.staleSince == nil
  }

  private func publish(_ run: inout ModelRun) throws {
    let store = environment.store
    let hierarchy = run.panel.hierarchy
    let top = NodeNames(
      productLevel: Tree.topName, product: Tree.topName, locationLevel: Tree.topName, location: Tree.topName)
    // What a person took back, the same night does not put forward again; new data or settings make a new run.
    let moves = try store.publicationHistory()
    if let move = moves.last(where: { $0.run == run.record.id || $0.previousRun == run.record.id }),
      move.action == .rollback, move.previousRun == run.record.id
    {
      throw BatchError.gateRefused(
        runID: run.record.id,
        reasons: ["it was taken back with 'demand runs rollback'; new data, settings or another seed make a new run"])
    }
    let published = try store.publishedRun()
    var last: (total: NodeForecast, origin: Day)?
    if let published, published.run.id != run.record.id {
      do {
        last = (try store.forecast(run: published.run.id, top), published.run.origin)
      } catch {
        guard case .corrupt = error else { throw error }
        // Damage to the old forecast must not keep the new one from taking its place.
        environment.logger.warning(
          "no comparison with the published forecast", metadata: ["reason": "\(error)"])
      }
    }
    let pair = LevelPair(product: 0, location: 0)
    let node = Node(pair: pair, product: 0, location: 0)
    let recent = NodeSales(panel: run.panel, pair: pair).history(of: node).units.suffix(28).compactMap { $0 }
    let refusals = Gates(limits: environment.configuration.gates).refusals(
      diagnostics: try store.diagnostics(run: run.record.id),
      total: try store.forecast(run: run.record.id, hierarchy.names(of: node)), origin: run.panel.origin,
      recentDaily: recent.isEmpty ? nil : Double(recent.reduce(0, +)) / Double(recent.count), published: last)
    guard refusals.isEmpty else {
      try run.note("not published: " + refusals.joined(separator: "; "))
      throw BatchError.gateRefused(runID: run.record.id, reasons: refusals)
    }
    try store.publish(run: run.record.id, at: environment.now())
  }

  /// Backtests when the last one is older than configured. One that fails is reported and does not stop the night.
  private func backtestIfDue(panel: Panel, horizon: Int) throws {
    let settings = environment.configuration.nightly.backtest
    guard settings.origins > 0 else { return }
    if let last = try environment.store.latestBacktest(), last.result.horizon == horizon,
      let newest = last.result.origins.max(), panel.origin - newest < horizon + settings.everyDays
    {
      return
    }
    do {
      _ = try BacktestBatch(environment).run(
        panel: panel, horizon: horizon, origins: settings.origins, step: horizon, yardsticksOnly: false, export: nil)
    } catch let error as BacktestError {
      environment.logger.notice("no backtest tonight", metadata: ["reason": "\(error)"])
    }
  }
}

extension ModelRun {
  /// What is expected in all, how sure, and against the last weeks.
  func headline() throws -> String {
    let node = Node(pair: LevelPair(product: 0, location: 0), product: 0, location: 0)
    let forecast = try environment.store.forecast(run: record.id, panel.hierarchy.names(of: node))
    let total = forecast.total
    let recent = NodeSales(panel: panel, pair: node.pair).history(of: node).pace(days: 28, until: panel.origin)
    var text =
      "\(record.origin + 1) to \(record.origin + record.horizon): \(Int(total.mean.rounded())) units expected, "
      + "80% between \(total.quantile(0.1)) and \(total.quantile(0.9))"
    // As the report does: fewer days than four weeks are no pace.
    if recent.count == 28, recent.contains(where: { $0 > 0 }) {
      let pace = Double(recent.reduce(0, +)) / Double(recent.count) * Double(forecast.days.count)
      let change = 100 * (total.mean / pace - 1)
      text += String(format: ", %+.1f%% on the pace of the last four weeks", change)
    }
    return text
  }
}

extension BatchEnvironment {
  /// Takes the lock, reads the panel, and runs `body`; whatever it throws is written to the ledger first.
  func withModelRun(
    command: String, horizon: Int, _ body: (inout ModelRun) throws -> BatchOutcome
  ) throws -> BatchOutcome {
    let lock = try takeLock(holder: "demand \(command) since \(now().formatted(.iso8601))")
    defer { withExtendedLifetime(lock) {} }
    let panel = try loadPanel()
    var run = try ModelRun(command: command, panel: panel, horizon: horizon, environment: self)
    do {
      return try body(&run)
    } catch let error as BatchError {
      if case .gateRefused = error {} else { try run.fail(error) }
      throw error
    } catch is Cancelled {
      try run.fail(Cancelled())
      throw BatchError.cancelled
    } catch {
      try run.fail(error)
      throw BatchError.failed(message: "\(error)", hint: "see 'demand runs show \(run.record.id)'")
    }
  }

  private func takeLock(holder: String) throws -> any BatchLock {
    do { return try store.lockForBatch(holder: holder) } catch StoreError.lockHeld(let place, let holder) {
      throw BatchError.lockHeld(path: place, holder: holder)
    }
  }

  func loadPanel() throws -> Panel {
    do {
      return try store.panel()
    } catch StoreError.noData(let reason) {
      throw BatchError.noData(message: reason, hint: "load sales first: demand ingest DIRECTORY")
    }
  }

  func outcome(_ run: ModelRun, repeated: Bool, headline: String) -> BatchOutcome {
    let share = Double(run.record.fallbackCount) / Double(max(1, run.record.seriesCount))
    return BatchOutcome(
      runID: run.record.id, published: false, repeated: repeated, seriesCount: run.record.seriesCount,
      fallbackCount: run.record.fallbackCount, tooManyFallbacks: share > configuration.gates.maxFallbackShare,
      reportPaths: [], headline: headline)
  }
}
