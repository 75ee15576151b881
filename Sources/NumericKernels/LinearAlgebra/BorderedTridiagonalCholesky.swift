import Foundation

/// The Cholesky factorisation of a symmetric positive definite matrix that is tridiagonal but for a dense border,
///
///     P = [[A, B], [B', C]],   A: W x W tridiagonal, B: W x K, C: K x K,
///
/// the precision of a random walk of W steps together with K regression coefficients. With A = L L', V = L^-1 B and
/// C - V'V = M M' the factor is [[L, 0], [V', M]]. Factoring costs W K^2 + K^3 / 3 operations, a solve 4 W K.
///
/// Vectors have the W path elements first and the K border elements after them. The value owns its buffers, so
/// factoring again does not allocate.
public struct BorderedTridiagonalCholesky: Sendable {
  /// W, the size of the tridiagonal block.
  public let pathSize: Int
  /// K, the size of the border.
  public let borderSize: Int
  /// W + K.
  public var size: Int { pathSize + borderSize }

  @usableFromInline var path: TridiagonalCholesky
  @usableFromInline var border: DenseCholesky
  /// V = L^-1 B, row-major W x K.
  @usableFromInline var cross: [Double]
  /// C - V'V, row-major K x K, lower triangle.
  @usableFromInline var schur: [Double]

  /// A factorisation of the identity of these sizes, to be replaced by `factor`.
  public init(pathSize: Int, borderSize: Int) {
    self.pathSize = pathSize
    self.borderSize = borderSize
    path = TridiagonalCholesky(size: pathSize)
    border = DenseCholesky(size: borderSize)
    cross = [Double](repeating: 0, count: pathSize * borderSize)
    schur = [Double](repeating: 0, count: borderSize * borderSize)
  }

  /// Factors P.
  ///
  /// - Parameters:
  ///   - diagonal: A's diagonal, W elements.
  ///   - offDiagonal: A(i, i + 1), at least W - 1 elements; further ones are ignored.
  ///   - cross: B, row-major W x K.
  ///   - border: C, row-major K x K; the lower triangle is read.
  /// - Throws: `NotPositiveDefinite` with the row of P; the value then holds no usable factorisation until the next
  ///   success.
  @inlinable
  public mutating func factor(
    diagonal: [Double], offDiagonal: [Double], cross b: [Double], border c: [Double]
  ) throws(NotPositiveDefinite) {
    precondition(b.count == pathSize * borderSize && c.count == borderSize * borderSize, "border sizes do not match")
    try path.factor(diagonal: diagonal, offDiagonal: offDiagonal)
    let (w, k) = (pathSize, borderSize)
    if k == 0 { return }
    path.diagonal.withUnsafeBufferPointer { d in
      path.below.withUnsafeBufferPointer { l in
        b.withUnsafeBufferPointer { source in
          cross.withUnsafeMutableBufferPointer { v in
            for t in 0..<w {
              let scale = 1 / d[t]
              let row = t * k
              if t == 0 {
                for j in 0..<k { v[j] = source[j] * scale }
              } else {
                let element = l[t]
                for j in 0..<k { v[row + j] = (source[row + j] - element * v[row - k + j]) * scale }
              }
            }
          }
        }
      }
    }
    cross.withUnsafeBufferPointer { v in
      c.withUnsafeBufferPointer { source in
        schur.withUnsafeMutableBufferPointer { Self.subtractGram(of: v, rows: w, columns: k, from: source, into: $0) }
      }
    }
    do {
      try border.factor(schur)
    } catch {
      throw NotPositiveDefinite(row: w + error.row)
    }
  }

  /// S = C - V'V, lower triangle, four rows of V at a time so that S is read and written a quarter as often.
  @inlinable
  static func subtractGram(
    of v: UnsafeBufferPointer<Double>, rows w: Int, columns k: Int, from c: UnsafeBufferPointer<Double>,
    into s: UnsafeMutableBufferPointer<Double>
  ) {
    guard let target = s.baseAddress, let values = v.baseAddress else {
      for i in 0..<(k * k) { s[i] = c[i] }
      return
    }
    for i in 0..<(k * k) { target[i] = c[i] }
    var t = 0
    while t + 4 <= w {
      let (v0, v1) = (values + t * k, values + (t + 1) * k)
      let (v2, v3) = (values + (t + 2) * k, values + (t + 3) * k)
      for i in 0..<k {
        let (a0, a1, a2, a3) = (v0[i], v1[i], v2[i], v3[i])
        let row = target + i * k
        for j in 0...i {
          row[j] -= (a0 * v0[j] + a1 * v1[j]) + (a2 * v2[j] + a3 * v3[j])
        }
      }
      t += 4
    }
    while t < w {
      let row = values + t * k
      for i in 0..<k { VectorLoops.subtract(row[i], row, from: target + i * k, i + 1) }
      t += 1
    }
  }

  /// log det P.
  @inlinable
  public var logDeterminant: Double { path.logDeterminant + border.logDeterminant }

  /// Replaces x (path first, then border) by P^-1 x.
  @inlinable
  public func solve(_ x: inout [Double]) {
    precondition(x.count == size)
    solveLower(&x)
    solveUpper(&x)
  }

  /// Draws x ~ N(P^-1 h, P^-1): P is a precision matrix and `x` holds h, the canonical form's linear term, on entry.
  @inlinable
  public func sample(canonical x: inout [Double], using stream: inout RandomStream) {
    precondition(x.count == size)
    solveLower(&x)
    for i in 0..<x.count { x[i] += stream.normal() }
    solveUpper(&x)
  }

  /// Replaces x by F^-1 x, F the lower Cholesky factor of P. |F^-1 x|^2 is the quadratic form x' P^-1 x.
  @inlinable
  public func solveLower(_ x: inout [Double]) {
    precondition(x.count == size)
    path.solveLower(&x)
    let (w, k) = (pathSize, borderSize)
    cross.withUnsafeBufferPointer { v in
      x.withUnsafeMutableBufferPointer { values in
        guard let rows = v.baseAddress, let base = values.baseAddress else { return }
        for t in 0..<w { VectorLoops.subtract(base[t], rows + t * k, from: base + w, k) }
      }
    }
    x.withUnsafeMutableBufferPointer { border.solveLower(UnsafeMutableBufferPointer(rebasing: $0[w...])) }
  }

  /// Replaces x by F'^-1 x, F the lower Cholesky factor of P. It turns standard normals into N(0, P^-1).
  @inlinable
  public func solveUpper(_ x: inout [Double]) {
    precondition(x.count == size)
    let (w, k) = (pathSize, borderSize)
    x.withUnsafeMutableBufferPointer { border.solveUpper(UnsafeMutableBufferPointer(rebasing: $0[w...])) }
    cross.withUnsafeBufferPointer { v in
      x.withUnsafeMutableBufferPointer { values in
        guard let rows = v.baseAddress, let base = values.baseAddress else { return }
        for t in 0..<w { base[t] -= VectorLoops.dot(rows + t * k, base + w, k) }
      }
    }
    path.solveUpper(&x)
  }
}
