import Dispatch
import Foundation
import NumericKernels

/// Pathfinder: normal approximations along the path of a quasi-Newton climb, the one with the highest evidence lower
/// bound kept; several paths joined by Pareto-smoothed importance resampling (Zhang et al., JMLR 23, 2022).
///
/// Follows modes and funnels' bodies where Laplace's mode is useless; costs some hundred gradients. Paths run in
/// parallel, and no result depends on how many threads there are.
public struct Pathfinder: Sendable, Equatable {
  /// The number of climbs from different starting points; 1 keeps plain draws of the one approximation.
  public var pathCount: Int
  /// The number of draws kept.
  public var drawCount: Int
  /// Draws of each path before resampling.
  public var drawsPerPath: Int
  /// Draws behind each estimate of the evidence lower bound.
  public var boundDrawCount: Int
  /// Pairs kept of a climb, which is half the rank of the covariance's correction.
  public var historyLength: Int
  /// At most this many steps of a climb.
  public var maximumIterations: Int

  public init(
    pathCount: Int = 4, drawCount: Int = 1000, drawsPerPath: Int = 1000, boundDrawCount: Int = 25,
    historyLength: Int = 6, maximumIterations: Int = 1000
  ) {
    self.pathCount = pathCount
    self.drawCount = drawCount
    self.drawsPerPath = drawsPerPath
    self.boundDrawCount = boundDrawCount
    self.historyLength = historyLength
    self.maximumIterations = maximumIterations
  }

  /// Approximates `density`.
  ///
  /// - Parameter starts: Points to climb from, path by path; paths beyond them start at random.
  public func fit<Density: LogDensity>(
    _ density: Density, seed: UInt64, starts: [[Double]] = []
  ) throws(ApproximationError) -> ApproximateFit {
    try checkSettings()
    let (paths, failures) = try climbs(density, count: pathCount, seed: seed, starts: starts)
    var target = try ApproximationTarget(density)
    var warnings = failures.map { "A path failed: \($0)" }
    if paths.contains(where: { !$0.isConverged }) {
      warnings.append("A climb ended before its mode; the best approximation on its way is used all the same.")
    }
    var sample = ApproximationSample()
    var evaluations = 0
    for path in paths {
      let wanted = pathCount == 1 ? drawCount : drawsPerPath
      let part = try ApproximationSample.make(
        path.normal, count: wanted, target: &target, seed: seed, path: path.number)
      sample.positions += part.positions
      sample.logDensities += part.logDensities
      sample.logApproximations += part.logApproximations
      sample.rejected += part.rejected
      evaluations += path.evaluations
    }
    let bound = paths.map(\.bound).max() ?? -.infinity
    let isFlat = paths.contains(where: \.isFlat)
    if isFlat { warnings.append(ApproximateFit.flatWarning) }
    let isConverged = !isFlat && paths.contains(where: \.isConverged)
    if pathCount == 1 {
      return try ApproximateFit.make(
        density, method: .pathfinder, sample: sample, target: &target, logEvidence: bound, isConverged: isConverged,
        evaluations: evaluations + target.evaluations, warnings: warnings, seed: seed)
    }
    // k belongs to all draws' ratios; the kept draws are a resample, so it is computed before and carried over.
    let (weights, k) = ImportanceResampling.weights(zip(sample.logDensities, sample.logApproximations).map { $0 - $1 })
    var stream = RandomStream(seed: seed, purpose: ApproximationStream.resampling, draw: 1)
    let chosen = ImportanceResampling.choose(weights, count: drawCount, using: &stream)
    let n = density.dimension
    var kept = ApproximationSample()
    kept.rejected = sample.rejected
    for d in chosen {
      kept.positions += sample.positions[(d * n)..<((d + 1) * n)]
      kept.logDensities.append(sample.logDensities[d])
      kept.logApproximations.append(sample.logApproximations[d])
    }
    return try ApproximateFit.make(
      density, method: .multiPathPathfinder, sample: kept, target: &target, logEvidence: bound,
      isConverged: isConverged, evaluations: evaluations + target.evaluations, warnings: warnings, seed: seed,
      paretoK: k)
  }

  /// One starting point for each of `chains` chains: a draw of a path of its own, so points are as spread as the
  /// climbs' ends. Chains whose path fails get a draw of another's.
  public func startingPoints<Density: LogDensity>(
    _ density: Density, chains: Int, seed: UInt64
  ) throws(ApproximationError) -> [[Double]] {
    try checkSettings()
    try ApproximationError.check([("count of chains", chains)])
    let (paths, _) = try climbs(density, count: chains, seed: seed, starts: [])
    var target = try ApproximationTarget(density)
    var points: [[Double]] = []
    for chain in 0..<chains {
      let path = paths.first { Int($0.number) == chain } ?? paths[chain % paths.count]
      let sample = try ApproximationSample.make(
        path.normal, count: 1, target: &target, seed: seed, path: UInt32(chain + chains))
      points.append(sample.positions)
    }
    return points
  }

  private func checkSettings() throws(ApproximationError) {
    try ApproximationError.check([
      ("count of paths", pathCount), ("count of draws", drawCount), ("count of draws of a path", drawsPerPath),
      ("count of draws for a bound", boundDrawCount), ("length of the history", historyLength),
      ("maximum of iterations", maximumIterations),
    ])
  }

  /// The best approximation on one climb's way.
  struct Path: Sendable {
    let number: UInt32
    let normal: LowRankNormal
    let bound: Double
    let isConverged: Bool
    /// Whether the density hardly falls off along some direction.
    let isFlat: Bool
    let evaluations: Int
  }

  private func climbs<Density: LogDensity>(
    _ density: Density, count: Int, seed: UInt64, starts: [[Double]]
  ) throws(ApproximationError) -> (paths: [Path], failures: [String]) {
    var results = [Result<Path, ApproximationError>?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { buffer in
      // Each iteration writes its own element only.
      nonisolated(unsafe) let slots = buffer
      DispatchQueue.concurrentPerform(iterations: count) { path in
        slots[path] = Result { () throws(ApproximationError) in
          try climb(density, seed: seed, path: UInt32(path), start: path < starts.count ? starts[path] : nil)
        }
      }
    }
    var paths: [Path] = []
    var failures: [ApproximationError] = []
    for case let result? in results {
      switch result {
      case .success(let path): paths.append(path)
      case .failure(let error): failures.append(error)
      }
    }
    if paths.isEmpty {
      if failures.count == 1 || failures.allSatisfy({ $0 == failures[0] }) { throw failures[0] }
      throw .noPath(failures.map(\.description))
    }
    return (paths, failures.map(\.description))
  }

  /// One climb, with the approximation of highest evidence lower bound among its points'.
  func climb<Density: LogDensity>(
    _ density: Density, seed: UInt64, path: UInt32, start: [Double]?
  ) throws(ApproximationError) -> Path {
    var target = try ApproximationTarget(density)
    let first = try target.start(from: start, seed: seed, path: path)
    let climb = LBFGS(historyLength: historyLength, maximumIterations: maximumIterations, gainTolerance: 1e-8)
    var points: [LBFGS.Point] = []
    var begin = LBFGS.Point(x: first.x, value: first.value, gradient: first.gradient)
    var outcome = LBFGS.Outcome.stalled
    // A climb that starts at the mode learns nothing of the curvature: it is begun again from beside it.
    for attempt in 0..<2 where points.count < 2 {
      points = []
      if attempt == 1 {
        let beside = try target.neighbor(of: first.x, seed: seed, path: path)
        begin = LBFGS.Point(x: beside.x, value: beside.value, gradient: beside.gradient)
      }
      (_, outcome) = try climb.climb(&target, from: begin) { (point) throws(ApproximationError) in
        points.append(point)
        return true
      }
    }
    if points.count < 2 {
      throw .noMode("The density is flat around \(path == 0 ? "the" : "a path's") starting point.")
    }
    if outcome == .unbounded { throw .noMode("The density grows without end along a path.") }
    var history = InverseHessianHistory(dimension: density.dimension, length: historyLength)
    var diagonal = [Double](repeating: 1, count: density.dimension)
    var best: (normal: LowRankNormal, bound: Double)?
    for index in points.indices {
      if index > 0 {
        let step = difference(points[index].x, points[index - 1].x)
        let fall = difference(points[index - 1].gradient, points[index].gradient)
        if history.add(step: step, fall: fall) { Self.updateDiagonal(&diagonal, step: step, fall: fall) }
      }
      guard index > 0,
        let normal = LowRankNormal(point: points[index], diagonal: diagonal, history: history)
      else { continue }
      let bound = try lowerBound(normal, target: &target, seed: seed, path: path, step: index)
      if bound > (best?.bound ?? -.infinity) { best = (normal, bound) }
    }
    guard let best else {
      throw .noMode("No point on the climb gave an approximation inside the support.")
    }
    var stream = RandomStream(seed: seed, purpose: ApproximationStream.bound, index: 1, chain: path)
    let isFlat = try best.normal.hasFlatDirection(of: &target, using: &stream)
    return Path(
      number: path, normal: best.normal, bound: best.bound, isConverged: outcome == .converged, isFlat: isFlat,
      evaluations: target.evaluations)
  }

  /// Monte Carlo estimate of E log p(x) - log q(x); minus infinity where a draw lies outside the support.
  private func lowerBound<Evaluator>(
    _ normal: LowRankNormal, target: inout ApproximationTarget<Evaluator>, seed: UInt64, path: UInt32, step: Int
  ) throws(ApproximationError) -> Double {
    let n = target.dimension
    var (x, gradient) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
    var stream = RandomStream(
      seed: seed, purpose: ApproximationStream.bound, chain: path, draw: UInt64(step))
    var sum = 0.0
    for _ in 0..<boundDrawCount {
      let z = (0..<n).map { _ in stream.normal() }
      let logApproximation = normal.draw(z, into: &x)
      guard x.allSatisfy(\.isFinite) else { return -.infinity }
      let value = try target.evaluate(x, &gradient)
      if !value.isFinite { return -.infinity }
      sum += value - logApproximation
    }
    return sum / Double(boundDrawCount)
  }

  /// Gilbert and Lemaréchal's update (1989) of the diagonal of the inverse Hessian by one pair.
  static func updateDiagonal(_ diagonal: inout [Double], step s: [Double], fall y: [Double]) {
    var (yay, ys, sas) = (0.0, 0.0, 0.0)
    for i in diagonal.indices {
      yay += y[i] * diagonal[i] * y[i]
      ys += y[i] * s[i]
      sas += s[i] * s[i] / diagonal[i]
    }
    guard yay > 0, ys > 0, sas > 0 else { return }
    for i in diagonal.indices {
      let a = diagonal[i]
      let inverse = yay / (ys * a) + y[i] * y[i] / ys - yay * s[i] * s[i] / (ys * sas * a * a)
      if inverse > 0, inverse.isFinite { diagonal[i] = 1 / inverse }
    }
  }
}
