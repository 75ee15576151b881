import Foundation
import Synchronization

/// How a run of chains is carried out. Beside the seed and the numbers of iterations, nothing here changes a draw.
public struct SamplingOptions: Sendable {
  public var chains: Int
  /// Iterations of each chain that adapt and are not kept.
  public var warmUp: Int
  /// Draws kept of each chain.
  public var draws: Int
  /// Iterations per draw kept.
  public var thinning: Int
  public var seed: UInt64
  /// A point to start from for each chain, in the density's coordinates; nil draws them.
  public var startingPoints: [[Double]]?
  /// Threads that share the chains; nil takes as many as there are processors and chains.
  public var threads: Int?
  /// Wall-clock time after which chains stop at the next iteration.
  public var timeBudget: Duration?
  /// Stops the chains at the next iteration once cancelled.
  public var cancellation: Cancellation?
  /// Called from a sampling thread, never from two at once, at most once per `progressInterval` and at the end.
  public var progress: (@Sendable (SamplingProgress) -> Void)?
  public var progressInterval: Duration
  /// Where and how often to store the run; a run of the same settings, model and data continues from there, also with
  /// more draws; asked for fewer than are stored, it returns the first.
  public var checkpoint: Checkpointing?

  public init(
    chains: Int = 4, warmUp: Int = 1000, draws: Int = 1000, thinning: Int = 1, seed: UInt64,
    startingPoints: [[Double]]? = nil, threads: Int? = nil, timeBudget: Duration? = nil,
    cancellation: Cancellation? = nil, progress: (@Sendable (SamplingProgress) -> Void)? = nil,
    progressInterval: Duration = .milliseconds(500), checkpoint: Checkpointing? = nil
  ) {
    self.chains = chains
    self.warmUp = warmUp
    self.draws = draws
    self.thinning = thinning
    self.seed = seed
    self.startingPoints = startingPoints
    self.threads = threads
    self.timeBudget = timeBudget
    self.cancellation = cancellation
    self.progress = progress
    self.progressInterval = progressInterval
    self.checkpoint = checkpoint
  }

  /// Iterations of each chain.
  var iterations: Int { warmUp + draws * thinning }

  func validate() throws(SamplingError) {
    if chains < 1 || draws < 1 || warmUp < 0 || thinning < 1 {
      throw .invalidSettings("Sampling needs at least one chain, one draw, a thinning of 1 and a warm-up of 0.")
    }
    let (kept, overflows) = draws.multipliedReportingOverflow(by: thinning)
    if overflows || kept.addingReportingOverflow(warmUp).overflow {
      throw .invalidSettings("\(draws) draws with a thinning of \(thinning) are more iterations than can be counted.")
    }
    if let points = startingPoints, points.count != chains {
      throw .invalidSettings("There are \(points.count) starting points for \(chains) chains; give one for each.")
    }
  }
}

/// Where a run is stored, so that it can go on after an interruption with the same draws, bit for bit.
///
/// Data and model are compared by what the density gives, bit for bit, at the starting points and at a few that are
/// always the same, or, of a kernel that ``ChainRunner`` is given, by its first steps; where all of those throw, they are
/// not told from others.
public struct Checkpointing: Sendable {
  /// The file; it is replaced atomically.
  public var url: URL
  /// The least time between two writings.
  public var interval: Duration

  public init(url: URL, interval: Duration = .seconds(60)) {
    self.url = url
    self.interval = interval
  }
}

/// Stops a run from elsewhere.
public final class Cancellation: Sendable {
  private let flag = Atomic(false)

  public init() {}

  /// Asks the run to stop.
  public func cancel() { flag.store(true, ordering: .relaxed) }
  public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

/// How far a run has come.
public struct SamplingProgress: Sendable, Equatable {
  /// Iterations done of all chains, and in all.
  public let done: Int
  public let total: Int
  /// Chains that are still in the warm-up, have failed, or are complete.
  public let chainsWarmingUp: Int
  public let chainsFailed: Int
  public let chainsComplete: Int
  /// Divergent transitions after the warm-up.
  public let divergences: Int
  /// Iterations per second since the run began or went on.
  public let rate: Double
  public let elapsed: Duration
  /// An estimate of the seconds left from the rate so far; nil before there is one.
  public let secondsLeft: Double?
}
