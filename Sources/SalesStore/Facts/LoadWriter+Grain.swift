import DemandData
import Foundation

extension LoadWriter {
  /// What lies between the facts of series by an earlier load, and the last day that it brought.
  public struct EarlierGrain: Sendable, Hashable {
    /// `day` or `week`; loads of versions that kept none are of days.
    public let grain: String
    public let lastDay: Day
  }

  /// The part of a load's summary that says its grain.
  private struct GrainOfLoad: Decodable {
    struct Details: Decodable {
      var timeGrain: String
      var retryOf: Int?
    }

    var lastDay: Day?
    var details: Details?
  }

  /// Time grains of the earlier loads that brought sales, the latest load first.
  ///
  /// Rows read again out of quarantine say nothing of their own.
  ///
  /// - Complexity: O(loads of the database).
  public func earlierGrains() throws -> [EarlierGrain] {
    let summaries = try database.all(
      "SELECT summary FROM loads WHERE load_id < ? AND rows_loaded > 0 ORDER BY load_id DESC", [load]
    ) { $0.text(0) }
    return try summaries.compactMap { text in
      let summary = try JSONDecoder().decode(GrainOfLoad.self, from: Data(text.utf8))
      guard let lastDay = summary.lastDay, summary.details?.retryOf == nil else { return nil }
      return EarlierGrain(grain: summary.details?.timeGrain ?? "day", lastDay: lastDay)
    }
  }
}
