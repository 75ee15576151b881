import Foundation

/// Lower triangular matrices in slices of a caller's storage, row-major, for densities of small matrices.
enum TriangularMatrix {
  /// Replaces the lower triangle of a symmetric matrix by its Cholesky factor; false where it is not positive definite.
  static func factor(_ a: inout MutableSpan<Double>, _ n: Int) -> Bool {
    for i in 0..<n {
      for j in 0...i {
        var sum = a[i * n + j]
        for k in 0..<j { sum -= a[i * n + k] * a[j * n + k] }
        if i == j {
          guard sum > 0, sum < .infinity else { return false }
          a[i * n + i] = sum.squareRoot()
        } else {
          a[i * n + j] = sum / a[j * n + j]
        }
      }
    }
    return true
  }

  /// Copies the lower triangle of a symmetric matrix; false where it is not symmetric to 1e-8 or not finite.
  static func copySymmetric(_ matrix: Span<Double>, _ n: Int, into a: inout MutableSpan<Double>) -> Bool {
    for i in 0..<n {
      for j in 0...i {
        let (lower, upper) = (matrix[i * n + j], matrix[j * n + i])
        guard abs(lower - upper) <= 1e-8 * max(1e-300, abs(lower), abs(upper)) else { return false }
        a[i * n + j] = 0.5 * (lower + upper)
      }
    }
    return true
  }

  /// What keeps a matrix from being a covariance, if anything does.
  static func problem(withSymmetric matrix: [Double], _ n: Int) -> String? {
    var copy = matrix
    var span = copy.mutableSpan
    guard copySymmetric(matrix.span, n, into: &span) else { return "must be symmetric, to 1e-8" }
    return factor(&span, n) ? nil : "must be positive definite"
  }

  /// Replaces L by its inverse.
  static func invert(_ l: inout MutableSpan<Double>, _ n: Int) {
    for i in 0..<n {
      let pivot = 1 / l[i * n + i]
      for j in 0..<i {
        var sum = 0.0
        for k in j..<i { sum += l[i * n + k] * l[k * n + j] }
        l[i * n + j] = -sum * pivot
      }
      l[i * n + i] = pivot
    }
  }
}
