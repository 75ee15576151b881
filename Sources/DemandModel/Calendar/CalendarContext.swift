import DemandData

/// What the calendar's components see of one location: its days, its events, and when it is shut.
package struct CalendarContext: Sendable {
  /// Days of history and horizon, without gaps.
  package let days: [Day]
  package let origin: Day
  package let specification: ModelSpecification.Calendar
  package let calendar: EventCalendar
  /// Whether every store of the location is shut, by day.
  package let isClosed: [Bool]
  private let tree: Tree
  private let stores: [Int]

  /// - Parameters:
  ///   - days: history and horizon, without gaps.
  ///   - origin: the last day of history.
  ///   - tree: the location tree.
  ///   - stores: the leaves of `tree` that make up the location; at least one.
  package init(
    days: [Day], origin: Day, specification: ModelSpecification.Calendar, calendar: EventCalendar, tree: Tree,
    stores: [Int]
  ) {
    precondition(!days.isEmpty && !stores.isEmpty)
    self.days = days
    self.origin = origin
    self.specification = specification
    self.calendar = calendar
    self.tree = tree
    self.stores = stores
    var openShare = [Double](repeating: 1, count: days.count)
    for closure in calendar.closures {
      let index = closure.day - days[0]
      guard days.indices.contains(index) else { continue }
      openShare[index] -= Self.share(of: closure.scope, stores: stores, tree: tree)
    }
    isClosed = openShare.map { $0 < 1e-9 }
  }

  /// Share of the location's stores that lie inside `scope`.
  package func share(of scope: EventCalendar.Scope) -> Double { Self.share(of: scope, stores: stores, tree: tree) }

  private static func share(of scope: EventCalendar.Scope, stores: [Int], tree: Tree) -> Double {
    let inside = stores.count { scope.contains(store: $0, in: tree) }
    return Double(inside) / Double(stores.count)
  }

  /// The value of every day by a rule; zeros are left out.
  package func values(_ rule: (Day) -> Double) -> [Int: Double] {
    var values: [Int: Double] = [:]
    for (index, day) in days.enumerated() {
      let value = rule(day)
      if value != 0 { values[index] = value }
    }
    return values
  }
}
