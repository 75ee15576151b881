import DemandData
import DemandModel

/// Retailers of a few groups for tests of stage 1.
enum GroupRetailer {
  /// `departments` in two categories times `stores` in two regions, one product each.
  static func hierarchy(departments: Int, stores: Int) throws -> Hierarchy {
    let product = try Tree(
      levelNames: ["category", "department", "product"],
      paths: (0..<departments).map { ["C\($0 % 2)", "D\($0)", "P\($0)"] })
    let location = try Tree(
      levelNames: ["region", "store"], paths: (0..<stores).map { ["R\($0 % 2)", "S\($0)"] })
    return Hierarchy(
      product: product, location: location,
      series: (0..<departments).flatMap { product in (0..<stores).map { .init(product: product, store: $0) } })
  }

  static let firstDay = Day(year: 2024, month: 1, day: 10)!

  /// An event everywhere, one in region R0 only, benefit days of region R1, and a day on which store S0 is shut.
  static let calendar = EventCalendar(
    events: [
      .init(day: firstDay + 12, name: "Feast", type: "National"),
      .init(day: firstDay + 40, name: "Feast", type: "National"),
      .init(day: firstDay + 20, name: "Fair", type: "Local", scope: .location(level: "region", node: "R0")),
    ]
      + [3, 5, 24, 25].map {
        .init(
          day: firstDay + $0, name: "Benefit", type: EventCalendar.benefitType,
          scope: .location(level: "region", node: "R1"))
      },
    closures: [.init(day: firstDay + 15, scope: .location(level: "store", node: "S0")), .init(day: firstDay + 16)])

  static func specification(annualHarmonics: Int = 1) -> ModelSpecification {
    var specification = ModelSpecification()
    specification.calendar.annualHarmonics = annualHarmonics
    specification.calendar.weekendHarmonics = 0
    specification.calendar.partsOfMonth = false
    specification.calendar.eventWindows = ["Feast": [-1, 1]]
    return specification
  }

  /// A panel of the groups' counts: each group's units are its only product's.
  static func panel(hierarchy: Hierarchy, calendar: EventCalendar, dayCount: Int, counts: [Int]) -> Panel {
    var status = [UInt8](repeating: DayStatus.sold.rawValue, count: counts.count)
    for closure in calendar.closures {
      for (index, series) in hierarchy.series.enumerated()
      where closure.scope.contains(store: series.store, in: hierarchy.location) {
        let day = closure.day - firstDay
        if (0..<dayCount).contains(day) { status[index * dayCount + day] = DayStatus.closed.rawValue }
      }
    }
    return Panel(
      hierarchy: hierarchy, firstDay: firstDay, dayCount: dayCount, units: counts.map(Int32.init), status: status,
      startIsKnown: hierarchy.series.map { _ in true }, prices: .none(seriesCount: hierarchy.series.count),
      calendar: calendar)
  }
}
