import Foundation
import Inference
import TestSupport
import Testing

/// Against ArviZ 0.23.4 and R's loo 2.5.1; `Reference/predictive.py` writes log likelihoods and figures.
@Suite("Predictive accuracy")
struct PredictiveAccuracyTests {
  private let rows: [String: [Double]]
  private let models = ["wide", "narrow", "shifted"]
  private let chains = 3

  init() throws {
    let url = try #require(
      Bundle.module.url(forResource: "predictive", withExtension: "csv", subdirectory: "Resources"))
    let table = ReferenceTable([UInt8](try Data(contentsOf: url)))
    rows = Dictionary(uniqueKeysWithValues: table.rows.map { ($0.name, $0.values) })
  }

  private func row(_ name: String) throws -> [Double] { try #require(rows[name], "no figures \(name)") }

  private func draws(_ prefix: String) throws -> Draws {
    let columns = try (1...9).map { try row("\(prefix).\($0)") }
    return Draws(
      wellFormed: (1...9).map { "x[\($0)]" }, chainCount: chains, drawCount: columns[0].count / chains,
      values: columns.flatMap { $0 })
  }

  private func leaveOneOut(_ model: String) throws -> LeaveOneOut {
    LeaveOneOut(logLikelihood: try draws("\(model).loglik"), relativeEfficiency: 0.7)
  }

  private func expect(_ actual: [Double], _ expected: [Double], _ what: String, _ tolerance: Double = 1e-9) {
    #expect(actual.count == expected.count, "\(what)")
    for (a, e) in zip(actual, expected) {
      #expect(abs(a - e) <= tolerance * max(abs(e), 1e-6), "\(what): \(a) against \(e)")
    }
  }

  @Test("leave-one-out agrees with ArviZ and loo")
  func loo() throws {
    for model in models {
      let loo = try leaveOneOut(model)
      expect(loo.pointwise, try row("\(model).arviz.pointwise"), "\(model), pointwise")
      expect(loo.paretoK, try row("\(model).arviz.k"), "\(model), k")
      let n = 9.0
      expect(
        [loo.elpd, loo.standardError * ((n - 1) / n).squareRoot(), loo.effectiveParameters],
        try row("\(model).arviz.loo"), "\(model) against ArviZ")
      expect(
        [loo.elpd, loo.standardError, loo.effectiveParameters, loo.effectiveParametersError],
        try row("\(model).r.loo"), "\(model) against loo")
      #expect(loo.unreliable.isEmpty && loo.description.contains("can be relied on"))
    }
  }

  @Test("WAIC agrees with loo, and with ArviZ but for its divisors")
  func waic() throws {
    for model in models {
      let waic = WidelyApplicableInformation(logLikelihood: try draws("\(model).loglik"))
      expect(
        [waic.elpd, waic.standardError, waic.effectiveParameters, waic.effectiveParametersError],
        try row("\(model).r.waic"), model)
      let arviz = try row("\(model).arviz.waic")
      expect([waic.effectiveParameters * 299 / 300], [arviz[2]], "\(model) against ArviZ")
    }
  }

  @Test("comparison agrees with loo; stacking weights are optimal and near ArviZ's")
  func comparison() throws {
    let accuracies = try models.map { (name: $0, accuracy: try leaveOneOut($0)) }
    let comparison = try ModelComparison(accuracies.map { ($0.name, $0.accuracy) })
    #expect(comparison.rows.map(\.name) == ["wide", "shifted", "narrow"])
    let expected = try row("r.compare")
    let arviz = try row("arviz.stacking")
    var weights: [Double] = []
    for (position, model) in models.enumerated() {
      let found = try #require(comparison.rows.first { $0.name == model })
      expect([found.difference, found.differenceError], [expected[2 * position], expected[2 * position + 1]], model)
      #expect(abs(found.weight - arviz[position]) < 1e-3)
      weights.append(found.weight)
    }
    #expect(abs(weights.reduce(0, +) - 1) < 1e-12)
    // Karush, Kuhn and Tucker: the mean density ratio is 1 where a weight is positive, and at most 1 elsewhere.
    for (k, model) in accuracies.enumerated() {
      let ratio =
        (0..<9).reduce(0.0) { sum, i in
          let mixture = zip(weights, accuracies).reduce(0) { $0 + $1.0 * exp($1.1.accuracy.pointwise[i]) }
          return sum + exp(model.accuracy.pointwise[i]) / mixture
        } / 9
      #expect(weights[k] > 1e-6 ? abs(ratio - 1) < 1e-6 : ratio < 1 + 1e-6, "\(model.name): \(ratio)")
    }
    #expect(comparison.description.contains("about equally well"))
  }

  @Test("stacking of equal models, and of one that is better everywhere")
  func stackingEdges() throws {
    let loo = try leaveOneOut("wide")
    let twins = try ModelComparison([("a", loo), ("b", loo)])
    #expect(abs(twins.rows[0].weight - 0.5) < 1e-6 && twins.rows[1].difference == 0)
    let ll = try draws("wide.loglik")
    let worse = Draws(
      wellFormed: ll.names, chainCount: ll.chainCount, drawCount: ll.drawCount, values: ll.values.map { $0 - 60 })
    let clear = try ModelComparison([
      ("worse", LeaveOneOut(logLikelihood: worse, relativeEfficiency: 0.7)), ("better", loo),
    ])
    #expect(clear.rows[0].name == "better" && clear.rows[0].weight > 1 - 1e-6)
    #expect(clear.description.contains("better predicts better than worse"))
  }

  @Test("models of different observations are refused by name")
  func refused() throws {
    let loo = try leaveOneOut("wide")
    let fewer = LeaveOneOut(logLikelihood: try draws("wide.loglik").subset(["x[1]", "x[2]"]))
    #expect(throws: ModelComparison.Unsuitable.differentObservations("a", 9, "b", 2)) {
      try ModelComparison([("a", loo), ("b", fewer)])
    }
    #expect(throws: ModelComparison.Unsuitable.noModel) { try ModelComparison([]) }
    let broken = LeaveOneOut(observations: 9, chains: 3) { _ in [Double](repeating: .nan, count: 30) }
    #expect(throws: ModelComparison.Unsuitable.notFinite("b")) { try ModelComparison([("a", loo), ("b", broken)]) }
  }

  @Test("ArviZ's default relative efficiency")
  func relativeEfficiency() throws {
    let theta = try row("theta")
    let draws = Draws(wellFormed: ["theta"], chainCount: chains, drawCount: theta.count / chains, values: theta)
    expect([LeaveOneOut.relativeEfficiency(of: draws)], try row("arviz.reff"), "relative efficiency")
  }

  @Test("an observation that the posterior hangs on is named")
  func unreliable() {
    // Ratios with a tail of index 1: k is near 1.
    let values = (0..<1000).map { log((Double($0) + 0.5) / 1000) }
    let loo = LeaveOneOut(observations: 3, chains: 4, relativeEfficiency: 1) { i in
      i == 1 ? values : [Double](repeating: -1, count: 1000)
    }
    #expect(loo.unreliable == [1] && loo.paretoK[1] > 0.8)
    #expect(loo.description.contains("1 of 3 observations") && loo.description.contains("2 (k ="))
    let broken = LeaveOneOut(observations: 1, chains: 1) { _ in [0, .nan, 1, 2] }
    #expect(broken.elpd.isNaN && broken.unreliable == [0])
  }

  @Test("the threshold of k by sample size")
  func threshold() {
    #expect(abs(ParetoSmoothedWeights.reliableK(draws: 100) - 0.5) < 1e-12)
    #expect(ParetoSmoothedWeights.reliableK(draws: 4000) == 0.7)
    #expect(abs(ParetoSmoothedWeights.reliableK(draws: 1000) - (1 - 1.0 / 3)) < 1e-12)
  }

  @Test("smoothed weights sum to one; equal ratios stay equal")
  func weights() {
    let flat = ParetoSmoothedWeights(logRatios: [Double](repeating: -3, count: 50))
    #expect(flat.paretoK == -.infinity && abs(flat.effectiveSampleSize - 50) < 1e-9)
    let short = ParetoSmoothedWeights(logRatios: [0, 1, 2])
    #expect(short.paretoK == .infinity && abs(short.logWeights.reduce(0) { $0 + exp($1) } - 1) < 1e-12)
    let none = ParetoSmoothedWeights(logRatios: [.nan, 1])
    #expect(none.paretoK.isNaN && none.logWeights.allSatisfy(\.isNaN))
  }

  @Test("LOO-PIT agrees with ArviZ")
  func integralTransforms() throws {
    let check = try PredictiveCheck(observed: try row("y.value"), replicated: try draws("yrep"))
    let transforms = check.integralTransforms(
      leavingOut: try draws("wide.loglik"), relativeEfficiency: 0.7, seed: 1)
    expect(transforms, try row("arviz.pit"), "LOO-PIT")
  }

  @Test("autocorrelation, E-BFMI and shortest intervals agree with ArviZ")
  func others() throws {
    let theta = try row("theta")
    let chain = Array(theta.prefix(theta.count / chains))
    expect(Diagnostics.autocorrelation(chain, lags: 10), try row("arviz.autocorr"), "autocorrelation")
    expect(Diagnostics.energyFraction(try row("energy"), chains: chains), try row("arviz.bfmi"), "E-BFMI")
    let intervals = [0.5, 0.89, 0.94].compactMap { HighestDensityInterval.of(theta, probability: $0) }
    expect(intervals.flatMap { [$0.lowerBound, $0.upperBound] }, try row("arviz.hdi"), "intervals")
  }

  @Test("R-hat, effective sizes and Monte Carlo errors agree with R's posterior")
  func posterior() throws {
    let theta = try row("theta")
    let actual = [
      Diagnostics.rHat(theta, chains: chains), Diagnostics.bulkESS(theta, chains: chains),
      Diagnostics.tailESS(theta, chains: chains), Diagnostics.meanESS(theta, chains: chains),
      Diagnostics.mcseMean(theta, chains: chains), Diagnostics.mcseSD(theta, chains: chains),
      Diagnostics.mcseQuantile(theta, chains: chains, probability: 0.9),
      Diagnostics.quantileESS(theta, chains: chains, probability: 0.25),
    ]
    expect(actual, try row("r.posterior"), "posterior", 1e-6)
  }

  @Test("few draws are said to be few, not the observations to be unreliable")
  func fewDraws() throws {
    for count in [1, 2, 8, 40] {
      let values = (0..<(2 * count)).map { -1 - 0.01 * Double($0 % 7) }
      let loo = LeaveOneOut(
        logLikelihood: try Draws(names: ["y[1]", "y[2]"], chainCount: 1, drawCount: count, values: values))
      let text = loo.description
      #expect(text.contains("\(count) draws are too few") && text.contains("at least 100"), "\(text)")
      #expect(!text.contains("above") && !text.contains("below") && !text.contains("pulls"), "\(text)")
    }
  }
}
