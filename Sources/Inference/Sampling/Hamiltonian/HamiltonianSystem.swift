import Foundation
import NumericKernels

/// A density's Hamiltonian dynamics with numbered slots of phase space, so that trajectories allocate nothing.
///
/// A place is a position with its gradient and the gradient times the inverse of M; a motion is a momentum p with its
/// velocity, the inverse of M times p. The Hamiltonian is H = -log density + p' M^-1 p / 2.
package struct HamiltonianSystem {
  let dimension: Int
  var evaluator: any LogDensityEvaluator
  package var metric: EuclideanMetric

  /// [place][coordinate]
  package var positions: [Double]
  var gradients: [Double]
  private var drives: [Double]
  /// [motion][coordinate]
  package var momenta: [Double]
  package var velocities: [Double]
  /// The log density at each place.
  var logDensities: [Double]
  /// The words of the last recoverable error.
  private(set) var lastReason: String?

  package init(evaluator: any LogDensityEvaluator, dimension: Int, places: Int, motions: Int) {
    self.dimension = dimension
    self.evaluator = evaluator
    metric = EuclideanMetric(dimension: dimension)
    positions = [Double](repeating: 0, count: places * dimension)
    gradients = positions
    drives = positions
    momenta = [Double](repeating: 0, count: motions * dimension)
    velocities = momenta
    logDensities = [Double](repeating: -.infinity, count: places)
  }

  private func range(_ slot: Int) -> Range<Int> { (slot * dimension)..<((slot + 1) * dimension) }

  func position(_ place: Int) -> [Double] { Array(positions[range(place)]) }
  func gradient(_ place: Int) -> [Double] { Array(gradients[range(place)]) }

  /// Evaluates density and gradient at a place; false where either is not finite.
  package mutating func evaluate(_ place: Int) throws -> Bool {
    lastReason = nil
    do {
      return try Self.evaluate(&evaluator, &positions, &gradients, range(place), &logDensities[place])
    } catch let error as any RecoverableDensityError {
      lastReason = String(describing: error)
      logDensities[place] = -.infinity
      return false
    }
  }

  /// What keeps the density at a place from being finite, where the density can tell.
  mutating func explanation(of place: Int) -> String? {
    evaluator.explanation(at: position(place).span)
  }

  // The loops are static functions of the arrays, since spans of two arrays of one value exclude each other.

  private static func evaluate(
    _ evaluator: inout any LogDensityEvaluator, _ positions: inout [Double], _ gradients: inout [Double],
    _ range: Range<Int>, _ logDensity: inout Double
  ) throws -> Bool {
    var all = gradients.mutableSpan
    var gradient = all._mutatingExtracting(range)
    logDensity = try evaluator.logDensity(at: positions.span.extracting(range), gradient: &gradient)
    guard logDensity.isFinite else { return false }
    for i in gradient.indices where !gradient[i].isFinite { return false }
    return true
  }

  /// What a draw keeps of the position at a place.
  mutating func variables(
    of place: Int, into values: inout MutableSpan<Double>, using stream: inout RandomStream
  ) throws {
    try Self.variables(&evaluator, &positions, range(place), &values, &stream)
  }

  private static func variables(
    _ evaluator: inout any LogDensityEvaluator, _ positions: inout [Double], _ range: Range<Int>,
    _ values: inout MutableSpan<Double>, _ stream: inout RandomStream
  ) throws {
    try evaluator.variables(at: positions.span.extracting(range), into: &values, using: &stream)
  }

  /// Copies a place.
  mutating func copyPlace(_ source: Int, to target: Int) {
    if source == target { return }
    let (from, to) = (source * dimension, target * dimension)
    Self.copy(&positions, from, to, dimension)
    Self.copy(&gradients, from, to, dimension)
    Self.copy(&drives, from, to, dimension)
    logDensities[target] = logDensities[source]
  }

  private static func copy(_ values: inout [Double], _ from: Int, _ to: Int, _ count: Int) {
    var values = values.mutableSpan
    for i in 0..<count { values[to + i] = values[from + i] }
  }

  /// Draws a motion at a place and readies the place for trajectories with the present metric.
  ///
  /// - Returns: The Hamiltonian.
  package mutating func begin(at place: Int, motion: Int, using stream: inout RandomStream) -> Double {
    Self.drive(&metric, &gradients, &drives, range(place))
    return Self.drawMotion(&metric, &momenta, &velocities, range(motion), &stream) - logDensities[place]
  }

  /// Draws a momentum; returns its kinetic energy.
  private static func drawMotion(
    _ metric: inout EuclideanMetric, _ momenta: inout [Double], _ velocities: inout [Double], _ range: Range<Int>,
    _ stream: inout RandomStream
  ) -> Double {
    var allMomenta = momenta.mutableSpan
    var allVelocities = velocities.mutableSpan
    var momentum = allMomenta._mutatingExtracting(range)
    var velocity = allVelocities._mutatingExtracting(range)
    metric.drawMomentum(&momentum, velocity: &velocity, using: &stream)
    var kinetic = 0.0
    for i in momentum.indices { kinetic += momentum[i] * velocity[i] }
    return 0.5 * kinetic
  }

  /// The gradient at a place times the inverse of M.
  private static func drive(
    _ metric: inout EuclideanMetric, _ gradients: inout [Double], _ drives: inout [Double], _ range: Range<Int>
  ) {
    var all = drives.mutableSpan
    var target = all._mutatingExtracting(range)
    metric.multiply(gradients.span.extracting(range), into: &target)
  }

  /// One leapfrog step of signed size `step` from one place and motion to another.
  ///
  /// The velocity is carried along with the momentum, so that a step costs one product with the inverse of M. A place
  /// may be its own target, and so may a motion.
  ///
  /// - Returns: The Hamiltonian at the new point, not finite where density or gradient are not.
  package mutating func leapfrog(
    fromPlace: Int, motion fromMotion: Int, toPlace: Int, motion toMotion: Int, step: Double
  ) throws -> Double {
    let half = 0.5 * step
    let (a, b) = (fromPlace * dimension, toPlace * dimension)
    let (c, d) = (fromMotion * dimension, toMotion * dimension)
    _ = Self.kick(&momenta, &velocities, c, d, &gradients, &drives, a, half, dimension)
    Self.drift(&positions, a, b, &velocities, d, step, dimension)
    guard try evaluate(toPlace) else { return .infinity }
    Self.drive(&metric, &gradients, &drives, range(toPlace))
    return Self.kick(&momenta, &velocities, d, d, &gradients, &drives, b, half, dimension)
      - logDensities[toPlace]
  }

  /// Momentum and velocity after a push by gradient and drive; returns the kinetic energy.
  private static func kick(
    _ momenta: inout [Double], _ velocities: inout [Double], _ from: Int, _ to: Int, _ gradients: inout [Double],
    _ drives: inout [Double], _ place: Int, _ step: Double, _ count: Int
  ) -> Double {
    var p = momenta.mutableSpan
    var v = velocities.mutableSpan
    let g = gradients.span
    let w = drives.span
    var kinetic = 0.0
    for i in 0..<count {
      let momentum = p[from + i] + step * g[place + i]
      let velocity = v[from + i] + step * w[place + i]
      p[to + i] = momentum
      v[to + i] = velocity
      kinetic += momentum * velocity
    }
    return 0.5 * kinetic
  }

  private static func drift(
    _ positions: inout [Double], _ from: Int, _ to: Int, _ velocities: inout [Double], _ motion: Int, _ step: Double,
    _ count: Int
  ) {
    var q = positions.mutableSpan
    let v = velocities.span
    for i in 0..<count { q[to + i] = q[from + i] + step * v[motion + i] }
  }
}
