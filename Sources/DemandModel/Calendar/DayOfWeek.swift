import DemandData
import Foundation

/// Day of the week: seven effects that sum to zero, in six orthogonal contrasts.
///
/// With Helmert contrasts scaled by √(7/6), independent coefficients of variance τ² give each of the seven effects the
/// variance τ² and every pair the same correlation: no day is special, as one would be if it were left out.
package struct DayOfWeek: CalendarComponent {
  package static let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

  package init() {}

  /// Value of contrast 1...6 on weekday 0...6.
  static func contrast(_ index: Int, weekday: Int) -> Double {
    if weekday > index { return 0 }
    let length = (Double(index * (index + 1)) * 6 / 7).squareRoot()
    return (weekday == index ? -Double(index) : 1) / length
  }

  package func columns(in context: CalendarContext) -> [CalendarColumn] {
    (1...6).map { index in
      CalendarColumn(
        "weekday_contrast_\(index)", .weekday, values: context.values { Self.contrast(index, weekday: $0.weekday) })
    }
  }

  package func effects(of columns: [CalendarColumn]) -> [CalendarEffect] {
    Self.names.enumerated().map { weekday, name in
      let weights = columns.enumerated().map { ($1.name, Self.contrast($0 + 1, weekday: weekday)) }
      return CalendarEffect(name, weights: Dictionary(uniqueKeysWithValues: weights))
    }
  }
}
