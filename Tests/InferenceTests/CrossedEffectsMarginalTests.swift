import Foundation
import Inference
import NumericKernels
import Testing

/// log N(x | 0, Σ) with Σ written out element by element from the model's definition.
private func bruteForceLogDensity(
  _ x: [Double], columns: Int, unitCount: Int, levels: [[Int]], scales: CrossedEffects.Scales,
  weight: (_ level: Int, _ node: Int) -> Double = { _, _ in 1 }
) throws -> Double {
  var covariance = [Double](repeating: 0, count: unitCount * unitCount)
  for g in 0..<unitCount {
    for h in 0..<unitCount {
      for (index, (level, scale)) in zip(levels, scales.levels).enumerated() where level[g] == level[h] {
        let sd = scale * weight(index, level[g])
        covariance[g * unitCount + h] += sd * sd
      }
      if g == h { covariance[g * unitCount + h] += scales.own * scales.own }
    }
  }
  var cholesky = DenseCholesky(size: unitCount)
  try cholesky.factor(covariance)
  var sum = 0.0
  for j in 0..<columns {
    var column = Array(x[(j * unitCount)..<((j + 1) * unitCount)])
    cholesky.solveLower(&column)
    sum -= 0.5 * column.reduce(0) { $0 + $1 * $1 }
    sum -= 0.5 * (Double(unitCount) * log(2 * .pi) + cholesky.logDeterminant)
  }
  return sum
}

private func standardNormals(_ count: Int, seed: UInt64) -> [Double] {
  var stream = RandomStream(seed: seed, purpose: 1)
  return (0..<count).map { _ in stream.normal() }
}

@Suite("Crossed effects: marginal density")
struct CrossedEffectsMarginalTests {
  /// Twelve units: two regions of three stores (nested), crossed with two departments, and one node for all.
  static let levels = [
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
    [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1],
  ]

  @Test(
    "agrees with the dense multivariate normal",
    arguments: [
      CrossedEffects.Scales(levels: [0.3, 0.2, 0.5, 0.1], own: 0.4),
      CrossedEffects.Scales(levels: [0, 0, 0, 0], own: 1.5),
      CrossedEffects.Scales(levels: [1e-150, 2, 1e-8, 30], own: 0.7),
      CrossedEffects.Scales(levels: [1, 1, 1, 1], own: 1e-4),
    ])
  func agreesWithDense(scales: CrossedEffects.Scales) throws {
    let columns = 5
    let x = standardNormals(columns * 12, seed: 7)
    let model = CrossedEffects(unitCount: 12, levels: Self.levels)
    let statistics = model.sufficientStatistics(of: x, columns: columns)
    let expected = try bruteForceLogDensity(x, columns: columns, unitCount: 12, levels: Self.levels, scales: scales)
    let actual = model.logMarginal(scales: scales, statistics: statistics)
    // The dense reference itself loses digits where own is tiny; 1e-7 is its condition number times rounding there.
    #expect(abs(actual - expected) <= (scales.own < 1e-3 ? 1e-7 : 1e-11) * abs(expected))
  }

  @Test("agrees with the dense multivariate normal where nodes have weights")
  func agreesWithDenseWhereNodesHaveWeights() throws {
    let columns = 5
    let x = standardNormals(columns * 12, seed: 8)
    let plain = CrossedEffects(unitCount: 12, levels: Self.levels)
    let weights = (0..<plain.effectCount).map { 0.25 + 0.4 * Double(($0 * 5) % 11) }
    let scales = CrossedEffects.Scales(levels: [0.3, 0.2, 0.5, 0.1], own: 0.4)
    let model = plain.weighted(weights)
    let expected = try bruteForceLogDensity(x, columns: columns, unitCount: 12, levels: Self.levels, scales: scales) {
      weights[plain.nodeOffsets[$0] + $1]
    }
    let actual = model.logMarginal(
      scales: scales, statistics: model.sufficientStatistics(of: x, columns: columns))
    #expect(abs(actual - expected) <= 1e-11 * abs(expected))

    // Given all but a little noise, effects times weights and residuals make up the data again.
    var stream = RandomStream(seed: 9, purpose: 1)
    let tight = CrossedEffects.Scales(levels: [1, 1, 1, 1], own: 1e-6)
    let effects = try model.sampleEffects(x, columns: columns, scales: tight, using: &stream)
    let residuals = model.residuals(x, columns: columns, effects: effects)
    for j in 0..<columns {
      for unit in 0..<12 {
        var sum = residuals[j * 12 + unit]
        for (level, nodes) in Self.levels.enumerated() {
          let position = plain.nodeOffsets[level] + nodes[unit]
          sum += weights[position] * effects[j * plain.effectCount + position]
        }
        #expect(abs(sum - x[j * 12 + unit]) < 1e-9)
      }
    }
    // What is left over has nothing in common with any node.
    for j in 0..<columns {
      for nodes in Self.levels {
        for node in Set(nodes) {
          let sum = (0..<12).reduce(0.0) { nodes[$1] == node ? $0 + residuals[j * 12 + $1] : $0 }
          #expect(abs(sum) < 1e-4)
        }
      }
    }
  }

  /// mpmath 1.4.1 at 60 digits, the density written out with the dense covariance.
  @Test(
    "keeps its digits where the own scale is tiny",
    arguments: [
      ([1.0, 1, 1, 1], 1e-2, -153548.071868654966), ([1, 1, 1, 1], 1e-4, -1535794938.06916208),
      ([1, 1, 1, 1], 1e-6, -15357950846092.4725), ([3, 0.5, 0, 1e-9], 1e-5, -242240395432.280098),
      ([100, 0.5, 0.25, 2], 1e-3, -15357906.0093678814),
    ])
  func tinyOwnScale(levels: [Double], own: Double, expected: Double) {
    let x = (0..<60).map { Double((37 * $0) % 101 - 50) / 32 }
    let model = CrossedEffects(unitCount: 12, levels: Self.levels)
    let value = model.logMarginal(
      scales: .init(levels: levels, own: own), statistics: model.sufficientStatistics(of: x, columns: 5))
    #expect(abs(value - expected) < 1e-11 * abs(expected))
  }

  @Test("the basis has the dimension of the span, not the number of nodes")
  func rank() {
    let model = CrossedEffects(unitCount: 12, levels: Self.levels)
    #expect(model.effectCount == 1 + 2 + 6 + 2)
    // Stores span regions and the whole; departments add one direction.
    #expect(model.rank == 7)
  }

  @Test("no levels: independent normals")
  func noLevels() {
    let x = standardNormals(6, seed: 3)
    let model = CrossedEffects(unitCount: 3, levels: [])
    let value = model.logMarginal(
      scales: .init(levels: [], own: 0.8), statistics: model.sufficientStatistics(of: x, columns: 2))
    let expected = x.reduce(0) { $0 + Densities.normal($1, sd: 0.8) }
    #expect(abs(value - expected) < 1e-12 * abs(expected))
  }

  @Test("one unit: one normal with the sum of the variances")
  func oneUnit() {
    let model = CrossedEffects(unitCount: 1, levels: [[0]])
    let value = model.logMarginal(
      scales: .init(levels: [0.6], own: 0.8), statistics: model.sufficientStatistics(of: [1.3, -0.4], columns: 2))
    let expected = Densities.normal(1.3, sd: 1) + Densities.normal(-0.4, sd: 1)
    #expect(abs(value - expected) < 1e-12 * abs(expected))
  }

  @Test("scales without a density give minus infinity, not NaN")
  func impossibleScales() {
    let model = CrossedEffects(unitCount: 12, levels: Self.levels)
    let statistics = model.sufficientStatistics(of: standardNormals(12, seed: 2), columns: 1)
    for own in [0, -1, Double.nan, .infinity] {
      #expect(
        model.logMarginal(scales: .init(levels: [1, 1, 1, 1], own: own), statistics: statistics) == -.infinity)
    }
    #expect(
      model.logMarginal(scales: .init(levels: [1, .nan, 1, 1], own: 1), statistics: statistics) == -.infinity)
  }

  @Test("levels that cannot be told apart are merged")
  func distinctLevels() {
    let named: [(name: String, nodeOfUnit: [Int])] = [
      ("all", [4, 4, 4, 4]), ("region", [1, 1, 2, 2]), ("store", [9, 9, 5, 5]), ("product", [3, 1, 2, 0]),
      ("department", [0, 1, 0, 1]),
    ]
    let kept = CrossedEffects.distinctLevels(named: named, unitCount: 4, includeAll: true)
    #expect(kept.map(\.name) == ["all", "region", "department"])
    #expect(kept.map(\.mergedNames) == [[], ["store"], []])
    #expect(kept.map(\.nodeOfUnit) == [[0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1]])
    let without = CrossedEffects.distinctLevels(named: named, unitCount: 4, includeAll: false)
    #expect(without.map(\.name) == ["region", "department"])
    #expect(CrossedEffects.distinctLevels(named: [("all", [0])], unitCount: 1, includeAll: true).isEmpty)
  }
}
