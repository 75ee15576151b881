import DemandData
import Foundation

extension SQLStore {
  func databaseStatus() throws(StoreError) -> DatabaseStatus {
    try read { connection in
      let (software, bytes, free) =
        switch connection.dialect {
        case .sqlite:
          (
            "SELECT 'SQLite ' || sqlite_version()",
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
            "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size"
          )
        case .postgresql:
          (
            "SELECT 'PostgreSQL ' || current_setting('server_version')", "SELECT pg_database_size(current_database())",
            "SELECT CAST(NULL AS BIGINT)"
          )
        }
      return DatabaseStatus(
        software: try connection.text(software) ?? "", bytes: try connection.int(bytes) ?? 0,
        freeBytes: try connection.int(free),
        migrations: try connection.all("SELECT version, name, applied_at FROM schema_migrations ORDER BY version") {
          .init(version: $0.int(0), name: $0.text(1), appliedAt: try Timestamp.date($0.text(2)))
        })
    }
  }

  func backup(to path: String) throws(StoreError) {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw .backupFailed(path: path, reason: "there is a file of this name: name another, or move it away")
    }
    let partial = "\(path).\(ProcessInfo.processInfo.processIdentifier).part"
    do {
      try database.backup(to: partial)
      try Self.makeDurable(partial)
      guard rename(partial, path) == 0 else {
        throw StoreError.backupFailed(path: path, reason: String(cString: strerror(errno)))
      }
    } catch {
      try? FileManager.default.removeItem(atPath: partial)
      if case .backupFailed(_, let reason)? = error as? StoreError { throw .backupFailed(path: path, reason: reason) }
      throw .backupFailed(path: path, reason: database.storeError(error).reason)
    }
  }

  private static func makeDurable(_ path: String) throws {
    let handle = try FileHandle(forUpdating: URL(filePath: path))
    try handle.synchronize()
    try handle.close()
  }

  func vacuum() throws(StoreError) {
    try forgetPackedHistories()
    do { try database.vacuum() } catch { throw database.storeError(error) }
    try packHistories()
  }

  func check() throws(StoreError) -> [DataFinding] {
    var findings: [DataFinding] = []
    func add(_ it: Check, _ count: Int) {
      findings.append(
        DataFinding(check: it.name, severity: count == 0 ? .ok : it.severity, count: count, meaning: it.meaning))
    }
    add(Check.integrity, try integrityIsOK() ? 0 : 1)
    for (it, sql) in Check.counted { add(it, try read { try $0.int(sql) ?? 0 }) }
    add(Check.packed, try read { try PackedHistories($0).wrong() })
    add(Check.silence, try silentDays())
    add(Check.runs, try damagedParts())
    return findings
  }

  private func silentDays() throws(StoreError) -> Int {
    do {
      return try panel(through: nil, stores: nil, showsAnnotatedDays: true).storeGaps().reduce(0) {
        $0 + ($1.through - $1.from + 1)
      }
    } catch {
      if case .noData = error { return 0 }
      throw error
    }
  }

  /// Artifacts and draws of the published run that do not match their checksums.
  private func damagedParts() throws(StoreError) -> Int {
    guard let run = try publishedRun()?.run.id else { return 0 }
    var damaged = 0
    func count(_ body: () throws(StoreError) -> Void) throws(StoreError) {
      do { try body() } catch { if case .corrupt = error { damaged += 1 } else { throw error } }
    }
    try count { () throws(StoreError) in _ = try series(run: run) }
    let kinds = try read { try $0.texts("SELECT DISTINCT kind FROM run_artifacts WHERE run_id = ?", [run]) }
    for kind in kinds {
      for part in try artifactParts(run: run, kind: kind) {
        try count { () throws(StoreError) in _ = try artifact(run: run, kind: kind, part: part) }
      }
    }
    return damaged
  }
}

/// What ``SQLStore/check()`` looks for.
private struct Check {
  let name: String
  let severity: DataFinding.Severity
  let meaning: String

  static let integrity = Check(
    name: "integrity", severity: .error,
    meaning: "the database's own check; if it fails, restore a backup")

  static let runs = Check(
    name: "damaged_runs", severity: .error,
    meaning: "draws and artifacts of the published run against their checksums; fit anew what is damaged")

  static let packed = Check(
    name: "wrong_packed_histories", severity: .error,
    meaning: "packed histories that differ from the rows of sales; 'demand db vacuum' packs anew")

  static let silence = Check(
    name: "silent_days", severity: .warning,
    meaning: "days on which nothing is known of a store; 'demand data status --gaps' lists them")

  static let counted: [(Check, String)] = [
    (
      Check(
        name: "sales_without_series", severity: .error,
        meaning: "rows of sales whose series is not there; restore a backup or load the data anew"),
      "SELECT count(*) FROM sales s WHERE NOT EXISTS (SELECT 1 FROM series i WHERE i.series_id = s.series_id)"
    ),
    (
      Check(
        name: "sales_before_range", severity: .error,
        meaning: "sales before the series' first day, which no model sees; load the data anew"),
      """
      SELECT count(*) FROM series i JOIN sales s ON s.series_id = i.series_id
      WHERE s.status <> 2 AND s.units > 0 AND s.day < i.first_day
      """
    ),
    (
      Check(
        name: "sales_outside_range", severity: .warning,
        meaning: "days with units outside of the windows that declare when the product is in range; correct the windows"
      ),
      """
      SELECT count(*) FROM sales s WHERE s.units > 0
        AND s.series_id IN (SELECT series_id FROM ranging_windows)
        AND NOT EXISTS (
          SELECT 1 FROM ranging_windows w WHERE w.series_id = s.series_id AND w.from_day <= s.day
            AND (w.through_day IS NULL OR w.through_day >= s.day))
      """
    ),
    (
      Check(
        name: "details_without_sales", severity: .error,
        meaning: "revenue, base prices or stock of days without a row of sales; load the data anew"),
      """
      SELECT count(*) FROM sales_details d
      WHERE NOT EXISTS (SELECT 1 FROM sales s WHERE s.series_id = d.series_id AND s.day = d.day)
      """
    ),
    (
      Check(
        name: "annotations_of_no_node", severity: .warning,
        meaning: "annotations whose product or location is not there, so that they mask nothing; remove or correct them"
      ),
      """
      SELECT count(*) FROM annotations a
      WHERE (a.product <> '' AND NOT EXISTS (
          SELECT 1 FROM tree_nodes n JOIN tree_levels v ON v.tree = n.tree AND v.depth = n.depth
          WHERE n.tree = 'product' AND v.name = a.product_level AND n.name = a.product))
        OR (a.location <> '' AND NOT EXISTS (
          SELECT 1 FROM tree_nodes n JOIN tree_levels v ON v.tree = n.tree AND v.depth = n.depth
          WHERE n.tree = 'location' AND v.name = a.location_level AND n.name = a.location))
      """
    ),
    (
      Check(
        name: "links_of_no_node", severity: .warning,
        meaning: "links whose product, store or department is not there, so that they do nothing; correct them"
      ),
      """
      SELECT count(*) FROM life_cycle_links l
      WHERE NOT EXISTS (
          SELECT 1 FROM tree_nodes n
          WHERE n.name = l.node
            AND n.tree = CASE WHEN l.kind IN ('successor', 'department_move') THEN 'product' ELSE 'location' END
            AND n.depth = (SELECT max(depth) FROM tree_levels v WHERE v.tree = n.tree))
        OR (l.kind IN ('successor', 'department_move') AND NOT EXISTS (
          SELECT 1 FROM tree_nodes n
          WHERE n.tree = 'product' AND n.name = l.other
            AND n.depth = (SELECT max(depth) FROM tree_levels v WHERE v.tree = 'product')
              - CASE WHEN l.kind = 'successor' THEN 0 ELSE 1 END))
      """
    ),
    (
      Check(
        name: "fractional_counts", severity: .error,
        meaning: "fractions of products that are counted; deliver the days again as whole numbers"),
      """
      SELECT count(*) FROM products p JOIN series i ON i.product_id = p.product_id
      JOIN sales s ON s.series_id = i.series_id WHERE p.kind = 'count' AND s.units <> round(s.units)
      """
    ),
    (
      Check(
        name: "unfinished_loads", severity: .error,
        meaning: "loads without an end, which a transaction does not leave; restore a backup"),
      "SELECT count(*) FROM loads WHERE finished_at IS NULL"
    ),
    (
      Check(
        name: "series_without_rows", severity: .warning,
        meaning: "products in stores that never had a row of sales"),
      "SELECT count(*) FROM series i WHERE NOT EXISTS (SELECT 1 FROM sales s WHERE s.series_id = i.series_id)"
    ),
    (
      Check(
        name: "zero_prices", severity: .warning,
        meaning: "prices of 0: given away, or a price that is not known; leave unknown prices empty"),
      "SELECT count(*) FROM price_steps WHERE price = 0"
    ),
    (
      Check(
        name: "quarantined_rows", severity: .warning,
        meaning: "rows that loads refused and that are still in quarantine"),
      "SELECT count(*) FROM quarantine"
    ),
  ]
}
