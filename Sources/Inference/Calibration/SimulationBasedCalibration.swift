import Foundation
import NumericKernels

/// Simulation-based calibration: whether draws come from the posterior, over data sets simulated from the prior.
///
/// The rank of the true value among L independent posterior draws is uniform on 0 to L, if the program that samples and
/// the one that simulates agree (Cook, Gelman and Rubin 2006; Talts, Betancourt, Simpson, Vehtari and Gelman 2018).
public struct SimulationBasedCalibration: Sendable {
  /// Simulated data sets.
  public var replications: Int
  /// Posterior draws L that a true value is ranked among; a fit's draws are thinned to so many, evenly. Below 1 every fit
  /// fails.
  public var rankedDraws: Int
  public var seed: UInt64
  /// Threads that share the replications.
  public var threads: Int

  public init(replications: Int = 200, rankedDraws: Int = 31, seed: UInt64, threads: Int? = nil) {
    self.replications = replications
    self.rankedDraws = rankedDraws
    self.seed = seed
    self.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
  }

  /// A data set's true values and the draws of its fit.
  public struct Replication: Sendable {
    /// The values that the data were simulated from, by name; draws may hold more variables.
    public var truth: [(name: String, value: Double)]
    public var draws: Draws

    public init(truth: [(name: String, value: Double)], draws: Draws) {
      self.truth = truth
      self.draws = draws
    }
  }

  /// Simulates, fits and ranks.
  ///
  /// - Parameter replicate: Draws true values and data with the stream given, fits them with the seed given, and returns
  ///   truth and draws, of the same names in the same order every time. What it throws counts as a failed fit.
  public func run(
    _ replicate: @Sendable (_ stream: inout RandomStream, _ seed: UInt64) throws -> Replication
  ) -> CalibrationResult {
    let replications = max(0, replications)
    let slots = ReplicationSlots(count: replications)
    let workers = min(threads, replications)
    DispatchQueue.concurrentPerform(iterations: max(1, workers)) { worker in
      for number in stride(from: worker, to: replications, by: max(1, workers)) {
        slots.set(number, to: Result { try rankTruths(number, replicate) })
      }
    }
    var names: [String] = []
    var ranks: [[Int]] = []
    var failures: [CalibrationResult.Failure] = []
    for (number, result) in slots.results.enumerated() {
      switch result {
      case .success(let found):
        if names.isEmpty {
          names = found.names
          ranks = [[Int]](repeating: [], count: names.count)
        }
        guard found.names == names else {
          let reason = "It gave \(found.names.joined(separator: ", ")), not \(names.joined(separator: ", "))."
          failures.append(CalibrationResult.Failure(replication: number, reason: reason))
          continue
        }
        for (v, rank) in found.ranks.enumerated() { ranks[v].append(rank) }
      case .failure(let error):
        failures.append(CalibrationResult.Failure(replication: number, reason: String(describing: error)))
      }
    }
    return CalibrationResult(names: names, ranks: ranks, rankedDraws: rankedDraws, failures: failures)
  }

  private func rankTruths(
    _ number: Int, _ replicate: @Sendable (_ stream: inout RandomStream, _ seed: UInt64) throws -> Replication
  ) throws -> (names: [String], ranks: [Int]) {
    var stream = RandomStream(seed: seed, purpose: StreamPurpose.calibrationPrior, draw: UInt64(number))
    var seeds = RandomStream(seed: seed, purpose: StreamPurpose.calibrationSeed, draw: UInt64(number))
    let replication = try replicate(&stream, seeds.next())
    let ranks = try replication.truth.map { truth in
      let draws = Array(try replication.draws.draws(of: truth.name))
      guard rankedDraws >= 1, draws.count >= rankedDraws else {
        throw SamplingError.invalidSettings(
          "A fit has \(draws.count) draws, of which \(rankedDraws) were to be ranked; at least one is.")
      }
      // The last draw of each of L equal stretches.
      var (below, equal) = (0, 0)
      for k in 1...rankedDraws {
        let draw = draws[k * draws.count / rankedDraws - 1]
        if draw < truth.value { below += 1 }
        if draw == truth.value { equal += 1 }
      }
      // Discrete values tie; any place among equals is as good as another.
      return below + (equal == 0 ? 0 : seeds.integer(below: equal + 1))
    }
    return (replication.truth.map(\.name), ranks)
  }
}

/// Places for results that threads fill in.
///
/// Sendable by this invariant: `slots` is touched under the lock only.
private final class ReplicationSlots: @unchecked Sendable {
  typealias Outcome = Result<(names: [String], ranks: [Int]), any Error>
  private let lock = NSLock()
  private var slots: [Outcome?]

  init(count: Int) { slots = [Outcome?](repeating: nil, count: count) }

  func set(_ index: Int, to outcome: Outcome) { lock.withLock { slots[index] = outcome } }

  var results: [Outcome] { lock.withLock { slots.compactMap(\.self) } }
}
