import Foundation
import Inference
import NumericKernels
import Testing

@Suite("Modelling layer: mistakes are told by name")
struct ModelErrorTests {
  /// Checks that compiling fails with a message that holds all of these.
  static func expect(_ words: String..., declare: (inout Model) throws -> Void) {
    var model = Model()
    do {
      try declare(&model)
      _ = try model.compile()
      Issue.record("compiled, though \(words) was expected")
    } catch let error as ModelError {
      for word in words { #expect(error.description.contains(word), "\(error.description) lacks \(word)") }
    } catch { Issue.record("\(error) is no ModelError") }
  }

  /// The message with which something fails.
  static func message(_ body: () throws -> Draws) -> String {
    do { return "gave \(try body().names)" } catch let error as ModelError { return error.description } catch {
      return "no ModelError: \(error)"
    }
  }

  @Test("shapes")
  func shapes() {
    Self.expect("y", "[3]", "mu", "[2]") { model in
      let a = model.parameter("a", count: 2, .normal(0, 1))
      model.observe("y", [1, 2, 3], .normal(a, 1))
    }
    Self.expect("slope", "x", "[2]", "[3]") { model in
      let slope = model.parameter("slope", count: 2, .normal(0, 1))
      let x = try model.data("x", [1.0, 2, 3])
      model.observe("y", [1, 2, 3], .normal(slope * x, 1))
    }
    Self.expect("group[2] is 5", "effect", "4 elements") { model in
      let effect = model.parameter("effect", count: 4, .normal(0, 1))
      let group = try model.index("group", [0, 1, 5])
      model.observe("y", [1, 2, 3], .normal(effect[group], 1))
    }
    Self.expect("theta", "[5]", "mu", "[4]") { model in
      let mu = model.parameter("mu", count: 4, .normal(0, 1))
      model.parameter("theta", count: 5, .normal(mu, 1))
    }
    Self.expect("table", "row 1") { model in _ = try model.data("table", [[1, 2], [3]]) }
    Self.expect("L", "square") { model in model.parameter("L", rows: 2, columns: 3, .lkjCholesky(1)) }
    Self.expect("y", "multi_normal_cholesky", "L", "[2 × 2]") { model in
      let mu = model.parameter("mu", count: 3, .normal(0, 1))
      model.observe("y", [1, 2, 3], .multivariateNormal(mu, factor: [[1, 0], [0.5, 1]]))
    }
  }

  @Test("names and priors")
  func names() {
    Self.expect("alpha", "twice") { model in
      model.parameter("alpha", .normal(0, 1))
      model.parameter("alpha", .normal(0, 1))
    }
    Self.expect("beta", "no prior") { model in
      var other = Model()
      let beta = other.parameter("beta", .normal(0, 1))
      let alpha = model.parameter("alpha", .normal(0, 1))
      model.observe("y", [1.0, 2], .normal(alpha + beta, 1))
    }
    Self.expect("no parameters") { model in model.observe("y", [1.0, 2], .normal(0, 1)) }
    Self.expect("count", "poisson", "discrete") { model in model.parameter("count", .poisson(3)) }
    Self.expect("kind", "categorical", "discrete") { model in model.parameter("kind", .categorical([0.5, 0.5])) }
    Self.expect("the observed y", "computed from parameters") { model in
      let x = model.parameter("x", .normal(0, 1))
      model.observe("y", x, .normal(0, 1))
    }
    Self.expect("tau", "non-centred", "half_cauchy") { model in
      model.parameter("tau", .halfCauchy(1), parameterization: .nonCentered)
    }
    Self.expect("b", "lower bound", "2.0", "1.0") { model in model.parameter("b", .flat, lower: 2, upper: 1) }
    Self.expect("sigma", "sigma of normal", "-1.0") { model in model.parameter("sigma", .normal(0, -1)) }
    Self.expect("a", "ordered", "bounds") { model in
      model.parameter("a", count: 3, .normal(0, 1), lower: 0, constraint: .ordered)
    }
    Self.expect("a", "ordered", "scalar") { model in model.parameter("a", .normal(0, 1), constraint: .ordered) }
  }

  @Test("elements named like a scalar, and data that would be replaced together")
  func clashes() throws {
    Self.expect("a[1]", "element of a", "[2]") { model in
      let a = model.parameter("a", count: 2, .normal(0, 1))
      let b = model.parameter("a[1]", .normal(0, 1))
      model.observe("y", [5, 4], .normal(a * b, 1))
    }
    Self.expect("L[2,1]", "element of L") { model in
      model.parameter("L[2,1]", .normal(0, 1))
      model.parameter("L", rows: 2, columns: 2, .normal(0, 1))
    }
    Self.expect("two data", "x") { model in
      let (x, z) = (try model.data("x", [1.0, 2]), try model.data("x", [3.0, 4]))
      let a = model.parameter("a", .normal(0, 1))
      model.observe("y", [5, 4], .normal(a * x + z, 1))
    }
    for name in ["a", "y", "g"] {
      Self.expect("the name \(name)", "data") { model in
        let (x, g) = (try model.data(name, [3.0, 2]), try model.index("g", [0, 1]))
        let a = model.parameter("a", count: 2, .normal(0, 1))
        model.observe("y", [5, 4], .normal(a[g] * x, 1))
      }
    }
    // Not a clash: an element that is not there, and data that are what is observed.
    var model = Model()
    let y = try model.data("y", [5.0, 4])
    let a = model.parameter("a", count: 2, .normal(0, 1))
    model.parameter("a[3]", .normal(0, 1))
    model.observe("y", y, .normal(a, 1))
    #expect(try model.compile().variableNames == ["a[1]", "a[2]", "a[3]"])
  }

  @Test("data")
  func data() {
    Self.expect("x", "nan", "position 1") { model in _ = try model.data("x", [1, .nan]) }
    Self.expect("x", "inf", "position 0") { model in _ = try model.data("x", [.infinity]) }
    Self.expect("x", "no rows") { model in _ = try model.data("x", [Double]()) }
    Self.expect("y", "no rows") { model in
      let mu = model.parameter("mu", .normal(0, 1))
      model.observe("y", [Double](), .normal(mu, 1))
    }
    Self.expect("group", "-1", "row 0") { model in _ = try model.index("group", [-1]) }
    Self.expect("y", "nan", "row 1") { model in
      let mu = model.parameter("mu", .normal(0, 1))
      model.observe("y", [1, .nan], .normal(mu, 1))
    }
    Self.expect("units", "-1.0", "row 2", "poisson_log") { model in
      let eta = model.parameter("eta", .normal(0, 1))
      model.observe("units", [1, 2, -1], .poissonLog(eta))
    }
    Self.expect("units", "1.5", "row 1", "neg_binomial_2") { model in
      let phi = model.parameter("phi", .exponential(1))
      model.observe("units", [1, 1.5], .negativeBinomial2(2, phi))
    }
    Self.expect("grade", "3.0", "3 categories") { model in
      let cuts = model.parameter("cuts", count: 2, .normal(0, 1), constraint: .ordered)
      model.observe("grade", [0.0, 2, 3], .orderedLogistic(0, cuts))
    }
    Self.expect("share", "row 1", "simplex") { model in
      let alpha = model.parameter("alpha", count: 2, .exponential(1))
      model.observe("share", [[0.5, 0.5], [0.6, 0.6]], .dirichlet(alpha))
    }
    Self.expect("wait", "row 0", "truncated exponential") { model in
      let rate = model.parameter("rate", .exponential(1))
      model.observe("wait", [-0.5, 1], .truncated(.exponential(rate), upper: 3))
    }
  }

  @Test("combinations that are none")
  func combinations() {
    Self.expect("y", "zero-inflated", "normal") { model in
      let mu = model.parameter("mu", .normal(0, 1))
      model.observe("y", [0.0, 1], .zeroInflated(.normal(mu, 1), theta: 0.2))
    }
    Self.expect("y", "3 components", "[2]") { model in
      let mu = model.parameter("mu", .normal(0, 1))
      let parts: [Distribution] = [.normal(mu, 1), .normal(-mu, 1), .cauchy(mu, 1)]
      model.observe("y", [0.0, 1], .mixture(parts, weights: [0.5, 0.5]))
    }
    Self.expect("y", "discrete and continuous") { model in
      let mu = model.parameter("mu", .exponential(1))
      model.observe("y", [0.0, 1], .mixture([.poisson(mu), .exponential(mu)], weights: [0.5, 0.5]))
    }
    Self.expect("y", "bound") { model in
      let mu = model.parameter("mu", .normal(0, 1))
      model.observe("y", [0.0, 1], .censored(.normal(mu, 1)))
    }
    Self.expect("mu", "censored") { model in model.parameter("mu", .censored(.normal(0, 1), upper: 1)) }
  }

  @Test("predictions")
  func predictions() throws {
    let posterior = try PredictionTests.eightSchools()
    let draws = try posterior.samplePrior(draws: 3, seed: 1)
    let unknown = Self.message { try posterior.predict(draws, replacing: ["schule": [1.0]], seed: 1) }
    #expect(unknown.contains("schule") && unknown.contains("school") && unknown.contains("error"), "\(unknown)")
    let lengths = Self.message { try posterior.predict(draws, replacing: ["school": [1, 2]], seed: 1) }
    #expect(lengths.contains("y") && lengths.contains("[2]") && lengths.contains("[8]"), "\(lengths)")
    let outside = Self.message {
      try posterior.predict(draws, replacing: ["school": [8], "error": [1.0]], seed: 1)
    }
    #expect(outside.contains("school[0] is 8") && outside.contains("theta"), "\(outside)")
    let whole = Self.message { try posterior.predict(draws, replacing: ["school": [0.5], "error": [1.0]], seed: 1) }
    #expect(whole.contains("school") && whole.contains("whole numbers"), "\(whole)")
    let axes = Self.message { try posterior.predict(draws, replacing: ["error": ModelData([[1.0]])], seed: 1) }
    #expect(axes.contains("error") && axes.contains("axes"), "\(axes)")
    let what = Self.message { try posterior.predict(draws, of: ["z"], seed: 1) }
    #expect(what.contains("z") && what.contains("theta"), "\(what)")
    let elements = Self.message { try posterior.predict(draws, newElements: ["mu": 1], seed: 1) }
    #expect(elements.contains("mu") && elements.contains("new elements"), "\(elements)")
    let other = Self.message { try posterior.predict(try draws.subset(["mu", "tau"]), seed: 1) }
    #expect(other.contains("theta[1]"), "\(other)")

    var model = Model()
    let mu = model.parameter("mu", .flat)
    let unobserved = try model.compile()
    let flat = Self.message { try unobserved.samplePrior(seed: 1) }
    #expect(flat.contains("mu") && flat.contains("flat"), "\(flat)")
    let nothing = Self.message {
      try unobserved.logLikelihood(Draws(wellFormed: ["mu"], chainCount: 1, drawCount: 1, values: [0]))
    }
    #expect(nothing.contains("observes nothing"), "\(nothing)")
    model.addLogDensity("extra", -square(mu))
    let term = Self.message { try model.compile().samplePrior(seed: 1) }
    #expect(term.contains("extra"), "\(term)")
  }

  @Test("numbers of draws and shapes that cannot be")
  func impossibleSizes() throws {
    var model = Model()
    let a = model.parameter("a", count: 6, .normal(0, 1))
    let posterior = try model.compile()
    let many = Self.message { try posterior.samplePrior(draws: .max, seed: 1) }
    #expect(many.contains("more numbers than can be held"), "\(many)")
    let fewer = Self.message { try posterior.samplePrior(draws: -1, seed: 1) }
    #expect(fewer.contains("-1 prior draws"), "\(fewer)")
    for shape: Shape in [[-2, -3], [.max, 2], [4], [.max, .max]] {
      Self.expect("a", "numbers of elements differ") { model in
        let a = model.parameter("a", count: 6, .normal(0, 1))
        model.deterministic("b", a.reshaped(shape))
      }
    }
    Self.expect("x", "shape") { model in _ = try model.data("x", ModelData([1, 2], shape: [-1, -2])) }
    Self.expect("x", "shape") { model in _ = try model.data("x", ModelData([1, 2], shape: [.max, 2])) }
    #expect(a.reshaped([3, 2]).shape == [3, 2])
  }

  @Test("integrated-out parameters alone")
  func aloneIntegratedOut() {
    Self.expect("y", "no linear function", ".centered") { model in
      let a = model.parameter("a", .normal(0, 1), parameterization: .marginalized)
      model.observe("y", [1.0, 2], .normal(exp(a), 1))
    }
    Self.expect("all parameters (a) are integrated out", ".centered") { model in
      let a = model.parameter("a", .normal(0, 1), parameterization: .marginalized)
      model.observe("y", [1.0, 2], .normal(a, 1))
    }
  }

  @Test("mixtures of weights that are no simplex, and bounds in the wrong order")
  func mixtureWeights() throws {
    Self.expect("y", "weights", "sum to 1", "1.8") { model in
      let a = model.parameter("a", .normal(0, 1))
      model.observe("y", [1, 2], .mixture([.normal(a, 1), .normal(3, 1)], weights: [0.9, 0.9]))
    }
    Self.expect("y", "lower bound", "3.0", "1.0") { model in
      let a = model.parameter("a", .normal(0, 1))
      model.observe("y", [1, 2], .censored(.normal(a, 1), lower: 3, upper: 1))
    }
    // Parameters that do not sum to 1 have density 0.
    var model = Model()
    let w = model.parameter("w", count: 2, .uniform(0, 1))
    model.observe("y", [1, 2], .mixture([.normal(0, 1), .normal(3, 1)], weights: w))
    let compiled = try model.compile()
    #expect(evaluate(compiled, [0.0, 0.0]).value.isFinite)
    #expect(evaluate(compiled, [0.1, 0.0]).value == -.infinity)
  }

  @Test("more elements than can be held")
  func tooManyElements() throws {
    Self.expect("a", "more elements") { model in model.parameter("a", rows: 1 << 40, columns: 1 << 40, .normal(0, 1)) }
    Self.expect("a", "more elements") { model in model.parameter("a", count: .max, .normal(0, 1)) }
    Self.expect("x", "2 values") { model in _ = try model.data("x", ModelData([1, 2], shape: [1 << 40, 1 << 40])) }
    var model = Model()
    model.parameter("a", count: 2, .normal(0, 1))
    let posterior = try model.compile()
    let draws = try posterior.samplePrior(draws: 4, seed: 1)
    let message = Self.message { try posterior.predict(draws, of: ["a"], newElements: ["a": .max], seed: 1) }
    #expect(message.contains("new elements"))
  }

  @Test("settings of samplers and of summaries")
  func settings() throws {
    var model = Model()
    model.parameter("a", .normal(0, 1))
    let posterior = try model.compile()
    let samplers: [any Sampler] = [
      NUTS(targetAcceptance: 0), NUTS(targetAcceptance: 1), NUTS(targetAcceptance: .nan), NUTS(stepSize: 0),
      NUTS(stepSize: -1), NUTS(stepSize: .nan), NUTS(stepSize: .infinity), NUTS(startRadius: -1),
      NUTS(startRadius: .nan), NUTS(maximumEnergyError: .nan), HMC(targetAcceptance: 1), HMC(stepSize: 0),
      HMC(startRadius: -2),
    ]
    for sampler in samplers {
      #expect(throws: SamplingError.self, "\(sampler)") {
        try posterior.sample(sampler, chains: 1, warmUp: 10, draws: 10, seed: 1)
      }
    }
    let options = SamplingOptions(chains: 1, warmUp: 1, draws: 3, thinning: .max, seed: 1)
    #expect(throws: SamplingError.self) { try posterior.sample(NUTS(), options) }
    let values = (0..<20).map { Double($0 * 7 % 20) }
    for probability in [0, 1, 1.5, -0.5, .nan] {
      #expect(HighestDensityInterval.of(values, probability: probability) == nil)
      #expect(Diagnostics.mcseQuantile(values, chains: 2, probability: probability).isNaN)
      let summary = DrawSummary(
        Draws(wellFormed: ["a"], chainCount: 2, drawCount: 10, values: values), highestDensity: probability)
      #expect(summary.highestDensity == [nil] && !summary.table().isEmpty)
    }
    #expect(Diagnostics.quantileESS(values, chains: 2, probability: 2).isNaN)
  }
}
