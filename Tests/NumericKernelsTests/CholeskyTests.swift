import Foundation
import NumericKernels
import Testing

/// A dense row-major matrix, for checks only.
private struct Matrix {
  let size: Int
  var elements: [Double]

  init(size: Int, _ element: (Int, Int) -> Double) {
    self.size = size
    elements = (0..<(size * size)).map { element($0 / size, $0 % size) }
  }

  func times(_ x: [Double]) -> [Double] {
    (0..<size).map { i in (0..<size).reduce(0) { $0 + elements[i * size + $1] * x[$1] } }
  }

  /// log det by elimination with partial pivoting, independent of Cholesky.
  var logDeterminant: Double {
    var a = elements
    var sum = 0.0
    for k in 0..<size {
      let pivot = (k..<size).max { abs(a[$0 * size + k]) < abs(a[$1 * size + k]) }!
      for j in 0..<size { a.swapAt(k * size + j, pivot * size + j) }
      sum += log(abs(a[k * size + k]))
      for i in (k + 1)..<max(size, k + 1) {
        let factor = a[i * size + k] / a[k * size + k]
        for j in k..<size { a[i * size + j] -= factor * a[k * size + j] }
      }
    }
    return sum
  }
}

private func normals(_ count: Int, _ index: UInt64) -> [Double] {
  var stream = RandomStream(seed: 99, purpose: 4, index: index)
  return (0..<count).map { _ in stream.normal() }
}

private func product(_ a: [Double], _ b: [Double]) -> Double {
  var sum = 0.0
  for (x, y) in zip(a, b) { sum += x * y }
  return sum
}

private func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
  zip(a, b).map { abs($0 - $1) }.max() ?? 0
}

/// The largest deviation, in standard errors, of the sample mean and covariance of `count` draws from N(P^-1 h, P^-1),
/// measured through P itself: E[P x] = h and E[(Px - h)(x - mean)'] = I.
private func canonicalDeviation(
  precision: Matrix, linear: [Double], count: Int, draw: () -> [Double]
) -> Double {
  let n = precision.size
  var meanSum = [Double](repeating: 0, count: n)
  var productSum = [Double](repeating: 0, count: n * n)
  var productSquares = productSum
  var score = meanSum
  for _ in 0..<count {
    let x = draw()
    score = precision.times(x)
    for i in 0..<n { score[i] -= linear[i] }
    for i in 0..<n {
      meanSum[i] += score[i]
      for j in 0..<n {
        let product = score[i] * x[j]
        productSum[i * n + j] += product
        productSquares[i * n + j] += product * product
      }
    }
  }
  var worst = 0.0
  let total = Double(count)
  for i in 0..<n {
    // The variance of (P x)_i is P_ii.
    worst = max(worst, abs(meanSum[i] / total) / (precision.elements[i * n + i] / total).squareRoot())
    for j in 0..<n {
      let mean = productSum[i * n + j] / total
      let error = ((productSquares[i * n + j] / total - mean * mean) / total).squareRoot()
      worst = max(worst, abs(mean - (i == j ? 1 : 0)) / error)
    }
  }
  return worst
}

@Suite("Cholesky factorisations")
struct CholeskyTests {
  @Test("dense: solves, determinant, products", arguments: [1, 2, 3, 4, 5, 8, 31, 120])
  func dense(size: Int) throws {
    let factors = normals(size * size, 1)
    let matrix = Matrix(size: size) { i, j in
      (0..<size).reduce(i == j ? 0.5 : 0) { $0 + factors[i * size + $1] * factors[j * size + $1] / Double(size) }
    }
    var cholesky = DenseCholesky(size: size)
    try cholesky.factor(matrix.elements)
    let x = normals(size, 2)
    var solved = matrix.times(x)
    cholesky.solve(&solved)
    #expect(largestDifference(solved, x) < 1e-12 * Double(size))
    #expect(abs(cholesky.logDeterminant - matrix.logDeterminant) < 1e-12 * Double(size))
    var lower = x
    cholesky.multiplyLower(&lower)
    cholesky.solveLower(&lower)
    #expect(largestDifference(lower, x) < 1e-12)
    // L'^-1 is the transpose of L^-1: <y, L^-1 x> = <L'^-1 y, x>.
    let y = normals(size, 3)
    var (left, right) = (x, y)
    cholesky.solveLower(&left)
    cholesky.solveUpper(&right)
    #expect(abs(product(y, left) - product(right, x)) < 1e-11)
  }

  @Test("only the lower triangle is read, and the value can be used again after a failure")
  func failures() throws {
    var cholesky = DenseCholesky(size: 2)
    #expect(throws: NotPositiveDefinite(row: 1)) { try cholesky.factor([1, 0, 2, 1]) }
    #expect(throws: NotPositiveDefinite(row: 0)) { try cholesky.factor([.nan, 0, 0, 1]) }
    try cholesky.factor([4, 777, 0, 9])
    #expect(cholesky.lowerElement(0, 0) == 2 && cholesky.lowerElement(1, 1) == 3)
    var tridiagonal = TridiagonalCholesky(size: 3)
    #expect(throws: NotPositiveDefinite(row: 2)) {
      try tridiagonal.factor(diagonal: [1, 2, 0.5], offDiagonal: [1, 1])
    }
    var bordered = BorderedTridiagonalCholesky(pathSize: 2, borderSize: 1)
    #expect(throws: NotPositiveDefinite(row: 2)) {
      try bordered.factor(diagonal: [1, 1], offDiagonal: [0], cross: [1, 1], border: [2])
    }
  }

  @Test("tridiagonal agrees with dense", arguments: [1, 2, 3, 50])
  func tridiagonal(size: Int) throws {
    let beside = normals(size, 5)
    let matrix = Matrix(size: size) { i, j in
      i == j ? 3 + Double(i % 4) + beside[i] * beside[i] : abs(i - j) == 1 ? beside[min(i, j)] : 0
    }
    var cholesky = TridiagonalCholesky(size: size)
    try cholesky.factor(
      diagonal: (0..<size).map { matrix.elements[$0 * size + $0] }, offDiagonal: Array(beside.dropLast()))
    let x = normals(size, 6)
    var solved = matrix.times(x)
    cholesky.solve(&solved)
    #expect(largestDifference(solved, x) < 1e-13)
    #expect(abs(cholesky.logDeterminant - matrix.logDeterminant) < 1e-12 * Double(size))
  }

  /// A bordered system as a regression gives it: random walk precision plus cross-products of a design matrix.
  private func borderedSystem(path: Int, border: Int) -> (Matrix, BorderedTridiagonalCholesky) {
    let design = normals(path * border, 8)
    let matrix = Matrix(size: path + border) { i, j in
      let (a, b) = (min(i, j), max(i, j))
      if b < path {
        return a == b ? 2.5 + 0.1 * Double(a % 3) : b - a == 1 ? -0.9 : 0
      }
      if a < path { return 0.5 * design[a * border + b - path] }
      return (0..<path).reduce(a == b ? 1 : 0) {
        $0 + design[$1 * border + a - path] * design[$1 * border + b - path]
      }
    }
    return (matrix, BorderedTridiagonalCholesky(pathSize: path, borderSize: border))
  }

  private func factor(_ matrix: Matrix, _ cholesky: inout BorderedTridiagonalCholesky) throws {
    let (n, w, k) = (matrix.size, cholesky.pathSize, cholesky.borderSize)
    let cross = (0..<(w * k)).map { matrix.elements[($0 / k) * n + w + $0 % k] }
    let border = (0..<(k * k)).map { matrix.elements[(w + $0 / k) * n + w + $0 % k] }
    try cholesky.factor(
      diagonal: (0..<w).map { matrix.elements[$0 * n + $0] },
      offDiagonal: (0..<max(0, w - 1)).map { matrix.elements[$0 * n + $0 + 1] }, cross: cross, border: border)
  }

  @Test("bordered agrees with dense", arguments: [(1, 1), (4, 3), (7, 5), (66, 21), (5, 0), (3, 9), (0, 4)])
  func bordered(path: Int, border: Int) throws {
    var (matrix, cholesky) = borderedSystem(path: path, border: border)
    try factor(matrix, &cholesky)
    let x = normals(path + border, 9)
    var solved = matrix.times(x)
    cholesky.solve(&solved)
    #expect(largestDifference(solved, x) < 1e-11)
    #expect(abs(cholesky.logDeterminant - matrix.logDeterminant) < 1e-12 * Double(path + border))
    var reduced = x
    cholesky.solveLower(&reduced)
    var whole = x
    cholesky.solve(&whole)
    let quadratic = product(whole, x)
    #expect(abs(product(reduced, reduced) - quadratic) < 1e-11 * quadratic)
  }

  @Test("draws from the canonical form have its mean and covariance")
  func sampling() throws {
    var stream = RandomStream(seed: 5, purpose: 6)
    var (matrix, cholesky) = borderedSystem(path: 5, border: 3)
    try factor(matrix, &cholesky)
    let linear = normals(8, 10)
    // 8 + 64 comparisons; the largest of 72 standard normals passes 4.5 about once in 2,000 seeds.
    let borderedDeviation = canonicalDeviation(precision: matrix, linear: linear, count: 20_000) {
      var x = linear
      cholesky.sample(canonical: &x, using: &stream)
      return x
    }
    #expect(borderedDeviation < 4.5)
    var dense = DenseCholesky(size: 8)
    try dense.factor(matrix.elements)
    let denseDeviation = canonicalDeviation(precision: matrix, linear: linear, count: 20_000) {
      var x = linear
      dense.sample(canonical: &x, using: &stream)
      return x
    }
    #expect(denseDeviation < 4.5)
    let walk = Matrix(size: 4) { i, j in i == j ? 2.1 : abs(i - j) == 1 ? -1 : 0 }
    var tridiagonal = TridiagonalCholesky(size: 4)
    try tridiagonal.factor(diagonal: [2.1, 2.1, 2.1, 2.1], offDiagonal: [-1, -1, -1])
    let walkDeviation = canonicalDeviation(precision: walk, linear: Array(linear.prefix(4)), count: 20_000) {
      var x = Array(linear.prefix(4))
      tridiagonal.sample(canonical: &x, using: &stream)
      return x
    }
    #expect(walkDeviation < 4.5)
  }
}
