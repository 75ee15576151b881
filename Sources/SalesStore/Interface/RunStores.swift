import DemandData
import Foundation

/// Runs of the model.
public protocol RunStore: Sendable {
  /// Enters a new run and returns it with its id.
  func createRun(_ run: RunRecord) throws(StoreError) -> RunRecord

  /// Writes what may change of a run: status, stage, end, message, counts.
  func updateRun(_ run: RunRecord) throws(StoreError)

  /// Marks runs that are noted as running, other than `current`, as interrupted: their process was killed before it
  /// could say so. Only for the holder of the batch lock.
  func closeAbandonedRuns(except current: Int, at now: Date) throws(StoreError)

  /// The run of this id.
  func run(_ id: Int) throws(StoreError) -> RunRecord

  /// All runs of this key, newest first.
  func runs(key: String) throws(StoreError) -> [RunRecord]

  /// The newest runs first, `limit` at most.
  func runs(limit: Int) throws(StoreError) -> [RunRecord]

  /// The newest run, of this status if one is given.
  func latestRun(status: RunRecord.Status?) throws(StoreError) -> RunRecord?

  /// Deletes all but the newest `keep` runs with their artifacts, ledgers and forecasts. The published run, the one that
  /// a rollback would return to, and runs in progress stay.
  ///
  /// - Returns: ids of the runs deleted.
  @discardableResult
  func pruneRuns(keep: Int) throws(StoreError) -> [Int]
}

/// What became of every series in a run, and the run's diagnostics.
public protocol LedgerStore: Sendable {
  /// Writes ledger rows in one transaction; a series that is there already is replaced.
  func saveSeries(run: Int, _ rows: [SeriesLedgerRow]) throws(StoreError)

  /// The ledger of a run, sorted by product, then store.
  ///
  /// - Parameter draws: whether to read (and verify) the archived draws too.
  func series(run: Int, draws: Bool) throws(StoreError) -> [SeriesLedgerRow]

  /// Replaces the diagnostics of a run, in the order given.
  func saveDiagnostics(run: Int, _ diagnostics: [ParameterDiagnostic]) throws(StoreError)

  /// Diagnostics of a run in the order they were saved.
  func diagnostics(run: Int) throws(StoreError) -> [ParameterDiagnostic]
}

/// Forecasts by run and node.
public protocol ForecastStore: Sendable {
  /// Appends forecasts of a run in one transaction; a node that is there already is replaced.
  ///
  /// - Parameter hierarchy: the hierarchy that the forecasts' node indices refer to.
  func saveForecasts(run: Int, _ forecasts: [NodeForecast], hierarchy: Hierarchy) throws(StoreError)

  /// The forecast of one node, by its names.
  ///
  /// - Throws: ``StoreError/unknownName(kind:name:known:)`` for names that are not there, ``StoreError/noData(reason:)``
  ///   when the run has no forecast of the node.
  func forecast(run: Int, _ names: NodeNames) throws(StoreError) -> NodeForecast

  /// Streams the forecasts of one pair of levels, such as `department` and `store`, in the run's node order.
  ///
  /// - Parameter each: must not call the store again.
  /// - Returns: how many there were.
  @discardableResult
  func forecasts(
    run: Int, productLevel: String, locationLevel: String, each: (NodeNames, NodeForecast) throws -> Void
  ) throws -> Int

  /// How many nodes a run has forecasts of.
  func forecastCount(run: Int) throws(StoreError) -> Int
}

/// Which run's forecasts are the valid ones.
public protocol PublicationStore: Sendable {
  /// Moves the pointer to a complete run, in one transaction, and clears the stale mark.
  ///
  /// - Throws: ``StoreError/runState(run:reason:)`` for a run that is not complete or has no forecasts.
  func publish(run: Int, at now: Date) throws(StoreError)

  /// Moves the pointer back to the run that was published before the present one.
  ///
  /// - Returns: the run that is published now.
  @discardableResult
  func rollback(at now: Date) throws(StoreError) -> Int

  /// The published run, or nil when nothing was published yet.
  func publishedRun() throws(StoreError) -> Publication?

  /// Marks what is published as out of date; the first mark stays until the next publication. Does nothing when nothing
  /// is published.
  func markStale(reason: String, at now: Date) throws(StoreError)

  /// All moves of the pointer, oldest first.
  func publicationHistory() throws(StoreError) -> [PublicationMove]
}

/// What the stages of a run hand on.
public protocol ArtifactStore: Sendable {
  /// Keeps what a stage of a run hands on; a part that is there already is replaced.
  func saveArtifact(run: Int, kind: String, part: String, payload: [UInt8]) throws(StoreError)

  /// An artifact's payload, or nil if there is none.
  ///
  /// - Throws: ``StoreError/corrupt(what:reason:)`` when the payload does not match its checksum.
  func artifact(run: Int, kind: String, part: String) throws(StoreError) -> [UInt8]?

  /// Parts of this kind that a run has, sorted.
  func artifactParts(run: Int, kind: String) throws(StoreError) -> [String]
}

/// Results of backtests.
public protocol BacktestStore: Sendable {
  /// Keeps the result of a backtest under the key of what was tested.
  func saveBacktest(_ result: BacktestResult, runKey: String, at now: Date) throws(StoreError)

  /// The newest backtest, of this key if one is given.
  func latestBacktest(runKey: String?) throws(StoreError) -> StoredBacktest?
}

extension RunStore {
  /// The newest fifty runs.
  public func runs() throws(StoreError) -> [RunRecord] { try runs(limit: 50) }

  /// The newest run.
  public func latestRun() throws(StoreError) -> RunRecord? { try latestRun(status: nil) }
}

extension LedgerStore {
  /// The ledger of a run with its draws.
  public func series(run: Int) throws(StoreError) -> [SeriesLedgerRow] { try series(run: run, draws: true) }
}

extension ArtifactStore {
  /// Keeps an artifact that has one part.
  public func saveArtifact(run: Int, kind: String, payload: [UInt8]) throws(StoreError) {
    try saveArtifact(run: run, kind: kind, part: "", payload: payload)
  }

  /// An artifact that has one part.
  public func artifact(run: Int, kind: String) throws(StoreError) -> [UInt8]? {
    try artifact(run: run, kind: kind, part: "")
  }
}

extension BacktestStore {
  /// The newest backtest.
  public func latestBacktest() throws(StoreError) -> StoredBacktest? { try latestBacktest(runKey: nil) }
}
