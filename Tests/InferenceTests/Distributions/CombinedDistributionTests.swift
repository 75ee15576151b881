import Foundation
import Inference
import NumericKernels
import TestSupport
import Testing

/// Zero-inflated, truncated and censored distributions and mixtures.
@Suite("Combined distributions")
struct CombinedDistributionTests {
  private func expect(_ actual: Double, _ expected: Double, _ relative: Double, _ what: String) {
    #expect(abs(actual - expected) <= relative * max(1e-3, abs(expected)), "\(what): \(actual), not \(expected)")
  }

  @Test("moments with an end far beyond the distribution")
  func wideBounds() {
    let half = Double.pi.squareRoot()
    for end in [10, 1e2, 1e4, 1e6, 1e10, 1e100, 1e300] {
      let normal = Truncated(Normal(mu: 0, sigma: 1), lower: 0, upper: end)
      expect(normal.mean, 2.0.squareRoot() / half, 1e-9, "mean of a normal to \(end)")
      expect(normal.variance, 1 - 2 / .pi, 1e-9, "variance of a normal to \(end)")
      let whole = Truncated(Normal(mu: 0, sigma: 1), lower: -end, upper: end)
      expect(whole.variance, 1, 1e-9, "variance of a normal to both sides, to \(end)")
      if end < 1e2 { continue }
      expect(Truncated(Gamma(alpha: 2, beta: 1), lower: 0, upper: end).mean, 2, 1e-9, "gamma to \(end)")
      expect(Censored(Gamma(alpha: 2, beta: 1), lower: 0, upper: end).mean, 2, 1e-9, "censored gamma to \(end)")
      let censored = Censored(Normal(mu: 0, sigma: 1), lower: 0, upper: end)
      expect(censored.mean, 0.5.squareRoot() / half, 1e-9, "censored normal to \(end)")
      let narrow = Truncated(Normal(mu: 5, sigma: 1e-3), lower: 0, upper: end)
      expect(narrow.variance / 1e-6, 1, 1e-8, "narrow normal to \(end)")
      // ∫ t f(t) dt of Student's t with 3 degrees of freedom from 0 to b is √3 / π · b² / (3 + b²); P is short of ½ by
      // 2 √3 / π b⁻³ and less.
      let student = Truncated(StudentT(nu: 3, mu: 0, sigma: 1), lower: 0, upper: end)
      if end >= 1e4 { expect(student.mean, 2 * 3.0.squareRoot() / .pi / (1 + 3 / (end * end)), 1e-9, "t to \(end)") }
      if end >= 1e10 {
        let logNormal = Truncated(LogNormal(mu: 0, sigma: 1), lower: 0, upper: end)
        expect(logNormal.mean, exp(0.5), 1e-9, "log-normal to \(end)")
      }
    }
    // Both quartiles are the limit: E max(X, 0) = φ(2) - 2 Φ(-2).
    expect(Censored(Normal(mu: -2, sigma: 1), lower: 0).mean, 0.008490702616829, 1e-9, "mostly at the limit")
  }

  /// Figures of scipy 1.17.1 (truncnorm, nbinom) and, by quadrature with 30 digits, of mpmath 1.3.0.
  @Test("figures of scipy and mpmath")
  func figures() {
    let normal = Truncated(Normal(mu: 0.5, sigma: 1.5), lower: -1, upper: 3.5)
    expect(normal.logDensity(0.7), -1.1331262358772634, 1e-13, "density")
    expect(normal.cdf(0.7), 0.48177676213512005, 1e-13, "cdf")
    expect(normal.quantile(0.9), 2.383573046225323, 1e-13, "quantile")
    expect(normal.mean, 0.8444557686369936, 1e-11, "mean")
    expect(normal.variance, 1.1694657132259514, 1e-11, "variance")
    let tail = Truncated(Normal(mu: 0, sigma: 1), lower: 20)
    expect(tail.logDensity(20.05), 1.996966837892586, 1e-11, "density")
    expect(tail.quantile(0.3), 20.01778162747341, 1e-13, "quantile")
    expect(tail.mean, 20.049753068528293, 1e-11, "mean")
    expect(tail.variance, 0.002463261606154954, 1e-8, "variance")
    let gamma = Truncated(Gamma(alpha: 0.5, beta: 1), upper: 2)
    expect(gamma.mean, 0.3868706517749616, 1e-10, "mean")
    expect(gamma.variance, 0.20437838000758207, 1e-9, "variance")
    let cauchy = Truncated(Cauchy(mu: 0, sigma: 1), lower: -1, upper: 5)
    expect(cauchy.logDensity(2), -2.3789899287092355, 1e-13, "density")
    expect(cauchy.mean, 0.594068609496356, 1e-10, "mean")
    expect(cauchy.variance, 1.4264057097995548, 1e-9, "variance")
    let t = Truncated(StudentT(nu: 3, mu: 0, sigma: 1), lower: 0)
    expect(t.mean, 1.1026577908435842, 1e-9, "mean")
    expect(t.variance, 1.7841457962919467, 1e-7, "variance")
    let censored = Censored(Normal(mu: 1, sigma: 2), lower: -1, upper: 3.5)
    expect(censored.logDensity(-1), -1.8410216450092636, 1e-13, "mass")
    expect(censored.mean, 1.065457204564467, 1e-11, "mean")
    expect(censored.variance, 2.352299020099347, 1e-11, "variance")
    let counts = Truncated(NegativeBinomial2(mu: 3, phi: 2), lower: 1, upper: 8)
    expect(counts.logDensity(4), -2.035323999345472, 1e-12, "mass")
    expect(counts.mean, 3.1476772343574853, 1e-12, "mean")
    expect(counts.variance, 3.7473207302219365, 1e-12, "variance")
    // E max(0, X) and variance of a standard normal X: 1 / √2π and ½ - 1 / 2π.
    let rectified = Censored(Normal(mu: 0, sigma: 1), lower: 0)
    expect(rectified.mean, 1 / (2 * .pi).squareRoot(), 1e-11, "mean")
    expect(rectified.variance, 0.5 - 0.5 / .pi, 1e-11, "variance")
  }

  @Test("moments that are infinite on an open side, and finite ones beside them")
  func infiniteMoments() {
    let infinity = Double.infinity
    let above: [any UnivariateDistribution] = [
      Truncated(Cauchy(mu: 0, sigma: 1), lower: 0), Censored(Cauchy(mu: 0, sigma: 1), lower: 0),
      Truncated(StudentT(nu: 1, mu: 0, sigma: 1), lower: 2), Truncated(InverseGamma(alpha: 0.5, beta: 1), lower: 1),
    ]
    for d in above { #expect(d.mean == infinity && d.variance == infinity, "\(d): \(d.mean), \(d.variance)") }
    for d: any UnivariateDistribution in [
      Truncated(Cauchy(mu: 0, sigma: 1), upper: 3), Censored(Cauchy(mu: 0, sigma: 1), upper: 3),
    ] {
      #expect(d.mean == -infinity && d.variance == infinity, "\(d): \(d.mean), \(d.variance)")
    }
    #expect(Truncated(Cauchy(mu: 0, sigma: 1)).mean.isNaN)
    // E max(0, X) of Student's t with 2 degrees of freedom, whose variance is infinite: 1 / √2.
    let censored = Censored(StudentT(nu: 2, mu: 0, sigma: 1), lower: 0)
    expect(censored.mean, 0.5.squareRoot(), 1e-8, "mean")
    #expect(censored.variance == infinity)
    let cut = Truncated(StudentT(nu: 2, mu: 0, sigma: 1), lower: 0)
    expect(cut.mean, 2.0.squareRoot(), 1e-8, "mean")
    #expect(cut.variance == infinity)
  }

  @Test("the density of beta(1, 1) is 1 exactly")
  func uniformBeta() {
    for i in 0...1000 { #expect(Beta(alpha: 1, beta: 1).logDensity(Double(i) / 1000) == 0) }
  }

  /// Derivatives of a distribution made of parameters against differences.
  private func check(_ p: [Double], _ x: Double, fixed: Set<Int> = [], _ make: ([Double]) -> any UnivariateDistribution)
  {
    let partials = make(p).partials(x)
    #expect(partials.value.isFinite && partials.parameters.count == p.count, "\(make(p)) at \(x)")
    for i in p.indices where !fixed.contains(i) && p[i].isFinite {
      let (expected, error) = DistributionGradientTests.derivative(
        { value in
          var moved = p
          moved[i] = value
          return make(moved).logDensity(x)
        }, at: p[i])
      let tolerance = 4 * error + 1e-8 * max(1, abs(expected))
      #expect(
        abs(partials.parameters[i] - expected) <= tolerance,
        "\(make(p)) at \(x) by \(i): \(partials.parameters[i]), not \(expected)")
    }
    if make(p).isDiscrete {
      #expect(partials.x == 0)
    } else if !fixed.contains(-1) {
      let (expected, error) = DistributionGradientTests.derivative({ make(p).logDensity($0) }, at: x)
      #expect(abs(partials.x - expected) <= 4 * error + 1e-8 * max(1, abs(expected)), "\(make(p)) by \(x)")
    }
  }

  @Test("gradients agree with central differences")
  func gradients() {
    for x in [-0.7, 0.2, 3] {
      check([-1, 4, 0.3, 1.2], x) { Truncated(Normal(mu: $0[2], sigma: $0[3]), lower: $0[0], upper: $0[1]) }
      check([-1, .infinity, 2.5, 0.3, 1.2], x) {
        Truncated(StudentT(nu: $0[2], mu: $0[3], sigma: $0[4]), lower: $0[0], upper: $0[1])
      }
      check([-1, 4, 0.3, 1.2], x) { Censored(Cauchy(mu: $0[2], sigma: $0[3]), lower: $0[0], upper: $0[1]) }
      check([0.3, 0.7, -1, 0.5, 2, 3], x, fixed: [0, 1]) {
        Mixture(theta: [0.3, 0.7], [Normal(mu: $0[2], sigma: $0[3]), Logistic(mu: $0[4], sigma: $0[5])])
      }
    }
    for x in [0.4, 2.0] {
      check([0.1, 6, 1.7, 0.8], x) { Truncated(Gamma(alpha: $0[2], beta: $0[3]), lower: $0[0], upper: $0[1]) }
      check([0.1, 6, 1.7, 0.8], x) { Truncated(Weibull(alpha: $0[2], sigma: $0[3]), lower: $0[0], upper: $0[1]) }
    }
    // At limits, which move with the observation and are not differentiated here.
    for x in [0.5, 3] {
      check([0.5, 3, 1.7, 0.8], x, fixed: [-1, 0, 1]) {
        Censored(LogNormal(mu: $0[2], sigma: $0[3]), lower: $0[0], upper: $0[1])
      }
      check([0, 3, 2.2, 0.8], x.rounded(.down), fixed: [0, 1]) {
        Censored(NegativeBinomial2(mu: $0[2], phi: $0[3]), lower: $0[0], upper: $0[1])
      }
    }
    for y in [1.0, 4, 8] {
      check([1, 8, 3, 2], y, fixed: [0, 1]) {
        Truncated(NegativeBinomial2(mu: $0[2], phi: $0[3]), lower: $0[0], upper: $0[1])
      }
    }
    for y in [0.0, 1, 7] {
      check([0.3, 2.5], y) { ZeroInflated(theta: $0[0], Poisson(lambda: $0[1])) }
      check([0.02, 1e-4, 3], y) { ZeroInflated(theta: $0[0], NegativeBinomial2(mu: $0[1], phi: $0[2])) }
      check([0.3, 0.4, 0.6, 2.5, 12], y, fixed: [1, 2]) {
        ZeroInflated(
          theta: $0[0], Mixture(theta: [0.4, 0.6], [Poisson(lambda: $0[3]), Poisson(lambda: $0[4])]))
      }
    }
    // Along a simplex, the difference of the weights' derivatives.
    let parts: [any UnivariateDistribution] = [Normal(mu: 0, sigma: 1), Normal(mu: 3, sigma: 1)]
    let slopes = Mixture(theta: [0.3, 0.7], parts).partials(1.2).parameters
    let (expected, _) = DistributionGradientTests.derivative(
      { Mixture(theta: [$0, 1 - $0], parts).logDensity(1.2) }, at: 0.3)
    expect(slopes[0] - slopes[1], expected, 1e-9, "weights")
  }

  /// Combinations for which densities, distribution functions, quantiles and draws must belong together.
  static let combinations: [any UnivariateDistribution] = [
    Truncated(Normal(mu: 0, sigma: 1), lower: 6, upper: 8), Truncated(Gamma(alpha: 0.3, beta: 2), lower: 0.01),
    Truncated(StudentT(nu: 1.5, mu: 0, sigma: 2), lower: -3, upper: 400), Truncated(Poisson(lambda: 40), lower: 60),
    Truncated(Binomial(trials: 30, theta: 0.4), lower: 3.5, upper: 12.2),
    Mixture(theta: [0.2, 0.5, 0.3], [Normal(mu: -2, sigma: 0.1), Cauchy(mu: 1, sigma: 2), Exponential(beta: 3)]),
    Mixture(theta: [0.9, 0.1], [Poisson(lambda: 2), NegativeBinomial2(mu: 60, phi: 3)]),
    ZeroInflated(theta: 0.4, NegativeBinomial2(mu: 6, phi: 1.5)), ZeroInflated(theta: 1, Poisson(lambda: 3)),
    ZeroInflated(theta: 0.1, Truncated(Geometric(theta: 0.2), upper: 9)),
    Truncated(Uniform(alpha: 0, beta: 1), lower: 0.3, upper: 0.4),
  ]

  @Test("densities, distribution functions, quantiles, moments and draws belong together")
  func consistency() {
    var stream = RandomStream(seed: 41, purpose: 9006)
    for d in Self.combinations {
      let qs = [0.001, 0.2, 0.5, 0.83, 0.999]
      for q in qs {
        let x = d.quantile(q)
        expect(d.cdf(x) + d.ccdf(x), 1, 1e-12, "\(d)")
        if d.isDiscrete {
          #expect(d.cdf(x) >= q * (1 - 1e-12) && d.cdf(x - 1) < q, "\(d) at \(q): \(x)")
          let sum = stride(from: 0, through: x, by: 1).reduce(0) { $0 + exp(d.logDensity($1)) }
          expect(sum, d.cdf(x), 1e-11, "\(d) sum to \(x)")
        } else {
          expect(d.cdf(x), q, 1e-11, "\(d) quantile \(q)")
          let room = min(x - d.quantile(0), d.quantile(1) - x)
          let (slope, error) = DistributionGradientTests.derivative({ d.cdf($0) }, at: x, room: room)
          #expect(abs(exp(d.logDensity(x)) - slope) <= 4 * error + 1e-6 * slope, "\(d) density at \(x)")
        }
      }
      let draws = (0..<3000).map { _ in d.random(using: &stream) }
      #expect(draws.allSatisfy { d.support.contains($0) }, "\(d)")
      if d.isDiscrete {
        let bounds = Array(Set((1..<20).map { d.quantile(Double($0) / 20) })).sorted()
        guard bounds.count > 1 else { continue }
        var counts = [Int](repeating: 0, count: bounds.count + 1)
        for x in draws { counts[bounds.firstIndex { x <= $0 } ?? bounds.count] += 1 }
        let cumulative = [0] + bounds.map { d.cdf($0) } + [1]
        let cells = zip(cumulative, cumulative.dropFirst()).map { $1 - $0 }
        #expect(GoodnessOfFit.chiSquare(counts: counts, probabilities: cells) > 1e-6, "\(d)")
      } else {
        #expect(GoodnessOfFit.kolmogorovSmirnov(draws) { d.cdf($0) } > 1e-6, "\(d)")
      }
      if d.mean.isFinite, d.variance.isFinite, d.variance > 0 {
        let mean = draws.reduce(0, +) / 3000
        #expect(abs(mean - d.mean) < 6 * (d.variance / 3000).squareRoot(), "\(d): \(mean), \(d.mean)")
      }
    }
  }

  @Test("impossible parameters, bounds and arguments")
  func hostile() {
    var stream = RandomStream(seed: 42, purpose: 9006)
    let broken: [any UnivariateDistribution] = [
      Truncated(Normal(mu: 0, sigma: 1), lower: 2, upper: 1), Truncated(Normal(mu: 0, sigma: -1), lower: 0),
      Truncated(Normal(mu: 0, sigma: 1), lower: .nan),
      Truncated(Poisson(lambda: 2), lower: 0.2, upper: 0.8), Censored(Normal(mu: 0, sigma: 0), lower: 0),
      ZeroInflated(theta: 1.2, Poisson(lambda: 1)), ZeroInflated(theta: .nan, Poisson(lambda: 1)),
      ZeroInflated(theta: 0.3, Poisson(lambda: -1)),
      Mixture(theta: [0.6, 0.6], [Normal(mu: 0, sigma: 1), Normal(mu: 1, sigma: 1)]),
      Mixture(theta: [0.5, 0.5], [Normal(mu: 0, sigma: 1), Normal(mu: .nan, sigma: 1)]),
    ]
    for d in broken {
      #expect(d.logDensity(0.5).isNaN || d.logDensity(0.5) == -.infinity && d.isDiscrete, "\(d)")
      #expect(d.mean.isNaN && d.variance.isNaN && d.quantile(0.5).isNaN && d.random(using: &stream).isNaN, "\(d)")
    }
    for d in Self.combinations {
      for x in [-Double.infinity, -1e300, -Double.leastNonzeroMagnitude, 0, .leastNonzeroMagnitude, 1e300, .infinity] {
        let (value, below, above) = (d.logDensity(x), d.cdf(x), d.ccdf(x))
        #expect(!value.isNaN && below >= 0 && below <= 1 && above >= 0 && above <= 1, "\(d) at \(x)")
      }
      #expect(!d.logDensity(.nan).isFinite && d.cdf(.nan).isNaN && d.quantile(.nan).isNaN, "\(d)")
      #expect(d.quantile(-0.1).isNaN && d.quantile(1.1).isNaN, "\(d)")
      #expect(d.quantile(0) <= d.quantile(1e-9) && d.quantile(1) >= d.quantile(1 - 1e-9), "\(d)")
    }
  }
}
