import DemandData
import Foundation
import GRDB

/// A backtest as stored.
public struct StoredBacktest: Sendable, Hashable, Codable {
  public let runKey: String
  public let finishedAt: Date
  public let result: BacktestResult
}

extension SalesStore {
  /// Keeps the result of a backtest under the key of what was tested.
  public func saveBacktest(_ result: BacktestResult, runKey: String, at now: Date) throws(StoreError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    try write { database in
      try database.execute(
        sql: "INSERT INTO backtests (run_key, finished_at, result) VALUES (?, ?, ?)",
        arguments: [runKey, Timestamp.text(now), String(decoding: try encoder.encode(result), as: UTF8.self)])
    }
  }

  /// The newest backtest, of this key if one is given.
  public func latestBacktest(runKey: String? = nil) throws(StoreError) -> StoredBacktest? {
    let row = try read {
      try Row.fetchOne(
        $0, sql: "SELECT * FROM backtests WHERE run_key = coalesce(?, run_key) ORDER BY backtest_id DESC LIMIT 1",
        arguments: [runKey])
    }
    guard let row else { return nil }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return StoredBacktest(
        runKey: row["run_key"], finishedAt: try Timestamp.date(row["finished_at"]),
        result: try decoder.decode(BacktestResult.self, from: Data((row["result"] as String).utf8)))
    } catch {
      throw .corrupt(what: "a backtest", reason: "it cannot be decoded")
    }
  }
}
