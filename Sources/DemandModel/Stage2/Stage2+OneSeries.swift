import DemandData
import Foundation

extension Stage2 {
  /// Samples one series under a given prior, for examination of the sampler itself.
  ///
  /// - Parameters:
  ///   - logCalendars: Log calendar by stage-1 draw, each as long as `days`.
  ///   - method: `.randomWalk` takes the random walk even where the approximation fits.
  package static func sample(
    days: SeriesDays, logCalendars: [[Double]], prior: NormalPrior, settings: ModelSpecification.Stage2, seed: UInt64,
    identity: UInt64, method: SeriesOutcome.Method = .independence
  ) -> SampledSeries {
    let count = Double(logCalendars.count)
    let mean = (0..<days.count).map { day in logCalendars.reduce(0) { $0 + $1[day] } / count }
    let factors = (logCalendars + [mean]).flatMap { $0.map { exp($0) } }
    return factors.withUnsafeBufferPointer { buffer in
      let group = GroupFactors(first: buffer.baseAddress!, stride: days.count, drawCount: logCalendars.count)
      return days.withKernelSeries { kernel in
        let sampler = SeriesSampler(
          series: kernel, factors: group, batch: LaneBatch(), prior: prior,
          plan: InnerPlan(settings, stage1Draws: logCalendars.count), seed: seed, identity: identity, round: 0,
          escalates: true)
        return sampler.sample(
          starts: WorkingPriors.starts(days: days, factors: group.mean, prior: prior),
          independently: method != .randomWalk)
      }
    }
  }
}
