import DemandData
import Foundation
import NumericKernels

/// The steps of one run of stage 2, in order: working priors, series, hyperprior, and series again where its weights
/// wore out.
struct Stage2Run: Sendable {
  let panel: Panel
  let groupOfSeries: [Int]
  let factors: CalendarFactors
  /// `[series]`, nil where there is nothing to sample from.
  let days: [SeriesDays?]
  let model: HyperpriorModel
  let plan: InnerPlan
  let seed: UInt64
  let control: RunControl

  /// Everything sampled.
  struct Fit: Sendable {
    /// `[series]`, nil where there was nothing to sample from.
    let sampled: [SampledSeries?]
    let workingPriors: [NormalPrior]
    let workingPriorOfSeries: [Int]
    let hyperprior: HyperpriorPosterior
    /// The hyperprior as one normal per cell.
    let predictive: [NormalPrior]
  }

  /// Pareto k above which re-weighting is not relied on.
  static let worstParetoK = 0.7
  /// Standard deviations of working priors over those of a learned hyperprior: tails covered, weights near even.
  private static let widening = 1.15
  /// Rounds in which a subsample only serves to learn the hyperprior roughly.
  private static let scoutingRounds = 2
  /// By which number the sweeps over a rough hyperprior are fewer.
  private static let scoutingSaving = 3
  /// Share of series sampled again from which on the hyperprior is learned again.
  private static let relearnShare = 0.02

  /// Samples a subsample under working priors from Laplace approximations to learn the hyperprior roughly, again under
  /// what was learned; then all series under that hyperprior, slightly widened; and those whose draws fit the hyperprior
  /// learned from all of them badly once more.
  ///
  /// A working prior close to the hyperprior is what keeps the hyperprior unbiased. A finite number of stored draws estimates each series'
  /// marginal likelihood the worse the less the hyperprior looks like the working prior, and that favours hyperpriors
  /// as wide as a wide working prior.
  func fit(sweeps: Int) throws(Cancelled) -> Fit {
    let toSample = days.indices.filter { days[$0] != nil }
    let working = WorkingPriors(model: model, factors: factors, groupOfSeries: groupOfSeries, days: days)
    let scouts = working.subsample()
    let scouting = sweeps / Self.scoutingSaving
    let tally = WorkTally(
      total: Self.scoutingRounds * (scouts.count + HyperpriorSampler.work(sweeps: scouting)) + toSample.count
        + HyperpriorSampler.work(sweeps: sweeps), control: control)
    let cells = days.indices.map { model.cell(ofSeries: $0) }
    var priors = try working.find(control: control)
    var sampled = [SampledSeries?](repeating: nil, count: days.count)
    for round in 0..<Self.scoutingRounds {
      try sample(
        scouts, round: round, priors: priors, priorOfSeries: cells, tally: tally, into: &sampled)
      priors = try learn(sampled, priors, cells, sweeps: scouting, tally: tally).predictive().map(Self.widened)
    }
    var priorOfSeries = cells
    try sample(
      toSample, round: Self.scoutingRounds, priors: priors, priorOfSeries: priorOfSeries, tally: tally, into: &sampled)
    var hyperprior = try learn(sampled, priors, priorOfSeries, sweeps: sweeps, tally: tally)
    var predictive = hyperprior.predictive()
    let worn = toSample.filter { series in
      guard let draws = sampled[series]?.draws, draws.count > 0 else { return false }
      let k = ArchivedDraws.paretoK(
        of: draws, hyperprior: predictive[model.cell(ofSeries: series)], working: priors[priorOfSeries[series]])
      return !(k <= Self.worstParetoK)
    }
    if !worn.isEmpty {
      let first = priors.count
      priors += predictive.map(Self.widened)
      for series in worn { priorOfSeries[series] = first + model.cell(ofSeries: series) }
      tally.extend(by: worn.count)
      try sample(
        worn, round: Self.scoutingRounds + 1, priors: priors, priorOfSeries: priorOfSeries, tally: tally,
        into: &sampled)
      // A few renewed series say nothing new of the hyperprior; many do.
      if Double(worn.count) > Self.relearnShare * Double(toSample.count) {
        tally.extend(by: HyperpriorSampler.work(sweeps: sweeps))
        hyperprior = try learn(sampled, priors, priorOfSeries, sweeps: sweeps, tally: tally)
        predictive = hyperprior.predictive()
      }
    }
    tally.finish()
    return Fit(
      sampled: sampled, workingPriors: priors, workingPriorOfSeries: priorOfSeries, hyperprior: hyperprior,
      predictive: predictive)
  }

  private static func widened(_ prior: NormalPrior) -> NormalPrior {
    NormalPrior(mean: prior.mean, sd: prior.sd.map { $0 * widening })
  }

  private func sample(
    _ chosen: [Int], round: Int, priors: [NormalPrior], priorOfSeries: [Int], tally: WorkTally,
    into sampled: inout [SampledSeries?]
  ) throws(Cancelled) {
    let outputs = try SeriesWorkers.run(
      count: chosen.count, control: control, tally: tally, workspace: LaneBatch.init
    ) { batch, index in
      sample(chosen[index], prior: priors[priorOfSeries[chosen[index]]], round: round, batch)
    }
    for (series, output) in zip(chosen, outputs) { sampled[series] = output }
  }

  private func sample(_ series: Int, prior: NormalPrior, round: Int, _ batch: LaneBatch) -> SampledSeries? {
    guard let days = days[series] else { return nil }
    return days.withKernelSeries { kernel in
      factors.withGroup(groupOfSeries[series], from: days.start) { factors in
        let sampler = SeriesSampler(
          series: kernel, factors: factors, batch: batch, prior: prior, plan: plan, seed: seed,
          identity: identity(of: series), round: round,
          escalates: round >= Self.scoutingRounds)
        return sampler.sample(starts: WorkingPriors.starts(days: days, factors: factors.mean, prior: prior))
      }
    }
  }

  private func learn(
    _ sampled: [SampledSeries?], _ priors: [NormalPrior], _ priorOfSeries: [Int], sweeps: Int,
    tally: WorkTally
  ) throws(Cancelled) -> HyperpriorPosterior {
    let draws = sampled.map { $0?.draws ?? StoredDraws() }
    let complete = draws.indices.filter { draws[$0].count > 0 }
    let sampler = HyperpriorSampler(
      model: model, sampled: model.learningSubset(of: complete), draws: draws, workingPriors: priors,
      workingPriorOfSeries: priorOfSeries)
    return try sampler.run(sweeps: sweeps, seed: seed, control: control, tally: tally)
  }

  /// Names a series in random streams by what it is, not by where it stands: FNV-1a of its product's and store's names.
  func identity(of series: Int) -> UInt64 {
    let it = panel.hierarchy.series[series]
    let name = panel.hierarchy.product.leaves[it.product] + "\u{1F}" + panel.hierarchy.location.leaves[it.store]
    return name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// What is handed on for one series.
  func posterior(of series: Int, standing: SeriesStanding, fit: Fit, archive: ArchivedDraws) -> SeriesPosterior {
    let identity = identity(of: series)
    switch standing {
    case .notRanged:
      return SeriesPosterior(outcome: SeriesOutcome(method: .notRanged), draws: nil)
    case .withoutHistory:
      return SeriesPosterior(
        outcome: SeriesOutcome(method: .hyperprior, reason: "no scored day in its history"),
        draws: archive.fromHyperprior(series: series, identity: identity))
    case .sampled(let days):
      guard let sampled = fit.sampled[series], sampled.draws.isComplete else {
        let outcome = fit.sampled[series]?.outcome ?? SeriesOutcome(method: .fallback)
        let level = factors.withGroup(groupOfSeries[series], from: days.start) {
          WorkingPriors.recentLogLevel(days, $0.mean)
        }
        return SeriesPosterior(
          outcome: SeriesOutcome(
            method: .fallback,
            reason: "\(outcome.reason ?? "no draws"); forecast from the hyperprior about the last eight weeks' mean"),
          draws: archive.fromHyperprior(series: series, identity: identity, logLevel: level))
      }
      let working = fit.workingPriors[fit.workingPriorOfSeries[series]]
      var outcome = sampled.outcome
      let k = ArchivedDraws.paretoK(
        of: sampled.draws, hyperprior: fit.predictive[model.cell(ofSeries: series)], working: working)
      outcome.paretoK = k.isFinite ? k : nil
      if !(k <= Self.worstParetoK) {
        let reason = "its draws fit the hyperprior badly (Pareto k above \(Self.worstParetoK)) after another round"
        outcome.reason = outcome.reason.map { "\($0); \(reason)" } ?? reason
      }
      return SeriesPosterior(
        outcome: outcome,
        draws: archive.choose(from: sampled.draws, working: working, series: series, identity: identity))
    }
  }
}
