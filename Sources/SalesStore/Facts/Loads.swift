import DemandData
import Foundation

extension SQLStore {
  func withLoad(
    _ header: LoadHeader, now: () -> Date, body: (LoadWriter) throws -> LoadSummary
  ) throws -> LoadResult {
    if let known = try read({ try Self.standing($0, header) }) { return .alreadyLoaded(known) }
    let (result, isPackingDue): (LoadResult, Bool)
    var times = 1
    do {
      (result, isPackingDue) = try passingErrors { try load(header, times: &times, now: now, body: body) }
    } catch StoreError.outcomeUnknown(let place, let reason) {
      (result, isPackingDue) = (.loaded(try outcome(of: header, times: times, place: place, reason: reason)), true)
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
  ///
  /// - Parameter times: how often the contents were loaded with this load.
  private func outcome(
    of header: LoadHeader, times: Int, place: String, reason: String
  ) throws(StoreError) -> LoadRecord {
    let found: LoadRecord?
    do {
      found = try write(.facts) { try Self.loads($0, hash: header.contentHash).dropFirst(times - 1).first }
    } catch {
      throw .outcomeUnknown(place: place, reason: "\(reason); asked again: \(error.reason)")
    }
    guard let found else { throw .connectionLost(place: place, reason: reason) }
    return found
  }

  /// - Parameter times: set to how often the contents were loaded with this load.
  private func load(
    _ header: LoadHeader, times: inout Int, now: () -> Date, body: (LoadWriter) throws -> LoadSummary
  ) throws -> (LoadResult, isPackingDue: Bool) {
    try database.write(.facts) { database in
      // Another process may have been faster.
      if let known = try Self.standing(database, header) { return (.alreadyLoaded(known), false) }
      times = try Self.loads(database, hash: header.contentHash).count + 1
      let started = now()
      let id = try database.int(
        "INSERT INTO loads (source, files, content_hash, started_at) VALUES (?, ?, ?, ?) RETURNING load_id",
        [
          header.source, header.files.joined(separator: "\n"), Self.hash(header.contentHash, time: times),
          Timestamp.text(started),
        ])!
      let writer = try LoadWriter(database, load: id, startedAt: Timestamp.text(started))
      var summary = try body(writer)
      try writer.finish()
      summary.details?.contents = header.contents
      try Self.resolveQuarantine(database, before: id, header, &summary)
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

  /// What the database calls contents that are loaded for the first, second or a later time: its column is unique.
  private static func hash(_ contents: String, time: Int) -> String { time == 1 ? contents : "\(contents).\(time)" }

  func loads() throws(StoreError) -> [LoadRecord] { try read { try Self.loads($0) } }

  /// The load that brought these contents and whose word still stands, so that nothing is to be done; nil where they are
  /// new, or where a later load has changed what they said.
  private static func standing(_ database: any SQLConnection, _ header: LoadHeader) throws -> LoadRecord? {
    guard let known = try loads(database, hash: header.contentHash).last else { return nil }
    guard header.mayRepeat, header.arrivedAt.map({ $0 > known.finishedAt }) ?? true else { return known }
    return try isChanged(database, since: known) ? nil : known
  }

  /// Whether a later load may have changed what a load said: days of its span that were superseded since, and facts of
  /// its kinds that have no history of their own.
  private static func isChanged(_ database: any SQLConnection, since load: LoadRecord) throws -> Bool {
    if let first = load.summary.firstDay, let last = load.summary.lastDay,
      try database.int(
        "SELECT 1 FROM superseded_sales WHERE load_id > ? AND day BETWEEN ? AND ? LIMIT 1",
        [load.id, first.number, last.number]) != nil
    {
      return true
    }
    let own = load.summary.details?.stored ?? [:]
    let later = try loads(database).filter { $0.id > load.id }.compactMap(\.summary.details?.stored)
    func isThere(_ kind: String, in stored: [String: Int]) -> Bool {
      stored[kind] != nil || stored["\(kind)_withdrawn"] != nil
    }
    for kind in ["attributes", "ranging_windows", "regressors", "links"] where isThere(kind, in: own) {
      if later.contains(where: { isThere(kind, in: $0) }) { return true }
    }
    if own["events_withdrawn"] != nil, !later.isEmpty { return true }
    return later.contains { stored in
      stored["events_withdrawn"] != nil
        || (load.summary.firstDay != nil && (stored["promotions"] != nil || stored["missing_meanings"] != nil))
    }
  }

  /// Takes rows out of quarantine that earlier loads of the same contents put there: this load has read them again, and
  /// has put those that still do not fit there itself.
  private static func resolveQuarantine(
    _ database: any SQLConnection, before load: Int, _ header: LoadHeader, _ summary: inout LoadSummary
  ) throws {
    let waiting = try database.all(
      """
      SELECT l.load_id, l.content_hash, l.summary, q.count FROM loads l
      JOIN (SELECT load_id, count(*) AS count FROM quarantine GROUP BY load_id) q ON q.load_id = l.load_id
      WHERE l.load_id < ? ORDER BY l.load_id
      """, [load]
    ) { (id: $0.int(0), hash: $0.text(1), summary: $0.text(2), count: $0.int(3)) }
    for earlier in waiting {
      if earlier.hash.prefix(while: { $0 != "." }) != header.contentHash {
        let summary = try JSONDecoder().decode(LoadSummary.self, from: Data(earlier.summary.utf8))
        guard let contents = summary.details?.contents, contents == header.contents else { continue }
      }
      try database.execute("DELETE FROM quarantine WHERE load_id = ?", [earlier.id])
      summary.details?.notes.append(
        "the \(earlier.count) rows that load \(earlier.id) had put into quarantine out of the same files were read again, and "
          + "left it")
    }
  }

  static func loads(
    _ database: any SQLConnection, hash: String? = nil, before load: Int? = nil
  ) throws -> [LoadRecord] {
    try database.all(
      """
      SELECT load_id, source, files, content_hash, started_at, finished_at, summary FROM loads
      WHERE (content_hash = coalesce(?, content_hash) OR content_hash LIKE ?) AND load_id < coalesce(?, load_id + 1)
      ORDER BY load_id
      """, [hash, hash.map { $0 + ".%" }, load]
    ) { row in
      LoadRecord(
        id: row.int(0), source: row.text(1), files: row.text(2).split(separator: "\n").map(String.init),
        contentHash: String(row.text(3).prefix { $0 != "." }), startedAt: try Timestamp.date(row.text(4)),
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

  func dropQuarantine(_ ids: [Int], areDaysWhole: Bool, settling loads: Set<Int>) throws(StoreError) {
    try write(.facts) { database in
      let drop = try database.prepare(
        "DELETE FROM quarantine WHERE quarantine_id = ? RETURNING load_id, file, line")
      var dropped: [Int: [LoadDetails.DroppedLine]] = [:]
      for id in ids {
        drop.bind(1, id)
        if try drop.step() {
          let place = LoadDetails.QuarantinePlace(file: drop.text(1), line: drop.int(2))
          if place.line > 0 {
            dropped[drop.int(0), default: []].append(.init(place: place, isDayWhole: areDaysWhole))
          }
        }
        drop.reset()
      }
      for load in Set(dropped.keys).union(areDaysWhole ? loads : []).sorted() {
        try Self.keep(dropped[load] ?? [], settlesAll: areDaysWhole && loads.contains(load), of: load, database)
      }
    }
  }

  /// Keeps with a load of receipt lines which of them were dropped.
  private static func keep(
    _ lines: [LoadDetails.DroppedLine], settlesAll: Bool, of load: Int, _ database: any SQLConnection
  ) throws {
    guard let text = try database.text("SELECT summary FROM loads WHERE load_id = ?", [load]) else { return }
    var summary = try JSONDecoder().decode(LoadSummary.self, from: Data(text.utf8))
    guard summary.details?.storeDays != nil else { return }
    var all = (summary.details?.droppedLines ?? []) + lines
    if settlesAll { for index in all.indices { all[index].isDayWhole = true } }
    guard all != summary.details?.droppedLines ?? [] else { return }
    summary.details?.droppedLines = all
    try database.execute("UPDATE loads SET summary = ? WHERE load_id = ?", [try json(summary), load])
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
