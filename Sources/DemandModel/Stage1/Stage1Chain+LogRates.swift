import CNumericKernels
import Foundation
import Inference
import NumericKernels

extension Stage1Chain {
  /// Log rates given everything else: cells are independent, each a Poisson count with a normal prior.
  mutating func sampleLogRates() {
    let (days, weeks) = (model.dayCount, model.weekCount)
    let counts = model.history.counts
    let isObserved = model.history.isObserved
    for group in 0..<model.groupCount {
      let precision = 1 / (state.ownDaily[group] * state.ownDaily[group])
      for day in 0..<days where isObserved[group * days + day] {
        let cell = group * days + day
        let mean = state.level[group * weeks + model.weekOfDay[day]] + state.fit[cell] + state.dailyShift[cell]
        let posterior = PoissonNormal(
          count: counts[cell], logCount: model.logCounts[cell], mean: mean, precision: precision)
        posterior.update(&state.logRate[cell], rate: &state.rate[cell], using: &stream)
      }
    }
  }

  /// Shifts a group's whole level path and log rates together, its daily noise held: the way to move that the counts of
  /// slow sellers leave open while every log rate is held close to the level.
  ///
  /// The shift's conditional is a Poisson count of all units with the first level's normal prior.
  mutating func shiftLevels() {
    let (days, weeks) = (model.dayCount, model.weekCount)
    let precision = 1 / (model.prior.firstLevel * model.prior.firstLevel)
    for group in 0..<model.groupCount {
      var units = 0.0
      var rates = 0.0
      for cell in group * days..<(group + 1) * days where model.history.isObserved[cell] {
        units += model.history.counts[cell]
        rates += state.rate[cell]
      }
      guard rates > 0 else { continue }
      // With phi = shift + log(rates): Poisson(units | e^phi), and the prior's mean moves along.
      var phi = log(rates)
      let start = phi
      let mean = phi + model.levelCentre[group] - state.level[group * weeks]
      let posterior = PoissonNormal(
        count: units, logCount: log(max(units, 0.5)), mean: mean, precision: precision)
      posterior.update(&phi, rate: &rates, using: &stream)
      let shift = phi - start
      if shift == 0 { continue }
      let factor = exp(shift)
      for week in group * weeks..<(group + 1) * weeks { state.level[week] += shift }
      for cell in group * days..<(group + 1) * days where model.history.isObserved[cell] {
        state.logRate[cell] += shift
        state.rate[cell] *= factor
      }
    }
  }

  /// The scale of a group's own daily noise with the standardised noise held (the non-centred half of interweaving, Yu
  /// and Meng 2011): mixes where counts are small, as the draw given the noise does where they are large.
  mutating func rescaleOwnNoise() {
    let (days, weeks) = (model.dayCount, model.weekCount)
    var means: [Double] = []
    var noise: [Double] = []
    var rates: [Double] = []
    for group in 0..<model.groupCount {
      let own = state.ownDaily[group]
      means.removeAll(keepingCapacity: true)
      noise.removeAll(keepingCapacity: true)
      var linear = 0.0
      for day in 0..<days where model.history.isObserved[group * days + day] {
        let cell = group * days + day
        let mean = state.level[group * weeks + model.weekOfDay[day]] + state.fit[cell] + state.dailyShift[cell]
        let standardised = (state.logRate[cell] - mean) / own
        means.append(mean)
        noise.append(standardised)
        linear += model.history.counts[cell] * standardised
      }
      guard !means.isEmpty else {
        // Nothing observed: the scale keeps its prior.
        state.ownDaily[group] = Stage1PriorScales.daily(model.prior.ownDaily, using: &stream)
        continue
      }
      let prior = model.prior.ownDaily
      var logScale = log(own)
      // The width is a few times the posterior's spread where counts are large; stepping out covers the rest.
      let slice = SliceSampler(
        width: 4 / Double(means.count).squareRoot(), maximumSteps: 32, bounds: Stage1PriorScales.logDaily)
      slice.update(&logScale, using: &stream) { proposal in
        let scale = exp(proposal)
        let rates = cnk_exponentials(Int32(means.count), means, noise, scale, nil)
        let value = proposal - 0.5 * (scale / prior) * (scale / prior) + scale * linear - rates
        return value.isNaN ? -.infinity : value
      }
      let scale = exp(logScale)
      state.ownDaily[group] = scale
      rates = means
      _ = cnk_exponentials(Int32(means.count), means, noise, scale, &rates)
      var index = 0
      for cell in group * days..<(group + 1) * days where model.history.isObserved[cell] {
        state.logRate[cell] = means[index] + scale * noise[index]
        state.rate[cell] = rates[index]
        index += 1
      }
    }
  }
}
