/// The kinds of calendar effect; the coefficients of a block share their scales of variation along the trees.
package enum CalendarBlock: String, CaseIterable, Sendable {
  case weekday
  case weekendBySeason = "weekend_by_season"
  case annual
  case benefit
  case weekdayLastYear = "weekday_last_year"
  case benefitLastYear = "benefit_last_year"
  case monthPart = "month_part"
  case event
  case eventWindow = "event_window"
  case trend
}

/// One column of the calendar regression at one location: where it is not zero, and how large its coefficient may be.
package struct CalendarColumn: Sendable {
  package let name: String
  package let block: CalendarBlock
  /// The coefficient's size relative to others of its block, such as 1/k for annual harmonic k.
  package let relativeScale: Double
  /// Value by day (position among the context's days); absent days are zero.
  package var values: [Int: Double]

  package init(_ name: String, _ block: CalendarBlock, relativeScale: Double = 1, values: [Int: Double]) {
    self.name = name
    self.block = block
    self.relativeScale = relativeScale
    self.values = values
  }
}

/// A figure that is reported of the calendar: a linear combination of coefficients, such as the effect of a Saturday.
package struct CalendarEffect: Sendable {
  package let name: String
  /// Weight by column name.
  package let weights: [String: Double]

  package init(_ name: String, weights: [String: Double]) {
    self.name = name
    self.weights = weights
  }
}
