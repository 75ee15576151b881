import Foundation
import NumericKernels

/// The Cholesky factor of a K × K correlation matrix (lower triangular, rows of length 1, positive diagonal),
/// row-major, from K (K - 1) / 2 canonical partial correlations z = tanh u, row by row.
///
///     L_ij = z_ij s_ij,   L_ii = s_ii,   s_ij² = Π_{m<j} (1 - z_im²)
///     log |det d(L_ij, j < i) / du| = Σ_i Σ_{j<i} (1 + ½ (i - 1 - j)) log(1 - z_ij²)
///
/// Lewandowski, Kurowicka and Joe (2009); Stan's `cholesky_factor_corr`. Products are sums of logarithms, so that large
/// |u| only make elements underflow. Elements above the diagonal are written as 0.
public enum CholeskyCorrelationTransform: Transform {
  public static let name = "cholesky_factor_corr"
  public static func unconstrainedCount(size: Int) -> Int { size * (size - 1) / 2 }
  public static func constrainedCount(size: Int) -> Int { size * size }

  public static func constrain(
    _ u: Span<Double>, bounds: Span<Double>, size: Int, into x: inout MutableSpan<Double>
  ) -> Double {
    PartialCorrelations.factor(u, size, ofMatrix: false, into: &x)
  }

  public static func pullback(
    _ u: Span<Double>, x: Span<Double>, bounds: Span<Double>, size: Int, adjoint: Span<Double>,
    logJacobianAdjoint: Double, into uAdjoint: inout MutableSpan<Double>, boundAdjoints: inout MutableSpan<Double>
  ) {
    PartialCorrelations.pullback(u, size, logJacobianAdjoint, ofMatrix: false, into: &uAdjoint) { i, j in
      (x[i * size + j], adjoint[i * size + j])
    }
  }

  public static func unconstrain(
    _ x: Span<Double>, bounds: Span<Double>, size: Int, into u: inout MutableSpan<Double>
  ) throws(TransformError) {
    for i in 0..<size {
      var square = 0.0
      for j in 0...i { square += x[i * size + j] * x[i * size + j] }
      guard abs(square - 1) <= 1e-8 else {
        throw TransformError(transform: name, reason: "row \(i + 1) has length \(square.squareRoot()), not 1")
      }
      guard x[i * size + i] > 0 else {
        throw TransformError(
          transform: name, element: i * size + i, reason: "\(x[i * size + i]) on the diagonal is not above 0")
      }
    }
    PartialCorrelations.free(size, into: &u) { x[$0 * size + $1] }
  }
}

/// A K × K correlation matrix Ω = L L', row-major, L as in ``CholeskyCorrelationTransform``.
///
///     log |det d(Ω_ij, j < i) / du| = that of L + Σ_j (K - j) log L_jj,   j from 1
///
/// Stan's `corr_matrix`. Where a density can be written with L, as LKJ's and the normal's can, L is cheaper and safer.
public enum CorrelationTransform: Transform {
  public static let name = "corr_matrix"
  public static func unconstrainedCount(size: Int) -> Int { size * (size - 1) / 2 }
  public static func constrainedCount(size: Int) -> Int { size * size }

  public static func constrain(
    _ u: Span<Double>, bounds: Span<Double>, size: Int, into x: inout MutableSpan<Double>
  ) -> Double {
    let logJacobian = PartialCorrelations.factor(u, size, ofMatrix: true, into: &x)
    LowerFactor.square(&x, size)
    for i in 0..<size { x[i * size + i] = 1 }
    return logJacobian
  }

  public static func pullback(
    _ u: Span<Double>, x: Span<Double>, bounds: Span<Double>, size: Int, adjoint: Span<Double>,
    logJacobianAdjoint: Double, into uAdjoint: inout MutableSpan<Double>, boundAdjoints: inout MutableSpan<Double>
  ) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * size * size) { buffer in
      buffer.initialize(repeating: 0)
      var factor = MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: buffer[..<(size * size)]))
      let factorAdjoint = UnsafeMutableBufferPointer(rebasing: buffer[(size * size)...])
      _ = PartialCorrelations.factor(u, size, ofMatrix: true, into: &factor)
      LowerFactor.pullback(factor.span, size, adjoint, skippingDiagonal: true) { factorAdjoint[$0] = $1 }
      PartialCorrelations.pullback(u, size, logJacobianAdjoint, ofMatrix: true, into: &uAdjoint) { i, j in
        (factor[i * size + j], factorAdjoint[i * size + j])
      }
    }
  }

  public static func unconstrain(
    _ x: Span<Double>, bounds: Span<Double>, size: Int, into u: inout MutableSpan<Double>
  ) throws(TransformError) {
    for i in 0..<size where !(abs(x[i * size + i] - 1) <= 1e-8) {
      throw TransformError(
        transform: name, element: i * size + i, reason: "\(x[i * size + i]) on the diagonal is not 1")
    }
    let factor = try LowerFactor.of(x, size, name)
    PartialCorrelations.free(size, into: &u) { factor[$0 * size + $1] }
  }
}

/// The canonical partial correlations of a factor's rows.
private enum PartialCorrelations {
  /// log(1 - tanh² u).
  @inline(__always)
  static func logRest(_ u: Double) -> Double {
    let size = abs(u)
    return 2 * (0.693147180559945309417 - size - log1p(exp(-2 * size)))
  }

  /// The weight of log(1 - z_ij²) in the log Jacobian: of the factor, or of the matrix.
  @inline(__always)
  static func weight(_ i: Int, _ j: Int, _ size: Int, ofMatrix: Bool) -> Double {
    1 + 0.5 * Double(i - 1 - j) + (ofMatrix ? 0.5 * Double(size - 1 - i) : 0)
  }

  static func factor(
    _ u: Span<Double>, _ size: Int, ofMatrix: Bool, into x: inout MutableSpan<Double>
  ) -> Double {
    var logJacobian = 0.0
    var place = 0
    for i in 0..<size {
      var logSquare = 0.0
      for j in 0..<i {
        let rest = logRest(u[place])
        x[i * size + j] = tanh(u[place]) * exp(0.5 * logSquare)
        logJacobian += weight(i, j, size, ofMatrix: ofMatrix) * rest
        logSquare += rest
        place += 1
      }
      x[i * size + i] = exp(0.5 * logSquare)
      for j in i + 1..<max(size, i + 1) { x[i * size + j] = 0 }
    }
    return logJacobian
  }

  /// Adds the adjoint of u, given elements of the factor and their adjoints.
  static func pullback(
    _ u: Span<Double>, _ size: Int, _ logJacobianAdjoint: Double, ofMatrix: Bool,
    into uAdjoint: inout MutableSpan<Double>, _ element: (Int, Int) -> (value: Double, adjoint: Double)
  ) {
    for i in 1..<max(size, 1) {
      let start = i * (i - 1) / 2
      var logSquare = 0.0
      for j in 0..<i { logSquare += logRest(u[start + j]) }
      let last = element(i, i)
      // Σ_{k>j} L_ik · adjoint: each of these has the factor √(1 - z_ij²), whose log has derivative -z_ij.
      var after = flow(last.value, last.adjoint)
      for j in stride(from: i - 1, through: 0, by: -1) {
        let z = tanh(u[start + j])
        let rest = logRest(u[start + j])
        logSquare -= rest
        let (value, adjoint) = element(i, j)
        uAdjoint[start + j] +=
          flow(adjoint, exp(rest + 0.5 * logSquare)) - z * after
          - 2 * z * logJacobianAdjoint * weight(i, j, size, ofMatrix: ofMatrix)
        after += flow(value, adjoint)
      }
    }
  }

  /// The coordinates of a factor.
  static func free(_ size: Int, into u: inout MutableSpan<Double>, _ element: (Int, Int) -> Double) {
    var place = 0
    for i in 1..<max(size, 1) {
      // Squares of what is left after column j, summed from the diagonal backwards, so that nothing cancels.
      for j in 0..<i {
        var left = 0.0
        for k in stride(from: i, to: j, by: -1) { left += element(i, k) * element(i, k) }
        // tanh u = L_ij / √(L_ij² + left)
        u[place] = asinh(element(i, j) / left.squareRoot())
        place += 1
      }
    }
  }
}
