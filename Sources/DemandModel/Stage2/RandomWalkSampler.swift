import CNumericKernels
import DemandData
import Foundation
import NumericKernels

/// Adaptive random-walk Metropolis with the kernel's lanes as parallel walkers: the way for series whose posterior no
/// Student t resembles.
///
/// Scale and shape of the steps are learned under the mean calendar and then frozen (Haario, Saksman and Tamminen 2001;
/// scale by Robbins-Monro towards an acceptance of 0.25). Then all walkers go through all stage-1 draws as the independence
/// sampler's chains do, with more inner steps.
struct RandomWalkSampler {
  let target: SeriesTarget
  let factors: GroupFactors
  let plan: InnerPlan
  let stream: (_ chain: Int, _ part: Int) -> RandomStream

  private static let adaptationRounds = 8
  private static let stepsPerRound = 60
  /// Random-walk steps for one of independence Metropolis.
  private static let stepFactor = 3

  private struct Walkers {
    var theta: [[Double]]
    var logPosterior: [Double]
    var level = [Double](repeating: 0, count: LaneBatch.lanes)
    var onShelf = [Double](repeating: 0, count: LaneBatch.lanes)
  }

  func sample(pilot: PilotSample) -> SampledSeries {
    let lanes = LaneBatch.lanes
    var random = stream(0, 0)
    var walkers = Walkers(
      theta: (0..<lanes).map { _ in pilot.points[pilot.resampled(using: &random)] },
      logPosterior: [Double](repeating: -.infinity, count: lanes))
    guard let shape = adapt(&walkers, from: pilot.proposal, using: &random) else {
      return .failed("neither the approximation nor a random walk could follow the posterior")
    }
    var draws = [StoredDraws](repeating: StoredDraws(), count: plan.stage1Draws)
    var certified = CertifiedQuantities(chains: lanes)
    var accepted = 0
    var proposed = 0
    let steps = plan.innerSteps * Self.stepFactor
    // Two visits, as in a longer independence pass, each ending in states that are kept.
    let visits = 2
    let keptTimes = max(1, plan.stored * SeriesSampler.chains / (visits * lanes))
    let every = max(1, steps * 2 / 3 / keptTimes)
    var streams = [stream(0, 1), stream(1, 1)]
    for position in 0..<visits * plan.stage1Draws {
      let bucket = position % plan.stage1Draws
      let calendars = [factors.draw(bucket), factors.draw(bucket)]
      refresh(&walkers, calendars)
      for step in 1...steps {
        accepted += advance(&walkers, calendars, shape, &streams)
        proposed += lanes
        guard (steps - step) % every == 0, (steps - step) / every < keptTimes else { continue }
        for lane in 0..<lanes {
          certified.append(chain: lane, theta: walkers.theta[lane], level: walkers.level[lane])
          draws[bucket].append(walkers.theta[lane], level: walkers.level[lane], onShelf: walkers.onShelf[lane])
        }
      }
    }
    var outcome = certified.outcome(method: .randomWalk)
    outcome.acceptance = Double(accepted) / Double(max(1, proposed))
    guard accepted > 0 else { return .failed("no step of the random walk was accepted") }
    outcome.reason = "the posterior is unlike its Student t approximation"
    return SampledSeries(draws: StoredDraws(buckets: draws), outcome: outcome)
  }

  /// Steps' shape (with its scale) after adaptation under the mean calendar; nil where nothing ever moves.
  private func adapt(
    _ walkers: inout Walkers, from proposal: SeriesProposal, using random: inout RandomStream
  ) -> (proposal: SeriesProposal, scale: Double)? {
    let size = SeriesParameter.count
    let calendars = [factors.mean, factors.mean]
    var shape = proposal
    var scale = 2.38 / Double(size).squareRoot() * 0.5
    refresh(&walkers, calendars)
    var everMoved = false
    for round in 0..<Self.adaptationRounds {
      var visited: [[Double]] = []
      var streams = [random, stream(0, 2 + round)]
      for _ in 0..<Self.stepsPerRound {
        let moves = advance(&walkers, calendars, (shape, scale), &streams)
        everMoved = everMoved || moves > 0
        scale *= exp(0.1 * (Double(moves) / Double(LaneBatch.lanes) - 0.25))
        visited.append(contentsOf: walkers.theta)
      }
      random = streams[0]
      guard round >= 1 else { continue }
      let mean = (0..<size).map { i in visited.reduce(0) { $0 + $1[i] } / Double(visited.count) }
      var covariance = [Double](repeating: 0, count: size * size)
      for point in visited {
        for i in 0..<size {
          for j in 0..<size {
            covariance[i * size + j] += (point[i] - mean[i]) * (point[j] - mean[j]) / Double(visited.count)
          }
        }
      }
      for i in 0..<size { covariance[i * size + i] += 1e-4 * target.prior.sd[i] * target.prior.sd[i] }
      if let learned = SeriesProposal(location: mean, covariance: covariance) {
        shape = learned
        if round == 1 { scale = 2.38 / Double(size).squareRoot() }
      }
    }
    return everMoved ? (shape, scale) : nil
  }

  /// Evaluates every walker where it stands, under new calendars.
  private func refresh(_ walkers: inout Walkers, _ calendars: [UnsafePointer<Double>]) {
    for lane in 0..<LaneBatch.lanes { target.batch.set(lane, walkers.theta[lane]) }
    target.batch.run(target.series, factors: calendars[0], calendars[1])
    for lane in 0..<LaneBatch.lanes { keep(lane, in: &walkers) }
  }

  private func keep(_ lane: Int, in walkers: inout Walkers) {
    walkers.logPosterior[lane] = target.batch.logPosterior(lane, prior: target.prior)
    walkers.level[lane] = target.batch.level(lane)
    walkers.onShelf[lane] = target.batch.onShelf(lane)
  }

  /// One step of every walker; returns how many moved.
  private func advance(
    _ walkers: inout Walkers, _ calendars: [UnsafePointer<Double>],
    _ shape: (proposal: SeriesProposal, scale: Double), _ streams: inout [RandomStream]
  ) -> Int {
    var proposals: [[Double]] = []
    for lane in 0..<LaneBatch.lanes {
      var point = shape.proposal.step(shape.scale, using: &streams[lane / LaneBatch.half])
      for i in point.indices { point[i] += walkers.theta[lane][i] }
      target.batch.set(lane, point)
      proposals.append(point)
    }
    target.batch.run(target.series, factors: calendars[0], calendars[1])
    var moved = 0
    for lane in 0..<LaneBatch.lanes {
      let ratio = target.batch.logPosterior(lane, prior: target.prior) - walkers.logPosterior[lane]
      let threshold = log(streams[lane / LaneBatch.half].uniform())
      guard threshold < ratio, target.batch.isUsable(lane) else { continue }
      walkers.theta[lane] = proposals[lane]
      keep(lane, in: &walkers)
      moved += 1
    }
    return moved
  }
}
