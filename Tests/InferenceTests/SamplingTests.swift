import Foundation
import Inference
import NumericKernels
import TestSupport
import Testing

@Suite("Slice sampling, independence Metropolis, Student t")
struct SamplingTests {
  @Test("slice sampling leaves a skewed density invariant", arguments: [0.05, 1.0, 40.0])
  func sliceGamma(width: Double) {
    // The log of a gamma variate of shape 2.
    let sampler = SliceSampler(width: width)
    var stream = RandomStream(seed: 3, purpose: 1, index: UInt64(width * 100))
    var x = 0.0
    var kept: [Double] = []
    for step in 0..<40_000 {
      sampler.update(&x, using: &stream) { 2 * $0 - exp($0) }
      if step % 10 == 9 { kept.append(exp(x)) }
    }
    #expect(GoodnessOfFit.kolmogorovSmirnov(kept) { SpecialFunctions.regularizedGammaP(2, $0) } > 1e-3)
  }

  @Test("slice sampling stays within bounds and returns the density it stands at")
  func sliceBounds() {
    let sampler = SliceSampler(width: 0.3, bounds: 0...1)
    var stream = RandomStream(seed: 3, purpose: 2)
    var x = 0.5
    var kept: [Double] = []
    var current: Double?
    for step in 0..<20_000 {
      current = sampler.update(&x, current: current, using: &stream) { 2 * $0 }
      #expect(current == 2 * x)
      if step % 5 == 4 { kept.append(x) }
    }
    #expect(kept.allSatisfy { $0 >= 0 && $0 <= 1 })
    #expect(GoodnessOfFit.kolmogorovSmirnov(kept) { (exp(2 * $0) - 1) / (exp(2) - 1) } > 1e-3)
  }

  @Test("the number of evaluations is bounded, even where the density is NaN elsewhere")
  func sliceBounded() {
    var evaluations = 0
    var stream = RandomStream(seed: 3, purpose: 3)
    var x = 1.0
    SliceSampler(width: 1, maximumSteps: 8).update(&x, using: &stream) {
      evaluations += 1
      return $0 == 1 ? 0 : .nan
    }
    #expect(x == 1 && evaluations <= 1 + 8 + 200)
  }

  @Test("a chain over stored proposals has the target's distribution")
  func independence() {
    var stream = RandomStream(seed: 3, purpose: 4)
    var chain: [Double] = []
    // Proposal N(0, 1.5^2), target N(0.5, 1).
    let proposals = (0..<60_000).map { _ in 1.5 * stream.normal() }
    let weights = proposals.map { Densities.normal($0, mean: 0.5) - Densities.normal($0, sd: 1.5) }
    let states = IndependenceMetropolis.chain(logWeights: weights, startingAt: 0, using: &stream)
    for step in stride(from: 10, to: states.count, by: 10) { chain.append(proposals[states[step]]) }
    #expect(GoodnessOfFit.kolmogorovSmirnov(chain) { SpecialFunctions.normalCDF($0 - 0.5) } > 1e-3)
  }

  @Test("impossible proposals are refused, impossible states left")
  func acceptance() {
    var stream = RandomStream(seed: 3, purpose: 5)
    for _ in 0..<50 {
      let impossible = IndependenceMetropolis.accepts(
        proposedLogWeight: -.infinity, currentLogWeight: -.infinity, using: &stream)
      let undefined = IndependenceMetropolis.accepts(proposedLogWeight: .nan, currentLogWeight: 0, using: &stream)
      let escape = IndependenceMetropolis.accepts(
        proposedLogWeight: -1e6, currentLogWeight: -.infinity, using: &stream)
      let better = IndependenceMetropolis.accepts(proposedLogWeight: 1, currentLogWeight: 0, using: &stream)
      #expect(!impossible && !undefined && escape && better)
    }
  }

  @Test("multivariate Student t: density of one coordinate and of independent use, and draws")
  func studentT() throws {
    let one = try MultivariateStudentT(mean: [1], scale: [4], df: 5)
    for x in [-3.0, 1.0, 2.5] {
      #expect(abs(one.logDensity([x]) - Densities.studentT(x, df: 5, location: 1, scale: 2)) < 1e-14)
    }
    // scipy 1.17.1: multivariate_t(loc=[1, -2], shape=[[2, 0.6], [0.6, 1]], df=4).logpdf([0.3, 0.5])
    let two = try MultivariateStudentT(mean: [1, -2], scale: [2, 0, 0.6, 1], df: 4)
    #expect(abs(two.logDensity([0.3, 0.5]) - (-5.667269741804905)) < 1e-13)
    let inverse = try MultivariateStudentT(mean: [1, -2], precision: [1 / 1.64, 0, -0.6 / 1.64, 2 / 1.64], df: 4)
    #expect(abs(inverse.logDensity([0.3, 0.5]) - two.logDensity([0.3, 0.5])) < 1e-13)
    // |L^-1 (x - mean)|^2 / d is F(d, df): its distribution function at f is I_y(d/2, df/2), y = d f / (d f + df).
    var stream = RandomStream(seed: 3, purpose: 6)
    let distances = (0..<20_000).map { _ in
      let x = two.sample(using: &stream)
      let (a, b) = (x[0] - 1, x[1] + 2)
      return (a * a - 1.2 * a * b + 2 * b * b) / 1.64
    }
    #expect(
      GoodnessOfFit.kolmogorovSmirnov(distances) { SpecialFunctions.regularizedBeta($0 / ($0 + 4), 1, 2) } > 1e-3)
    #expect(throws: NotPositiveDefinite.self) { try MultivariateStudentT(mean: [0, 0], scale: [1, 0, 2, 1], df: 3) }
  }
}
