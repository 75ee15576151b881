import Foundation
import Inference
import NumericKernels
import TestSupport
import Testing

@Suite("Vector distributions")
struct VectorDistributionTests {
  /// Derivatives against differences. `symmetric` parameters are moved with their mirrored element.
  private func check<D: VectorDistribution>(
    _ distribution: D, _ x: [Double], alongX: [[Double]], symmetric: Bool = false, lower: Bool = false,
    _ make: ([[Double]]) -> D
  ) {
    let partials = distribution.evaluate(x)
    #expect(partials.value.isFinite)
    func derivative(_ f: (Double) -> Double) -> Double {
      let h = 1e-3
      return (4 * (f(h / 2) - f(-h / 2)) / h - (f(h) - f(-h)) / (2 * h)) / 3
    }
    for direction in alongX {
      let expected = derivative { t in distribution.logDensity(zip(x, direction).map { $0 + t * $1 }) }
      let actual = zip(partials.x, direction).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(actual - expected) < 1e-7 * max(1, abs(expected)), "\(D.name) by x: \(actual), \(expected)")
    }
    for (k, parameter) in distribution.parameters.enumerated() {
      let n = distribution.size
      let isMatrix = parameter.count == n * n && k == 1
      for i in parameter.indices {
        if isMatrix && lower && i % n > i / n { continue }
        let mirrored = isMatrix && symmetric ? (i % n) * n + i / n : i
        let expected = derivative { t in
          var moved = distribution.parameters
          moved[k][i] += t
          if mirrored != i { moved[k][mirrored] += t }
          return make(moved).logDensity(x)
        }
        let actual = partials.parameters[k][i] + (mirrored != i ? partials.parameters[k][mirrored] : 0)
        #expect(
          abs(actual - expected) < 1e-7 * max(1, abs(expected)),
          "\(D.name) by \(D.parameterNames[k])[\(i)]: \(actual), \(expected)")
      }
    }
  }

  private func units(_ n: Int) -> [[Double]] { (0..<n).map { i in (0..<n).map { $0 == i ? 1 : 0 } } }

  @Test("gradients of categories")
  func categories() {
    for k in 0..<3 {
      let x = [Double(k)]
      // A simplex stays one only along directions that sum to 0: the derivative is 1 / θ_k alone.
      let partials = Categorical(theta: [0.2, 0.5, 0.3]).evaluate(x)
      #expect(partials.parameters[0].enumerated().allSatisfy { $1 == ($0 == k ? 1 / [0.2, 0.5, 0.3][k] : 0) })
      check(CategoricalLogit(beta: [0.2, -1, 3]), x, alongX: []) { CategoricalLogit(beta: $0[0]) }
    }
    for k in 0..<4 {
      for eta in [-3.0, 0.2, 30] {
        check(OrderedLogistic(eta: eta, cuts: [-1, 0.5, 0.6]), [Double(k)], alongX: []) {
          OrderedLogistic(eta: $0[0][0], cuts: $0[1])
        }
      }
    }
    #expect(CategoricalLogit(beta: [700, -700]).logDensity([1]) == -1400)
    #expect(OrderedLogistic(eta: 700, cuts: [-1, 1]).logDensity([0]) == -701)
    #expect(abs(OrderedLogistic(eta: 700, cuts: [-1, 1]).logDensity([1]) - (-699 + log(1 - exp(-2)))) < 1e-12)
    #expect(OrderedLogistic(eta: 0, cuts: [1, 1]).logDensity([1]).isNaN)
    #expect(Categorical(theta: [0.5, 0.6]).logDensity([1]).isNaN)
    #expect(Categorical(theta: [0.5, 0.5]).logDensity([2]) == -.infinity)
    #expect(Categorical(theta: [0.5, 0.5]).logDensity([0.5]) == -.infinity)
  }

  @Test("gradients of simplexes and matrices")
  func gradients() {
    let simplex = [0.2, 0.7, 0.1]
    check(Dirichlet(alpha: [0.6, 3, 1]), simplex, alongX: [[1e-2, -1e-2, 0], [0, 1e-2, -1e-2]]) {
      Dirichlet(alpha: $0[0])
    }
    let (mu, x) = ([0.3, -1, 2], [0.8, 0.1, 1.2])
    let factor = [1.2, 0, 0, 0.4, 0.8, 0, -0.3, 0.5, 2]
    let normal = MultivariateNormalCholesky(mu: mu, factor: factor)
    check(normal, x, alongX: units(3), lower: true) { MultivariateNormalCholesky(mu: $0[0], factor: $0[1]) }
    let covariance = normal.covariance
    check(MultivariateNormal(mu: mu, covariance: covariance), x, alongX: units(3), symmetric: true) {
      MultivariateNormal(mu: $0[0], covariance: $0[1])
    }
    check(MultivariateNormalPrecision(mu: mu, precision: covariance), x, alongX: units(3), symmetric: true) {
      MultivariateNormalPrecision(mu: $0[0], precision: $0[1])
    }
    #expect(
      abs(normal.logDensity(x) - MultivariateNormal(mu: mu, covariance: covariance).logDensity(x)) < 1e-13)
    #expect(MultivariateNormal(mu: [0, 0], covariance: [1, 2, 2, 1]).logDensity([0, 0]).isNaN)
    #expect(MultivariateNormal(mu: [0, 0], covariance: [1, 0.2, 0.1, 1]).logDensity([0, 0]).isNaN)
    #expect(MultivariateNormalCholesky(mu: [0], factor: [-1]).logDensity([0]).isNaN)
    let lkj = LKJCholesky(size: 3, eta: 1.7)
    let root = [1, 0, 0, 0.6, 0.8, 0, 0.48, 0.6, 0.64]
    let partials = lkj.evaluate(root)
    let step = 1e-4
    let expected =
      (LKJCholesky(size: 3, eta: 1.7 + step).logDensity(root) - LKJCholesky(size: 3, eta: 1.7 - step).logDensity(root))
      / (2 * step)
    #expect(abs(partials.parameters[0][0] - expected) < 1e-6)
    #expect(partials.x[4] == (1 + 2 * 1.7 - 2) / 0.8 && abs(partials.x[8] - (2 * 1.7 - 2) / 0.64) < 1e-14)
    #expect(lkj.logDensity([1, 0, 0, 0.6, 0.9, 0, 0.48, 0.6, 0.64]) == -.infinity)
  }

  /// Draws' moments and, where there is one, a distribution function of a marginal.
  @Test("draws of vectors")
  func draws() {
    var stream = RandomStream(seed: 11, purpose: 9002)
    let dirichlet = Dirichlet(alpha: [0.3, 2, 1.1])
    let first = (0..<4000).map { _ in dirichlet.random(using: &stream)[0] }
    let marginal = Beta(alpha: 0.3, beta: 3.1)
    #expect(GoodnessOfFit.kolmogorovSmirnov(first) { marginal.cdf($0) } > 1e-3)
    #expect(Dirichlet(alpha: [1e-4, 1e-4]).random(using: &stream).reduce(0, +) == 1)

    // A linear form of a normal vector is normal with the form's variance.
    let factor = [1.2, 0, 0, 0.4, 0.8, 0, -0.3, 0.5, 2]
    let byFactor = MultivariateNormalCholesky(mu: [1, 2, 3], factor: factor)
    let byCovariance = MultivariateNormal(mu: [1, 2, 3], covariance: byFactor.covariance)
    let byPrecision = MultivariateNormalPrecision(mu: [1, 2, 3], precision: [2, 0.5, 0, 0.5, 1, -0.2, 0, -0.2, 3])
    func form(_ x: [Double]) -> Double { x[0] - 2 * x[1] + 0.5 * x[2] }
    let s = byFactor.covariance
    let variance = s[0] + 4 * s[4] + 0.25 * s[8] - 4 * s[1] + s[2] - 2 * s[5]
    let reference = Normal(mu: form([1, 2, 3]), sigma: variance.squareRoot())
    let forms = (0..<4000).map { _ in form(byFactor.random(using: &stream)) }
    let others = (0..<4000).map { _ in form(byCovariance.random(using: &stream)) }
    #expect(GoodnessOfFit.kolmogorovSmirnov(forms) { reference.cdf($0) } > 1e-3)
    #expect(GoodnessOfFit.kolmogorovSmirnov(others) { reference.cdf($0) } > 1e-3)
    // (x - μ)' Ω (x - μ) is χ² with 3 degrees of freedom.
    let squares = (0..<4000).map { _ in
      let x = byPrecision.random(using: &stream)
      return -2 * (byPrecision.logDensity(x) - byPrecision.logDensity([1, 2, 3]))
    }
    #expect(GoodnessOfFit.kolmogorovSmirnov(squares) { Gamma(alpha: 1.5, beta: 0.5).cdf($0) } > 1e-3)

    // A correlation under LKJ is 2 Beta(b, b) - 1 with b = η + K / 2 - 1.
    let lkj = LKJCholesky(size: 4, eta: 1.5)
    let shape = 1.5 + 4.0 / 2 - 1
    for (i, j) in [(1, 0), (3, 2), (2, 1)] {
      let correlations = (0..<3000).map { _ in
        let l = lkj.random(using: &stream)
        return (0..<4).reduce(0) { $0 + l[4 * i + $1] * l[4 * j + $1] }
      }
      #expect(
        GoodnessOfFit.kolmogorovSmirnov(correlations) { Beta(alpha: shape, beta: shape).cdf(0.5 * (1 + $0)) } > 1e-3)
    }
    for probabilities in [[0.2, 0.5, 0.3]] {
      let categorical = Categorical(theta: probabilities)
      let logit = CategoricalLogit(beta: probabilities.map { log($0) + 500 })
      let cuts = [SpecialFunctions.logit(0.2) + 3, SpecialFunctions.logit(0.7) + 3]
      let ordered = OrderedLogistic(eta: 3, cuts: cuts)
      var counts = [[0, 0, 0], [0, 0, 0], [0, 0, 0]]
      for _ in 0..<3000 {
        counts[0][Int(categorical.random(using: &stream)[0])] += 1
        counts[1][Int(logit.random(using: &stream)[0])] += 1
        counts[2][Int(ordered.random(using: &stream)[0])] += 1
      }
      for count in counts { #expect(GoodnessOfFit.chiSquare(counts: count, probabilities: probabilities) > 1e-3) }
      for k in 0..<3 {
        #expect(abs(ordered.logDensity([Double(k)]) - log(probabilities[k])) < 1e-13)
        #expect(abs(logit.logDensity([Double(k)]) - log(probabilities[k])) < 1e-13)
      }
    }
  }

  @Test("draws with parameters outside their supports are NaN")
  func invalid() {
    var stream = RandomStream(seed: 12, purpose: 9002)
    #expect(Dirichlet(alpha: [1, -1]).random(using: &stream).allSatisfy { $0.isNaN })
    #expect(Categorical(theta: [1, 1]).random(using: &stream)[0].isNaN)
    #expect(LKJCholesky(size: 2, eta: 0).random(using: &stream).allSatisfy { $0.isNaN })
    #expect(MultivariateNormal(mu: [0, 0], covariance: [1, 2, 2, 1]).random(using: &stream).allSatisfy { $0.isNaN })
    #expect(MultivariateNormalPrecision(mu: [0], precision: [-1]).random(using: &stream).allSatisfy { $0.isNaN })
    #expect(MultivariateNormalCholesky(mu: [0], factor: [0]).random(using: &stream).allSatisfy { $0.isNaN })
    #expect(OrderedLogistic(eta: .nan, cuts: [0]).random(using: &stream)[0].isNaN)
    #expect(CategoricalLogit(beta: [.infinity, 0]).random(using: &stream)[0].isNaN)
  }

  @Test("log densities agree with scipy and closed forms")
  func figures() {
    // scipy 1.17.1: dirichlet([0.6, 3, 1]).logpdf([0.2, 0.7, 0.1]), multivariate_normal([0.3, -1, 2], C).logpdf(x).
    #expect(abs(Dirichlet(alpha: [0.6, 3, 1]).logDensity([0.2, 0.7, 0.1]) - 1.4329013925054745) < 1e-13)
    let covariance = MultivariateNormalCholesky(mu: [0, 0, 0], factor: [1.2, 0, 0, 0.4, 0.8, 0, -0.3, 0.5, 2])
      .covariance
    let normal = MultivariateNormal(mu: [0.3, -1, 2], covariance: covariance)
    #expect(abs(normal.logDensity([0.8, 0.1, 1.2]) - -4.374427243987038) < 1e-13)
    let precision = MultivariateNormalPrecision(mu: [0.3, -1, 2], precision: covariance)
    #expect(abs(precision.logDensity([0.8, 0.1, 1.2]) - -4.318890413574328) < 1e-12)
    // The volume of 3 x 3 correlation matrices is π² / 2 (Lewandowski, Kurowicka and Joe 2009); the map from the
    // factor has the Jacobian L_22.
    let root = [1, 0, 0, 0.6, 0.8, 0, 0.48, 0.6, 0.64]
    #expect(abs(LKJCholesky(size: 3, eta: 1).logDensity(root) - log(2 / (.pi * .pi) * 0.8)) < 1e-14)
    // For 2 x 2 the correlation is 2 Beta(η, η) - 1.
    for eta in [0.3, 1, 4.5, 200] {
      let r = 0.28
      let expected = Beta(alpha: eta, beta: eta).logDensity(0.5 * (1 + r)) - log(2)
      #expect(abs(LKJCholesky(size: 2, eta: eta).logDensity([1, 0, r, 0.96]) - expected) < 1e-12 * max(1, eta))
    }
  }

  @Test("moments and distribution functions of categories")
  func categoryMoments() {
    let plain = Categorical(theta: [0.2, 0, 0.5, 0.3])
    #expect(abs(plain.mean - 1.9) < 1e-15 && abs(plain.variance - 1.09) < 1e-15)
    #expect(plain.cdf(-0.1) == 0 && plain.cdf(1.5) == 0.2 && abs(plain.cdf(2) - 0.7) < 1e-15)
    #expect(abs(plain.ccdf(1) - 0.8) < 1e-15 && plain.ccdf(3) == 0 && plain.cdf(.nan).isNaN)
    #expect([0, 0.2, 0.21, 0.7, 0.71, 1].map { plain.quantile($0) } == [0, 0, 2, 2, 3, 3])
    #expect(plain.quantile(1.1).isNaN && Categorical(theta: [0.5, 0.6]).mean.isNaN)
    #expect(Categorical(theta: [0.5, 0.6]).quantile(0.5).isNaN && Categorical(theta: [0.5, 0.6]).cdf(0).isNaN)
    let logit = CategoricalLogit(beta: [log(0.2), -.infinity, log(0.5), log(0.3)].map { $0 + 7 })
    #expect(abs(logit.mean - 1.9) < 1e-13 && abs(logit.variance - 1.09) < 1e-13)
    #expect(abs(logit.cdf(2) - 0.7) < 1e-13 && logit.quantile(0.6) == 2)
    // Below c_k with the probability logit⁻¹(c_k - η).
    let ordered = OrderedLogistic(eta: 0.4, cuts: [-1, 0.5, 2])
    for (k, cut) in [-1, 0.5, 2].enumerated() {
      #expect(abs(ordered.cdf(Double(k)) - 1 / (1 + exp(0.4 - cut))) < 1e-14)
      #expect(abs(ordered.ccdf(Double(k)) - 1 / (1 + exp(cut - 0.4))) < 1e-14)
    }
    #expect(ordered.quantile(1) == 3 && ordered.quantile(0.5) == 1)
    #expect(OrderedLogistic(eta: 0, cuts: [1, 0]).mean.isNaN)
  }

  @Test("moments of matrices agree with draws and with each other")
  func matrixMoments() {
    let covariance = [2, 0.6, 0.6, 1.5]
    let determinant = 2 * 1.5 - 0.36
    let precision = [1.5, -0.6, -0.6, 2].map { $0 / determinant }
    let normal = MultivariateNormalPrecision(mu: [1, 2], precision: precision)
    #expect(zip(normal.covariance, covariance).allSatisfy { abs($0 - $1) < 1e-14 })
    #expect(zip(normal.variance, [2, 1.5]).allSatisfy { abs($0 - $1) < 1e-14 })
    #expect(MultivariateNormal(mu: [1, 2], covariance: covariance).variance == [2, 1.5])
    let factor = MultivariateNormalCholesky(mu: [1, 2], factor: [2, 0, 1, 3])
    #expect(factor.variance == [4, 10])
    let indefinite = MultivariateNormalPrecision(mu: [0, 0], precision: [1, 2, 2, 1])
    #expect(indefinite.covariance.allSatisfy { $0.isNaN })
    for (size, eta) in [(2, 0.7), (3, 1), (4, 2.5)] {
      let lkj = LKJCholesky(size: size, eta: eta)
      var stream = RandomStream(seed: 7, purpose: 9, index: UInt64(size))
      let count = 20_000
      var (sum, squares) = (lkj.mean.map { _ in 0.0 }, lkj.mean.map { _ in 0.0 })
      for _ in 0..<count {
        for (i, x) in lkj.random(using: &stream).enumerated() {
          sum[i] += x
          squares[i] += (x - lkj.mean[i]) * (x - lkj.mean[i])
        }
      }
      for i in sum.indices {
        let (mean, variance) = (sum[i] / Double(count), squares[i] / Double(count))
        #expect(abs(mean - lkj.mean[i]) < 5 * (lkj.variance[i] / Double(count)).squareRoot() + 1e-12, "\(size) \(i)")
        #expect(abs(variance - lkj.variance[i]) < 0.05 * lkj.variance[i] + 1e-12, "\(size) \(i)")
      }
      #expect(abs(lkj.variance[size] - 1 / (2 * eta + Double(size) - 1)) < 1e-14)
    }
  }
}
