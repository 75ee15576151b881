import Foundation

/// Maximisation of a log density by limited-memory BFGS (Nocedal 1980) with a strong-Wolfe line search.
///
/// - Complexity: O(history · dimension) a step besides evaluations.
struct LBFGS {
  /// A point of the trajectory.
  struct Point {
    var x: [Double]
    var value: Double
    var gradient: [Double]
  }

  enum Outcome: Equatable {
    case converged
    case iterationLimit
    /// No step increases the density although the gradient is not zero: usually the limit of precision, or a kink.
    case stalled
    /// The density grows along a direction without end.
    case unbounded
  }

  var historyLength = 6
  var maximumIterations = 1000
  /// Stops where the squared gradient in the metric of the inverse Hessian, the expected gain, is below this.
  var gainTolerance = 1e-10
  /// Stops where a step gains less than this share of the value's magnitude.
  var relativeTolerance = 1e-13

  /// Climbs from `start`, telling `visit` every accepted point (the start first); `visit` may end the climb by false.
  func climb<Evaluator>(
    _ target: inout ApproximationTarget<Evaluator>, from start: Point,
    visit: (Point) throws(ApproximationError) -> Bool
  ) throws(ApproximationError) -> (end: Point, outcome: Outcome) {
    var point = start
    var history = InverseHessianHistory(dimension: point.x.count, length: historyLength)
    if try !visit(point) { return (point, .iterationLimit) }
    var smallGains = 0
    for _ in 0..<maximumIterations {
      var direction = history.multiply(point.gradient)
      var slope = dot(direction, point.gradient)
      if !(slope > 0) || !slope.isFinite {
        history.reset()
        direction = point.gradient
        slope = dot(direction, direction)
      }
      if slope < gainTolerance { return (point, .converged) }
      var firstStep = 1.0
      if history.isEmpty { firstStep = min(1, 1 / slope.squareRoot()) }
      guard let next = try search(&target, from: point, along: direction, slope: slope, firstStep: firstStep) else {
        if history.isEmpty { return (point, slope < 1e-6 ? .converged : .stalled) }
        history.reset()
        continue
      }
      history.add(step: difference(next.x, point.x), fall: difference(point.gradient, next.gradient))
      let gain = next.value - point.value
      point = next
      if try !visit(point) { return (point, .iterationLimit) }
      if point.x.contains(where: { abs($0) > 1e12 }) { return (point, .unbounded) }
      smallGains = gain <= relativeTolerance * max(1, abs(point.value)) ? smallGains + 1 : 0
      if smallGains >= 3 { return (point, .converged) }
    }
    return (point, .iterationLimit)
  }

  /// A point along `direction` that satisfies the strong Wolfe conditions (Nocedal and Wright, algorithms 3.5 and 3.6),
  /// or the best one that at least increases the density; nil if none does.
  private func search<Evaluator>(
    _ target: inout ApproximationTarget<Evaluator>, from origin: Point, along direction: [Double], slope: Double,
    firstStep: Double
  ) throws(ApproximationError) -> Point? {
    let (sufficient, curvature) = (1e-4, 0.9)
    var (low, high) = (0.0, Double.infinity)
    var (lowValue, lowSlope) = (origin.value, slope)
    var step = firstStep
    var best: Point?
    for _ in 0..<40 {
      let x = zip(origin.x, direction).map { $0 + step * $1 }
      var gradient = [Double](repeating: 0, count: x.count)
      let value = try target.evaluate(x, &gradient)
      let newSlope = value.isFinite ? dot(gradient, direction) : -.infinity
      if value > (best?.value ?? origin.value) { best = Point(x: x, value: value, gradient: gradient) }
      if !(value >= origin.value + sufficient * step * slope) || value < lowValue {
        high = step
      } else if abs(newSlope) <= curvature * slope {
        return Point(x: x, value: value, gradient: gradient)
      } else if newSlope < 0 {
        high = step
      } else {
        (low, lowValue, lowSlope) = (step, value, newSlope)
      }
      if high.isInfinite {
        step *= 4
        if step > 1e20 { break }
      } else {
        // The parabola through the lower end with its slope and the upper end's value, kept inside the bracket.
        let width = high - low
        var next = low + 0.5 * width
        if high == step, value.isFinite {
          let bend = (lowValue + lowSlope * width - value) / (width * width)
          if bend > 0 { next = low + lowSlope / (2 * bend) }
        }
        step = min(max(next, low + 0.1 * width), high - 0.1 * width)
        if width < 1e-16 * max(1, high) { break }
      }
    }
    return best
  }
}

/// The last steps and gradient differences of a climb, and the inverse Hessian of minus the log density they imply.
struct InverseHessianHistory {
  let dimension: Int
  let length: Int
  private(set) var steps: [[Double]] = []
  /// Falls of the gradient along the steps: gradients of minus the log density, later less earlier.
  private(set) var falls: [[Double]] = []

  init(dimension: Int, length: Int) {
    self.dimension = dimension
    self.length = length
  }

  var isEmpty: Bool { steps.isEmpty }

  mutating func reset() {
    steps = []
    falls = []
  }

  /// Adds a pair if its curvature is positive and well scaled; returns whether it was.
  @discardableResult
  mutating func add(step: [Double], fall: [Double]) -> Bool {
    let (sy, yy) = (dot(step, fall), dot(fall, fall))
    guard sy > 0, sy.isFinite, yy.isFinite, yy <= 1e12 * sy else { return false }
    if steps.count == length {
      steps.removeFirst()
      falls.removeFirst()
    }
    steps.append(step)
    falls.append(fall)
    return true
  }

  /// The two-loop recursion: H g with H_0 = (s'y / y'y) I of the last pair.
  func multiply(_ gradient: [Double]) -> [Double] {
    var q = gradient
    var weights = [Double](repeating: 0, count: steps.count)
    for i in steps.indices.reversed() {
      weights[i] = dot(steps[i], q) / dot(steps[i], falls[i])
      add(-weights[i], falls[i], to: &q)
    }
    if let s = steps.last, let y = falls.last {
      let scale = dot(s, y) / dot(y, y)
      for i in q.indices { q[i] *= scale }
    }
    for i in steps.indices {
      let b = dot(falls[i], q) / dot(steps[i], falls[i])
      add(weights[i] - b, steps[i], to: &q)
    }
    return q
  }

  private func add(_ factor: Double, _ x: [Double], to y: inout [Double]) {
    for i in x.indices { y[i] += factor * x[i] }
  }
}

func dot(_ a: [Double], _ b: [Double]) -> Double {
  var sum = 0.0
  for i in a.indices { sum += a[i] * b[i] }
  return sum
}

func difference(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 - $1 } }
