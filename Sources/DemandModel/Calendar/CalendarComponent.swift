/// One idea about the calendar: it makes the columns that express it.
///
/// The names, blocks and relative scales of the columns must not depend on the location, only their values may. To add
/// an idea, write its component in a file of its own and append it to ``CalendarDesign/components``.
package protocol CalendarComponent: Sendable {
  func columns(in context: CalendarContext) -> [CalendarColumn]
  /// What is reported of these columns; by default each coefficient under its column's name.
  func effects(of columns: [CalendarColumn]) -> [CalendarEffect]
}

extension CalendarComponent {
  package func effects(of columns: [CalendarColumn]) -> [CalendarEffect] {
    columns.map { CalendarEffect($0.name, weights: [$0.name: 1]) }
  }
}
