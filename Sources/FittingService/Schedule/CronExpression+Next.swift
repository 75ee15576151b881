import DemandData
import Foundation

extension CronExpression {
  /// The first time after `date` at which the schedule is due on the clocks of `timeZone`; nil where it never is.
  ///
  /// Changes of clocks: a time that is skipped is due once, at the first minute after the gap, however many of the
  /// schedule's times fall into it. A time that comes twice is due the first time only.
  ///
  /// - Complexity: O(days to go); eight years at most, the longest wait for a 29 February.
  public func next(after date: Date, in timeZone: TimeZone) -> Date? {
    let local = WallClock.local(date, in: timeZone)
    // One day early: where clocks went back over midnight, yesterday's date may still be to come.
    let start = Day(number: Int((local / 86_400).rounded(.down)) - 1)
    for offset in 0..<(8 * 366 + 2) {
      let day = start + offset
      let (_, month, dayOfMonth) = day.components
      guard matches(month: month, day: dayOfMonth, weekday: (day.weekday + 1) % 7) else { continue }
      for hour in hours {
        for minute in minutes {
          let wall = Double(day.number) * 86_400 + Double(hour * 3600 + minute * 60)
          // Offsets from UTC are within 18 hours: most days can be ruled out without asking for them.
          if wall + 18 * 3600 <= date.timeIntervalSince1970 { continue }
          let instant = WallClock.instant(ofLocal: wall, in: timeZone)
          if instant > date { return instant }
        }
      }
    }
    return nil
  }
}

/// Conversion between instants and what clocks on the wall show, as seconds since 1970-01-01 00:00 on that clock.
enum WallClock {
  static func local(_ date: Date, in zone: TimeZone) -> Double {
    date.timeIntervalSince1970 + Double(zone.secondsFromGMT(for: date))
  }

  /// The first instant at which clocks show `wall`, or, where they skip it, the first after the gap.
  static func instant(ofLocal wall: Double, in zone: TimeZone) -> Date {
    func offset(_ utc: Double) -> Double { Double(zone.secondsFromGMT(for: Date(timeIntervalSince1970: utc))) }
    let before = offset(wall - 86_400)
    let after = offset(wall + 86_400)
    let candidates = [wall - before, wall - after].filter { $0 + offset($0) == wall }
    if let first = candidates.min() { return Date(timeIntervalSince1970: first) }
    // Skipped: the clocks changed after `wall - after` and not later than `wall - before`.
    var low = (wall - after).rounded(.down)
    var high = (wall - before).rounded(.up)
    while high - low > 1 {
      let middle = ((low + high) / 2).rounded(.down)
      if offset(middle) == after { high = middle } else { low = middle }
    }
    return Date(timeIntervalSince1970: high)
  }
}
