import Inference
import NumericKernels
import TestSupport
import Testing

@Suite("Predictive checks")
struct PredictiveCheckTests {
  /// Counts and replications of them from the same law, or from one with other zeros.
  private func counts(zeroShare: Double = 0, observations: Int = 400) throws -> PredictiveCheck {
    var stream = RandomStream(seed: 5, purpose: 1)
    let observed = (0..<observations).map { _ in stream.uniform() < zeroShare ? 0 : Double(stream.poisson(3)) }
    let values = (0..<(observations * 100)).map { _ in Double(stream.poisson(3)) }
    return try PredictiveCheck(
      observed: observed,
      replicated: Draws(
        wellFormed: observed.indices.map { "y[\($0)]" }, chainCount: 2, drawCount: 50, values: values))
  }

  @Test("data from the model: p-values in the middle, transforms uniform")
  func matching() throws {
    let check = try counts()
    let rows = check.standardComparisons()
    #expect(rows.map(\.name) == ["mean", "sd", "smallest", "largest", "share of zeros"])
    #expect(rows.allSatisfy { $0.pValue > 0.01 && $0.pValue < 0.99 })
    let transforms = check.integralTransforms(seed: 3)
    #expect(GoodnessOfFit.kolmogorovSmirnov(transforms) { $0 } > 1e-3)
    #expect(transforms == check.integralTransforms(seed: 3))
    #expect(transforms != check.integralTransforms(seed: 4))
    #expect(abs(PredictiveCheck.coverage(of: transforms, probability: 0.8) - 0.8) < 0.08)
  }

  @Test("too many zeros show in the statistic and in the transforms")
  func zeros() throws {
    let check = try counts(zeroShare: 0.4)
    let zeros = try #require(check.standardComparisons().first { $0.name == "share of zeros" })
    #expect(zeros.observed > 0.3 && zeros.pValue == 0)
    #expect(GoodnessOfFit.kolmogorovSmirnov(check.integralTransforms(seed: 3)) { $0 } < 1e-6)
    #expect(check.table().contains("share of zeros"))
  }

  @Test("ties count half; without randomness a transform is exact")
  func ties() throws {
    let replicated = Draws(wellFormed: ["a", "b"], chainCount: 1, drawCount: 4, values: [1, 2, 3, 4, 1, 1, 1, 1])
    let check = try PredictiveCheck(observed: [2.5, 9], replicated: replicated)
    #expect(check.integralTransforms(seed: 1) == [0.5, 1])
    let largest = check.compare("constant") { _ in 7 }
    #expect(largest.pValue == 0.5 && largest.mean == 7)
    #expect(check.compare("undefined") { _ in .nan }.pValue.isNaN)
  }

  @Test("counts that do not match are refused")
  func refused() {
    let two = Draws(wellFormed: ["a", "b"], chainCount: 1, drawCount: 1, values: [1, 2])
    #expect(throws: PredictiveCheck.Unsuitable.differentCounts(observed: 1, replicated: 2)) {
      try PredictiveCheck(observed: [1], replicated: two)
    }
    let none = Draws(wellFormed: ["a"], chainCount: 1, drawCount: 0, values: [])
    #expect(throws: PredictiveCheck.Unsuitable.noDraws) { try PredictiveCheck(observed: [1], replicated: none) }
  }
}
