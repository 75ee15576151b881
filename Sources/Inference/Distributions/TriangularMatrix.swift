import Foundation

/// Lower triangular matrices in slices of a caller's storage, row-major, for densities of small matrices.
enum TriangularMatrix {
  /// Replaces the lower triangle of a symmetric matrix by its Cholesky factor; false where it is not positive definite,
  /// or so little that rounding decides.
  static func factor(_ a: inout MutableSpan<Double>, _ n: Int) -> Bool { firstDependentRow(&a, n) == nil }

  /// The same; returns the first row of which those before it leave nothing, whose diagonal element is then as it was.
  ///
  /// What is left of row i's diagonal element comes out with an error of up to i + 1 roundings of it (Higham, "Accuracy
  /// and Stability of Numerical Algorithms", 2002, section 10.1); a remainder below twice that is none.
  private static func firstDependentRow(_ a: inout MutableSpan<Double>, _ n: Int) -> Int? {
    for i in 0..<n {
      for j in 0...i {
        var sum = a[i * n + j]
        for k in 0..<j { sum -= a[i * n + k] * a[j * n + k] }
        if i == j {
          guard sum > 2 * Double(i) * .ulpOfOne * a[i * n + i], sum < .infinity else { return i }
          a[i * n + i] = sum.squareRoot()
        } else {
          a[i * n + j] = sum / a[j * n + j]
        }
      }
    }
    return nil
  }

  private static func areMirrored(_ lower: Double, _ upper: Double) -> Bool {
    abs(lower - upper) <= 1e-8 * max(1e-300, abs(lower), abs(upper))
  }

  /// Copies the lower triangle of a symmetric matrix; false where it is not symmetric to 1e-8 or not finite.
  static func copySymmetric(_ matrix: Span<Double>, _ n: Int, into a: inout MutableSpan<Double>) -> Bool {
    for i in 0..<n {
      for j in 0...i {
        let (lower, upper) = (matrix[i * n + j], matrix[j * n + i])
        guard areMirrored(lower, upper) else { return false }
        // Not half of their sum, which may overflow.
        a[i * n + j] = lower + 0.5 * (upper - lower)
      }
    }
    return true
  }

  /// What keeps a matrix from being a covariance or a precision, if anything does, with the row.
  static func problem(withSymmetric matrix: [Double], _ n: Int) -> String? {
    if let problem = problem(withNumbers: matrix, n) { return problem }
    for i in 0..<n {
      for j in 0..<i where !areMirrored(matrix[i * n + j], matrix[j * n + i]) {
        return "must be symmetric, to 1e-8; the element of row \(i), column \(j) is \(matrix[i * n + j]) and that of "
          + "row \(j), column \(i) is \(matrix[j * n + i])"
      }
    }
    var copy = matrix
    var span = copy.mutableSpan
    guard copySymmetric(matrix.span, n, into: &span), let row = firstDependentRow(&span, n) else { return nil }
    let diagonal = matrix[row * n + row]
    if diagonal <= 0 {
      return "must be positive definite; its diagonal is \(diagonal) in row \(row), and has to be positive"
    }
    var rest = diagonal
    for k in 0..<row { rest -= span[row * n + k] * span[row * n + k] }
    if rest < -1e-8 * diagonal {
      return
        "must be positive definite; row \(row) contradicts the rows before it, which leave \(rest) of its diagonal "
        + "element \(diagonal): smaller elements off the diagonal would mend it"
    }
    return "must be positive definite and is singular in double precision: row \(row) is a combination of the rows "
      + "before it; leave that element out, or add to the diagonal, such as 1e-8 of \(diagonal)"
  }

  /// The first element that is not a finite number.
  static func problem(withNumbers matrix: [Double], _ n: Int) -> String? {
    guard let place = matrix.firstIndex(where: { !$0.isFinite }) else { return nil }
    return "must be finite numbers; the element of row \(place / n), column \(place % n) is \(matrix[place])"
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
