import DemandData
import Foundation
import GRDB

extension SalesStore {
  /// Enters a new run into the ledger and returns it with its id.
  public func createRun(_ run: RunRecord) throws(StoreError) -> RunRecord {
    try write { database in
      try database.execute(
        sql: """
          INSERT INTO runs (run_key, command, status, stage, origin, horizon, seed, started_at, finished_at, snapshot,
            configuration_hash, code_version, cpu_class, message, series_count, fallback_count)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          run.key, run.command, run.status.rawValue, run.stage, run.origin.number, run.horizon, String(run.seed),
          Timestamp.text(run.startedAt), run.finishedAt.map(Timestamp.text), run.snapshot, run.configurationHash,
          run.codeVersion, run.cpuClass, run.message, run.seriesCount, run.fallbackCount,
        ])
      var created = run
      created.id = Int(database.lastInsertedRowID)
      return created
    }
  }

  /// Writes what may change of a run: status, stage, end, message, counts.
  public func updateRun(_ run: RunRecord) throws(StoreError) {
    try write { database in
      try database.execute(
        sql: """
          UPDATE runs SET status = ?, stage = ?, finished_at = ?, message = ?, series_count = ?, fallback_count = ?
          WHERE run_id = ?
          """,
        arguments: [
          run.status.rawValue, run.stage, run.finishedAt.map(Timestamp.text), run.message, run.seriesCount,
          run.fallbackCount, run.id,
        ])
      guard database.changesCount == 1 else { throw StoreError.unknownRun(run.id) }
    }
  }

  /// Marks runs that are noted as running, other than `current`, as interrupted: their process was killed before it
  /// could say so. Only for the holder of the run lock.
  public func closeAbandonedRuns(except current: Int, at now: Date) throws(StoreError) {
    try write { database in
      try database.execute(
        sql: """
          UPDATE runs SET status = 'interrupted', finished_at = ?, message = 'killed' WHERE status = 'running'
            AND run_id <> ?
          """, arguments: [Timestamp.text(now), current])
    }
  }

  /// The run of this id.
  public func run(_ id: Int) throws(StoreError) -> RunRecord {
    let found = try runs("WHERE run_id = ?", [id])
    guard let run = found.first else { throw .unknownRun(id) }
    return run
  }

  /// All runs of this key, newest first.
  public func runs(key: String) throws(StoreError) -> [RunRecord] {
    try runs("WHERE run_key = ? ORDER BY run_id DESC", [key])
  }

  /// The newest runs first.
  public func runs(limit: Int = 50) throws(StoreError) -> [RunRecord] {
    try runs("ORDER BY run_id DESC LIMIT ?", [limit])
  }

  /// The newest run, of this status if one is given.
  public func latestRun(status: RunRecord.Status? = nil) throws(StoreError) -> RunRecord? {
    try runs("WHERE status = coalesce(?, status) ORDER BY run_id DESC LIMIT 1", [status?.rawValue]).first
  }

  private func runs(_ clause: String, _ arguments: StatementArguments) throws(StoreError) -> [RunRecord] {
    try read { try Row.fetchAll($0, sql: "SELECT * FROM runs \(clause)", arguments: arguments).map(RunRecord.init) }
  }

  /// Deletes all but the newest `keep` runs with their artifacts, ledgers and forecasts. The published run, the one that
  /// a rollback would return to, and runs in progress stay.
  ///
  /// - Returns: ids of the runs deleted.
  @discardableResult
  public func pruneRuns(keep: Int) throws(StoreError) -> [Int] {
    try write { database in
      let published = try Int.fetchOne(database, sql: "SELECT run_id FROM published")
      let protected = [published, try published.flatMap { try Self.predecessor(database, of: $0) }].compactMap(\.self)
      let old = try Int.fetchAll(
        database, sql: "SELECT run_id FROM runs ORDER BY run_id DESC LIMIT -1 OFFSET ?", arguments: [max(0, keep)])
      let running = try Set(Int.fetchAll(database, sql: "SELECT run_id FROM runs WHERE status = 'running'"))
      let doomed = old.filter { !protected.contains($0) && !running.contains($0) }
      for id in doomed { try database.execute(sql: "DELETE FROM runs WHERE run_id = ?", arguments: [id]) }
      return doomed
    }
  }
}

extension RunRecord {
  fileprivate init(row: Row) throws {
    guard let status = Status(rawValue: row["status"]), let seed = UInt64(row["seed"] as String) else {
      throw StoreError.corrupt(what: "run \(row["run_id"] as Int)", reason: "its status or seed cannot be read")
    }
    let finished: String? = row["finished_at"]
    self.init(
      key: row["run_key"], command: row["command"], status: status, stage: row["stage"],
      origin: Day(number: row["origin"]), horizon: row["horizon"], seed: seed,
      startedAt: try Timestamp.date(row["started_at"]), finishedAt: try finished.map { try Timestamp.date($0) },
      snapshot: row["snapshot"], configurationHash: row["configuration_hash"], codeVersion: row["code_version"],
      cpuClass: row["cpu_class"], message: row["message"], seriesCount: row["series_count"],
      fallbackCount: row["fallback_count"])
    id = row["run_id"]
  }
}
