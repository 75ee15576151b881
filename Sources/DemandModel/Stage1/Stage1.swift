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
  package let rhatTarget: Double
  package let extensions: Int

  package init(_ specification: ModelSpecification.Stage1) throws(Stage1Error) {
    func check(_ name: String, _ value: Int, _ isValid: Bool, _ needed: String) throws(Stage1Error) {
      if !isValid { throw .invalidSetting(name: "stage1.\(name)", value: value, needed: needed) }
    }
    chains = specification.chains
    warmup = specification.warmup
    draws = specification.draws
    keptDraws = specification.keptDraws
    rhatTarget = specification.rhatTarget
    extensions = specification.extensions
    try check("chains", chains, chains >= 1, "at least 1")
    try check("warmup", warmup, warmup >= 0, "at least 0")
    try check("draws", draws, draws >= 4, "at least 4")
    try check(
      "keptDraws", keptDraws, keptDraws >= 1 && keptDraws <= chains * draws, "between 1 and chains x draws")
    try check("extensions", extensions, (0...16).contains(extensions), "between 0 and 16")
  }

  /// Draws of one chain that are kept, evenly spaced, the last draw among them. Kept draw m comes from chain
  /// `m % chains`.
  package func keptPositions(chain: Int) -> [Int] {
    Self.spread(keptDraws / chains + (chain < keptDraws % chains ? 1 : 0), over: draws)
  }

  /// Draws that an extension adds to every chain, in place of as many that it drops.
  var addedDraws: Int { draws / 2 }

  static func spread(_ count: Int, over draws: Int) -> [Int] { (0..<count).map { ($0 + 1) * draws / count - 1 } }
}

extension Stage1 {
  /// What one chain leaves behind: values of all parameters by draw, and the kept states.
  package struct ChainDraws: Sendable {
    package var values: [[Double]] = []
    package var kept: [Stage1State] = []
  }

  /// Runs all chains on `control.threads` threads, extended until every reported parameter has the R-hat that the
  /// schedule asks for. An extension doubles the sweeps after the warm-up and drops every second draw, so memory does
  /// not grow.
  ///
  /// Chains share nothing and are extended all alike, so the number of threads changes no bit.
  package static func run(
    model: Stage1Model, schedule: Stage1Schedule, seed: UInt64, control: RunControl
  ) throws -> [ChainDraws] {
    var chains = (0..<schedule.chains).map { ChainRun(model: model, seed: seed, chain: $0) }
    let tally = WorkTally(
      total: schedule.chains * (schedule.warmup + schedule.draws), control: control)
    var extensions = 0
    while true {
      chains = try advance(chains, schedule: schedule, extensions: extensions, control: control, tally: tally)
      if extensions == schedule.extensions || worstRHat(of: chains.map(\.draws)) <= schedule.rhatTarget {
        return chains.map(\.draws)
      }
      extensions += 1
      tally.extend(by: schedule.chains * schedule.addedDraws << extensions)
    }
  }

  private static func advance(
    _ chains: [ChainRun], schedule: Stage1Schedule, extensions: Int, control: RunControl, tally: WorkTally
  ) throws -> [ChainRun] {
    let outcomes = ChainOutcomes(count: chains.count)
    let workers = min(control.threads, chains.count)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      for index in stride(from: worker, to: chains.count, by: workers) {
        outcomes.set(
          Result {
            var chain = chains[index]
            try chain.advance(schedule: schedule, extensions: extensions, control: control, tally: tally)
            return chain
          }, chain: index)
      }
    }
    return try outcomes.results().map { try $0.get() }
  }

  /// Largest R-hat of any reported parameter; infinite where one is not a number.
  private static func worstRHat(of chains: [ChainDraws]) -> Double {
    let parameters = chains[0].values.first?.count ?? 0
    return (0..<parameters).reduce(1) { worst, index in
      let rHat = Diagnostics.rHat(chains.flatMap { chain in chain.values.map { $0[index] } }, chains: chains.count)
      return rHat.isNaN ? .infinity : max(worst, rHat)
    }
  }
}

/// A chain on its way, with its draws.
private struct ChainRun: Sendable {
  private let seed: UInt64
  private let index: Int
  private var chain: Stage1Chain
  private let parameters: Stage1Parameters
  private var sweeps = 0
  private(set) var draws = Stage1.ChainDraws()

  init(model: Stage1Model, seed: UInt64, chain index: Int) {
    self.seed = seed
    self.index = index
    chain = Stage1Chain(model: model, seed: seed, chain: index)
    parameters = Stage1Parameters(model: model)
  }

  /// Warm-up and draws; the n-th time, every second draw is dropped and the same number added, 2^n sweeps apart.
  mutating func advance(
    schedule: Stage1Schedule, extensions: Int, control: RunControl, tally: WorkTally
  ) throws {
    var added = schedule.draws
    var kept = schedule.keptPositions(chain: index)
    if extensions == 0 {
      for _ in 0..<schedule.warmup { try sweep(control, tally) }
    } else {
      added = schedule.addedDraws
      kept = Stage1Schedule.spread(kept.count / 2, over: added)
      draws.values = Self.everySecond(draws.values)
      draws.kept = Self.everySecond(draws.kept)
    }
    let isKept = Set(kept)
    for draw in 0..<added {
      for _ in 0..<1 << extensions { try sweep(control, tally) }
      draws.values.append(parameters.values(of: chain.state))
      if isKept.contains(draw) { draws.kept.append(chain.state) }
    }
  }

  /// Elements an even distance from the last.
  private static func everySecond<Element>(_ elements: [Element]) -> [Element] {
    stride(from: (elements.count - 1) % 2, to: elements.count, by: 2).map { elements[$0] }
  }

  private mutating func sweep(_ control: RunControl, _ tally: WorkTally) throws {
    if control.isCancelled() { throw Cancelled() }
    sweeps += 1
    do {
      try chain.sweep(using: Stage1Chain.stream(seed: seed, chain: index, sweep: sweeps))
    } catch {
      throw Stage1Error.numericalFailure(chain: index, sweep: sweeps, step: chain.step)
    }
    tally.advance()
  }
}

/// Results of chains that run side by side.
///
/// Unchecked because the compiler cannot see that `lock` guards every access to the mutable member.
private final class ChainOutcomes: @unchecked Sendable {
  private let lock = NSLock()
  private var outcomes: [Result<ChainRun, any Error>?]

  init(count: Int) { outcomes = Array(repeating: nil, count: count) }

  func set(_ outcome: Result<ChainRun, any Error>, chain: Int) { lock.withLock { outcomes[chain] = outcome } }

  func results() -> [Result<ChainRun, any Error>] { lock.withLock { outcomes.compactMap(\.self) } }
}
