import Foundation
import Inference
import NumericKernels
import Testing

/// Probabilities far below the smallest double, by their logarithms. Figures of mpmath 1.3.0 with 40 digits.
@Suite("Log probabilities of tails")
struct LogTailTests {
  private func expect(_ actual: Double, _ expected: Double, _ relative: Double = 1e-12, _ what: Comment = "") {
    #expect(abs(actual - expected) <= relative * abs(expected), what)
  }

  private func upper<D: ScalarDistribution>(_ distribution: D, _ x: Double) -> Double {
    D.logCCDF(x, distribution.parameters)
  }
  private func lower<D: ScalarDistribution>(_ distribution: D, _ x: Double) -> Double {
    D.logCDF(x, distribution.parameters)
  }

  @Test("Student's t far out")
  func studentT() {
    expect(upper(StudentT(nu: 300, mu: 0, sigma: 1), 1000), -1220.5757, 1e-7)
    expect(lower(StudentT(nu: 300, mu: 0, sigma: 1), -1000), -1220.5757, 1e-7)
    // The logarithm goes on where the probability ends.
    let (near, far) = (upper(StudentT(nu: 4, mu: 0, sigma: 1), 1e72), upper(StudentT(nu: 4, mu: 0, sigma: 1), 1e74))
    expect(far - near, -8 * log(10), 1e-10)
    expect(upper(HalfStudentT(nu: 300, sigma: 2), 2000), log(2) - 1220.5757, 1e-7)
  }

  @Test("families")
  func families() {
    expect(upper(Poisson(parameters: [3, 0, 0, 0]), 2000), -11018.801063599253)
    expect(upper(PoissonLog(eta: log(3)), 2000), -11018.801063599253)
    expect(lower(Poisson(parameters: [2000, 0, 0, 0]), 10), -1939.09037795847)
    expect(upper(NegativeBinomial2(mu: 10, phi: 4), 20_000), -6705.619965428305)
    expect(upper(NegativeBinomial(parameters: [4, 0.4, 0, 0]), 20_000), -6705.619965428305)
    expect(upper(NegativeBinomial2Log(eta: log(10), phi: 4), 20_000), -6705.619965428305)
    expect(lower(NegativeBinomial2(mu: 1e6, phi: 200), 3), -1689.346212123439)
    expect(lower(Binomial(trials: 5000, theta: 0.5), 20), -3337.761682403269)
    expect(lower(BinomialLogit(trials: 5000, alpha: 0), 20), -3337.761682403269)
    expect(upper(Binomial(trials: 5000, theta: 0.0625), 1500), -1336.536343402979)
    expect(upper(Gamma(alpha: 2.5, beta: 1), 2000), -1988.8825792749567)
    expect(lower(Gamma(alpha: 2.5, beta: 1), 1e-200), -1152.49352009937)
    expect(lower(InverseGamma(alpha: 2.5, beta: 1), 1.0 / 2000), -1988.8825792749567)
    expect(lower(Beta(alpha: 50, beta: 3), 1e-9), -1028.9733696785355)
    expect(upper(Beta(alpha: 3, beta: 50), 1 - 0x1p-30), 50 * log(0x1p-30), 0.01)
    expect(upper(Geometric(theta: 0.125), 10_000), -1335.4474576378509)
    // Next to the ordinary: the logarithms of ordinary probabilities, and what is impossible.
    for (x, p) in [(2.0, 3.0), (40, 30)] {
      let poisson = Poisson(parameters: [p, 0, 0, 0])
      expect(upper(poisson, x), log(poisson.ccdf(x)))
      expect(lower(poisson, x), log(poisson.cdf(x)))
    }
    #expect(lower(Poisson(parameters: [3, 0, 0, 0]), -1) == -.infinity)
    #expect(upper(Binomial(trials: 5, theta: 0.5), 5) == -.infinity)
    #expect(lower(Binomial(trials: 5, theta: 0.5), 5) == 0)
    // A sum of masses: of the beta-binomial's upper tail the first is all but everything.
    let spread = BetaBinomial(trials: 500, alpha: 2, beta: 5000)
    let first = spread.logDensity(499)
    #expect(first < -1000 && upper(spread, 498) >= first && upper(spread, 498) < first + 0.1)
  }

  /// Shapes and means for which sums and fractions would take a million steps and more, or end too soon. Figures of mpmath
  /// 1.3.0: quadrature of the tail with 50 digits.
  @Test("tails of large shapes and means, at a cost that does not grow with them")
  func largeShapes() {
    func gammaUpper(_ a: Double, _ x: Double) -> Double { upper(Gamma(alpha: a, beta: 1), x) }
    func gammaLower(_ a: Double, _ x: Double) -> Double { lower(Gamma(alpha: a, beta: 1), x) }
    func betaLower(_ x: Double, _ a: Double, _ b: Double) -> Double { lower(Beta(alpha: a, beta: b), x) }
    let clock = ContinuousClock()
    let seconds = clock.measure {
      expect(gammaUpper(1e10, 1.0005e10), -1254.4148508599684, 1e-14)
      expect(gammaUpper(1e13, 1.00002e13), -2005.03954693552, 1e-14)
      expect(gammaUpper(1e18, 1e18 + 4e10), -804.60842068044603, 1e-14)
      expect(gammaUpper(2e12, 6e12), -1802775422679.5548, 1e-14)
      expect(gammaUpper(1e9, 1e15), -999985184489467.13, 1e-14)
      expect(gammaLower(1e10, 0.9995e10), -1255.24818391894, 1e-14)
      expect(gammaLower(1e13, 0.99998e13), -2005.0928802588761, 1e-14)
      expect(gammaLower(1e18, 1e18 - 4e10), -804.60846334706282, 1e-14)
      expect(gammaLower(2e12, 5e11), -1272588722254.5746, 1e-14)
      expect(gammaLower(1e9, 1), -19723265849.226983, 1e-14)
      expect(betaLower(0.4375, 1e10, 1e10), -157483580.38038774, 1e-14)
      expect(betaLower(0.4999, 1e12, 1e12), -40006.564641980852, 1e-11)
      expect(betaLower(0.0625, 3e11, 1e12), -194049752717.93417, 1e-14)
      expect(betaLower(0x1p-30, 1e9, 1e15), -5979835692.6889412, 1e-14)
      // P(Y <= k) = Q(k + 1, mean), P(Y <= k) = I_{φ / (μ + φ)}(φ, k + 1).
      expect(upper(Poisson(lambda: 0.99998e13), 1e13 - 1), -2005.0928802588761, 1e-14)
      expect(lower(Poisson(lambda: 1.00002e13), 1e13 - 1), -2005.03954693552, 1e-14)
      expect(lower(NegativeBinomial2(mu: 9e10, phi: 7e10), 1e10 - 1), betaLower(0.4375, 7e10, 1e10), 1e-12)
      #expect(gammaUpper(1e300, .infinity) == -.infinity && gammaLower(1e300, 0) == -.infinity)
      // Quantiles within their cost, and back: mean + sd z to the third order is as good as doubles here.
      for mean in [1e13, 1e15, 1e18] {
        let sd = mean.squareRoot()
        for (q, z) in [(0.001, -3.090232306167813), (0.5, 0.0), (0.975, 1.959963984540054)] {
          let expected = mean + sd * z + (z * z - 1) / 6
          #expect(abs(Poisson.quantile(q, [mean, 0, 0, 0]) - expected) <= max(2, 1e-15 * mean), "\(mean) \(q)")
          #expect(abs(Gamma.quantile(q, [mean, 1, 0, 0]) - expected - z * z / 6) <= max(2, 1e-15 * mean))
          let spread = NegativeBinomial2.quantile(q, [mean, mean, 0, 0])
          #expect(abs(spread - mean - sd * 2.0.squareRoot() * z) <= max(10, 1e-14 * mean), "\(mean) \(q)")
        }
      }
    }
    #expect(seconds < .milliseconds(500), "took \(seconds)")
  }

  @Test("truncated and censored values keep the tails")
  func values() {
    let tail = Truncated(Normal(mu: 0, sigma: 1), lower: 50)
    expect(tail.logDensity(50.01), 3.4123726062152285, 1e-11)
    expect(tail.mean, 50.01998403190564, 1e-12)
    expect(tail.variance, 0.0003990431868038996, 1e-6)
    expect(tail.quantile(0.3), 50.00713014091326, 1e-13)
    expect(tail.cdf(50.02), 0.6323410735374292, 1e-9)
    expect(tail.ccdf(50.02), 1 - 0.6323410735374292, 1e-9)
    #expect(tail.cdf(49) == 0 && tail.ccdf(49) == 1 && tail.quantile(0) == 50)
    var stream = RandomStream(seed: 1, purpose: 1)
    let x = tail.random(using: &stream)
    #expect(x > 50 && x < 51)
    // P(X > 1e9) is e^-5e17: next to the bound the density is an exponential's with rate 1e9.
    let far = Truncated(Normal(mu: 0, sigma: 1), lower: 1e9)
    #expect(far.logDensity(0.5) == -.infinity && far.quantile(0.5) >= 1e9 && far.quantile(0.5) < 1e9 + 1e-6)
    expect(far.mean, 1e9, 1e-15)
    let counts = Truncated(Poisson(parameters: [3, 0, 0, 0]), lower: 2001)
    expect(counts.logDensity(2001), -0.0014996242503, 1e-8)
    expect(counts.logDensity(2003), -13.008578342455, 1e-11)
    #expect(counts.quantile(0.5) == 2001 && counts.quantile(0.9999) == 2002)
    let censored = Censored(Poisson(parameters: [3, 0, 0, 0]), upper: 2001)
    expect(censored.logDensity(2001), -11018.801063599253)
    expect(censored.partials(2001).parameters[2], 666.0005002493743, 1e-8)
  }

  @Test("models with censored counts")
  func models() throws {
    var model = Model()
    let rate = model.parameter("rate", .gamma(2, 1))
    model.observe("y", [2001.0], .censored(.poisson(rate), upper: 2001))
    let loglik = try model.compile().logLikelihood(
      try Draws(names: ["rate"], chainCount: 1, drawCount: 1, values: [3]))
    expect(loglik.values[0], -11018.801063599253)
  }

  @Test("the quantile of 1 is the end of the support")
  func upperEnds() {
    #expect(Binomial(trials: 5000, theta: 0.01).quantile(1) == 5000)
    #expect(BinomialLogit(trials: 5000, alpha: -5).quantile(1) == 5000)
    #expect(BetaBinomial(trials: 500, alpha: 2, beta: 5000).quantile(1) == 500)
    #expect(Binomial(trials: 5000, theta: 0).quantile(1) == 0)
    #expect(Truncated(Normal(mu: 0, sigma: 1), lower: -1).quantile(1) == .infinity)
    #expect(Truncated(Normal(mu: 0, sigma: 1), upper: 60).quantile(1) == 60)
    #expect(Truncated(Poisson(parameters: [3, 0, 0, 0]), lower: 1).quantile(1) == .infinity)
    #expect(Truncated(Binomial(trials: 5000, theta: 0.01), lower: 1).quantile(1) == 5000)
    #expect(Truncated(Poisson(parameters: [3, 0, 0, 0]), upper: 400).quantile(1) == 400)
  }
}
