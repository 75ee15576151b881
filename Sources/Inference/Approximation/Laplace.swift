import Foundation
import NumericKernels

/// Laplace's approximation: the normal distribution at the mode of the unconstrained density, with the inverse of minus
/// the Hessian there as its covariance.
///
/// The density is that of unconstrained coordinates, Jacobians included, so the mode is not that of the constrained
/// parameters. Exact for a normal target. The mode is found by L-BFGS, the Hessian by central differences of gradients.
///
/// - Complexity: 2n gradients and n^3 / 3 operations for n coordinates, n^2 numbers of memory.
public struct Laplace: Sendable, Equatable {
  /// The number of draws.
  public var drawCount: Int
  /// At most this many steps towards the mode.
  public var maximumIterations: Int

  public init(drawCount: Int = 1000, maximumIterations: Int = 2000) {
    self.drawCount = drawCount
    self.maximumIterations = maximumIterations
  }

  /// Approximates `density`.
  ///
  /// - Parameter start: A point to climb from; by default the first of 100 random points with a finite density.
  public func fit<Density: LogDensity>(
    _ density: Density, seed: UInt64, start: [Double]? = nil
  ) throws(ApproximationError) -> ApproximateFit {
    try ApproximationError.check([("count of draws", drawCount), ("maximum of iterations", maximumIterations)])
    var target = try ApproximationTarget(density)
    let first = try target.start(from: start, seed: seed, path: 0)
    let climb = LBFGS(historyLength: 10, maximumIterations: maximumIterations)
    let (mode, outcome) = try climb.climb(
      &target, from: .init(x: first.x, value: first.value, gradient: first.gradient)
    ) { (_) throws(ApproximationError) in true }
    if outcome == .unbounded { throw .noMode("The density grows without end.") }
    let precision = try Self.precision(&target, at: mode.x)
    let n = density.dimension
    var factor = DenseCholesky(size: n)
    do { try factor.factor(precision) } catch {
      throw .noMode("The curvature at the highest point found is not that of a maximum (pivot \(error.row)).")
    }
    // Covariance S S' with S = L'^-1 would be upper triangular; DenseNormal wants lower, so the draw solves instead.
    let normal = PrecisionNormal(mean: mode.x, precision: factor)
    let sample = try ApproximationSample.make(normal, count: drawCount, target: &target, seed: seed, path: 0)
    var warnings: [String] = []
    if outcome != .converged {
      warnings.append("The mode was not reached within \(maximumIterations) steps.")
    }
    // Along a direction without curvature differences leave a rest of either sign.
    var stream = RandomStream(seed: seed, purpose: ApproximationStream.bound, index: 2)
    let isFlat = try normal.hasFlatDirection(of: &target, using: &stream)
    if isFlat { warnings.append(ApproximateFit.flatWarning) }
    return try ApproximateFit.make(
      density, method: .laplace, sample: sample, target: &target,
      logEvidence: mode.value + 0.5 * (Double(n) * log(2 * .pi) - factor.logDeterminant),
      isConverged: outcome == .converged && !isFlat, evaluations: target.evaluations, warnings: warnings, seed: seed)
  }

  /// Minus the Hessian by central differences of the gradient, made symmetric; row-major.
  static func precision<Evaluator>(
    _ target: inout ApproximationTarget<Evaluator>, at x: [Double]
  ) throws(ApproximationError) -> [Double] {
    let n = x.count
    var matrix = [Double](repeating: 0, count: n * n)
    var (up, down) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
    var moved = x
    for i in 0..<n {
      var width = 6e-6 * max(1, abs(x[i]))
      var curvature = 0.0
      // A second pass with the width fitted to the curvature, so that coordinates of any scale are differenced well.
      for pass in 0..<2 {
        moved[i] = x[i] + width
        let upValue = try target.evaluate(moved, &up)
        moved[i] = x[i] - width
        let downValue = try target.evaluate(moved, &down)
        moved[i] = x[i]
        guard upValue.isFinite, downValue.isFinite else {
          if pass == 0 {
            width *= 1e-3
            continue
          }
          throw .noMode("The density is not finite beside the highest point found, at coordinate \(i + 1).")
        }
        curvature = (down[i] - up[i]) / (2 * width)
        let fitted = curvature > 0 ? 6e-6 / curvature.squareRoot() * 30 : width
        if pass == 0, fitted < width / 8 || fitted > width * 8 { width = min(fitted, 1e3 * width) } else { break }
      }
      for j in 0..<n { matrix[i * n + j] = (down[j] - up[j]) / (2 * width) }
    }
    for i in 0..<n {
      for j in 0..<i {
        let mean = 0.5 * (matrix[i * n + j] + matrix[j * n + i])
        matrix[i * n + j] = mean
        matrix[j * n + i] = mean
      }
    }
    return matrix
  }
}

/// N(mean, A^-1) of a factored precision A = L L'.
struct PrecisionNormal: NormalApproximation {
  let mean: [Double]
  let precision: DenseCholesky

  func draw(_ z: [Double], into x: inout [Double]) -> Double {
    var moved = z
    precision.solveUpper(&moved)
    for i in x.indices { x[i] = mean[i] + moved[i] }
    return 0.5 * (precision.logDeterminant - dot(z, z) - Double(z.count) * log(2 * .pi))
  }

  func transposed(_ gradient: [Double]) -> [Double] {
    var product = gradient
    precision.solveLower(&product)
    return product
  }
}
