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

  /// - Throws: ``Draws/Misfit`` for no chain, or an array of another length than chains * draws.
  public init(
    chainCount: Int, drawCount: Int, logDensity: [Double], acceptance: [Double], stepSize: [Double],
    energy: [Double], treeDepth: [Int], leapfrogs: [Int], divergent: [Bool]
  ) throws(Draws.Misfit) {
    guard chainCount >= 1, drawCount >= 0 else {
      throw Draws.Misfit(
        description: "Statistics need at least one chain of at least 0 draws; \(chainCount) of \(drawCount) are given.")
    }
    let (count, overflows) = chainCount.multipliedReportingOverflow(by: drawCount)
    for (name, found) in [
      ("log density", logDensity.count), ("acceptance", acceptance.count), ("step size", stepSize.count),
      ("energy", energy.count), ("tree depth", treeDepth.count), ("leapfrogs", leapfrogs.count),
      ("divergent", divergent.count),
    ] where overflows || found != count {
      throw Draws.Misfit(
        description:
          "Statistics of \(chainCount) chains with \(drawCount) draws need one figure of each kind per draw; "
          + "of \(name) there are \(found).")
    }
    self.init(
      wellFormed: chainCount, drawCount: drawCount, logDensity: logDensity, acceptance: acceptance, stepSize: stepSize,
      energy: energy, treeDepth: treeDepth, leapfrogs: leapfrogs, divergent: divergent)
  }

  /// Figures that are known to be one per chain and draw.
  init(
    wellFormed chainCount: Int, drawCount: Int, logDensity: [Double], acceptance: [Double], stepSize: [Double],
    energy: [Double], treeDepth: [Int], leapfrogs: [Int], divergent: [Bool]
  ) {
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

  /// - Throws: ``Draws/Misfit`` where they are of other chains or draws.
  func checkFit(to draws: Draws) throws(Draws.Misfit) {
    guard chainCount != draws.chainCount || drawCount != draws.drawCount else { return }
    throw Draws.Misfit(
      description:
        "There are statistics of \(chainCount) chains with \(drawCount) draws for \(draws.chainCount) chains "
        + "with \(draws.drawCount); thin or join both alike, or leave the statistics out.")
  }

  /// The number of divergent draws.
  public var divergenceCount: Int { divergent.count(where: \.self) }

  /// The figures' range of one chain.
  public func range(ofChain chain: Int) -> Range<Int> { (chain * drawCount)..<((chain + 1) * drawCount) }
}
