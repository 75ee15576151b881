import Foundation
import Inference
import NumericKernels
import Testing

@Suite("Modelling layer: sampling and prediction")
struct PredictionTests {
  static func mean(_ values: some Collection<Double>) -> Double { values.reduce(0, +) / Double(values.count) }
  static func variance(_ values: some Collection<Double>) -> Double {
    let centre = mean(values)
    return values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(values.count - 1)
  }

  static let schools: [Double] = [28, 8, -3, 7, -1, 1, 18, 12]
  static let errors: [Double] = [15, 10, 16, 11, 9, 11, 10, 18]

  static func eightSchools() throws -> CompiledModel {
    var model = Model()
    let school = try model.index("school", Array(0..<8))
    let error = try model.data("error", errors)
    let mu = model.parameter("mu", .normal(0, 5))
    let tau = model.parameter("tau", .halfCauchy(5))
    let theta = model.parameter("theta", count: 8, .normal(mu, tau), parameterization: .nonCentered)
    model.deterministic("best", maximum(theta[0], theta[6]))
    model.observe("y", schools, .normal(theta[school], error))
    return try model.compile()
  }

  @Test("a regression from the model to its verdict and predictions")
  func regression() throws {
    var stream = RandomStream(seed: 5, purpose: 9)
    let xs = (0..<100).map { _ in stream.normal() }
    let ys = xs.map { 1 + 2 * $0 + 0.5 * stream.normal() }
    var model = Model()
    let x = try model.data("x", xs)
    let alpha = model.parameter("alpha", .normal(0, 10))
    let beta = model.parameter("beta", .normal(0, 10))
    let sigma = model.parameter("sigma", .halfCauchy(5))
    let line = model.deterministic("line", alpha + beta * x)
    model.observe("y", ys, .normal(line, sigma))
    let posterior = try model.compile()
    let fit = try posterior.sample(NUTS(), chains: 4, seed: 1)
    #expect(fit.draws.names.prefix(4) == ["alpha", "beta", "sigma", "line[1]"])
    #expect(fit.verdict.isValid, "\(fit.verdict)")
    #expect(fit.summary().rows[1].rHat < 1.01)
    // Flat priors would give the least-squares line; these priors are nearly flat.
    let (meanX, meanY) = (Self.mean(xs), Self.mean(ys))
    let slope = zip(xs, ys).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) } / (99 * Self.variance(xs))
    let row = fit.summary().rows[1]
    #expect(abs(row.mean - slope) < 0.0005 + 4 * row.mcse)

    let new = try posterior.predict(fit.draws, of: ["y", "line"], replacing: ["x": [-1, 0, 2]], seed: 2)
    #expect(new.names == ["y[1]", "y[2]", "y[3]", "line[1]", "line[2]", "line[3]"])
    #expect(new.chainCount == 4 && new.drawCount == 1000)
    let (alphas, betas, sigmas) = (Array(fit.draws[0]), Array(fit.draws[1]), Array(fit.draws[2]))
    for (k, at) in [-1.0, 0, 2].enumerated() {
      let lines = zip(alphas, betas).map { $0 + $1 * at }
      #expect(zip(new[3 + k], lines).allSatisfy { abs($0 - $1) < 1e-12 })
      // Standardised errors of predictions are standard normal.
      let errors = zip(zip(new[k], lines), sigmas).map { ($0.0 - $0.1) / $1 }
      #expect(abs(Self.mean(errors)) < 4 / 4000.0.squareRoot())
      #expect(abs(Self.variance(errors) - 1) < 4 * (2 / 4000.0).squareRoot())
    }
    #expect(try posterior.predict(fit.draws, of: ["y"], replacing: ["x": [-1, 0, 2]], seed: 2)[1] == new[1])

    let logs = try posterior.logLikelihood(fit.draws)
    #expect(logs.names.count == 100 && logs.names[99] == "y[100]")
    for (i, s) in [(0, 0), (57, 1234), (99, 3999)] {
      let expected = Normal(mu: alphas[s] + betas[s] * xs[i], sigma: sigmas[s]).logDensity(ys[i])
      #expect(abs(logs.values[i * 4000 + s] - expected) < 1e-10)
    }
    let held = try posterior.logLikelihood(fit.draws, replacing: ["x": [0.5], "y": [2.5]])
    #expect(held.names == ["y[1]"])
    #expect(abs(held.values[7] - Normal(mu: alphas[7] + betas[7] * 0.5, sigma: sigmas[7]).logDensity(2.5)) < 1e-10)
    #expect(LeaveOneOut(logLikelihood: logs).unreliable.isEmpty)
  }

  @Test("a new group, whose effect is of the population")
  func newGroup() throws {
    let posterior = try Self.eightSchools()
    let fit = try posterior.sample(NUTS(targetAcceptance: 0.95), chains: 4, seed: 3)
    #expect(fit.draws.names.last == "best")
    let new = try posterior.predict(
      fit.draws, of: ["theta", "y"], replacing: ["school": [8, 8, 0], "error": [1e-9, 1e-9, 1e-9]],
      newElements: ["theta": 1], seed: 4)
    #expect(new.names.count == 9 + 3 && new.names[8] == "theta[9]" && new.names[9] == "y[1]")
    let (mus, taus) = (Array(try fit.draws.draws(of: "mu")), Array(try fit.draws.draws(of: "tau")))
    let effects = Array(new[8])
    let scores = zip(zip(effects, mus), taus).map { ($0.0 - $0.1) / $1 }
    #expect(abs(Self.mean(scores)) < 4 / 4000.0.squareRoot())
    #expect(abs(Self.variance(scores) - 1) < 4 * (2 / 4000.0).squareRoot())
    // Both rows are of one school, the third of a known one.
    #expect(zip(new[9], new[10]).allSatisfy { abs($0 - $1) < 1e-7 })
    #expect(zip(new[11], try fit.draws.draws(of: "theta[1]")).allSatisfy { abs($0 - $1) < 1e-7 })
    #expect(zip(new[0], try fit.draws.draws(of: "theta[1]")).allSatisfy { $0 == $1 })
  }

  @Test("prior and prior predictive draws")
  func prior() throws {
    var model = Model()
    let mu = model.parameter("mu", .normal(1, 2))
    let tau = model.parameter("tau", .gamma(4, 2))
    let theta = model.parameter("theta", count: 3, .normal(mu, tau))
    let cut = model.parameter("cut", .normal(0, 1), lower: 0.5)
    let end = model.parameter("end", .uniform(cut, cut + 1))
    model.parameter("even", .flat, lower: -1, upper: 1)
    model.parameter("share", count: 4, .dirichlet(2))
    model.parameter("order", count: 3, .normal(0, 1), constraint: .ordered)
    model.deterministic("gap", end - cut)
    model.observe("y", [0.0, 0, 0], .normal(theta, 0.5))
    let compiled = try model.compile()
    let draws = try compiled.samplePrior(draws: 4000, seed: 6)
    #expect(draws.names == compiled.variableNames)
    func expect(_ name: String, mean: Double, variance: Double) throws {
      let values = try draws.draws(of: name)
      let n = 4000.0
      #expect(abs(Self.mean(values) - mean) < 4.5 * (variance / n).squareRoot(), "\(name)")
      #expect(abs(Self.variance(values) / variance - 1) < 0.15, "\(name)")
    }
    try expect("mu", mean: 1, variance: 4)
    try expect("tau", mean: 2, variance: 1)
    try expect("theta[2]", mean: 1, variance: 4 + 5)
    // A normal above 0.5: scipy 1.17.1: truncnorm(0.5, inf) has mean 1.141078 and variance 0.268480.
    try expect("cut", mean: 1.141078, variance: 0.268480)
    try expect("gap", mean: 0.5, variance: 1.0 / 12)
    try expect("even", mean: 0, variance: 1.0 / 3)
    try expect("share[3]", mean: 0.25, variance: 0.25 * 0.75 / 9)
    // Order statistics of three standard normals.
    try expect("order[3]", mean: 0.846284, variance: 0.559467)
    let data = try compiled.predict(draws, seed: 7)
    #expect(data.names == ["y[1]", "y[2]", "y[3]"] && data.drawCount == 4000)
    #expect(abs(Self.variance(data[0]) / 9.25 - 1) < 0.15)
    #expect(try compiled.samplePrior(draws: 10, seed: 6).values[3] == draws.values[3])
  }

  @Test("the shape of predictions without predictors, and of time series that go on")
  func shapes() throws {
    var model = Model()
    let mu = model.parameter("mu", .normal(0, 1))
    let z = model.parameter("z", count: 4, .normal(0, 1))
    let state = model.deterministic("state", scan(from: 0, over: z) { h, z in 0.5 * h + z[0] })
    model.observe("a", [1, 2, 3], .normal(mu, 1))
    model.observe("b", [1, 2, 3, 4], .normal(state, 1))
    model.observe("c", [[0.2, 0.8], [0.5, 0.5]], .dirichlet(exp(z[0..<2])))
    let compiled = try model.compile()
    let draws = try compiled.samplePrior(draws: 5, seed: 1)
    let data = try compiled.predict(draws, newElements: ["z": 2], seed: 1)
    #expect(data.names.filter { $0.hasPrefix("a") } == ["a[1]", "a[2]", "a[3]"])
    #expect(data.names.filter { $0.hasPrefix("b") }.count == 6)
    #expect(data.names.filter { $0.hasPrefix("c") } == ["c[1,1]", "c[1,2]", "c[2,1]", "c[2,2]"])
    for draw in 0..<5 {
      #expect(abs(data.values[9 * 5 + draw] + data.values[10 * 5 + draw] - 1) < 1e-12)
    }
    #expect(try compiled.logLikelihood(draws).names.suffix(2) == ["c[1]", "c[2]"])
    let states = try compiled.predict(draws, of: ["state"], newElements: ["z": 2], seed: 1)
    #expect(Array(states[3]) == Array(try draws.draws(of: "state[4]")))
  }

  /// Of K independent normal numbers given that they sum to 0: variance σ² (1 - 1 / K), covariances -σ² / K.
  @Test("prior draws of normal elements that sum to 0")
  func zeroSumPrior() throws {
    var model = Model()
    model.parameter("d", rows: 2, columns: 4, .normal(3, 2), constraint: .zeroSum)
    let draws = try model.compile().samplePrior(draws: 2000, seed: 12)
    let n = Double(draws[0].count)
    for row in 0..<2 {
      let columns = (0..<4).map { Array(draws[4 * row + $0]) }
      #expect((0..<columns[0].count).allSatisfy { s in abs(columns.reduce(0) { $0 + $1[s] }) < 1e-13 })
      for (i, x) in columns.enumerated() {
        #expect(abs(Self.mean(x)) < 4 * (3 / n).squareRoot())
        #expect(abs(Self.variance(x) - 3) < 4 * 3 * (2 / n).squareRoot())
        for y in columns[..<i] {
          // The product's variance is 3 · 3 + 1.
          #expect(abs(Self.mean(zip(x, y).map { $0 * $1 }) + 1) < 4 * (10 / n).squareRoot())
        }
      }
    }
    var other = Model()
    other.parameter("d", count: 4, .studentT(3, 0, 1), constraint: .zeroSum)
    #expect(throws: ModelError.self) { try other.compile().samplePrior(draws: 1, seed: 1) }
  }

  /// u's density is weighted by what its bound leaves of l: of l ~ N(0, 1), u ~ N(1, 1) given l < u, the mean of l is
  /// -φ(1 / √2) / (√2 Φ(1 / √2)).
  @Test("bounds that are parameters: the whole prior is drawn again")
  func jointBounds() throws {
    let expected = -0.288826
    var model = Model()
    let l = model.parameter("l", .normal(0, 1))
    model.parameter("u", .normal(1, 1), lower: l)
    let compiled = try model.compile()
    let draws = try compiled.samplePrior(draws: 40_000, seed: 3)
    let error = 5 * (1 / 40_000.0).squareRoot()
    #expect(abs(Self.mean(try draws.draws(of: "l")) - expected) < error)
    #expect(abs(Self.mean(try draws.draws(of: "u")) - 1 + expected) < error)
    // The same by a sampler of the density.
    let fit = try compiled.sample(NUTS(), chains: 2, warmUp: 500, draws: 5000, seed: 4)
    #expect(abs(Self.mean(try fit.draws.draws(of: "l")) - expected) < 0.05)
  }

  /// A positive x ~ N(m, 1) with m ~ N(0, 1): m is weighted by Φ(m), which makes it skew normal with mean
  /// 1 / √π.
  @Test("parameters of a bounded distribution: the whole prior is drawn again")
  func jointParameters() throws {
    var model = Model()
    let m = model.parameter("m", .normal(0, 1))
    model.parameter("x", .normal(m, 1), lower: 0)
    let scale = model.parameter("scale", .exponential(1))
    model.parameter("half", count: 30, .normal(0, scale), lower: 0)
    let draws = try model.compile().samplePrior(draws: 20_000, seed: 5)
    #expect(abs(Self.mean(try draws.draws(of: "m")) - 1 / Double.pi.squareRoot()) < 0.03)
    // A half normal's normalisation does not depend on its scale.
    #expect(abs(Self.mean(try draws.draws(of: "scale")) - 1) < 0.04)
  }

  /// What drawing again does not reach is drawn by chains. Means by quadrature.
  @Test("long vectors within bounds that are parameters, and flat priors between two of them")
  func reachedByChains() throws {
    // Each pair is like the one above: 200 pairs, of which drawing again takes all at once.
    var pairs = Model()
    let l = pairs.parameter("l", count: 200, .normal(0, 1))
    pairs.parameter("u", count: 200, .normal(1, 1), lower: l)
    let compiled = try pairs.compile()
    let draws = try compiled.samplePrior(draws: 100, seed: 3)
    #expect(draws.names == compiled.variableNames && draws.chainCount == 1 && draws.drawCount == 100)
    let low = try draws.subset(["l"]).values
    #expect(abs(Self.mean(low[...]) + 0.288826) < 5 * (1 / 20_000.0).squareRoot())
    #expect(zip(low, try draws.subset(["u"]).values).allSatisfy { $0 < $1 })
    #expect(try compiled.samplePrior(draws: 10, seed: 3).values != compiled.samplePrior(draws: 10, seed: 4).values)
    #expect(try compiled.samplePrior(draws: 10, seed: 3) == compiled.samplePrior(draws: 10, seed: 3))
    // a ~ N(0, 1), b ~ N(10, 1), weighted by b - a: E(a) = E(a (b - a)) / E(b - a) = -1 / 10; x is halfway on average.
    var between = Model()
    let a = between.parameter("a", .normal(0, 1))
    let b = between.parameter("b", .normal(10, 1))
    between.parameter("x", .flat, lower: a, upper: b)
    let flat = try between.compile().samplePrior(draws: 4000, seed: 5)
    let names = try ["a", "b", "x"].map { Array(try flat.draws(of: $0)) }
    #expect(abs(Self.mean(names[0][...]) + 0.1) < 0.08)
    #expect(abs(Self.mean(names[1][...]) - 10.1) < 0.08)
    #expect(abs(Self.mean(names[2][...]) - 5) < 0.25)
    let places = (0..<4000).map { (names[2][$0] - names[0][$0]) / (names[1][$0] - names[0][$0]) }
    let spread = places.reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) } / 4000
    #expect(abs(spread - 1.0 / 12) < 0.006)
  }

  @Test("bounds and order of multivariate priors")
  func boundedVectors() throws {
    var model = Model()
    let factor = [[1.0, 0], [0, 1]]
    model.parameter("a", count: 2, .multivariateNormal([0.0, 0.0], factor: factor), lower: 0)
    model.parameter("b", count: 2, .multivariateNormal([0.0, 0.0], factor: factor), constraint: .ordered)
    model.parameter("c", rows: 3, columns: 2, .multivariateNormal([0.0, 0.0], factor: factor), upper: 1)
    let draws = try model.compile().samplePrior(draws: 4000, seed: 6)
    let a = try draws.draws(of: "a[2]")
    #expect(a.allSatisfy { $0 >= 0 })
    #expect(abs(Self.mean(a) - (2 / Double.pi).squareRoot()) < 0.05)
    let (low, high) = (try draws.draws(of: "b[1]"), try draws.draws(of: "b[2]"))
    #expect(zip(low, high).allSatisfy { $0 < $1 })
    #expect(abs(Self.mean(high) - 1 / Double.pi.squareRoot()) < 0.07)
    #expect(try draws.subset(["c"]).values.allSatisfy { $0 <= 1 })
    var other = Model()
    other.parameter("a", count: 2, .multivariateNormal([0.0, 0.0], factor: factor), constraint: .zeroSum)
    #expect(throws: ModelError.self) { try other.compile().samplePrior(draws: 1, seed: 1) }
  }
}
