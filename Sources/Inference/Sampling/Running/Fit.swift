/// The result of sampling: draws, how they came about, and what went wrong.
public struct Fit: Sendable {
  /// Draws after the warm-up of the chains that did not fail, all of one length.
  public let draws: Draws
  /// One figure per chain and draw, in the order of ``draws``.
  public let statistics: SamplerStatistics
  /// What each chain of ``draws`` was and took, in their order.
  public let chains: [ChainRecord]
  /// Divergent transitions, of the warm-up too, by chain and iteration.
  public let divergences: [Divergence]
  /// Chains that could not go on, and why; they are not in ``draws``.
  public let chainFailures: [ChainFailure]
  /// Whether the run came to its end.
  public let outcome: Outcome
  /// The run's seed.
  public let seed: UInt64
  /// Why the last checkpoint could not be written, if it was asked for; the fit is whole nonetheless.
  public let checkpointProblem: String?

  public enum Outcome: String, Sendable {
    /// All draws asked for are there.
    case complete
    /// The time budget was spent first; the chains were cut to the shortest.
    case outOfTime
    /// It was cancelled; the chains were cut to the shortest.
    case cancelled
  }

  /// - Precondition: The statistics are of the draws' chains and draws.
  public init(
    draws: Draws, statistics: SamplerStatistics, chains: [ChainRecord] = [], divergences: [Divergence] = [],
    chainFailures: [ChainFailure] = [], outcome: Outcome = .complete, seed: UInt64 = 0,
    checkpointProblem: String? = nil
  ) {
    precondition(
      statistics.chainCount == draws.chainCount && statistics.drawCount == draws.drawCount,
      "statistics and draws of a fit must be of the same chains")
    self.draws = draws
    self.statistics = statistics
    self.chains = chains
    self.divergences = divergences
    self.chainFailures = chainFailures
    self.outcome = outcome
    self.seed = seed
    self.checkpointProblem = checkpointProblem
  }
}

/// What a chain took.
public struct ChainRecord: Sendable, Equatable {
  /// The chain's number in the run.
  public let chain: Int
  public let tuning: ChainTuning
  /// Warm-up iterations.
  public let warmUp: Int
  /// CPU seconds of the warm-up, with the search for a starting point.
  public let warmUpSeconds: Double
  /// CPU seconds of the iterations after the warm-up.
  public let samplingSeconds: Double
  /// Evaluations of the density in the warm-up.
  public let warmUpEvaluations: Int
}

/// A chain that could not go on; the other chains do.
public struct ChainFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The chain's number in the run.
  public let chain: Int
  /// The iteration, from 0 at the warm-up's first; nil when no starting point was found.
  public let iteration: Int?
  public let reason: String

  public init(chain: Int, iteration: Int?, reason: String) {
    self.chain = chain
    self.iteration = iteration
    self.reason = reason
  }

  public var description: String {
    let place = iteration.map { "in iteration \($0)" } ?? "at its start"
    return "Chain \(chain) failed \(place): \(reason)"
  }
}

/// Why there is no fit at all.
public enum SamplingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// No chain came through.
  case allChainsFailed([ChainFailure])
  /// No point was found where density and gradient are finite.
  case noStartingPoint(attempts: Int, lastReason: String)
  /// The point given to start from has no finite density and gradient.
  case startingPointImpossible(reason: String)
  /// The run ended before every chain had a draw.
  case noDraws(Fit.Outcome)
  /// Settings that make no sense, in words.
  case invalidSettings(String)

  public var description: String {
    switch self {
    case .allChainsFailed(let failures):
      let first = failures.first.map(\.description) ?? ""
      return "All \(failures.count) chains failed. \(first)"
    case .noStartingPoint(let attempts, let reason):
      return "No starting point with a finite density and gradient was found in \(attempts) attempts; the last: "
        + "\(reason). Give starting points, or check priors and data for impossible values."
    case .startingPointImpossible(let reason):
      return "The given starting point cannot be used: \(reason)."
    case .noDraws(let outcome):
      return outcome == .cancelled
        ? "Sampling was cancelled before every chain had a draw."
        : "The time budget was spent before every chain had a draw; allow more time or a shorter warm-up."
    case .invalidSettings(let reason):
      return reason
    }
  }
}
