import Foundation
import Inference
import NumericKernels
import Testing

/// Models and data that no sampler can do justice to: each ends in a clear error or in a verdict that says so, never in
/// a hang or a crash.
@Suite("Hostile models", .timeLimit(.minutes(5)))
struct HostileModelTests {
  static let samplers: [any Sampler] = [NUTS(), HMC(), RandomWalkMetropolis(), CoordinateSlice()]

  /// Whatever comes of sampling.
  static func outcome(
    _ sampler: any Sampler, chains: Int = 4, warmUp: Int = 200, draws: Int = 200,
    _ declare: (inout Model) throws -> Void
  ) throws -> Result<Fit, SamplingError> {
    var model = Model()
    try declare(&model)
    let posterior = try model.compile()
    do {
      return .success(try posterior.sample(sampler, chains: chains, warmUp: warmUp, draws: draws, seed: 17))
    } catch let error as SamplingError {
      return .failure(error)
    }
  }

  /// An error in words, or a verdict with a finding graver than too few draws.
  static func expectFlagged(_ outcome: Result<Fit, SamplingError>, _ what: String) {
    switch outcome {
    case .failure(let error): #expect(!error.description.isEmpty)
    case .success(let fit):
      let verdict = fit.verdict
      #expect(verdict.validity.contains { $0.kind != .tooFewDraws }, "\(what): \(verdict)\n\(fit.summary())")
    }
  }

  @Test("data that are not numbers are refused by name and row", arguments: [Double.nan, .infinity, -.infinity])
  func notANumber(_ value: Double) {
    ModelErrorTests.expect("price", "\(value)", "position 2") { model in _ = try model.data("price", [1, 2, value]) }
    ModelErrorTests.expect("units", "\(value)", "row 1") { model in
      let mu = model.parameter("mu", .normal(0, 1))
      model.observe("units", [1, value], .normal(mu, 1))
    }
    ModelErrorTests.expect("units", "\(value)", "row 0") { model in
      let eta = model.parameter("eta", .normal(0, 1))
      model.observe("units", [value], .poissonLog(eta))
    }
    // A parameter of a distribution that is such a number.
    ModelErrorTests.expect("mu", "normal") { model in model.parameter("mu", .normal(0, Formula(value))) }
  }

  @Test("zero rows are refused by name")
  func zeroRows() {
    ModelErrorTests.expect("price", "no rows") { model in _ = try model.data("price", [Double]()) }
    ModelErrorTests.expect("store", "no rows") { model in _ = try model.index("store", []) }
    ModelErrorTests.expect("units", "no rows") { model in
      let eta = model.parameter("eta", .normal(0, 1))
      model.observe("units", [Double](), .poissonLog(eta))
    }
    ModelErrorTests.expect("effect", "no elements") { model in model.parameter("effect", count: 0, .normal(0, 1)) }
  }

  /// Errors that make a position impossible are survived and counted; others end a chain and are told with their
  /// reason.
  @Test("a density that throws at random is sampled, or says why not", arguments: samplers)
  func throwingAtRandom(_ sampler: any Sampler) throws {
    let survived = try FaultyNormal(dimension: 2, fault: .throwing(share: 0.05, isRecoverable: true))
      .sample(sampler, chains: 2, warmUp: 200, draws: 200, seed: 8)
    #expect(survived.chainFailures.isEmpty && survived.draws.values.allSatisfy { $0.isFinite })
    let error = try #require(throws: SamplingError.self) {
      try FaultyNormal(dimension: 2, fault: .throwing(share: 0.05, isRecoverable: false))
        .sample(sampler, chains: 2, warmUp: 200, draws: 200, seed: 8)
    }
    guard case .allChainsFailed(let failures) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(failures.count == 2 && failures.allSatisfy { !$0.reason.isEmpty })
  }

  @Test("improper posteriors are flagged", arguments: samplers)
  func improper(_ sampler: any Sampler) throws {
    let name = String(describing: sampler)
    Self.expectFlagged(try Self.outcome(sampler) { $0.parameter("x", .flat) }, "flat, \(name)")
    Self.expectFlagged(
      try Self.outcome(sampler) { model in
        let x = model.parameter("x", .flat)
        model.addLogDensity("rise", x)
      }, "rising, \(name)")
    Self.expectFlagged(
      try Self.outcome(sampler) { model in
        let x = model.parameter("x", .flat, lower: 0)
        model.addLogDensity("power", -1 * log(x))
      }, "1 / x, \(name)")
  }

  @Test("a constant column beside an intercept: flagged without priors, sampled with", arguments: samplers)
  func constantColumn(_ sampler: any Sampler) throws {
    var stream = RandomStream(seed: 6, purpose: 9007)
    let ys = (0..<30).map { _ in 3 + stream.normal() }
    func declare(_ prior: Distribution) -> (inout Model) throws -> Void {
      { model in
        let x = try model.data("x", [Double](repeating: 2, count: 30))
        let alpha = model.parameter("alpha", prior)
        let beta = model.parameter("beta", prior)
        let sigma = model.parameter("sigma", .halfNormal(1))
        model.observe("y", ys, .normal(alpha + beta * x, sigma))
      }
    }
    Self.expectFlagged(try Self.outcome(sampler, declare(.flat)), "flat")
    let fit = try Self.outcome(sampler, declare(.normal(0, 1))).get()
    #expect(fit.draws.values.allSatisfy { $0.isFinite } && fit.chainFailures.isEmpty)
  }

  @Test("one group with one row is sampled", arguments: samplers)
  func oneGroup(_ sampler: any Sampler) throws {
    let fit = try Self.outcome(sampler) { model in
      let group = try model.index("group", [0])
      let mu = model.parameter("mu", .normal(0, 5))
      let tau = model.parameter("tau", .halfNormal(1))
      let theta = model.parameter("theta", count: 1, .normal(mu, tau), parameterization: .nonCentered)
      model.observe("y", [1.5], .normal(theta[group], 1))
    }.get()
    #expect(fit.draws.values.allSatisfy { $0.isFinite } && fit.chainFailures.isEmpty)
  }

  @Test("a scale that may be negative or 0 is kept positive by its density", arguments: samplers)
  func negativeScale(_ sampler: any Sampler) throws {
    let fit = try Self.outcome(sampler) { model in
      let scale = model.parameter("scale", .normal(0, 1))
      model.observe("y", [0.3, -0.8, 1.1, 0.2], .normal(0, scale))
    }.get()
    #expect(fit.draws[0].allSatisfy { $0 > 0 } && fit.chainFailures.isEmpty)
    // A scale that is always 0 or negative has no starting point.
    for scale in [0.0, -1] {
      let outcome = try Self.outcome(sampler) { model in
        let mu = model.parameter("mu", .normal(0, 1))
        model.observe("y", [0.3, -0.8], .normal(mu, scale * exp(mu)))
      }
      guard case .failure(let error) = outcome else {
        Issue.record("a scale of \(scale) was sampled")
        continue
      }
      #expect(error.description.contains("starting point"), "\(error)")
    }
  }

  @Test("observations without spread: the density has no bound", arguments: samplers)
  func constantObservations(_ sampler: any Sampler) throws {
    let outcome = try Self.outcome(sampler) { model in
      let mu = model.parameter("mu", .normal(0, 10))
      let sigma = model.parameter("sigma", .flat, lower: 0)
      model.observe("y", [Double](repeating: 2, count: 12), .normal(mu, sigma))
    }
    Self.expectFlagged(outcome, "constant observations")
  }

  @Test("numbers at the ends of the range of doubles", arguments: samplers)
  func enormousNumbers(_ sampler: any Sampler) throws {
    for value in [1e300, -1.7e308, 1e155] {
      let outcome = try Self.outcome(sampler, chains: 2) { model in
        let mu = model.parameter("mu", .normal(0, 10))
        model.observe("y", [value, 1], .normal(mu, 1))
      }
      Self.expectFlagged(outcome, "\(value)")
    }
    let tiny = try Self.outcome(sampler, chains: 2) { model in
      let mu = model.parameter("mu", .normal(0, 1))
      model.observe("y", [Double.leastNonzeroMagnitude, 0], .normal(1e-300 * mu, 1))
    }.get()
    #expect(tiny.draws.values.allSatisfy { $0.isFinite })
    let counts = try Self.outcome(sampler, chains: 2) { model in
      let eta = model.parameter("eta", .normal(0, 100))
      model.observe("y", [4e15, 4e15], .poissonLog(eta))
    }
    if case .success(let fit) = counts { #expect(fit.draws.values.allSatisfy { $0.isFinite }) }
  }
}
