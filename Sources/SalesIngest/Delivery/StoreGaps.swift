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
  /// Days that a store never reports of, such as Sundays: how many there are, and of how many stores, by weekday.
  private var habits: [Int: (days: Int, stores: Int)] = [:]
  /// As many of a weekday are a habit rather than a gap.
  private static let fewest = 3

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
    let reporting = Set(days.map { Day(number: $0).weekday })
    /// Single days of a weekday on which the store never says anything.
    var single: [Int: [Int]] = [:]
    for (day, next) in zip(days, days.dropFirst()) where next - day > step {
      let open = stride(from: day + step, to: next, by: step).filter { !closed.contains($0) }
      guard let first = open.first else { continue }
      let weekday = Day(number: first).weekday
      if step == 1, open.count == 1, !reporting.contains(weekday) {
        single[weekday, default: []].append(first)
      } else {
        gaps.append((name, first, open.count))
      }
    }
    for (weekday, days) in single {
      guard days.count >= Self.fewest else {
        for day in days { gaps.append((name, day, 1)) }
        continue
      }
      let known = habits[weekday] ?? (0, 0)
      habits[weekday] = (known.days + days.count, known.stores + 1)
    }
  }

  /// What the user should know of weekdays on which stores never say anything; nil without such.
  private var habit: String? {
    guard !habits.isEmpty else { return nil }
    let names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    let parts = habits.sorted { $0.key > $1.key }.map { weekday, count in
      "no row on any \(names[weekday]) in \(count.stores) store\(count.stores == 1 ? "" : "s") (\(count.days) days)"
    }
    return parts.joined(separator: ", ")
  }

  /// What the user should know; nil without gaps.
  var warning: String? {
    guard !gaps.isEmpty else {
      return habit.map { "\($0): these days count as unknown; declare them closed in the events, if they are" }
    }
    let unit = step == 7 ? "weeks" : "days"
    let longest = gaps.sorted { ($1.days, $0.store, $0.first) < ($0.days, $1.store, $1.first) }.prefix(3).map { gap in
      "\(gap.store) from \(Day(number: gap.first)), \(gap.days) \(unit)"
    }
    return
      "\(gaps.reduce(0) { $0 + $1.days }) \(unit) without any row of a store count as unknown "
      + "(\(longest.joined(separator: "; "))\(gaps.count > 3 ? "; and \(gaps.count - 3) more" : "")): deliver them, or "
      + "declare them closed in the events" + (habit.map { "; and \($0)" } ?? "")
  }
}
