import Foundation
import Inference
import Testing

/// Every sampler on targets whose moments are known; each estimate must lie within five standard errors.
@Suite struct ClosedFormTests {
  static let samplers: [any Sampler] = [
    NUTS(), NUTS(metric: .diagonal), NUTS(metric: .dense), NUTS(metric: .unit), HMC(), HMC(metric: .dense),
    RandomWalkMetropolis(sweeps: 12), RandomWalkMetropolis(blocks: [[1], [0, 2]], sweeps: 12), CoordinateSlice(),
  ]

  @Test(arguments: samplers)
  func skewedVariates(_ sampler: any Sampler) throws {
    let fit = try SkewedVariates().sample(sampler, warmUp: 600, draws: 2000, seed: 11)
    #expect(fit.chainFailures.isEmpty && fit.outcome == .complete)
    for (i, name) in SkewedVariates().variableNames.enumerated() {
      let (mean, variance) = (SkewedVariates.means[i], SkewedVariates.variances[i])
      #expect(try fit.check(name, mean: mean).passes(), "mean of \(name)")
      #expect(try fit.check(name, mean: variance) { ($0 - mean) * ($0 - mean) }.passes(), "variance of \(name)")
    }
  }

  @Test(arguments: samplers.filter { !($0 is RandomWalkMetropolis) })
  func correlatedNormals(_ sampler: any Sampler) throws {
    let target = EquicorrelatedNormal(dimension: 3, rho: 0.8)
    let fit = try target.sample(sampler, warmUp: 800, draws: 2500, seed: 12)
    for i in 0..<3 {
      #expect(try fit.check("x[\(i + 1)]", mean: Double(i + 1)).passes(), "mean \(i)")
      let xs = fit.draws[i]
      for j in 0...i {
        let products = zip(xs, fit.draws[j]).map { ($0 - Double(i + 1)) * ($1 - Double(j + 1)) }
        let check = MeanCheck(products, chains: 4, mean: target.covariance(i, j))
        #expect(check.passes(), "covariance \(i) \(j): \(check)")
      }
    }
  }

  @Test(arguments: [NUTS(), NUTS(metric: .diagonal), NUTS(metric: .dense)])
  func funnel(_ sampler: NUTS) throws {
    let fit = try NonCentredFunnel().sample(sampler, draws: 2000, seed: 13)
    #expect(fit.statistics.divergenceCount == 0)
    #expect(try fit.check("v", mean: 0).passes())
    #expect(try fit.check("v", mean: 9) { $0 * $0 }.passes())
    // E log|z| of a standard normal is -(Euler's constant + log 2) / 2, its variance pi² / 8.
    let expected = -(0.57721566490153286 + log(2.0)) / 2
    for i in 1...4 {
      #expect(try fit.check("logx[\(i)]", mean: expected).passes())
      #expect(
        try fit.check("logx[\(i)]", mean: 9.0 / 4 + .pi * .pi / 8) { ($0 - expected) * ($0 - expected) }.passes())
    }
  }

  /// Standard deviations from 1e-3 (1e-2) to 1e2 (1e3) are learnt, and then sampled as well as a standard normal.
  ///
  /// Stan's shrinkage towards 1e-3 adds 1e-5 to the variances of a window of 500, so its metrics begin at 1e-2.
  @Test(arguments: [MetricAdaptation.gradientDiagonal, .diagonal, .dense])
  func scalesAreLearnt(_ metric: MetricAdaptation) throws {
    let smallest = metric == .gradientDiagonal ? -3.0 : -2.0
    let sds = (0...10).map { pow(10, smallest + Double($0) / 2) }
    let fit = try IndependentNormals(sds: sds).sample(NUTS(metric: metric), seed: 14)
    for (i, sd) in sds.enumerated() {
      for chain in fit.chains {
        let ratio = chain.tuning.variances[i] / (sd * sd)
        #expect(ratio > 0.4 && ratio < 2.5, "\(sd): \(ratio)")
      }
      #expect(try fit.check("x[\(i + 1)]", mean: sd * sd) { $0 * $0 }.passes(minimumESS: 1000))
    }
    #expect(fit.statistics.treeDepth.max()! <= 5)
  }
}
