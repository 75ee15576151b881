/// The sum of squares |y - X b|² as |R b - c|² + rest², by Householder's triangularisation of [X y]: exact, and as cheap
/// for a million rows as for a hundred.
///
/// Columns are that are very long or short are brought to lengths around 1 by powers of 2, so that they may be squared.
struct LeastSquares {
  /// `[columns][columns]`, upper triangular, row-major.
  let factor: [Double]
  let target: [Double]
  /// The length of what no b explains.
  let rest: Double

  /// - Parameter columns: The columns of X, as long as `response`. Columns may depend on each other.
  init(columns: [[Double]], response: [Double]) {
    let (n, k) = (response.count, columns.count)
    let exponents = (columns + [response]).map(Self.exponent)
    var work = zip(columns + [response], exponents).map { column, exponent in
      exponent == 0 ? column : column.map { Self.scaled($0, -exponent) }
    }
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
      for i in 0...j where i < n { factor[i * k + j] = Self.scaled(work[j][i], exponents[j]) }
    }
    self.factor = factor
    target = (0..<k).map { $0 < n ? Self.scaled(work[k][$0], exponents[k]) : 0 }
    rest = n > k ? Self.scaled(work[k][k...].reduce(0) { $0 + $1 * $1 }.squareRoot(), exponents[k]) : 0
  }

  private static func scaled(_ number: Double, _ exponent: Int) -> Double {
    Double(sign: .plus, exponent: exponent, significand: number)
  }

  /// The power of 2 below the largest number; 0 for numbers of which squares and their sums are far from the ends of the
  /// doubles.
  private static func exponent(_ numbers: [Double]) -> Int {
    let largest = numbers.reduce(0) { max($0, abs($1)) }
    guard largest > 0, largest.isFinite, !(1e-100...1e100).contains(largest) else { return 0 }
    return Int(largest.exponent)
  }
}
