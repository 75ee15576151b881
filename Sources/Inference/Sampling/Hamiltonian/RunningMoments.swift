/// Means and variances, or the whole covariance, of vectors that come one by one (Welford 1962).
struct RunningMoments: Sendable, Equatable {
  private(set) var count = 0
  private(set) var mean: [Double]
  /// Sums of squared deviations.
  private var squares: [Double]
  /// Sums of products of deviations, row-major, lower triangle; empty where only variances are wanted.
  private var products: [Double]

  init(dimension: Int, dense: Bool = false) {
    mean = [Double](repeating: 0, count: dimension)
    squares = mean
    products = dense ? [Double](repeating: 0, count: dimension * dimension) : []
  }

  mutating func reset() {
    count = 0
    for i in mean.indices {
      mean[i] = 0
      squares[i] = 0
    }
    for i in products.indices { products[i] = 0 }
  }

  mutating func add(_ x: [Double]) { add(x.span) }

  mutating func add(_ x: Span<Double>) {
    count += 1
    let weight = 1 / Double(count)
    let n = mean.count
    if products.isEmpty {
      for i in 0..<n {
        let deviation = x[i] - mean[i]
        mean[i] += weight * deviation
        squares[i] += deviation * (x[i] - mean[i])
      }
      return
    }
    // Deviations from the old mean on one side, from the new mean on the other: (x - old)(x - new)' is symmetric.
    let shrink = 1 - weight
    for i in 0..<n {
      let deviation = x[i] - mean[i]
      for j in 0...i { products[i * n + j] += shrink * deviation * (x[j] - mean[j]) }
    }
    for i in 0..<n { mean[i] += weight * (x[i] - mean[i]) }
  }

  /// The variance of a coordinate, divisor n - 1; 0 of fewer than two vectors.
  func variance(_ i: Int) -> Double {
    guard count > 1 else { return 0 }
    return (products.isEmpty ? squares[i] : products[i * mean.count + i]) / Double(count - 1)
  }

  /// The covariance of two coordinates; needs the dense form.
  func covariance(_ i: Int, _ j: Int) -> Double {
    guard count > 1 else { return 0 }
    return products[max(i, j) * mean.count + min(i, j)] / Double(count - 1)
  }
}

extension RunningMoments: StoredState {
  func store(into words: inout WordWriter) {
    words.write(count)
    words.write(mean)
    words.write(squares)
    words.write(products)
  }

  init(from words: inout WordReader) throws(DamagedState) {
    count = try words.int()
    mean = try words.doubles()
    squares = try words.doubles()
    products = try words.doubles()
  }
}
