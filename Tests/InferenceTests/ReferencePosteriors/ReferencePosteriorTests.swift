import Foundation
import Inference
import Testing

/// Six posteriors of posteriordb by NUTS, against ten thousand draws by Stan.
///
/// The acceptance target is that of the reference's own run, as posteriordb's `reference_posteriors/draws/info` tells
/// it under `adapt_delta`: 0.95 for eight schools (rstan 2.21.1, 10 chains of 10,000 + 10,000, no divergence), 0.8 for
/// the other five (rstan 2.19.2 and 2.19.3, none either). At 0.8 eight schools diverges a few times in 4,000 draws in
/// nutpie and PyMC too; `divergencesAreNoMoreThanNutpies` compares.
@Suite struct ReferencePosteriorTests {
  @Test(arguments: ReferenceModel.allCases)
  func noUTurnSamplerAgreesWithStan(_ reference: ReferenceModel) throws {
    let expected = try ReferencePosterior.read(reference.rawValue)
    let target = reference == .eightSchools ? 0.95 : 0.8
    let fit = try reference.model(expected).compile()
      .sample(NUTS(targetAcceptance: target), draws: 2000, seed: 2026)
    expected.expectAgreement(of: fit)
    // The reference draws are without divergences.
    #expect(fit.statistics.divergenceCount == 0)
  }

  /// Ten runs of 4,000 draws at a target of 0.8. nutpie 0.16.8 has 4.05 divergences a run on average over 20 seeds
  /// (PyMC 5.28.5's model, 1,000 + 1,000 draws of 4 chains), at the same mean step of 0.62; at 0.95 it has none.
  @Test func divergencesAreNoMoreThanNutpies() throws {
    let posterior = try ReferenceModel.eightSchools.model(.read(ReferenceModel.eightSchools.rawValue)).compile()
    let counts = try (1...10).map { try posterior.sample(NUTS(), seed: $0).statistics.divergenceCount }
    #expect(counts.reduce(0, +) <= 40, "\(counts)")
  }
}

/// Posteriors of models that posteriordb and Stan's users' guide are full of, against long runs of nutpie on the PyMC
/// model; `Reference/further_posteriors.py` writes data and figures, with the versions.
@Suite struct FurtherPosteriorTests {
  @Test(arguments: FurtherModel.allCases)
  func noUTurnSamplerAgreesWithNutpie(_ reference: FurtherModel) throws {
    let expected = try ReferencePosterior.read(reference.rawValue, folder: "further_posteriors")
    let posterior = try reference.model(expected).compile()
    let fit = try posterior.sample(NUTS(targetAcceptance: 0.95), draws: 1500, seed: 2027)
    expected.expectAgreement(of: fit)
    #expect(fit.statistics.divergenceCount <= 3)
  }
}

extension ReferencePosterior {
  /// Means and mean squares within 4 combined Monte Carlo standard errors, and chains that have converged.
  func expectAgreement(of fit: Fit) {
    #expect(fit.chainFailures.isEmpty && fit.outcome == .complete && !variables.isEmpty)
    for (name, figures) in variables {
      guard let draws = try? Array(fit.draws.draws(of: name)) else {
        Issue.record("no variable \(name)")
        continue
      }
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
