import DemandData

/// What the last 52 weeks of history change in the days of the week and the benefit days, carried on into the horizon.
///
/// Habits drift: weekdays gain and lose shoppers, benefits matter less when fewer people draw them. Each column is that of
/// ``DayOfWeek`` or ``BenefitDays`` on the days since, so a coefficient is the difference of the last year from all of
/// history, pooled along the trees with scales of its own. Histories of less than a year and a half have no such columns:
/// there is too little before to differ from.
package struct LastYear: CalendarComponent {
  static let days = 364
  static let shortestHistory = 546
  private static let suffix = "_last_year"

  package init() {}

  package func columns(in context: CalendarContext) -> [CalendarColumn] {
    guard context.origin - context.days[0] + 1 >= Self.shortestHistory else { return [] }
    let first = context.origin - Self.days + 1
    func recent(_ columns: [CalendarColumn], _ block: CalendarBlock) -> [CalendarColumn] {
      columns.map { column in
        CalendarColumn(
          column.name + Self.suffix, block, relativeScale: column.relativeScale,
          values: column.values.filter { context.days[$0.key] >= first })
      }
    }
    let benefits = BenefitDays().columns(in: context).filter { BenefitDays.wholeEffects.contains($0.name) }
    return recent(DayOfWeek().columns(in: context), .weekdayLastYear) + recent(benefits, .benefitLastYear)
  }

  /// As of the days of the week and benefit days, after whose names these effects are called.
  package func effects(of columns: [CalendarColumn]) -> [CalendarEffect] {
    let plain = columns.map { column in
      CalendarColumn(
        String(column.name.dropLast(Self.suffix.count)), column.block, relativeScale: column.relativeScale,
        values: [:])
    }
    let weekdays = DayOfWeek().effects(of: plain.filter { $0.block == .weekdayLastYear })
    let benefits = BenefitDays().effects(of: plain.filter { $0.block == .benefitLastYear })
    return (columns.isEmpty ? [] : weekdays + benefits).map { effect in
      CalendarEffect(
        effect.name + Self.suffix,
        weights: Dictionary(uniqueKeysWithValues: effect.weights.map { ($0.key + Self.suffix, $0.value) }))
    }
  }
}
