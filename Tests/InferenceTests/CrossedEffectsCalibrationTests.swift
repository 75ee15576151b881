import Foundation
import Inference
import NumericKernels
import TestSupport
import Testing

/// Simulation-based calibration (Talts et al. 2018): with parameters from the prior and data from the parameters, the
/// rank of the true value among posterior draws is uniform, if and only if prior, likelihood and sampler agree.
@Suite("Crossed effects: calibration")
struct CrossedEffectsCalibrationTests {
  static let levels = [[0, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2]]
  static let prior = CrossedEffects.Scales(levels: [0.8, 1.2, 0.5], own: 1)

  /// Effects and data from the model, written out from its definition.
  private func simulate(
    _ model: CrossedEffects, _ scales: CrossedEffects.Scales, columns: Int, _ stream: inout RandomStream
  ) -> (effects: [Double], x: [Double]) {
    var effects: [Double] = []
    var x: [Double] = []
    for _ in 0..<columns {
      var column = (0..<model.unitCount).map { _ in scales.own * stream.normal() }
      for (level, scale) in scales.levels.enumerated() {
        let nodes = (0..<model.nodeCounts[level]).map { _ in scale * stream.normal() }
        for g in column.indices { column[g] += nodes[model.levels[level][g]] }
        effects += nodes
      }
      x += column
    }
    return (effects, x)
  }

  @Test("ranks of scales and effects are uniform")
  func calibration() throws {
    let model = CrossedEffects(unitCount: 6, levels: Self.levels)
    let (columns, replicates, drawsKept, sweepsBetween) = (7, 400, 19, 12)
    // Four scales, an effect of each level, and the sum of all effects on one unit, which the data inform best.
    var ranks = [[Int]](repeating: [], count: 8)
    for replicate in 0..<replicates {
      var stream = RandomStream(seed: 31, purpose: 1, index: UInt64(replicate))
      let truth = CrossedEffects.Scales(
        levels: Self.prior.levels.map { $0 * abs(stream.normal()) }, own: Self.prior.own * abs(stream.normal()))
      let (trueEffects, x) = simulate(model, truth, columns: columns, &stream)
      func figures(_ scales: CrossedEffects.Scales, _ effects: [Double]) -> [Double] {
        let (all, region, department) = (effects[0], effects[1], effects[3])
        return scales.levels + [scales.own, all, region, department, all + region + department]
      }
      let true8 = figures(truth, trueEffects)
      let statistics = model.sufficientStatistics(of: x, columns: columns)
      var scales = CrossedEffects.Scales(levels: [0.4, 0.4, 0.4], own: 0.8)
      for _ in 0..<40 { model.sampleScales(&scales, statistics: statistics, prior: Self.prior, using: &stream) }
      var below = [Int](repeating: 0, count: 8)
      for _ in 0..<drawsKept {
        for _ in 0..<sweepsBetween {
          model.sampleScales(&scales, statistics: statistics, prior: Self.prior, using: &stream)
        }
        let effects = try model.sampleEffects(x, columns: columns, scales: scales, using: &stream)
        for (i, (drawn, true1)) in zip(figures(scales, effects), true8).enumerated() where drawn < true1 {
          below[i] += 1
        }
      }
      for i in 0..<8 { ranks[i].append(below[i]) }
    }
    for (i, figure) in ranks.enumerated() {
      let p = GoodnessOfFit.uniformRanks(figure, cells: drawsKept + 1)
      #expect(p > 1e-3, "figure \(i): p = \(p)")
    }
  }

  @Test("draws of effects have the conditional mean and covariance of the joint normal")
  func effectMoments() throws {
    let model = CrossedEffects(unitCount: 6, levels: Self.levels)
    let scales = CrossedEffects.Scales(levels: [0.7, 1.1, 0.4], own: 0.6)
    let x = [0.3, -1.2, 0.8, 2.0, 1.1, 0.4]
    // The conditional precision in u-space, D^-1 + Z'Z / own^2, an independent route to the same distribution.
    let count = model.effectCount
    var precision = [Double](repeating: 0, count: count * count)
    var linear = [Double](repeating: 0, count: count)
    for g in 0..<6 {
      let positions = (0..<3).map { model.nodeOffsets[$0] + Self.levels[$0][g] }
      for i in positions {
        linear[i] += x[g] / 0.36
        for j in positions { precision[i * count + j] += 1 / 0.36 }
      }
    }
    for level in 0..<3 {
      for node in 0..<model.nodeCounts[level] {
        let i = model.nodeOffsets[level] + node
        precision[i * count + i] += 1 / (scales.levels[level] * scales.levels[level])
      }
    }
    var cholesky = DenseCholesky(size: count)
    try cholesky.factor(precision)
    var mean = linear
    cholesky.solve(&mean)
    let total = 40_000
    var stream = RandomStream(seed: 31, purpose: 2)
    let repeated = [[Double]](repeating: x, count: total).flatMap(\.self)
    let draws = try model.sampleEffects(repeated, columns: total, scales: scales, using: &stream)
    for i in 0..<count {
      var unit = [Double](repeating: 0, count: count)
      unit[i] = 1
      cholesky.solve(&unit)
      let values = (0..<total).map { draws[$0 * count + i] }
      #expect(
        GoodnessOfFit.kolmogorovSmirnov(values) { SpecialFunctions.normalCDF(($0 - mean[i]) / unit[i].squareRoot()) }
          > 1e-3)
      for j in 0..<i {
        var products = 0.0
        for d in 0..<total { products += (draws[d * count + i] - mean[i]) * (draws[d * count + j] - mean[j]) }
        var other = [Double](repeating: 0, count: count)
        other[j] = 1
        cholesky.solve(&other)
        let error = ((unit[i] * other[j] + unit[j] * unit[j]) / Double(total)).squareRoot()
        #expect(abs(products / Double(total) - unit[j]) < 4.5 * error)
      }
    }
  }

  @Test("effects and residuals add up to the data; tiny scales give tiny effects")
  func degenerate() throws {
    let model = CrossedEffects(unitCount: 6, levels: Self.levels)
    var stream = RandomStream(seed: 31, purpose: 3)
    let x = (0..<18).map { _ in stream.normal() }
    // Own noise all but gone: effects must reproduce what the levels can express, and nothing overflows.
    let silent = CrossedEffects.Scales(levels: [0, 1e-200, 1e-12], own: 1)
    let effects = try model.sampleEffects(x, columns: 3, scales: silent, using: &stream)
    #expect(effects.allSatisfy { abs($0) < 1e-10 })
    let nested = CrossedEffects(unitCount: 4, levels: [[0, 0, 1, 1]])
    let level = [2.0, 2, -1, -1]
    let exact = try nested.sampleEffects(level, columns: 1, scales: .init(levels: [1], own: 1e-9), using: &stream)
    #expect(abs(exact[0] - 2) < 1e-7 && abs(exact[1] + 1) < 1e-7)
    let residuals = model.residuals(x, columns: 3, effects: effects)
    #expect(zip(residuals, x).allSatisfy { abs($0 - $1) < 1e-9 })
    #expect(throws: NotPositiveDefinite.self) {
      try model.sampleEffects(x, columns: 3, scales: .init(levels: [1, 1, 1], own: 0), using: &stream)
    }
  }

  @Test("without levels, or with one unit, scales still have a posterior")
  func smallest() {
    var stream = RandomStream(seed: 31, purpose: 4)
    let none = CrossedEffects(unitCount: 3, levels: [])
    let x = (0..<300).map { _ in 2 * stream.normal() }
    var scales = CrossedEffects.Scales(levels: [], own: 0.01)
    let statistics = none.sufficientStatistics(of: x, columns: 100)
    var sum = 0.0
    for step in 0..<600 {
      let marginal = none.sampleScales(
        &scales, statistics: statistics, prior: .init(levels: [], own: 5), using: &stream)
      #expect(abs(marginal - none.logMarginal(scales: scales, statistics: statistics)) < 1e-9 * abs(marginal))
      if step >= 100 { sum += scales.own }
    }
    // Posterior sd is 2 / sqrt(600) = 0.08.
    #expect(abs(sum / 500 - 2) < 0.25)
    let one = CrossedEffects(unitCount: 1, levels: [])
    var own = CrossedEffects.Scales(levels: [], own: 1)
    one.sampleScales(
      &own, statistics: one.sufficientStatistics(of: [0.5], columns: 1), prior: .init(levels: [], own: 1),
      using: &stream)
    #expect(own.own > 0 && own.own.isFinite)
  }
}
