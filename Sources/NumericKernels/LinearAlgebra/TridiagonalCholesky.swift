import Foundation

/// The Cholesky factorisation A = L L' of a symmetric positive definite tridiagonal matrix: O(size) time and memory.
///
/// The value owns its buffers, so factoring again does not allocate.
public struct TridiagonalCholesky: Sendable {
  /// The number of rows.
  public let size: Int

  /// L's diagonal, and its subdiagonal: `below[i]` is L(i, i - 1), `below[0]` is 0.
  @usableFromInline var diagonal: [Double]
  @usableFromInline var below: [Double]

  /// A factorisation of the identity of this size, to be replaced by `factor`.
  public init(size: Int) {
    precondition(size >= 0)
    self.size = size
    diagonal = [Double](repeating: 1, count: size)
    below = [Double](repeating: 0, count: size)
  }

  /// Factors the matrix with this diagonal and these elements beside it, `offDiagonal[i]` = A(i, i + 1).
  ///
  /// - Parameters:
  ///   - diagonal: `size` elements.
  ///   - offDiagonal: At least `size - 1` elements; further ones are ignored.
  /// - Throws: `NotPositiveDefinite`; the value then holds no usable factorisation until the next success.
  @inlinable
  public mutating func factor(diagonal a: [Double], offDiagonal b: [Double]) throws(NotPositiveDefinite) {
    precondition(a.count == size && b.count >= size - 1, "a tridiagonal matrix needs size and size - 1 elements")
    for i in 0..<size {
      var pivot = a[i]
      if i > 0 {
        let element = b[i - 1] / diagonal[i - 1]
        below[i] = element
        pivot -= element * element
      }
      if !(pivot > 0) || pivot == .infinity { throw NotPositiveDefinite(row: i) }
      diagonal[i] = pivot.squareRoot()
    }
  }

  /// log det A.
  @inlinable
  public var logDeterminant: Double {
    var sum = 0.0
    for i in 0..<size { sum += log(diagonal[i]) }
    return 2 * sum
  }

  /// Replaces x by L^-1 x.
  @inlinable
  public func solveLower(_ x: inout [Double]) {
    precondition(x.count >= size)
    var previous = 0.0
    for i in 0..<size {
      previous = (x[i] - below[i] * previous) / diagonal[i]
      x[i] = previous
    }
  }

  /// Replaces x by L'^-1 x.
  @inlinable
  public func solveUpper(_ x: inout [Double]) {
    precondition(x.count >= size)
    if size == 0 { return }
    var next = x[size - 1] / diagonal[size - 1]
    x[size - 1] = next
    for i in stride(from: size - 2, through: 0, by: -1) {
      next = (x[i] - below[i + 1] * next) / diagonal[i]
      x[i] = next
    }
  }

  /// Replaces x by A^-1 x.
  @inlinable
  public func solve(_ x: inout [Double]) {
    solveLower(&x)
    solveUpper(&x)
  }

  /// Draws x ~ N(A^-1 h, A^-1): A is a precision matrix and `x` holds h, the canonical form's linear term, on entry.
  @inlinable
  public func sample(canonical x: inout [Double], using stream: inout RandomStream) {
    precondition(x.count == size)
    solveLower(&x)
    for i in 0..<size { x[i] += stream.normal() }
    solveUpper(&x)
  }
}
