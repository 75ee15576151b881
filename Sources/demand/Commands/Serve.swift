import ArgumentParser
import FittingService
import Foundation
import Logging
import SalesStore
import ServiceLifecycle
import Synchronization
import UnixSignals

struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Stays and runs the nightly batch on its schedule.",
    discussion: """
      Examples:
        demand serve
        demand serve --config mine.yml --log-format json

      The schedule is nightly.schedule of the settings, a cron expression in nightly.time_zone. Runs never overlap; \
      times that were missed are made up by one run. SIGTERM or SIGINT stops it: a run in progress ends at the next \
      safe point and goes on from there the next time.
      """)

  @OptionGroup var horizon: HorizonOption
  @Option(
    help: ArgumentHelp(
      "Folder for reports. (default: nightly.reports_directory of the settings, else none)", valueName: "folder"))
  var reports: String?
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let settings = try common.loadConfiguration()
    let reports = reports ?? settings.nightly.reportsDirectory
    if let reports { try WritableFolder.require(reports) }
    let store = try common.openForNight(settings)
    let (common, logger, horizon) = (common, common.logger, horizon.value(settings))
    guard let zone = TimeZone(identifier: settings.nightly.timeZone) else {
      throw UserError(
        .usage, "nightly.time_zone '\(settings.nightly.timeZone)' is not known here",
        hint: "install tzdata, or use UTC")
    }
    let lastRun = try Self.lastRun(store)
    let scheduler = Scheduler(
      schedule: settings.nightly.schedule, timeZone: zone, logger: logger, lastRun: lastRun
    ) { due, stop in
      let environment = common.batchEnvironment(
        store: store, settings: settings, progress: SilentProgress(), stop: stop)
      Self.runOnce(environment, horizon: horizon, reports: reports, logger: logger)
    }
    try Self.serve(scheduler, logger: logger)
    logger.info("stopped")
  }

  /// When the nightly batch last ran to an end, good or bad. A night that was killed or stopped is not over: its time
  /// counts as missed, so that a restarted service goes on with it at once.
  private static func lastRun(_ store: any SalesStore) throws -> Date? {
    let nights = try store.runs(limit: 1000).filter { $0.command == "nightly" }
    let ended = nights.first { $0.status == .complete || $0.status == .failed }
    return ended?.startedAt ?? nights.last?.startedAt.addingTimeInterval(-60)
  }

  /// One night. Whatever happens is logged; the next night comes all the same.
  private static func runOnce(_ environment: BatchEnvironment, horizon: Int, reports: String?, logger: Logger) {
    do {
      let outcome = try NightlyBatch(environment).run(horizon: horizon, reports: reports)
      logger.info(
        "\(outcome.headline)",
        metadata: [
          "run": "\(outcome.runID)", "published": "\(outcome.published)", "repeated": "\(outcome.repeated)",
          "series": "\(outcome.seriesCount)", "fallbacks": "\(outcome.fallbackCount)",
        ])
      if outcome.tooManyFallbacks { logger.warning("more fallbacks than gates.max_fallback_share") }
    } catch BatchError.cancelled {
      logger.notice("run stopped on request; the next one goes on from there")
    } catch {
      let shown = UserError(error)
      logger.error("\(shown.message)", metadata: ["hint": "\(shown.hint)", "code": "\(shown.status.rawValue)"])
    }
  }

  /// Runs the service on the cooperative pool while the main thread waits.
  private static func serve(_ scheduler: Scheduler, logger: Logger) throws {
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(
            service: scheduler, successTerminationBehavior: .gracefullyShutdownGroup,
            failureTerminationBehavior: .gracefullyShutdownGroup)
        ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    let finished = DispatchSemaphore(value: 0)
    let failure = Mutex<(any Error)?>(nil)
    Task {
      do { try await group.run() } catch { failure.withLock { $0 = error } }
      finished.signal()
    }
    finished.wait()
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
