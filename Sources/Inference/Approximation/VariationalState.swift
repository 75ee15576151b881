import Foundation
import NumericKernels

/// The parameters of a normal family in coordinates y with x = center + scale · y: the mean of y, the logarithms of the
/// scale matrix's diagonal, and for full rank its strict lower triangle, row by row.
struct VariationalState {
  let family: VariationalInference.Family
  let center: [Double]
  let scale: [Double]
  var parameters: [Double]

  init(family: VariationalInference.Family, center: [Double], scale: [Double]) {
    self.family = family
    self.center = center
    self.scale = scale
    let n = center.count
    parameters = [Double](repeating: 0, count: 2 * n + (family == .fullRank ? n * (n - 1) / 2 : 0))
  }

  private var dimension: Int { center.count }

  /// The position that standard normals map to.
  func position(_ z: [Double], into x: inout [Double]) {
    let n = dimension
    var lower = 2 * n
    for i in 0..<n {
      var y = parameters[i] + exp(parameters[n + i]) * z[i]
      if family == .fullRank {
        for j in 0..<i { y += parameters[lower + j] * z[j] }
        lower += i
      }
      x[i] = center[i] + scale[i] * y
    }
  }

  /// Adds the path derivative of the lower bound at one draw: by y, g = scale · grad log p + S'^-1 z; by S, g z'.
  func addGradient(_ z: [Double], _ gradient: [Double], to total: inout [Double]) {
    let n = dimension
    var score = z
    if family == .fullRank {
      // S'^-1 z by columns of the transposed factor, from the last row up.
      for i in stride(from: n - 1, through: 0, by: -1) {
        score[i] /= exp(parameters[n + i])
        let row = 2 * n + i * (i - 1) / 2
        for j in 0..<i { score[j] -= parameters[row + j] * score[i] }
      }
    } else {
      for i in 0..<n { score[i] /= exp(parameters[n + i]) }
    }
    var lower = 2 * n
    for i in 0..<n {
      let g = scale[i] * gradient[i] + score[i]
      total[i] += g
      total[n + i] += g * z[i] * exp(parameters[n + i])
      if family == .fullRank {
        for j in 0..<i { total[lower + j] += g * z[j] }
        lower += i
      }
    }
  }

  var diagonalNormal: DiagonalNormal {
    let n = dimension
    return DiagonalNormal(
      mean: (0..<n).map { center[$0] + scale[$0] * parameters[$0] },
      scale: (0..<n).map { scale[$0] * exp(parameters[n + $0]) })
  }

  var denseNormal: DenseNormal {
    let n = dimension
    return DenseNormal(
      mean: (0..<n).map { center[$0] + scale[$0] * parameters[$0] },
      scale: (0..<(n * n)).map { scale[$0 / n] * lowerElement($0 / n, $0 % n) })
  }

  private func lowerElement(_ i: Int, _ j: Int) -> Double {
    if i == j { return exp(parameters[dimension + i]) }
    return i > j && family == .fullRank ? parameters[2 * dimension + i * (i - 1) / 2 + j] : 0
  }

  /// KL(p, q) + KL(q, p) of two states with the same center and scale.
  func symmetricDivergence(from other: VariationalState) -> Double {
    0.5 * (trace(other) + other.trace(self)) - Double(dimension)
  }

  /// tr(A^-1 B) + (m - m')' A^-1 (m - m') for this state's covariance A and the other's B.
  private func trace(_ other: VariationalState) -> Double {
    let n = dimension
    func solve(_ v: inout [Double]) -> Double {
      for i in 0..<n {
        var sum = v[i]
        if family == .fullRank { for j in 0..<i { sum -= lowerElement(i, j) * v[j] } }
        v[i] = sum / lowerElement(i, i)
      }
      return dot(v, v)
    }
    var shift = (0..<n).map { parameters[$0] - other.parameters[$0] }
    var total = solve(&shift)
    if family == .meanField {
      for i in 0..<n { total += exp(2 * (other.parameters[n + i] - parameters[n + i])) }
      return total
    }
    for column in 0..<n {
      var v = (0..<n).map { other.lowerElement($0, column) }
      total += solve(&v)
    }
    return total
  }
}
