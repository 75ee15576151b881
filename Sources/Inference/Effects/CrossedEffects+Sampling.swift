import Foundation
import NumericKernels

extension CrossedEffects {
  /// One sweep of slice sampling over log τ of every level and of the units' own term, effects integrated out, under
  /// independent half-normal priors τ ~ |N(0, prior²)|. A few evaluations of `logMarginal` per scale.
  ///
  /// - Parameters:
  ///   - scales: The current scales, all above 0 and of finite `logMarginal`; replaced by the next state of the chain.
  ///   - statistics: The data's.
  ///   - prior: The half-normal scale of each τ.
  ///   - stream: The randomness.
  /// - Returns: The log marginal density of the data at the new scales.
  @discardableResult
  public func sampleScales(
    _ scales: inout Scales, statistics: SufficientStatistics, prior: Scales, using stream: inout RandomStream
  ) -> Double {
    precondition(
      scales.levels.count == levels.count && prior.levels.count == levels.count, "one scale per level is needed")
    precondition(scales.own > 0 && scales.levels.allSatisfy { $0 > 0 }, "current scales must be positive")
    var workspace = MarginalWorkspace(rank: rank)
    // The own scale is known to about one part in sqrt(2 · its degrees of freedom); a level's may be anything down to 0,
    // where its logarithm wanders. The bounds keep squares above underflow, far below any data's resolution.
    let ownFreedom = Double(statistics.columns * (unitCount - rank))
    let ownWidth = 1 / (1 + ownFreedom / 8).squareRoot()
    var marginal = logMarginal(scales: scales, statistics: statistics, workspace: &workspace)
    precondition(marginal > -.infinity, "the current scales must have positive density")
    for term in 0...levels.count {
      var logScale = log(term < levels.count ? scales.levels[term] : scales.own)
      let priorScale = term < levels.count ? prior.levels[term] : prior.own
      // The density of log τ: half-normal, times τ for the change of variable.
      func logPrior(_ logScale: Double) -> Double {
        let ratio = exp(logScale) / priorScale
        return logScale - 0.5 * ratio * ratio
      }
      let slice = SliceSampler(width: term < levels.count ? 1 : ownWidth, maximumSteps: 16, bounds: -300...300)
      let density = slice.update(&logScale, current: marginal + logPrior(logScale), using: &stream) { proposal in
        var trial = scales
        trial.set(exp(proposal), term: term)
        return logPrior(proposal) + logMarginal(scales: trial, statistics: statistics, workspace: &workspace)
      }
      scales.set(exp(logScale), term: term)
      marginal = density - logPrior(logScale)
    }
    return marginal
  }

  /// Exact, independent draws of every replicate's effects given its data and the scales.
  ///
  /// By conditioning of prior draws (Matheron's rule; Hoffman and Ribak 1991): with (u*, e*) from the prior,
  /// u = u* + D Z'Q M^-1 Q'(x - Z u* - e*) has the conditional distribution. One factorisation serves all replicates;
  /// each costs O(r² + U r + G r). Scales of zero give effects of zero.
  ///
  /// - Parameters:
  ///   - x: Replicate j at `j * unitCount ..< (j + 1) * unitCount`.
  ///   - columns: The number of replicates.
  ///   - scales: The scales.
  ///   - stream: The randomness; replicates take from it in turn.
  /// - Returns: U effects per replicate, replicate j's effect of node n of level l at
  ///   `j * effectCount + nodeOffsets[l] + n`.
  /// - Throws: `NotPositiveDefinite` where the scales leave the data no density (see `logMarginal`).
  public func sampleEffects(
    _ x: [Double], columns: Int, scales: Scales, using stream: inout RandomStream
  ) throws(NotPositiveDefinite) -> [Double] {
    precondition(x.count == columns * unitCount, "data must hold columns * unitCount values")
    precondition(scales.levels.count == levels.count, "one scale per level is needed")
    let r = rank
    var workspace = MarginalWorkspace(rank: r)
    try factorCovariance(scales, into: &workspace)
    var effects = [Double](repeating: 0, count: columns * effectCount)
    for j in 0..<columns {
      let first = j * effectCount
      for i in 0..<r {
        var coordinate = 0.0
        for g in 0..<unitCount { coordinate += basis[i * unitCount + g] * x[j * unitCount + g] }
        workspace.row[i] = coordinate - scales.own * stream.normal()
      }
      for (level, scale) in scales.levels.enumerated() {
        for node in 0..<nodeCounts[level] {
          let position = nodeOffsets[level] + node
          let effect = scale * stream.normal()
          effects[first + position] = effect
          for i in 0..<r { workspace.row[i] -= nodeProjections[position * r + i] * effect }
        }
      }
      workspace.cholesky.solve(&workspace.row)
      for (level, scale) in scales.levels.enumerated() {
        for node in 0..<nodeCounts[level] {
          let position = nodeOffsets[level] + node
          var gain = 0.0
          for i in 0..<r { gain += nodeProjections[position * r + i] * workspace.row[i] }
          effects[first + position] += scale * scale * gain
        }
      }
    }
    return effects
  }

  /// The units' own terms e = x - Σ_l Z_l u of every replicate, laid out as `x`.
  public func residuals(_ x: [Double], columns: Int, effects: [Double]) -> [Double] {
    precondition(x.count == columns * unitCount && effects.count == columns * effectCount)
    var residuals = x
    for (level, nodeOfUnit) in levels.enumerated() {
      for j in 0..<columns {
        let first = j * effectCount + nodeOffsets[level]
        for (unit, node) in nodeOfUnit.enumerated() {
          residuals[j * unitCount + unit] -= effects[first + node] * (weights?[nodeOffsets[level] + node] ?? 1)
        }
      }
    }
    return residuals
  }
}

extension CrossedEffects.Scales {
  /// Sets the scale of a level, or the own scale where `term` is the number of levels.
  mutating func set(_ value: Double, term: Int) {
    if term < levels.count { levels[term] = value } else { own = value }
  }
}
