import Foundation
import Inference
import NumericKernels
import Testing

/// The pieces of Hamiltonian Monte Carlo by themselves.
@Suite struct HamiltonianTests {
  private func system(_ target: some LogDensity, places: Int = 2, motions: Int = 2) throws -> HamiltonianSystem {
    HamiltonianSystem(
      evaluator: try target.makeEvaluator(), dimension: target.dimension, places: places, motions: motions)
  }

  @Test(arguments: [false, true])
  func leapfrogIsReversible(dense: Bool) throws {
    var system = try system(EquicorrelatedNormal(dimension: 3, rho: 0.7))
    if dense { try system.metric.set(covariance: [1, 0.3, 0.1, 0.3, 2, 0.2, 0.1, 0.2, 3]) }
    let start = [0.3, -1.2, 2.5]
    for i in 0..<3 { system.positions[i] = start[i] }
    var stream = RandomStream(seed: 1, purpose: 1)
    _ = try system.evaluate(0)
    let energy = system.begin(at: 0, motion: 0, using: &stream)
    let momentum = Array(system.momenta[0..<3])
    for _ in 0..<20 { _ = try system.leapfrog(fromPlace: 0, motion: 0, toPlace: 0, motion: 0, step: 0.15) }
    #expect(zip(system.positions, start).contains { abs($0 - $1) > 0.1 })
    var final = 0.0
    for _ in 0..<20 { final = try system.leapfrog(fromPlace: 0, motion: 0, toPlace: 0, motion: 0, step: -0.15) }
    for i in 0..<3 {
      #expect(abs(system.positions[i] - start[i]) < 1e-12)
      #expect(abs(system.momenta[i] - momentum[i]) < 1e-12)
    }
    #expect(abs(final - energy) < 1e-12)
  }

  /// Halving the step of one trajectory quarters the error of its energy.
  @Test func energyErrorIsOfSecondOrder() throws {
    func error(steps: Int) throws -> Double {
      var system = try system(SkewedVariates())
      for i in 0..<3 { system.positions[i] = [0.5, -1, 0.2][i] }
      var stream = RandomStream(seed: 2, purpose: 1)
      _ = try system.evaluate(0)
      let energy = system.begin(at: 0, motion: 0, using: &stream)
      var final = 0.0
      for _ in 0..<steps {
        final = try system.leapfrog(fromPlace: 0, motion: 0, toPlace: 0, motion: 0, step: 0.8 / Double(steps))
      }
      return abs(final - energy)
    }
    let ratio = try error(steps: 32) / error(steps: 64)
    #expect(abs(ratio - 4) < 0.2, "\(ratio)")
  }

  /// Momenta have the metric as covariance, and velocities its inverse.
  @Test func momentaFitTheMetric() throws {
    let covariance = [1, 0.3, 0.1, 0.3, 2, 0.2, 0.1, 0.2, 3]
    var dense = try system(IndependentNormals(sds: [1, 1, 1]))
    try dense.metric.set(covariance: covariance)
    var lowRank = dense
    // S (I + u (4 - 1) u') S with u = (0.6, 0.8, 0).
    lowRank.metric.set(scales: [1, 2, 3], directions: [0.6, 0.8, 0], eigenvalues: [4])
    let implied: [Double] = [2.08, 2.88, 0, 2.88, 11.68, 0, 0, 0, 9]
    for (system, expected) in [(dense, covariance), (lowRank, implied)] {
      var system = system
      var stream = RandomStream(seed: 3, purpose: 1)
      _ = try system.evaluate(0)
      var products = [Double](repeating: 0, count: 9)
      var mixed = products
      let count = 40_000
      for _ in 0..<count {
        _ = system.begin(at: 0, motion: 0, using: &stream)
        for i in 0..<3 {
          for j in 0..<3 {
            products[3 * i + j] += system.velocities[i] * system.velocities[j] / Double(count)
            mixed[3 * i + j] += system.velocities[i] * system.momenta[j] / Double(count)
          }
        }
      }
      for i in 0..<3 {
        for j in 0..<3 {
          let size = (expected[4 * i] * expected[4 * j]).squareRoot()
          let error = abs(products[3 * i + j] - expected[3 * i + j])
          #expect(error < 0.05 * size)
          // Velocity is covariance times momentum, so their products average to the identity.
          let identity: Double = i == j ? 1 : 0
          let mixedError = abs(mixed[3 * i + j] - identity)
          let tolerance = 0.05 * size / expected[4 * j] + 0.03
          #expect(mixedError < tolerance)
        }
      }
      #expect(zip(system.metric.inverseDiagonal, [0, 4, 8]).allSatisfy { abs($0 - expected[$1]) < 1e-12 })
    }
  }

  /// Two single points p, p' of a unit metric turn where p · (p + p') or p' · (p + p') is not positive.
  @Test(arguments: [
    ([1.0, 0], [1.0, 0], false),
    ([1, 0], [0, 1], false),
    ([1, 0], [-0.5, 1], false),
    ([1, 0], [-1, 0], true),
    ([1, 0], [-1, 0.5], true),
    ([1, 0], [-2, 0.5], true),
    ([3, 0], [-1, 0.5], true),
    ([1, 0], [.nan, 0], true),
  ])
  func turningOfTwoPoints(_ p: [Double], _ q: [Double], turns: Bool) {
    var momenta = p + q + [0, 0]
    var velocities = p + q + [0, 0]
    #expect(Trajectory.turnsTwo(0, 1, sum: 2, 2, &momenta, &velocities) == turns)
    if !turns { #expect(Array(momenta[4...]) == [p[0] + q[0], p[1] + q[1]]) }
  }

  /// Two runs of two points each, as a whole and across the seam between them.
  ///
  /// The third case is Stan's reason for the checks across the seam: ends and halves look well, but the second half's
  /// first point has turned against the first half.
  @Test(arguments: [
    ([[1.0, 0], [1, 0.1], [1, 0.2], [1, 0.3]], false),
    ([[1, 0], [1, 1], [-1, 1], [-1, 0]], true),
    ([[1, 0], [1, 0], [-2.5, 0.1], [4, 0.1]], true),
    ([[4, 0.1], [-2.5, 0.1], [1, 0], [1, 0]], true),
    ([[1, 0], [1, 0.4], [0.6, 0.9], [0.1, 1]], false),
  ])
  func turningOfTwoRuns(_ p: [[Double]], turns: Bool) {
    // Motions 0 to 3, the halves' sums 4 and 5, the total 6.
    let sums = [[p[0][0] + p[1][0], p[0][1] + p[1][1]], [p[2][0] + p[3][0], p[2][1] + p[3][1]]]
    var momenta = (p + sums + [[0, 0]]).flatMap(\.self)
    var velocities = momenta
    #expect(Trajectory.turns(0, 1, 4, 2, 3, 5, sum: 6, 2, &momenta, &velocities) == turns)
  }

  /// With an acceptance that falls with the step as in practice, the mean step reaches the target.
  @Test(arguments: [0.6, 0.8, 0.95])
  func dualAveragingReachesItsTarget(_ target: Double) {
    var averaging = DualAveraging(target: target, stepSize: 0.01)
    var stream = RandomStream(seed: 4, purpose: 1)
    func acceptance(_ step: Double) -> Double { exp(-step * step) }
    for _ in 0..<2000 {
      let noisy = acceptance(averaging.stepSize) + 0.1 * (stream.uniform() - 0.5)
      averaging.update(acceptance: noisy)
    }
    #expect(abs(acceptance(averaging.meanStepSize) - target) < 0.02)
    averaging.update(acceptance: .nan)
    #expect(averaging.stepSize.isFinite && averaging.stepSize > 0)
  }

  /// The mean log step is a little short of the target's step, in Stan as here, since acceptance falls off more steeply
  /// above it than below: what is reached is the target or somewhat more.
  @Test(arguments: [0.6, 0.8, 0.95])
  func samplingReachesItsTarget(_ target: Double) throws {
    let fit = try IndependentNormals(sds: [Double](repeating: 1, count: 20))
      .sample(NUTS(metric: .diagonal, targetAcceptance: target), seed: 5)
    let mean = fit.statistics.acceptance.reduce(0, +) / Double(fit.statistics.acceptance.count)
    #expect(mean > target - 0.03 && mean < target + 0.15, "\(mean)")
  }

  /// The windows that Stan documents: 75 + (25, 50, 100, 200, 500) + 50 of 1000.
  @Test func windowsAreStans() {
    let usual = WarmUpWindows(warmUp: 1000)
    #expect(usual.first == 75 && usual.end == 950)
    #expect(usual.closings == [99, 149, 249, 449, 949])
    #expect(WarmUpWindows(warmUp: 150).closings == [99])
    let short = WarmUpWindows(warmUp: 100)
    #expect(short.first == 15 && short.end == 90 && short.closings == [89])
    #expect(WarmUpWindows(warmUp: 19).closings.isEmpty && WarmUpWindows(warmUp: 0).closings.isEmpty)
  }

  @Test func fixedStepSizeIsKept() throws {
    let fit = try IndependentNormals(sds: [1, 1]).sample(NUTS(stepSize: 0.37), draws: 200, seed: 6)
    #expect(fit.statistics.stepSize.allSatisfy { $0 == 0.37 })
  }

  @Test func depthIsBounded() throws {
    let fit = try IndependentNormals(sds: [1, 1000])
      .sample(NUTS(metric: .unit, maximumDepth: 3), warmUp: 200, draws: 100, seed: 7)
    #expect(fit.statistics.treeDepth.max() == 3)
    #expect(fit.statistics.leapfrogs.max() == 7)
    #expect(throws: SamplingError.self) {
      try IndependentNormals(sds: [1]).sample(NUTS(maximumDepth: 0), seed: 1)
    }
  }
}
