import Foundation
import Inference
import NumericKernels
import Testing

/// Every sampler on three models, and samplers with mistakes, which must be found out.
@Suite struct CalibrationTests {
  static let harness = SimulationBasedCalibration(replications: 200, rankedDraws: 31, seed: 41)
  static let models: [any CalibrationModel] = [NormalSample(), PoissonRates(), Proportions()]

  private func expectCalibrated(_ result: CalibrationResult, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(result.failures.isEmpty, "\(result.failures.first.map(\.reason) ?? "")", sourceLocation: sourceLocation)
    #expect(result.isCalibrated(), "\(result.rows())", sourceLocation: sourceLocation)
  }

  @Test(arguments: models)
  func noUTurnSampler(_ model: any CalibrationModel) {
    expectCalibrated(model.calibrate(Self.harness, NUTS(), thinning: 4))
  }

  @Test(arguments: models)
  func hamiltonian(_ model: any CalibrationModel) {
    expectCalibrated(model.calibrate(Self.harness, HMC(), thinning: 4))
  }

  @Test(arguments: models)
  func metropolis(_ model: any CalibrationModel) {
    expectCalibrated(model.calibrate(Self.harness, RandomWalkMetropolis(sweeps: 10), thinning: 5))
  }

  @Test(arguments: models)
  func slice(_ model: any CalibrationModel) {
    expectCalibrated(model.calibrate(Self.harness, CoordinateSlice(), thinning: 6))
  }

  @Test(arguments: models)
  func gibbs(_ model: any CalibrationModel) {
    expectCalibrated(model.calibrate(Self.harness, thinning: 12) { try model.gibbs($0) })
  }

  // MARK: - Mistakes

  /// A proposal with a drift, accepted as if it had none.
  @Test func unbalancedProposalIsCaught() {
    let model = NormalSample()
    func result(drift: Double) -> CalibrationResult {
      model.calibrate(Self.harness, DriftingMetropolis(drift: drift), thinning: 40)
    }
    expectCalibrated(result(drift: 0))
    #expect(!result(drift: 0.6).isCalibrated())
  }

  /// The mean is drawn with half its variance: its draws are too narrow, which the spread of ranks tells.
  @Test func narrowConditionalIsCaught() throws {
    let model = NormalSample()
    let result = model.calibrate(Self.harness, thinning: 5) { try model.gibbs($0, shrink: 0.5) }
    #expect(!result.isCalibrated())
    let mean = try #require(result.rows().first { $0.name == "mu" })
    #expect(mean.spread > 1.1 && abs(mean.meanRank - 0.5) < 0.1)
  }

  /// A density without the log Jacobian of its transform, under a right sampler.
  @Test func forgottenJacobianIsCaught() throws {
    let model = NormalSample()
    let result = Self.harness.run { stream, seed in
      let (truth, data) = model.simulate(using: &stream)
      var density = model.density(data)
      density.forgetsJacobian = true
      let options = SamplingOptions(chains: 1, warmUp: 250, draws: 31, thinning: 4, seed: seed, threads: 1)
      return try model.replication(truth, data, try density.sample(NUTS(), options).draws)
    }
    #expect(!result.isCalibrated())
    let variance = try #require(result.rows().first { $0.name == "variance" })
    #expect(variance.meanRank > 0.55)
  }

  // MARK: - The harness

  @Test func threadsDoNotChangeRanks() {
    let model = PoissonRates()
    func ranks(threads: Int) -> [[Int]] {
      let harness = SimulationBasedCalibration(replications: 9, rankedDraws: 7, seed: 5, threads: threads)
      return model.calibrate(harness, NUTS(), thinning: 1).ranks
    }
    let one = ranks(threads: 1)
    #expect(one == ranks(threads: 2))
    #expect(one.count == 5 && one.allSatisfy { $0.count == 9 && $0.allSatisfy { (0...7).contains($0) } })
  }

  @Test func failedFitsAreToldAndFail() {
    struct Broken: Error {}
    let harness = SimulationBasedCalibration(replications: 40, rankedDraws: 3, seed: 6)
    let result = harness.run { stream, _ in
      if stream.uniform() < 0.2 { throw Broken() }
      return SimulationBasedCalibration.Replication(
        truth: [("x", stream.uniform())],
        draws: Draws(wellFormed: ["x"], chainCount: 1, drawCount: 3, values: (0..<3).map { _ in stream.uniform() }))
    }
    #expect((1..<20).contains(result.failures.count) && result.failures[0].reason == "Broken()")
    #expect(result.ranks[0].count == 40 - result.failures.count)
    #expect(!result.isCalibrated())
  }

  /// Of right samplers, a test at 5 % rejects in about one of twenty.
  @Test func levelsAreKept() {
    var stream = RandomStream(seed: 8, purpose: 1)
    var rejections = 0
    for _ in 0..<200 {
      let ranks = (0..<100).map { _ in stream.integer(below: 20) }
      let row = CalibrationResult(names: ["x"], ranks: [ranks], rankedDraws: 19).rows()[0]
      if row.ecdf < 0.05 { rejections += 1 }
      #expect(row.chiSquare > 0 && row.chiSquare <= 1)
    }
    #expect((2...22).contains(rejections), "\(rejections)")
  }

  @Test func bandHoldsUniformRanksAndNotSkewedOnes() {
    let band = RankBand(count: 100, rankedDraws: 9)
    let limits = band.limits()
    #expect(limits.count == 9)
    for (r, limit) in limits.enumerated() {
      #expect(limit.contains(10 * (r + 1)))
      #expect(limit.upperBound - limit.lowerBound < 40)
    }
    #expect(band.pValue((0..<100).map { $0 % 10 }) > 0.5)
    #expect(band.pValue((0..<100).map { min(9, $0 % 13) }) < 0.01)
  }
}

/// A Metropolis sampler whose proposals drift upwards, without the correction that would make up for it.
struct DriftingMetropolis: Sampler {
  let drift: Double

  func makeKernel(for density: some LogDensity, warmUp: Int) throws -> Kernel {
    Kernel(evaluator: try density.makeEvaluator(), dimension: density.dimension, drift: drift)
  }

  struct Position: StoredState {
    var coordinates: [Double]

    init(_ coordinates: [Double]) { self.coordinates = coordinates }
    init(from words: inout WordReader) throws(DamagedState) { coordinates = try words.doubles() }
    func store(into words: inout WordWriter) { words.write(coordinates) }
  }

  struct Kernel: MarkovKernel {
    var evaluator: any LogDensityEvaluator
    let dimension: Int
    let drift: Double
    var position: [Double] = []
    var logDensity = 0.0

    var state: Position { Position(position) }
    let tuning = ChainTuning()

    private mutating func evaluate(_ point: [Double]) throws -> Double {
      var scratch = [Double](repeating: 0, count: dimension)
      var gradient = scratch.mutableSpan
      return try evaluator.logDensity(at: point.span, gradient: &gradient)
    }

    mutating func restore(_ state: Position) throws {
      position = state.coordinates
      logDensity = try evaluate(position)
    }

    mutating func start(at point: [Double]?, using streams: ChainStreams) throws {
      try restore(Position(point ?? [Double](repeating: 0, count: dimension)))
    }

    mutating func step(isWarmUp: Bool, using stream: inout RandomStream) throws -> StepInfo {
      let proposal = position.map { $0 + 0.7 * (stream.normal() + drift) }
      let proposed = try evaluate(proposal)
      if proposed - logDensity > -stream.exponential() { (position, logDensity) = (proposal, proposed) }
      return StepInfo(logDensity: logDensity, acceptance: 1)
    }

    mutating func variables(into values: inout MutableSpan<Double>, using stream: inout RandomStream) throws {
      let position = position
      try evaluator.variables(at: position.span, into: &values, using: &stream)
    }
  }
}
