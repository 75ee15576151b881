import Foundation
import Logging
import SalesStore

/// Everything a batch needs from outside, so that tests can give it another clock, store or stop signal.
public struct BatchEnvironment: Sendable {
  public var store: any SalesStore
  public var configuration: DemandConfiguration
  public var seed: UInt64
  /// Worker threads; never changes a result.
  public var threads: Int
  /// Version and commit of the program, part of the run key.
  public var codeVersion: String
  public var logger: Logger
  public var progress: any BatchProgress
  public var now: @Sendable () -> Date
  public var isCancelled: @Sendable () -> Bool

  public init(
    store: any SalesStore, configuration: DemandConfiguration, seed: UInt64, threads: Int, codeVersion: String,
    logger: Logger, progress: any BatchProgress = SilentProgress(), now: @escaping @Sendable () -> Date = { Date() },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.store = store
    self.configuration = configuration
    self.seed = seed
    self.threads = threads
    self.codeVersion = codeVersion
    self.logger = logger
    self.progress = progress
    self.now = now
    self.isCancelled = isCancelled
  }
}

/// What a batch did.
public struct BatchOutcome: Sendable, Hashable {
  public var runID: Int
  /// Whether this run's forecast is the published one now.
  public var published: Bool
  /// Whether a run of the same key had already done everything, so that nothing was computed.
  public var repeated: Bool
  public var seriesCount: Int
  /// Series with a labelled fallback forecast.
  public var fallbackCount: Int
  /// Whether ``fallbackCount`` exceeds the configured share.
  public var tooManyFallbacks: Bool
  public var reportPaths: [String]
  /// One line for people: what is expected, how sure, and how that compares.
  public var headline: String
}

/// Why a batch ended without doing its work. Yesterday's forecast stays published.
public enum BatchError: Error, Sendable, Hashable {
  /// There is nothing to learn from.
  case noData(message: String, hint: String)
  /// Another batch works on this database.
  case lockHeld(path: String, holder: String)
  /// The run finished but did not pass the gates; it is kept, unpublished.
  case gateRefused(runID: Int, reasons: [String])
  /// Stopped on request; the next run goes on where this one was.
  case cancelled
  case failed(message: String, hint: String)
}

extension BatchError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noData(let message, _), .failed(let message, _): message
    case .lockHeld(let path, let holder): "another batch is at work on this database (\(holder), lock \(path))"
    case .gateRefused(let run, let reasons): "run \(run) is not published: \(reasons.joined(separator: "; "))"
    case .cancelled: "stopped on request; the next run goes on from the last finished stage"
    }
  }

  /// What to do next.
  public var hint: String {
    switch self {
    case .noData(_, let hint), .failed(_, let hint): hint
    case .lockHeld: "wait for it to end, or stop it; a killed batch frees its lock by itself"
    case .gateRefused(let run, _):
      "look at it with 'demand runs show \(run)'; the forecast published before it stays, marked stale"
    case .cancelled: "start the same command again to go on"
    }
  }
}
