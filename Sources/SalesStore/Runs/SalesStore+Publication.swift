import DemandData
import Foundation
import GRDB

/// The published forecast.
public struct Publication: Sendable, Hashable, Codable {
  public let run: RunRecord
  public let publishedAt: Date
  /// Since when and why the forecast is out of date, such as a failed run after it.
  public let staleSince: Date?
  public let staleReason: String?
}

/// A move of the published pointer.
public struct PublicationMove: Sendable, Hashable, Codable {
  public enum Action: String, Sendable, Hashable, Codable { case publish, rollback }

  public let action: Action
  public let run: Int
  public let previousRun: Int?
  public let movedAt: Date
}

extension SalesStore {
  /// Moves the pointer to a complete run, in one transaction, and clears the stale mark.
  ///
  /// - Throws: ``StoreError/runState(run:reason:)`` for a run that is not complete or has no forecasts.
  public func publish(run: Int, at now: Date) throws(StoreError) {
    try write { database in
      try Self.requirePublishable(database, run: run)
      let previous = try Int.fetchOne(database, sql: "SELECT run_id FROM published")
      try Self.movePointer(database, to: run, from: previous, action: .publish, at: now)
    }
  }

  /// Moves the pointer back to the run that was published before the present one.
  ///
  /// - Returns: the run that is published now.
  @discardableResult
  public func rollback(at now: Date) throws(StoreError) -> Int {
    try write { database in
      guard let present = try Int.fetchOne(database, sql: "SELECT run_id FROM published") else {
        throw StoreError.noData(reason: "nothing is published: run `demand nightly` first")
      }
      guard let previous = try Self.predecessor(database, of: present) else {
        throw StoreError.runState(run: present, reason: "is the first that was published: there is none to return to")
      }
      try Self.requirePublishable(database, run: previous)
      try Self.movePointer(database, to: previous, from: present, action: .rollback, at: now)
      return previous
    }
  }

  /// The published run, or nil when nothing was published yet.
  public func publishedRun() throws(StoreError) -> Publication? {
    guard let row = try read({ try Row.fetchOne($0, sql: "SELECT * FROM published") }) else { return nil }
    let since: String? = row["stale_since"]
    var staleSince: Date?
    if let since { staleSince = try Timestamp.date(since) }
    return Publication(
      run: try run(row["run_id"]), publishedAt: try Timestamp.date(row["published_at"]), staleSince: staleSince,
      staleReason: row["stale_reason"])
  }

  /// Marks what is published as out of date; the first mark stays until the next publication. Does nothing when nothing
  /// is published.
  public func markStale(reason: String, at now: Date) throws(StoreError) {
    try write { database in
      try database.execute(
        sql: "UPDATE published SET stale_since = coalesce(stale_since, ?), stale_reason = ?",
        arguments: [Timestamp.text(now), reason])
    }
  }

  /// All moves of the pointer, oldest first.
  public func publicationHistory() throws(StoreError) -> [PublicationMove] {
    try read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM published_history ORDER BY move_id").map { row in
        PublicationMove(
          action: row["action"] == "rollback" ? .rollback : .publish, run: row["run_id"],
          previousRun: row["previous_run_id"], movedAt: try Timestamp.date(row["moved_at"]))
      }
    }
  }

  /// The run that was published when `run` took its place, if it is still there.
  static func predecessor(_ database: Database, of run: Int) throws -> Int? {
    try Int.fetchOne(
      database,
      sql: """
        SELECT h.previous_run_id FROM published_history h JOIN runs r ON r.run_id = h.previous_run_id
        WHERE h.action = 'publish' AND h.run_id = ? AND h.previous_run_id <> h.run_id ORDER BY h.move_id DESC LIMIT 1
        """, arguments: [run])
  }

  private static func requirePublishable(_ database: Database, run: Int) throws {
    guard let status = try String.fetchOne(database, sql: "SELECT status FROM runs WHERE run_id = ?", arguments: [run])
    else { throw StoreError.unknownRun(run) }
    guard status == RunRecord.Status.complete.rawValue else {
      throw StoreError.runState(run: run, reason: "is \(status): only a complete run can be published")
    }
    guard
      try Int.fetchOne(database, sql: "SELECT 1 FROM forecasts WHERE run_id = ? LIMIT 1", arguments: [run]) != nil
    else { throw StoreError.runState(run: run, reason: "has no forecasts: nothing to publish") }
  }

  private static func movePointer(
    _ database: Database, to run: Int, from previous: Int?, action: PublicationMove.Action, at now: Date
  ) throws {
    let text = Timestamp.text(now)
    try database.execute(
      sql: "INSERT OR REPLACE INTO published (only, run_id, published_at) VALUES (1, ?, ?)", arguments: [run, text])
    try database.execute(
      sql: "INSERT INTO published_history (action, run_id, previous_run_id, moved_at) VALUES (?, ?, ?, ?)",
      arguments: [action.rawValue, run, previous, text])
  }
}
