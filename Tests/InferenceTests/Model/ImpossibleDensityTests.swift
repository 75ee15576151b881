import Foundation
import Inference
import NumericKernels
import Testing

/// Densities that are finite nowhere: the error says which part of the model it is, with row and values.
@Suite("Modelling layer: what is not finite is told by name")
struct ImpossibleDensityTests {
  /// Checks that samplers and approximations find no place to start, with a message that holds all of these.
  static func expect(_ words: String..., declare: (inout Model) throws -> Void) throws {
    var model = Model()
    try declare(&model)
    let compiled = try model.compile()
    var messages: [String] = []
    let runs: [() throws -> Fit] = [
      { try compiled.sample(NUTS(), chains: 1, warmUp: 5, draws: 5, seed: 1) },
      { try compiled.sample(CoordinateSlice(), chains: 1, warmUp: 5, draws: 5, seed: 1) },
    ]
    for run in runs {
      do {
        _ = try run()
        Issue.record("sampled, though \(words) was expected")
      } catch { messages.append("\(error)") }
    }
    do {
      _ = try Pathfinder().fit(compiled, seed: 1)
      Issue.record("approximated, though \(words) was expected")
    } catch { messages.append("\(error)") }
    for message in messages {
      for word in words { #expect(message.contains(word), "\(message) lacks \(word)") }
    }
  }

  @Test("an observation, with its row, value and parameters")
  func observation() throws {
    try Self.expect("the log density is nan: the observed y", "nan at position 2", "y is 7.0", "mu nan", "sigma 1.0") {
      model in
      let a = model.parameter("a", .normal(0, 1))
      let x = try model.data("x", [1.0, 2, -3])
      model.observe("y", [5, 6, 7], .normal(log(exp(a) * x), 1))
    }
    try Self.expect("the observed n", "-inf at position 1", "n is 12.0", "upper bound") { model in
      let a = model.parameter("a", .beta(1, 1))
      model.observe("n", [1, 12], .truncated(.poisson(3), upper: 5 + a))
    }
    try Self.expect("the observed t has the log density -inf, where t is 12.0, upper bound 5.") { model in
      let a = model.parameter("a", .beta(1, 1))
      model.observe("t", [12.0], .censored(.exponential(1), upper: 5 + a))
    }
  }

  @Test("a prior, a term, a derivative")
  func priors() throws {
    try Self.expect("the prior of b", "nan at position 1", "sigma -") { model in
      let a = model.parameter("a", .normal(0, 1))
      model.parameter("b", count: 2, .normal(0, [1.0, -1] * exp(a)))
    }
    try Self.expect("the term penalty is nan at position 1") { model in
      let a = model.parameter("a", count: 2, .normal(0, 1))
      model.addLogDensity("penalty", log([1.0, -1] * exp(a)))
    }
    try Self.expect("not finite: the derivative by b is nan") { model in
      let a = model.parameter("a", .normal(0, 1))
      let b = model.parameter("b", .normal(0, 1))
      model.observe("y", [1.0], .normal(a + sqrt(b * 0), 1))
    }
  }

  @Test("a covariance that depends on parameters and is never one")
  func covariance() throws {
    try Self.expect("the observed y", "Sigma of its multi_normal must be positive definite", "row 1", "contradicts") {
      model in
      let s = model.parameter("s", .halfNormal(1))
      let shape = try model.data("shape", [[1.0, 2], [2, 1]])
      model.observe("y", [1, 2], .multivariateNormal(0, covariance: s * shape))
    }
    try Self.expect("the prior of f", "Sigma of its multi_normal", "singular", "row 1") { model in
      let s = model.parameter("s", .halfNormal(1))
      let shape = try model.data("shape", [[1.0, 1], [1, 1]])
      model.parameter("f", count: 2, .multivariateNormal(0, covariance: s * shape))
    }
  }

  @Test("bounds that cross, with both values")
  func bounds() throws {
    try Self.expect("the lower bound of x", "is not below its upper bound", "cross") { model in
      let a = model.parameter("a", .normal(0, 1))
      model.parameter("x", .normal(0, 1), lower: a + 1, upper: a)
    }
    try Self.expect("the lower bound of x, 3.0, is not below its upper bound", "at position 1") { model in
      let a = model.parameter("a", .beta(1, 1))
      model.parameter("x", count: 2, .normal(0, 1), lower: [0.0, 3], upper: 2 * a)
    }
    try Self.expect("the lower bound of u", "is not below its upper bound") { model in
      let a = model.parameter("a", .normal(0, 1))
      model.parameter("u", .uniform(a, a - exp(a)))
    }
    ModelErrorTests.expect("lower bound of x, 3.0", "upper bound, 2.0", "position 1") { model in
      let ends = try model.data("ends", [1.0, 2])
      model.parameter("x", count: 2, .normal(0, 1), lower: 2 * ends - 1, upper: [2.0, 2])
    }
  }

  @Test("what is integrated out or non-centred is no excuse")
  func otherCoordinates() throws {
    try Self.expect("the observed y", "sigma nan") { model in
      let mu = model.parameter("mu", .normal(0, 1), parameterization: .marginalized)
      let s = model.parameter("s", .normal(0, 1))
      model.observe("y", [1.0, 2], .normal(mu, log(-exp(s))))
    }
    try Self.expect("theta is nan at position 0", "sigma nan") { model in
      let s = model.parameter("s", .normal(0, 1))
      let theta = model.parameter("theta", count: 2, .normal(0, log(-exp(s))), parameterization: .nonCentered)
      model.observe("y", [1.0, 2], .normal(theta, 1))
    }
  }
}
