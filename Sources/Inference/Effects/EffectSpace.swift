/// An orthonormal basis of the span of all levels' indicator vectors, and what the model needs expressed in it.
struct EffectSpace {
  let rank: Int
  /// Q', row-major r x G.
  let basis: [Double]
  /// Q'Z_l Z_l'Q for each level, row-major r x r.
  let levelCovariances: [[Double]]
  /// Z'Q, row-major U x r.
  let nodeProjections: [Double]

  init(unitCount: Int, levels: [[Int]], nodeCounts: [Int]) {
    var basisVectors: [[Double]] = []
    for (level, count) in zip(levels, nodeCounts) {
      for node in 0..<count {
        Self.extend(&basisVectors, by: level.map { $0 == node ? 1.0 : 0.0 })
      }
    }
    let r = basisVectors.count
    rank = r
    basis = basisVectors.flatMap(\.self)
    var projections: [Double] = []
    var covariances: [[Double]] = []
    for (level, count) in zip(levels, nodeCounts) {
      var sums = [Double](repeating: 0, count: count * r)
      for (unit, node) in level.enumerated() {
        for i in 0..<r { sums[node * r + i] += basisVectors[i][unit] }
      }
      var covariance = [Double](repeating: 0, count: r * r)
      for node in 0..<count {
        for i in 0..<r {
          for j in 0..<r { covariance[i * r + j] += sums[node * r + i] * sums[node * r + j] }
        }
      }
      projections += sums
      covariances.append(covariance)
    }
    nodeProjections = projections
    levelCovariances = covariances
  }

  /// Adds the part of an indicator vector that is orthogonal to the basis, unless it lies within its span already.
  ///
  /// Gram-Schmidt twice over, which keeps the basis orthonormal to rounding. Indicators are vectors of integers, so a
  /// dependent one leaves only rounding behind, far below the threshold.
  private static func extend(_ basisVectors: inout [[Double]], by indicator: [Double]) {
    let length = norm(indicator)
    if length == 0 { return }
    var rest = indicator
    for _ in 0..<2 {
      for vector in basisVectors {
        var product = 0.0
        for i in rest.indices { product += vector[i] * rest[i] }
        for i in rest.indices { rest[i] -= product * vector[i] }
      }
    }
    let remaining = norm(rest)
    if remaining <= 1e-9 * length { return }
    basisVectors.append(rest.map { $0 / remaining })
  }

  private static func norm(_ vector: [Double]) -> Double {
    var sum = 0.0
    for value in vector { sum += value * value }
    return sum.squareRoot()
  }
}
