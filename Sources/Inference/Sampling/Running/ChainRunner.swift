import Foundation
import NumericKernels
import Synchronization

/// Runs chains of one kernel on threads of their own and gathers their draws.
///
/// Each chain is a sequence of steps of its own with its own random streams, so neither the number of threads nor the
/// order of slices changes a draw.
public struct ChainRunner: Sendable {
  public var options: SamplingOptions

  public init(_ options: SamplingOptions) { self.options = options }

  /// Samples until all chains are complete, failed or stopped; blocks the calling thread.
  ///
  /// - Parameters:
  ///   - names: The names of what a draw keeps, all different.
  ///   - identity: What tells this sampler and its settings from others; a checkpoint of another is refused. Model and
  ///     data are told by what a kernel's first steps come to, as far as those depend on them; what they do not, such as
  ///     quantities computed from a draw alone, belongs here.
  ///   - makeKernel: Makes a kernel for one chain.
  /// - Throws: ``SamplingError``, ``CheckpointError``.
  public func run<Kernel: MarkovKernel>(
    names: [String], identity: String, makeKernel: @escaping @Sendable () throws -> Kernel
  ) throws -> Fit {
    try run(
      names: names, identity: identity, fingerprint: DensityFingerprint(of: options, makeKernel: makeKernel),
      makeKernel: makeKernel)
  }

  /// - Parameter fingerprint: Of the density and its data; computed for a run with a checkpoint only.
  func run<Kernel: MarkovKernel>(
    names: [String], identity: String, fingerprint: @autoclosure () -> DensityFingerprint,
    makeKernel: @escaping @Sendable () throws -> Kernel
  ) throws -> Fit {
    try options.validate()
    var seen: Set<String> = []
    if let name = names.first(where: { !seen.insert($0).inserted }) {
      throw SamplingError.invalidSettings("Two variables are named \(name); draws need different names.")
    }
    let identity = RunIdentity(
      sampler: identity, names: names, options: options,
      fingerprint: options.checkpoint == nil ? DensityFingerprint() : fingerprint())
    let stored = try options.checkpoint.flatMap { try RunCheckpoint.read($0.url, for: identity) }
    let runs = (0..<options.chains).map { chain in
      ChainRun(
        chain: chain, options: options, variableCount: names.count,
        resuming: stored?.chains.first { $0.chain == chain }, makeKernel: makeKernel)
    }
    let schedule = ChainSchedule(runs: runs, options: options, identity: identity)
    let threads = min(options.chains, max(1, options.threads ?? ProcessInfo.processInfo.activeProcessorCount))
    schedule.work(threads: threads)
    let (chains, checkpointProblem) = schedule.finish()
    return try gather(chains, names: names, checkpointProblem: checkpointProblem)
  }

  private func gather(_ all: [ChainSnapshot], names: [String], checkpointProblem: String?) throws -> Fit {
    // A checkpoint may hold more draws than are asked for: what came after those is not of this run.
    let failures = all.compactMap(\.failure).filter { ($0.iteration ?? 0) < options.iterations }
    let chains = all.filter { chain in !failures.contains { $0.chain == chain.chain } }
    guard !chains.isEmpty else { throw SamplingError.allChainsFailed(failures) }
    let draws = min(options.draws, chains.map(\.trace.drawCount).min() ?? 0)
    let outcome: Fit.Outcome =
      chains.allSatisfy { $0.iteration >= options.iterations }
      ? .complete : options.cancellation?.isCancelled == true ? .cancelled : .outOfTime
    guard draws > 0 else { throw SamplingError.noDraws(outcome) }
    var values = [Double](repeating: 0, count: names.count * chains.count * draws)
    for (c, chain) in chains.enumerated() {
      for v in names.indices {
        chain.trace.copy(variable: v, draws: draws, into: &values, at: (v * chains.count + c) * draws)
      }
    }
    func joined<T>(_ figures: (ChainTrace) -> [T]) -> [T] { chains.flatMap { figures($0.trace).prefix(draws) } }
    return Fit(
      draws: Draws(wellFormed: names, chainCount: chains.count, drawCount: draws, values: values),
      statistics: SamplerStatistics(
        wellFormed: chains.count, drawCount: draws, logDensity: joined(\.logDensity),
        acceptance: joined(\.acceptance), stepSize: joined(\.stepSize), energy: joined(\.energy),
        treeDepth: joined(\.treeDepth).map(Int.init), leapfrogs: joined(\.evaluations).map(Int.init),
        divergent: joined(\.divergent)),
      chains: chains.map {
        ChainRecord(
          chain: $0.chain, tuning: $0.tuning, warmUp: options.warmUp, warmUpSeconds: $0.warmUpSeconds,
          samplingSeconds: $0.samplingSeconds, warmUpEvaluations: $0.warmUpEvaluations)
      },
      divergences: chains.flatMap { $0.divergences.filter { $0.iteration < options.iterations } },
      chainFailures: failures, outcome: outcome, seed: options.seed,
      checkpointProblem: checkpointProblem)
  }
}

extension LogDensity {
  /// Draws from the density with parallel chains; blocks the calling thread.
  ///
  /// - Throws: ``SamplingError`` where there is nothing to return, ``CheckpointError``. A chain that fails while others
  ///   go on is told in ``Fit/chainFailures``.
  public func sample(_ sampler: some Sampler, _ options: SamplingOptions) throws -> Fit {
    let warmUp = options.warmUp
    let names = variableNames
    if let problem = problem(withNames: names) { throw SamplingError.invalidSettings(problem) }
    return try ChainRunner(options).run(
      names: names, identity: String(reflecting: sampler),
      fingerprint: DensityFingerprint(self, names: names.count, points: options.startingPoints ?? [])
    ) {
      try sampler.makeKernel(for: self, warmUp: warmUp)
    }
  }

  /// Draws from the density with parallel chains and the usual settings; blocks the calling thread.
  public func sample(
    _ sampler: some Sampler, chains: Int = 4, warmUp: Int = 1000, draws: Int = 1000, seed: UInt64
  ) throws -> Fit {
    try sample(sampler, SamplingOptions(chains: chains, warmUp: warmUp, draws: draws, seed: seed))
  }
}
