import DemandData
import Foundation

/// A backtest as stored.
public struct StoredBacktest: Sendable, Hashable, Codable {
  public let runKey: String
  public let finishedAt: Date
  public let result: BacktestResult
}

extension SQLStore {
  func saveBacktest(_ result: BacktestResult, runKey: String, at now: Date) throws(StoreError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    try write(.runs) { database in
      try database.execute(
        "INSERT INTO backtests (run_key, finished_at, result) VALUES (?, ?, ?)",
        [runKey, Timestamp.text(now), String(decoding: try encoder.encode(result), as: UTF8.self)])
    }
  }

  func latestBacktest(runKey: String?) throws(StoreError) -> StoredBacktest? {
    let row = try read {
      try $0.first(
        """
        SELECT run_key, finished_at, result FROM backtests WHERE run_key = coalesce(?, run_key)
        ORDER BY backtest_id DESC LIMIT 1
        """, [runKey]
      ) { (key: $0.text(0), finished: $0.text(1), result: $0.text(2)) }
    }
    guard let row else { return nil }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return StoredBacktest(
        runKey: row.key, finishedAt: try Timestamp.date(row.finished),
        result: try decoder.decode(BacktestResult.self, from: Data(row.result.utf8)))
    } catch {
      throw .corrupt(what: "a backtest", reason: "it cannot be decoded")
    }
  }
}
