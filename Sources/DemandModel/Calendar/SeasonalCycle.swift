import DemandData
import Foundation

/// The year's cycle as Fourier pairs over 365.25 days; harmonic k has relative scale 1/k, so the sum is smooth.
package struct AnnualCycle: CalendarComponent {
  package init() {}

  package func columns(in context: CalendarContext) -> [CalendarColumn] {
    Harmonics.pairs(context.specification.annualHarmonics).map { pair in
      CalendarColumn(
        "annual_\(pair.name)", .annual, relativeScale: 1 / Double(pair.order), values: context.values(pair.value))
    }
  }
}

/// Saturday and Sunday weigh more in some parts of the year than in others.
package struct WeekendBySeason: CalendarComponent {
  package init() {}

  package func columns(in context: CalendarContext) -> [CalendarColumn] {
    Harmonics.pairs(context.specification.weekendHarmonics).map { pair in
      CalendarColumn(
        "weekend_\(pair.name)", .weekendBySeason, values: context.values { $0.weekday >= 5 ? pair.value($0) : 0 })
    }
  }
}

/// Sine and cosine of the time of the year.
struct Harmonics {
  let name: String
  let order: Int
  let value: (Day) -> Double

  static func pairs(_ count: Int) -> [Harmonics] {
    (0..<max(0, count)).flatMap { index in
      let order = index + 1
      func angle(_ day: Day) -> Double { 2 * .pi * Double(order) * Double(day.number) / 365.25 }
      return [
        Harmonics(name: "sin\(order)", order: order) { sin(angle($0)) },
        Harmonics(name: "cos\(order)", order: order) { cos(angle($0)) },
      ]
    }
  }
}
