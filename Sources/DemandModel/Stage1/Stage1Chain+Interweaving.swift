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
      for row in 0..<columns {
        var sum = 0.0
        for column in 0..<columns { sum += model.gram[group][row * columns + column] * b[column] }
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
      let directions = (0..<groups).map { group in
        let own = model.nodes(ofGroup: group)
        return block.columns.map { column in
          own.reduce(state.coefficients[group * columns + column]) { $0 - state.pooled[column * nodes + $1] }
        }
      }
      let scale = state.coefficientScales[index].own
      let factor = rescale(
        directions, scale: scale, prior: prior.own, columns: block.columns, precisions: precisions, score: &score)
      state.coefficientScales[index].own = scale * abs(factor)
    }
  }

  /// One node's effects on all columns, its groups' deviations held.
  private mutating func drawNodeEffects(
    node: Int, groups: [Int], precisions: [Double], score: inout [[Double]]
  ) throws(NotPositiveDefinite) {
    let (columns, nodes) = (model.columnCount, model.effects.effectCount)
    for index in calendarWorkspace.matrix.indices { calendarWorkspace.matrix[index] = 0 }
    var draw = [Double](repeating: 0, count: columns)
    for group in groups {
      let precision = precisions[group]
      for index in 0..<columns * columns {
        calendarWorkspace.matrix[index] += precision * model.gram[group][index]
      }
      for column in 0..<columns { draw[column] += precision * score[group][column] }
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
    for group in groups { move(group: group, columns: Array(0..<columns), by: change, score: &score) }
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
      let gram = model.gram[group]
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
    for (i, column) in columns.enumerated() {
      state.coefficients[group * all + column] += change[i]
      // The Gram matrix is symmetric: take its row, which is contiguous.
      let row = column * all
      for other in 0..<all { score[group][other] -= model.gram[group][row + other] * change[i] }
    }
  }
}
