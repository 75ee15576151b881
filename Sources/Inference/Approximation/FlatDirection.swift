import NumericKernels

extension NormalApproximation {
  /// Whether the target hardly falls off along some direction, however far the approximation says it should have: an
  /// improper posterior, or one far wider there than the approximation. Few draws leave no trace of that in Pareto k.
  ///
  /// In coordinates in which the approximation is standard normal, conjugate gradients on minus the target's Hessian at
  /// the centre lead to a direction of no curvature if there is one; it counts where 30 standard deviations away the log
  /// density is still within 1 of that at the centre.
  ///
  /// - Complexity: 2 gradients for each of at most min(n, 50) steps; a step for each cluster of curvatures is enough.
  func hasFlatDirection<Evaluator>(
    of target: inout ApproximationTarget<Evaluator>, using stream: inout RandomStream
  ) throws(ApproximationError) -> Bool {
    let n = target.dimension
    var (x, gradient) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
    func position(_ direction: [Double], _ distance: Double) { _ = draw(direction.map { distance * $0 }, into: &x) }
    var residual = (0..<n).map { _ in stream.normal() }
    var direction = residual
    var squares = dot(residual, residual)
    let enough = 1e-8 * squares
    for _ in 0..<min(n, 50) where squares > enough {
      let length = dot(direction, direction).squareRoot()
      let unit = direction.map { $0 / length }
      let width = 1e-3
      position(unit, width)
      guard try target.evaluate(x, &gradient).isFinite else { return false }
      let up = transposed(gradient)
      position(unit, -width)
      guard try target.evaluate(x, &gradient).isFinite else { return false }
      let bend = zip(transposed(gradient), up).map { ($0 - $1) / (2 * width) }
      let curvature = dot(unit, bend)
      guard curvature.isFinite else { return false }
      if curvature < 2.0 / 900 { return try hardlyFalls(along: unit, of: &target) }
      let step = squares / (length * length * curvature)
      for i in 0..<n { residual[i] -= step * length * bend[i] }
      let next = dot(residual, residual)
      for i in 0..<n { direction[i] = residual[i] + next / squares * direction[i] }
      squares = next
    }
    return false
  }

  private func hardlyFalls<Evaluator>(
    along direction: [Double], of target: inout ApproximationTarget<Evaluator>
  ) throws(ApproximationError) -> Bool {
    var (x, gradient) = ([Double](repeating: 0, count: direction.count), direction)
    var values: [Double] = []
    for distance in [0.0, 30, -30] {
      _ = draw(direction.map { distance * $0 }, into: &x)
      values.append(x.allSatisfy(\.isFinite) ? try target.evaluate(x, &gradient) : -.infinity)
    }
    return max(values[1], values[2]) > values[0] - 1
  }
}

extension ApproximateFit {
  static let flatWarning =
    "The density hardly falls off along some direction, however far: the posterior seems improper there, or is far wider "
    + "than the approximation. Give every parameter a proper prior, or use NUTS."
}
