import Inference
import NumericKernels
import Testing

/// Draws of priors and predictions where a distribution's parameters leave it no variates: drawn again where that hangs
/// on what was drawn before, as the density is not a number there, and an error by name otherwise.
@Suite("Modelling layer: draws of distributions that may have none")
struct PriorDrawsTests {
  static func compiled(_ declare: (inout Model) throws -> Void) throws -> CompiledModel {
    var model = Model()
    try declare(&model)
    return try model.compile()
  }

  static func expect(_ words: String..., run: () throws -> Draws) {
    do {
      let draws = try run()
      Issue.record("drew \(draws.values.prefix(3)), though \(words) was expected")
    } catch let error as ModelError {
      for word in words { #expect(error.description.contains(word), "\(error) lacks \(word)") }
    } catch { Issue.record("\(error)") }
  }

  @Test("a covariance that is singular whatever the parameters are")
  func alwaysSingular() throws {
    let model = try Self.compiled { model in
      let a = model.parameter("a", .normal(0, 1))
      model.parameter("b", count: 2, .multivariateNormal([0, 0], covariance: a * a * [[1.0, 1], [1, 1]].formula))
    }
    Self.expect("b's prior", "Sigma of its multi_normal", "singular", "row 1") {
      try model.samplePrior(draws: 3, seed: 1)
    }
  }

  @Test("covariances and scales that some of the prior makes impossible are drawn again")
  func sometimesImpossible() throws {
    let covariance = try Self.compiled { model in
      let a = model.parameter("a", .normal(0, 1))
      model.parameter("b", count: 2, .multivariateNormal([0, 0], covariance: a * [[1.0, 0.5], [0.5, 1]].formula))
    }
    let scale = try Self.compiled { model in
      let a = model.parameter("a", .normal(0, 1))
      model.parameter("b", count: 2, .normal(0, a))
    }
    let ordered = try Self.compiled { model in
      let a = model.parameter("a", .normal(0, 1))
      model.parameter("b", count: 2, .normal(0, a), constraint: .ordered)
    }
    let crossing = try Self.compiled { model in
      let a = model.parameter("a", .normal(0, 1))
      model.parameter("b", .truncated(.normal(0, 1), lower: 0, upper: a))
    }
    for model in [covariance, scale, ordered, crossing] {
      let draws = try model.samplePrior(draws: 2000, seed: 4)
      #expect(draws.values.allSatisfy { $0.isFinite } && draws[0].allSatisfy { $0 > 0 })
      // The prior of a is the half of its normal that is positive.
      let mean = draws[0].reduce(0, +) / 2000
      #expect(abs(mean - (2 / Double.pi).squareRoot()) < 4 * 0.603 / 2000.0.squareRoot(), "\(mean)")
      // Chains draw from the same: positions without a density are left out there too.
    }
    // Cov(b) given a is a Sigma, so that b1 b2 has the mean 0.5 E(a).
    let draws = try covariance.samplePrior(draws: 4000, seed: 5)
    let product = zip(draws[1], draws[2]).reduce(0) { $0 + $1.0 * $1.1 } / 4000
    #expect(abs(product - 0.5 * (2 / Double.pi).squareRoot()) < 0.08, "\(product)")
  }

  @Test("predictions name the observation, its row and the parameters")
  func predictions() throws {
    let normal = try Self.compiled { model in
      let x = try model.data("x", [1.0, 2])
      let a = model.parameter("a", .exponential(1))
      model.observe("y", [0.3, 0.1], .normal(0, a * x))
    }
    let draws = try normal.samplePrior(draws: 5, seed: 1)
    Self.expect("y cannot be drawn", "normal", "at position 1", "sigma -") {
      try normal.predict(draws, replacing: ["x": [1, -1]], seed: 2)
    }
    let vector = try Self.compiled { model in
      let s = try model.data("s", [[2.0, 1], [1, 2]])
      let a = model.parameter("a", .exponential(1))
      model.observe("y", [0.3, 0.1], .multivariateNormal([0, 0], covariance: a * s))
    }
    Self.expect("y cannot be drawn", "Sigma of its multi_normal", "singular") {
      try vector.predict(draws, replacing: ["s": ModelData([[1.0, 1], [1, 1]])], seed: 2)
    }
    // The density knows no such share of zeros, and no such weights.
    let inflated = try Self.compiled { model in
      let a = model.parameter("a", .exponential(1))
      model.observe("y", [0, 3], .zeroInflated(.poisson(3), theta: 1 + a))
    }
    Self.expect("y cannot be drawn", "theta 1.") { try inflated.predict(draws, seed: 2) }
    let mixed = try Self.compiled { model in
      let a = model.parameter("a", .exponential(1))
      model.observe("y", [0.5], .mixture([.normal(0, 1), .normal(1, 1)], weights: a * [0.5, 0.9].formula))
    }
    Self.expect("y cannot be drawn", "mixture") { try mixed.predict(draws, seed: 2) }
  }
}
