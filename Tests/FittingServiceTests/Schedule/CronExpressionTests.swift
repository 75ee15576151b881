import FittingService
import Foundation
import Testing

@Suite struct CronExpressionTests {
  static let utc = TimeZone(identifier: "UTC")!

  /// An instant of UTC, seconds left out or not.
  static func date(_ iso: String) -> Date {
    try! Date(iso.count == 20 ? iso : iso.replacing("Z", with: ":00Z"), strategy: .iso8601)
  }

  static func times(_ text: String, after: String, in zone: TimeZone = utc, count: Int) throws -> [Date] {
    let cron = try CronExpression(text)
    var found: [Date] = []
    var last = date(after)
    while found.count < count {
      last = try #require(cron.next(after: last, in: zone))
      found.append(last)
    }
    return found
  }

  /// The next three times after 2026-01-15 10:07:30 UTC, a Thursday. From croniter 7.0.0, but for the rows marked
  /// Vixie: croniter takes a field that begins with a star for a restriction, crontab(5) does not.
  static let table: [(String, [String])] = [
    ("* * * * *", ["2026-01-15T10:08Z", "2026-01-15T10:09Z", "2026-01-15T10:10Z"]),
    ("*/15 * * * *", ["2026-01-15T10:15Z", "2026-01-15T10:30Z", "2026-01-15T10:45Z"]),
    ("0 0 * * *", ["2026-01-16T00:00Z", "2026-01-17T00:00Z", "2026-01-18T00:00Z"]),
    ("5 4 1,15 * 5", ["2026-01-16T04:05Z", "2026-01-23T04:05Z", "2026-01-30T04:05Z"]),
    ("5 4 * * 5", ["2026-01-16T04:05Z", "2026-01-23T04:05Z", "2026-01-30T04:05Z"]),
    ("5 4 */10 * 5", ["2026-05-01T04:05Z", "2026-07-31T04:05Z", "2026-08-21T04:05Z"]),  // Vixie
    ("0 12 13 * fri", ["2026-01-16T12:00Z", "2026-01-23T12:00Z", "2026-01-30T12:00Z"]),
    ("0 0 29 2 *", ["2028-02-29T00:00Z", "2032-02-29T00:00Z", "2036-02-29T00:00Z"]),
    ("0 0 29 2 1", ["2026-02-02T00:00Z", "2026-02-09T00:00Z", "2026-02-16T00:00Z"]),
    ("0 22 * * 1-5", ["2026-01-15T22:00Z", "2026-01-16T22:00Z", "2026-01-19T22:00Z"]),
    ("23 0-20/2 * * *", ["2026-01-15T10:23Z", "2026-01-15T12:23Z", "2026-01-15T14:23Z"]),
    ("0 0 1 jan *", ["2027-01-01T00:00Z", "2028-01-01T00:00Z", "2029-01-01T00:00Z"]),
    ("10-20/5 6 * mar-may sun", ["2026-03-01T06:10Z", "2026-03-01T06:15Z", "2026-03-01T06:20Z"]),
    ("0 0 31 * *", ["2026-01-31T00:00Z", "2026-03-31T00:00Z", "2026-05-31T00:00Z"]),
    ("0 0 * * 7", ["2026-01-18T00:00Z", "2026-01-25T00:00Z", "2026-02-01T00:00Z"]),
    ("30 2 * * sat,Sun", ["2026-01-17T02:30Z", "2026-01-18T02:30Z", "2026-01-24T02:30Z"]),
    ("0 9 1-7 * 1", ["2026-01-19T09:00Z", "2026-01-26T09:00Z", "2026-02-01T09:00Z"]),
    ("@hourly", ["2026-01-15T11:00Z", "2026-01-15T12:00Z", "2026-01-15T13:00Z"]),
    ("@Daily", ["2026-01-16T00:00Z", "2026-01-17T00:00Z", "2026-01-18T00:00Z"]),
    ("@weekly", ["2026-01-18T00:00Z", "2026-01-25T00:00Z", "2026-02-01T00:00Z"]),
    ("@monthly", ["2026-02-01T00:00Z", "2026-03-01T00:00Z", "2026-04-01T00:00Z"]),
    ("@yearly", ["2027-01-01T00:00Z", "2028-01-01T00:00Z", "2029-01-01T00:00Z"]),
  ]

  @Test(arguments: table) func nextTimes(expression: String, expected: [String]) throws {
    let found = try Self.times(expression, after: "2026-01-15T10:07:30Z", count: 3)
    #expect(found == expected.map(Self.date))
  }

  @Test func aTimeThatIsNowIsNotNext() throws {
    #expect(try Self.times("0 2 * * *", after: "2026-01-15T02:00:00Z", count: 1) == [Self.date("2026-01-16T02:00Z")])
  }

  /// Changes of clocks; instants from Python 3.11's zoneinfo.
  static let clockChanges: [(String, String, String, [String])] = [
    // Skipped: 02:30 does not exist on 8 March; due at 03:00 EDT, and at 02:30 again the day after.
    ("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", ["2026-03-08T07:00Z", "2026-03-09T06:30Z"]),
    ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T01:00Z", "2026-03-30T00:30Z"]),
    // Skipped together: the four times from 02:00 to 02:45 are one, and 03:00 is that same minute.
    ("*/15 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", ["2026-03-29T01:00Z", "2026-03-29T01:15Z"]),
    // A gap of half an hour, and one at midnight.
    ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", ["2026-10-03T15:30Z", "2026-10-04T15:15Z"]),
    ("0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", ["2026-09-06T04:00Z", "2026-09-07T03:00Z"]),
    // A day that never was: Samoa went from 29 to 31 December 2011.
    ("30 2 * * *", "Pacific/Apia", "2011-12-29T18:00:00Z", ["2011-12-30T10:00Z", "2011-12-30T12:30Z"]),
    // Repeated: the first 01:30 of 1 November only, also when asked in between the two.
    ("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", ["2026-11-01T05:30Z", "2026-11-02T06:30Z"]),
    ("30 1 * * *", "America/New_York", "2026-11-01T05:45:00Z", ["2026-11-02T06:30Z"]),
    ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00Z", ["2026-04-04T14:45Z", "2026-04-05T15:15Z"]),
    // No change of clocks, but an offset that is not whole hours.
    ("30 2 * * *", "Asia/Kolkata", "2025-12-31T12:00:00Z", ["2025-12-31T21:00Z", "2026-01-01T21:00Z"]),
  ]

  @Test(arguments: clockChanges)
  func changesOfClocks(expression: String, zone: String, after: String, expected: [String]) throws {
    let zone = try #require(TimeZone(identifier: zone))
    let found = try Self.times(expression, after: after, in: zone, count: expected.count)
    #expect(found == expected.map(Self.date))
  }

  @Test func everyNightComesOnceThroughAYear() throws {
    for zone in ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "UTC"] {
      let zone = try #require(TimeZone(identifier: zone))
      let found = try Self.times("30 1-2 * * *", after: "2026-01-01T00:00:00Z", in: zone, count: 730)
      #expect(zip(found, found.dropFirst()).allSatisfy { $0 < $1 })
      let span = found[729].timeIntervalSince(found[0])
      #expect(abs(span - 364.5 * 86_400) <= 13 * 3600)
    }
  }

  static let wrong: [(String, String)] = [
    ("", "0 fields"), ("30 2 * *", "4 fields"), ("30 2 * * * *", "6 fields"), ("60 2 * * *", "minute"),
    ("0 24 * * *", "hour"), ("0 0 0 * *", "day of month"), ("0 0 * 13 *", "month"), ("0 0 * * 8", "day of week"),
    ("5-1 * * * *", "minute"), ("*/0 * * * *", "minute"), ("5/10 * * * *", "minute"), ("1,,2 * * * *", "minute"),
    ("-5 * * * *", "minute"), ("+5 * * * *", "minute"), ("0 0 30 2 *", "never comes"), ("0 0 * foo *", "month"),
    ("@reboot", "not known"), ("a b c d e", "minute"),
  ]

  @Test(arguments: wrong) func refusesWithReason(expression: String, mention: String) {
    let error = #expect(throws: CronError.self) { try CronExpression(expression) }
    #expect(error?.problem.contains(mention) == true)
    #expect(error?.hint.isEmpty == false)
  }
}
