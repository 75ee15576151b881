import Foundation
import Inference
import NumericKernels
import TestSupport
import Testing

@Suite("Crossed effects: posterior of the scales")
struct CrossedEffectsPosteriorTests {
  /// The marginal distribution function of each of two scales by midpoint quadrature of prior times density, on a scale
  /// of τ itself, so that the sampler's change of variable to log τ is checked too.
  private struct Quadrature {
    let step = 0.02
    var level: [Double] = []
    var own: [Double] = []

    init(cells: Int, logDensity: (Double, Double) -> Double) {
      var values = [Double](repeating: 0, count: cells * cells)
      for i in 0..<cells {
        for j in 0..<cells { values[i * cells + j] = logDensity((Double(i) + 0.5) * step, (Double(j) + 0.5) * step) }
      }
      let largest = values.max() ?? 0
      level = [Double](repeating: 0, count: cells)
      own = level
      for i in 0..<cells {
        for j in 0..<cells {
          let weight = exp(values[i * cells + j] - largest)
          level[i] += weight
          own[j] += weight
        }
      }
    }

    func distribution(_ weights: [Double], at x: Double) -> Double {
      let position = x / step
      let whole = min(Int(position), weights.count)
      var below = weights.prefix(whole).reduce(0, +)
      if whole < weights.count { below += weights[whole] * (position - Double(whole)) }
      return below / weights.reduce(0, +)
    }
  }

  @Test("agrees with quadrature", arguments: [(0.7, 0.5), (0.05, 1.0)])
  func agreesWithQuadrature(level: Double, own: Double) {
    let model = CrossedEffects(unitCount: 4, levels: [[0, 0, 1, 1]])
    let prior = CrossedEffects.Scales(levels: [1.5], own: 0.8)
    var stream = RandomStream(seed: 41, purpose: 1)
    let columns = 4
    var x: [Double] = []
    for _ in 0..<columns {
      let nodes = [level * stream.normal(), level * stream.normal()]
      for g in 0..<4 { x.append(nodes[g / 2] + own * stream.normal()) }
    }
    let statistics = model.sufficientStatistics(of: x, columns: columns)
    let exact = Quadrature(cells: 300) { a, b in
      Densities.halfNormal(a, scale: 1.5) + Densities.halfNormal(b, scale: 0.8)
        + model.logMarginal(scales: .init(levels: [a], own: b), statistics: statistics)
    }
    var scales = CrossedEffects.Scales(levels: [1], own: 1)
    var levelDraws: [Double] = []
    var ownDraws: [Double] = []
    for sweep in 0..<60_000 {
      model.sampleScales(&scales, statistics: statistics, prior: prior, using: &stream)
      if sweep % 12 == 11 {
        levelDraws.append(scales.levels[0])
        ownDraws.append(scales.own)
      }
    }
    #expect(GoodnessOfFit.kolmogorovSmirnov(levelDraws) { exact.distribution(exact.level, at: $0) } > 1e-3)
    #expect(GoodnessOfFit.kolmogorovSmirnov(ownDraws) { exact.distribution(exact.own, at: $0) } > 1e-3)
  }
}
