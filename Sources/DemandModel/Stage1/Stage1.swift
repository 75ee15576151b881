import DemandData
import Dispatch
import Foundation
import Inference
import NumericKernels

/// Stage 1 of the demand model: level, calendar, trend and shared shocks of groups of series, sampled by blocked Gibbs.
///
/// See ``Stage1Model`` for the equations and ``Stage1Chain`` for the sampler.
public enum Stage1 {
  /// Samples the posterior of the panel's groups.
  ///
  /// - Parameters:
  ///   - panel: the history; its last day is the origin.
  ///   - specification: groups, calendar, and numbers of chains, sweeps and kept draws.
  ///   - horizon: days ahead of the origin that the calendar effect is wanted for; at least 1.
  ///   - seed: the run's seed. The result depends on the data, the specification, the horizon and the seed alone.
  ///   - control: threads (chains run side by side), progress in sweeps of all chains, cancellation.
  /// - Throws: ``Stage1Error``, or ``Cancelled``.
  /// - Complexity: a sweep costs O(groups x (days x entries per design row + columns³/3)).
  public static func sample(
    panel: Panel, specification: ModelSpecification, horizon: Int, seed: UInt64, control: RunControl = RunControl()
  ) throws -> GroupPosterior {
    let model = try Self.model(panel: panel, specification: specification, horizon: horizon)
    let schedule = try Stage1Schedule(specification.stage1)
    let chains = try Self.run(model: model, schedule: schedule, seed: seed, control: control)
    return Self.posterior(model: model, schedule: schedule, chains: chains)
  }

  /// The model of a panel.
  package static func model(
    panel: Panel, specification: ModelSpecification, horizon: Int
  ) throws(Stage1Error) -> Stage1Model {
    guard horizon >= 1 else { throw .invalidHorizon(horizon) }
    guard specification.stage1.historyDays >= 1 else {
      throw .invalidSetting(
        name: "stage1.historyDays", value: specification.stage1.historyDays, needed: "at least 1")
    }
    let structure = try GroupStructure(hierarchy: panel.hierarchy, specification: specification.groups)
    let history = try GroupHistory(
      panel: panel, groupOfSeries: structure.groupOfSeries, groupCount: structure.groups.count,
      historyDays: specification.stage1.historyDays)
    return Stage1Model(
      structure: structure, history: history, calendar: panel.calendar, location: panel.hierarchy.location,
      horizon: horizon, specification: specification.calendar)
  }
}

/// How many sweeps each chain makes, and which of them are kept for the later stages.
package struct Stage1Schedule: Sendable {
  package let chains: Int
  package let warmup: Int
  package let draws: Int
  package let keptDraws: Int

  package init(_ specification: ModelSpecification.Stage1) throws(Stage1Error) {
    func check(_ name: String, _ value: Int, _ isValid: Bool, _ needed: String) throws(Stage1Error) {
      if !isValid { throw .invalidSetting(name: "stage1.\(name)", value: value, needed: needed) }
    }
    chains = specification.chains
    warmup = specification.warmup
    draws = specification.draws
    keptDraws = specification.keptDraws
    try check("chains", chains, chains >= 1, "at least 1")
    try check("warmup", warmup, warmup >= 0, "at least 0")
    try check("draws", draws, draws >= 4, "at least 4")
    try check(
      "keptDraws", keptDraws, keptDraws >= 1 && keptDraws <= chains * draws, "between 1 and chains x draws")
  }

  /// Draws of one chain that are kept, evenly spaced, the last draw among them. Kept draw m comes from chain
  /// `m % chains`.
  package func keptPositions(chain: Int) -> [Int] {
    let count = keptDraws / chains + (chain < keptDraws % chains ? 1 : 0)
    return (0..<count).map { ($0 + 1) * draws / count - 1 }
  }
}

extension Stage1 {
  /// What one chain leaves behind: values of all parameters by draw, and the kept states.
  package struct ChainDraws: Sendable {
    package var values: [[Double]] = []
    package var kept: [Stage1State] = []
  }

  /// Runs all chains on `control.threads` threads. Chains share nothing, so the number of threads changes no bit.
  package static func run(
    model: Stage1Model, schedule: Stage1Schedule, seed: UInt64, control: RunControl
  ) throws -> [ChainDraws] {
    let outcomes = ChainOutcomes(count: schedule.chains, total: schedule.chains * (schedule.warmup + schedule.draws))
    let workers = min(control.threads, schedule.chains)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      for chain in stride(from: worker, to: schedule.chains, by: workers) {
        let result = Result {
          try runChain(chain, model: model, schedule: schedule, seed: seed, control: control, outcomes: outcomes)
        }
        outcomes.set(result, chain: chain)
      }
    }
    return try outcomes.results().map { try $0.get() }
  }

  private static func runChain(
    _ index: Int, model: Stage1Model, schedule: Stage1Schedule, seed: UInt64, control: RunControl,
    outcomes: ChainOutcomes
  ) throws -> ChainDraws {
    let parameters = Stage1Parameters(model: model)
    let kept = Set(schedule.keptPositions(chain: index))
    var chain = Stage1Chain(model: model, seed: seed, chain: index)
    var draws = ChainDraws()
    for sweep in 1...schedule.warmup + schedule.draws {
      if control.isCancelled() { throw Cancelled() }
      do {
        try chain.sweep(using: Stage1Chain.stream(seed: seed, chain: index, sweep: sweep))
      } catch {
        throw Stage1Error.numericalFailure(chain: index, sweep: sweep, step: chain.step)
      }
      control.progress(outcomes.advance(), outcomes.total)
      let draw = sweep - schedule.warmup - 1
      guard draw >= 0 else { continue }
      draws.values.append(parameters.values(of: chain.state))
      if kept.contains(draw) { draws.kept.append(chain.state) }
    }
    return draws
  }
}

/// Results of chains that run side by side.
///
/// Unchecked because the compiler cannot see that `lock` guards every access to the mutable members.
private final class ChainOutcomes: @unchecked Sendable {
  let total: Int
  private let lock = NSLock()
  private var done = 0
  private var outcomes: [Result<Stage1.ChainDraws, any Error>?]

  init(count: Int, total: Int) {
    self.total = total
    outcomes = Array(repeating: nil, count: count)
  }

  /// Counts a sweep; returns how many are done.
  func advance() -> Int {
    lock.withLock {
      done += 1
      return done
    }
  }

  func set(_ outcome: Result<Stage1.ChainDraws, any Error>, chain: Int) {
    lock.withLock { outcomes[chain] = outcome }
  }

  func results() -> [Result<Stage1.ChainDraws, any Error>] { lock.withLock { outcomes.compactMap(\.self) } }
}
