import Foundation
import Inference
import NumericKernels
import Testing

@Suite("Modelling layer: levels integrated out")
struct MarginalizationTests {
  static let group = [0, 1, 2, 0, 1, 0]
  static let x = [0.5, -1, 2, 0.3, 1, -0.7]
  /// mu and three groups, after tau and sd and before theta.
  static let latents = 2..<6

  static func model(_ upper: Parameterization) throws -> CompiledModel {
    var model = Model()
    let tau = model.parameter("tau", .halfNormal(1))
    let sd = model.parameter("sd", .halfNormal(1))
    let mu = model.parameter("mu", .normal(0.5, 2), parameterization: upper)
    let group = model.parameter("group", count: 3, .normal(mu, tau), parameterization: upper)
    let mean = 2 * group[Index(Self.group)] - 0.5 * mu * Formula(x) + 0.3 * tau
    let theta = model.parameter("theta", count: 6, .normal(mean, sd))
    model.observe("n", [1, 0, 4, 2, 3, 1], .poissonLog(0.3 * theta))
    model.observe("z", [1.0, 0.4], .normal(mu + group.sum() / 4 + tau, [0.7, 1.1]))
    model.deterministic("spread", group - mu)
    return try model.compile()
  }

  /// The density integrated over its latent coordinates, in which it is normal: by its value, gradient and curvature at
  /// 0, with the mean and the covariance of the latent ones.
  static func integral(
    _ joint: CompiledModel, _ rest: [Double]
  ) -> (value: Double, mean: [Double], covariance: [Double]) {
    let n = latents.count
    func at(_ u: [Double]) -> (value: Double, gradient: [Double]) {
      let point = Array(rest[..<latents.lowerBound]) + u + Array(rest[latents.lowerBound...])
      let (value, gradient) = evaluate(joint, point)
      return (value, Array(gradient[latents]))
    }
    let origin = at([Double](repeating: 0, count: n))
    // A quadratic's gradient differences are exact.
    var rows: [[Double]] = []
    for i in 0..<n {
      var u = [Double](repeating: 0, count: n)
      u[i] = 1
      rows.append(zip(origin.gradient, at(u).gradient).map { $0 - $1 })
    }
    // Gauss-Jordan elimination of [Q | I], pivots on the way.
    var work = (0..<n).map { i in rows[i] + (0..<n).map { $0 == i ? 1.0 : 0 } }
    var logDeterminant = 0.0
    for i in 0..<n {
      logDeterminant += log(work[i][i])
      let pivot = work[i][i]
      for j in 0..<(2 * n) { work[i][j] /= pivot }
      for k in 0..<n where k != i {
        let factor = work[k][i]
        for j in 0..<(2 * n) { work[k][j] -= factor * work[i][j] }
      }
    }
    let covariance = (0..<n).flatMap { work[$0][n...] }
    let mean = (0..<n).map { i in (0..<n).reduce(0) { $0 + covariance[i * n + $1] * origin.gradient[$1] } }
    let gain = zip(mean, origin.gradient).reduce(0) { $0 + 0.5 * $1.0 * $1.1 }
    return (origin.value + gain + 0.5 * (Double(n) * log(2 * .pi) - logDeterminant), mean, covariance)
  }

  @Test("the density is the joint one's integral, with its gradient")
  func density() throws {
    let (joint, marginal) = (try Self.model(.centered), try Self.model(.marginalized))
    #expect(joint.dimension == 12 && marginal.dimension == 8)
    #expect(joint.variableNames == marginal.variableNames)
    for index in 0..<5 {
      let point = randomPoint(marginal, UInt64(index), scale: 0.8)
      let expected = Self.integral(joint, point).value
      #expect(abs(evaluate(marginal, point).value - expected) < 1e-9 * abs(expected))
      #expect(gradientError(marginal, point) < 1e-7)
    }
  }

  @Test("what is integrated out is recovered from its distribution given the rest")
  func recovery() throws {
    let (joint, marginal) = (try Self.model(.centered), try Self.model(.marginalized))
    let point = randomPoint(marginal, 2, scale: 0.5)
    let (_, mean, covariance) = Self.integral(joint, point)
    var evaluator = marginal.makeEvaluator()
    let count = 20_000
    var sums = [Double](repeating: 0, count: 4)
    var products = [Double](repeating: 0, count: 16)
    for draw in 0..<count {
      var values = [Double](repeating: 0, count: marginal.variableNames.count)
      var span = values.mutableSpan
      var stream = RandomStream(seed: 4, purpose: 1, draw: UInt64(draw))
      evaluator.variables(at: point.span, into: &span, using: &stream)
      let u = Array(values[2..<6])
      // Quantities are of the same draw: group - mu.
      #expect(values[12..<15].elementsEqual(u[1...].map { $0 - u[0] }))
      for i in 0..<4 {
        sums[i] += u[i] - mean[i]
        for j in 0..<4 { products[i * 4 + j] += (u[i] - mean[i]) * (u[j] - mean[j]) }
      }
    }
    for i in 0..<4 {
      #expect(abs(sums[i] / Double(count)) < 4.5 * (covariance[i * 4 + i] / Double(count)).squareRoot())
      for j in 0..<4 {
        let size = (covariance[i * 4 + i] * covariance[j * 4 + j]).squareRoot()
        #expect(abs(products[i * 4 + j] / Double(count) - covariance[i * 4 + j]) < 0.05 * size)
      }
    }
  }

  @Test("what cannot be integrated out is told")
  func impossible() {
    ModelErrorTests.expect("rate", "exponential", "not normal") { model in
      model.parameter("other", .normal(0, 1))
      let rate = model.parameter("rate", .exponential(1), parameterization: .marginalized)
      model.observe("y", [1.0], .normal(rate, 1))
    }
    ModelErrorTests.expect("y", "only means", "poisson_log") { model in
      let mu = model.parameter("mu", .normal(0, 1), parameterization: .marginalized)
      model.parameter("other", .normal(0, 1))
      model.observe("y", [1.0], .poissonLog(mu))
    }
    ModelErrorTests.expect("y", "no linear function") { model in
      let mu = model.parameter("mu", .normal(0, 1), parameterization: .marginalized)
      model.parameter("other", .normal(0, 1))
      model.observe("y", [1.0], .normal(exp(mu), 1))
    }
    ModelErrorTests.expect("theta", "centered") { model in
      let mu = model.parameter("mu", .normal(0, 1), parameterization: .marginalized)
      let theta = model.parameter("theta", count: 3, .normal(mu, 1), parameterization: .nonCentered)
      model.observe("y", [1.0, 2, 3], .normal(theta, 1))
    }
  }
}
