/// The sum of squares |y - X b|² as |R b - c|² + rest, by Householder's triangularisation of [X y]: exact, and as cheap
/// for a million rows as for a hundred.
struct LeastSquares {
  /// `[columns][columns]`, upper triangular, row-major.
  let factor: [Double]
  let target: [Double]
  let rest: Double

  /// - Parameter columns: The columns of X, as long as `response`. Columns may depend on each other.
  init(columns: [[Double]], response: [Double]) {
    let (n, k) = (response.count, columns.count)
    var work = columns + [response]
    for j in 0..<min(k, n) {
      var norm = 0.0
      for i in j..<n { norm += work[j][i] * work[j][i] }
      norm = norm.squareRoot()
      guard norm > 0 else { continue }
      let pivot = work[j][j] > 0 ? -norm : norm
      var reflector = Array(work[j][j...])
      reflector[0] -= pivot
      var square = 0.0
      for value in reflector { square += value * value }
      guard square > 0 else { continue }
      for l in j...k {
        var product = 0.0
        for i in 0..<(n - j) { product += reflector[i] * work[l][j + i] }
        let factor = 2 * product / square
        for i in 0..<(n - j) { work[l][j + i] -= factor * reflector[i] }
      }
    }
    var factor = [Double](repeating: 0, count: k * k)
    for j in 0..<k {
      for i in 0...j where i < n { factor[i * k + j] = work[j][i] }
    }
    self.factor = factor
    target = (0..<k).map { $0 < n ? work[k][$0] : 0 }
    rest = n > k ? work[k][k...].reduce(0) { $0 + $1 * $1 } : 0
  }
}
