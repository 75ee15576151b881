import Foundation
import Inference
import NumericKernels
import Testing

/// The models and faults of the samplers' hostile tests under every approximation: an error in words, or a fit that says
/// that it is not to be relied on.
@Suite("Hostile models: approximations", .timeLimit(.minutes(2)))
struct HostilePosteriorTests {
  typealias Outcome = Result<ApproximateFit, ApproximationError>
  static let methods = ["Laplace", "mean field", "full rank", "Pathfinder", "multi-path Pathfinder"]

  static func fit(_ density: some LogDensity, _ method: String) -> Outcome {
    Result { () throws(ApproximationError) in
      switch method {
      case "Laplace": try Laplace(drawCount: 500).fit(density, seed: 4)
      case "mean field":
        try VariationalInference(.meanField, drawCount: 500, maximumIterations: 4000).fit(density, seed: 4)
      case "full rank":
        try VariationalInference(.fullRank, drawCount: 500, maximumIterations: 4000).fit(density, seed: 4)
      case "Pathfinder": try Pathfinder(pathCount: 1, drawCount: 500).fit(density, seed: 4)
      default: try Pathfinder(drawCount: 500, drawsPerPath: 500).fit(density, seed: 4)
      }
    }
  }

  static func compiled(_ declare: (inout Model) throws -> Void) throws -> CompiledModel {
    var model = Model()
    try declare(&model)
    return try model.compile()
  }

  static func expectFlagged(_ outcome: Outcome, _ what: String) {
    switch outcome {
    case .failure(let error): #expect(!error.description.isEmpty)
    case .success(let fit):
      #expect(!fit.isConverged || !(fit.paretoK < 0.7), "\(what): \(fit.label) \(fit.warnings)")
      #expect(!fit.warnings.isEmpty, "\(what): \(fit.label)")
    }
  }

  static func expectUsable(_ outcome: Outcome, _ what: String) {
    switch outcome {
    case .failure(let error): Issue.record("\(what): \(error)")
    case .success(let fit): #expect(fit.draws.values.allSatisfy { $0.isFinite }, "\(what): \(fit.label)")
    }
  }

  @Test("improper posteriors", arguments: methods)
  func improper(_ method: String) throws {
    Self.expectFlagged(Self.fit(try Self.compiled { $0.parameter("x", .flat) }, method), "flat")
    let rising = try Self.compiled { model in
      let x = model.parameter("x", .flat)
      model.addLogDensity("rise", x)
    }
    Self.expectFlagged(Self.fit(rising, method), "rising")
    let power = try Self.compiled { model in
      let x = model.parameter("x", .flat, lower: 0)
      model.addLogDensity("power", -1 * log(x))
    }
    Self.expectFlagged(Self.fit(power, method), "1 / x")
    let constant = try Self.compiled { model in
      let mu = model.parameter("mu", .normal(0, 10))
      let sigma = model.parameter("sigma", .flat, lower: 0)
      model.observe("y", [Double](repeating: 2, count: 12), .normal(mu, sigma))
    }
    Self.expectFlagged(Self.fit(constant, method), "observations without spread")
  }

  @Test("a constant column: flagged without priors, usable with", arguments: methods)
  func constantColumn(_ method: String) throws {
    let ys = (0..<30).map { 3 + sin(Double($0)) }
    func posterior(_ prior: Distribution) throws -> CompiledModel {
      try Self.compiled { model in
        let x = try model.data("x", [Double](repeating: 2, count: 30))
        let alpha = model.parameter("alpha", prior)
        let beta = model.parameter("beta", prior)
        let sigma = model.parameter("sigma", .halfNormal(1))
        model.observe("y", ys, .normal(alpha + beta * x, sigma))
      }
    }
    Self.expectFlagged(Self.fit(try posterior(.flat), method), "flat")
    Self.expectUsable(Self.fit(try posterior(.normal(0, 1)), method), "proper")
  }

  @Test("directions are flat where the density is, not where coordinates are correlated", arguments: methods)
  func flatDirections(_ method: String) throws {
    func isFlat(_ density: some LogDensity) throws -> Bool {
      try Self.fit(density, method).get().warnings.contains { $0.contains("hardly falls off") }
    }
    #expect(try !isFlat(EquicorrelatedNormal(dimension: 6, rho: 0.9)))
    // A coordinate's scale that a climb from nearby has not learnt is told too, and only that.
    let scaled = try Self.fit(IndependentNormals(sds: [1e-3, 1, 100]), method).get()
    let last = scaled.draws[2].map { $0 / 100 }
    let mean = last.reduce(0, +) / Double(last.count)
    let sd = (last.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(last.count)).squareRoot()
    #expect(scaled.warnings.contains { $0.contains("hardly falls off") } == (sd < 1.0 / 21), "\(sd) \(scaled.label)")
    // A ridge in six coordinates, of which only the differences of neighbours are known.
    let ridge = ClosureDensity(dimension: 6) { x, gradient in
      gradient = [Double](repeating: 0, count: 6)
      var value = 0.0
      for i in 0..<5 {
        let difference = x[i + 1] - x[i]
        value -= 0.5 * difference * difference
        gradient[i + 1] -= difference
        gradient[i] += difference
      }
      return value
    }
    Self.expectFlagged(Self.fit(ridge, method), "ridge")
  }

  @Test("one group with one row", arguments: methods)
  func oneGroup(_ method: String) throws {
    let posterior = try Self.compiled { model in
      let group = try model.index("group", [0])
      let mu = model.parameter("mu", .normal(0, 5))
      let tau = model.parameter("tau", .halfNormal(1))
      let theta = model.parameter("theta", count: 1, .normal(mu, tau), parameterization: .nonCentered)
      model.observe("y", [1.5], .normal(theta[group], 1))
    }
    Self.expectUsable(Self.fit(posterior, method), "one group")
  }

  @Test("numbers at the ends of the range of doubles", arguments: methods)
  func enormousNumbers(_ method: String) throws {
    for value in [1e300, -1.7e308, 1e155] {
      let posterior = try Self.compiled { model in
        let mu = model.parameter("mu", .normal(0, 10))
        model.observe("y", [value, 1], .normal(mu, 1))
      }
      Self.expectFlagged(Self.fit(posterior, method), "\(value)")
    }
  }

  @Test("densities that throw, jump to infinity or lose their gradient", arguments: methods)
  func faults(_ method: String) {
    for fault: FaultyNormal.Fault in [
      .throwing(share: 0.05, isRecoverable: true), .value(.nan, above: 1), .value(.infinity, above: 1),
      .value(-.infinity, above: 1), .gradientNaN(above: 1),
    ] {
      switch Self.fit(FaultyNormal(dimension: 2, fault: fault), method) {
      case .failure(let error): #expect(!error.description.isEmpty)
      case .success(let fit):
        #expect(fit.draws.values.allSatisfy { $0.isFinite }, "\(fault)")
        #expect(fit.rejectedDraws > 0 || !fit.isConverged || !fit.warnings.isEmpty, "\(fault): \(fit.label)")
      }
    }
    guard
      case .failure(.densityFailed("the density broke")) =
        Self.fit(FaultyNormal(dimension: 2, fault: .throwing(share: 0.5, isRecoverable: false)), method)
    else {
      // Several paths, of which one came through, may still make a fit.
      #expect(method == "multi-path Pathfinder")
      return
    }
  }
}
