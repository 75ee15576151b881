/// How each draw came about: one figure per chain and draw, flat, the value of chain c, draw d at `c * drawCount + d`.
public struct SamplerStatistics: Sendable, Equatable {
  public let chainCount: Int
  /// The number of draws in each chain.
  public let drawCount: Int
  /// The log density of the draw, up to a constant.
  public internal(set) var logDensity: [Double]
  /// The mean Metropolis acceptance probability of the step.
  public internal(set) var acceptance: [Double]
  /// The leapfrog step or the proposal's scale; NaN for samplers without.
  public internal(set) var stepSize: [Double]
  /// The Hamiltonian at the draw; NaN for samplers without momentum.
  public internal(set) var energy: [Double]
  /// Doublings of the trajectory; 0 for samplers without.
  public internal(set) var treeDepth: [Int]
  /// Evaluations of the density and its gradient.
  public internal(set) var leapfrogs: [Int]
  /// Whether the trajectory diverged.
  public internal(set) var divergent: [Bool]

  /// - Precondition: Every array holds `chainCount * drawCount` figures.
  public init(
    chainCount: Int, drawCount: Int, logDensity: [Double], acceptance: [Double], stepSize: [Double],
    energy: [Double], treeDepth: [Int], leapfrogs: [Int], divergent: [Bool]
  ) {
    let count = chainCount * drawCount
    precondition(
      [
        logDensity.count, acceptance.count, stepSize.count, energy.count, treeDepth.count, leapfrogs.count,
        divergent.count,
      ].allSatisfy { $0 == count }, "one figure per chain and draw is needed")
    self.chainCount = chainCount
    self.drawCount = drawCount
    self.logDensity = logDensity
    self.acceptance = acceptance
    self.stepSize = stepSize
    self.energy = energy
    self.treeDepth = treeDepth
    self.leapfrogs = leapfrogs
    self.divergent = divergent
  }

  /// The number of divergent draws.
  public var divergenceCount: Int { divergent.count(where: \.self) }

  /// The figures' range of one chain.
  public func range(ofChain chain: Int) -> Range<Int> { (chain * drawCount)..<((chain + 1) * drawCount) }
}
