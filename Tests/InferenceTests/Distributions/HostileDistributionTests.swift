import Foundation
import Inference
import NumericKernels
import Testing

/// Not-a-number, infinite, zero, negative, smallest and largest arguments in every place of every univariate family:
/// what comes back is what the documentation says, and it comes back.
@Suite("Hostile arguments of distributions")
struct HostileDistributionTests {
  static let numbers: [Double] = [
    .nan, .infinity, -.infinity, 0, -1, .leastNonzeroMagnitude, 1e-300, 1e-9, 0.3, 1, 40, 3e12, 1e300, 1e308,
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

  /// Both tails where shapes are tiny or huge: of mpmath 1.4.1 with 40 digits or more, by quadrature for large shapes.
  @Test("tails of extreme shapes agree with mpmath")
  func extremeShapes() {
    let beta: [(Beta, Double, Double, Double)] = [
      (Beta(alpha: 3e9, beta: 5e9), 0.37498646835306587, 0.0062094882196423247, 0.99379051178035768),
      (Beta(alpha: 3e9, beta: 5e9), 0.3750016237976321, 0.61791209010708953, 0.38208790989291047),
      (Beta(alpha: 2e8, beta: 3e12), 6.66702355940313e-05, 0.95543034825599565, 0.044569651744004352),
      (Beta(alpha: 1e15, beta: 1e15), 0.5000000078262379, 0.75803634662438139, 0.24196365337561861),
      (Beta(alpha: 1e-9, beta: 3), 0.2, 0.99999999951056209, 4.8943791262152563e-10),
      (Beta(alpha: 1e-300, beta: 1e-300), 0.3, 0.5, 0.5),
      (Beta(alpha: 1e-6, beta: 40), 0.01, 0.99999929257090408, 7.0742909591862915e-7),
      (Beta(alpha: 2, beta: 1e-8), 0.9, 1.4025850872078212e-8, 0.99999998597414913),
      (Beta(alpha: 0.3, beta: 0.4), 0.6, 0.62659560173485273, 0.37340439826514727),
    ]
    for (d, x, below, above) in beta { expectTails(d, x, below, above) }
    let gamma: [(Double, Double, Double, Double)] = [
      (1e-9, 0.5, 0.9999999994402264, 5.5977359506954064e-10), (1e-300, 1, 1, 2.1938393439552028e-301),
      (0.001, 0.3, 0.99909416191169335, 0.00090583808830664699), (0.3, 1.2, 0.9366052804307409, 0.063394719569259105),
      (1e-5, 1e-4, 0.99991367139724625, 8.6328602753751541e-5),
    ]
    for (alpha, x, below, above) in gamma { expectTails(Gamma(alpha: alpha, beta: 1), x, below, above) }
    // The half-normal limit: erf(0.3 / (0.4 √2)).
    expectTails(HalfStudentT(nu: .infinity, sigma: 0.4), 0.3, 0.54674529524626356, 0.45325470475373644)
    expectTails(HalfStudentT(nu: 1e300, sigma: 0.4), 0.3, 0.54674529524626356, 0.45325470475373644)
  }

  /// Relative, with what rounding the argument does to steep functions.
  private func expectTails(_ d: some ScalarDistribution, _ x: Double, _ below: Double, _ above: Double) {
    let slope = exp(d.logDensity(x)) * abs(x) * 4e-16
    #expect(abs(d.cdf(x) - below) <= 2e-12 * below + slope, "\(d) at \(x): \(d.cdf(x)), not \(below)")
    #expect(abs(d.ccdf(x) - above) <= 2e-12 * above + slope, "\(d) at \(x): \(d.ccdf(x)), not \(above)")
  }
}
