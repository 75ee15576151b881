import Foundation
import NumericKernels

/// Automatic differentiation variational inference (ADVI): the normal distribution over unconstrained coordinates that
/// maximises the evidence lower bound E log p(x) - log q(x), by stochastic gradients (Kucukelbir et al., JMLR 18,
/// 2017).
///
/// Gradients are reparameterised with the score term left out, so that they have no noise where the approximation is
/// exact (Roeder et al. 2017). Steps are Adam's in coordinates scaled by a Pathfinder run. At each step size the
/// parameters are averaged once they have stopped drifting; the step size falls until the averages of two step sizes
/// agree (after Welandawe et al., "A framework for improving the reliability of black-box variational inference", JMLR
/// 25, 2024). Where they never do, the fit says that it has not converged.
///
/// The mean-field family leaves correlations out and understates spread where there are any.
public struct VariationalInference: Sendable, Equatable {
  public enum Family: Sendable, Equatable {
    /// Independent coordinates: 2n parameters.
    case meanField
    /// Any covariance: n + n(n + 1)/2 parameters.
    case fullRank
  }

  public var family: Family
  /// The number of draws.
  public var drawCount: Int
  /// Gradients averaged in a step.
  public var gradientDrawCount: Int
  /// At most this many steps in all.
  public var maximumIterations: Int
  /// Converged where the symmetric Kullback-Leibler divergence between the averages of two step sizes is below this,
  /// per coordinate.
  public var tolerance: Double

  public init(
    _ family: Family = .meanField, drawCount: Int = 1000, gradientDrawCount: Int = 8, maximumIterations: Int = 20_000,
    tolerance: Double = 0.005
  ) {
    self.family = family
    self.drawCount = drawCount
    self.gradientDrawCount = gradientDrawCount
    self.maximumIterations = maximumIterations
    self.tolerance = tolerance
  }

  /// Approximates `density`.
  ///
  /// - Parameter start: A point to start from; by default the first of 100 random points with a finite density.
  public func fit<Density: LogDensity>(
    _ density: Density, seed: UInt64, start: [Double]? = nil
  ) throws(ApproximationError) -> ApproximateFit {
    try ApproximationError.check([
      ("count of draws", drawCount), ("count of draws for a gradient", gradientDrawCount),
      ("maximum of iterations", maximumIterations),
    ])
    guard tolerance > 0 else { throw .invalidSettings("The tolerance is \(tolerance); it must be positive.") }
    var target = try ApproximationTarget(density)
    let first = try target.start(from: start, seed: seed, path: 0)
    var state = VariationalState(family: family, center: first.x, scale: first.x.map { _ in 1 })
    var warnings: [String] = []
    var evaluations = 0
    do {
      let path = try Pathfinder(pathCount: 1, boundDrawCount: 10).climb(density, seed: seed, path: 0, start: first.x)
      state = VariationalState(family: family, center: path.normal.mean, scale: path.normal.marginalScales)
      evaluations = path.evaluations
    } catch .noMode(let reason) {
      warnings.append("Started without Pathfinder's scales: \(reason)")
    } catch .noStartingPoint(_, let reason) {
      // A density that fails now and then may fail at the same point.
      warnings.append("Started without Pathfinder's scales: \(reason)")
    }
    let isConverged = try optimize(&state, target: &target, seed: seed)
    if !isConverged {
      warnings.append(
        "The evidence lower bound's optimum was not reached in \(maximumIterations) steps: averages of successive step "
          + "sizes still differ. Allow more steps, or use a sampler.")
    }
    let sample: ApproximationSample
    let isFlat: Bool
    var stream = RandomStream(seed: seed, purpose: ApproximationStream.bound, index: 1)
    switch family {
    case .meanField:
      sample = try .make(state.diagonalNormal, count: drawCount, target: &target, seed: seed, path: 0)
      isFlat = try state.diagonalNormal.hasFlatDirection(of: &target, using: &stream)
    case .fullRank:
      sample = try .make(state.denseNormal, count: drawCount, target: &target, seed: seed, path: 0)
      isFlat = try state.denseNormal.hasFlatDirection(of: &target, using: &stream)
    }
    if isFlat { warnings.append(ApproximateFit.flatWarning) }
    let bound =
      zip(sample.logDensities, sample.logApproximations).reduce(0) { $0 + $1.0 - $1.1 } / Double(drawCount)
    return try ApproximateFit.make(
      density, method: family == .meanField ? .meanField : .fullRank, sample: sample, target: &target,
      logEvidence: bound, isConverged: isConverged && !isFlat, evaluations: evaluations + target.evaluations,
      warnings: warnings,
      seed: seed)
  }

  /// Runs step sizes in turn; leaves the last averages in `state` and returns whether they settled.
  private func optimize<Evaluator>(
    _ state: inout VariationalState, target: inout ApproximationTarget<Evaluator>, seed: UInt64
  ) throws(ApproximationError) -> Bool {
    let window = 200
    var rate = 0.1
    var iteration = 0
    var previous: VariationalState?
    while iteration < maximumIterations {
      var adam = Adam(count: state.parameters.count)
      var earlier: [Double]?
      var settled: [Double]?
      // Windows at one step size until the mean of the parameters no longer drifts against their wobble.
      while settled == nil, iteration < maximumIterations {
        var (sum, squares) = (state.parameters.map { _ in 0.0 }, state.parameters.map { _ in 0.0 })
        // The last window is cut short by the greatest number of steps.
        let window = min(window, maximumIterations - iteration)
        for _ in 0..<window {
          let gradient = try self.gradient(state, target: &target, seed: seed, iteration: iteration)
          iteration += 1
          if let gradient { adam.step(&state.parameters, gradient, rate: rate) }
          for i in sum.indices {
            sum[i] += state.parameters[i]
            squares[i] += state.parameters[i] * state.parameters[i]
          }
        }
        let mean = sum.map { $0 / Double(window) }
        if let earlier {
          let drifting = mean.indices.count { i in
            let wobble = max(0, squares[i] / Double(window) - mean[i] * mean[i]).squareRoot()
            return abs(mean[i] - earlier[i]) > max(wobble, 0.1 * rate)
          }
          if drifting * 20 <= mean.count { settled = zip(mean, earlier).map { 0.5 * ($0 + $1) } }
        }
        earlier = mean
      }
      guard let settled else { break }
      state.parameters = settled
      if let previous, previous.symmetricDivergence(from: state) < tolerance * Double(target.dimension) {
        return true
      }
      previous = state
      rate *= 0.5
      if rate < 1e-4 { break }
    }
    return false
  }

  /// The reparameterised gradient of the lower bound at `state`; nil where every draw lies outside the support.
  private func gradient<Evaluator>(
    _ state: VariationalState, target: inout ApproximationTarget<Evaluator>, seed: UInt64, iteration: Int
  ) throws(ApproximationError) -> [Double]? {
    let n = target.dimension
    var total = [Double](repeating: 0, count: state.parameters.count)
    var stream = RandomStream(
      seed: seed, purpose: ApproximationStream.variationalGradient, draw: UInt64(iteration))
    var (x, gradient) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
    var used = 0
    var z = x
    for draw in 0..<gradientDrawCount {
      // Draws in antithetic pairs.
      if draw % 2 == 0 { for i in 0..<n { z[i] = stream.normal() } } else { for i in 0..<n { z[i] = -z[i] } }
      state.position(z, into: &x)
      guard x.allSatisfy(\.isFinite), try target.evaluate(x, &gradient).isFinite else { continue }
      used += 1
      state.addGradient(z, gradient, to: &total)
    }
    if used == 0 { return nil }
    return total.map { $0 / Double(used) }
  }
}

/// Adam's step (Kingma and Ba 2015), upwards.
private struct Adam {
  private var first: [Double]
  private var second: [Double]
  private var steps = 0

  init(count: Int) {
    first = [Double](repeating: 0, count: count)
    second = first
  }

  mutating func step(_ parameters: inout [Double], _ gradient: [Double], rate: Double) {
    let (decay1, decay2) = (0.9, 0.99)
    steps += 1
    let (correction1, correction2) = (1 - pow(decay1, Double(steps)), 1 - pow(decay2, Double(steps)))
    for i in parameters.indices {
      first[i] = decay1 * first[i] + (1 - decay1) * gradient[i]
      second[i] = decay2 * second[i] + (1 - decay2) * gradient[i] * gradient[i]
      parameters[i] += rate * (first[i] / correction1) / ((second[i] / correction2).squareRoot() + 1e-12)
    }
  }
}
