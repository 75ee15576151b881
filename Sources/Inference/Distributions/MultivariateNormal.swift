import Foundation
import NumericKernels

/// The multivariate normal distribution by the Cholesky factor L of its covariance L L'.
///
///     log p(x) = -½ z' z - Σ log L_ii - ½ K log 2π,   L z = x - μ
///
/// L is K × K, row-major, with a positive diagonal; the density does not look at what is above the diagonal, which models
/// want to be 0 where L is data. Cost K². Stan: `multi_normal_cholesky(mu, L)`.
public struct MultivariateNormalCholesky: VectorDistribution {
  public static let name = "multi_normal_cholesky"
  public static let parameterNames = ["mu", "L"]
  public static let isDiscrete = false
  public static func variateCount(size: Int) -> Int { size }
  public static func parameterCount(_ parameter: Int, size: Int) -> Int { parameter == 0 ? size : size * size }
  public static func scratchCount(size: Int) -> Int { 2 * size }

  public let mu: [Double]
  /// K × K, row-major.
  public let factor: [Double]
  public init(mu: [Double], factor: [Double]) {
    precondition(
      factor.count == mu.count * mu.count, "the factor must be as many rows and columns as the mean's length")
    self.mu = mu
    self.factor = factor
  }
  public var size: Int { mu.count }
  public var parameters: [[Double]] { [mu, factor] }

  public static func problem(with parameter: Int, _ values: [Double], size: Int) -> String? {
    if parameter == 0 { return values.allSatisfy(\.isFinite) ? nil : "must be finite numbers" }
    if let problem = TriangularMatrix.problem(withNumbers: values, size) { return problem }
    for i in 0..<size {
      if values[i * size + i] <= 0 {
        return
          "must have a positive diagonal; element \(i) of it is \(values[i * size + i]). Where a factorisation gave "
          + "that, the covariance is singular: add to its diagonal"
      }
      for j in (i + 1)..<max(size, i + 1) where values[i * size + j] != 0 {
        return "must be lower triangular; the element of row \(i), column \(j) is \(values[i * size + j]): give the "
          + "lower factor, not the upper one or the covariance"
      }
    }
    return nil
  }

  public static func evaluate(
    _ x: Span<Double>, _ a: Span<Double>, _ b: Span<Double>, size n: Int, xAdjoint: inout MutableSpan<Double>,
    aAdjoint: inout MutableSpan<Double>, bAdjoint: inout MutableSpan<Double>, scratch: inout MutableSpan<Double>
  ) -> Double {
    var value = -0.918938533204672741780 * Double(n)
    for i in 0..<n {
      let pivot = b[i * n + i]
      guard pivot > 0, pivot < .infinity else { return .nan }
      var sum = x[i] - a[i]
      for j in 0..<i { sum -= b[i * n + j] * scratch[j] }
      let z = sum / pivot
      scratch[i] = z
      value -= 0.5 * z * z + log(pivot)
    }
    if xAdjoint.isEmpty && aAdjoint.isEmpty && bAdjoint.isEmpty { return value }
    // w = L'⁻¹ z
    for i in stride(from: n - 1, through: 0, by: -1) {
      var sum = scratch[i]
      for j in i + 1..<max(n, i + 1) { sum -= b[j * n + i] * scratch[n + j] }
      let w = sum / b[i * n + i]
      scratch[n + i] = w
      if !xAdjoint.isEmpty { xAdjoint[i] -= w }
      if !aAdjoint.isEmpty { aAdjoint[i] += w }
    }
    if !bAdjoint.isEmpty {
      for i in 0..<n {
        for j in 0...i { bAdjoint[i * n + j] += scratch[n + i] * scratch[j] }
        bAdjoint[i * n + i] -= 1 / b[i * n + i]
      }
    }
    return value
  }

  public static func random(
    _ a: Span<Double>, _ b: Span<Double>, size n: Int, into x: inout MutableSpan<Double>,
    scratch: inout MutableSpan<Double>, using stream: inout RandomStream
  ) {
    for i in 0..<n { scratch[i] = stream.normal() }
    for i in 0..<n {
      var sum = b[i * n + i] > 0 ? a[i] : .nan
      for j in 0...i { sum += b[i * n + j] * scratch[j] }
      x[i] = sum
    }
  }

  public var mean: [Double] { mu }
  /// The elements' variances.
  public var variance: [Double] {
    let covariance = covariance
    return (0..<size).map { covariance[$0 * size + $0] }
  }
  /// The covariance L L', row-major.
  public var covariance: [Double] {
    let n = size
    return (0..<n * n).map { place in
      let (i, j) = (place / n, place % n)
      return (0...min(i, j)).reduce(0) { $0 + factor[i * n + $1] * factor[j * n + $1] }
    }
  }
}

/// The multivariate normal distribution by its covariance Σ.
///
///     log p(x) = -½ (x - μ)' Σ⁻¹ (x - μ) - ½ log det Σ - ½ K log 2π
///
/// Σ is K × K, symmetric to 1e-8 and positive definite (by more than rounding), or the value is NaN. Its adjoint is that of a symmetric matrix,
/// half in each of two mirrored elements. Cost K³: where you have the factor, ``MultivariateNormalCholesky`` is
/// cheaper. Stan: `multi_normal(mu, Sigma)`.
public struct MultivariateNormal: VectorDistribution {
  public static let name = "multi_normal"
  public static let parameterNames = ["mu", "Sigma"]
  public static let isDiscrete = false
  public static func variateCount(size: Int) -> Int { size }
  public static func parameterCount(_ parameter: Int, size: Int) -> Int { parameter == 0 ? size : size * size }
  public static func scratchCount(size: Int) -> Int { size * size + 2 * size }

  public let mu: [Double]
  /// K × K, row-major.
  public let covariance: [Double]
  public init(mu: [Double], covariance: [Double]) {
    precondition(covariance.count == mu.count * mu.count, "the covariance must be as many rows and columns as the mean")
    self.mu = mu
    self.covariance = covariance
  }
  public var size: Int { mu.count }
  public var parameters: [[Double]] { [mu, covariance] }
  public var mean: [Double] { mu }
  /// The elements' variances.
  public var variance: [Double] { (0..<size).map { covariance[$0 * size + $0] } }

  public static func problem(with parameter: Int, _ values: [Double], size: Int) -> String? {
    if parameter == 1 { return TriangularMatrix.problem(withSymmetric: values, size) }
    return values.allSatisfy(\.isFinite) ? nil : "must be finite numbers"
  }

  public static func evaluate(
    _ x: Span<Double>, _ a: Span<Double>, _ b: Span<Double>, size n: Int, xAdjoint: inout MutableSpan<Double>,
    aAdjoint: inout MutableSpan<Double>, bAdjoint: inout MutableSpan<Double>, scratch: inout MutableSpan<Double>
  ) -> Double {
    let square = n * n
    guard TriangularMatrix.copySymmetric(b, n, into: &scratch), TriangularMatrix.factor(&scratch, n) else {
      return .nan
    }
    var value = -0.918938533204672741780 * Double(n)
    for i in 0..<n { value -= log(scratch[i * n + i]) }
    // L⁻¹ in place; z = L⁻¹ (x - μ), w = L⁻¹' z.
    TriangularMatrix.invert(&scratch, n)
    for i in 0..<n { scratch[square + n + i] = 0 }
    for i in 0..<n {
      var z = 0.0
      for j in 0...i { z += scratch[i * n + j] * (x[j] - a[j]) }
      value -= 0.5 * z * z
      for j in 0...i { scratch[square + n + j] += scratch[i * n + j] * z }
    }
    for i in 0..<n {
      let w = scratch[square + n + i]
      if !xAdjoint.isEmpty { xAdjoint[i] -= w }
      if !aAdjoint.isEmpty { aAdjoint[i] += w }
    }
    if bAdjoint.isEmpty { return value }
    for i in 0..<n {
      for j in 0..<n {
        // ½ (w w' - Σ⁻¹)
        var inverse = 0.0
        for k in max(i, j)..<n { inverse += scratch[k * n + i] * scratch[k * n + j] }
        bAdjoint[i * n + j] += 0.5 * (scratch[square + n + i] * scratch[square + n + j] - inverse)
      }
    }
    return value
  }

  public static func random(
    _ a: Span<Double>, _ b: Span<Double>, size n: Int, into x: inout MutableSpan<Double>,
    scratch: inout MutableSpan<Double>, using stream: inout RandomStream
  ) {
    let square = n * n
    let isValid = TriangularMatrix.copySymmetric(b, n, into: &scratch) && TriangularMatrix.factor(&scratch, n)
    for i in 0..<n { scratch[square + i] = stream.normal() }
    for i in 0..<n {
      var sum = isValid ? a[i] : .nan
      for j in 0...i { sum += scratch[i * n + j] * scratch[square + j] }
      x[i] = sum
    }
  }
}

/// The multivariate normal distribution by its precision Ω = Σ⁻¹.
///
///     log p(x) = -½ (x - μ)' Ω (x - μ) + ½ log det Ω - ½ K log 2π
///
/// Ω as Σ in ``MultivariateNormal``. Stan: `multi_normal_prec(mu, Omega)`.
public struct MultivariateNormalPrecision: VectorDistribution {
  public static let name = "multi_normal_prec"
  public static let parameterNames = ["mu", "Omega"]
  public static let isDiscrete = false
  public static func variateCount(size: Int) -> Int { size }
  public static func parameterCount(_ parameter: Int, size: Int) -> Int { parameter == 0 ? size : size * size }
  public static func scratchCount(size: Int) -> Int { size * size + size }

  public let mu: [Double]
  /// K × K, row-major.
  public let precision: [Double]
  public init(mu: [Double], precision: [Double]) {
    precondition(precision.count == mu.count * mu.count, "the precision must be as many rows and columns as the mean")
    self.mu = mu
    self.precision = precision
  }
  public var size: Int { mu.count }
  public var parameters: [[Double]] { [mu, precision] }
  public var mean: [Double] { mu }
  /// The inverse of the precision, row-major; NaN where that is not positive definite.
  public var covariance: [Double] {
    let n = size
    var work = [Double](repeating: 0, count: n * n)
    var span = work.mutableSpan
    guard TriangularMatrix.copySymmetric(precision.span, n, into: &span), TriangularMatrix.factor(&span, n) else {
      return precision.map { _ in .nan }
    }
    TriangularMatrix.invert(&span, n)
    // L⁻¹' L⁻¹
    return (0..<n * n).map { place in
      let (i, j) = (place / n, place % n)
      var sum = 0.0
      for k in max(i, j)..<n { sum += work[k * n + i] * work[k * n + j] }
      return sum
    }
  }
  /// The elements' variances.
  public var variance: [Double] {
    let covariance = covariance
    return (0..<size).map { covariance[$0 * size + $0] }
  }

  public static func problem(with parameter: Int, _ values: [Double], size: Int) -> String? {
    if parameter == 1 { return TriangularMatrix.problem(withSymmetric: values, size) }
    return values.allSatisfy(\.isFinite) ? nil : "must be finite numbers"
  }

  public static func evaluate(
    _ x: Span<Double>, _ a: Span<Double>, _ b: Span<Double>, size n: Int, xAdjoint: inout MutableSpan<Double>,
    aAdjoint: inout MutableSpan<Double>, bAdjoint: inout MutableSpan<Double>, scratch: inout MutableSpan<Double>
  ) -> Double {
    guard TriangularMatrix.copySymmetric(b, n, into: &scratch), TriangularMatrix.factor(&scratch, n) else {
      return .nan
    }
    var value = -0.918938533204672741780 * Double(n)
    for i in 0..<n {
      value += log(scratch[i * n + i])
      var w = 0.0
      for j in 0..<n { w += b[i * n + j] * (x[j] - a[j]) }
      value -= 0.5 * w * (x[i] - a[i])
      if !xAdjoint.isEmpty { xAdjoint[i] -= w }
      if !aAdjoint.isEmpty { aAdjoint[i] += w }
    }
    if bAdjoint.isEmpty { return value }
    TriangularMatrix.invert(&scratch, n)
    for i in 0..<n {
      for j in 0..<n {
        // ½ (Ω⁻¹ - d d')
        var inverse = 0.0
        for k in max(i, j)..<n { inverse += scratch[k * n + i] * scratch[k * n + j] }
        bAdjoint[i * n + j] += 0.5 * (inverse - (x[i] - a[i]) * (x[j] - a[j]))
      }
    }
    return value
  }

  public static func random(
    _ a: Span<Double>, _ b: Span<Double>, size n: Int, into x: inout MutableSpan<Double>,
    scratch: inout MutableSpan<Double>, using stream: inout RandomStream
  ) {
    let isValid = TriangularMatrix.copySymmetric(b, n, into: &scratch) && TriangularMatrix.factor(&scratch, n)
    // x - μ = R'⁻¹ z for Ω = R R'.
    for i in stride(from: n - 1, through: 0, by: -1) {
      var sum = isValid ? stream.normal() : .nan
      for j in i + 1..<max(n, i + 1) { sum -= scratch[j * n + i] * (x[j] - a[j]) }
      x[i] = a[i] + sum / scratch[i * n + i]
    }
  }
}
