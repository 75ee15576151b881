/// Eigenvalues and orthonormal eigenvectors of a symmetric matrix, by cyclic Jacobi rotations (Golub and Van Loan,
/// "Matrix Computations", 4th edition, section 8.5).
///
/// Accurate to rounding for matrices of any conditioning; meant for up to some hundreds of rows.
package struct SymmetricEigen: Sendable {
  package let size: Int
  /// In no particular order.
  package let values: [Double]
  /// Row i is the eigenvector of `values[i]`, row-major.
  package let vectors: [Double]

  /// - Parameter matrix: `size` x `size`, row-major; only the upper triangle is read.
  /// - Complexity: O(size³) for each of some six to ten sweeps.
  package init(_ matrix: [Double], size n: Int) {
    precondition(matrix.count == n * n, "a square matrix")
    var a = matrix
    for i in 0..<n {
      for j in 0..<i { a[i * n + j] = a[j * n + i] }
    }
    var v = [Double](repeating: 0, count: n * n)
    for i in 0..<n { v[i * n + i] = 1 }
    let norm = a.reduce(0) { $0 + $1 * $1 }
    for _ in 0..<Self.mostSweeps {
      var off = 0.0
      for i in 0..<n {
        for j in i + 1..<max(i + 1, n) { off += a[i * n + j] * a[i * n + j] }
      }
      if off <= norm * 1e-30 { break }
      for p in 0..<n {
        for q in p + 1..<max(p + 1, n) where a[p * n + q] != 0 { Self.rotate(&a, &v, n, p, q) }
      }
    }
    size = n
    values = (0..<n).map { a[$0 * n + $0] }
    vectors = v
  }

  private static let mostSweeps = 60

  /// Turns rows and columns p and q so that their common element is zero.
  private static func rotate(_ a: inout [Double], _ v: inout [Double], _ n: Int, _ p: Int, _ q: Int) {
    let theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
    let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
    let c = 1 / (t * t + 1).squareRoot()
    let s = t * c
    for k in 0..<n {
      let (x, y) = (a[p * n + k], a[q * n + k])
      a[p * n + k] = c * x - s * y
      a[q * n + k] = s * x + c * y
    }
    for k in 0..<n {
      let (x, y) = (a[k * n + p], a[k * n + q])
      a[k * n + p] = c * x - s * y
      a[k * n + q] = s * x + c * y
    }
    for k in 0..<n {
      let (x, y) = (v[p * n + k], v[q * n + k])
      v[p * n + k] = c * x - s * y
      v[q * n + k] = s * x + c * y
    }
    a[p * n + q] = 0
    a[q * n + p] = 0
  }
}
