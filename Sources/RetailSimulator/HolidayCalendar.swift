import DemandData

/// The dates of a simulated retailer's events, past and future, and its closed days.
///
/// Holidays fall where the real calendar has them; every region has a fair of its own and monthly benefit days.
package struct HolidayCalendar: Sendable {
  /// An event's name, type and typical effect on log demand.
  package struct Kind: Sendable, Hashable {
    package let name: String
    package let type: String
    /// Effect on the day itself; without meaning where every store is closed.
    let onDay: Double
    /// Effect on the day before, falling linearly to nothing over `leadDays`.
    let before: Double
    let leadDays: Int
    /// Effect on the day after.
    let after: Double

    /// Typical effect by days from the event, negative before it.
    package var profile: [Int: Double] {
      var effects = [0: onDay]
      for lead in 0..<leadDays { effects[-lead - 1] = before * (1 - Double(lead) / Double(leadDays)) }
      if after != 0 { effects[1] = after }
      return effects
    }
  }

  /// One row of the event file: region nil means everywhere.
  package struct Entry: Sendable, Hashable {
    package let day: Day
    package let kind: Int
    package let region: Int?
    package let closed: Bool
  }

  package let kinds: [Kind]
  /// Sorted by day, kind, region.
  package let entries: [Entry]
  /// Days of the month on which benefits are paid, by region.
  package let benefitDays: [[Int]]
  package let knownThrough: Day
  private let closedDays: [Set<Int>]

  /// Events from `firstDay` to 13 months after `lastDay`, as a retailer knows its calendar ahead.
  ///
  /// Christmas is closed everywhere; Easter is closed in the second region.
  package init(regions: [String], firstDay: Day, lastDay: Day) {
    let through = lastDay + 396
    var kinds = Self.holidays
    let fair = kinds.count
    for region in regions {
      kinds.append(
        Kind(
          name: "\(region.prefix(1).uppercased())\(region.dropFirst())Fair", type: "Local", onDay: 0.18, before: 0,
          leadDays: 0, after: -0.05))
    }
    let benefit = kinds.count
    kinds.append(
      Kind(name: "Benefit", type: EventCalendar.benefitType, onDay: 0.12, before: 0, leadDays: 0, after: 0))
    let benefitDays = regions.indices.map { region in (0..<6).map { 1 + region % 4 + 2 * $0 } }

    var entries: [Entry] = []
    func add(_ day: Day, _ kind: Int, region: Int? = nil, closed: Bool = false) {
      if day >= firstDay && day <= through {
        entries.append(Entry(day: day, kind: kind, region: region, closed: closed))
      }
    }
    for year in firstDay.components.year...through.components.year {
      for (kind, day) in Self.holidayDates(year: year).enumerated() {
        if kinds[kind].name == "Easter" && regions.count > 1 {
          for region in regions.indices { add(day, kind, region: region, closed: region == 1) }
        } else {
          add(day, kind, closed: kinds[kind].name == "Christmas")
        }
      }
      for region in regions.indices {
        let friday = Self.nth(1 + region % 3, weekday: 4, month: 5 + 2 * region % 5, year: year)
        for offset in 0..<3 { add(friday + offset, fair + region, region: region) }
        for month in 1...12 {
          for day in benefitDays[region] {
            add(Self.date(year, month, day), benefit, region: region)
          }
        }
      }
    }
    self.kinds = kinds
    self.benefitDays = benefitDays
    self.entries = entries.sorted {
      ($0.day, $0.kind, $0.region ?? -1) < ($1.day, $1.kind, $1.region ?? -1)
    }
    knownThrough = through
    closedDays = regions.indices.map { region in
      Set(entries.lazy.filter { $0.closed && ($0.region ?? region) == region }.map(\.day.number))
    }
  }

  /// The same as the model knows it.
  package func eventCalendar(regions: [String]) -> EventCalendar {
    func scope(_ entry: Entry) -> EventCalendar.Scope {
      entry.region.map { .location(level: "region", node: regions[$0]) } ?? .everywhere
    }
    return EventCalendar(
      events: entries.map {
        EventCalendar.Event(day: $0.day, name: kinds[$0.kind].name, type: kinds[$0.kind].type, scope: scope($0))
      },
      closures: entries.filter(\.closed).map { EventCalendar.Closure(day: $0.day, scope: scope($0)) },
      knownThrough: knownThrough)
  }

  package func isClosed(_ day: Day, region: Int) -> Bool { closedDays[region].contains(day.number) }

  private static let holidays: [Kind] = [
    Kind(name: "NewYear", type: "National", onDay: -0.45, before: 0.12, leadDays: 2, after: -0.08),
    Kind(name: "ValentinesDay", type: "Cultural", onDay: 0.12, before: 0.08, leadDays: 1, after: 0),
    Kind(name: "Easter", type: "Religious", onDay: -0.25, before: 0.28, leadDays: 4, after: -0.12),
    Kind(name: "MemorialDay", type: "National", onDay: 0.10, before: 0.14, leadDays: 2, after: 0),
    Kind(name: "IndependenceDay", type: "National", onDay: 0.05, before: 0.22, leadDays: 3, after: -0.10),
    Kind(name: "LaborDay", type: "National", onDay: -0.05, before: 0.12, leadDays: 2, after: 0),
    Kind(name: "Halloween", type: "Cultural", onDay: 0.10, before: 0.12, leadDays: 3, after: 0),
    Kind(name: "Thanksgiving", type: "National", onDay: -0.60, before: 0.35, leadDays: 4, after: 0.06),
    Kind(name: "Christmas", type: "National", onDay: 0, before: 0.34, leadDays: 6, after: -0.25),
  ]

  /// Dates of ``holidays`` in their order.
  private static func holidayDates(year: Int) -> [Day] {
    let juneFirst = date(year, 6, 1)
    let lastMondayOfMay = juneFirst - (juneFirst.weekday == 0 ? 7 : juneFirst.weekday)
    return [
      date(year, 1, 1), date(year, 2, 14), easterSunday(year: year), lastMondayOfMay, date(year, 7, 4),
      nth(1, weekday: 0, month: 9, year: year), date(year, 10, 31), nth(4, weekday: 3, month: 11, year: year),
      date(year, 12, 25),
    ]
  }

  /// The n-th such weekday (0 = Monday) of a month.
  private static func nth(_ n: Int, weekday: Int, month: Int, year: Int) -> Day {
    let first = date(year, month, 1)
    return first + ((weekday - first.weekday + 7) % 7 + 7 * (n - 1))
  }

  private static func date(_ year: Int, _ month: Int, _ day: Int) -> Day {
    guard let date = Day(year: year, month: month, day: day) else {
      preconditionFailure("holiday rules name dates that exist in every year")
    }
    return date
  }

  /// Gregorian Easter Sunday (anonymous algorithm; Meeus, "Astronomical Algorithms", 1991, chapter 8).
  package static func easterSunday(year: Int) -> Day {
    let a = year % 19
    let (b, c) = (year / 100, year % 100)
    let (d, e) = (b / 4, b % 4)
    let g = (b - (b + 8) / 25 + 1) / 3
    let h = (19 * a + b - d - g + 15) % 30
    let (i, k) = (c / 4, c % 4)
    let l = (32 + 2 * e + 2 * i - h - k) % 7
    let m = (a + 11 * h + 22 * l) / 451
    let month = (h + l - 7 * m + 114) / 31
    let day = (h + l - 7 * m + 114) % 31 + 1
    return date(year, month, day)
  }
}
