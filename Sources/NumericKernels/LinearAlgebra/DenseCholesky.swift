import CNumericKernels
import Foundation

/// The Cholesky factorisation A = L L' of a dense symmetric positive definite matrix, for sizes up to a few hundred.
///
/// Matrices are flat and row-major: element (i, j) is at `i * size + j`. Only the lower triangle of A is read. The value
/// owns its buffers, so factoring again does not allocate.
public struct DenseCholesky: Sendable {
  /// The number of rows.
  public let size: Int

  @usableFromInline var lower: [Double]

  /// A factorisation of the identity of this size, to be replaced by `factor`.
  public init(size: Int) {
    precondition(size >= 0)
    self.size = size
    lower = [Double](repeating: 0, count: size * size)
    for i in 0..<size { lower[i * size + i] = 1 }
  }

  /// Factors `matrix` (row-major, lower triangle read), in size^3 / 3 operations.
  ///
  /// The last bits depend on the instruction set (`cnk_path`).
  ///
  /// - Throws: `NotPositiveDefinite`; the value then holds no usable factorisation until the next success.
  public mutating func factor(_ matrix: [Double]) throws(NotPositiveDefinite) {
    precondition(matrix.count == size * size, "the matrix must have size * size elements")
    let rows = Int32(size)
    let failure = lower.withUnsafeMutableBufferPointer { target -> Int32 in
      guard let base = target.baseAddress else { return -1 }
      // The elements above the diagonal come along, and nobody reads them.
      _ = target.update(from: matrix)
      return cnk_cholesky(rows, base)
    }
    if failure >= 0 { throw NotPositiveDefinite(row: Int(failure)) }
  }

  /// log det A.
  @inlinable
  public var logDeterminant: Double {
    var sum = 0.0
    for i in 0..<size { sum += log(lower[i * size + i]) }
    return 2 * sum
  }

  /// Element (row, column) of L, column <= row.
  @inlinable
  public func lowerElement(_ row: Int, _ column: Int) -> Double {
    precondition(column <= row, "L is lower triangular")
    return lower[row * size + column]
  }

  /// Replaces x by L^-1 x, in size^2 operations.
  @inlinable
  public func solveLower(_ x: inout [Double]) {
    precondition(x.count == size)
    x.withUnsafeMutableBufferPointer { solveLower($0) }
  }

  /// Replaces x by L^-1 x where the elements of x before `first` are 0, and stay so; saves the work on them.
  @inlinable
  public func solveLower(_ x: inout [Double], from first: Int) {
    precondition(x.count == size && first >= 0)
    let n = size
    lower.withUnsafeBufferPointer { l in
      x.withUnsafeMutableBufferPointer { v in
        guard let matrix = l.baseAddress, let values = v.baseAddress else { return }
        var i = first
        while i < n {
          let row = matrix + i * n
          values[i] = (values[i] - VectorLoops.dot(row + first, values + first, i - first)) / row[i]
          i += 1
        }
      }
    }
  }

  /// Replaces x by L'^-1 x.
  @inlinable
  public func solveUpper(_ x: inout [Double]) {
    precondition(x.count == size)
    x.withUnsafeMutableBufferPointer { solveUpper($0) }
  }

  /// Replaces x by A^-1 x.
  @inlinable
  public func solve(_ x: inout [Double]) {
    precondition(x.count == size)
    x.withUnsafeMutableBufferPointer {
      solveLower($0)
      solveUpper($0)
    }
  }

  /// Replaces x by L x, which turns standard normals into N(0, A).
  @inlinable
  public func multiplyLower(_ x: inout [Double]) {
    precondition(x.count == size)
    let n = size
    lower.withUnsafeBufferPointer { l in
      x.withUnsafeMutableBufferPointer { v in
        guard let matrix = l.baseAddress, let values = v.baseAddress else { return }
        for i in stride(from: n - 1, through: 0, by: -1) {
          values[i] = VectorLoops.dot(matrix + i * n, values, i + 1)
        }
      }
    }
  }

  /// Draws x ~ N(A^-1 h, A^-1): A is a precision matrix and `x` holds h, the canonical form's linear term, on entry.
  ///
  /// x = L'^-1 (L^-1 h + z), z standard normal, in the order of the rows.
  @inlinable
  public func sample(canonical x: inout [Double], using stream: inout RandomStream) {
    precondition(x.count == size)
    x.withUnsafeMutableBufferPointer { values in
      solveLower(values)
      for i in 0..<size { values[i] += stream.normal() }
      solveUpper(values)
    }
  }

  /// `solveLower` on storage of the caller's.
  @inlinable
  public func solveLower(_ x: UnsafeMutableBufferPointer<Double>) {
    let n = size
    lower.withUnsafeBufferPointer { l in
      guard let matrix = l.baseAddress, let values = x.baseAddress else { return }
      for i in 0..<n {
        let row = matrix + i * n
        values[i] = (values[i] - VectorLoops.dot(row, values, i)) / row[i]
      }
    }
  }

  /// `solveUpper` on storage of the caller's. Works down the rows of L, so memory is read in order.
  @inlinable
  public func solveUpper(_ x: UnsafeMutableBufferPointer<Double>) {
    let n = size
    lower.withUnsafeBufferPointer { l in
      guard let matrix = l.baseAddress, let values = x.baseAddress else { return }
      for i in stride(from: n - 1, through: 0, by: -1) {
        let row = matrix + i * n
        let value = values[i] / row[i]
        values[i] = value
        VectorLoops.subtract(value, row, from: values, i)
      }
    }
  }
}
