import Foundation
import NumericKernels

/// The multivariate Student t distribution: mean + L z sqrt(df / χ²_df), with L L' the scale matrix.
///
/// As the proposal of an independence sampler its tails are heavier than a Laplace approximation's, which keeps
/// importance ratios bounded where the target's tails are lighter.
public struct MultivariateStudentT: Sendable {
  public let mean: [Double]
  /// Degrees of freedom, above 0.
  public let df: Double

  private let factor: DenseCholesky
  private let logNormalizer: Double

  /// - Parameters:
  ///   - mean: The location, d numbers.
  ///   - scale: The scale matrix, row-major d x d, lower triangle read; the covariance is df / (df - 2) times it.
  ///   - df: Degrees of freedom, positive and finite.
  public init(mean: [Double], scale: [Double], df: Double) throws(NotPositiveDefinite) {
    precondition(df > 0 && df.isFinite, "degrees of freedom must be positive and finite")
    self.mean = mean
    self.df = df
    var cholesky = DenseCholesky(size: mean.count)
    try cholesky.factor(scale)
    factor = cholesky
    let d = Double(mean.count)
    logNormalizer =
      SpecialFunctions.logGamma(0.5 * (df + d)) - SpecialFunctions.logGamma(0.5 * df) - 0.5 * d * log(df * .pi)
      - 0.5 * cholesky.logDeterminant
  }

  /// The distribution whose scale matrix is the inverse of `precision`, such as a negative Hessian at a mode.
  public init(mean: [Double], precision: [Double], df: Double) throws(NotPositiveDefinite) {
    let d = mean.count
    var cholesky = DenseCholesky(size: d)
    try cholesky.factor(precision)
    var scale = [Double](repeating: 0, count: d * d)
    for column in 0..<d {
      var unit = [Double](repeating: 0, count: d)
      unit[column] = 1
      cholesky.solve(&unit)
      for row in 0..<d { scale[row * d + column] = unit[row] }
    }
    try self.init(mean: mean, scale: scale, df: df)
  }

  /// A draw.
  public func sample(using stream: inout RandomStream) -> [Double] {
    var x = mean.map { _ in stream.normal() }
    factor.multiplyLower(&x)
    // χ²_df / df is twice a gamma variate of shape df / 2, over df.
    let stretch = (0.5 * df / stream.gamma(shape: 0.5 * df)).squareRoot()
    for i in x.indices { x[i] = mean[i] + stretch * x[i] }
    return x
  }

  /// The log density at x, normalised.
  public func logDensity(_ x: [Double]) -> Double {
    precondition(x.count == mean.count, "a point of \(mean.count) coordinates is needed")
    var deviation = x
    for i in x.indices { deviation[i] -= mean[i] }
    factor.solveLower(&deviation)
    var distance = 0.0
    for value in deviation { distance += value * value }
    return logNormalizer - 0.5 * (df + Double(mean.count)) * log1p(distance / df)
  }
}
