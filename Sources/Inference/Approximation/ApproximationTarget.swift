import Foundation
import NumericKernels

/// One evaluator of a density as approximations use it: on arrays, counting, and with every impossible position as
/// minus infinity.
struct ApproximationTarget<Evaluator: LogDensityEvaluator> {
  let dimension: Int
  private var evaluator: Evaluator
  private(set) var evaluations = 0
  private(set) var lastReason = "the log density is minus infinity or NaN"
  /// Whether the last reason is a value, not an error that says it all.
  private var lastIsValue = true

  init<Density: LogDensity>(_ density: Density) throws(ApproximationError) where Density.Evaluator == Evaluator {
    if let problem = density.problem(withNames: density.variableNames) { throw .invalidSettings(problem) }
    dimension = density.dimension
    do { evaluator = try density.makeEvaluator() } catch { throw .densityFailed("\(error)") }
  }

  /// The log density and its gradient; minus infinity where the density, the gradient or the evaluation is impossible.
  mutating func evaluate(_ x: [Double], _ gradient: inout [Double]) throws(ApproximationError) -> Double {
    evaluations += 1
    let value: Double
    lastIsValue = true
    do {
      var span = gradient.mutableSpan
      value = try evaluator.logDensity(at: x.span, gradient: &span)
    } catch let error as any RecoverableDensityError {
      (lastReason, lastIsValue) = ("\(error)", false)
      return -.infinity
    } catch { throw .densityFailed("\(error)") }
    guard value.isFinite else {
      lastReason = "the log density is \(value.isNaN ? "nan" : "\(value)")"
      return -.infinity
    }
    guard gradient.allSatisfy(\.isFinite) else {
      lastReason = "the gradient is not finite"
      return -.infinity
    }
    return value
  }

  /// What a draw keeps of this position; nil where the position is impossible after all.
  mutating func variables(
    at x: [Double], into values: inout [Double], using stream: inout RandomStream
  ) throws(ApproximationError) -> Bool {
    do {
      var span = values.mutableSpan
      try evaluator.variables(at: x.span, into: &span, using: &stream)
      return true
    } catch is any RecoverableDensityError { return false } catch { throw .densityFailed("\(error)") }
  }

  /// The given starting point, or the first of 100 uniform on (-2, 2) in every coordinate, where the density is finite.
  mutating func start(
    from given: [Double]?, seed: UInt64, path: UInt32
  ) throws(ApproximationError) -> (x: [Double], value: Double, gradient: [Double]) {
    var gradient = [Double](repeating: 0, count: dimension)
    if let given {
      guard given.count == dimension else { throw .wrongLength(expected: dimension, found: given.count) }
      let value = try evaluate(given, &gradient)
      guard value.isFinite else { throw noStart(after: 1, at: given) }
      return (given, value, gradient)
    }
    let attempts = 100
    var last: [Double] = []
    for attempt in 0..<attempts {
      var stream = RandomStream(
        seed: seed, purpose: ApproximationStream.start, chain: path, draw: UInt64(attempt))
      // The last attempts shrink towards the origin, where wild densities are most often finite.
      let width = attempt < attempts / 2 ? 2 : 4 * Double(attempts - attempt) / Double(attempts)
      let x = (0..<dimension).map { _ in width * (2 * stream.uniform() - 1) }
      let value = try evaluate(x, &gradient)
      if value.isFinite { return (x, value, gradient) }
      last = x
    }
    throw noStart(after: attempts, at: last)
  }

  private mutating func noStart(after attempts: Int, at x: [Double]) -> ApproximationError {
    let more = lastIsValue ? evaluator.explanation(at: x.span).map { ": \($0)" } ?? "" : ""
    return .noStartingPoint(attempts: attempts, lastReason: lastReason + more)
  }

  /// A point with a finite density within about 0.1 of `x` in every coordinate.
  mutating func neighbor(
    of x: [Double], seed: UInt64, path: UInt32
  ) throws(ApproximationError) -> (x: [Double], value: Double, gradient: [Double]) {
    var gradient = [Double](repeating: 0, count: dimension)
    for attempt in 0..<20 {
      var stream = RandomStream(
        seed: seed, purpose: ApproximationStream.start, index: 1, chain: path, draw: UInt64(attempt))
      let width = 0.1 * pow(0.5, Double(attempt))
      let moved = x.map { $0 + width * (2 * stream.uniform() - 1) }
      let value = try evaluate(moved, &gradient)
      if value.isFinite { return (moved, value, gradient) }
    }
    throw .noMode("The density is not finite around the starting point.")
  }
}
