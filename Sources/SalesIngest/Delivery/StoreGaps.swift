import DemandData
import SalesStore

/// Days on which stores are shut by the calendar of all loads.
struct StoreClosures {
  private let closures: [EventCalendar.Closure]
  /// Names of a store's nodes by level, by the store's id.
  private let nodes: [Int: [String: String]]

  init(_ writer: LoadWriter) throws {
    closures = try writer.closures()
    nodes = try writer.storeNodes()
  }

  func days(of store: Int) -> DaySet {
    var days = DaySet()
    for closure in closures {
      switch closure.scope {
      case .everywhere: days.insert(closure.day.number)
      case .location(let level, let node): if nodes[store]?[level] == node { days.insert(closure.day.number) }
      }
    }
    return days
  }
}

/// Days between a store's first and last report on which it said nothing in any load and was not shut.
struct StoreGaps {
  /// Days between reports: seven for weeks.
  let step: Int
  private var gaps: [(store: String, first: Int, days: Int)] = []

  init(step: Int) { self.step = step }

  /// - Parameters:
  ///   - reported: days of this load.
  ///   - before: the last day with a row of an earlier load, by the series that this one brings.
  mutating func add(
    store: Int, reported: [Int], before: Int?, closed: DaySet, _ writer: LoadWriter
  ) throws {
    var days = reported
    if let before, let first = days.first, before < first { days.insert(before, at: 0) }
    guard let first = days.first, let last = days.last else { return }
    days = try writer.storeDays(of: store, in: first...last).union(days).sorted()
    let name = writer.stores.first { $0.value == store }?.key ?? "?"
    for (day, next) in zip(days, days.dropFirst()) where next - day > step {
      let open = stride(from: day + step, to: next, by: step).filter { !closed.contains($0) }
      if let first = open.first { gaps.append((name, first, open.count)) }
    }
  }

  /// What the user should know; nil without gaps.
  var warning: String? {
    guard !gaps.isEmpty else { return nil }
    let unit = step == 7 ? "weeks" : "days"
    let longest = gaps.sorted { ($0.days, $1.store) > ($1.days, $0.store) }.prefix(3).map { gap in
      "\(gap.store) from \(Day(number: gap.first)), \(gap.days) \(unit)"
    }
    return
      "\(gaps.reduce(0) { $0 + $1.days }) \(unit) without any row of a store count as unknown "
      + "(\(longest.joined(separator: "; "))): deliver them, or declare them closed in the events"
  }
}
