import Foundation
import Inference
import NumericKernels
import Testing

/// Not-a-number, infinite, zero, negative, tiny and huge arguments in every place of every univariate family:
/// what comes back is what the documentation says, and it comes back.
@Suite("Hostile arguments of distributions")
struct HostileDistributionTests {
  static let numbers: [Double] = [
    .nan, .infinity, -.infinity, 0, -1, 1e-300, 1e-9, 0.3, 1, 40, 3e12, 1e308,
  ]

  private func check<D: ScalarDistribution>(_: D.Type) {
    var stream = RandomStream(seed: 31, purpose: 9005)
    for p in parameterSets(D.parameterNames.count) {
      let d = D(parameters: p)
      let place = "\(D.name) \(p)"
      guard D.isValid(p) else {
        #expect(throws: ParameterOutsideSupport.self, "\(place)") { try d.checkParameters() }
        #expect(d.logDensity(0.3).isNaN && d.logDensity(1).isNaN, "\(place)")
        #expect(d.cdf(1).isNaN && d.ccdf(1).isNaN && d.quantile(0.3).isNaN, "\(place)")
        #expect(d.mean.isNaN && d.variance.isNaN && d.random(using: &stream).isNaN, "\(place)")
        continue
      }
      for x in Self.numbers {
        let value = d.logDensity(x)
        // Outside the support and for no number, no density; within, never NaN.
        if x.isNaN {
          #expect(!value.isFinite, "\(place) at \(x)")
        } else {
          #expect(!value.isNaN, "\(place) at \(x)")
          if !d.support.contains(x) && x.isFinite { #expect(value == -.infinity, "\(place) at \(x)") }
        }
        let (below, above) = (d.cdf(x), d.ccdf(x))
        if x.isNaN {
          #expect(below.isNaN && above.isNaN, "\(place) at \(x)")
        } else if !isUnsummed(D.self, p) {
          #expect(below >= 0 && below <= 1 && above >= 0 && above <= 1, "\(place) at \(x): \(below), \(above)")
          #expect(abs(below + above - 1) < 1e-9, "\(place) at \(x): \(below), \(above)")
        }
      }
      for q in [Double.nan, -0.1, 1.1] { #expect(d.quantile(q).isNaN, "\(place)") }
      let quantiles = [0, 1e-300, 0.3, 0.9, 1].map { d.quantile($0) }
      if !isUnsummed(D.self, p) {
        #expect(quantiles.allSatisfy { !$0.isNaN } && quantiles == quantiles.sorted(), "\(place): \(quantiles)")
      }
      #expect(!d.random(using: &stream).isNaN || isBeyondDrawing(D.self, p), "\(place)")
      _ = (d.mean, d.variance)
    }
  }

  /// The one family without a distribution function for many trials.
  private func isUnsummed<D: ScalarDistribution>(_: D.Type, _ p: SIMD4<Double>) -> Bool {
    D.self == BetaBinomial.self && p[0] > 1e6
  }

  /// Counts whose mean or number of trials no whole number of the machine holds.
  private func isBeyondDrawing<D: ScalarDistribution>(_: D.Type, _ p: SIMD4<Double>) -> Bool {
    D.isDiscrete && (p[0] >= 0x1p53 || D.name.hasSuffix("_log") && p[0] > 36 || p[0] / p[1] >= 0x1p53)
  }

  /// All combinations of up to two parameters; of three, those that differ in two places from ordinary ones.
  private func parameterSets(_ count: Int) -> [SIMD4<Double>] {
    var sets: [SIMD4<Double>] = []
    let ordinary = SIMD4<Double>(1, 0.4, 1, 0)
    for i in 0..<count {
      for j in i..<count {
        for a in Self.numbers {
          for b in (i == j ? [a] : Self.numbers) {
            var p = ordinary
            for k in count..<4 { p[k] = 0 }
            (p[i], p[j]) = (a, b)
            sets.append(p)
          }
        }
      }
    }
    return sets
  }

  @Test("of every family", .timeLimit(.minutes(5)), arguments: AllDistributions.all.indices)
  func hostile(family: Int) {
    func open<D: ScalarDistribution>(_ type: D.Type) { check(type) }
    open(AllDistributions.all[family])
  }
}
