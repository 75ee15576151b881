import DemandData
import Testing

@Suite struct DayTests {
  /// Every day of 1900-2200 against a calendar counted on day by day, with months and leap years from their rule.
  @Test func everyDayOfThreeCenturiesAgreesWithACountDayByDay() throws {
    var year = 1900
    var month = 1
    var dayOfMonth = 1
    var dayOfYear = 1
    var number = try #require(Day(year: 1900, month: 1, day: 1)).number
    #expect(number == -25_567)  // 70 years with 17 leap days
    var weekday = 0  // 1 January 1900 was a Monday
    var wrong = 0
    while year <= 2200 {
      let day = Day(number: number)
      let isRight =
        Day(year: year, month: month, day: dayOfMonth) == day && day.components == (year, month, dayOfMonth)
        && day.weekday == weekday && day.dayOfYear == dayOfYear && Day(iso: day.iso) == day
      if !isRight { wrong += 1 }
      let isLeap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
      let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      number += 1
      weekday = (weekday + 1) % 7
      dayOfMonth += 1
      dayOfYear += 1
      if dayOfMonth > lengths[month - 1] {
        dayOfMonth = 1
        month += 1
      }
      if month > 12 {
        month = 1
        year += 1
        dayOfYear = 1
      }
    }
    #expect(wrong == 0)
    #expect(Day(number: number) == Day(year: 2201, month: 1, day: 1))
  }

  @Test(arguments: [
    "2016-02-30", "2015-02-29", "1900-02-29", "2016-13-01", "2016-00-10", "2016-04-31", "2016-1-01", "16-01-01",
    "2016/01/01", "2016-01-01T00", "", "2016-01-0x",
  ])
  func whatIsNoDateIsNil(text: String) {
    #expect(Day(iso: text) == nil)
  }

  @Test func isoPadsAndParses() {
    #expect(Day(iso: "2016-03-27")?.iso == "2016-03-27")
    #expect(Day(year: 987, month: 6, day: 5)?.iso == "0987-06-05")
    #expect(Day(iso: "2000-02-29")?.components.day == 29)
  }

  @Test func arithmetic() throws {
    let day = try #require(Day(iso: "2016-02-28"))
    #expect((day + 2).iso == "2016-03-01" && (day - 59).iso == "2015-12-31")
    #expect(day + 2 - day == 2 && day < day + 1 && day.distance(to: day + 5) == 5)
    #expect(Array(day...day + 2).map(\.iso) == ["2016-02-28", "2016-02-29", "2016-03-01"])
  }
}
