import Inference
import NumericKernels

/// Buffers of one group's path and coefficients.
struct LevelWorkspace: Sendable {
  var path: BorderedTridiagonalCholesky
  var diagonal: [Double]
  var offDiagonal: [Double]
  var cross: [Double]
  var border: [Double]
  var slowMean: [Double]
  var slowPrecision: [Double]

  init(model: Stage1Model) {
    let (weeks, slow) = (model.weekCount, model.slowColumns.count)
    path = BorderedTridiagonalCholesky(pathSize: weeks, borderSize: slow)
    diagonal = [Double](repeating: 0, count: weeks)
    offDiagonal = diagonal
    cross = [Double](repeating: 0, count: weeks * slow)
    border = [Double](repeating: 0, count: slow * slow)
    slowMean = [Double](repeating: 0, count: slow)
    slowPrecision = slowMean
  }
}

extension Stage1Chain {
  /// One group's level path together with its slow coefficients (annual cycle, trend, parts of the month: what a path
  /// imitates), given the others: an exact draw from a normal distribution whose precision is tridiagonal with a border.
  mutating func sampleLevel(group: Int) throws(NotPositiveDefinite) {
    let (days, weeks, columns) = (model.dayCount, model.weekCount, model.columnCount)
    let slow = model.slowColumns
    let rows = model.rows(ofGroup: group)
    let precision = 1 / (state.ownDaily[group] * state.ownDaily[group])
    priorOfSlowCoefficients(group: group)

    // Residuals without level and slow columns, summed by week and against the slow columns.
    var fast = Array(state.coefficients[group * columns..<(group + 1) * columns])
    for column in slow { fast[column] = 0 }
    var linear = [Double](repeating: 0, count: weeks + slow.count)
    var products = [Double](repeating: 0, count: columns)
    for day in 0..<days where model.history.isObserved[group * days + day] {
      let cell = group * days + day
      let residual = state.logRate[cell] - state.dailyShift[cell] - rows.product(day: day, fast)
      linear[model.weekOfDay[day]] += precision * residual
      rows.add(precision * residual, day: day, to: &products)
    }
    for (index, column) in slow.enumerated() {
      linear[weeks + index] =
        products[column] + levelWorkspace.slowPrecision[index] * levelWorkspace.slowMean[index]
    }
    addPathPrior(group: group, precision: precision, to: &linear)

    let (slowInWeek, gram) = (model.slowInWeek[model.kindOfGroup[group]], model.gram[model.kindOfGroup[group]])
    for index in slowInWeek.indices { levelWorkspace.cross[index] = precision * slowInWeek[index] }
    for (i, row) in slow.enumerated() {
      for (j, column) in slow.enumerated() {
        levelWorkspace.border[i * slow.count + j] = precision * gram[row * columns + column]
      }
      levelWorkspace.border[i * slow.count + i] += levelWorkspace.slowPrecision[i]
    }
    try levelWorkspace.path.factor(
      diagonal: levelWorkspace.diagonal, offDiagonal: levelWorkspace.offDiagonal, cross: levelWorkspace.cross,
      border: levelWorkspace.border)
    levelWorkspace.path.sample(canonical: &linear, using: &stream)
    for week in 0..<weeks { state.level[group * weeks + week] = linear[week] }
    for (index, column) in slow.enumerated() { state.coefficients[group * columns + column] = linear[weeks + index] }
  }

  /// Fills diagonal and off-diagonal of the path's precision, and adds the prior's part of the linear term: a normal
  /// first level, and increments about the shared weekly shocks.
  private mutating func addPathPrior(group: Int, precision: Double, to linear: inout [Double]) {
    let (weeks, nodes) = (model.weekCount, model.effects.effectCount)
    let own = model.nodes(ofGroup: group)
    let first = 1 / (model.prior.firstLevel * model.prior.firstLevel)
    let walk = 1 / (state.weeklyScales.own * state.weeklyScales.own)
    let daysInWeek = model.daysInWeek[model.kindOfGroup[group]]
    for week in 0..<weeks {
      levelWorkspace.diagonal[week] = precision * daysInWeek[week]
      levelWorkspace.offDiagonal[week] = -walk
    }
    levelWorkspace.diagonal[0] += first
    linear[0] += first * model.levelCentre[group]
    for week in stride(from: 1, to: weeks, by: 1) {
      var shared = 0.0
      for node in own { shared += state.weeklyShocks[week * nodes + node] }
      levelWorkspace.diagonal[week] += walk
      levelWorkspace.diagonal[week - 1] += walk
      linear[week] += walk * shared
      linear[week - 1] -= walk * shared
    }
  }

  private mutating func priorOfSlowCoefficients(group: Int) {
    let prior = coefficientPrior(group: group)
    for (index, column) in model.slowColumns.enumerated() {
      levelWorkspace.slowMean[index] = prior.mean[column]
      levelWorkspace.slowPrecision[index] = prior.precision[column]
    }
  }

  /// Prior means (sums of pooled effects) and precisions of one group's coefficients.
  func coefficientPrior(group: Int) -> (mean: [Double], precision: [Double]) {
    let nodes = model.effects.effectCount
    let own = model.nodes(ofGroup: group)
    var mean = [Double](repeating: 0, count: model.columnCount)
    var precision = mean
    for (block, scales) in zip(model.blocks, state.coefficientScales) {
      for column in block.columns {
        for node in own { mean[column] += state.pooled[column * nodes + node] }
        precision[column] = 1 / (scales.own * scales.own)
      }
    }
    return (mean, precision)
  }
}
