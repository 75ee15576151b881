import DemandData
import Foundation
import GRDB

extension SalesStore {
  /// Loads a delivery in one transaction: all of it, or nothing.
  ///
  /// - Parameters:
  ///   - header: contents that were loaded before make this a no-op.
  ///   - now: the clock, read at the start and at the end.
  ///   - body: writes masters and facts and returns the summary. What it throws undoes the load and is passed on.
  /// - Throws: what `body` throws, and ``StoreError``.
  public func withLoad(
    _ header: LoadHeader, now: () -> Date, body: (LoadWriter) throws -> LoadSummary
  ) throws -> LoadResult {
    if let known = try loads(hash: header.contentHash).first { return .alreadyLoaded(known) }
    let record = try load(header, now: now, body: body)
    // A large load leaves a log as large as itself. Readers may hold it; then it shrinks later.
    try? queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    return .loaded(record)
  }

  private func load(
    _ header: LoadHeader, now: () -> Date, body: (LoadWriter) throws -> LoadSummary
  ) throws -> LoadRecord {
    try inTransaction { database in
      let started = now()
      try database.execute(
        sql: "INSERT INTO loads (source, files, content_hash, started_at) VALUES (?, ?, ?, ?)",
        arguments: [
          header.source, header.files.joined(separator: "\n"), header.contentHash, Timestamp.text(started),
        ])
      let id = Int(database.lastInsertedRowID)
      let writer = try LoadWriter(database, load: id, path: url.path)
      let summary = try body(writer)
      try writer.finish()
      let finished = now()
      try database.execute(
        sql: """
          UPDATE loads SET rows_loaded = ?, rows_quarantined = ?, finished_at = ?, complete_through = ?, summary = ?
          WHERE load_id = ?
          """,
        arguments: [
          summary.rowsLoaded, summary.rowsQuarantined, Timestamp.text(finished), summary.completeThrough?.number,
          try Self.json(summary), id,
        ])
      return LoadRecord(
        id: id, source: header.source, files: header.files, contentHash: header.contentHash, startedAt: started,
        finishedAt: finished, summary: summary)
    }
  }

  /// All loads, oldest first.
  public func loads() throws(StoreError) -> [LoadRecord] { try loads(hash: nil) }

  private func loads(hash: String?) throws(StoreError) -> [LoadRecord] {
    try read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM loads WHERE content_hash = coalesce(?, content_hash) ORDER BY load_id",
        arguments: [hash]
      ).map { row in
        let files: String = row["files"]
        return LoadRecord(
          id: row["load_id"], source: row["source"], files: files.split(separator: "\n").map(String.init),
          contentHash: row["content_hash"], startedAt: try Timestamp.date(row["started_at"]),
          finishedAt: try Timestamp.date(row["finished_at"]),
          summary: try JSONDecoder().decode(LoadSummary.self, from: Data((row["summary"] as String).utf8)))
      }
    }
  }

  /// Rows that a load refused, in the order they were met.
  public func quarantine(load: Int, limit: Int = 1000) throws(StoreError) -> [QuarantinedRow] {
    try read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM quarantine WHERE load_id = ? ORDER BY quarantine_id LIMIT ?",
        arguments: [load, limit]
      ).map {
        QuarantinedRow(
          file: $0["file"], line: $0["line"], column: $0["column_name"], value: $0["value"], raw: $0["raw"],
          kind: $0["kind"], reason: $0["reason"])
      }
    }
  }

  private static func json(_ summary: LoadSummary) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(summary), as: UTF8.self)
  }
}
