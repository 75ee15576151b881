import Foundation
import Inference
import NumericKernels

/// Buffers of the daily step, and the days on which any group is observed.
struct DailyShockWorkspace: Sendable {
  let days: [Int]
  /// `[position in days][group]`: daily residuals.
  var residual: [Double]
  /// Precision-weighted sums over each node's groups, `[position in days][node]`, and their cross products.
  var sums: [Double]
  var products: [Double]
  var precision: [Double]
  private var matrix: [Double]
  var cholesky: DenseCholesky

  init(model: Stage1Model) {
    let nodes = model.effects.effectCount
    days = (0..<model.dayCount).filter { day in
      (0..<model.groupCount).contains { model.history.isObserved[$0 * model.dayCount + day] }
    }
    residual = [Double](repeating: 0, count: days.count * model.groupCount)
    sums = [Double](repeating: 0, count: days.count * nodes)
    products = [Double](repeating: 0, count: nodes * nodes)
    precision = products
    matrix = products
    cholesky = DenseCholesky(size: nodes)
  }

  /// Factors I + T Z'DZ T, the posterior precision of the standardised shocks, T the scales by node.
  mutating func factor(scalesByNode: [Double]) throws(NotPositiveDefinite) {
    let nodes = scalesByNode.count
    matrix = precision
    for row in 0..<nodes {
      for column in 0..<nodes { matrix[row * nodes + column] *= scalesByNode[row] * scalesByNode[column] }
      matrix[row * nodes + row] += 1
    }
    try cholesky.factor(matrix)
  }

  /// Log density of all residuals given the component scales, shocks integrated out and constants left out:
  /// -n/2 log|I + T Z'DZ T| + tr((I + T Z'DZ T)^-1 T (Σ w w') T) / 2.
  mutating func logMarginal(scalesByNode: [Double]) -> Double {
    guard (try? factor(scalesByNode: scalesByNode)) != nil else { return -.infinity }
    let nodes = scalesByNode.count
    var column = scalesByNode
    var trace = 0.0
    for index in 0..<nodes {
      for row in 0..<nodes { column[row] = scalesByNode[row] * products[row * nodes + index] * scalesByNode[index] }
      cholesky.solve(&column)
      trace += column[index]
    }
    let value = 0.5 * (trace - Double(days.count) * cholesky.logDeterminant)
    return value.isNaN ? -.infinity : value
  }
}

extension Stage1Chain {
  /// Shared daily shocks and all daily scales, given log rates, levels and coefficients.
  ///
  /// A day's residual is r = Z delta + e with e_g ~ N(0, ownDaily_g²). Missing groups of a partly observed day are
  /// imputed from their conditional, so all days share one precision matrix. Component scales are drawn with delta
  /// integrated out, then delta exactly, then the groups' own scales given e.
  mutating func sampleDailyShocks() throws(NotPositiveDefinite) {
    let (days, groups, nodes) = (model.dayCount, model.groupCount, model.effects.effectCount)
    gatherDailyResiduals()
    if nodes > 0 {
      gatherNodeSums()
      sampleDailyScales()
      try drawDailyShocks()
      state.updateDailyShift(model: model)
    }
    for group in 0..<groups {
      var squares = 0.0
      var count = 0.0
      for (position, day) in dailyWorkspace.days.enumerated() where model.history.isObserved[group * days + day] {
        let noise = dailyWorkspace.residual[position * groups + group] - state.dailyShift[group * days + day]
        squares += noise * noise
        count += 1
      }
      state.ownDaily[group] = Self.sampleScale(
        state.ownDaily[group], count: count, squares: squares, prior: model.prior.ownDaily, using: &stream)
    }
  }

  /// A draw of a standard deviation given `count` normal variates of mean 0 under a half-normal prior: slice sampling of
  /// its logarithm.
  static func sampleScale(
    _ scale: Double, count: Double, squares: Double, prior: Double, using stream: inout RandomStream
  ) -> Double {
    guard count > 0 else { return Stage1PriorScales.daily(prior, using: &stream) }
    var logScale = log(scale)
    let slice = SliceSampler(width: 3 / (count + 1).squareRoot(), maximumSteps: 32, bounds: Stage1PriorScales.logDaily)
    slice.update(&logScale, using: &stream) { proposal in
      let variance = exp(2 * proposal)
      return (1 - count) * proposal - 0.5 * (squares / variance + variance / (prior * prior))
    }
    return exp(logScale)
  }

  private mutating func gatherDailyResiduals() {
    let (days, groups, weeks) = (model.dayCount, model.groupCount, model.weekCount)
    for (position, day) in dailyWorkspace.days.enumerated() {
      let week = model.weekOfDay[day]
      for group in 0..<groups {
        let cell = group * days + day
        dailyWorkspace.residual[position * groups + group] =
          model.history.isObserved[cell]
          ? state.logRate[cell] - state.level[group * weeks + week] - state.fit[cell]
          : state.dailyShift[cell] + state.ownDaily[group] * stream.normal()
      }
    }
  }

  /// w_t = Z' D r_t with D the own precisions, and Σ_t w_t w_t'.
  private mutating func gatherNodeSums() {
    let (groups, nodes) = (model.groupCount, model.effects.effectCount)
    let precisions = state.ownDaily.map { 1 / ($0 * $0) }
    for index in dailyWorkspace.sums.indices { dailyWorkspace.sums[index] = 0 }
    for index in dailyWorkspace.products.indices { dailyWorkspace.products[index] = 0 }
    for (level, offset) in zip(model.effects.levels, model.effects.nodeOffsets) {
      for position in dailyWorkspace.days.indices {
        for group in 0..<groups {
          dailyWorkspace.sums[position * nodes + offset + level[group]] +=
            precisions[group] * dailyWorkspace.residual[position * groups + group]
        }
      }
    }
    for position in dailyWorkspace.days.indices {
      for row in 0..<nodes {
        let weight = dailyWorkspace.sums[position * nodes + row]
        for column in 0...row {
          dailyWorkspace.products[row * nodes + column] +=
            weight * dailyWorkspace.sums[position * nodes + column]
        }
      }
    }
    for row in 0..<nodes {
      for column in 0..<row {
        dailyWorkspace.products[column * nodes + row] = dailyWorkspace.products[row * nodes + column]
      }
    }
    for index in dailyWorkspace.precision.indices { dailyWorkspace.precision[index] = 0 }
    for group in 0..<groups {
      let own = model.nodes(ofGroup: group)
      for row in own {
        for column in own { dailyWorkspace.precision[row * nodes + column] += precisions[group] }
      }
    }
  }

  /// Component scales by slice sampling of their logarithms, shocks integrated out.
  private mutating func sampleDailyScales() {
    let slice = SliceSampler(width: 0.5, maximumSteps: 32, bounds: Stage1PriorScales.logDaily)
    let (model, prior) = (self.model, self.model.prior.daily)
    var workspace = dailyWorkspace
    for component in state.dailyScales.indices {
      var scales = state.dailyScales
      var logScale = log(scales[component])
      slice.update(&logScale, using: &stream) { proposal in
        scales[component] = exp(proposal)
        let ratio = scales[component] / prior
        return proposal - 0.5 * ratio * ratio + workspace.logMarginal(scalesByNode: model.scalesByNode(scales))
      }
      state.dailyScales[component] = exp(logScale)
    }
  }

  private mutating func drawDailyShocks() throws(NotPositiveDefinite) {
    let nodes = model.effects.effectCount
    let byNode = model.scalesByNode(state.dailyScales)
    try dailyWorkspace.factor(scalesByNode: byNode)
    var standardised = [Double](repeating: 0, count: nodes)
    for (position, day) in dailyWorkspace.days.enumerated() {
      for node in 0..<nodes { standardised[node] = byNode[node] * dailyWorkspace.sums[position * nodes + node] }
      dailyWorkspace.cholesky.sample(canonical: &standardised, using: &stream)
      for node in 0..<nodes { state.dailyShocks[day * nodes + node] = byNode[node] * standardised[node] }
    }
  }
}

extension Stage1Model {
  /// Each component's scale repeated for its nodes.
  func scalesByNode(_ scales: [Double]) -> [Double] {
    zip(scales, effects.nodeCounts).flatMap { [Double](repeating: $0, count: $1) }
  }
}
