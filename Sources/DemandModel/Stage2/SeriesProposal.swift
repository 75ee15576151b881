import DemandData
import Foundation
import NumericKernels

/// The multivariate Student t from which a series' parameters are proposed, fitted to its posterior under the working
/// prior and the mean calendar.
struct SeriesProposal {
  static let degreesOfFreedom = 6.0

  private let location: [Double]
  let covariance: [Double]
  private let factor: DenseCholesky

  /// - Parameter covariance: The t's scale matrix, row-major.
  init?(location: [Double], covariance: [Double]) {
    var factor = DenseCholesky(size: location.count)
    guard location.allSatisfy(\.isFinite), (try? factor.factor(covariance)) != nil else { return nil }
    self.location = location
    self.covariance = covariance
    self.factor = factor
  }

  /// A draw and its log density up to a constant that is the proposal's own.
  func draw(using stream: inout RandomStream) -> (point: [Double], logDensity: Double) {
    let df = Self.degreesOfFreedom
    var point = location.map { _ in stream.normal() }
    let square = point.reduce(0) { $0 + $1 * $1 }
    let chiSquare = 2 * stream.gamma(shape: df / 2)
    factor.multiplyLower(&point)
    let scale = (df / chiSquare).squareRoot()
    for i in point.indices { point[i] = location[i] + scale * point[i] }
    let logDensity = -0.5 * (df + Double(point.count)) * log1p(square / chiSquare)
    return (point, logDensity - 0.5 * factor.logDeterminant)
  }

  /// The covariance's Cholesky factor times `normals`, scaled: a random walk's step.
  func step(_ scale: Double, using stream: inout RandomStream) -> [Double] {
    var step = location.map { _ in stream.normal() }
    factor.multiplyLower(&step)
    for i in step.indices { step[i] *= scale }
    return step
  }
}

/// A proposal with a sample drawn from it and weighed against the posterior.
struct PilotSample {
  let proposal: SeriesProposal
  let points: [[Double]]
  let logProposals: [Double]
  /// Log posterior less log proposal, up to a constant.
  let logWeights: [Double]
  /// Expected acceptance of independence Metropolis, `E min(1, w' / w)` with w weighed by itself.
  let acceptance: Double

  private init?(
    _ proposal: SeriesProposal, target: SeriesTarget, factors: UnsafePointer<Double>, size: Int,
    stream: inout RandomStream
  ) {
    self.proposal = proposal
    var points: [[Double]] = []
    var logDensities: [Double] = []
    for _ in 0..<size {
      let (point, logDensity) = proposal.draw(using: &stream)
      points.append(point)
      logDensities.append(logDensity)
    }
    self.points = points
    logProposals = logDensities
    logWeights = zip(target.logPosteriors(points, factors: factors), logDensities).map { $0 - $1 }
    guard let largest = logWeights.max(), largest > -.infinity else { return nil }
    let weights = logWeights.map { exp($0 - largest) }.sorted()
    // Sum over all pairs of min(w_i, w_j): in ascending order the k-th is the smaller of 2 (n - 1 - k) + 1 pairs.
    var pairs = 0.0
    for (k, weight) in weights.enumerated() { pairs += weight * Double(2 * (size - 1 - k) + 1) }
    acceptance = pairs / (Double(size) * weights.reduce(0, +))
  }

  /// Draws a pilot sample from the Laplace approximation and, where it fits badly, moves the proposal towards the
  /// weighted sample's mean and covariance, a few times.
  ///
  /// Weights are tempered until a third of the sample counts, so that a proposal too narrow or misplaced walks to the
  /// posterior rather than collapsing on the best point (adaptive importance sampling after Cappé et al. 2008).
  static func fit(
    mode: PosteriorMode, target: SeriesTarget, factors: UnsafePointer<Double>, stream: inout RandomStream
  ) -> PilotSample? {
    let size = mode.point.count
    guard
      let start = SeriesProposal(location: mode.point, covariance: mode.covariance.map { $0 * inflation }),
      var best = PilotSample(start, target: target, factors: factors, size: pilotSize, stream: &stream)
    else { return nil }
    var current = best
    for _ in 0..<maximumRounds where best.acceptance < goodAcceptance {
      let weights = current.temperedWeights()
      let total = weights.reduce(0, +)
      let effective = total * total / weights.reduce(0) { $0 + $1 * $1 }
      var mean = [Double](repeating: 0, count: size)
      for (point, weight) in zip(current.points, weights) {
        for i in 0..<size { mean[i] += weight / total * point[i] }
      }
      let trust = effective / (effective + Double(size))
      var covariance = current.proposal.covariance.map { (1 - trust) * $0 }
      for (point, weight) in zip(current.points, weights) {
        for i in 0..<size {
          for j in 0..<size {
            covariance[i * size + j] += trust * weight / total * (point[i] - mean[i]) * (point[j] - mean[j])
          }
        }
      }
      guard let proposal = SeriesProposal(location: mean, covariance: covariance),
        let next = PilotSample(proposal, target: target, factors: factors, size: pilotSize, stream: &stream)
      else { break }
      current = next
      if next.acceptance > best.acceptance { best = next }
    }
    return best
  }

  /// A pilot sample from the t about draws' mean and covariance, or this one where that is not better. The draws'
  /// covariance counts as their effective size allows.
  func refitted(
    to sampled: SampledSeries, target: SeriesTarget, factors: UnsafePointer<Double>, stream: inout RandomStream
  ) -> PilotSample {
    let size = SeriesParameter.count
    let draws = (0..<sampled.draws.count).map { sampled.draws.theta($0) }
    guard draws.count > size else { return self }
    let n = Double(draws.count)
    let mean = (0..<size).map { i in draws.reduce(0) { $0 + $1[i] } / n }
    let effective = min(n, sampled.outcome.essBulk ?? 0)
    let trust = effective / (effective + Double(2 * size))
    var matrix = proposal.covariance.map { (1 - trust) * $0 }
    for draw in draws {
      for i in 0..<size {
        for j in 0..<size {
          matrix[i * size + j] += trust * Self.inflation / n * (draw[i] - mean[i]) * (draw[j] - mean[j])
        }
      }
    }
    guard let moved = SeriesProposal(location: mean, covariance: matrix),
      let next = PilotSample(moved, target: target, factors: factors, size: Self.pilotSize, stream: &stream),
      next.acceptance > acceptance
    else { return self }
    return next
  }

  private static let inflation = 1.15
  private static let pilotSize = 128
  private static let maximumRounds = 5
  private static let goodAcceptance = 0.5

  /// Weights to the power that leaves an effective size of at least a third of the sample.
  private func temperedWeights() -> [Double] {
    let largest = logWeights.max() ?? 0
    func weights(_ power: Double) -> [Double] { logWeights.map { exp(power * ($0 - largest)) } }
    var power = 1.0
    for _ in 0..<20 {
      let trial = weights(power)
      let total = trial.reduce(0, +)
      if total * total / trial.reduce(0, { $0 + $1 * $1 }) >= Double(points.count) / 3 { break }
      power *= 0.75
    }
    return weights(power)
  }

  /// One of the points, chosen with its weight.
  func resampled(using stream: inout RandomStream) -> Int {
    let largest = logWeights.max() ?? 0
    let weights = logWeights.map { exp($0 - largest) }
    var rest = stream.uniform() * weights.reduce(0, +)
    for (index, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 { return index }
    }
    return weights.indices.max { weights[$0] < weights[$1] }!
  }
}
