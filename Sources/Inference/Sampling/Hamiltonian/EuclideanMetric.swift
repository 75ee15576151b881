import NumericKernels

/// The Euclidean metric of Hamiltonian Monte Carlo: momenta are N(0, M), and the inverse of M, in the unit of squared
/// positions, approximates the posterior's covariance.
package struct EuclideanMetric: Sendable {
  /// The shape of the inverse of M.
  enum Form: Int, Sendable {
    /// A diagonal of variances.
    case diagonal
    /// A full covariance.
    case dense
    /// S (I + U (Λ - I) U') S with S diagonal and few columns in U.
    case lowRank
  }

  private(set) var form: Form
  package let dimension: Int
  /// Diagonal: the variances; dense: the diagonal of the covariance; low rank: the squares of S.
  private(set) var variances: [Double]
  /// Square roots of `variances`.
  private(set) var scales: [Double]
  /// The covariance, row-major; empty unless dense.
  private(set) var covariance: [Double] = []
  private var factor: DenseCholesky
  /// Orthonormal columns of U, one after another, and the diagonal of Λ; empty unless low rank.
  private(set) var directions: [Double] = []
  private(set) var eigenvalues: [Double] = []
  private var scratch: [Double] = []

  /// The unit metric.
  init(dimension: Int) {
    form = .diagonal
    self.dimension = dimension
    variances = [Double](repeating: 1, count: dimension)
    scales = variances
    factor = DenseCholesky(size: 0)
  }

  /// A diagonal metric with these variances, which must be positive and finite.
  package mutating func set(variances new: [Double]) {
    form = .diagonal
    for i in 0..<dimension {
      variances[i] = new[i]
      scales[i] = new[i].squareRoot()
    }
  }

  /// A dense metric.
  ///
  /// - Throws: ``NotPositiveDefinite``; the metric is then as before.
  package mutating func set(covariance new: [Double]) throws(NotPositiveDefinite) {
    var newFactor = DenseCholesky(size: dimension)
    try newFactor.factor(new)
    factor = newFactor
    covariance = new
    form = .dense
    if scratch.count < dimension { scratch = [Double](repeating: 0, count: dimension) }
    for i in 0..<dimension {
      variances[i] = new[i * dimension + i]
      scales[i] = variances[i].squareRoot()
    }
  }

  /// A low-rank metric S (I + U (Λ - I) U') S.
  ///
  /// - Parameters:
  ///   - scales: The diagonal of S.
  ///   - directions: Orthonormal columns of U, one after another.
  ///   - eigenvalues: The diagonal of Λ, positive.
  package mutating func set(scales newScales: [Double], directions: [Double], eigenvalues: [Double]) {
    form = .lowRank
    self.directions = directions
    self.eigenvalues = eigenvalues
    if scratch.count < dimension { scratch = [Double](repeating: 0, count: dimension) }
    for i in 0..<dimension {
      scales[i] = newScales[i]
      variances[i] = newScales[i] * newScales[i]
    }
  }

  /// The diagonal of the inverse of M.
  package var inverseDiagonal: [Double] {
    guard form == .lowRank else { return variances }
    return (0..<dimension).map { i in
      var sum = 1.0
      for (k, eigenvalue) in eigenvalues.enumerated() {
        sum += (eigenvalue - 1) * directions[k * dimension + i] * directions[k * dimension + i]
      }
      return variances[i] * sum
    }
  }

  /// The product of the inverse of M with a vector.
  mutating func multiply(_ x: Span<Double>, into y: inout MutableSpan<Double>) {
    switch form {
    case .diagonal:
      let variances = variances.span
      for i in y.indices { y[i] = variances[i] * x[i] }
    case .dense:
      let matrix = covariance.span
      for i in y.indices {
        var sum = 0.0
        let row = matrix.extracting((i * dimension)..<((i + 1) * dimension))
        for j in row.indices { sum += row[j] * x[j] }
        y[i] = sum
      }
    case .lowRank:
      for i in 0..<dimension { scratch[i] = scales[i] * x[i] }
      for i in 0..<dimension { y[i] = scratch[i] }
      addProjections(to: &y) { $0 - 1 }
      for i in 0..<dimension { y[i] *= scales[i] }
    }
  }

  /// Draws a momentum from N(0, M), with its velocity, the product with the inverse of M.
  mutating func drawMomentum(
    _ momentum: inout MutableSpan<Double>, velocity: inout MutableSpan<Double>, using stream: inout RandomStream
  ) {
    switch form {
    case .diagonal:
      for i in 0..<dimension {
        let z = stream.normal()
        momentum[i] = z / scales[i]
        velocity[i] = z * scales[i]
      }
    case .dense:
      // With covariance L L' and z standard normal, L'^-1 z is N(0, M) and L z its velocity.
      for i in 0..<dimension { scratch[i] = stream.normal() }
      factor.solveUpper(&scratch)
      for i in 0..<dimension { momentum[i] = scratch[i] }
      multiply(momentum.span, into: &velocity)
    case .lowRank:
      for i in 0..<dimension { scratch[i] = stream.normal() }
      for i in 0..<dimension {
        momentum[i] = scratch[i]
        velocity[i] = scratch[i]
      }
      addProjections(to: &velocity) { $0.squareRoot() - 1 }
      addProjections(to: &momentum) { 1 / $0.squareRoot() - 1 }
      for i in 0..<dimension {
        velocity[i] *= scales[i]
        momentum[i] /= scales[i]
      }
    }
  }

  /// y += U f(Λ) U' scratch.
  private func addProjections(to y: inout MutableSpan<Double>, _ weight: (Double) -> Double) {
    let directions = directions.span
    for k in eigenvalues.indices {
      let column = directions.extracting((k * dimension)..<((k + 1) * dimension))
      var product = 0.0
      for i in column.indices { product += column[i] * scratch[i] }
      product *= weight(eigenvalues[k])
      for i in column.indices { y[i] += product * column[i] }
    }
  }
}

extension EuclideanMetric: StoredState {
  package func store(into words: inout WordWriter) {
    words.write(form.rawValue)
    words.write(form == .lowRank ? scales : variances)
    words.write(form == .dense ? covariance : [])
    words.write(form == .lowRank ? directions : [])
    words.write(form == .lowRank ? eigenvalues : [])
  }

  package init(from words: inout WordReader) throws(DamagedState) {
    guard let form = Form(rawValue: try words.int()) else { throw DamagedState("a metric of an unknown form") }
    let diagonal = try words.doubles()
    let covariance = try words.doubles()
    let directions = try words.doubles()
    let eigenvalues = try words.doubles()
    self.init(dimension: diagonal.count)
    switch form {
    case .diagonal: set(variances: diagonal)
    case .dense:
      guard covariance.count == dimension * dimension else { throw DamagedState("a dense metric of the wrong size") }
      do throws(NotPositiveDefinite) { try set(covariance: covariance) } catch {
        throw DamagedState("a dense metric that is not positive definite")
      }
    case .lowRank:
      guard directions.count == dimension * eigenvalues.count else {
        throw DamagedState("a low-rank metric of the wrong size")
      }
      set(scales: diagonal, directions: directions, eigenvalues: eigenvalues)
    }
  }
}
