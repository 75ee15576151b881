import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// Time as the scheduler sees it; tests put their own in its place.
public protocol ScheduleClock: Sendable {
  var now: Date { get }
  /// Returns at `date` or as soon after it as may be; throws `CancellationError` when the task is cancelled first.
  func sleep(until date: Date) async throws
}

/// The machine's clock.
public struct SystemScheduleClock: ScheduleClock {
  public init() {}
  public var now: Date { Date() }

  /// Sleeps a minute at most before it looks at the clock again: the machine may have been suspended, or its clock set.
  public func sleep(until date: Date) async throws {
    while case let rest = date.timeIntervalSince(now), rest > 0 {
      try await Task.sleep(for: .seconds(min(rest, 60)))
    }
  }
}

/// Whether a running job has been asked to stop. It may be asked from any thread.
public final class StopRequest: Sendable {
  private let flag = Atomic(false)

  public init() {}
  public var isMade: Bool { flag.load(ordering: .relaxed) }
  public func make() { flag.store(true, ordering: .relaxed) }
}

/// Runs a job at the times of a cron expression, one run after the other, until it is shut down.
///
/// - A run that is still going when the next time comes is never doubled: times that pass meanwhile, or while the
///   machine sleeps, are logged as missed and made up by one run.
/// - Shutting down (SIGTERM through a `ServiceGroup`) ends the wait at once; a job that is running is asked to stop and
///   waited for, so that it can leave its records in order.
/// - The job runs on a thread of its own: it may compute for hours without starving the cooperative pool.
public struct Scheduler: Service {
  public typealias Job = @Sendable (_ due: Date, _ stop: StopRequest) -> Void

  private let schedule: CronExpression
  private let timeZone: TimeZone
  private let clock: any ScheduleClock
  private let logger: Logger
  private let lastRun: Date?
  private let job: Job

  /// - Parameters:
  ///   - lastRun: when the job ran last, before this program started; times missed since are made up by one run at once.
  ///     Nil waits for the next time.
  ///   - job: the work; it must return soon after `stop` is made.
  public init(
    schedule: CronExpression, timeZone: TimeZone, clock: any ScheduleClock = SystemScheduleClock(), logger: Logger,
    lastRun: Date? = nil, job: @escaping Job
  ) {
    self.schedule = schedule
    self.timeZone = timeZone
    self.clock = clock
    self.logger = logger
    self.lastRun = lastRun
    self.job = job
  }

  public func run() async throws {
    let stop = StopRequest()
    // Every time up to here has been dealt with. It never moves back, so a clock that is set back repeats nothing.
    var done = min(lastRun ?? clock.now, clock.now)
    while !stop.isMade, !Task.isShuttingDownGracefully, !Task.isCancelled {
      guard let due = schedule.next(after: done, in: timeZone) else {
        logger.warning("schedule has no further time", metadata: ["schedule": "\(schedule)"])
        return
      }
      logger.info("next run", metadata: ["due": "\(WallClock.iso(due, in: timeZone))"])
      guard await wait(until: due) else { return }
      let now = max(clock.now, due)
      reportMissed(from: due, to: now)
      await withGracefulShutdownHandler {
        await withTaskCancellationHandler {
          await onOwnThread { job(due, stop) }
        } onCancel: {
          stop.make()
        }
      } onGracefulShutdown: {
        stop.make()
      }
      done = now
    }
  }

  /// Waits; false when it was shut down meanwhile.
  private func wait(until due: Date) async -> Bool {
    do {
      try await cancelWhenGracefulShutdown { try await clock.sleep(until: due) }
      return !Task.isShuttingDownGracefully && !Task.isCancelled
    } catch {
      return false
    }
  }

  /// Times after `due` that have passed by `now` are not made up one by one.
  private func reportMissed(from due: Date, to now: Date) {
    // A year of minutes would keep the log waiting for what one line says.
    let countLimit = 1000
    var missed = 0
    var time = due
    while missed < countLimit, let next = schedule.next(after: time, in: timeZone), next <= now {
      missed += 1
      time = next
    }
    guard missed > 0 || now.timeIntervalSince(due) >= 60 else { return }
    logger.warning(
      "scheduled times were missed; one run makes up for all",
      metadata: [
        "first": "\(WallClock.iso(due, in: timeZone))", "last": "\(WallClock.iso(time, in: timeZone))",
        "missed": "\(missed + 1)\(missed == countLimit ? " or more" : "")",
      ])
  }

  private func onOwnThread(_ work: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
      let thread = Thread {
        work()
        continuation.resume()
      }
      // Numeric code keeps small matrices on the stack; the default for threads is an eighth of the main thread's.
      thread.stackSize = 8 << 20
      thread.name = "scheduled job"
      thread.start()
    }
  }
}

extension WallClock {
  /// `YYYY-MM-DDTHH:MM:SS+HH:MM` on the clocks of `zone`.
  static func iso(_ date: Date, in zone: TimeZone) -> String {
    date.formatted(
      Date.ISO8601FormatStyle(timeZone: zone).year().month().day().timeZone(separator: .colon)
        .time(includingFractionalSeconds: false))
  }
}
