import Foundation
import Inference
import NumericKernels
import Testing

/// Kernels and densities of one's own that do not keep to the rules, settings that make no sense, and checkpoints of
/// other kernels.
@Suite struct HostileKernelTests {
  /// A normal random walk towards `centre`, as a user may write it.
  struct Walk: MarkovKernel {
    let centre: Double
    var position = 0.0

    struct State: StoredState {
      let position: Double
      init(position: Double) { self.position = position }
      func store(into words: inout WordWriter) { words.write(position) }
      init(from words: inout WordReader) throws(DamagedState) { position = try words.double() }
    }

    init(centre: Double) { self.centre = centre }
    var state: State { State(position: position) }
    mutating func restore(_ state: State) throws { position = state.position }
    mutating func start(at point: [Double]?, using streams: ChainStreams) throws {
      var stream = streams.start(attempt: 0)
      position = point?[0] ?? stream.normal()
    }
    mutating func step(isWarmUp: Bool, using stream: inout RandomStream) throws -> StepInfo {
      position = centre + 0.5 * (position - centre) + stream.normal()
      return StepInfo(logDensity: -0.375 * (position - centre) * (position - centre), acceptance: 1)
    }
    mutating func variables(into values: inout MutableSpan<Double>, using stream: inout RandomStream) throws {
      values[0] = position
    }
    var tuning: ChainTuning { ChainTuning() }
  }

  private func withCheckpoint(_ body: (Checkpointing) throws -> Void) rethrows {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("kernel-\(UUID().uuidString).checkpoint")
    defer { try? FileManager.default.removeItem(at: url) }
    try body(Checkpointing(url: url))
  }

  @Test("a checkpoint of a kernel of one's own is of its target, whatever the identity says")
  func kernelsAreToldApart() throws {
    try withCheckpoint { checkpoint in
      var options = SamplingOptions(chains: 2, warmUp: 5, draws: 20, seed: 3, checkpoint: checkpoint)
      func run(_ centre: Double) throws -> Fit {
        try ChainRunner(options).run(names: ["x"], identity: "walk") { Walk(centre: centre) }
      }
      let fit = try run(1)
      #expect(try run(1).draws == fit.draws)
      options.draws = 40
      #expect(try run(1).draws[0, chain: 1].prefix(20).elementsEqual(fit.draws[0, chain: 1]))
      let error = #expect(throws: CheckpointError.self) { try run(1 + 1e-9) }
      guard case .otherRun(_, "its data or model differ") = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  /// A standard normal of which the kept variable cannot always be had.
  struct Unkeepable: LogDensity {
    var dimension = 1
    var variableNames = ["x"]
    var limit = Double.infinity

    struct Evaluator: LogDensityEvaluator {
      let limit: Double
      struct Beyond: Error, CustomStringConvertible { let description = "no value beyond the limit" }

      mutating func logDensity(at q: Span<Double>, gradient: inout MutableSpan<Double>) throws -> Double {
        gradient[0] = -q[0]
        return -0.5 * q[0] * q[0]
      }
      mutating func variables(
        at q: Span<Double>, into values: inout MutableSpan<Double>, using stream: inout RandomStream
      ) throws {
        if q[0] > limit { throw Beyond() }
        values[0] = q[0]
      }
    }
    struct Plain: LogDensityEvaluator {
      mutating func logDensity(at q: Span<Double>, gradient: inout MutableSpan<Double>) throws -> Double {
        for i in q.indices { gradient[i] = -q[i] }
        return -0.5 * q[0] * q[0]
      }
    }
    func makeEvaluator() -> Evaluator { Evaluator(limit: limit) }
  }

  @Test(
    "a chain that fails while a draw is kept can be read back from its checkpoint", arguments: RunningTests.samplers)
  func failuresOfVariables(_ sampler: any Sampler) {
    withCheckpoint { checkpoint in
      let options = SamplingOptions(chains: 3, warmUp: 20, draws: 150, seed: 12, checkpoint: checkpoint)
      // That one's blocks are of three coordinates.
      guard !(sampler is RandomWalkMetropolis) else { return }
      func run() -> Result<Fit, any Error> { Result { try Unkeepable(limit: 1.8).sample(sampler, options) } }
      switch (run(), run()) {
      case (.success(let first), .success(let second)):
        #expect(first.draws == second.draws && first.chainFailures == second.chainFailures)
        #expect(!first.chainFailures.isEmpty)
      case (.failure(let first as SamplingError), .failure(let second as SamplingError)): #expect(first == second)
      case (let first, let second): Issue.record("\(first), then \(second)")
      }
    }
  }

  /// Two coordinates, named as told, that keep themselves.
  struct Named: LogDensity {
    var dimension = 2
    var variableNames: [String]
    func makeEvaluator() -> Unkeepable.Plain { Unkeepable.Plain() }
  }

  @Test("densities without coordinates, of repeated names, or of other names than variables")
  func formsThatCannotBe() throws {
    let cases: [(Named, String)] = [
      (Named(dimension: 0, variableNames: []), "has 0 coordinates"),
      (Named(dimension: -1, variableNames: []), "has -1 coordinates"),
      (Named(variableNames: ["a", "a"]), "two variables named a"),
      (Named(variableNames: ["a"]), "needs a variables(at:into:using:)"),
      (Named(variableNames: ["a", "b", "c"]), "names 3 variables"),
    ]
    for (density, words) in cases {
      let runs: [() throws -> Void] =
        RunningTests.samplers.filter { !($0 is RandomWalkMetropolis) }.map { sampler in
          { _ = try density.sample(sampler, chains: 1, warmUp: 5, draws: 5, seed: 1) }
        } + [
          { _ = try Laplace(drawCount: 5).fit(density, seed: 1) },
          { _ = try VariationalInference(drawCount: 5).fit(density, seed: 1) },
          { _ = try Pathfinder(drawCount: 5, drawsPerPath: 5).fit(density, seed: 1) },
        ]
      for run in runs {
        do {
          try run()
          Issue.record("\(density) was drawn from")
        } catch { #expect("\(error)".contains(words), "\(error) lacks \(words)") }
      }
    }
    #expect(throws: SamplingError.self) {
      _ = try ChainRunner(SamplingOptions(chains: 1, warmUp: 0, draws: 3, seed: 1))
        .run(names: ["x", "x"], identity: "walk") { Walk(centre: 0) }
    }
  }

  @Test("settings with which no proposal can be made are refused")
  func settings() {
    let density = IndependentNormals(sds: [1])
    for sampler: any Sampler in [
      RandomWalkMetropolis(targetAcceptance: .nan), RandomWalkMetropolis(targetAcceptance: 1),
      RandomWalkMetropolis(targetAcceptance: -0.2), RandomWalkMetropolis(startRadius: .nan),
      RandomWalkMetropolis(startRadius: -1), CoordinateSlice(startRadius: .infinity), CoordinateSlice(width: .nan),
      NUTS(startRadius: .nan), NUTS(maximumEnergyError: .nan), HMC(time: .infinity), HMC(jitter: .nan),
    ] {
      let error = #expect(throws: SamplingError.self, "\(sampler)") {
        try density.sample(sampler, chains: 1, warmUp: 5, draws: 5, seed: 1)
      }
      #expect(error?.description.contains("needs") == true, "\(String(describing: error))")
    }
    // As many steps as can be counted are no trap.
    #expect(throws: Never.self) {
      try density.sample(HMC(time: 1, maximumSteps: .max, stepSize: 0.1), chains: 1, warmUp: 5, draws: 5, seed: 1)
    }
  }

  // MARK: - Gibbs

  /// A regression on two columns, by conjugate blocks; flat priors where the variance is infinite.
  private func regression(_ x: [Double], _ y: [Double], priorVariance: Double) throws -> Gibbs {
    let n = Double(x.count)
    let alpha = GibbsBlock.conjugate("alpha", 0..<1) { state, _ in
      Conjugate.normalMean(
        priorMean: 0, priorVariance: priorVariance, sum: zip(x, y).reduce(0) { $0 + $1.1 - state[1] * $1.0 }, count: n,
        variance: state[2])
    }
    let beta = GibbsBlock.conjugate("beta", 1..<2) { state, _ in
      Conjugate.normalMean(
        priorMean: 0, priorVariance: priorVariance, sum: zip(x, y).reduce(0) { $0 + $1.0 * ($1.1 - state[0]) },
        count: x.reduce(0) { $0 + $1 * $1 }, variance: state[2])
    }
    let variance = GibbsBlock.conjugate("variance", 2..<3) { state, _ in
      let squares = zip(x, y).reduce(0) {
        $0 + ($1.1 - state[0] - state[1] * $1.0) * ($1.1 - state[0] - state[1] * $1.0)
      }
      return Conjugate.normalVariance(shape: 2, scale: 1, sumOfSquares: squares, count: n)
    }
    return try Gibbs(names: ["alpha", "beta", "variance"], blocks: [alpha, beta, variance]) { stream in
      [stream.normal(), stream.normal(), 1]
    }
  }

  @Test("Gibbs: data that are no numbers, no rows, a constant column, one row, a block that throws at random")
  func gibbsData() throws {
    let options = SamplingOptions(chains: 4, warmUp: 100, draws: 300, seed: 9)
    func expect(_ words: String, _ run: () throws -> Fit) {
      let error = #expect(throws: SamplingError.self) { try run() }
      #expect(error?.description.contains(words) == true, "\(String(describing: error)) lacks \(words)")
    }
    for value in [Double.nan, .infinity] {
      expect("Block alpha drew") { try regression([1, 2], [0, value], priorVariance: 1).sample(options) }
      expect("Block alpha drew") { try regression([1, value], [0, 1], priorVariance: 1).sample(options) }
    }
    // No rows: the prior where it is proper, an error where it is flat.
    let prior = try regression([], [], priorVariance: 4).sample(options)
    #expect(try prior.check("alpha", mean: 0).passes() && prior.chainFailures.isEmpty)
    expect("Block alpha drew nan") { try regression([], [], priorVariance: .infinity).sample(options) }
    let column = [Double](repeating: 2, count: 30)
    let y = (0..<30).map { 3 + sin(Double($0)) }
    let flat = try regression(column, y, priorVariance: .infinity).sample(options)
    #expect(flat.verdict.validity.contains { $0.kind != .tooFewDraws }, "\(flat.verdict)")
    let one = try regression([1], [0.5], priorVariance: 1).sample(options)
    #expect(one.draws.values.allSatisfy { $0.isFinite } && one.chainFailures.isEmpty)
    let throwing = GibbsBlock.custom("x", 0..<1) { state, stream in
      if stream.uniform() < 0.02 { throw FaultyNormal.Broken() }
      state[0] = stream.normal()
    }
    expect("the density broke") { try Gibbs(names: ["x"], blocks: [throwing]) { _ in [0] }.sample(options) }
    // What a block must not do, and starts that cannot be.
    let growing = GibbsBlock.custom("x", 0..<1) { state, _ in state.append(1) }
    expect("left a state of 2 numbers") { try Gibbs(names: ["x"], blocks: [growing]) { _ in [0] }.sample(options) }
    let fine = GibbsBlock.conjugate("x", 0..<1) { _, _ in .normal(mean: 0, variance: 1) }
    expect("not finite") { try Gibbs(names: ["x"], blocks: [fine]) { _ in [.nan] }.sample(options) }
    expect("has 2 numbers") { try Gibbs(names: ["x"], blocks: [fine]) { _ in [0, 0] }.sample(options) }
    expect("log density is nan") {
      try Gibbs(names: ["x"], blocks: [fine], logDensity: { _ in .nan }) { _ in [0] }.sample(options)
    }
  }

  @Test("an independence chain stays where no proposal has a weight that is a number")
  func independenceWeights() {
    var stream = RandomStream(seed: 1, purpose: 2)
    let none = [0, Double.nan, -.infinity, .nan]
    #expect(IndependenceMetropolis.chain(logWeights: none, startingAt: 0, using: &stream) == [0, 0, 0, 0])
    #expect(
      IndependenceMetropolis.chain(logWeights: [-.infinity, .nan, 1], startingAt: 0, using: &stream) == [0, 0, 2])
  }

  @Test("conditionals outside their range, categories that do not fit and widths that are none end in words")
  func gibbsBlocks() throws {
    for conditional: FullConditional in [
      .inverseGamma(shape: 2, scale: -1), .inverseGamma(shape: 2, scale: 0), .inverseGamma(shape: .nan, scale: 1),
      .gamma(shape: 2, rate: -1), .gamma(shape: 2, rate: 0), .gamma(shape: 0, rate: 1),
      .normal(mean: 0, variance: -1), .normal(mean: .nan, variance: 1), .beta(0, 1), .beta(1, .infinity),
    ] {
      var stream = RandomStream(seed: 1, purpose: 2)
      #expect(conditional.draw(using: &stream).isNaN, "\(conditional)")
    }
    func gibbs(_ block: GibbsBlock, names: [String] = ["a"]) throws -> Fit {
      try Gibbs(names: names, blocks: [block]) { _ in names.map { _ in 0.5 } }
        .sample(SamplingOptions(chains: 2, warmUp: 10, draws: 10, seed: 1))
    }
    func expect(_ words: String, _ run: () throws -> Fit) {
      let error = #expect(throws: SamplingError.self) { try run() }
      #expect(error?.description.contains(words) == true, "\(String(describing: error)) lacks \(words)")
    }
    for width in [0, -1, Double.nan, .infinity] {
      expect("Block b has a width of") { try gibbs(.slice("b", 0..<1, width: width) { _, _ in 0 }) }
      expect("Block b has a scale of") { try gibbs(.metropolis("b", 0..<1, scale: width) { _, _ in 0 }) }
    }
    expect("1 concentrations for 2") {
      try gibbs(.dirichlet("b", 0..<2, concentration: [1], counts: { _ in [0, 0] }), names: ["p", "q"])
    }
    expect("concentration of 0") {
      try gibbs(.dirichlet("b", 0..<2, concentration: [1, 0], counts: { _ in [0, 0] }), names: ["p", "q"])
    }
    expect("counted 1 categories") {
      try gibbs(.dirichlet("b", 0..<2, concentration: [1, 1], counts: { _ in [0] }), names: ["p", "q"])
    }
    expect("drew nan") {
      try gibbs(.dirichlet("b", 0..<2, concentration: [1, 1], counts: { _ in [.nan, 0] }), names: ["p", "q"])
    }
    // A density that is no number at the state would leave the chain there for good.
    for value in [Double.nan, .infinity] {
      expect("log density of block b is \(value.isNaN ? "nan" : "inf")") {
        try gibbs(.slice("b", 0..<1) { _, _ in value })
      }
      expect("log density of block b is") { try gibbs(.metropolis("b", 0..<1) { _, _ in value }) }
    }
  }

  @Test("Dirichlet draws of concentrations so small that gamma variates underflow are still probabilities")
  func smallConcentrations() {
    var stream = RandomStream(seed: 4, purpose: 2)
    var state = [0.0, 0, 0]
    var firsts = 0
    for _ in 0..<3000 {
      Conjugate.drawProbabilities(
        concentration: [2e-5, 1e-5, 1e-5], counts: [0, 0, 0], into: &state, 0..<3, using: &stream)
      #expect(abs(state.reduce(0, +) - 1) < 1e-12)
      if state[0] > 0.5 { firsts += 1 }
    }
    // One category takes all; the first half of the time.
    #expect(abs(firsts - 1500) < 5 * 28)
  }
}
