import Foundation
import Inference
import NumericKernels

extension Stage1Chain {
  /// Shared weekly shocks and all weekly scales given the groups' paths: scales with the shocks integrated out, then the
  /// shocks exactly. Weeks are replicates of one crossed-effects model.
  mutating func sampleWeeklyShocks() throws(NotPositiveDefinite) {
    let (groups, weeks, nodes) = (model.groupCount, model.weekCount, model.effects.effectCount)
    guard weeks > 1 else {
      sampleWeeklyScalesFromPrior()
      return
    }
    var increments = [Double](repeating: 0, count: (weeks - 1) * groups)
    for week in 1..<weeks {
      for group in 0..<groups {
        increments[(week - 1) * groups + group] =
          state.level[group * weeks + week] - state.level[group * weeks + week - 1]
      }
    }
    let statistics = model.effects.sufficientStatistics(of: increments, columns: weeks - 1)
    sampleWeeklyRatios(statistics)
    let weighted = model.effects.weighted(state.weeklyRatios)
    weighted.sampleScales(&state.weeklyScales, statistics: statistics, prior: model.weeklyPrior, using: &stream)
    let effects = try weighted.sampleEffects(
      increments, columns: weeks - 1, scales: state.weeklyScales, using: &stream)
    for index in effects.indices {
      state.weeklyShocks[nodes + index] = effects[index] * state.weeklyRatios[index % nodes]
    }
  }

  /// The ratios of nodes' weekly scales to their component's with the shocks integrated out; then each component's scale
  /// against its ratios with all products held, of which the data have nothing to say.
  ///
  /// The statistics are the same for all weights, as these leave the levels' span as it is.
  private mutating func sampleWeeklyRatios(_ statistics: CrossedEffects.SufficientStatistics) {
    let spread = model.prior.weeklyRatio
    let slice = SliceSampler(width: spread, maximumSteps: 32, bounds: -20...20)
    var ratios = state.weeklyRatios
    let (effects, scales) = (model.effects, state.weeklyScales)
    for node in model.nodesWithRatio {
      var logRatio = log(ratios[node])
      slice.update(&logRatio, using: &stream) { proposal in
        let score = proposal / spread
        ratios[node] = exp(proposal)
        return effects.weighted(ratios).logMarginal(scales: scales, statistics: statistics) - 0.5 * score * score
      }
      ratios[node] = exp(logRatio)
    }
    state.weeklyRatios = ratios
    for (component, offset) in model.effects.nodeOffsets.enumerated() {
      let range = offset..<offset + model.effects.nodeCounts[component]
      guard range.count > 1 else { continue }
      let prior = model.prior.weekly
      let scale = state.weeklyScales.levels[component]
      let meanLog = range.reduce(0) { $0 + log(state.weeklyRatios[$1]) } / Double(range.count)
      var change = 0.0
      SliceSampler(width: spread, maximumSteps: 32, bounds: -20...20).update(&change, using: &stream) { proposal in
        let ratio = scale * exp(proposal) / prior
        let score = (meanLog - proposal) / spread
        return proposal - 0.5 * (ratio * ratio + Double(range.count) * score * score)
      }
      state.weeklyScales.levels[component] = scale * exp(change)
      for node in range { state.weeklyRatios[node] *= exp(-change) }
    }
  }

  /// The scale of the groups' own weekly innovations with their paths integrated out, given coefficients and shared
  /// shocks. The paths are to be drawn next.
  ///
  /// A group's path about its prior mean is a random walk seen through weekly means of residuals; with h the weekly sums
  /// over the noise variance, P the walk's precision and A the data's, the log density is
  /// (log|P| - log|P + A| + h'(P + A)^-1 h) / 2.
  mutating func sampleOwnWeeklyScale() {
    let (groups, weeks) = (model.groupCount, model.weekCount)
    guard weeks > 1 else { return }
    let precisions = state.ownDaily.map { 1 / ($0 * $0) }
    let sums = weeklySumsAboutPrior()
    let model = self.model
    let first = 1 / (model.prior.firstLevel * model.prior.firstLevel)
    var cholesky = TridiagonalCholesky(size: weeks)
    var diagonal = [Double](repeating: 0, count: weeks)
    var offDiagonal = diagonal
    var linear = diagonal
    func logMarginal(_ scale: Double) -> Double {
      let walk = 1 / (scale * scale)
      for week in 0..<weeks { offDiagonal[week] = -walk }
      var value = 0.5 * Double(groups * (weeks - 1)) * log(walk)
      for group in 0..<groups {
        let daysInWeek = model.daysInWeek[model.kindOfGroup[group]]
        for week in 0..<weeks {
          let steps: Double = week == 0 || week == weeks - 1 ? 1 : 2
          diagonal[week] = steps * walk + precisions[group] * daysInWeek[week]
          linear[week] = precisions[group] * sums[group * weeks + week]
        }
        diagonal[0] += first
        guard (try? cholesky.factor(diagonal: diagonal, offDiagonal: offDiagonal)) != nil else { return -.infinity }
        cholesky.solveLower(&linear)
        var squares = 0.0
        for element in linear { squares += element * element }
        value += 0.5 * (squares - cholesky.logDeterminant)
      }
      return value.isNaN ? -.infinity : value
    }
    let slice = SliceSampler(width: 0.3, maximumSteps: 32, bounds: -20...5)
    var logScale = log(state.weeklyScales.own)
    let prior = model.prior.ownWeekly
    slice.update(&logScale, using: &stream) { proposal in
      let scale = exp(proposal)
      let ratio = scale / prior
      return proposal - 0.5 * ratio * ratio + logMarginal(scale)
    }
    state.weeklyScales.own = exp(logScale)
  }

  /// Weekly sums of eta - shift - fit less the prior mean of the path (centre and shared shocks), `[group][week]`.
  private mutating func weeklySumsAboutPrior() -> [Double] {
    let (days, weeks, nodes) = (model.dayCount, model.weekCount, model.effects.effectCount)
    var sums = [Double](repeating: 0, count: model.groupCount * weeks)
    for group in 0..<model.groupCount {
      state.updateFit(group: group, model: model)
      for day in 0..<days where model.history.isObserved[group * days + day] {
        let cell = group * days + day
        sums[group * weeks + model.weekOfDay[day]] += state.logRate[cell] - state.dailyShift[cell] - state.fit[cell]
      }
      let above = model.nodes(ofGroup: group)
      var mean = model.levelCentre[group]
      for week in 0..<weeks {
        for node in above { mean += state.weeklyShocks[week * nodes + node] }
        sums[group * weeks + week] -= model.daysInWeek[model.kindOfGroup[group]][week] * mean
      }
    }
    return sums
  }

  /// A single week has no increments: the scales keep their priors.
  private mutating func sampleWeeklyScalesFromPrior() {
    let prior = model.weeklyPrior
    for index in prior.levels.indices {
      state.weeklyScales.levels[index] = max(abs(stream.normal()) * prior.levels[index], 1e-12)
    }
    state.weeklyScales.own = max(abs(stream.normal()) * prior.own, 1e-12)
    state.drawWeeklyRatios(model: model, using: &stream)
  }

  /// The same unknowns with the groups' own paths held (see the coefficients' interweaving): each node's path with its
  /// slow effects, then the scales, which are normal given standardised paths. `fit` follows the slow effects.
  mutating func interweaveWeeklyShocks() throws(NotPositiveDefinite) {
    let (groups, weeks, nodes) = (model.groupCount, model.weekCount, model.effects.effectCount)
    guard weeks > 1 else { return }
    var residuals = SlowResiduals(chain: self)
    for (component, offset) in model.effects.nodeOffsets.enumerated() {
      let nodeOfGroup = model.effects.levels[component]
      for node in 0..<model.effects.nodeCounts[component] {
        let members = (0..<groups).filter { nodeOfGroup[$0] == node }
        try drawNodePath(node: offset + node, groups: members, residuals: &residuals)
      }
    }
    // The rescaling below keeps the weekly residuals only, not their products with the slow columns.
    for (component, offset) in model.effects.nodeOffsets.enumerated() {
      let nodeOfGroup = model.effects.levels[component]
      var paths = [Double](repeating: 0, count: groups * weeks)
      for group in 0..<groups {
        let node = offset + nodeOfGroup[group]
        for week in 1..<weeks {
          paths[group * weeks + week] = paths[group * weeks + week - 1] + state.weeklyShocks[week * nodes + node]
        }
      }
      let scale = state.weeklyScales.levels[component]
      let factor = rescalePaths(paths, scale: scale, prior: model.prior.weekly, residual: &residuals.weekly)
      state.weeklyScales.levels[component] = scale * abs(factor)
      for week in 1..<weeks {
        for node in offset..<offset + model.effects.nodeCounts[component] {
          state.weeklyShocks[week * nodes + node] *= factor
        }
      }
    }
    var own = [Double](repeating: 0, count: groups * weeks)
    for group in 0..<groups {
      let above = model.nodes(ofGroup: group)
      var shared = 0.0
      for week in 1..<weeks {
        for node in above { shared += state.weeklyShocks[week * nodes + node] }
        own[group * weeks + week] = state.level[group * weeks + week] - state.level[group * weeks] - shared
      }
    }
    let scale = state.weeklyScales.own
    let factor = rescalePaths(own, scale: scale, prior: model.prior.ownWeekly, residual: &residuals.weekly)
    state.weeklyScales.own = scale * abs(factor)
    for group in 0..<groups { state.updateFit(group: group, model: model) }
  }

  /// A weekly scale given standardised paths; returns the factor for it (in absolute value) and them (of any sign).
  private mutating func rescalePaths(
    _ paths: [Double], scale: Double, prior: Double, residual: inout [Double]
  ) -> Double {
    let weeks = model.weekCount
    var precision = 1 / (prior * prior)
    var linear = 0.0
    for group in 0..<model.groupCount {
      let daily = 1 / (state.ownDaily[group] * state.ownDaily[group])
      let daysInWeek = model.daysInWeek[model.kindOfGroup[group]]
      for week in 1..<weeks {
        let standardised = paths[group * weeks + week] / scale
        let quadratic = daysInWeek[week] * standardised * standardised
        precision += daily * quadratic
        linear += daily * (residual[group * weeks + week] * standardised + quadratic * scale)
      }
    }
    let signed = linear / precision + stream.normal() / precision.squareRoot()
    let factor = signed / scale
    for group in 0..<model.groupCount {
      let daysInWeek = model.daysInWeek[model.kindOfGroup[group]]
      for week in 1..<weeks {
        let change = (factor - 1) * paths[group * weeks + week]
        state.level[group * weeks + week] += change
        residual[group * weeks + week] -= daysInWeek[week] * change
      }
    }
    return factor
  }
}
