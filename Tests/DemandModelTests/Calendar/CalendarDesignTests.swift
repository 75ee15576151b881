import DemandData
import DemandModel
import Foundation
import Testing

@Suite struct CalendarDesignTests {
  private static let firstDay = Day(year: 2024, month: 1, day: 1)!  // a Monday

  private func context(
    days: Int = 60, horizon: Int = 10, events: [EventCalendar.Event] = [], closures: [EventCalendar.Closure] = [],
    stores: [Int] = [0], windows: [String: [Int]] = [:]
  ) throws -> CalendarContext {
    let tree = try Tree(levelNames: ["region", "store"], paths: [["R0", "S0"], ["R1", "S1"]])
    var specification = ModelSpecification.Calendar()
    specification.eventWindows = windows
    return CalendarContext(
      days: (0..<days + horizon).map { Self.firstDay + $0 }, origin: Self.firstDay + (days - 1),
      specification: specification, calendar: EventCalendar(events: events, closures: closures), tree: tree,
      stores: stores)
  }

  private func days(_ column: CalendarColumn?) -> [Int] { (column?.values.keys).map { $0.sorted() } ?? [] }

  @Test func weekdayEffectsSumToZeroAndAreExchangeable() throws {
    let component = DayOfWeek()
    let columns = component.columns(in: try context())
    let effects = component.effects(of: columns)
    #expect(effects.map(\.name) == DayOfWeek.names)
    for column in columns {
      let sum: Double = effects.reduce(0.0) { $0 + ($1.weights[column.name] ?? 0) }
      #expect(abs(sum) < 1e-12)
      // A whole number of weeks averages to nothing.
      let total: Double = (0..<70).reduce(0.0) { $0 + (column.values[$1] ?? 0) }
      #expect(abs(total) < 1e-12)
    }
    for effect in effects {
      let variance: Double = effect.weights.values.reduce(0.0) { $0 + $1 * $1 }
      #expect(abs(variance - 1) < 1e-12)
    }
    // The value of a day is the effect of its weekday.
    for (weekday, effect) in effects.enumerated() {
      for column in columns {
        let value = column.values[weekday] ?? 0
        #expect(value == effect.weights[column.name])
      }
    }
  }

  @Test func aFeastOfSeveralDaysHasOneWindow() throws {
    let feast = [20, 21].map { EventCalendar.Event(day: Self.firstDay + $0, name: "Feast", type: "National") }
    let columns = Events().columns(in: try context(events: feast, windows: ["Feast": [-2, 1]]))
    #expect(columns.map(\.name) == ["Feast-2", "Feast-1", "Feast", "Feast+1"])
    let found: [[Int]] = columns.map { days($0) }
    #expect(found == [[18], [19], [20, 21], [22]])
    #expect(columns.map(\.block) == [.eventWindow, .eventWindow, .event, .eventWindow])
  }

  @Test func windowsReachInFromOutsideAndSkipClosedDays() throws {
    let events = [-2, 71].map { EventCalendar.Event(day: Self.firstDay + $0, name: "Feast", type: "National") }
    let closure = EventCalendar.Closure(day: Self.firstDay + 1)
    let columns = Events().columns(
      in: try context(events: events, closures: [closure], windows: ["Feast": [-3, 3]]))
    let byName = Dictionary(uniqueKeysWithValues: columns.map { ($0.name, days($0)) })
    #expect(byName["Feast"] == [] && byName["Feast+2"] == [0] && byName["Feast+3"] == [])
    #expect(byName["Feast-2"] == [69] && byName["Feast-3"] == [68])
  }

  @Test func eventsAreScopedByLocation() throws {
    let event = EventCalendar.Event(
      day: Self.firstDay + 9, name: "Fair", type: "Local", scope: .location(level: "region", node: "R0"))
    let inside = try context(events: [event])
    let outside = try context(events: [event], stores: [1])
    let both = try context(events: [event], stores: [0, 1])
    func value(_ context: CalendarContext) -> Double { Events().columns(in: context)[0].values[9] ?? 0 }
    #expect(value(inside) == 1 && value(outside) == 0 && value(both) == 0.5)
    let design = CalendarDesign(contexts: [inside, outside, inside])
    #expect(design.rows.count == 2 && design.rowsOfLocation == [0, 1, 0])
  }

  @Test func benefitDaysCountFromTheFirstOfEachMonth() throws {
    // January 2024: 8 benefit days from the 1st; February: one on the 3rd, a Saturday.
    let offsets = Array(0..<8) + [33]
    let events = offsets.map {
      EventCalendar.Event(day: Self.firstDay + $0, name: "Benefit", type: EventCalendar.benefitType)
    }
    let columns = BenefitDays().columns(in: try context(events: events))
    let byName = Dictionary(uniqueKeysWithValues: columns.map { ($0.name, days($0)) })
    #expect(byName["benefit"] == offsets)
    #expect(byName["benefit_weekend"] == [5, 6, 33])
    #expect(byName["benefit_1st"] == [0, 33] && byName["benefit_2nd_3rd"] == [1, 2])
    #expect(byName["benefit_8th_later"] == [7])
    let none = BenefitDays().columns(in: try context())
    #expect(none.isEmpty)
  }

  @Test func partsOfMonthLeaveTheLastDaysAsBaseline() throws {
    let columns = PartsOfMonth().columns(in: try context())
    let covered = Set(columns.flatMap { days($0) })
    #expect(columns.count == 5)
    for day in 0..<70 {
      let dayOfMonth = (Self.firstDay + day).components.day
      #expect(covered.contains(day) == (dayOfMonth <= 23))
    }
  }

  @Test func theLastYearTakesWeekdaysAndBenefitDaysOnWithinItAndTheHorizon() throws {
    let events = [100, 400, 605].map {
      EventCalendar.Event(day: Self.firstDay + $0, name: "Benefit", type: EventCalendar.benefitType)
    }
    let context = try context(days: 600, events: events)
    let columns = LastYear().columns(in: context)
    let whole = DayOfWeek().columns(in: context)
    #expect(columns.count == 8)
    for (recent, all) in zip(columns, whole) {
      #expect(recent.name == all.name + "_last_year" && recent.block == .weekdayLastYear)
      #expect(recent.values == all.values.filter { $0.key >= 600 - 364 })
    }
    #expect(columns[6].name == "benefit_last_year" && days(columns[6]) == [400, 605])
    #expect(columns[6].block == .benefitLastYear)
    let effects = LastYear().effects(of: columns)
    #expect(effects.map(\.name).contains("saturday_last_year") && effects.count == 9)
    #expect(Set(effects.flatMap(\.weights.keys)) == Set(columns.map(\.name)))
    // With less before the last year than half of one, there is nothing to tell it from.
    #expect(LastYear().columns(in: try self.context(days: 545, events: events)).isEmpty)
    #expect(LastYear().effects(of: []).isEmpty)
  }

  @Test func trendIsZeroInTheLastWeekAndStepsByWeeks() throws {
    let trend = LinearTrend().columns(in: try context())[0]
    let perWeek = 7 / 365.25
    #expect(trend.values[59] == nil && trend.values[53] == nil)
    for (day, weeks) in [(52, -1.0), (46, -1), (45, -2), (60, 1), (66, 1), (67, 2)] {
      let value = try #require(trend.values[day])
      #expect(abs(value - weeks * perWeek) < 1e-15)
    }
  }

  @Test func unusedColumnsAreDroppedAndNamesMadeDistinct() throws {
    let events = [
      EventCalendar.Event(day: Self.firstDay + 500, name: "Never", type: "National"),
      EventCalendar.Event(day: Self.firstDay + 65, name: "Ahead", type: "National"),
      EventCalendar.Event(day: Self.firstDay + 10, name: "trend", type: "National"),
      EventCalendar.Event(day: Self.firstDay + 12, name: "annual_sin1", type: "National"),
    ]
    let design = CalendarDesign(contexts: [try context(events: events)])
    let names = design.columns.map(\.name)
    #expect(!names.contains("Never") && names.contains("Ahead"))
    #expect(Set(names).count == names.count && names.contains("annual_sin1 (2)"))
    #expect(design.columns(of: .trend).count == 1)
  }

  @Test func rowsCarryTheRelativeScale() throws {
    let context = try context()
    let design = CalendarDesign(contexts: [context])
    let column = try #require(design.columns.firstIndex { $0.name == "annual_cos2" })
    var coefficients = [Double](repeating: 0, count: design.columns.count)
    coefficients[column] = 1
    let angle = 2 * Double.pi * 2 * Double(Self.firstDay.number + 3) / 365.25
    let value = design.rows[0].product(day: 3, coefficients)
    #expect(abs(value - cos(angle) / 2) < 1e-12)
    let effect = try #require(design.effects.first { $0.name == "annual_cos2" })
    #expect(effect.terms.count == 1 && effect.terms[0].weight == 0.5)
  }
}
