import Foundation
import Inference
import NumericKernels
import Testing

@Suite("Modelling layer: families, sets and combinations")
struct FamiliesInModelsTests {
  struct Case: Sendable, CustomStringConvertible {
    let description: String
    let declare: @Sendable (inout Model) throws -> Void
    init(_ description: String, _ declare: @escaping @Sendable (inout Model) throws -> Void) {
      self.description = description
      self.declare = declare
    }
  }

  /// Declares positive parameters a, b and real c, d, and observes by a distribution of them.
  static func observing(
    _ name: String, _ y: [Double],
    _ distribution: @escaping @Sendable (Formula, Formula, Formula, Formula) -> Distribution
  ) -> Case {
    Case(name) { model in
      let a = model.parameter("a", .logNormal(0.2, 0.5))
      let b = model.parameter("b", count: y.count, .logNormal(0.2, 0.5))
      let c = model.parameter("c", count: y.count, .normal(0, 1))
      let d = model.parameter("d", .normal(0, 1))
      model.observe("y", y, distribution(a, b, c, d))
    }
  }

  static let cases: [Case] = [
    observing("beta", [0.2, 0.9, 0.5]) { a, b, c, d in .beta(a, b) },
    observing("double exponential", [0.2, 3, -1]) { a, b, c, d in .doubleExponential(c, a) },
    observing("logistic", [0.2, 3, -1]) { a, b, c, d in .logistic(d, b) },
    observing("Weibull", [0.2, 3, 1]) { a, b, c, d in .weibull(a, b) },
    observing("von Mises", [0.2, 3, -1]) { a, b, c, d in .vonMises(d, b) },
    observing("Bernoulli", [0, 1, 1]) { a, b, c, d in .bernoulli(inverseLogit(c)) },
    observing("Bernoulli logit", [0, 1, 1]) { a, b, c, d in .bernoulliLogit(c + d) },
    observing("binomial", [0, 4, 2]) { a, b, c, d in .binomial([3, 4, 5], inverseLogit(c)) },
    observing("binomial logit", [0, 4, 2]) { a, b, c, d in .binomialLogit([3, 4, 5], c) },
    observing("beta-binomial", [0, 4, 2]) { a, b, c, d in .betaBinomial([3, 4, 5], a, b) },
    observing("geometric", [0, 4, 2]) { a, b, c, d in .geometric(inverseLogit(c)) },
    observing("categorical logit", [0, 2, 1, 1]) { a, b, c, d in .categoricalLogit(c[0..<3] * a) },
    observing("categorical logit, rows", [0, 2, 1, 1]) { a, b, c, d in .categoricalLogit(b.column * c.row) },
    observing("ordered logistic", [0, 2, 1, 2]) { a, b, c, d in
      .orderedLogistic(c, Formula.concatenating([d, d + a]))
    },
    observing("zero-inflated Poisson", [0, 3, 0, 1]) { a, b, c, d in
      .zeroInflated(.poisson(b), theta: inverseLogit(d))
    },
    observing("truncated normal", [0.2, 0.9, 0.5]) { a, b, c, d in .truncated(.normal(c, a), lower: 0, upper: 1) },
    observing("normal truncated by a parameter", [0.2, 0.9, 0.5]) { a, b, c, d in
      .truncated(.normal(c, a), lower: -b)
    },
    observing("truncated gamma", [0.2, 0.9, 0.5]) { a, b, c, d in .truncated(.gamma(a, b), upper: 2) },
    observing("truncated Poisson", [2, 1, 3]) { a, b, c, d in .truncated(.poisson(b), lower: 1) },
    observing("truncated t", [2, 1, 3]) { a, b, c, d in .truncated(.studentT(2 + a, c, b), lower: 0, upper: 5) },
    observing("censored normal", [2, -1, 0.3]) { a, b, c, d in .censored(.normal(c, a), lower: -1, upper: 2) },
    observing("censored Weibull", [2, 1, 0.3]) { a, b, c, d in .censored(.weibull(a, b), upper: 2) },
    observing("censored negative binomial", [2, 9, 0]) { a, b, c, d in
      .censored(.negativeBinomial2(b, a), upper: 9)
    },
    observing("mixture", [2, -1, 0.3]) { a, b, c, d in
      .mixture([.normal(c, a), .cauchy(d, b), .logistic(0, 1)], weights: exp(c) / exp(c).sum())
    },
    observing("mixture of own weights", [2, 0, 1]) { a, b, c, d in
      let share = inverseLogit(c)
      let weights = share.column * Formula([1.0, 0]).row + (1 - share).column * Formula([0.0, 1]).row
      return .mixture([.poisson(b), .zeroInflated(.geometric(inverseLogit(d)), theta: 0.3)], weights: weights)
    },
    Case("Dirichlet and categorical") { model in
      let theta = model.parameter("theta", count: 4, .dirichlet([1, 2, 0.7, 3]))
      let rows = model.parameter("rows", rows: 3, columns: 2, .dirichlet(1.5))
      model.observe("k", [0, 3, 3, 1], .categorical(theta))
      model.observe("l", [0, 1, 1], .categorical(rows))
    },
    Case("correlated effects") { model in
      let factor = model.parameter("factor", rows: 3, columns: 3, .lkjCholesky(2))
      let scale = model.parameter("scale", count: 3, .halfNormal(1))
      let mu = model.parameter("mu", count: 3, .normal(0, 1))
      let effects = model.parameter(
        "effects", rows: 5, columns: 3, .multivariateNormal(mu, factor: scale.column * factor))
      model.observe("y", [0.2, -1, 3, 0.5, 1], .normal(effects.sum(axis: 1), 1))
    },
    Case("covariances") { model in
      let s = model.parameter("s", rows: 2, columns: 2, .flat, constraint: .covariance)
      let omega = model.parameter("omega", rows: 2, columns: 2, .flat, constraint: .correlation)
      model.observe("x", [[0.2, -1], [3, 0.5]], .multivariateNormal(0, covariance: s))
      model.observe("z", [[0.2, -1], [3, 0.5]], .multivariateNormal([1, 2], precision: omega))
      model.addLogDensity("trace", -(s[0][0] + s[1][1]))
    },
    Case("sets") { model in
      let a = model.parameter("a", count: 4, .normal(0, 1), constraint: .ordered)
      let b = model.parameter("b", rows: 2, columns: 3, .exponential(1), constraint: .positiveOrdered)
      let c = model.parameter("c", count: 3, .flat, constraint: .unitVector)
      let d = model.parameter("d", count: 4, .normal(0, 1), constraint: .zeroSum)
      let e = model.parameter("e", count: 3, .flat, constraint: .simplex)
      model.addLogDensity("all", sin(a).sum() * b.sum(axis: 0) * c + square(d).sum() * e)
    },
    Case("bounds of parameters") { model in
      let low = model.parameter("low", .normal(0, 1))
      let high = model.parameter("high", .normal(0, 1), lower: low + 1)
      let within = model.parameter("within", count: 3, .uniform(low, high))
      let below = model.parameter("below", .normal(0, 1), upper: low)
      let truncated = model.parameter("truncated", .truncated(.normal(high, 1), lower: low, upper: high))
      model.observe("y", [0.2, 3, 1], .normal(within * below + truncated, 1))
    },
  ]

  @Test("gradients agree with central differences", arguments: cases)
  func gradient(_ item: Case) throws {
    var model = Model()
    try item.declare(&model)
    let compiled = try model.compile()
    for index in 0..<3 {
      let point = randomPoint(compiled, UInt64(index), scale: 0.6)
      #expect(evaluate(compiled, point).value.isFinite)
      let error = gradientError(compiled, point)
      #expect(error < 1e-6, "\(item): \(error)")
    }
  }

  @Test("values are those of the families alone")
  func values() throws {
    var model = Model()
    let p = model.parameter("p", .beta(2, 3))
    let rate = model.parameter("rate", .exponential(2))
    model.observe("y", [0, 4], .zeroInflated(.poisson(rate), theta: p))
    model.observe("t", [1.5], .truncated(.normal(rate, 1), lower: 1, upper: 2))
    model.observe("c", [2, 0.5], .censored(.normal(rate, 1), upper: 2))
    model.observe("m", [0.7], .mixture([.normal(0, 1), .exponential(rate)], weights: [0.25, 0.75]))
    let point = [0.3, -0.2]
    let compiled = try model.compile()
    let kept = variables(compiled, point)
    let (theta, lambda) = (try #require(kept["p"]), try #require(kept["rate"]))
    let normal = Normal(mu: lambda, sigma: 1)
    var expected = Beta(alpha: 2, beta: 3).logDensity(theta) + log(theta * (1 - theta))
    expected += Exponential(beta: 2).logDensity(lambda) + log(lambda)
    expected += log(theta + (1 - theta) * exp(-lambda)) + log1p(-theta) + Poisson(lambda: lambda).logDensity(4)
    expected += normal.logDensity(1.5) - log(normal.cdf(2) - normal.cdf(1))
    expected += log(normal.ccdf(2)) + normal.logDensity(0.5)
    expected += log(0.25 * exp(Normal(mu: 0, sigma: 1).logDensity(0.7)) + 0.75 * lambda * exp(-0.7 * lambda))
    #expect(abs(evaluate(compiled, point).value - expected) < 1e-10 * abs(expected))
  }

  /// Log probabilities of mpmath 1.3.0 with 40 digits; the probabilities are far below the smallest double.
  @Test("tails beyond the smallest double")
  func farTails() throws {
    var model = Model()
    let mu = model.parameter("mu", .normal(0, 1))
    model.observe("c", [1000], .censored(.normal(mu, 10), upper: 1000))
    model.observe("t", [100.3], .truncated(.normal(mu, 1), lower: 100))
    model.observe("i", [40.01], .truncated(.normal(mu, 1), lower: 40, upper: 41))
    model.observe("e", [900], .censored(.exponential(exp(mu)), upper: 900))
    let compiled = try model.compile()
    let expected =
      Normal(mu: 0, sigma: 1).logDensity(0) - 5005.5242086942050886 - 25.439729838999584115 + 3.2894534805491154273
      - 900
    #expect(abs(evaluate(compiled, [0]).value / expected - 1) < 1e-13)
    for point in [0.0, 0.3, -0.7] { #expect(gradientError(compiled, [point]) < 1e-6) }
  }

  @Test("draws beyond the smallest double")
  func farDraws() throws {
    var model = Model()
    let mu = model.parameter("mu", .normal(0, 1e-9))
    model.observe("above", [100.1], .truncated(.normal(mu, 1), lower: 100))
    model.observe("below", [-100.1], .truncated(.normal(mu, 1), upper: -100))
    model.observe("between", [40.1], .truncated(.normal(mu, 1), lower: 40, upper: 41))
    let compiled = try model.compile()
    let draws = try compiled.predict(try compiled.samplePrior(draws: 20_000, seed: 3), seed: 4)
    // mpmath 1.3.0: phi(100) / Phi(-100) and phi(40) / Phi(-40); beyond 41 lies a share of 1e-18. The sd is near 1 / bound.
    for (variable, mean, sd) in [
      (0, 100.009998000999, 0.01), (1, -100.009998000999, 0.01), (2, 40.0249688472073, 0.025),
    ] {
      #expect(abs(PredictionTests.mean(draws[variable]) - mean) < 4 * sd / 20_000.0.squareRoot())
    }
    #expect(draws[0].allSatisfy { $0 >= 100 } && draws[1].allSatisfy { $0 <= -100 })
  }

  @Test("draws of combinations have their moments")
  func combinationDraws() throws {
    var model = Model()
    let mu = model.parameter("mu", .normal(0, 1e-9))
    model.observe("y", [0.0], .zeroInflated(.poisson(3 + mu), theta: 0.25))
    model.observe("t", [8.5], .truncated(.normal(mu, 1), lower: 8))
    model.observe("k", [1.0], .truncated(.poisson(0.1 + mu), lower: 1))
    model.observe("c", [1.0], .censored(.normal(mu, 1), lower: -1, upper: 1))
    model.observe("m", [1.0], .mixture([.normal(mu - 2, 1), .normal(mu + 2, 1)], weights: [0.25, 0.75]))
    let compiled = try model.compile()
    let draws = try compiled.predict(try compiled.samplePrior(draws: 20_000, seed: 3), seed: 4)
    func expect(_ variable: Int, mean: Double, sd: Double) {
      #expect(abs(PredictionTests.mean(draws[variable]) - mean) < 4 * sd / 20_000.0.squareRoot())
    }
    expect(0, mean: 0.75 * 3, sd: 2)
    // scipy 1.17.1: truncnorm(8, inf) has mean 8.121368, sd 0.1197.
    expect(1, mean: 8.121368, sd: 0.1197)
    expect(2, mean: 0.1 / (1 - exp(-0.1)), sd: 0.23)
    // Censored at one sd: ends have probability 0.158655 each.
    expect(3, mean: 0, sd: 0.72)
    expect(4, mean: 1, sd: 2)
    #expect(draws[1].allSatisfy { $0 >= 8 } && draws[2].allSatisfy { $0 >= 1 })
    #expect(draws[3].allSatisfy { abs($0) <= 1 })
  }

  @Test("sets hold what they promise")
  func sets() throws {
    var model = Model()
    model.parameter("a", count: 4, .normal(0, 1), constraint: .ordered)
    model.parameter("d", count: 4, .normal(0, 1), constraint: .zeroSum)
    model.parameter("e", count: 3, .flat, constraint: .simplex)
    let compiled = try model.compile()
    #expect(compiled.dimension == 4 + 3 + 2)
    let kept = variables(compiled, randomPoint(compiled, 1))
    let a = (1...4).compactMap { kept["a[\($0)]"] }
    #expect(a == a.sorted() && a.count == 4)
    #expect(abs((1...4).compactMap { kept["d[\($0)]"] }.reduce(0, +)) < 1e-14)
    #expect(abs((1...3).compactMap { kept["e[\($0)]"] }.reduce(0, +) - 1) < 1e-14)
  }
}
