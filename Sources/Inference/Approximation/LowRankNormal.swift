import Foundation
import NumericKernels

/// The normal distribution that a climb's history implies around one of its points: mean x + H g, covariance
/// H = diag(a) + B C B' of low rank (Zhang et al., "Pathfinder", JMLR 23, 2022, algorithms 3 and 4).
struct LowRankNormal: NormalApproximation {
  let mean: [Double]
  private let rootDiagonal: [Double]
  /// Orthonormal columns, `[rank][dimension]`.
  private let basis: [[Double]]
  /// The factor of I + R C R' in the basis, lower triangular.
  private let inner: DenseCholesky
  private let logNormalizer: Double

  /// - Parameters:
  ///   - diagonal: a, positive.
  ///   - history: The pairs behind B and C; may be empty.
  /// - Returns: nil where rounding has made the covariance indefinite.
  init?(point: LBFGS.Point, diagonal: [Double], history: InverseHessianHistory) {
    let n = diagonal.count
    let m = history.steps.count
    rootDiagonal = diagonal.map { $0.squareRoot() }
    // Columns of diag(a)^-1/2 B, B = [diag(a) Y, S].
    var columns: [[Double]] = []
    for y in history.falls { columns.append(zip(rootDiagonal, y).map { $0 * $1 }) }
    for s in history.steps { columns.append(zip(s, rootDiagonal).map { $0 / $1 }) }
    let (q, r) = Self.orthogonalize(columns)
    guard let c = Self.middle(history, diagonal: diagonal) else { return nil }
    let rank = q.count
    var matrix = [Double](repeating: 0, count: rank * rank)
    for i in 0..<rank {
      for j in 0...i {
        var sum = i == j ? 1.0 : 0
        for k in 0..<(2 * m) where r[i][k] != 0 {
          for l in 0..<(2 * m) { sum += r[i][k] * c[k * 2 * m + l] * r[j][l] }
        }
        matrix[i * rank + j] = sum
      }
    }
    var factor = DenseCholesky(size: rank)
    do { try factor.factor(matrix) } catch { return nil }
    basis = q
    inner = factor
    logNormalizer =
      -0.5 * (Double(n) * log(2 * .pi) + diagonal.reduce(0) { $0 + log($1) } + factor.logDeterminant)
    // Mean: x + H g through the factors: H g = a^1/2 (I + Q (inner inner' - I) Q') a^1/2 g.
    let scaled = zip(rootDiagonal, point.gradient).map { $0 * $1 }
    var correction = scaled
    let projected = q.map { dot($0, scaled) }
    for i in 0..<rank {
      var sum = -projected[i]
      for j in 0..<rank { sum += matrix[max(i, j) * rank + min(i, j)] * projected[j] }
      for k in 0..<n { correction[k] += sum * q[i][k] }
    }
    let center = zip(point.x, zip(rootDiagonal, correction)).map { $0 + $1.0 * $1.1 }
    mean = center
    guard logNormalizer.isFinite, center.allSatisfy(\.isFinite) else { return nil }
  }

  func draw(_ z: [Double], into x: inout [Double]) -> Double {
    var u = z
    let projected = basis.map { dot($0, z) }
    var stretched = projected
    inner.multiplyLower(&stretched)
    for (i, q) in basis.enumerated() {
      let change = stretched[i] - projected[i]
      for k in u.indices { u[k] += change * q[k] }
    }
    for k in u.indices { x[k] = mean[k] + rootDiagonal[k] * u[k] }
    return logNormalizer - 0.5 * dot(z, z)
  }

  func transposed(_ gradient: [Double]) -> [Double] {
    var product = zip(rootDiagonal, gradient).map { $0 * $1 }
    let projected = basis.map { dot($0, product) }
    for i in basis.indices {
      var change = -projected[i]
      for k in i..<basis.count { change += inner.lowerElement(k, i) * projected[k] }
      for k in product.indices { product[k] += change * basis[i][k] }
    }
    return product
  }

  /// The standard deviations of the coordinates.
  var marginalScales: [Double] {
    let rank = basis.count
    var variance = [Double](repeating: 1, count: rootDiagonal.count)
    for i in 0..<rank {
      for j in 0..<rank {
        var product = i == j ? -1.0 : 0
        for k in 0...min(i, j) { product += inner.lowerElement(i, k) * inner.lowerElement(j, k) }
        for k in variance.indices { variance[k] += product * basis[i][k] * basis[j][k] }
      }
    }
    return zip(rootDiagonal, variance).map { $0 * max($1, 1e-12).squareRoot() }
  }

  /// The middle matrix C = [0, -E^-1; -E'^-1, E'^-1 (D + Y' diag(a) Y) E^-1], E the upper triangle of S'Y.
  private static func middle(_ history: InverseHessianHistory, diagonal: [Double]) -> [Double]? {
    let m = history.steps.count
    var inverse = [Double](repeating: 0, count: m * m)
    // Columns of E^-1 by back substitution.
    var upper = [Double](repeating: 0, count: m * m)
    for i in 0..<m { for j in i..<m { upper[i * m + j] = dot(history.steps[i], history.falls[j]) } }
    for column in 0..<m {
      for i in stride(from: column, through: 0, by: -1) {
        var sum = i == column ? 1.0 : 0
        for k in (i + 1)..<max(i + 1, column + 1) { sum -= upper[i * m + k] * inverse[k * m + column] }
        inverse[i * m + column] = sum / upper[i * m + i]
      }
    }
    guard inverse.allSatisfy(\.isFinite) else { return nil }
    var inside = [Double](repeating: 0, count: m * m)
    for i in 0..<m {
      for j in 0..<m {
        var sum = i == j ? upper[i * m + i] : 0
        for k in diagonal.indices { sum += history.falls[i][k] * diagonal[k] * history.falls[j][k] }
        inside[i * m + j] = sum
      }
    }
    var c = [Double](repeating: 0, count: 4 * m * m)
    for i in 0..<m {
      for j in 0..<m {
        c[i * 2 * m + m + j] = -inverse[i * m + j]
        c[(m + i) * 2 * m + j] = -inverse[j * m + i]
        var sum = 0.0
        for k in 0...i { for l in 0...j { sum += inverse[k * m + i] * inside[k * m + l] * inverse[l * m + j] } }
        c[(m + i) * 2 * m + m + j] = sum
      }
    }
    return c
  }

  /// Thin QR by Gram-Schmidt, twice over; columns that depend on earlier ones add no basis vector.
  private static func orthogonalize(_ columns: [[Double]]) -> (q: [[Double]], r: [[Double]]) {
    var q: [[Double]] = []
    var coefficients: [[Double]] = []
    for column in columns {
      var rest = column
      var along = [Double](repeating: 0, count: q.count)
      for _ in 0..<2 {
        for (i, vector) in q.enumerated() {
          let projection = dot(vector, rest)
          along[i] += projection
          for k in rest.indices { rest[k] -= projection * vector[k] }
        }
      }
      let norm = dot(rest, rest).squareRoot()
      if norm > 1e-10 * dot(column, column).squareRoot(), q.count < column.count {
        q.append(rest.map { $0 / norm })
        along.append(norm)
      }
      coefficients.append(along)
    }
    let r = q.indices.map { i in coefficients.map { i < $0.count ? $0[i] : 0 } }
    return (q, r)
  }
}
