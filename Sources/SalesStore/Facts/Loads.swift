import DemandData
import Foundation

extension SQLStore {
  func withLoad(
    _ header: LoadHeader, now: () -> Date, body: (LoadWriter) throws -> LoadSummary
  ) throws -> LoadResult {
    if let known = try loads(hash: header.contentHash).first { return .alreadyLoaded(known) }
    let (result, isPackingDue): (LoadResult, Bool)
    do {
      (result, isPackingDue) = try passingErrors { try load(header, now: now, body: body) }
    } catch StoreError.outcomeUnknown(let place, let reason) {
      (result, isPackingDue) = (.loaded(try outcome(of: header, place: place, reason: reason)), true)
    }
    database.settle(rows: result.record.summary.rowsLoaded)
    // Where it fails, panels are read more slowly and are the same.
    if isPackingDue { try? packHistories() }
    return result
  }

  /// Finds out whether a load was kept that lost its connection as it ended.
  ///
  /// A load's transaction holds the lock that this one waits for. Once that is free, the load is over on the server too,
  /// one way or the other.
  private func outcome(of header: LoadHeader, place: String, reason: String) throws(StoreError) -> LoadRecord {
    let found: LoadRecord?
    do {
      found = try write(.facts) { try Self.loads($0, hash: header.contentHash).first }
    } catch {
      throw .outcomeUnknown(place: place, reason: "\(reason); asked again: \(error.reason)")
    }
    guard let found else { throw .connectionLost(place: place, reason: reason) }
    return found
  }

  private func load(
    _ header: LoadHeader, now: () -> Date, body: (LoadWriter) throws -> LoadSummary
  ) throws -> (LoadResult, isPackingDue: Bool) {
    try database.write(.facts) { database in
      // Another process may have been faster.
      if let known = try Self.loads(database, hash: header.contentHash).first { return (.alreadyLoaded(known), false) }
      let started = now()
      let id = try database.int(
        "INSERT INTO loads (source, files, content_hash, started_at) VALUES (?, ?, ?, ?) RETURNING load_id",
        [header.source, header.files.joined(separator: "\n"), header.contentHash, Timestamp.text(started)])!
      let writer = try LoadWriter(database, load: id, startedAt: Timestamp.text(started))
      let summary = try body(writer)
      try writer.finish()
      let finished = now()
      try database.execute(
        """
        UPDATE loads SET rows_loaded = ?, rows_quarantined = ?, finished_at = ?, complete_through = ?, summary = ?
        WHERE load_id = ?
        """,
        [
          summary.rowsLoaded, summary.rowsQuarantined, Timestamp.text(finished), summary.completeThrough?.number,
          try Self.json(summary), id,
        ])
      let record = LoadRecord(
        id: id, source: header.source, files: header.files, contentHash: header.contentHash, startedAt: started,
        finishedAt: finished, summary: summary)
      return (.loaded(record), writer.packed.isDue)
    }
  }

  func loads() throws(StoreError) -> [LoadRecord] { try loads(hash: nil) }

  private func loads(hash: String?) throws(StoreError) -> [LoadRecord] {
    try read { try Self.loads($0, hash: hash) }
  }

  static func loads(
    _ database: any SQLConnection, hash: String? = nil, before load: Int? = nil
  ) throws -> [LoadRecord] {
    try database.all(
      """
      SELECT load_id, source, files, content_hash, started_at, finished_at, summary FROM loads
      WHERE content_hash = coalesce(?, content_hash) AND load_id < coalesce(?, load_id + 1) ORDER BY load_id
      """, [hash, load]
    ) { row in
      LoadRecord(
        id: row.int(0), source: row.text(1), files: row.text(2).split(separator: "\n").map(String.init),
        contentHash: row.text(3), startedAt: try Timestamp.date(row.text(4)),
        finishedAt: try Timestamp.date(row.text(5)),
        summary: try JSONDecoder().decode(LoadSummary.self, from: Data(row.text(6).utf8)))
    }
  }

  func quarantine(load: Int, limit: Int) throws(StoreError) -> [QuarantinedRow] {
    try read { database in
      try database.all(
        """
        SELECT file, line, column_name, value, raw, kind, reason, quarantine_id FROM quarantine WHERE load_id = ?
        ORDER BY quarantine_id LIMIT ?
        """, [load, limit]
      ) {
        var row = QuarantinedRow(
          file: $0.text(0), line: $0.int(1), column: $0.text(2), value: $0.text(3), raw: $0.text(4), kind: $0.text(5),
          reason: $0.text(6))
        row.id = $0.int(7)
        return row
      }
    }
  }

  func dropQuarantine(_ ids: [Int]) throws(StoreError) {
    try write(.facts) { database in
      let drop = try database.prepare("DELETE FROM quarantine WHERE quarantine_id = ?")
      for id in ids {
        drop.bind(1, id)
        try drop.execute()
      }
    }
  }

  func explainQuarantine(_ rows: [QuarantinedRow]) throws(StoreError) {
    guard !rows.isEmpty else { return }
    try write(.facts) { database in
      let change = try database.prepare(
        "UPDATE quarantine SET kind = ?, reason = ?, column_name = ?, value = ? WHERE quarantine_id = ?")
      for row in rows {
        for (index, text) in [row.kind, row.reason, row.column, row.value].enumerated() { change.bind(1 + index, text) }
        change.bind(5, row.id ?? 0)
        try change.execute()
      }
    }
  }

  private static func json(_ summary: LoadSummary) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(summary), as: UTF8.self)
  }
}
