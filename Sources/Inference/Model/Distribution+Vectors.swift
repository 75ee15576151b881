/// The library's families of vectors and matrices with Stan's parameters in Stan's order.
///
/// A variate of more axes than the family's is of independent sets: each row of a matrix is a multivariate normal, say,
/// with a mean of its own or one for all.
extension Distribution {
  /// Simplexes, with concentrations alpha; one number stands for as many as there are elements.
  public static func dirichlet(_ alpha: some FormulaConvertible) -> Distribution {
    vector(Dirichlet.self, variateRank: 1, parameterRanks: [1], constraint: .simplex, [alpha])
  }

  /// Mean mu and covariance matrix.
  public static func multivariateNormal(
    _ mu: some FormulaConvertible, covariance: some FormulaConvertible
  ) -> Distribution {
    vector(MultivariateNormal.self, variateRank: 1, parameterRanks: [1, 2], [mu, covariance])
  }

  /// Mean mu and the lower triangular Cholesky factor of the covariance matrix; what is above its diagonal is not
  /// looked at.
  public static func multivariateNormal(_ mu: some FormulaConvertible, factor: some FormulaConvertible) -> Distribution
  {
    vector(MultivariateNormalCholesky.self, variateRank: 1, parameterRanks: [1, 2], [mu, factor])
  }

  /// Mean mu and the inverse of the covariance matrix.
  public static func multivariateNormal(
    _ mu: some FormulaConvertible, precision: some FormulaConvertible
  ) -> Distribution {
    vector(MultivariateNormalPrecision.self, variateRank: 1, parameterRanks: [1, 2], [mu, precision])
  }

  /// Cholesky factors of correlation matrices Ω with density proportional to det(Ω)^(eta - 1).
  public static func lkjCholesky(_ eta: some FormulaConvertible) -> Distribution {
    vector(LKJCholesky.self, variateRank: 2, parameterRanks: [0], constraint: .choleskyCorrelation, [eta])
  }

  static func vector<F: VectorDensity>(
    _ family: F.Type, variateRank: Int, parameterRanks: [Int], constraint: Constraint = .none,
    _ arguments: [any FormulaConvertible]
  ) -> Distribution {
    Distribution(
      kind: .vector(
        VectorFamily(family, variateRank: variateRank, parameterRanks: parameterRanks, constraint: constraint)),
      arguments: arguments.map(\.formula))
  }
}
