import Foundation
import Inference
import NumericKernels

// The step above draws pooled effects given coefficients, and slows down where the data say little about single groups.
// Here the same unknowns are drawn again with the deviations held instead, so that the data speak to the pooled effects
// directly (ancillarity-sufficiency interweaving, Yu and Meng, JCGS 20, 2011). Each of the two mixes where the other
// does not.

extension Stage1Chain {
  /// Per block and component: effects of each node given the deviations below, and the block's scales given standardised
  /// effects. All conditionals are normal; a scale's is so on the whole line, since (tau, z) and (-tau, -z) mean the same.
  mutating func interweaveCoefficients() throws(NotPositiveDefinite) {
    let (groups, columns, nodes) = (model.groupCount, model.columnCount, model.effects.effectCount)
    let precisions = state.ownDaily.map { 1 / ($0 * $0) }
    // score_g = X_g'(residual after the whole fit), kept up to date as coefficients move.
    var score = calendarWorkspace.products
    for group in 0..<groups {
      let b = Array(state.coefficients[group * columns..<(group + 1) * columns])
      let gram = model.gram[model.kindOfGroup[group]]
      for row in 0..<columns {
        var sum = 0.0
        for column in 0..<columns { sum += gram[row * columns + column] * b[column] }
        score[group][row] -= sum
      }
    }
    for node in 0..<nodes {
      try drawNodeEffects(
        node: node, groups: model.groups(ofNode: node), precisions: precisions, score: &score)
    }
    for (index, block) in model.blocks.enumerated() {
      let prior = model.coefficientPrior(block.block)
      for (component, offset) in model.effects.nodeOffsets.enumerated() {
        let range = offset..<offset + model.effects.nodeCounts[component]
        let directions = (0..<groups).map { group in
          block.columns.map { state.pooled[$0 * nodes + model.effects.levels[component][group] + offset] }
        }
        let scale = state.coefficientScales[index].levels[component]
        let factor = rescale(
          directions, scale: scale, prior: prior.levels[component], columns: block.columns, precisions: precisions,
          score: &score)
        state.coefficientScales[index].levels[component] = scale * abs(factor)
        for column in block.columns {
          for node in range { state.pooled[column * nodes + node] *= factor }
        }
      }
      let deviations = (0..<groups).map { group in
        let own = model.nodes(ofGroup: group)
        return block.columns.map { column in
          own.reduce(state.coefficients[group * columns + column]) { $0 - state.pooled[column * nodes + $1] }
        }
      }
      if block.columns.count <= Self.largestCollapsedBlock {
        try sampleDeviations(
          deviations, block: index, prior: prior.own, columns: block.columns, precisions: precisions, score: &score)
      } else {
        let scale = state.coefficientScales[index].own
        let factor = rescale(
          deviations, scale: scale, prior: prior.own, columns: block.columns, precisions: precisions, score: &score)
        state.coefficientScales[index].own = scale * abs(factor)
      }
    }
  }

  /// Blocks up to this size have their own scale drawn with all deviations integrated out; larger ones would pay the
  /// cube of their size for every evaluation, and have coefficients enough to learn it from.
  private static let largestCollapsedBlock = 12

  /// A block's own scale with the groups' deviations integrated out, then the deviations, pooled effects held.
  private mutating func sampleDeviations(
    _ deviations: [[Double]], block: Int, prior: Double, columns: [Int], precisions: [Double],
    score: inout [[Double]]
  ) throws(NotPositiveDefinite) {
    let (all, size) = (model.columnCount, columns.count)
    var data: [(precision: [Double], linear: [Double])] = []
    for (group, deviation) in deviations.enumerated() {
      var precision = [Double](repeating: 0, count: size * size)
      var linear = [Double](repeating: 0, count: size)
      let gram = model.gram[model.kindOfGroup[group]]
      for (i, row) in columns.enumerated() {
        var sum = score[group][row]
        for (j, column) in columns.enumerated() {
          let element = gram[row * all + column]
          precision[i * size + j] = precisions[group] * element
          sum += element * deviation[j]
        }
        linear[i] = precisions[group] * sum
      }
      data.append((precision, linear))
    }
    var cholesky = DenseCholesky(size: size)
    var matrix = [Double](repeating: 0, count: size * size)
    /// Factors one group's posterior precision.
    func factor(_ precision: [Double], scale: Double) throws(NotPositiveDefinite) {
      matrix = precision
      for i in 0..<size { matrix[i * size + i] += 1 / (scale * scale) }
      try cholesky.factor(matrix)
    }
    let slice = SliceSampler(width: 1, maximumSteps: 32, bounds: -20...5)
    var logScale = log(state.coefficientScales[block].own)
    slice.update(&logScale, using: &stream) { proposal in
      let scale = exp(proposal)
      let ratio = scale / prior
      var value = proposal - 0.5 * ratio * ratio - Double(data.count * size) * proposal
      for group in data {
        guard (try? factor(group.precision, scale: scale)) != nil else { return -.infinity }
        var solved = group.linear
        cholesky.solveLower(&solved)
        for element in solved { value += 0.5 * element * element }
        value -= 0.5 * cholesky.logDeterminant
      }
      return value.isNaN ? -.infinity : value
    }
    let scale = exp(logScale)
    state.coefficientScales[block].own = scale
    for group in deviations.indices {
      try factor(data[group].precision, scale: scale)
      var draw = data[group].linear
      cholesky.sample(canonical: &draw, using: &stream)
      move(group: group, columns: columns, by: zip(draw, deviations[group]).map { $0 - $1 }, score: &score)
    }
  }

  /// One node's effects on all columns, its groups' deviations held.
  private mutating func drawNodeEffects(
    node: Int, groups: [Int], precisions: [Double], score: inout [[Double]]
  ) throws(NotPositiveDefinite) {
    let (columns, nodes) = (model.columnCount, model.effects.effectCount)
    for index in calendarWorkspace.matrix.indices { calendarWorkspace.matrix[index] = 0 }
    var draw = [Double](repeating: 0, count: columns)
    var precisionOfKind = [Double](repeating: 0, count: model.gram.count)
    for group in groups {
      let precision = precisions[group]
      precisionOfKind[model.kindOfGroup[group]] += precision
      for column in 0..<columns { draw[column] += precision * score[group][column] }
    }
    for (kind, precision) in precisionOfKind.enumerated() where precision > 0 {
      let gram = model.gram[kind]
      for index in 0..<columns * columns { calendarWorkspace.matrix[index] += precision * gram[index] }
    }
    let old = (0..<columns).map { state.pooled[$0 * nodes + node] }
    for row in 0..<columns {
      var sum = 0.0
      for column in 0..<columns { sum += calendarWorkspace.matrix[row * columns + column] * old[column] }
      draw[row] += sum
    }
    for (column, scale) in state.nodeScales(node: node, model: model).enumerated() {
      calendarWorkspace.matrix[column * columns + column] += 1 / (scale * scale)
    }
    try calendarWorkspace.cholesky.factor(calendarWorkspace.matrix)
    calendarWorkspace.cholesky.sample(canonical: &draw, using: &stream)
    for column in 0..<columns { state.pooled[column * nodes + node] = draw[column] }
    let change = zip(draw, old).map { $0 - $1 }
    for (kind, precision) in precisionOfKind.enumerated() where precision > 0 {
      let gram = model.gram[kind]
      var products = [Double](repeating: 0, count: columns)
      for (row, change) in change.enumerated() {
        for column in 0..<columns { products[column] += gram[row * columns + column] * change }
      }
      for group in groups where model.kindOfGroup[group] == kind {
        for column in 0..<columns {
          state.coefficients[group * columns + column] += change[column]
          score[group][column] -= products[column]
        }
      }
    }
  }

  /// A scale given standardised directions: coefficients of group g are `scale * directions[g] / scale` plus the rest.
  ///
  /// - Returns: The factor by which the scale (in absolute value) and the directions (of any sign) are to be multiplied.
  private mutating func rescale(
    _ directions: [[Double]], scale: Double, prior: Double, columns: [Int], precisions: [Double],
    score: inout [[Double]]
  ) -> Double {
    let all = model.columnCount
    var precision = 1 / (prior * prior)
    var linear = 0.0
    for (group, direction) in directions.enumerated() {
      let standardised = direction.map { $0 / scale }
      let gram = model.gram[model.kindOfGroup[group]]
      var quadratic = 0.0
      var product = 0.0
      for (i, row) in columns.enumerated() {
        var sum = 0.0
        for (j, column) in columns.enumerated() { sum += gram[row * all + column] * standardised[j] }
        quadratic += sum * standardised[i]
        product += score[group][row] * standardised[i]
      }
      precision += precisions[group] * quadratic
      linear += precisions[group] * (product + quadratic * scale)
    }
    let signed = linear / precision + stream.normal() / precision.squareRoot()
    let factor = signed / scale
    for (group, direction) in directions.enumerated() {
      move(group: group, columns: columns, by: direction.map { (factor - 1) * $0 }, score: &score)
    }
    return factor
  }

  /// Adds to a group's coefficients and takes the change of fit out of its score.
  private mutating func move(group: Int, columns: [Int], by change: [Double], score: inout [[Double]]) {
    let all = model.columnCount
    let gram = model.gram[model.kindOfGroup[group]]
    var own: [Double] = []
    swap(&own, &score[group])
    for (i, column) in columns.enumerated() {
      state.coefficients[group * all + column] += change[i]
      // The Gram matrix is symmetric: take its row, which is contiguous.
      let row = column * all
      for other in 0..<all { own[other] -= gram[row + other] * change[i] }
    }
    swap(&own, &score[group])
  }
}
