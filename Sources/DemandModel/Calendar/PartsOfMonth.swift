import DemandData

/// Parts of the month, as wages come and go; the days from the 24th on are the baseline.
package struct PartsOfMonth: CalendarComponent {
  package static let parts = [1...3, 4...7, 8...12, 13...17, 18...23]

  package init() {}

  package func columns(in context: CalendarContext) -> [CalendarColumn] {
    guard context.specification.partsOfMonth else { return [] }
    return Self.parts.map { part in
      CalendarColumn(
        "month_\(part.lowerBound)_\(part.upperBound)", .monthPart,
        values: context.values { part.contains($0.components.day) ? 1 : 0 })
    }
  }
}
