import Inference
import Testing

/// Summary and verdict of fits by NUTS: eight schools (Rubin 1981), whose centred form is known to fail and whose
/// non-centred form is known to work.
@Suite("Summary and verdict of a fit")
struct FitSummaryTests {
  private func fit(_ parameterization: Parameterization, draws: Int = 1000) throws -> Fit {
    var model = Model()
    let mu = model.parameter("mu", .normal(0, 5))
    let tau = model.parameter("tau", .halfCauchy(5))
    let theta = model.parameter("theta", count: 8, .normal(mu, tau), parameterization: parameterization)
    model.observe(
      "y", [28.0, 8, -3, 7, -1, 1, 18, 12], .normal(theta, [15.0, 10, 16, 11, 9, 11, 10, 18]))
    return try model.compile().sample(NUTS(targetAcceptance: 0.9), warmUp: 1000, draws: draws, seed: 3)
  }

  @Test("the non-centred form: figures of the reference posterior, and a verdict of one line")
  func good() throws {
    let fit = try fit(.nonCentered)
    // Means and sds of posteriordb's reference draws, eight_schools-eight_schools_noncentered.
    let summary = try fit.summary(of: ["mu", "tau"])
    #expect(summary.rows.map(\.name) == ["mu", "tau"])
    #expect(abs(summary.rows[0].mean - 4.41) < 0.3 && abs(summary.rows[0].sd - 3.30) < 0.3)
    #expect(abs(summary.rows[1].mean - 3.60) < 0.4 && abs(summary.rows[1].sd - 3.20) < 0.5)
    #expect(fit.summary().rows.count == 10)
    let lines = fit.summary(highestDensity: 0.9).description.split(separator: "\n")
    #expect(lines.count == 11 && lines[0].contains("90% from") && lines.allSatisfy { $0.count <= 80 })
    #expect(!fit.verdict.validity.contains { $0.kind == .chainsDisagree || $0.kind == .tooFewDraws })
    #expect(throws: Draws.UnknownVariable.self) { try fit.summary(of: ["sigma"]) }
  }

  @Test("the centred form: divergences are found, where they are is told, and what to try")
  func bad() throws {
    let verdict = try fit(.centered).verdict
    let finding = try #require(verdict.validity.first { $0.kind == .divergences }, "\(verdict)")
    #expect(finding.text.contains("where tau is small"))
    #expect(finding.remedy.contains("non-centred"))
    #expect(verdict.description.hasPrefix("Do not rely on these draws yet:"))
  }

  @Test("a run that was cut short says so, and depth is judged by the limit given")
  func cutShort() throws {
    let whole = try fit(.nonCentered, draws: 500)
    let fit = Fit(
      draws: whole.draws, statistics: whole.statistics,
      chainFailures: [ChainFailure(chain: 2, iteration: 7, reason: "the disk is full")], outcome: .outOfTime)
    #expect(fit.verdict.remarks == ["the time budget ended the run after 500 draws a chain."])
    #expect(fit.verdict.validity.first?.kind == .failedChains)
    #expect(fit.verdict.validity.first?.text.contains("the disk is full") == true)
    #expect(fit.verdict.efficiency.isEmpty)
    #expect(fit.verdict(depthLimit: 2).efficiency.map(\.kind) == [.treeDepth])
  }

  @Test("the name of a vector stands for its elements, in the order asked for")
  func subset() throws {
    let draws = Draws(
      wellFormed: ["a", "b[1]", "b[2]", "bc"], chainCount: 1, drawCount: 2, values: [1, 2, 3, 4, 5, 6, 7, 8])
    let part = try draws.subset(["bc", "b"])
    #expect(part.names == ["bc", "b[1]", "b[2]"] && part.values == [7, 8, 3, 4, 5, 6])
    #expect(try draws.subset(["b[2]"]).values == [5, 6])
  }
}
