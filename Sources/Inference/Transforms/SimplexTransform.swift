import Foundation

/// A vector of K numbers that sum to 0, from K - 1 coordinates by an orthonormal basis (log Jacobian 0).
///
///     x_k = Σ_{j>=k} w_j - (k - 1) w_{k-1},   w_j = u_j / √(j (j + 1)),   k = 1, ..., K
///
/// The isometric log-ratio basis of Egozcue et al. (2003), as Stan's `sum_to_zero_vector`. A standard normal u gives x
/// the normal distribution with covariance I - 1/K.
public enum ZeroSumTransform: Transform {
  public static let name = "sum_to_zero"
  public static func unconstrainedCount(size: Int) -> Int { size - 1 }
  public static func constrainedCount(size: Int) -> Int { size }

  public static func constrain(
    _ u: Span<Double>, bounds: Span<Double>, size: Int, into x: inout MutableSpan<Double>
  ) -> Double {
    var sum = 0.0
    x[size - 1] = 0
    for j in stride(from: size - 1, to: 0, by: -1) {
      let w = u[j - 1] / (Double(j) * Double(j + 1)).squareRoot()
      x[j] -= Double(j) * w
      sum += w
      x[j - 1] = sum
    }
    return 0
  }

  public static func pullback(
    _ u: Span<Double>, x: Span<Double>, bounds: Span<Double>, size: Int, adjoint: Span<Double>,
    logJacobianAdjoint: Double, into uAdjoint: inout MutableSpan<Double>, boundAdjoints: inout MutableSpan<Double>
  ) {
    pullback(size, into: &uAdjoint) { adjoint[$0] }
  }

  /// Adds the adjoint of u for a given adjoint of x.
  static func pullback(_ size: Int, into uAdjoint: inout MutableSpan<Double>, _ adjoint: (Int) -> Double) {
    var below = 0.0
    for j in 1..<max(size, 1) {
      below += adjoint(j - 1)
      uAdjoint[j - 1] += (below - Double(j) * adjoint(j)) / (Double(j) * Double(j + 1)).squareRoot()
    }
  }

  public static func unconstrain(
    _ x: Span<Double>, bounds: Span<Double>, size: Int, into u: inout MutableSpan<Double>
  ) throws(TransformError) {
    var (sum, largest) = (0.0, 0.0)
    for i in 0..<size {
      sum += x[i]
      largest = max(largest, abs(x[i]))
    }
    guard abs(sum) <= 1e-8 * max(1, largest) else {
      throw TransformError(transform: name, reason: "the elements sum to \(sum), not to 0")
    }
    free(size, into: &u) { x[$0] }
  }

  /// The coordinates of values whose mean need not be 0: those of their deviations from it.
  static func free(_ size: Int, into u: inout MutableSpan<Double>, _ value: (Int) -> Double) {
    for j in 1..<max(size, 1) { u[j - 1] = 0 }
    pullback(size, into: &u, value)
  }
}

/// A simplex of K elements from K - 1 coordinates: x = softmax(V u), V the basis of ``ZeroSumTransform``.
///
///     log |det d(x_1 ... x_{K-1}) / du| = ½ log K - K log Σ e^{(V u)_k} = ½ log K + Σ log x_k
///
/// The isometric log-ratio transform, as Stan's since 2.36 (before that, stick breaking): symmetric in the elements,
/// and u = 0 is the centre. Elements that underflow are 0.
public enum SimplexTransform: Transform {
  public static let name = "simplex"
  public static func unconstrainedCount(size: Int) -> Int { size - 1 }
  public static func constrainedCount(size: Int) -> Int { size }

  public static func constrain(
    _ u: Span<Double>, bounds: Span<Double>, size: Int, into x: inout MutableSpan<Double>
  ) -> Double {
    _ = ZeroSumTransform.constrain(u, bounds: bounds, size: size, into: &x)
    var largest = -Double.infinity
    for i in 0..<size { largest = max(largest, x[i]) }
    var sum = 0.0
    for i in 0..<size {
      x[i] = exp(x[i] - largest)
      sum += x[i]
    }
    for i in 0..<size { x[i] /= sum }
    return 0.5 * log(Double(size)) - Double(size) * (largest + log(sum))
  }

  public static func pullback(
    _ u: Span<Double>, x: Span<Double>, bounds: Span<Double>, size: Int, adjoint: Span<Double>,
    logJacobianAdjoint: Double, into uAdjoint: inout MutableSpan<Double>, boundAdjoints: inout MutableSpan<Double>
  ) {
    var mean = 0.0
    for i in 0..<size { mean += flow(x[i], adjoint[i]) }
    let byLogSum = Double(size) * logJacobianAdjoint
    ZeroSumTransform.pullback(size, into: &uAdjoint) { i in
      flow(x[i], adjoint[i]) - x[i] * (mean + byLogSum)
    }
  }

  public static func unconstrain(
    _ x: Span<Double>, bounds: Span<Double>, size: Int, into u: inout MutableSpan<Double>
  ) throws(TransformError) {
    var sum = 0.0
    for i in 0..<size {
      guard x[i] > 0 else { throw TransformError(transform: name, element: i, reason: "\(x[i]) is not above 0") }
      sum += x[i]
    }
    guard abs(sum - 1) <= 1e-8 else {
      throw TransformError(transform: name, reason: "the elements sum to \(sum), not to 1")
    }
    ZeroSumTransform.free(size, into: &u) { log(x[$0]) }
  }
}

/// A vector of length 1: x = u / |u|, with -½ |u|² in place of a log Jacobian.
///
/// The map loses a dimension; the normal density that is added makes u proper and leaves x uniform over the sphere, as
/// Stan's `unit_vector`. At u = 0 everything is NaN.
public enum UnitVectorTransform: Transform {
  public static let name = "unit_vector"
  public static func unconstrainedCount(size: Int) -> Int { size }
  public static func constrainedCount(size: Int) -> Int { size }

  public static func constrain(
    _ u: Span<Double>, bounds: Span<Double>, size: Int, into x: inout MutableSpan<Double>
  ) -> Double {
    let length = norm(u, size)
    for i in 0..<size { x[i] = u[i] / length }
    return length > 0 ? -0.5 * length * length : .nan
  }

  /// |u| without overflow of the squares.
  private static func norm(_ u: Span<Double>, _ size: Int) -> Double {
    var largest = 0.0
    for i in 0..<size { largest = max(largest, abs(u[i])) }
    if largest == 0 || largest == .infinity { return largest }
    var sum = 0.0
    for i in 0..<size { sum += (u[i] / largest) * (u[i] / largest) }
    return largest * sum.squareRoot()
  }

  public static func pullback(
    _ u: Span<Double>, x: Span<Double>, bounds: Span<Double>, size: Int, adjoint: Span<Double>,
    logJacobianAdjoint: Double, into uAdjoint: inout MutableSpan<Double>, boundAdjoints: inout MutableSpan<Double>
  ) {
    let length = norm(u, size)
    var along = 0.0
    for i in 0..<size { along += adjoint[i] * x[i] }
    for i in 0..<size { uAdjoint[i] += (adjoint[i] - along * x[i]) / length - logJacobianAdjoint * u[i] }
  }

  public static func unconstrain(
    _ x: Span<Double>, bounds: Span<Double>, size: Int, into u: inout MutableSpan<Double>
  ) throws(TransformError) {
    let length = norm(x, size)
    guard abs(length - 1) <= 1e-8 else {
      throw TransformError(transform: name, reason: "the vector's length is \(length), not 1")
    }
    for i in 0..<size { u[i] = x[i] }
  }
}
