import DemandData

/// Events by name, with an effect of their own for every lead and lag day of their window.
///
/// Consecutive days of one name are one feast: each of them is the event itself, leads count from the first and lags
/// from the last. A lead or lag that falls on a closed day is skipped.
package struct Events: CalendarComponent {
  package init() {}

  package func columns(in context: CalendarContext) -> [CalendarColumn] {
    let events = context.calendar.events.filter { $0.type != EventCalendar.benefitType }
    return Dictionary(grouping: events, by: \.name).sorted { $0.key < $1.key }.flatMap { name, days in
      columns(of: name, days: days, in: context)
    }
  }

  private func columns(of name: String, days: [EventCalendar.Event], in context: CalendarContext) -> [CalendarColumn] {
    var share: [Day: Double] = [:]
    for event in days {
      let inside = context.share(of: event.scope)
      if inside > 0 { share[event.day] = max(share[event.day] ?? 0, inside) }
    }
    let window = context.specification.eventWindows[name] ?? context.specification.defaultEventWindow
    let first = min(0, window.first ?? 0)
    let last = max(0, window.last ?? 0)
    return (first...last).map { lag in
      var values: [Int: Double] = [:]
      for (day, inside) in share {
        if lag < 0 && share[day - 1] != nil || lag > 0 && share[day + 1] != nil { continue }
        let index = day + lag - context.days[0]
        if context.days.indices.contains(index), !context.isClosed[index] {
          values[index] = max(values[index] ?? 0, inside)
        }
      }
      return CalendarColumn(Self.name(name, lag: lag), lag == 0 ? .event : .eventWindow, values: values)
    }
  }

  static func name(_ event: String, lag: Int) -> String { lag == 0 ? event : "\(event)\(lag > 0 ? "+" : "")\(lag)" }
}
