import Foundation
import NumericKernels

/// The distribution of the Cholesky factor L of a correlation matrix Ω = L L' with density proportional to det(Ω)^(η -
/// 1).
///
///     log p(L) = Σ_{k=2}^{K} (K - k + 2η - 2) log L_kk - log c(K, η)
///     log c = Σ_{k=1}^{K-1} [½ k log π + log Γ(η + ½ (K - 1 - k))] - (K - 1) log Γ(η + ½ (K - 1))
///
/// The density is to the elements below the diagonal. L is K × K, row-major, lower triangular with rows of length 1 (to
/// 1e-8) and a positive diagonal, or the value is minus infinity. η must be positive; 1 is uniform over correlation
/// matrices. Lewandowski, Kurowicka and Joe (2009), theorem 5. Stan: `lkj_corr_cholesky(eta)`.
public struct LKJCholesky: VectorDistribution {
  public static let name = "lkj_corr_cholesky"
  public static let parameterNames = ["eta"]
  public static let isDiscrete = false
  public static func variateCount(size: Int) -> Int { size * size }
  public static func parameterCount(_ parameter: Int, size: Int) -> Int { 1 }
  public static func scratchCount(size: Int) -> Int { 0 }

  /// Rows of the correlation matrix.
  public let size: Int
  public let eta: Double
  public init(size: Int, eta: Double) {
    self.size = size
    self.eta = eta
  }
  public var parameters: [[Double]] { [[eta]] }

  public static func problem(with parameter: Int, _ values: [Double], size: Int) -> String? {
    values.first { !($0 > 0 && $0 < .infinity) }.map { "must be positive and finite; it is \($0)" }
  }

  public static func evaluate(
    _ x: Span<Double>, _ a: Span<Double>, _ b: Span<Double>, size n: Int, xAdjoint: inout MutableSpan<Double>,
    aAdjoint: inout MutableSpan<Double>, bAdjoint: inout MutableSpan<Double>, scratch: inout MutableSpan<Double>
  ) -> Double {
    let eta = a[0]
    guard eta > 0, eta < .infinity else { return .nan }
    let top = Double(n - 1)
    var value = top * SpecialFunctions.logGamma(eta + 0.5 * top)
    var byEta = top * SpecialFunctions.digamma(eta + 0.5 * top)
    for i in 0..<n {
      var square = 0.0
      for j in 0...i { square += x[i * n + j] * x[i * n + j] }
      let pivot = x[i * n + i]
      guard pivot > 0, abs(square - 1) <= 1e-8 else { return -.infinity }
      if i == 0 { continue }
      let k = Double(i)
      let power = top - k + 2 * eta - 2
      let logPivot = log(pivot)
      value +=
        power * logPivot - 0.5 * k * 1.14472988584940017414
        - SpecialFunctions.logGamma(eta + 0.5 * (top - k))
      byEta += 2 * logPivot - SpecialFunctions.digamma(eta + 0.5 * (top - k))
      if !xAdjoint.isEmpty { xAdjoint[i * n + i] += power / pivot }
    }
    if !aAdjoint.isEmpty { aAdjoint[0] += byEta }
    return value
  }

  /// Row by row: the squared length of row i before the diagonal is Beta(i / 2, η + (K - 1 - i) / 2), its direction
  /// uniform (the onion of Lewandowski, Kurowicka and Joe on the factor).
  public static func random(
    _ a: Span<Double>, _ b: Span<Double>, size n: Int, into x: inout MutableSpan<Double>,
    scratch: inout MutableSpan<Double>, using stream: inout RandomStream
  ) {
    let isValid = a[0] > 0 && a[0] < .infinity
    for place in 0..<n * n { x[place] = isValid ? 0 : .nan }
    guard isValid, n > 0 else { return }
    x[0] = 1
    for i in 1..<max(n, 1) {
      let square = stream.beta(0.5 * Double(i), a[0] + 0.5 * Double(n - 1 - i))
      var length = 0.0
      for j in 0..<i {
        x[i * n + j] = stream.normal()
        length += x[i * n + j] * x[i * n + j]
      }
      let scale = (square / length).squareRoot()
      for j in 0..<i { x[i * n + j] *= scale }
      x[i * n + i] = (1 - square).squareRoot()
    }
  }

  /// Variance of a single correlation L L'_ij, whose mean is 0: 1 / (2η + K - 1).
  public var correlationVariance: Double { 1 / (2 * eta + Double(size) - 1) }

  /// The expectation of each element of L, row-major.
  ///
  /// Row i's direction before the diagonal is uniform, and L_ii² is Beta(η + (K - 1 - i) / 2, i / 2), i from 0.
  public var mean: [Double] {
    moments { row, column in row == column ? diagonalMean(row) : 0 }
  }

  /// The variance of each element of L, row-major: in the first column that of a correlation, 1 / (2η + K - 1).
  public var variance: [Double] {
    moments { row, column in
      let (a, b) = squaredDiagonal(row)
      if row == column { return row == 0 ? 0 : a / (a + b) - diagonalMean(row) * diagonalMean(row) }
      return column < row ? b / (a + b) / Double(row) : 0
    }
  }

  /// Parameters of the beta distribution of L_ii².
  private func squaredDiagonal(_ row: Int) -> (a: Double, b: Double) {
    (eta + 0.5 * Double(size - 1 - row), 0.5 * Double(row))
  }

  private func diagonalMean(_ row: Int) -> Double {
    if row == 0 { return 1 }
    let (a, b) = squaredDiagonal(row)
    return exp(
      SpecialFunctions.logGamma(a + 0.5) - SpecialFunctions.logGamma(a) + SpecialFunctions.logGamma(a + b)
        - SpecialFunctions.logGamma(a + b + 0.5))
  }

  private func moments(_ element: (_ row: Int, _ column: Int) -> Double) -> [Double] {
    let isValid = eta > 0 && eta < .infinity
    return (0..<size * size).map { isValid ? element($0 / size, $0 % size) : .nan }
  }
}
