import CNumericKernels
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
    let everyColumn = Array(0..<columns)
    for group in 0..<groups {
      let b = Array(state.coefficients[group * columns..<(group + 1) * columns])
      subtractGram(group: group, columns: everyColumn, by: b, from: &score, at: group * columns)
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
      sampleDeviations(
        deviations, block: index, prior: prior.own, columns: block.columns, precisions: precisions, score: &score)
    }
  }

  /// A block's own scale with the groups' deviations integrated out, then the deviations, pooled effects held.
  ///
  /// In the eigenbasis of a kind's cross products the posterior of a group's deviations is diagonal whatever the group's
  /// noise and the scale, so a scale is weighed in O(groups x columns).
  private mutating func sampleDeviations(
    _ deviations: [[Double]], block: Int, prior: Double, columns: [Int], precisions: [Double], score: inout [Double]
  ) {
    let (size, all) = (columns.count, model.columnCount)
    let spectra = (0..<deviations.count).map { model.spectra[model.kindOfGroup[$0]][block] }
    // By group, in its eigenbasis: precision and precision times mean that the data give.
    var precision: [Double] = []
    var linear: [Double] = []
    for (group, deviation) in deviations.enumerated() {
      let spectrum = spectra[group]
      for i in 0..<size {
        var (along, gradient) = (0.0, 0.0)
        for (j, column) in columns.enumerated() {
          along += spectrum.vectors[i * size + j] * deviation[j]
          gradient += spectrum.vectors[i * size + j] * score[group * all + column]
        }
        let value = max(0, spectrum.values[i])
        precision.append(precisions[group] * value)
        linear.append(precisions[group] * (gradient + value * along))
      }
    }
    let slice = SliceSampler(width: 1, maximumSteps: 32, bounds: -20...5)
    var logScale = log(state.coefficientScales[block].own)
    slice.update(&logScale, using: &stream) { proposal in
      let inverse = exp(-2 * proposal)
      let ratio = exp(proposal) / prior
      var value = proposal - 0.5 * ratio * ratio - Double(precision.count) * proposal
      for (precision, linear) in zip(precision, linear) {
        let total = precision + inverse
        value += 0.5 * (linear * linear / total - log(total))
      }
      return value.isNaN ? -.infinity : value
    }
    state.coefficientScales[block].own = exp(logScale)
    let inverse = exp(-2 * logScale)
    for (group, deviation) in deviations.enumerated() {
      var change = deviation.map { -$0 }
      for i in 0..<size {
        let total = precision[group * size + i] + inverse
        let drawn = linear[group * size + i] / total + stream.normal() / total.squareRoot()
        for j in 0..<size { change[j] += spectra[group].vectors[i * size + j] * drawn }
      }
      move(group: group, columns: columns, by: change, score: &score)
    }
  }

  /// One node's effects on all columns, its groups' deviations held.
  private mutating func drawNodeEffects(
    node: Int, groups: [Int], precisions: [Double], score: inout [Double]
  ) throws(NotPositiveDefinite) {
    let (columns, nodes) = (model.columnCount, model.effects.effectCount)
    for index in calendarWorkspace.matrix.indices { calendarWorkspace.matrix[index] = 0 }
    var draw = [Double](repeating: 0, count: columns)
    var precisionOfKind = [Double](repeating: 0, count: model.gram.count)
    for group in groups {
      let precision = precisions[group]
      precisionOfKind[model.kindOfGroup[group]] += precision
      for column in 0..<columns { draw[column] += precision * score[group * columns + column] }
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
          score[group * columns + column] -= products[column]
        }
      }
    }
  }

  /// A scale given standardised directions: coefficients of group g are `scale * directions[g] / scale` plus the rest.
  ///
  /// - Returns: The factor by which the scale (in absolute value) and the directions (of any sign) are to be multiplied.
  private mutating func rescale(
    _ directions: [[Double]], scale: Double, prior: Double, columns: [Int], precisions: [Double],
    score: inout [Double]
  ) -> Double {
    let all = model.columnCount
    var precision = 1 / (prior * prior)
    var linear = 0.0
    var fits = [Double](repeating: 0, count: directions.count * all)
    for (group, direction) in directions.enumerated() {
      subtractGram(group: group, columns: columns, by: direction.map { -$0 }, from: &fits, at: group * all)
      var quadratic = 0.0
      var product = 0.0
      for (i, column) in columns.enumerated() {
        quadratic += fits[group * all + column] * direction[i]
        product += score[group * all + column] * direction[i]
      }
      precision += precisions[group] * quadratic / (scale * scale)
      linear += precisions[group] * (product + quadratic) / scale
    }
    let signed = linear / precision + stream.normal() / precision.squareRoot()
    let factor = signed / scale
    for (group, direction) in directions.enumerated() {
      for (i, column) in columns.enumerated() {
        state.coefficients[group * all + column] += (factor - 1) * direction[i]
      }
    }
    for index in fits.indices { score[index] -= (factor - 1) * fits[index] }
    return factor
  }

  /// Adds to a group's coefficients and takes the change of fit out of its score.
  private mutating func move(group: Int, columns: [Int], by change: [Double], score: inout [Double]) {
    let all = model.columnCount
    for (i, column) in columns.enumerated() { state.coefficients[group * all + column] += change[i] }
    subtractGram(group: group, columns: columns, by: change, from: &score, at: group * all)
  }

  /// Takes X_g'X_g times a change of some columns' coefficients from the row that begins at `first`.
  private func subtractGram(
    group: Int, columns: [Int], by change: [Double], from rows: inout [Double], at first: Int
  ) {
    let all = model.columnCount
    let positions = columns.map(Int32.init)
    // The matrix is symmetric: its rows stand for its columns, and are contiguous.
    model.gram[model.kindOfGroup[group]].withUnsafeBufferPointer { gram in
      rows.withUnsafeMutableBufferPointer { row in
        guard let gram = gram.baseAddress, let row = row.baseAddress else { return }
        cnk_subtract_rows(Int32(all), gram, Int32(positions.count), positions, change, row + first)
      }
    }
  }
}
