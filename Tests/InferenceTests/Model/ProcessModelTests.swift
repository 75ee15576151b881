import Foundation
import Inference
import NumericKernels
import Testing

/// Gaussian processes by covariance functions, and time series by recursions, with what they predict.
@Suite("Modelling layer: processes")
struct ProcessModelTests {
  private static func mean(_ values: ArraySlice<Double>) -> Double { values.reduce(0, +) / Double(values.count) }

  /// Solves A x = b for a small symmetric positive definite A.
  private func solve(_ a: [[Double]], _ b: [Double]) -> [Double] {
    var (a, b) = (a, b)
    for k in b.indices {
      for i in (k + 1)..<max(b.count, k + 1) {
        let factor = a[i][k] / a[k][k]
        for j in k..<b.count { a[i][j] -= factor * a[k][j] }
        b[i] -= factor * b[k]
      }
    }
    for k in b.indices.reversed() {
      for j in (k + 1)..<max(b.count, k + 1) { b[k] -= a[k][j] * b[j] }
      b[k] /= a[k][k]
    }
    return b
  }

  @Test("squared exponential covariance and diagonal: elements, gradients, mistakes")
  func covariance() throws {
    var model = Model()
    let x = try model.data("x", [0.0, 0.5, 2])
    let (a, l) = (model.parameter("a", .halfNormal(2)), model.parameter("l", .inverseGamma(3, 2)))
    let kernel = model.deterministic("K", squaredExponential(x, amplitude: a, length: l, jitter: 1e-3))
    let spread = model.parameter("s", count: 3, .halfNormal(1))
    model.deterministic("D", diagonal(spread))
    model.observe("y", [0.3, 0.1, -1], .multivariateNormal(0, covariance: kernel + diagonal(square(spread))))
    let posterior = try model.compile()
    for point in 0..<3 {
      let u = randomPoint(posterior, UInt64(point), scale: 0.5)
      #expect(gradientError(posterior, u) < 1e-7)
      let values = variables(posterior, u)
      let (amplitude, length) = (try #require(values["a"]), try #require(values["l"]))
      let expected = amplitude * amplitude * exp(-0.5 * 1.5 * 1.5 / (length * length))
      #expect(abs(try #require(values["K[2,3]"]) - expected) < 1e-14 * max(1, expected))
      #expect(abs(try #require(values["K[2,2]"]) - amplitude * amplitude - 1e-3) < 1e-14 * max(1, expected))
      #expect(values["D[1,2]"] == 0 && values["D[2,2]"] == values["s[2]"])
    }
    ModelErrorTests.expect("squaredExponential", "vector", "scalar") { model in
      model.deterministic("K", squaredExponential(model.parameter("a", .normal(0, 1)), amplitude: 1, length: 1))
    }
    ModelErrorTests.expect("diagonal", "[2 × 2]") { model in
      model.deterministic("D", diagonal(model.parameter("a", rows: 2, columns: 2, .normal(0, 1))))
    }
  }

  /// A process seen with noise at six places and wanted at a seventh: the conditional normal distribution.
  @Test("a Gaussian process predicts where nothing was observed")
  func gaussianProcess() throws {
    let places = [0.0, 0.4, 1, 1.3, 2.2, 3, 1.8]
    let y = [0.2, 0.5, 1.1, 0.9, -0.3, -1]
    let (amplitude, length, noise) = (1.2, 0.8, 0.3)
    var model = Model()
    let x = try model.data("x", places)
    let f = model.parameter(
      "f", count: 7,
      .multivariateNormal(0, covariance: squaredExponential(x, amplitude: amplitude, length: length)))
    model.observe("y", y, .normal(f[0..<6], noise))
    let fit = try model.compile().sample(
      NUTS(metric: .dense), chains: 2, warmUp: 1000, draws: 4000, seed: 1)
    func k(_ a: Double, _ b: Double) -> Double {
      amplitude * amplitude * exp(-0.5 * (a - b) * (a - b) / (length * length))
    }
    let observed = Array(places.prefix(6))
    let covariance = observed.enumerated().map { i, a in
      observed.enumerated().map { j, b in k(a, b) + (i == j ? noise * noise + 1e-8 : 0) }
    }
    let cross = observed.map { k(places[6], $0) }
    let mean = zip(cross, solve(covariance, y)).reduce(0) { $0 + $1.0 * $1.1 }
    let variance = k(0, 0) - zip(cross, solve(covariance, cross)).reduce(0) { $0 + $1.0 * $1.1 }
    let row = try #require(fit.summary(of: ["f[7]"]).rows.first)
    #expect(abs(row.mean - mean) < 4 * row.mcse, "\(row.mean), not \(mean)")
    #expect(
      abs(row.sd - variance.squareRoot()) < 0.05 * variance.squareRoot(), "\(row.sd), not \(variance.squareRoot())")
  }

  /// An AR(1) state by its shocks: new shocks carry it on. Of a state s and h steps, mean φ^h s and variance
  /// σ² (1 - φ^2h) / (1 - φ²), with the observation's own variance besides.
  @Test("an autoregression by scan forecasts")
  func autoregression() throws {
    let (phi, sigma, noise) = (0.8, 0.5, 0.1)
    let y = [0.1, 0.4, 0.9, 1.2, 0.8, 1.1, 1.5, 1.3]
    var model = Model()
    let shocks = model.parameter("shock", count: y.count, .normal(0, 1))
    let state = model.deterministic(
      "state", scan(from: 0, over: sigma * shocks) { state, inputs in phi * state + inputs[0] })
    model.observe("y", y, .normal(state, noise))
    let posterior = try model.compile()
    let fit = try posterior.sample(NUTS(), chains: 2, warmUp: 500, draws: 3000, seed: 1)
    let future = try posterior.predict(fit.draws, newElements: ["shock": 4], seed: 2)
    #expect(future.names == (1...12).map { "y[\($0)]" })
    let last = Array(try fit.draws.draws(of: "state[8]"))
    let (m, v) = (
      Self.mean(last[...]), Self.mean(last.map { $0 * $0 }[...]) - Self.mean(last[...]) * Self.mean(last[...])
    )
    for h in [1, 4] {
      let draws = try future.draws(of: "y[\(8 + h)]")
      let decay = pow(phi, Double(h))
      let variance =
        decay * decay * v + sigma * sigma * (1 - decay * decay) / (1 - phi * phi) + noise * noise
      let centre = Self.mean(draws)
      let spread = draws.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(draws.count)
      #expect(
        abs(centre - decay * m) < 5 * (variance / Double(draws.count)).squareRoot(), "\(centre), not \(decay * m)")
      #expect(abs(spread - variance) < 0.08 * variance, "\(spread), not \(variance)")
    }
  }
}
