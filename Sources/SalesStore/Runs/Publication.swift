import DemandData
import Foundation

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

extension SQLStore {
  func publish(run: Int, at now: Date) throws(StoreError) {
    try write(.runs) { database in
      try Self.requirePublishable(database, run: run)
      let previous = try database.int("SELECT run_id FROM published")
      try Self.movePointer(database, to: run, from: previous, action: .publish, at: now)
    }
  }

  func rollback(at now: Date) throws(StoreError) -> Int {
    try write(.runs) { database in
      guard let present = try database.int("SELECT run_id FROM published") else {
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

  func publishedRun() throws(StoreError) -> Publication? {
    try read { database in
      try database.first("SELECT run_id, published_at, stale_since, stale_reason FROM published") {
        (run: $0.int(0), at: $0.text(1), staleSince: $0.optionalText(2), reason: $0.optionalText(3))
      }.map { row in
        guard let run = try Self.runs(database, "WHERE run_id = ?", [row.run]).first else {
          throw StoreError.unknownRun(row.run)
        }
        return Publication(
          run: run, publishedAt: try Timestamp.date(row.at),
          staleSince: try row.staleSince.map { try Timestamp.date($0) }, staleReason: row.reason)
      }
    }
  }

  func markStale(reason: String, at now: Date) throws(StoreError) {
    try write(.runs) { database in
      try database.execute(
        "UPDATE published SET stale_since = coalesce(stale_since, ?), stale_reason = ?",
        [Timestamp.text(now), reason])
    }
  }

  func publicationHistory() throws(StoreError) -> [PublicationMove] {
    try read { database in
      try database.all(
        "SELECT action, run_id, previous_run_id, moved_at FROM published_history ORDER BY move_id"
      ) { row in
        PublicationMove(
          action: row.text(0) == "rollback" ? .rollback : .publish, run: row.int(1), previousRun: row.optionalInt(2),
          movedAt: try Timestamp.date(row.text(3)))
      }
    }
  }

  /// The run that was published when `run` took its place, if it is still there.
  static func predecessor(_ database: any SQLConnection, of run: Int) throws -> Int? {
    try database.int(
      """
      SELECT h.previous_run_id FROM published_history h JOIN runs r ON r.run_id = h.previous_run_id
      WHERE h.action = 'publish' AND h.run_id = ? AND h.previous_run_id <> h.run_id ORDER BY h.move_id DESC LIMIT 1
      """, [run])
  }

  private static func requirePublishable(_ database: any SQLConnection, run: Int) throws {
    guard let status = try database.text("SELECT status FROM runs WHERE run_id = ?", [run])
    else { throw StoreError.unknownRun(run) }
    guard status == RunRecord.Status.complete.rawValue else {
      throw StoreError.runState(run: run, reason: "is \(status): only a complete run can be published")
    }
    guard try database.int("SELECT 1 FROM forecasts WHERE run_id = ? LIMIT 1", [run]) != nil else {
      throw StoreError.runState(run: run, reason: "has no forecasts: nothing to publish")
    }
  }

  private static func movePointer(
    _ database: any SQLConnection, to run: Int, from previous: Int?, action: PublicationMove.Action, at now: Date
  ) throws {
    let text = Timestamp.text(now)
    try database.execute(
      """
      INSERT INTO published ("only", run_id, published_at) VALUES (1, ?, ?)
      ON CONFLICT ("only") DO UPDATE SET
        run_id = excluded.run_id, published_at = excluded.published_at, stale_since = NULL, stale_reason = NULL
      """, [run, text])
    try database.execute(
      "INSERT INTO published_history (action, run_id, previous_run_id, moved_at) VALUES (?, ?, ?, ?)",
      [action.rawValue, run, previous, text])
  }
}
