import Foundation
import Inference
import NumericKernels

extension Stage1State {
  /// An overdispersed start: scales between a fifth of and about twice their prior scales, levels from a noisy smooth of
  /// the weekly means, coefficients from a random fraction of their priors.
  init(startOf model: Stage1Model, using stream: inout RandomStream) {
    self.init(model: model)
    func scale(_ prior: Double) -> Double { prior * (0.2 + abs(stream.normal())) }
    func scales(_ prior: CrossedEffects.Scales) -> CrossedEffects.Scales {
      let levels = prior.levels.map { scale($0) }
      return CrossedEffects.Scales(levels: levels, own: scale(prior.own))
    }
    weeklyScales = scales(model.weeklyPrior)
    drawWeeklyRatios(model: model, using: &stream)
    for component in dailyScales.indices { dailyScales[component] = scale(model.prior.daily) }
    for group in ownDaily.indices { ownDaily[group] = scale(model.prior.ownDaily) }
    for (index, block) in model.blocks.enumerated() {
      coefficientScales[index] = scales(model.coefficientPrior(block.block))
      for column in block.columns {
        for group in 0..<model.groupCount {
          coefficients[group * model.columnCount + column] = 0.3 * coefficientScales[index].own * stream.normal()
        }
      }
    }
    let (days, weeks) = (model.dayCount, model.weekCount)
    for group in 0..<model.groupCount {
      var units = [Double](repeating: 0, count: weeks)
      for day in 0..<days where model.history.isObserved[group * days + day] {
        units[model.weekOfDay[day]] += model.history.counts[group * days + day]
      }
      let mean = exp(model.levelCentre[group])
      let noise = 0.1 * stream.normal()
      for week in 0..<weeks {
        let near = max(0, week - 4)...min(weeks - 1, week + 4)
        let sold = near.reduce(0.0) { $0 + units[$1] }
        let open = near.reduce(0.0) { $0 + model.daysInWeek[model.kindOfGroup[group]][$1] }
        level[group * weeks + week] = log((sold + mean) / (open + 1)) + noise
      }
      updateFit(group: group, model: model)
      for day in 0..<days where model.history.isObserved[group * days + day] {
        let cell = group * days + day
        logRate[cell] = level[group * weeks + model.weekOfDay[day]] + fit[cell] + ownDaily[group] * stream.normal()
        rate[cell] = exp(logRate[cell])
      }
    }
  }
}
