import ArgumentParser
import FittingService
import Foundation
import Logging
import SalesStore

/// Days ahead, for commands that forecast.
struct HorizonOption: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Days ahead. (default: forecast.horizon of the settings)", valueName: "days"))
  var horizon: Int?

  func validate() throws {
    if let horizon, !(1...730).contains(horizon) {
      throw ValidationError("--horizon is \(horizon): give a number of days from 1 to 730")
    }
  }

  func value(_ settings: DemandConfiguration) -> Int { horizon ?? settings.forecast.horizon }
}

extension CommonOptions {
  /// What batches need from outside.
  func batchEnvironment(
    store: any SalesStore, settings: DemandConfiguration, progress: (any BatchProgress)? = nil, stop: StopRequest
  ) -> BatchEnvironment {
    BatchEnvironment(
      store: store, configuration: settings, seed: settings.forecast.seed, threads: threadCount,
      codeVersion: Version.text, logger: logger, progress: progress ?? self.progress, isCancelled: { stop.isMade })
  }

  /// Opens the database for a night, which makes one where an inbox can fill it.
  func openForNight(_ settings: DemandConfiguration) throws -> any SalesStore {
    try openForWriting(create: settings.ingest.inbox != nil)
  }

  /// Runs a batch, prints what came of it, and ends with the exit code that it deserves.
  ///
  /// - Parameter emptiesInbox: whether it loads what lies in the inbox first, be it into a new database.
  func runBatch(
    emptiesInbox: Bool = false, _ work: (BatchEnvironment, DemandConfiguration) throws -> BatchOutcome
  ) throws {
    let settings = try loadConfiguration()
    let store = emptiesInbox ? try openForNight(settings) : try openForWriting()
    let outcome: BatchOutcome
    do {
      outcome = try Interruption.catching { stop in
        try work(batchEnvironment(store: store, settings: settings, stop: stop), settings)
      }
    } catch {
      // A database that was made for an inbox without a delivery would only puzzle.
      try? store.discardIfCreated()
      throw error
    }
    try StandardOutput.write(outcome.text)
    guard outcome.tooManyFallbacks else { return }
    Console.shared.report(
      .warning,
      "\(outcome.fallbackCount) of \(outcome.seriesCount) series have a fallback forecast, more than "
        + "gates.max_fallback_share", hint: "'demand runs show \(outcome.runID) --series' tells which and why")
    throw ExitStatus.manyFallbacks
  }
}

extension BatchOutcome {
  /// The result in a few lines.
  var text: String {
    let state = repeated ? "done before, nothing to do" : published ? "published" : "done"
    var lines = ["run \(runID): \(state), \(seriesCount) series, \(fallbackCount) fallbacks", headline]
    lines += reportPaths.map { "report: \($0)" }
    return lines.joined(separator: "\n") + "\n"
  }
}
