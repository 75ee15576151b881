import Foundation
import Inference
import NumericKernels
import Testing

@Suite("Modelling layer: log densities by hand")
struct PosteriorFormulaTests {
  static func normal(_ x: Double, _ mu: Double, _ sigma: Double) -> Double {
    -0.5 * pow((x - mu) / sigma, 2) - log(sigma) - 0.5 * log(2 * .pi)
  }
  static func halfCauchy(_ x: Double, _ scale: Double) -> Double {
    log(2 / .pi) - log(scale) - log1p(pow(x / scale, 2))
  }

  static let xs = (0..<100).map { sin(Double($0) * 1.7) * 2 }
  static let ys = xs.enumerated().map { 2 * $1 + cos(Double($0) * 2.3) }

  static func regression() throws -> CompiledModel {
    var model = Model()
    let x = try model.data("x", xs)
    let alpha = model.parameter("alpha", .normal(0, 10))
    let beta = model.parameter("beta", .normal(0, 10))
    let sigma = model.parameter("sigma", .halfCauchy(5))
    model.observe("y", ys, .normal(alpha + beta * x, sigma))
    return try model.compile()
  }

  @Test("linear regression")
  func linearRegression() throws {
    let model = try Self.regression()
    let point = [0.3, 1.7, -0.4]
    let sigma = exp(-0.4)
    var expected = Self.normal(0.3, 0, 10) + Self.normal(1.7, 0, 10) + Self.halfCauchy(sigma, 5) - 0.4
    for (x, y) in zip(Self.xs, Self.ys) { expected += Self.normal(y, 0.3 + 1.7 * x, sigma) }
    let value = evaluate(model, point).value
    #expect(abs(value - expected) < 1e-10 * abs(expected))
    #expect(gradientError(model, point) < 1e-8)
    #expect(model.variableNames == ["alpha", "beta", "sigma"])
    #expect(variables(model, point)["sigma"] == sigma)
  }

  @Test("eight schools, centred and non-centred")
  func eightSchools() throws {
    let ys: [Double] = [28, 8, -3, 7, -1, 1, 18, 12]
    let sigmas: [Double] = [15, 10, 16, 11, 9, 11, 10, 18]
    for parameterization in [Parameterization.centered, .nonCentered] {
      var model = Model()
      let mu = model.parameter("mu", .normal(0, 5))
      let tau = model.parameter("tau", .halfCauchy(5))
      let theta = model.parameter("theta", count: 8, .normal(mu, tau), parameterization: parameterization)
      model.observe("y", ys, .normal(theta, sigmas))
      let compiled = try model.compile()
      let z = (0..<8).map { sin(Double($0)) }
      let point = [1.2, 0.7] + z
      let scale = exp(0.7)
      var expected = Self.normal(1.2, 0, 5) + Self.halfCauchy(scale, 5) + 0.7
      for j in 0..<8 {
        let effect = parameterization == .centered ? z[j] : 1.2 + scale * z[j]
        expected += parameterization == .centered ? Self.normal(effect, 1.2, scale) : Self.normal(z[j], 0, 1)
        expected += Self.normal(ys[j], effect, sigmas[j])
      }
      #expect(abs(evaluate(compiled, point).value - expected) < 1e-11 * abs(expected))
      #expect(gradientError(compiled, point) < 1e-8)
      #expect(compiled.variableNames.last == "theta[8]")
    }
  }

  /// Normals are computed 256 rows at a time; means and deviations may be one or many, parameters or data.
  @Test("normal rows beyond one chunk", arguments: [300, 1], [300, 1])
  func longNormals(means: Int, deviations: Int) throws {
    let scales = (0..<deviations).map { 0.5 + 0.4 * sin(Double($0)) }
    for scalesAreData in [true, false] {
      var model = Model()
      let mean = model.parameter("mean", count: means, .normal(0, 1))
      let sd = model.parameter("sd", count: deviations, .flat, lower: 0)
      let scale = scalesAreData ? Formula(scales) : sd
      model.parameter("x", count: 300, .normal(mean, scale))
      model.observe("y", (0..<300).map { cos(Double($0)) }, .normal(mean, scale))
      let compiled = try model.compile()
      let point = (0..<compiled.dimension).map { 0.3 * sin(1.1 * Double($0)) }
      let m = Array(point[..<means])
      let free = Array(point[means..<(means + deviations)])
      let s = scalesAreData ? scales : free.map { exp($0) }
      let x = point.suffix(300)
      var expected = m.reduce(0) { $0 + Self.normal($1, 0, 1) } + free.reduce(0, +)
      for i in 0..<300 {
        let (mean, sd) = (m[means == 1 ? 0 : i], s[deviations == 1 ? 0 : i])
        expected += Self.normal(cos(Double(i)), mean, sd) + Self.normal(x[x.startIndex + i], mean, sd)
      }
      #expect(abs(evaluate(compiled, point).value - expected) < 1e-11 * abs(expected))
      #expect(gradientError(compiled, point) < 1e-7)
    }
  }

  /// The coordinates of K normal numbers that sum to 0 are K - 1 normal numbers of their scale.
  @Test("normal numbers that sum to 0, with a scale that is a parameter")
  func zeroSum() throws {
    var model = Model()
    let t = model.parameter("t", .halfNormal(1))
    let m = model.parameter("m", .normal(0, 1))
    model.parameter("a", count: 4, .normal(m, t), constraint: .zeroSum)
    let s = model.parameter("s", shape: [2, 1], .halfNormal(1))
    model.parameter("b", rows: 2, columns: 3, .normal(0, s), constraint: .zeroSum)
    let compiled = try model.compile()
    let point = [0.4, -0.3, 0.2, -1.1, 0.7, -0.5, 0.6, 0.1, 0.9, -0.8, 1.2]
    func halfNormal(_ u: Double) -> Double { log(2) + Self.normal(exp(u), 0, 1) + u }
    var expected = halfNormal(0.4) + Self.normal(-0.3, 0, 1) + halfNormal(-0.5) + halfNormal(0.6)
    for u in point[2..<5] { expected += Self.normal(u, 0, exp(0.4)) }
    for u in point[7..<9] { expected += Self.normal(u, 0, exp(-0.5)) }
    for u in point[9..<11] { expected += Self.normal(u, 0, exp(0.6)) }
    #expect(abs(evaluate(compiled, point).value - expected) < 1e-12 * abs(expected))
    #expect(gradientError(compiled, point) < 1e-8)
  }

  @Test("other priors of elements that sum to 0 may not depend on parameters")
  func otherZeroSum() {
    ModelErrorTests.expect("a is of sum 0", "student_t", "normalised") { model in
      let t = model.parameter("t", .halfNormal(1))
      model.parameter("a", count: 4, .studentT(3, 0, t), constraint: .zeroSum)
    }
    ModelErrorTests.expect("a is of sum 0", "normal", "normalised") { model in
      let t = model.parameter("t", count: 4, .halfNormal(1))
      model.parameter("a", count: 4, .normal(0, t), constraint: .zeroSum)
    }
  }
}
