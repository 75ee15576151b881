/// Covariance matrices for multivariate normal distributions, as of Gaussian processes.

/// The covariance of a Gaussian process by the squared exponential kernel, between all pairs of places:
///
///     K_ij = amplitude² exp(-½ (x_i - x_j)² / length²) + jitter (i = j)
///
/// The matrix of places that lie close together is all but singular: the jitter keeps it positive definite, and should
/// be small beside the variance of what is observed. Densities cost n³ for n places.
///
///     let f = model.parameter(
///       "f", count: 20, .multivariateNormal(0, covariance: squaredExponential(x, amplitude: a, length: l)))
///
/// - Parameter x: A vector of places.
/// - Returns: A matrix of as many rows and columns as there are places.
public func squaredExponential(
  _ x: some FormulaConvertible, amplitude: some FormulaConvertible, length: some FormulaConvertible,
  jitter: Double = 1e-8
) -> Formula {
  let (x, amplitude, length) = (x.formula, amplitude.formula, length.formula)
  guard x.shape.rank == 1 else {
    return Formula(.invalid("squaredExponential needs a vector of places; \(x.node.label) has the shape \(x.shape)"))
  }
  guard amplitude.shape.count == 1, length.shape.count == 1 else {
    return Formula(
      .invalid(
        "squaredExponential needs one amplitude and one length; their shapes are \(amplitude.shape) and \(length.shape)"
      ))
  }
  let squares = square(x.column - x.row)
  let kernel = square(amplitude.reshaped(.scalar)) * exp(squares * (-0.5 / square(length.reshaped(.scalar))))
  return kernel + diagonal(Formula([Double](repeating: jitter, count: x.shape.count)))
}

/// The square matrix with these elements on its diagonal and zeros elsewhere.
public func diagonal(_ elements: some FormulaConvertible) -> Formula {
  let elements = elements.formula
  guard elements.shape.rank == 1 else {
    return Formula(.invalid("diagonal needs a vector; \(elements.node.label) has the shape \(elements.shape)"))
  }
  let n = elements.shape.count
  var identity = [Double](repeating: 0, count: n * n)
  for i in 0..<n { identity[i * n + i] = 1 }
  return Formula(.constant(identity, [n, n])) * elements.row
}
