import DemandData

/// Days on which benefits are paid out: a main effect, more or less of it at weekends, and by order within the month.
package struct BenefitDays: CalendarComponent {
  /// Columns of all benefit days and of those at weekends, apart from their order within the month.
  static let wholeEffects = ["benefit", "benefit_weekend"]

  package init() {}

  package func columns(in context: CalendarContext) -> [CalendarColumn] {
    let events = context.calendar.events.filter { $0.type == EventCalendar.benefitType }
    guard !events.isEmpty else { return [] }
    var share: [Day: Double] = [:]
    for event in events {
      let inside = context.share(of: event.scope)
      if inside > 0 { share[event.day] = max(share[event.day] ?? 0, inside) }
    }
    var order: [Day: Int] = [:]
    var counted = (year: 0, month: 0, days: 0)
    for day in share.keys.sorted() {
      let date = day.components
      if (date.year, date.month) != (counted.year, counted.month) { counted = (date.year, date.month, 0) }
      counted.days += 1
      order[day] = counted.days
    }
    func column(_ name: String, where condition: (_ day: Day, _ order: Int) -> Bool) -> CalendarColumn {
      CalendarColumn(
        name, .benefit,
        values: context.values { day in
          guard let inside = share[day], let position = order[day], condition(day, position) else { return 0 }
          return inside
        })
    }
    return [
      column("benefit") { _, _ in true },
      column("benefit_weekend") { day, _ in day.weekday >= 5 },
      column("benefit_1st") { _, order in order == 1 },
      column("benefit_2nd_3rd") { _, order in order == 2 || order == 3 },
      column("benefit_8th_later") { _, order in order >= 8 },
    ]
  }
}
