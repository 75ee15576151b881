import Foundation
import NumericKernels

extension CrossedEffects {
  /// What the marginal density needs of the data: fixed size, whatever the number of replicates.
  public struct SufficientStatistics: Sendable {
    /// The number of replicates.
    public let columns: Int
    /// Σ_j (Q'x_j)(Q'x_j)', row-major r x r.
    let crossProducts: [Double]
    /// Σ_j |x_j - Q Q'x_j|², the part of the data that no level explains.
    let residualSquares: Double
  }

  /// The statistics of `columns` replicates. Costs O(columns · G · r).
  ///
  /// - Parameter x: Replicate j at `j * unitCount ..< (j + 1) * unitCount`.
  public func sufficientStatistics(of x: [Double], columns: Int) -> SufficientStatistics {
    precondition(x.count == columns * unitCount, "data must hold columns * unitCount values")
    let r = rank
    var products = [Double](repeating: 0, count: r * r)
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
      for i in 0..<r {
        for k in 0..<r { products[i * r + k] += coordinates[i] * coordinates[k] }
      }
      for value in residual { squares += value * value }
    }
    // A basis of the whole space leaves rounding only, which must not be taken for noise.
    if r == unitCount { squares = 0 }
    return SufficientStatistics(columns: columns, crossProducts: products, residualSquares: squares)
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
    guard factorCovariance(scales, into: &workspace) else { return -.infinity }
    let r = rank
    let columns = Double(statistics.columns)
    let ownVariance = scales.own * scales.own
    // tr(M^-1 S) = tr(L^-1 S L'^-1): solve for the rows of S, then for the columns of the result, of which only the
    // diagonal is needed.
    var trace = 0.0
    for i in 0..<r {
      for k in 0..<r { workspace.row[k] = statistics.crossProducts[i * r + k] }
      workspace.cholesky.solveLower(&workspace.row)
      for k in 0..<r { workspace.solved[k * r + i] = workspace.row[k] }
    }
    for k in 0..<r {
      for i in 0..<r { workspace.row[i] = workspace.solved[k * r + i] }
      workspace.cholesky.solveLower(&workspace.row)
      trace += workspace.row[k]
    }
    let logDeterminant = workspace.cholesky.logDeterminant + Double(unitCount - r) * log(ownVariance)
    let value =
      -0.5 * columns * (Double(unitCount) * log(2 * .pi) + logDeterminant)
      - 0.5 * (trace + statistics.residualSquares / ownVariance)
    return value.isNaN ? -.infinity : value
  }

  /// Factors M = Σ_l τ_l² Q'Z_l Z_l'Q + τ_own² I; false where that fails.
  func factorCovariance(_ scales: Scales, into workspace: inout MarginalWorkspace) -> Bool {
    guard scales.own > 0, scales.own.isFinite, scales.levels.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      return false
    }
    let r = rank
    for i in workspace.covariance.indices { workspace.covariance[i] = 0 }
    for (scale, term) in zip(scales.levels, levelCovariances) {
      let variance = scale * scale
      for i in 0..<(r * r) { workspace.covariance[i] += variance * term[i] }
    }
    for i in 0..<r { workspace.covariance[i * r + i] += scales.own * scales.own }
    do {
      try workspace.cholesky.factor(workspace.covariance)
      return true
    } catch {
      return false
    }
  }
}

/// Buffers of the marginal density, kept between evaluations.
struct MarginalWorkspace {
  var covariance: [Double]
  var cholesky: DenseCholesky
  var row: [Double]
  var solved: [Double]

  init(rank: Int) {
    covariance = [Double](repeating: 0, count: rank * rank)
    cholesky = DenseCholesky(size: rank)
    row = [Double](repeating: 0, count: rank)
    solved = [Double](repeating: 0, count: rank * rank)
  }
}
