import Foundation
import NumericKernels
import TestSupport
import Testing

/// Kolmogorov-Smirnov tests with fixed seeds against the distribution functions, which other tests check.
@Suite("Continuous variates")
struct ContinuousVariateTests {
  private func sample(_ count: Int = 50_000, index: UInt64, _ draw: (inout RandomStream) -> Double) -> [Double] {
    var stream = RandomStream(seed: 2024, purpose: 1, index: index)
    return (0..<count).map { _ in draw(&stream) }
  }

  @Test("uniform: inside (0, 1), uniform")
  func uniform() {
    let values = sample(index: 1) { $0.uniform() }
    #expect(values.allSatisfy { $0 > 0 && $0 < 1 })
    #expect(GoodnessOfFit.kolmogorovSmirnov(values) { $0 } > 1e-3)
  }

  @Test("normal: distribution, moments and tails")
  func normal() {
    let values = sample(400_000, index: 2) { $0.normal() }
    #expect(GoodnessOfFit.kolmogorovSmirnov(values, distribution: SpecialFunctions.normalCDF) > 1e-3)
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    let square = values.reduce(0) { $0 + $1 * $1 } / n
    let fourth = values.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n
    #expect(abs(mean) < 4 / n.squareRoot())
    #expect(abs(square - 1) < 4 * (2 / n).squareRoot())
    #expect(abs(fourth - 3) < 4 * (96 / n).squareRoot())
    for threshold in [2.0, 3.0, 3.7] {
      let expected = 2 * SpecialFunctions.normalCDF(-threshold) * n
      let beyond = Double(values.count { abs($0) > threshold })
      #expect(abs(beyond - expected) < 4 * expected.squareRoot())
    }
  }

  @Test("exponential")
  func exponential() {
    #expect(GoodnessOfFit.kolmogorovSmirnov(sample(index: 3) { $0.exponential() }) { 1 - exp(-$0) } > 1e-3)
  }

  @Test("gamma", arguments: [0.05, 0.5, 0.999, 1.0, 2.5, 30.0, 4000.0])
  func gamma(shape: Double) {
    let values = sample(index: 4) { $0.gamma(shape: shape) }
    #expect(
      GoodnessOfFit.kolmogorovSmirnov(values) { SpecialFunctions.regularizedGammaP(shape, $0) } > 1e-3)
    let n = Double(values.count)
    #expect(abs(values.reduce(0, +) / n - shape) < 4 * (shape / n).squareRoot())
  }

  @Test("beta", arguments: [(0.3, 0.2), (0.5, 3.0), (1.0, 1.0), (2.0, 5.0), (60.0, 40.0)])
  func beta(a: Double, b: Double) {
    let values = sample(index: 5) { $0.beta(a, b) }
    #expect(GoodnessOfFit.kolmogorovSmirnov(values) { SpecialFunctions.regularizedBeta($0, a, b) } > 1e-3)
  }

  @Test("tiny beta parameters give zeros and ones in proportion, never NaN")
  func tinyBeta() {
    let values = sample(20_000, index: 6) { $0.beta(1e-4, 3e-4) }
    #expect(values.allSatisfy { $0 >= 0 && $0 <= 1 })
    let mean = values.reduce(0, +) / 20_000
    #expect(abs(mean - 0.25) < 4 * (0.25 * 0.75 / 20_000).squareRoot())
  }
}
