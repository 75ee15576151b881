import Foundation
import Inference
import NumericKernels
import Testing

/// Effects of sum 0 with a scale of their own, whose normal prior is of K - 1 dimensions: simulated by hand, and
/// sampled from the model.
@Suite struct ZeroSumCalibrationTests {
  static let groups = 4

  private func calibrate(_ harness: SimulationBasedCalibration, extra: Double) -> CalibrationResult {
    harness.run { stream, seed in
      let tau = exp(0.5 * stream.normal())
      let free = (0..<Self.groups).map { _ in tau * stream.normal() }
      let effects = free.map { $0 - free.reduce(0, +) / Double(Self.groups) }
      let group = (0..<12).map { $0 % Self.groups }
      let y = group.map { effects[$0] + stream.normal() }
      var model = Model()
      let scale = model.parameter("tau", .logNormal(0, 0.5))
      let effect = model.parameter("effect", count: Self.groups, .normal(0, scale), constraint: .zeroSum)
      model.observe("y", y, .normal(effect[try model.index("group", group)], 1))
      if extra != 0 { model.addLogDensity("extra", extra * log(scale)) }
      let options = SamplingOptions(
        chains: 1, warmUp: 250, draws: harness.rankedDraws, thinning: 4, seed: seed, threads: 1)
      let draws = try model.compile().sample(NUTS(), options).draws
      return SimulationBasedCalibration.Replication(
        truth: [("tau", tau), ("effect[1]", effects[0]), ("effect[4]", effects[3])], draws: draws)
    }
  }

  @Test func normalPriorsOfSumZero() {
    let result = calibrate(SimulationBasedCalibration(replications: 200, rankedDraws: 31, seed: 43), extra: 0)
    #expect(result.failures.isEmpty, "\(result.failures.first.map(\.reason) ?? "")")
    #expect(result.isCalibrated(), "\(result.rows())")
  }

  /// Without the normalisation the density has a scale too many in its denominator.
  @Test func forgottenNormalisationIsCaught() {
    let result = calibrate(SimulationBasedCalibration(replications: 400, rankedDraws: 31, seed: 44), extra: -1)
    #expect(result.failures.isEmpty && !result.isCalibrated(), "\(result.rows())")
  }
}
