import Foundation
import NumericKernels

/// A normal random-walk proposal for some coordinates, and what it has learnt.
struct ProposalBlock: Sendable {
  let coordinates: [Int]
  private let warmUp: Int
  private let target: Double
  private var count = 0
  private var logScale: Double
  private var moments: RunningMoments
  /// The proposal's covariance before scaling, the identity until draws tell better; and its factor.
  private var covariance: [Double]
  private var factor: DenseCholesky
  private var scratch: [Double]

  init(coordinates: [Int], warmUp: Int, target: Double?) {
    let d = coordinates.count
    self.coordinates = coordinates
    self.warmUp = warmUp
    self.target = target ?? (d == 1 ? 0.44 : 0.234)
    // Best for a normal target of known covariance (Gelman, Roberts and Gilks 1996).
    logScale = log(2.38 / Double(d).squareRoot())
    moments = RunningMoments(dimension: d, dense: true)
    factor = DenseCholesky(size: d)
    covariance = [Double](repeating: 0, count: d * d)
    for i in 0..<d { covariance[i * d + i] = 1 }
    scratch = [Double](repeating: 0, count: d)
  }

  var scale: Double { exp(logScale) }

  /// Moves the block's coordinates of the position that begins at `first`.
  mutating func propose(_ positions: inout [Double], at first: Int, using stream: inout RandomStream) {
    for i in scratch.indices { scratch[i] = stream.normal() }
    factor.multiplyLower(&scratch)
    let scale = scale
    for (i, coordinate) in coordinates.enumerated() { positions[first + coordinate] += scale * scratch[i] }
  }

  /// Learns from the position after a proposal that was accepted with this probability.
  mutating func learn(_ positions: [Double], at first: Int, probability: Double) {
    let d = coordinates.count
    count += 1
    // Steps that sum to infinity with squares that do not, larger for the first hundred.
    logScale += min(0.5, 5 * pow(Double(count), -0.7)) * (probability - target)
    logScale = min(100, max(-100, logScale))
    // Draws of the search for the typical set are forgotten.
    if count == warmUp / 10 || count == warmUp * 4 / 10 { moments.reset() }
    for (i, coordinate) in coordinates.enumerated() { scratch[i] = positions[first + coordinate] }
    moments.add(scratch)
    guard moments.count >= 10 + 2 * d, moments.count % (10 + d) == 0 else { return }
    let weight = Double(moments.count) / (Double(moments.count) + 5)
    var candidate = covariance
    for i in 0..<d {
      for j in 0...i {
        // Shrunk towards its diagonal, which keeps it positive definite while draws repeat.
        candidate[i * d + j] = moments.covariance(i, j) * (i == j ? 1 : weight)
      }
    }
    var fresh = DenseCholesky(size: d)
    do throws(NotPositiveDefinite) {
      try fresh.factor(candidate)
      factor = fresh
      covariance = candidate
    } catch {
      // Coordinates that have not moved yet keep the proposal there is.
    }
  }

  func store(into words: inout WordWriter) {
    words.write(count)
    words.write(logScale)
    moments.store(into: &words)
    words.write(covariance)
  }

  mutating func restore(from words: inout WordReader) throws {
    count = try words.int()
    logScale = try words.double()
    moments = try RunningMoments(from: &words)
    let d = coordinates.count
    guard moments.mean.count == d else { throw DamagedState("stored moments have the wrong length") }
    covariance = try words.doubles()
    guard covariance.count == d * d else { throw DamagedState("a stored covariance has the wrong size") }
    try factor.factor(covariance)
  }
}
