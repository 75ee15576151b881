import Inference
import NumericKernels

/// Buffers of the coefficients' steps.
struct CalendarWorkspace: Sendable {
  var matrix: [Double]
  var cholesky: DenseCholesky
  /// `X_g'(eta - shift - level)`, `[group][column]`, which the interweaving step uses again.
  var products: [Double]
  /// Design shared below each node, X'X and weekly sums of every distinct design over the days on which
  /// anything is observed.
  let nodeDesigns: [NodeDesign]
  let dayGrams: [[Double]]
  let daySlowInWeek: [[Double]]

  init(model: Stage1Model, days: [Int]) {
    let columns = model.columnCount
    matrix = [Double](repeating: 0, count: columns * columns)
    cholesky = DenseCholesky(size: columns)
    products = [Double](repeating: 0, count: model.groupCount * columns)
    nodeDesigns = (0..<model.effects.effectCount).map { model.sharedDesign(ofNode: $0) }
    dayGrams = model.design.rows.map { $0.gram(days: days) }
    daySlowInWeek = model.design.rows.map {
      $0.sumsByWeek(days: days, weekOfDay: model.weekOfDay, columns: model.slowColumns)
    }
  }
}

extension Stage1Chain {
  /// All coefficients of one group given its level path and the pooled effects: an exact normal draw.
  mutating func sampleCoefficients(group: Int) throws(NotPositiveDefinite) {
    let (days, weeks, columns) = (model.dayCount, model.weekCount, model.columnCount)
    let rows = model.rows(ofGroup: group)
    let precision = 1 / (state.ownDaily[group] * state.ownDaily[group])
    let prior = coefficientPrior(group: group)
    var products = [Double](repeating: 0, count: columns)
    for day in 0..<days where model.history.isObserved[group * days + day] {
      let cell = group * days + day
      let residual =
        state.logRate[cell] - state.dailyShift[cell] - state.level[group * weeks + model.weekOfDay[day]]
      rows.add(residual, day: day, to: &products)
    }
    calendarWorkspace.products.replaceSubrange(group * columns..<(group + 1) * columns, with: products)
    var draw = products
    for column in 0..<columns {
      draw[column] = precision * products[column] + prior.precision[column] * prior.mean[column]
    }
    let gram = model.gram[model.kindOfGroup[group]]
    for index in gram.indices { calendarWorkspace.matrix[index] = precision * gram[index] }
    for column in 0..<columns { calendarWorkspace.matrix[column * columns + column] += prior.precision[column] }
    try calendarWorkspace.cholesky.factor(calendarWorkspace.matrix)
    calendarWorkspace.cholesky.sample(canonical: &draw, using: &stream)
    for column in 0..<columns { state.coefficients[group * columns + column] = draw[column] }
  }

  /// Pooled effects and their scales by block, given the groups' coefficients: scales with the effects integrated out,
  /// then the effects exactly. The block's columns are replicates of one crossed-effects model.
  mutating func samplePooledCoefficients() throws(NotPositiveDefinite) {
    let (groups, columns, nodes) = (model.groupCount, model.columnCount, model.effects.effectCount)
    for (index, block) in model.blocks.enumerated() {
      var data = [Double](repeating: 0, count: block.columns.count * groups)
      for (replicate, column) in block.columns.enumerated() {
        for group in 0..<groups { data[replicate * groups + group] = state.coefficients[group * columns + column] }
      }
      let statistics = model.effects.sufficientStatistics(of: data, columns: block.columns.count)
      model.effects.sampleScales(
        &state.coefficientScales[index], statistics: statistics, prior: model.coefficientPrior(block.block),
        using: &stream)
      let effects = try model.effects.sampleEffects(
        data, columns: block.columns.count, scales: state.coefficientScales[index], using: &stream)
      for (replicate, column) in block.columns.enumerated() {
        for node in 0..<nodes { state.pooled[column * nodes + node] = effects[replicate * nodes + node] }
      }
    }
  }
}
