import DemandData
import DemandModel
import Foundation
import Logging
import SalesStore

/// One run of the model through its stages, each of which is kept in the database when it is done.
///
/// A run is known by its key. Starting one whose key the ledger knows goes on after the last stage that is there, and
/// since every stage is a function of key and earlier stages alone, the outcome is the same to the bit as without the
/// interruption.
struct ModelRun {
  /// Finished stages in their order, under the names that the ledger shows.
  enum Stage: String, CaseIterable, Comparable {
    case started
    case groups = "groups fitted"
    case fitted
    case forecast

    static func < (lhs: Stage, rhs: Stage) -> Bool {
      allCases.firstIndex(of: lhs)! < allCases.firstIndex(of: rhs)!
    }
  }

  private enum Artifact {
    static let groups = "groups"
  }

  private static let forecastsPerTransaction = 2000

  let environment: BatchEnvironment
  let panel: Panel
  private(set) var record: RunRecord

  private var store: any SalesStore { environment.store }
  private var specification: ModelSpecification { environment.configuration.model }

  /// Enters the run into the ledger, or finds it there.
  ///
  /// - Precondition: the caller holds the database's run lock, so that a run marked as running is one that was killed.
  init(command: String, panel: Panel, horizon: Int, environment: BatchEnvironment) throws {
    self.environment = environment
    self.panel = panel
    let key = RunKey(panel: panel, horizon: horizon, environment: environment)
    let store = environment.store
    if let known = try store.runs(key: key.hash).first {
      record = known
      record.message = ""
      if known.status != .complete {
        record.status = .running
        record.finishedAt = nil
      }
      if record != known { try store.updateRun(record) }
    } else {
      record = try store.createRun(
        RunRecord(
          key: key.hash, command: command, stage: Stage.started.rawValue, origin: panel.origin, horizon: horizon,
          seed: key.seed, startedAt: environment.now(), snapshot: key.snapshot,
          configurationHash: key.configurationHash, codeVersion: key.codeVersion, cpuClass: key.cpuClass,
          seriesCount: panel.seriesCount))
    }
    try store.closeAbandonedRuns(except: record.id, at: environment.now())
  }

  /// Whether `stage` is done and in the database.
  func has(_ stage: Stage) -> Bool { (Stage(rawValue: record.stage) ?? .started) >= stage }

  /// Both stages of the model, sampled and archived.
  mutating func fit() throws {
    if has(.fitted) { return }
    let groups = try groupPosterior()
    let result = try stage("series", total: panel.seriesCount) { control in
      try Stage2.sample(
        panel: panel, groups: groups, specification: specification, horizon: record.horizon, seed: record.seed,
        control: control)
    }
    try store.saveDiagnostics(run: record.id, groups.diagnostics + result.diagnostics)
    let product = panel.hierarchy.product.leaves
    let location = panel.hierarchy.location.leaves
    for batch in stride(from: 0, to: result.series.count, by: 4096) {
      let range = batch..<min(batch + 4096, result.series.count)
      try store.saveSeries(
        run: record.id,
        range.map { index in
          let key = panel.hierarchy.series[index]
          return SeriesLedgerRow(
            product: product[key.product], store: location[key.store], outcome: result.series[index].outcome,
            draws: result.series[index].draws?.values ?? [])
        })
    }
    record.fallbackCount = result.series.count { $0.outcome.method == .fallback }
    record.stage = Stage.fitted.rawValue
    try store.updateRun(record)
  }

  /// The joint simulation from the archived draws, so that it gives the same bits whether or not the fit was resumed.
  mutating func forecast() throws {
    if has(.forecast) { return }
    if record.status == .complete {
      // A fit that was all that was wanted then.
      record.status = .running
      record.finishedAt = nil
      try store.updateRun(record)
    }
    let groups = try groupPosterior()
    let series = try archivedSeries()
    let simulation = try JointSimulation(
      panel: panel, groups: groups, series: series, specification: specification, horizon: record.horizon,
      seed: record.seed)
    try stage("forecast", total: panel.seriesCount) { control in
      // A transaction for each batch of the simulation would wait for the disk a thousand times.
      var unsaved: [NodeForecast] = []
      try simulation.run(control: control) { batch in
        unsaved += batch
        guard unsaved.count >= Self.forecastsPerTransaction else { return }
        try store.saveForecasts(run: record.id, unsaved, hierarchy: panel.hierarchy)
        unsaved.removeAll(keepingCapacity: true)
      }
      try store.saveForecasts(run: record.id, unsaved, hierarchy: panel.hierarchy)
    }
    record.stage = Stage.forecast.rawValue
    try finish()
  }

  /// Notes in the ledger that the run ended without doing its work. One whose stored stages turned out to be damaged
  /// will be computed from its beginning when it is started again; one that has its forecasts stays complete, since what
  /// went wrong came after it, such as a report that could not be written.
  mutating func fail(_ error: any Error) throws {
    let stopped = error is Cancelled || (error as? BatchError) == .cancelled
    if case .corrupt? = error as? StoreError { record.stage = Stage.started.rawValue }
    record.message = stopped ? "stopped on request" : "\(error)"
    if record.status != .complete || !has(.forecast) {
      record.status = stopped ? .interrupted : .failed
      record.finishedAt = environment.now()
    }
    try store.updateRun(record)
  }

  /// Keeps a remark with the run, such as why it was not published.
  mutating func note(_ message: String) throws {
    record.message = message
    try store.updateRun(record)
  }

  /// Marks the run as complete at the stage it has reached.
  mutating func finish() throws {
    guard record.status != .complete else { return }
    record.status = .complete
    record.finishedAt = environment.now()
    try store.updateRun(record)
  }

  private mutating func groupPosterior() throws -> GroupPosterior {
    if has(.groups), let bytes = try store.artifact(run: record.id, kind: Artifact.groups) {
      return try PosteriorArchive.decodeGroups(bytes)
    }
    let posterior = try stage("groups", total: 0) { control in
      try Stage1.sample(
        panel: panel, specification: specification, horizon: record.horizon, seed: record.seed, control: control)
    }
    try store.saveArtifact(run: record.id, kind: Artifact.groups, payload: PosteriorArchive.encode(posterior))
    record.stage = Stage.groups.rawValue
    try store.updateRun(record)
    return posterior
  }

  private func archivedSeries() throws -> [SeriesPosterior] {
    var byName: [String: [String: SeriesPosterior]] = [:]
    for row in try store.series(run: record.id) {
      byName[row.product, default: [:]][row.store] = SeriesPosterior(
        outcome: row.outcome, draws: row.draws.isEmpty ? nil : SeriesDraws(values: row.draws))
    }
    return try panel.hierarchy.series.map { key in
      let product = panel.hierarchy.product.leaves[key.product]
      let location = panel.hierarchy.location.leaves[key.store]
      guard let found = byName[product]?[location] else {
        throw StoreError.corrupt(what: "the ledger of run \(record.id)", reason: "\(product) in \(location) is absent")
      }
      return found
    }
  }

  /// Runs one stage with progress and cancellation.
  private func stage<T>(_ name: String, total: Int, _ body: (RunControl) throws -> T) throws -> T {
    let progress = environment.progress
    let started = environment.now()
    progress.begin(name, total: total)
    defer { progress.end(name) }
    let control = RunControl(
      threads: environment.threads, progress: { done, total in progress.advance(name, done: done, total: total) },
      isCancelled: environment.isCancelled)
    let result = try body(control)
    let seconds = environment.now().timeIntervalSince(started)
    environment.logger.info(
      "stage done", metadata: ["stage": "\(name)", "seconds": "\(String(format: "%.1f", seconds))"])
    return result
  }
}
