import FittingService
import Foundation
import Logging
import ServiceLifecycle
import ServiceLifecycleTestKit
import Synchronization
import Testing

/// Time that stands still until somebody sleeps, and then jumps to where they wake up.
private final class JumpingClock: ScheduleClock {
  private let time: Mutex<Date>
  private let lateness: Mutex<[TimeInterval]>

  /// - Parameter lateness: by how much each sleep in turn ends too late, as after a suspended machine.
  init(at start: Date, lateness: [TimeInterval] = []) {
    time = Mutex(start)
    self.lateness = Mutex(lateness)
  }

  var now: Date { time.withLock { $0 } }
  func advance(by seconds: TimeInterval) { time.withLock { $0 += seconds } }

  func sleep(until date: Date) async throws {
    try Task.checkCancellation()
    let late = lateness.withLock { $0.isEmpty ? 0 : $0.removeFirst() }
    time.withLock { $0 = max($0, date) + late }
    await Task.yield()
  }
}

/// Time that never comes: a sleep ends by cancellation only.
private struct FrozenClock: ScheduleClock {
  let now: Date
  func sleep(until date: Date) async throws { try await Task.sleep(for: .seconds(3600)) }
}

private final class Record: Sendable {
  private let entries = Mutex<[Date]>([])
  var dates: [Date] { entries.withLock { $0 } }
  func add(_ date: Date) -> Int {
    entries.withLock {
      $0.append(date); return $0.count
    }
  }
}

@Suite struct SchedulerTests {
  let utc = TimeZone(identifier: "UTC")!
  let start = CronExpressionTests.date("2026-01-15T12:00:00Z")
  let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  /// Runs a scheduler until its job has run `count` times, and returns the due times.
  private func dueTimes(
    _ expression: String, clock: JumpingClock, lastRun: Date? = nil, count: Int,
    work: @escaping @Sendable (JumpingClock) -> Void = { _ in }
  ) async throws -> [Date] {
    let record = Record()
    let cron = try CronExpression(expression)
    try await testGracefulShutdown { trigger in
      let scheduler = Scheduler(schedule: cron, timeZone: utc, clock: clock, logger: quiet, lastRun: lastRun) {
        due, _ in
        work(clock)
        if record.add(due) == count { trigger.triggerGracefulShutdown() }
      }
      try await scheduler.run()
    }
    return record.dates
  }

  @Test func runsAtEveryTime() async throws {
    let found = try await dueTimes("30 2 * * *", clock: JumpingClock(at: start), count: 3)
    #expect(found == ["2026-01-16T02:30Z", "2026-01-17T02:30Z", "2026-01-18T02:30Z"].map(CronExpressionTests.date))
  }

  @Test func timesThatPassDuringARunAreMadeUpOnce() async throws {
    // Each run takes 150 minutes of an hourly schedule. The first lasts from 13:00 to 15:30 and so misses 14:00 and
    // 15:00, which one run makes up for; that lasts to 18:00 and misses 16:00 and later.
    let found = try await dueTimes("0 * * * *", clock: JumpingClock(at: start), count: 3) { $0.advance(by: 150 * 60) }
    #expect(found == ["2026-01-15T13:00Z", "2026-01-15T14:00Z", "2026-01-15T16:00Z"].map(CronExpressionTests.date))
  }

  @Test func nightsMissedInSleepAreMadeUpOnce() async throws {
    let clock = JumpingClock(at: start, lateness: [3 * 86_400])
    let found = try await dueTimes("30 2 * * *", clock: clock, count: 2)
    #expect(found == ["2026-01-16T02:30Z", "2026-01-20T02:30Z"].map(CronExpressionTests.date))
  }

  @Test func nightsMissedWhileStoppedAreMadeUpOnce() async throws {
    let lastRun = CronExpressionTests.date("2026-01-12T02:31:00Z")
    let found = try await dueTimes("30 2 * * *", clock: JumpingClock(at: start), lastRun: lastRun, count: 2)
    #expect(found == ["2026-01-13T02:30Z", "2026-01-16T02:30Z"].map(CronExpressionTests.date))
  }

  @Test func neverTwoAtOnce() async throws {
    let running = Atomic(0)
    let most = Atomic(0)
    _ = try await dueTimes("* * * * *", clock: JumpingClock(at: start), count: 5) { clock in
      let now = running.add(1, ordering: .sequentiallyConsistent).newValue
      most.store(max(most.load(ordering: .sequentiallyConsistent), now), ordering: .sequentiallyConsistent)
      clock.advance(by: 200)
      running.subtract(1, ordering: .sequentiallyConsistent)
    }
    #expect(most.load(ordering: .sequentiallyConsistent) == 1)
  }

  @Test(.timeLimit(.minutes(5))) func shutdownEndsTheWait() async throws {
    let record = Record()
    // The clock is frozen hours before the next run: unless shutdown ends the wait, this test never ends.
    try await testGracefulShutdown { trigger in
      let scheduler = Scheduler(
        schedule: try CronExpression("30 2 * * *"), timeZone: utc, clock: FrozenClock(now: start), logger: quiet
      ) { due, _ in _ = record.add(due) }
      async let finished: Void = scheduler.run()
      try await Task.sleep(for: .milliseconds(20))
      trigger.triggerGracefulShutdown()
      try await finished
    }
    #expect(record.dates.isEmpty)
  }

  @Test func shutdownAsksARunningJobToStopAndWaitsForIt() async throws {
    let record = Record()
    try await testGracefulShutdown { trigger in
      let scheduler = Scheduler(
        schedule: try CronExpression("30 2 * * *"), timeZone: utc, clock: JumpingClock(at: start), logger: quiet
      ) { due, stop in
        trigger.triggerGracefulShutdown()
        while !stop.isMade { usleep(1000) }
        usleep(20_000)
        _ = record.add(due)
      }
      try await scheduler.run()
    }
    #expect(record.dates == [CronExpressionTests.date("2026-01-16T02:30Z")])
  }
}
