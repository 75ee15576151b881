import Foundation
import NumericKernels

/// The mode of a series' posterior under its working prior, and a Gaussian's covariance there.
struct PosteriorMode {
  let point: [Double]
  let logPosterior: Double
  /// Covariance of the Laplace approximation, row-major 11 x 11.
  let covariance: [Double]
}

extension PosteriorMode {
  /// Finds the mode by BFGS with gradients from central differences, then the Hessian by differences.
  ///
  /// Evaluations come sixteen at a time, so a line search tries sixteen lengths at once and keeps the best. The mode
  /// only centres a proposal: it need not be exact, and a poor one shows as low acceptance.
  ///
  /// - Returns: nil where no start has a finite posterior.
  /// - Complexity: about 60 passes of sixteen lanes over the days.
  static func find(_ target: SeriesTarget, factors: UnsafePointer<Double>, starts: [[Double]]) -> PosteriorMode? {
    let size = SeriesParameter.count
    let values = target.logPosteriors(starts, factors: factors)
    guard let best = values.indices.max(by: { values[$0] < values[$1] }), values[best] > -.infinity else { return nil }
    var point = starts[best]
    var value = values[best]
    var differences = Differences(target, factors: factors, at: point, value: value, steps: firstSteps(target.prior))
    var inverse = differences.diagonalInverse(prior: target.prior)
    for _ in 0..<maximumIterations {
      var direction = multiply(inverse, differences.gradient)
      // No step leaves the region that the prior allows by far.
      var reach = 0.0
      for i in 0..<size { reach = max(reach, abs(direction[i]) / target.prior.sd[i]) }
      if reach > 2 { for i in 0..<size { direction[i] *= 2 / reach } }
      let candidates = stepLengths.map { length in (0..<size).map { point[$0] + length * direction[$0] } }
      let found = target.logPosteriors(candidates, factors: factors)
      let chosen = found.indices.max { found[$0] < found[$1] }!
      let gain = found[chosen] - value
      guard gain > 0 else { break }
      let moved = (0..<size).map { candidates[chosen][$0] - point[$0] }
      let gradient = differences.gradient
      point = candidates[chosen]
      value = found[chosen]
      differences = Differences(target, factors: factors, at: point, value: value, steps: firstSteps(target.prior))
      if gain < tolerance { break }
      update(&inverse, moved: moved, change: (0..<size).map { gradient[$0] - differences.gradient[$0] })
    }
    let covariance = laplaceCovariance(target, factors: factors, point: point, value: value, inverse: inverse)
    return PosteriorMode(point: point, logPosterior: value, covariance: covariance)
  }

  private static let maximumIterations = 40
  /// Gain in log posterior below which the search ends.
  private static let tolerance = 1e-3
  private static let stepLengths: [Double] = (0..<LaneBatch.lanes).map { 2 * pow(0.62, Double($0)) }

  private static func firstSteps(_ prior: NormalPrior) -> [Double] { prior.sd.map { 0.01 * $0 } }

  private static func multiply(_ matrix: [Double], _ vector: [Double]) -> [Double] {
    let size = vector.count
    return (0..<size).map { row in
      var sum = 0.0
      for column in 0..<size { sum += matrix[row * size + column] * vector[column] }
      return sum
    }
  }

  private static func dot(_ x: [Double], _ y: [Double]) -> Double {
    var sum = 0.0
    for i in x.indices { sum += x[i] * y[i] }
    return sum
  }

  /// The BFGS update of the inverse of the negative Hessian (Nocedal and Wright 2006, eq. 6.17).
  private static func update(_ inverse: inout [Double], moved s: [Double], change y: [Double]) {
    let size = s.count
    let curvature = dot(s, y)
    guard curvature > 1e-10 else { return }
    let by = multiply(inverse, y)
    let yby = dot(y, by)
    let stretch = 1 + yby / curvature
    for i in 0..<size {
      for j in 0..<size {
        let outer: Double = s[i] * s[j] * stretch
        let cross: Double = by[i] * s[j] + s[i] * by[j]
        inverse[i * size + j] += (outer - cross) / curvature
      }
    }
  }

  /// Covariance from the Hessian by differences at steps of a quarter of the approximate posterior width: wide enough
  /// that the curvature is the bulk's. Where it is not positive definite, the prior's precision is added in growing
  /// shares.
  private static func laplaceCovariance(
    _ target: SeriesTarget, factors: UnsafePointer<Double>, point: [Double], value: Double, inverse: [Double]
  ) -> [Double] {
    let size = SeriesParameter.count
    let steps = (0..<size).map { i in
      0.25 * min(max(inverse[i * size + i], 1e-6).squareRoot(), target.prior.sd[i])
    }
    let negativeHessian = Differences.negativeHessian(target, factors: factors, at: point, value: value, steps: steps)
    var factor = DenseCholesky(size: size)
    for share in [0, 0.03, 0.1, 0.3, 1, 3, 10, 100] {
      var matrix = negativeHessian
      for i in 0..<size { matrix[i * size + i] += share / (target.prior.sd[i] * target.prior.sd[i]) }
      if (try? factor.factor(matrix)) == nil { continue }
      var covariance = [Double](repeating: 0, count: size * size)
      var sound = true
      for column in 0..<size {
        var unit = [Double](repeating: 0, count: size)
        unit[column] = 1
        factor.solve(&unit)
        for row in 0..<size { covariance[row * size + column] = unit[row] }
        // Much wider than the prior: the curvature is nearly flat or negative along some direction.
        if !(unit[column] < 4 * target.prior.sd[column] * target.prior.sd[column]) { sound = false }
      }
      if sound { return covariance }
    }
    var diagonal = [Double](repeating: 0, count: size * size)
    for i in 0..<size { diagonal[i * size + i] = 0.25 * target.prior.sd[i] * target.prior.sd[i] }
    return diagonal
  }
}

/// Derivatives of the log posterior by central differences.
struct Differences {
  let gradient: [Double]
  /// Second derivatives along the axes.
  let curvature: [Double]

  init(
    _ target: SeriesTarget, factors: UnsafePointer<Double>, at point: [Double], value: Double, steps: [Double]
  ) {
    let size = point.count
    let values = target.logPosteriors(Self.axes(point, steps), factors: factors)
    var gradient = [Double](repeating: 0, count: size)
    var curvature = gradient
    for i in 0..<size {
      let (up, down, step) = (values[2 * i], values[2 * i + 1], steps[i])
      gradient[i] = (up - down) / (2 * step)
      curvature[i] = (up + down - 2 * value) / (step * step)
    }
    self.gradient = gradient
    self.curvature = curvature
  }

  /// A diagonal inverse of the negative Hessian, no wider than the prior.
  func diagonalInverse(prior: NormalPrior) -> [Double] {
    let size = curvature.count
    var inverse = [Double](repeating: 0, count: size * size)
    for i in 0..<size { inverse[i * size + i] = 1 / max(-curvature[i], 1 / (prior.sd[i] * prior.sd[i])) }
    return inverse
  }

  /// Points a step up and a step down along every axis.
  private static func axes(_ point: [Double], _ steps: [Double]) -> [[Double]] {
    (0..<point.count).flatMap { axis in
      [1.0, -1.0].map { sign in
        var moved = point
        moved[axis] += sign * steps[axis]
        return moved
      }
    }
  }

  /// Minus the matrix of second derivatives, row-major: 132 evaluations.
  ///
  ///     f_ij = (f(+i +j) + f(-i -j) - f(+i) - f(-i) - f(+j) - f(-j) + 2 f) / (2 h_i h_j)
  static func negativeHessian(
    _ target: SeriesTarget, factors: UnsafePointer<Double>, at point: [Double], value: Double, steps: [Double]
  ) -> [Double] {
    let size = point.count
    var points = axes(point, steps)
    for i in 0..<size {
      for j in 0..<i {
        for sign in [1.0, -1.0] {
          var moved = point
          moved[i] += sign * steps[i]
          moved[j] += sign * steps[j]
          points.append(moved)
        }
      }
    }
    let values = target.logPosteriors(points, factors: factors)
    var matrix = [Double](repeating: 0, count: size * size)
    var next = 2 * size
    for i in 0..<size {
      let sum = values[2 * i] + values[2 * i + 1]
      matrix[i * size + i] = -(sum - 2 * value) / (steps[i] * steps[i])
      for j in 0..<i {
        let mixed = values[next] + values[next + 1] - sum - values[2 * j] - values[2 * j + 1] + 2 * value
        matrix[i * size + j] = -mixed / (2 * steps[i] * steps[j])
        matrix[j * size + i] = matrix[i * size + j]
        next += 2
      }
    }
    return matrix
  }
}
