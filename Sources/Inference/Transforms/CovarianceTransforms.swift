import Foundation
import NumericKernels

/// The Cholesky factor of a K × K covariance matrix, row-major, from K (K + 1) / 2 coordinates row by row: elements
/// below the diagonal as they are, those on it e^u. The log Jacobian is the sum of the diagonal's coordinates.
///
/// Stan's `cholesky_factor_cov`. Elements above the diagonal are written as 0.
public enum CholeskyCovarianceTransform: Transform {
  public static let name = "cholesky_factor_cov"
  public static func unconstrainedCount(size: Int) -> Int { size * (size + 1) / 2 }
  public static func constrainedCount(size: Int) -> Int { size * size }

  public static func constrain(
    _ u: Span<Double>, bounds: Span<Double>, size: Int, into x: inout MutableSpan<Double>
  ) -> Double {
    LowerFactor.write(u, size, into: &x) { _ in 1 }
  }

  public static func pullback(
    _ u: Span<Double>, x: Span<Double>, bounds: Span<Double>, size: Int, adjoint: Span<Double>,
    logJacobianAdjoint: Double, into uAdjoint: inout MutableSpan<Double>, boundAdjoints: inout MutableSpan<Double>
  ) {
    var place = 0
    for i in 0..<size {
      for j in 0..<i {
        uAdjoint[place] += adjoint[i * size + j]
        place += 1
      }
      uAdjoint[place] += flow(adjoint[i * size + i], x[i * size + i]) + logJacobianAdjoint
      place += 1
    }
  }

  public static func unconstrain(
    _ x: Span<Double>, bounds: Span<Double>, size: Int, into u: inout MutableSpan<Double>
  ) throws(TransformError) {
    for i in 0..<size where !(x[i * size + i] > 0 && x[i * size + i] < .infinity) {
      throw TransformError(
        transform: name, element: i * size + i, reason: "\(x[i * size + i]) on the diagonal is not above 0")
    }
    LowerFactor.free(size, into: &u) { x[$0 * size + $1] }
  }
}

/// A K × K covariance matrix Σ = L L', row-major, L as in ``CholeskyCovarianceTransform``.
///
///     log |det d(Σ_ij, j <= i) / du| = K log 2 + Σ_k (K - k + 2) log L_kk,   k from 1
///
/// Stan's `cov_matrix`.
public enum CovarianceTransform: Transform {
  public static let name = "cov_matrix"
  public static func unconstrainedCount(size: Int) -> Int { size * (size + 1) / 2 }
  public static func constrainedCount(size: Int) -> Int { size * size }

  public static func constrain(
    _ u: Span<Double>, bounds: Span<Double>, size: Int, into x: inout MutableSpan<Double>
  ) -> Double {
    let logJacobian = LowerFactor.write(u, size, into: &x) { Double(size - $0 + 1) }
    LowerFactor.square(&x, size)
    return logJacobian + 0.693147180559945309417 * Double(size)
  }

  public static func pullback(
    _ u: Span<Double>, x: Span<Double>, bounds: Span<Double>, size: Int, adjoint: Span<Double>,
    logJacobianAdjoint: Double, into uAdjoint: inout MutableSpan<Double>, boundAdjoints: inout MutableSpan<Double>
  ) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * size * size) { buffer in
      buffer.initialize(repeating: 0)
      var factor = MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: buffer[..<(size * size)]))
      let factorAdjoint = UnsafeMutableBufferPointer(rebasing: buffer[(size * size)...])
      _ = LowerFactor.write(u, size, into: &factor) { _ in 0 }
      LowerFactor.pullback(factor.span, size, adjoint, skippingDiagonal: false) { factorAdjoint[$0] = $1 }
      var place = 0
      for i in 0..<size {
        for j in 0..<i {
          uAdjoint[place] += factorAdjoint[i * size + j]
          place += 1
        }
        uAdjoint[place] +=
          flow(factorAdjoint[i * size + i], factor[i * size + i]) + logJacobianAdjoint * Double(size - i + 1)
        place += 1
      }
    }
  }

  public static func unconstrain(
    _ x: Span<Double>, bounds: Span<Double>, size: Int, into u: inout MutableSpan<Double>
  ) throws(TransformError) {
    let factor = try LowerFactor.of(x, size, name)
    LowerFactor.free(size, into: &u) { factor[$0 * size + $1] }
  }
}

/// Lower triangular factors and what is made of them.
enum LowerFactor {
  /// Writes the factor; returns the sum of the diagonal's coordinates, weighted by row.
  static func write(
    _ u: Span<Double>, _ size: Int, into x: inout MutableSpan<Double>, _ weight: (Int) -> Double
  ) -> Double {
    var sum = 0.0
    var place = 0
    for i in 0..<size {
      for j in 0..<i {
        x[i * size + j] = u[place]
        place += 1
      }
      x[i * size + i] = exp(u[place])
      sum += weight(i) * u[place]
      place += 1
      for j in i + 1..<max(size, i + 1) { x[i * size + j] = 0 }
    }
    return sum
  }

  /// Replaces L by L L', from the last row upwards, so that what is still needed is still there.
  static func square(_ x: inout MutableSpan<Double>, _ size: Int) {
    for i in stride(from: size - 1, through: 0, by: -1) {
      for j in stride(from: i, through: 0, by: -1) {
        var sum = 0.0
        for k in 0...j { sum += x[i * size + k] * x[j * size + k] }
        x[i * size + j] = sum
      }
    }
    for i in 0..<size {
      for j in 0..<i { x[j * size + i] = x[i * size + j] }
    }
  }

  /// Hands out the adjoint (A + A') L of L, lower triangle, for the adjoint A of L L'.
  static func pullback(
    _ factor: Span<Double>, _ size: Int, _ adjoint: Span<Double>, skippingDiagonal: Bool,
    _ write: (Int, Double) -> Void
  ) {
    for i in 0..<size {
      for j in 0...i {
        var sum = 0.0
        for k in j..<size where k != i || !skippingDiagonal {
          sum += flow(factor[k * size + j], adjoint[i * size + k] + adjoint[k * size + i])
        }
        write(i * size + j, sum)
      }
    }
  }

  static func free(_ size: Int, into u: inout MutableSpan<Double>, _ element: (Int, Int) -> Double) {
    var place = 0
    for i in 0..<size {
      for j in 0...i {
        u[place] = i == j ? log(element(i, i)) : element(i, j)
        place += 1
      }
    }
  }

  /// The factor of a symmetric positive definite matrix.
  static func of(_ matrix: Span<Double>, _ size: Int, _ name: String) throws(TransformError) -> [Double] {
    var factor = [Double](repeating: 0, count: size * size)
    var span = factor.mutableSpan
    guard TriangularMatrix.copySymmetric(matrix, size, into: &span) else {
      throw TransformError(transform: name, reason: "the matrix is not symmetric")
    }
    guard TriangularMatrix.factor(&span, size) else {
      throw TransformError(transform: name, reason: "the matrix is not positive definite")
    }
    return factor
  }
}
