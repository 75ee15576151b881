import DemandData
import SalesStore

/// A load whose rows in quarantine are read again, among the other loads of the database.
struct RetriedLoad {
  let id: Int
  /// Days of which other deliveries brought sales: of all stores, or by store where the load kept that.
  private var days: [ClosedRange<Int>] = []
  private var storeDays: [String: [ClosedRange<Int>]] = [:]
  /// Rows that nobody asked for, by file and line: their days stay unknown.
  private let passedOver: [String: Set<Int>]
  /// Where rows stood when they were refused, by where they stand now.
  private let origins: [LoadDetails.QuarantinePlace: LoadDetails.QuarantinePlace]

  /// - Parameters:
  ///   - loads: all loads. Those of the same contents, and those that read rows of these again, are the same delivery.
  ///   - passedOver: rows that stay, by file and line.
  ///   - origins: where rows stood when they were refused, by where they stand now.
  init(
    _ id: Int, among loads: [LoadRecord], passedOver: [String: Set<Int>] = [:],
    origins: [LoadDetails.QuarantinePlace: LoadDetails.QuarantinePlace] = [:]
  ) {
    self.id = id
    self.passedOver = passedOver
    self.origins = origins
    let own = loads.first { $0.id == id }
    let family = Set(
      loads.filter { load in
        load.id == id || load.contentHash == own?.contentHash
          || (load.summary.details?.contents != nil && load.summary.details?.contents == own?.summary.details?.contents)
      }.map(\.id))
    for load in loads where !family.contains(load.id) && !family.contains(load.summary.details?.retryOf ?? load.id) {
      if let stores = load.summary.details?.storeDays {
        for (store, ends) in stores { storeDays[store, default: []] += Self.runs(ends) }
      } else if let first = load.summary.firstDay, let last = load.summary.lastDay, first <= last {
        days.append(first.number...last.number)
      }
    }
  }

  func isPassedOver(_ file: String, line: Int) -> Bool { passedOver[file]?.contains(line) ?? false }

  func origin(of place: LoadDetails.QuarantinePlace) -> LoadDetails.QuarantinePlace? { origins[place] }

  /// Whether no other delivery can have brought what the database has of a store's day.
  func isAlone(on day: Int, in store: String) -> Bool {
    !days.contains { $0.contains(day) } && storeDays[store]?.contains { $0.contains(day) } != true
  }

  /// Days as first and last days of runs, one behind the other.
  static func ends(_ days: [Int]) -> [Int] {
    var ends: [Int] = []
    for day in days {
      if let last = ends.last, last + 1 == day { ends[ends.count - 1] = day } else { ends += [day, day] }
    }
    return ends
  }

  private static func runs(_ ends: [Int]) -> [ClosedRange<Int>] {
    stride(from: 0, to: ends.count - 1, by: 2).map { ends[$0]...max(ends[$0], ends[$0 + 1]) }
  }
}
