import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// A database holds days or weeks, on both databases.
@Suite struct TimeGrainTests {
  private static let first = Delivery.first
  private static func rows(_ days: [Int]) -> [String] { days.map { "\(first + $0),tea,north,\($0 + 1),2" } }

  private func outcome(_ place: DeliveredDatabase, _ rows: [String]) throws -> String {
    do {
      return try place.deliver(sales: rows).summary.details?.timeGrain ?? ""
    } catch let error as IngestError { return error.description }
  }

  @Test(arguments: DatabaseKind.available) func weeksTakeNoDaysPlace(on kind: DatabaseKind) throws {
    var place = try DeliveredDatabase(kind)
    #expect(try outcome(place, Self.rows(Array(0..<10))) == "day")
    place.mapping.grain = .week
    let refusal = try outcome(place, Self.rows([6, 13]))
    #expect(
      refusal.contains("weeks (time_grain: week)") && refusal.contains("days (time_grain: day)")
        && refusal.contains("load into a database of its own") && !refusal.contains("declare"), "\(refusal)")
    #expect(try place.units() == (1...10).map(Double.init), "the database is as it was")
    place.mapping.grain = .auto
    #expect(
      try outcome(place, Self.rows([0, 7, 14, 21, 28])).contains(
        "say so with --time-grain day, or declare 'time_grain: day' in a mapping"))
    // Up to four days whole weeks apart are days where days are, such as a correction of Mondays.
    #expect(try outcome(place, Self.rows([21, 28])) == "day")
    let corrected = try place.deliver(sales: Self.rows([14, 21, 28]))
    #expect(corrected.summary.details?.timeGrain == "day")
    #expect(place.warnings(corrected).contains { $0.contains("are taken as days, as the database's are") })
    place.mapping.grain = .day
    #expect(try outcome(place, Self.rows([13, 20, 27])) == "day")
  }

  @Test(arguments: DatabaseKind.available) func daysAreNoWeeks(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind)
    #expect(try outcome(place, Self.rows([6, 13, 20])) == "week")
    #expect(
      try outcome(place, Self.rows([21, 22, 23])).contains("are days (time_grain: day) and the database holds weeks"))
    // A further week is one, a day of another weekday is none.
    #expect(try outcome(place, Self.rows([27])) == "week")
    #expect(try outcome(place, Self.rows([29])).contains("are days (time_grain: day)"))
    #expect(try place.units() == [7, 14, 21, 28])
  }

  @Test func mondaysAreReadAsLastDaysWithAWarning() throws {
    let place = try DeliveredDatabase(.sqlite)
    let record = try place.deliver(sales: Self.rows([0, 7, 14]))
    #expect(place.warnings(record).contains { $0.contains("all days are Mondays") && $0.contains("week_date: first") })
    let sundays = try DeliveredDatabase(.sqlite)
    #expect(sundays.warnings(try sundays.deliver(sales: Self.rows([6, 13, 20]))).isEmpty)
  }
}
