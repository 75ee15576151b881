import Foundation
import NumericKernels

extension CrossedEffects {
  /// What the marginal density needs of the data: fixed size, whatever the number of replicates.
  public struct SufficientStatistics: Sendable {
    /// The number of replicates.
    public let columns: Int
    /// R, upper triangular with R'R = Σ_j (Q'x_j)(Q'x_j)', row-major r x r: the triangular factor of the coordinates,
    /// which has twice the digits of their cross-products.
    let coordinateFactor: [Double]
    /// Σ_j |x_j - Q Q'x_j|², the part of the data that no level explains.
    let residualSquares: Double
  }

  /// The statistics of `columns` replicates. Costs O(columns · (G r + r²)).
  ///
  /// - Parameter x: Replicate j at `j * unitCount ..< (j + 1) * unitCount`.
  public func sufficientStatistics(of x: [Double], columns: Int) -> SufficientStatistics {
    precondition(x.count == columns * unitCount, "data must hold columns * unitCount values")
    let r = rank
    var factor = [Double](repeating: 0, count: r * r)
    var squares = 0.0
    var coordinates = [Double](repeating: 0, count: r)
    var residual = [Double](repeating: 0, count: unitCount)
    for j in 0..<columns {
      for g in 0..<unitCount { residual[g] = x[j * unitCount + g] }
      for i in 0..<r {
        // The residual is reduced as the coordinates are found (modified Gram-Schmidt), so it does not come out of a
        // subtraction of large numbers.
        var coordinate = 0.0
        for g in 0..<unitCount { coordinate += basis[i * unitCount + g] * residual[g] }
        for g in 0..<unitCount { residual[g] -= coordinate * basis[i * unitCount + g] }
        coordinates[i] = coordinate
      }
      Self.rotate(&coordinates, into: &factor, size: r)
      for value in residual { squares += value * value }
    }
    // A basis of the whole space leaves rounding only, which must not be taken for noise.
    if r == unitCount { squares = 0 }
    return SufficientStatistics(columns: columns, coordinateFactor: factor, residualSquares: squares)
  }

  /// Adds a row to a triangular factor by Givens rotations: R'R grows by row row'. The row is used up.
  private static func rotate(_ row: inout [Double], into factor: inout [Double], size r: Int) {
    for i in 0..<r where row[i] != 0 {
      let diagonal = factor[i * r + i]
      let length = hypot(diagonal, row[i])
      let (cosine, sine) = (diagonal / length, row[i] / length)
      for k in i..<r {
        let (above, below) = (factor[i * r + k], row[k])
        factor[i * r + k] = cosine * above + sine * below
        row[k] = cosine * below - sine * above
      }
    }
  }

  /// The log density of all replicates given the scales, every effect integrated out:
  /// Σ_j log N(x_j | 0, Σ_l τ_l² Z_l Z_l' + τ_own² I). O(r³), whatever the number of replicates.
  ///
  /// Minus infinity where the covariance is not positive definite to working precision: own scale 0, a negative or
  /// non-finite scale, or an own scale below about 1e-8 of a level's.
  public func logMarginal(scales: Scales, statistics: SufficientStatistics) -> Double {
    var workspace = MarginalWorkspace(rank: rank)
    return logMarginal(scales: scales, statistics: statistics, workspace: &workspace)
  }

  func logMarginal(
    scales: Scales, statistics: SufficientStatistics, workspace: inout MarginalWorkspace
  ) -> Double {
    precondition(scales.levels.count == levels.count, "one scale per level is needed")
    do {
      try factorCovariance(scales, into: &workspace)
    } catch {
      return -.infinity
    }
    let r = rank
    let columns = Double(statistics.columns)
    let ownVariance = scales.own * scales.own
    // Σ_j x_j'Q M^-1 Q'x_j = tr(R M^-1 R') = |L^-1 R'|², row after row of R, each of which begins with zeros.
    var squares = 0.0
    for i in 0..<r {
      for k in 0..<r { workspace.row[k] = statistics.coordinateFactor[i * r + k] }
      workspace.cholesky.solveLower(&workspace.row, from: i)
      for k in i..<r { squares += workspace.row[k] * workspace.row[k] }
    }
    let logDeterminant = workspace.cholesky.logDeterminant + Double(unitCount - r) * log(ownVariance)
    let value =
      -0.5 * columns * (Double(unitCount) * log(2 * .pi) + logDeterminant)
      - 0.5 * (squares + statistics.residualSquares / ownVariance)
    return value.isNaN ? -.infinity : value
  }

  /// Factors M = Σ_l τ_l² Q'Z_l Z_l'Q + τ_own² I.
  func factorCovariance(_ scales: Scales, into workspace: inout MarginalWorkspace) throws(NotPositiveDefinite) {
    guard scales.own > 0, scales.own.isFinite, scales.levels.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      throw NotPositiveDefinite(row: 0)
    }
    let r = rank
    for i in workspace.covariance.indices { workspace.covariance[i] = 0 }
    for (scale, term) in zip(scales.levels, levelCovariances) {
      let variance = scale * scale
      for i in 0..<(r * r) { workspace.covariance[i] += variance * term[i] }
    }
    for i in 0..<r { workspace.covariance[i * r + i] += scales.own * scales.own }
    try workspace.cholesky.factor(workspace.covariance)
  }
}

/// Buffers of the marginal density, kept between evaluations.
struct MarginalWorkspace {
  var covariance: [Double]
  var cholesky: DenseCholesky
  var row: [Double]

  init(rank: Int) {
    covariance = [Double](repeating: 0, count: rank * rank)
    cholesky = DenseCholesky(size: rank)
    row = [Double](repeating: 0, count: rank)
  }
}
