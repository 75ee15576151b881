import Foundation
import Inference
import Testing

/// Six posteriors of posteriordb by NUTS, against ten thousand draws by Stan.
///
/// The acceptance target is 0.95 for all, as in the reference's own runs: at 0.8 eight schools has a divergence in some
/// thousands of draws, in Stan as here.
@Suite struct ReferencePosteriorTests {
  @Test(arguments: ReferenceModel.allCases)
  func noUTurnSamplerAgreesWithStan(_ reference: ReferenceModel) throws {
    let expected = try ReferencePosterior.read(reference.rawValue)
    let posterior = try reference.model(expected).compile()
    let fit = try posterior.sample(NUTS(targetAcceptance: 0.95), draws: 2000, seed: 2026)
    #expect(fit.chainFailures.isEmpty && fit.outcome == .complete)
    // The reference draws are without divergences.
    #expect(fit.statistics.divergenceCount == 0)
    #expect(expected.variables.count <= posterior.variableNames.count && !expected.variables.isEmpty)
    for (name, figures) in expected.variables {
      let draws = Array(try fit.draws.draws(of: name))
      let first = DrawSummary.Row(name: name, draws: draws, chains: fit.draws.chainCount)
      let second = DrawSummary.Row(name: name, draws: draws.map { $0 * $0 }, chains: fit.draws.chainCount)
      #expect(first.rHat < 1.01 && first.bulkESS > 400 && first.tailESS > 400, "\(name): \(first)")
      let distances = [
        (first.mean - figures[0]) / (first.mcse * first.mcse + figures[1] * figures[1]).squareRoot(),
        (second.mean - figures[2]) / (second.mcse * second.mcse + figures[3] * figures[3]).squareRoot(),
      ]
      #expect(distances.allSatisfy { abs($0) < 4 }, "\(name): \(distances)")
    }
  }
}
