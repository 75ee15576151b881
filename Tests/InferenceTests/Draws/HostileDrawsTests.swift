import Foundation
import Inference
import NumericKernels
import Testing

/// Draws, diagnostics, plots and calibration of what hardly is a sample: none may trap, and what has no meaning is NaN.
@Suite("Draws that are hardly any")
struct HostileDrawsTests {
  /// Samples of every size and kind: constant, not a number, infinite, at the ends of the doubles, ordinary.
  static func samples(_ count: Int) -> [[Double]] {
    var stream = RandomStream(seed: 7, purpose: 1)
    let ordinary = (0..<count).map { _ in stream.normal() }
    func replaced(_ value: Double) -> [Double] { ordinary.enumerated().map { $0.offset % 3 == 1 ? value : $0.element } }
    return [
      ordinary, ordinary.map { _ in 3 }, ordinary.map { _ in .nan }, ordinary.map { _ in .infinity }, replaced(.nan),
      replaced(.infinity), replaced(-.infinity), ordinary.map { $0 * 1e300 },
      ordinary.map { $0 * .leastNormalMagnitude / 8 },
      ordinary.indices.map { $0 % 2 == 0 ? 0 : .leastNonzeroMagnitude }, ordinary.indices.map { Double($0 % 2) },
      ordinary.map { 1e16 + ($0 * 4).rounded() }, replaced(.greatestFiniteMagnitude), ordinary.map { _ in -0.0 },
      ordinary.map { _ in -.infinity },
    ]
  }

  @Test("rows, diagnostics and their plots for any number of chains")
  func anyChains() {
    for count in [0, 1, 2, 3, 4, 5, 8, 9, 64] {
      for sample in Self.samples(count) {
        for chains in [Int.min, -1, 0, 1, 2, 3, 4, 8, 100, .max] {
          let row = DrawSummary.Row(name: "x", draws: sample, chains: chains)
          let fits = chains >= 1 && count % chains == 0 && count / chains >= 4 && sample.allSatisfy(\.isFinite)
          if !fits { #expect(row.rHat.isNaN && row.bulkESS.isNaN && row.tailESS.isNaN && row.mcse.isNaN) }
          if fits && abs(sample.max() ?? 0) < 1e100 { #expect(row.bulkESS > 0 && row.tailESS > 0 && row.mcse >= 0) }
          #expect(Diagnostics.rHat(sample, chains: chains).isNaN || fits)
          let figures = [
            Diagnostics.bulkESS(sample, chains: chains), Diagnostics.tailESS(sample, chains: chains),
            Diagnostics.meanESS(sample, chains: chains), Diagnostics.mcseMean(sample, chains: chains),
            Diagnostics.mcseSD(sample, chains: chains),
            Diagnostics.quantileESS(sample, chains: chains, probability: 0.5),
            Diagnostics.mcseQuantile(sample, chains: chains, probability: 0.5),
          ]
          #expect(fits || figures.allSatisfy(\.isNaN))
          for probability in [-1, 0, 1, 2, .nan] {
            _ = Diagnostics.quantileESS(sample, chains: chains, probability: probability)
            _ = Diagnostics.mcseQuantile(sample, chains: chains, probability: probability)
          }
          // As many figures as chains; more chains than a machine holds are not tried.
          if chains < 1000 {
            #expect(Diagnostics.energyFraction(sample, chains: chains).count == max(0, chains))
            #expect(Plot.energy(sample, chains: chains).contains("</svg>"))
          }
        }
        for lags in [Int.min, -1, 0, 1, 5] {
          #expect(Diagnostics.autocorrelation(sample, lags: lags).count == max(0, lags + (lags < 0 ? 0 : 1)))
        }
        for efficiency in [1, 0, -1, .nan, .infinity, 1e-300] {
          let weights = ParetoSmoothedWeights(logRatios: sample, relativeEfficiency: efficiency)
          #expect(weights.logWeights.count == count)
          if !(efficiency > 0) { #expect(weights.paretoK.isNaN) }
          let k = paretoKHat(sample, relativeEfficiency: efficiency)
          #expect(k == weights.paretoK || k.isNaN && weights.paretoK.isNaN)
        }
        for probability in [-1, 0, 0.5, 1, 2, .nan] {
          _ = HighestDensityInterval.of(sample, probability: probability)
        }
      }
    }
    // What does not need chains is a number all the same.
    let row = DrawSummary.Row(name: "x", draws: [1, 2, 3, 4], chains: 0)
    #expect(row.mean == 2.5 && row.q50 == 2.5 && row.sd == (5.0 / 3).squareRoot() && row.rHat.isNaN)
  }

  @Test("summaries, checks, verdicts and plots of draws")
  func anyDraws() throws {
    for (chains, length) in [(1, 0), (1, 1), (2, 1), (3, 0), (2, 2), (1, 3), (2, 4), (3, 5), (2, 64)] {
      for sample in Self.samples(chains * length) {
        let draws = try Draws(
          names: ["a", "b"], chainCount: chains, drawCount: length, values: sample + sample.reversed())
        for probability in [0.9, 0, 1, -1, .nan] {
          let summary = DrawSummary(draws, highestDensity: probability)
          for limit in [Int.min, -1, 0, 1, .max] { #expect(!summary.table(rows: limit).isEmpty) }
        }
        for flags in [[], [true], sample.map { _ in true }, sample.map { $0 > 0 }] {
          var sampling = Verdict.Sampling()
          sampling.divergent = flags
          sampling.energyFractions = [.nan, 0.1]
          sampling.treeDepths = [10]
          sampling.depthLimit = 10
          sampling.failures = ["none"]
          #expect(!Verdict(draws, sampling: sampling).description.isEmpty)
          let places = DivergencePlace.find(in: draws, divergent: flags)
          if flags.count != sample.count { #expect(places.isEmpty) }
          #expect(try Plot.pair(draws, "a", "b", divergent: flags, limit: flags.count).contains("</svg>"))
        }
        for limit in [Int.min, 0, .max] { _ = try Plot.pair(draws, "a", "b", limit: limit) }
        let loo = LeaveOneOut(logLikelihood: draws)
        #expect(!loo.description.isEmpty && loo.pointwise.count == 2)
        #expect(!WidelyApplicableInformation(logLikelihood: draws).description.isEmpty)
        _ = LeaveOneOut(logLikelihood: draws, relativeEfficiency: -1)
        _ = LeaveOneOut.relativeEfficiency(of: draws)
        _ = try? ModelComparison([("first", loo), ("second", loo)])
        if let check = try? PredictiveCheck(observed: [0, .nan], replicated: draws) {
          #expect(!check.table().isEmpty)
          #expect(check.integralTransforms(leavingOut: draws, seed: 1).count == 2)
          let unmatched = check.integralTransforms(leavingOut: try draws.subset(["a"]), seed: 1)
          #expect(unmatched.allSatisfy { $0.isNaN })
        }
        var plots = [
          try Plot.trace(draws, "a"), try Plot.rank(draws, "a"), try Plot.density(draws, "a", prior: sample),
          try Plot.density(draws, "a", prior: []), try Plot.density(draws, "a", probability: .nan),
          try Plot.forest([("fit", draws)], ["a", "b"], labels: ["only one"], probability: 2, reference: .nan),
          try Plot.forest([], []),
          Plot.prediction(points: [(.nan, 1)], grid: [0, 1, 2], predicted: draws, title: ""),
          Plot.prediction(points: [], grid: [], predicted: draws, title: ""),
        ]
        for lags in [Int.min, 0, 3, .max] { plots.append(try Plot.autocorrelation(draws, "a", lags: lags)) }
        #expect(plots.allSatisfy { $0.contains("</svg>") })
        let back = try DrawArchive(DrawArchive(draws: draws).encoded()).draws
        #expect(back.values.map(\.bitPattern) == draws.values.map(\.bitPattern))
      }
    }
    let uneven = LeaveOneOut(observations: 2, chains: 0) { [Double](repeating: -1, count: 4 + $0) }
    #expect(abs(uneven.pointwise[0] + 1) < 1e-12 && uneven.pointwise[1].isNaN && uneven.unreliable.contains(1))
  }

  @Test("calibration of no ranks, of too many and of impossible ones")
  func calibration() throws {
    for (ranks, most) in [
      ([], 3), ([[]], 3), ([[0, 1, 2, 3]], 3), ([[0, 4]], 3), ([[-1, 2]], 3), ([[0, 1], [1]], 3), ([[0, 0]], 0),
      ([[0, 0]], -1), ([[0]], .min),
    ] as [([[Int]], Int)] {
      let result = CalibrationResult(names: ["a", "b"], ranks: ranks, rankedDraws: most)
      let isGood = ranks == [[0, 1, 2, 3]]
      #expect(result.rows().allSatisfy { !$0.chiSquare.isNaN } == (isGood || result.rows().isEmpty))
      #expect(result.isCalibrated() == isGood)
    }
    for (count, most, simulations) in [(0, 0, 0), (-1, -1, -1), (3, 4, 0), (0, 5, 10)] {
      let band = RankBand(count: count, rankedDraws: most, simulations: simulations)
      #expect(band.pValue([9, 9, 9, 9]).isNaN)
      for level in [0.95, 0, 1, 2, -1, .nan] { #expect(band.limits(level: level).count == max(0, most)) }
    }
    let one = try Draws(names: ["a", "b"], chainCount: 1, drawCount: 8, values: (0..<16).map(Double.init))
    for (replications, ranked) in [(0, 3), (-1, 3), (4, 0), (4, -1), (4, 9)] {
      let result = SimulationBasedCalibration(replications: replications, rankedDraws: ranked, seed: 1, threads: 0)
        .run { _, _ in .init(truth: [("a", 1)], draws: one) }
      #expect(result.ranks.isEmpty && result.failures.count == max(0, replications) && !result.isCalibrated())
    }
    // Other names the second time are a fault of that data set, not of all.
    let result = SimulationBasedCalibration(replications: 4, rankedDraws: 3, seed: 1, threads: 1)
      .run { stream, _ in .init(truth: stream.uniform() < 0.5 ? [("a", 1)] : [("a", 1), ("b", 2)], draws: one) }
    #expect(result.ranks.allSatisfy { $0.count + result.failures.count == 4 })
  }
}
