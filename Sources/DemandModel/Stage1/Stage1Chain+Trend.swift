import Foundation
import Inference
import NumericKernels

extension Stage1Chain {
  /// Trend coefficients of all groups with their pooled effects and scales, given each group's path with its trend in it.
  ///
  /// With the path held, a group's trend is seen through the mean of its own weekly increments and through its first
  /// level's prior: a normal observation with a variance that all groups have in common. Scales are drawn with effects
  /// and trends integrated out, then effects with trends integrated out, then trends: the walk hides the trend so well
  /// that a step which holds one of them hardly moves.
  mutating func sampleTrend() throws(NotPositiveDefinite) {
    let (groups, columns, weeks, nodes) =
      (model.groupCount, model.columnCount, model.weekCount, model.effects.effectCount)
    guard weeks > 1, let index = model.blocks.firstIndex(where: { $0.block == .trend }) else { return }
    let column = model.blocks[index].columns[0]
    let perYear = LinearTrend.weeksPerYear
    let firstRamp = -Double(weeks - 1) / perYear
    let walkVariance = state.weeklyScales.own * state.weeklyScales.own * perYear * perYear / Double(weeks - 1)
    let firstVariance = model.prior.firstLevel * model.prior.firstLevel
    let precision = 1 / walkVariance + firstRamp * firstRamp / firstVariance
    let observed = (0..<groups).map { group in
      let coefficient = state.coefficients[group * columns + column]
      let first = state.level[group * weeks]
      var drift = state.level[(group + 1) * weeks - 1] - first
      for node in model.nodes(ofGroup: group) {
        for week in 1..<weeks { drift -= state.weeklyShocks[week * nodes + node] }
      }
      let fromWalk = coefficient + drift * perYear / Double(weeks - 1)
      let fromFirst = first + firstRamp * coefficient - model.levelCentre[group]
      return (fromWalk / walkVariance + firstRamp * fromFirst / firstVariance) / precision
    }

    var scales = state.coefficientScales[index]
    sampleTrendScales(&scales, observed: observed, variance: 1 / precision)
    state.coefficientScales[index] = scales
    let effects = try model.effects.sampleEffects(
      observed, columns: 1, scales: Self.widened(scales, by: 1 / precision), using: &stream)
    for node in 0..<nodes { state.pooled[column * nodes + node] = effects[node] }
    let own = 1 / (scales.own * scales.own)
    for group in 0..<groups {
      let mean = model.nodes(ofGroup: group).reduce(0) { $0 + effects[$1] }
      let total = precision + own
      let draw = (precision * observed[group] + own * mean) / total + stream.normal() / total.squareRoot()
      let change = draw - state.coefficients[group * columns + column]
      state.coefficients[group * columns + column] = draw
      for week in 0..<weeks {
        state.level[group * weeks + week] -= change * Double(week - (weeks - 1)) / perYear
      }
    }
  }

  private mutating func sampleTrendScales(
    _ scales: inout CrossedEffects.Scales, observed: [Double], variance: Double
  ) {
    let statistics = model.effects.sufficientStatistics(of: observed, columns: 1)
    let prior = model.coefficientPrior(.trend)
    let slice = SliceSampler(width: 2, maximumSteps: 32, bounds: -20...5)
    let effects = model.effects
    for term in 0...scales.levels.count {
      let priorScale = term < prior.levels.count ? prior.levels[term] : prior.own
      var trial = scales
      var logScale = log(term < scales.levels.count ? scales.levels[term] : scales.own)
      func set(_ value: Double) {
        if term < trial.levels.count { trial.levels[term] = value } else { trial.own = value }
      }
      slice.update(&logScale, using: &stream) { proposal in
        set(exp(proposal))
        let ratio = exp(proposal) / priorScale
        return proposal - 0.5 * ratio * ratio
          + effects.logMarginal(scales: Self.widened(trial, by: variance), statistics: statistics)
      }
      set(exp(logScale))
      scales = trial
    }
  }

  private static func widened(_ scales: CrossedEffects.Scales, by variance: Double) -> CrossedEffects.Scales {
    CrossedEffects.Scales(levels: scales.levels, own: (scales.own * scales.own + variance).squareRoot())
  }
}
