import DemandData
import Foundation

extension SQLStore {
  func createRun(_ run: RunRecord) throws(StoreError) -> RunRecord {
    try write(.runs) { database in
      var created = run
      created.id = try database.int(
        """
        INSERT INTO runs (run_key, command, status, stage, origin, horizon, seed, started_at, finished_at, snapshot,
          configuration_hash, code_version, cpu_class, message, series_count, fallback_count)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING run_id
        """,
        [
          run.key, run.command, run.status.rawValue, run.stage, run.origin.number, run.horizon, String(run.seed),
          Timestamp.text(run.startedAt), run.finishedAt.map(Timestamp.text), run.snapshot, run.configurationHash,
          run.codeVersion, run.cpuClass, run.message, run.seriesCount, run.fallbackCount,
        ])!
      return created
    }
  }

  func updateRun(_ run: RunRecord) throws(StoreError) {
    try write(.runs) { database in
      let changed = try database.executeCounting(
        """
        UPDATE runs SET status = ?, stage = ?, finished_at = ?, message = ?, series_count = ?, fallback_count = ?
        WHERE run_id = ?
        """,
        [
          run.status.rawValue, run.stage, run.finishedAt.map(Timestamp.text), run.message, run.seriesCount,
          run.fallbackCount, run.id,
        ])
      guard changed == 1 else { throw StoreError.unknownRun(run.id) }
    }
  }

  func closeAbandonedRuns(except current: Int, at now: Date) throws(StoreError) {
    try write(.runs) { database in
      try database.execute(
        """
        UPDATE runs SET status = 'interrupted', finished_at = ?, message = 'killed' WHERE status = 'running'
          AND run_id <> ?
        """, [Timestamp.text(now), current])
    }
  }

  func run(_ id: Int) throws(StoreError) -> RunRecord {
    let found = try runs("WHERE run_id = ?", [id])
    guard let run = found.first else { throw .unknownRun(id) }
    return run
  }

  func runs(key: String) throws(StoreError) -> [RunRecord] {
    try runs("WHERE run_key = ? ORDER BY run_id DESC", [key])
  }

  func runs(limit: Int) throws(StoreError) -> [RunRecord] {
    try runs("ORDER BY run_id DESC LIMIT ?", [limit])
  }

  func latestRun(status: RunRecord.Status?) throws(StoreError) -> RunRecord? {
    try runs("WHERE status = coalesce(?, status) ORDER BY run_id DESC LIMIT 1", [status?.rawValue]).first
  }

  private func runs(_ clause: String, _ values: [any SQLValue]) throws(StoreError) -> [RunRecord] {
    try read { try Self.runs($0, clause, values) }
  }

  static func runs(_ database: any SQLConnection, _ clause: String, _ values: [any SQLValue]) throws -> [RunRecord] {
    try database.all(
      """
      SELECT run_id, run_key, command, status, stage, origin, horizon, seed, started_at, finished_at, snapshot,
        configuration_hash, code_version, cpu_class, message, series_count, fallback_count FROM runs \(clause)
      """, values
    ) { try RunRecord(row: $0) }
  }

  func pruneRuns(keep: Int) throws(StoreError) -> [Int] {
    try write(.runs) { database in
      let published = try database.int("SELECT run_id FROM published")
      let protected = [published, try published.flatMap { try Self.predecessor(database, of: $0) }].compactMap(\.self)
      let old = try database.all("SELECT run_id, status FROM runs ORDER BY run_id DESC") {
        (id: $0.int(0), isRunning: $0.text(1) == "running")
      }.dropFirst(max(0, keep))
      let doomed = old.filter { !protected.contains($0.id) && !$0.isRunning }.map(\.id)
      for id in doomed { try database.execute("DELETE FROM runs WHERE run_id = ?", [id]) }
      return doomed
    }
  }
}

extension RunRecord {
  fileprivate init(row: any SQLRow) throws {
    guard let status = Status(rawValue: row.text(3)), let seed = UInt64(row.text(7)) else {
      throw StoreError.corrupt(what: "run \(row.int(0))", reason: "its status or seed cannot be read")
    }
    self.init(
      key: row.text(1), command: row.text(2), status: status, stage: row.text(4), origin: Day(number: row.int(5)),
      horizon: row.int(6), seed: seed, startedAt: try Timestamp.date(row.text(8)),
      finishedAt: try row.optionalText(9).map { try Timestamp.date($0) }, snapshot: row.text(10),
      configurationHash: row.text(11), codeVersion: row.text(12), cpuClass: row.text(13), message: row.text(14),
      seriesCount: row.int(15), fallbackCount: row.int(16))
    id = row.int(0)
  }
}
