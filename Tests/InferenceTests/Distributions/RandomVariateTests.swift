import Foundation
import Inference
import NumericKernels
import TestSupport
import Testing

/// Variates of every univariate family against its distribution function or masses, which are scipy's by
/// ``ReferenceFigureTests``. Some 160 tests with fixed seeds: a p-value below 1e-6 is a finding.
@Suite("Random variates")
struct RandomVariateTests {
  static let count = 3000

  /// Parameters at which samplers switch methods, beside random ones.
  static let special: [String: [[Double]]] = [
    "gamma": [[0.05, 1], [0.999, 2], [1, 1], [4e6, 3]], "beta": [[0.04, 0.3], [1, 1], [0.5, 800], [3e5, 2e5]],
    "student_t": [[0.5, 1, 2], [.infinity, 1, 2]], "inv_gamma": [[0.3, 1]], "geometric": [[1e-9], [1]],
    "binomial": [[1, 0.5], [29, 0.999], [40, 0.24], [40, 0.26], [1e6, 0.3], [1e12, 1e-9], [0, 0.2], [7, 1]],
    "poisson": [[0], [0.1], [9.9], [10.1], [29.9], [30.1], [4e5], [3e8], [3e9]],
    "neg_binomial_2": [[3, 1e9], [0, 2], [3000, 0.2], [3, .infinity]], "beta_binomial": [[20, 0.01, 0.02]],
    "von_mises": [[1, 0], [1, 1e-9], [-3, 1e-4], [3, 500], [0.2, 2e6]],
  ]

  private func check<D: ScalarDistribution>(_: D.Type, _ p: SIMD4<Double>, _ stream: inout RandomStream) {
    let d = D(parameters: p)
    let draws = (0..<Self.count).map { _ in d.random(using: &stream) }
    #expect(draws.allSatisfy { d.support.contains($0) || $0 == .infinity }, "\(D.name) \(p)")
    if d.variance == 0 {
      #expect(draws.allSatisfy { $0 == d.mean }, "\(D.name) \(p)")
      return
    }
    let probability: Double
    if D.isDiscrete {
      // Cells by quantiles, each with its exact probability.
      let bounds = Array(Set((1..<30).map { d.quantile(Double($0) / 30) })).sorted()
      var counts = [Int](repeating: 0, count: bounds.count + 1)
      for x in draws { counts[bounds.firstIndex { x <= $0 } ?? bounds.count] += 1 }
      let cumulative = [0] + bounds.map { d.cdf($0) } + [1]
      let cells = zip(cumulative, cumulative.dropFirst()).map { $1 - $0 }
      // A law that is all but certain has one cell.
      guard cells.filter({ $0 * Double(Self.count) > 20 }).count >= 2 else { return }
      probability = GoodnessOfFit.chiSquare(counts: counts, probabilities: cells)
    } else {
      probability = GoodnessOfFit.kolmogorovSmirnov(draws) { d.cdf($0) }
    }
    #expect(probability > 1e-6, "\(D.name) \(p): p = \(probability)")
  }

  @Test("of every family", arguments: AllDistributions.all.indices)
  func fit(family: Int) {
    func open<D: ScalarDistribution>(_: D.Type) {
      var stream = RandomStream(seed: 21, purpose: 9004, index: UInt64(family))
      for values in Self.special[D.name] ?? [] {
        var p = SIMD4<Double>.zero
        for (i, value) in values.enumerated() { p[i] = value }
        check(D.self, p, &stream)
      }
      for _ in 0..<4 {
        var p = AllDistributions.randomParameters(D.self, using: &stream)
        if D.self == Uniform.self { p[1] = p[0] + exp(p[1]) }
        check(D.self, p, &stream)
      }
    }
    open(AllDistributions.all[family])
  }

  /// The test itself must be able to fail.
  @Test("that are wrong are found")
  func power() {
    var stream = RandomStream(seed: 22, purpose: 9004)
    let wrong = (0..<Self.count).map { _ in Gamma(alpha: 2.3, beta: 1).random(using: &stream) }
    #expect(GoodnessOfFit.kolmogorovSmirnov(wrong) { Gamma(alpha: 2, beta: 1).cdf($0) } < 1e-6)
  }
}
