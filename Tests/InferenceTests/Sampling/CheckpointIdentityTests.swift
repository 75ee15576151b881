import Foundation
import Inference
import NumericKernels
import Testing

/// A checkpoint is of one model and its data: others are refused, whatever the sampler.
@Suite struct CheckpointIdentityTests {
  private func withCheckpoint(_ body: (Checkpointing) throws -> Void) rethrows {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("identity-\(UUID().uuidString).checkpoint")
    defer { try? FileManager.default.removeItem(at: url) }
    try body(Checkpointing(url: url))
  }

  private func expectRefused(_ run: () throws -> Fit, sourceLocation: SourceLocation = #_sourceLocation) {
    let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) { try run() }
    guard case .otherRun(_, let difference) = error else {
      Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
      return
    }
    #expect(difference == "its data or model differ", sourceLocation: sourceLocation)
  }

  private static func regression(_ y: [Double], priorScale: Double = 10) throws -> CompiledModel {
    var model = Model()
    let x = try model.data("x", (0..<y.count).map(Double.init))
    let alpha = model.parameter("alpha", .normal(0, priorScale))
    let beta = model.parameter("beta", .normal(0, 10))
    let sigma = model.parameter("sigma", .halfNormal(1))
    model.observe("y", y, .normal(alpha + beta * x, sigma))
    return try model.compile()
  }

  @Test("a model's other data, one number of them, or another prior are refused", arguments: RunningTests.samplers)
  func otherData(_ sampler: any Sampler) throws {
    let y = (0..<20).map { sin(Double($0)) }
    try withCheckpoint { checkpoint in
      let options = SamplingOptions(chains: 2, warmUp: 30, draws: 20, seed: 5, checkpoint: checkpoint)
      let fit = try Self.regression(y).sample(sampler, options)
      // The same model, compiled again, goes on, on any number of threads.
      var others = options
      others.threads = 1
      #expect(try Self.regression(y).sample(sampler, others).draws == fit.draws)
      var changed = y
      changed[7] += 1e-6
      expectRefused { try Self.regression(changed).sample(sampler, options) }
      expectRefused { try Self.regression(y, priorScale: 9).sample(sampler, options) }
    }
  }

  @Test("data of computed quantities alone count too")
  func otherQuantities() throws {
    func model(_ at: Double) throws -> CompiledModel {
      var model = Model()
      let mu = model.parameter("mu", .normal(0, 1))
      model.deterministic("predicted", mu * Formula([at, 2 * at]))
      model.observe("y", [0.5, 1.5], .normal(mu, 1))
      return try model.compile()
    }
    try withCheckpoint { checkpoint in
      let options = SamplingOptions(chains: 1, warmUp: 20, draws: 10, seed: 5, checkpoint: checkpoint)
      _ = try model(1).sample(NUTS(), options)
      _ = try model(1).sample(NUTS(), options)
      expectRefused { try model(3).sample(NUTS(), options) }
    }
  }

  @Test("a density of one's own, of which the support is narrow and known to the starting points alone")
  func ownDensities() throws {
    func density(_ centre: Double) -> ClosureDensity {
      ClosureDensity(dimension: 1) { x, gradient in
        if abs(x[0] - 1000) > 5 { return -.infinity }
        gradient[0] = centre - x[0]
        return -0.5 * gradient[0] * gradient[0]
      }
    }
    try withCheckpoint { checkpoint in
      let options = SamplingOptions(
        chains: 1, warmUp: 20, draws: 10, seed: 5, startingPoints: [[1000]], checkpoint: checkpoint)
      _ = try density(1000).sample(NUTS(), options)
      _ = try density(1000).sample(NUTS(), options)
      expectRefused { try density(1000.5).sample(NUTS(), options) }
    }
  }

  @Test("a density that throws at random resumes, and one that cannot be evaluated fails as without a checkpoint")
  func throwingDensities() throws {
    try withCheckpoint { checkpoint in
      let options = SamplingOptions(chains: 2, warmUp: 50, draws: 20, seed: 5, checkpoint: checkpoint)
      func run() throws -> Fit {
        try FaultyNormal(dimension: 2, fault: .throwing(share: 0.4, isRecoverable: true)).sample(NUTS(), options)
      }
      let fit = try run()
      #expect(try run().draws == fit.draws)
    }
    withCheckpoint { checkpoint in
      let options = SamplingOptions(chains: 1, warmUp: 50, draws: 20, seed: 5, checkpoint: checkpoint)
      #expect(throws: SamplingError.self) {
        try FaultyNormal(dimension: 2, fault: .throwing(share: 1, isRecoverable: false)).sample(NUTS(), options)
      }
      #expect(throws: SamplingError.self) {
        try ClosureDensity(dimension: 2) { _, _ in -.infinity }.sample(NUTS(), options)
      }
    }
  }

  @Test("a Gibbs sampler's data, seen by conjugate, slice or Metropolis blocks, with or without a density")
  func gibbs() throws {
    func sampler(_ mean: Double, _ kind: Int) throws -> Gibbs {
      let block: GibbsBlock =
        switch kind {
        case 0: .conjugate("x", 0..<1) { _, _ in .normal(mean: mean, variance: 1) }
        case 1: .slice("x", 0..<1) { state, _ in -0.5 * (state[0] - mean) * (state[0] - mean) }
        default: .metropolis("x", 0..<1) { state, _ in -0.5 * (state[0] - mean) * (state[0] - mean) }
        }
      return try Gibbs(names: ["x"], blocks: [block]) { stream in [stream.normal()] }
    }
    for kind in 0..<3 {
      try withCheckpoint { checkpoint in
        let options = SamplingOptions(chains: 2, warmUp: 20, draws: 10, seed: 5, checkpoint: checkpoint)
        let fit = try sampler(1, kind).sample(options)
        #expect(try sampler(1, kind).sample(options).draws == fit.draws)
        expectRefused { try sampler(1 + 1e-9, kind).sample(options) }
      }
    }
  }

  @Test("fewer draws than a checkpoint holds are the first, as of a run without interruption")
  func fewerDraws() throws {
    try withCheckpoint { checkpoint in
      var options = SamplingOptions(chains: 2, warmUp: 60, draws: 15, thinning: 2, seed: 8)
      let density = FaultyNormal(dimension: 3, fault: .gradientNaN(above: 1.5))
      let short = try density.sample(NUTS(), options)
      options.checkpoint = checkpoint
      options.draws = 100
      let long = try density.sample(NUTS(), options)
      options.draws = 15
      let cut = try density.sample(NUTS(), options)
      #expect(cut.draws == short.draws && cut.draws.drawCount == 15 && cut.outcome == .complete)
      #expect(cut.divergences == short.divergences && long.divergences.count > short.divergences.count)
      #expect(cut.statistics.logDensity == short.statistics.logDensity)
      // And the file has lost nothing.
      options.draws = 100
      #expect(try density.sample(NUTS(), options).draws == long.draws)
    }
  }

  @Test("a chain that failed after the draws asked for has not failed")
  func laterFailures() throws {
    try withCheckpoint { checkpoint in
      var options = SamplingOptions(chains: 2, warmUp: 0, draws: 400, seed: 8, threads: 1, checkpoint: checkpoint)
      // Evaluator 0 is the fingerprint's, the next the first chain's.
      let density = FaultyNormal(dimension: 2, fault: .throwingInEvaluator(1, after: 200))
      let fit = try density.sample(RandomWalkMetropolis(), options)
      #expect(fit.chainFailures.count == 1 && fit.draws.chainCount == 1)
      options.draws = 50
      let cut = try density.sample(RandomWalkMetropolis(), options)
      #expect(cut.chainFailures.isEmpty && cut.draws.chainCount == 2 && cut.draws.drawCount == 50)
    }
  }

  @Test("plus infinity is outside the support for every sampler")
  func plusInfinity() throws {
    for sampler in RunningTests.samplers {
      let fit = try FaultyNormal(dimension: 3, fault: .value(.infinity, above: 0.5))
        .sample(sampler, SamplingOptions(chains: 2, warmUp: 200, draws: 500, seed: 3))
      #expect(fit.draws[0].allSatisfy { $0 <= 0.5 }, "\(sampler)")
      #expect(Set(fit.draws[0]).count > 20, "\(sampler)")
    }
    @Sendable func logDensity(_ state: [Double], _: Int) -> Double {
      state[0] > 0.5 ? .infinity : -0.5 * state[0] * state[0]
    }
    for block in [GibbsBlock.slice("x", 0..<1, logDensity), .metropolis("x", 0..<1, logDensity)] {
      let fit = try Gibbs(names: ["x"], blocks: [block]) { _ in [0] }
        .sample(SamplingOptions(chains: 1, warmUp: 100, draws: 500, seed: 3))
      #expect(fit.draws[0].allSatisfy { $0 <= 0.5 } && Set(fit.draws[0]).count > 20, "\(block.name)")
    }
  }
}
