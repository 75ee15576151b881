import CNumericKernels
import DemandData
import Foundation
import Inference
import NumericKernels

/// What sampling one series under a working prior gave: draws and figures, or a reason why there are none.
package struct SampledSeries: Sendable {
  package var draws: StoredDraws
  package var outcome: SeriesOutcome
}

/// Samples the posterior of one series' parameters given its group's calendar: a nested sampler of the cut posterior.
///
/// For every kept draw of stage 1 an inner chain targets
///
///     p(theta | y, calendar draw) x working prior
///
/// from where the chain stood after the previous stage-1 draw, long enough to forget it; the settling steps are thrown
/// away. One inner step per outer draw would target another distribution (Plummer, "Cuts in Bayesian graphical models",
/// Statistics and Computing 25, 2015); the tests show that the default number of inner steps agrees with four times as
/// many.
///
/// Four chains all go through all stage-1 draws, so that they share one target and R-hat between them means what it
/// says; they run as two pairs, one chain in each half of the kernel's lanes. Proposals of independence Metropolis do not
/// depend on the chain's state, so eight of them are evaluated at once.
///
/// R-hat and ESS speak of sampling given the stage-1 draws. A series whose first pass falls short of
/// ``isGood(_:)`` is sampled again from a proposal refitted to its draws, four times as long, then by a random walk; the
/// best of these is kept, and says so where it still falls short.
struct SeriesSampler {
  static let chains = 4

  let series: UnsafePointer<cnk_series>
  let factors: GroupFactors
  let batch: LaneBatch
  let prior: NormalPrior
  let plan: InnerPlan
  let seed: UInt64
  /// Names the series in random streams: the same in every panel that holds it.
  let identity: UInt64
  /// Streams of a second round, under a better working prior, are other ones.
  let round: Int
  /// Whether a series that mixes badly is sampled again with more effort.
  let escalates: Bool

  private var target: SeriesTarget { SeriesTarget(series: series, batch: batch, prior: prior) }

  private func stream(chain: Int, part: Int) -> RandomStream {
    RandomStream(
      seed: seed, purpose: StreamPurpose.seriesSampling.rawValue, index: identity, chain: UInt32(chain),
      draw: UInt64(round) << 32 | UInt64(part))
  }

  /// Samples from `start`'s neighbourhood; failures come back as an outcome with its reason.
  ///
  /// - Parameter independently: Whether to try independence Metropolis before the random walk.
  func sample(starts: [[Double]], independently: Bool = true) -> SampledSeries {
    guard let mode = PosteriorMode.find(target, factors: factors.mean, starts: starts) else {
      return .failed("the likelihood is not finite at any starting point")
    }
    var pilotStream = stream(chain: 0, part: 0)
    guard
      let pilot = PilotSample.fit(mode: mode, target: target, factors: factors.mean, stream: &pilotStream)
    else {
      return .failed("no proposal could be fitted to the posterior")
    }
    var best: SampledSeries?
    if independently, pilot.acceptance >= Self.leastAcceptance {
      let first = independence(pilot, plan, part: 0)
      if !escalates || Self.isGood(first.outcome) { return first }
      best = first
      let refitted = pilot.refitted(to: first, target: target, factors: factors.mean, stream: &pilotStream)
      let second = independence(refitted, plan.longer(), part: Self.secondPart)
      if Self.isGood(second.outcome) { return second }
      best = Self.better(first, second)
    }
    let walker = RandomWalkSampler(
      target: target, factors: factors, plan: plan, stream: { stream(chain: $0, part: $1 + Self.walkPart) })
    let walked = walker.sample(pilot: pilot)
    var chosen = best.map { Self.better($0, walked) } ?? walked
    if escalates, chosen.draws.isComplete, !Self.isGood(chosen.outcome) {
      let figures = String(
        format: "chains mixed badly after every method (R-hat %.3f, bulk ESS %.0f)", chosen.outcome.rhat ?? .nan,
        chosen.outcome.essBulk ?? .nan)
      chosen.outcome.reason = chosen.outcome.reason.map { "\($0); \(figures)" } ?? figures
    }
    return chosen
  }

  /// Limits of what a first pass is accepted with.
  private static let worstRhat = 1.05
  private static let leastESS = 100.0
  /// Parts of streams from which a second pass and the walk on number theirs.
  private static let secondPart = 1 << 15
  private static let walkPart = 1 << 16

  private static func isGood(_ outcome: SeriesOutcome) -> Bool {
    guard let rhat = outcome.rhat, let ess = outcome.essBulk, let acceptance = outcome.acceptance else { return false }
    return rhat <= worstRhat && ess >= leastESS && acceptance >= leastAcceptance
  }

  /// The one with the smaller R-hat; one without draws loses.
  private static func better(_ a: SampledSeries, _ b: SampledSeries) -> SampledSeries {
    guard b.draws.isComplete else { return a }
    guard a.draws.isComplete else { return b }
    return (b.outcome.rhat ?? .infinity) < (a.outcome.rhat ?? .infinity) ? b : a
  }

  /// Acceptance below which independence Metropolis gives way to the random walk.
  private static let leastAcceptance = 0.1

  /// State of one chain.
  private struct State {
    var theta: [Double]
    var logProposal: Double
    var logPosterior = -Double.infinity
    var level = 0.0
    var onShelf = 0.0
  }

  private func independence(_ pilot: PilotSample, _ plan: InnerPlan, part: Int) -> SampledSeries {
    let half = LaneBatch.half
    var draws = [StoredDraws](repeating: StoredDraws(), count: plan.stage1Draws)
    var certified = CertifiedQuantities(chains: Self.chains)
    var accepted = 0
    var proposed = 0
    for pair in 0..<Self.chains / 2 {
      let chains = [2 * pair, 2 * pair + 1]
      var states = chains.map { chain in
        var stream = self.stream(chain: chain, part: part)
        let index = pilot.resampled(using: &stream)
        return State(theta: pilot.points[index], logProposal: pilot.logProposals[index])
      }
      for position in 0..<plan.visits * plan.stage1Draws {
        let bucket = position % plan.stage1Draws
        let calendar = factors.draw(bucket)
        var streams = chains.map { self.stream(chain: $0, part: part + 1 + position) }
        for firstStep in stride(from: -1, to: plan.innerSteps, by: half) {
          // The first lane of the first batch is the state itself, under its new calendar.
          var logProposals = [Double](repeating: 0, count: 2 * half)
          for side in 0..<2 {
            for lane in 0..<half {
              if firstStep + lane < 0 {
                batch.set(side * half + lane, states[side].theta)
              } else {
                let (point, logDensity) = pilot.proposal.draw(using: &streams[side])
                batch.set(side * half + lane, point)
                logProposals[side * half + lane] = logDensity
              }
            }
          }
          batch.run(series, factors: calendar, calendar)
          for side in 0..<2 {
            for lane in side * half..<(side + 1) * half {
              let step = firstStep + lane - side * half
              let logPosterior = batch.logPosterior(lane, prior: prior)
              if step < 0 {
                states[side].logPosterior = logPosterior
                states[side].level = batch.level(lane)
                states[side].onShelf = batch.onShelf(lane)
                continue
              }
              let ratio =
                logPosterior - logProposals[lane] - states[side].logPosterior + states[side].logProposal
              let accepts = log(streams[side].uniform()) < ratio && batch.isUsable(lane)
              if accepts {
                states[side] = State(
                  theta: batch.vector(lane), logProposal: logProposals[lane], logPosterior: logPosterior,
                  level: batch.level(lane), onShelf: batch.onShelf(lane))
              }
              proposed += 1
              accepted += accepts ? 1 : 0
              guard step >= plan.settlingSteps else { continue }
              let state = states[side]
              certified.append(chain: chains[side], theta: state.theta, level: state.level)
              if plan.stores(step: step) {
                draws[bucket].append(state.theta, level: state.level, onShelf: state.onShelf)
              }
            }
          }
        }
      }
    }
    var outcome = certified.outcome(method: .independence)
    outcome.acceptance = Double(accepted) / Double(max(1, proposed))
    return SampledSeries(draws: StoredDraws(buckets: draws), outcome: outcome)
  }
}

/// How inner steps are laid out over the stage-1 draws.
struct InnerPlan: Sendable {
  let stage1Draws: Int
  /// How often a chain goes through all stage-1 draws.
  let visits: Int
  /// Steps of a chain per stage-1 draw and visit: those asked for, rounded up until they and the state itself fill the lanes,
  /// since a lane left empty costs the same. The steps gained are settling steps.
  let innerSteps: Int
  let settlingSteps: Int
  /// Of a chain's kept steps per stage-1 draw and visit as many are stored, evenly spread.
  let stored: Int

  init(_ specification: ModelSpecification.Stage2, stage1Draws: Int) {
    let asked = max(1, specification.innerSteps)
    self.init(
      stage1Draws: stage1Draws, asked: asked, settling: min(max(0, specification.settlingSteps), asked - 1))
  }

  private init(stage1Draws: Int, visits: Int = 1, asked: Int, settling: Int) {
    self.stage1Draws = stage1Draws
    self.visits = visits
    let filled = (asked + 1 + LaneBatch.half - 1) / LaneBatch.half * LaneBatch.half - 1
    innerSteps = filled
    settlingSteps = settling + filled - asked
    let wanted = Self.storedDraws / (SeriesSampler.chains * visits * max(1, stage1Draws))
    stored = min(max(1, wanted), asked - settling)
  }

  /// Four times the steps, in two visits: halves of a chain then share their calendars, and split R-hat does not count
  /// what differs between stage-1 draws as failure to mix.
  func longer() -> InnerPlan {
    InnerPlan(stage1Draws: stage1Draws, visits: 2, asked: 2 * innerSteps, settling: 2 * settlingSteps)
  }

  /// Draws stored per series, about: what memory holds for tens of thousands of series.
  static let storedDraws = 384

  var keptSteps: Int { innerSteps - settlingSteps }

  func stores(step: Int) -> Bool {
    let kept = step - settlingSteps
    return (kept + 1) * stored / keptSteps > kept * stored / keptSteps
  }
}

/// The quantities whose convergence is certified per series: smoothing weight, size, last level, and the chance of
/// leaving the shelf (all as logs or logits; ranks make that immaterial).
struct CertifiedQuantities {
  /// `[quantity][chain][draw]`
  private var values: [[[Double]]]

  init(chains: Int) {
    values = [[[Double]]](repeating: [[Double]](repeating: [], count: chains), count: 4)
  }

  mutating func append(chain: Int, theta: [Double], level: Double) {
    values[0][chain].append(theta[SeriesParameter.logitAlpha])
    values[1][chain].append(theta[SeriesParameter.logSize])
    values[2][chain].append(level)
    values[3][chain].append(theta[SeriesParameter.logitLeave])
  }

  /// Worst figures over the quantities, chains cut to equal length.
  func outcome(method: SeriesOutcome.Method) -> SeriesOutcome {
    let length = values[0].map(\.count).min() ?? 0
    var outcome = SeriesOutcome(method: method)
    for quantity in values {
      let draws = quantity.flatMap { $0.prefix(length) }
      let chains = quantity.count
      let summary = DrawSummary.Row(name: "", draws: draws, chains: chains)
      outcome.rhat = Self.worse(outcome.rhat, summary.rHat, max)
      outcome.essBulk = Self.worse(outcome.essBulk, summary.bulkESS, min)
      outcome.essTail = Self.worse(outcome.essTail, summary.tailESS, min)
    }
    return outcome
  }

  /// A figure that is not defined (a chain that never moved) is left out here: acceptance tells of it.
  private static func worse(_ known: Double?, _ new: Double, _ choose: (Double, Double) -> Double) -> Double? {
    guard new.isFinite else { return known }
    return known.map { choose($0, new) } ?? new
  }
}

extension SampledSeries {
  static func failed(_ reason: String) -> SampledSeries {
    SampledSeries(draws: StoredDraws(), outcome: SeriesOutcome(method: .fallback, reason: reason))
  }
}
