import DemandData
import SalesStore

/// A load whose rows in quarantine are read again, among the other loads of the database.
struct RetriedLoad {
  let id: Int
  /// Days of which other loads brought sales.
  private let others: [ClosedRange<Int>]

  init(_ id: Int, among loads: [LoadRecord]) {
    self.id = id
    others = loads.filter { $0.id != id && $0.summary.details?.retryOf != id }.compactMap { load in
      guard let first = load.summary.firstDay, let last = load.summary.lastDay, first <= last else { return nil }
      return first.number...last.number
    }
  }

  /// Whether no other load can have brought what the database has of a day.
  func isAlone(on day: Int) -> Bool { !others.contains { $0.contains(day) } }
}
