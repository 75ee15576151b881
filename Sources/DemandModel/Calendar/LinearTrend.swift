import DemandData

/// A straight line in weeks, 0 in the week that ends on the origin; its coefficient is the change of log level per year.
package struct LinearTrend: CalendarComponent {
  package static let name = "trend"
  package static let weeksPerYear = 365.25 / 7

  package init() {}

  package func columns(in context: CalendarContext) -> [CalendarColumn] {
    let values = context.values { day in
      let daysToOrigin = context.origin - day
      let weeks = daysToOrigin >= 0 ? -(daysToOrigin / 7) : (6 - daysToOrigin) / 7
      return Double(weeks) / Self.weeksPerYear
    }
    return [CalendarColumn(Self.name, .trend, values: values)]
  }

  package func effects(of columns: [CalendarColumn]) -> [CalendarEffect] { [] }
}
