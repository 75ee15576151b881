import Foundation
import NumericKernels

/// Random-walk Metropolis with a normal proposal that is adapted in the warm-up, in one block or several.
///
/// A block's proposal has the covariance of its draws so far (Haario, Saksman and Tamminen 2001) times a scale that is
/// moved towards a target acceptance (Robbins and Monro 1951; Andrieu and Thoms 2008). Both are fixed after the
/// warm-up. Slower than ``NUTS`` wherever there are gradients; it needs none.
public struct RandomWalkMetropolis: Sampler, Hashable {
  /// Coordinates that move together, each in one block; nil takes all as one.
  public var blocks: [[Int]]?
  /// The acceptance that scales are moved towards; nil takes 0.44 for one coordinate and 0.234 for more (Roberts,
  /// Gelman and Gilks 1997).
  public var targetAcceptance: Double?
  /// Sweeps over all blocks in one iteration.
  public var sweeps: Int
  /// Random starting points are uniform on this distance from 0 in every coordinate.
  public var startRadius: Double

  public init(
    blocks: [[Int]]? = nil, targetAcceptance: Double? = nil, sweeps: Int = 1, startRadius: Double = 2
  ) {
    self.blocks = blocks
    self.targetAcceptance = targetAcceptance
    self.sweeps = sweeps
    self.startRadius = startRadius
  }

  /// - Throws: ``SamplingError/invalidSettings(_:)``, or what the density throws.
  public func makeKernel(for density: some LogDensity, warmUp: Int) throws -> RandomWalkKernel {
    let blocks = self.blocks ?? [Array(0..<density.dimension)]
    guard sweeps >= 1, blocks.flatMap(\.self).sorted() == Array(0..<density.dimension), !blocks.contains([]) else {
      throw SamplingError.invalidSettings(
        "Random-walk Metropolis needs a sweep, and each of the \(density.dimension) coordinates in one block.")
    }
    if let targetAcceptance, !(targetAcceptance > 0 && targetAcceptance < 1) {
      throw SamplingError.invalidSettings(
        "Random-walk Metropolis needs a target of acceptance between 0 and 1, not \(targetAcceptance).")
    }
    try StartingPoint.check(radius: startRadius, of: "Random-walk Metropolis")
    return try RandomWalkKernel(density: density, settings: self, blocks: blocks, warmUp: warmUp)
  }
}

/// A chain of ``RandomWalkMetropolis``.
public struct RandomWalkKernel: MarkovKernel {
  private var system: HamiltonianSystem
  private var blocks: [ProposalBlock]
  private let sweeps: Int
  private let startRadius: Double
  /// The slot of the current point; the other holds proposals.
  private var place = 0

  init(density: some LogDensity, settings: RandomWalkMetropolis, blocks: [[Int]], warmUp: Int) throws {
    system = HamiltonianSystem(
      evaluator: try density.makeEvaluator(), dimension: density.dimension, places: 2, motions: 0)
    sweeps = settings.sweeps
    startRadius = settings.startRadius
    self.blocks = blocks.map {
      ProposalBlock(coordinates: $0, warmUp: warmUp * settings.sweeps, target: settings.targetAcceptance)
    }
  }

  public mutating func start(at point: [Double]?, using streams: ChainStreams) throws {
    try StartingPoint(radius: startRadius).find(&system, place: place, at: point, using: streams)
  }

  public mutating func step(isWarmUp: Bool, using stream: inout RandomStream) throws -> StepInfo {
    var acceptance = 0.0
    for _ in 0..<sweeps {
      for b in blocks.indices {
        let other = 1 - place
        system.copyPlace(place, to: other)
        blocks[b].propose(&system.positions, at: other * system.dimension, using: &stream)
        let threshold = -stream.exponential()
        _ = try system.evaluate(other)
        // A density of which only the gradient is not finite may be accepted: it is not used here.
        let gain = system.logDensities[other] - system.logDensities[place]
        let probability = gain.isFinite ? min(1, exp(gain)) : 0
        if gain.isFinite && gain > threshold { place = other }
        acceptance += probability
        if isWarmUp {
          blocks[b].learn(system.positions, at: place * system.dimension, probability: probability)
        }
      }
    }
    let count = sweeps * blocks.count
    return StepInfo(
      logDensity: system.logDensities[place], acceptance: acceptance / Double(count), stepSize: blocks[0].scale,
      evaluations: count)
  }

  public mutating func variables(into values: inout MutableSpan<Double>, using stream: inout RandomStream) throws {
    try system.variables(of: place, into: &values, using: &stream)
  }

  public var tuning: ChainTuning { ChainTuning(stepSize: blocks[0].scale) }

  public var state: PackedState {
    var words = WordWriter()
    words.write(system.position(place))
    words.write(system.logDensities[place])
    for block in blocks { block.store(into: &words) }
    return PackedState(words)
  }

  public mutating func restore(_ state: PackedState) throws {
    var words = state.reader
    let position = try words.doubles()
    guard position.count == system.dimension else { throw DamagedState("a stored position has the wrong length") }
    for i in position.indices { system.positions[place * system.dimension + i] = position[i] }
    system.logDensities[place] = try words.double()
    for b in blocks.indices { try blocks[b].restore(from: &words) }
  }
}
