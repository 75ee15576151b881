import Foundation
import Inference
import NumericKernels

/// One state of stage 1's Markov chain: every unknown of the model.
///
/// U is the number of nodes of all components together, in the order of `CrossedEffects`.
package struct Stage1State: Sendable {
  /// Log daily mean eta and its exponential, `[group][day]`; unobserved days carry no meaning.
  package var logRate: [Double]
  package var rate: [Double]
  /// `[group][week]`.
  package var level: [Double]
  /// b, `[group][column]`.
  package var coefficients: [Double]
  /// u, `[column][node]`.
  package var pooled: [Double]
  /// tau by block, in the order of the model's blocks.
  package var coefficientScales: [CrossedEffects.Scales]
  /// d, `[week][node]`; those of week 0 are zero.
  package var weeklyShocks: [Double]
  package var weeklyScales: CrossedEffects.Scales
  /// Each node's weekly scale over its component's; one where a component has one node.
  package var weeklyRatios: [Double]
  /// delta, `[day][node]`, and daily scales by component and group.
  package var dailyShocks: [Double]
  package var dailyScales: [Double]
  package var ownDaily: [Double]
  /// x_t' b_g and the sum of daily shocks by group, both `[group][day]`: functions of the above, kept up to date.
  package var fit: [Double]
  package var dailyShift: [Double]

  /// All zero, scales one: storage to be filled.
  init(model: Stage1Model) {
    let (groups, days, weeks) = (model.groupCount, model.dayCount, model.weekCount)
    let (columns, nodes) = (model.columnCount, model.effects.effectCount)
    let ones = CrossedEffects.Scales(levels: [Double](repeating: 1, count: model.componentCount), own: 1)
    logRate = [Double](repeating: 0, count: groups * days)
    rate = [Double](repeating: 1, count: groups * days)
    level = [Double](repeating: 0, count: groups * weeks)
    coefficients = [Double](repeating: 0, count: groups * columns)
    pooled = [Double](repeating: 0, count: columns * nodes)
    coefficientScales = model.blocks.map { _ in ones }
    weeklyShocks = [Double](repeating: 0, count: weeks * nodes)
    weeklyScales = ones
    weeklyRatios = [Double](repeating: 1, count: nodes)
    dailyShocks = [Double](repeating: 0, count: days * nodes)
    dailyScales = ones.levels
    ownDaily = [Double](repeating: 1, count: groups)
    fit = [Double](repeating: 0, count: groups * days)
    dailyShift = fit
  }

  /// Recomputes `fit` of one group from its coefficients.
  mutating func updateFit(group: Int, model: Stage1Model) {
    let rows = model.rows(ofGroup: group)
    let first = group * model.dayCount
    for day in 0..<model.dayCount {
      fit[first + day] = rows.product(day: day, coefficients, from: group * model.columnCount)
    }
  }

  /// Recomputes `dailyShift` from the daily shocks.
  mutating func updateDailyShift(model: Stage1Model) {
    let (days, nodes) = (model.dayCount, model.effects.effectCount)
    for group in 0..<model.groupCount {
      let own = model.nodes(ofGroup: group)
      for day in 0..<days {
        var sum = 0.0
        for node in own { sum += dailyShocks[day * nodes + node] }
        dailyShift[group * days + day] = sum
      }
    }
  }
}

extension Stage1Model {
  /// The group's node in every component, numbered through all components.
  func nodes(ofGroup group: Int) -> [Int] {
    zip(effects.levels, effects.nodeOffsets).map { $0[group] + $1 }
  }
}

extension Stage1Model {
  /// The component of a node of all components' numbering.
  func component(ofNode node: Int) -> Int { effects.nodeOffsets.lastIndex { $0 <= node }! }

  /// Nodes of components of several nodes, each of which has a weekly scale of its own.
  var nodesWithRatio: [Int] {
    zip(effects.nodeOffsets, effects.nodeCounts).flatMap { $1 > 1 ? Array($0..<$0 + $1) : [] }
  }

  /// The groups under a node of all components' numbering.
  func groups(ofNode node: Int) -> [Int] {
    let component = component(ofNode: node)
    let local = node - effects.nodeOffsets[component]
    return (0..<groupCount).filter { effects.levels[component][$0] == local }
  }
}

extension Stage1State {
  /// Standard deviations of all nodes' weekly shocks.
  func weeklyScalesByNode(model: Stage1Model) -> [Double] {
    zip(model.scalesByNode(weeklyScales.levels), weeklyRatios).map { $0 * $1 }
  }

  /// Draws the weekly ratios from their prior.
  mutating func drawWeeklyRatios(model: Stage1Model, using stream: inout RandomStream) {
    for node in model.nodesWithRatio { weeklyRatios[node] = exp(model.prior.weeklyRatio * stream.normal()) }
  }

  /// Prior standard deviations of a node's effects, by column.
  func nodeScales(node: Int, model: Stage1Model) -> [Double] {
    let component = model.component(ofNode: node)
    var scales = [Double](repeating: 1, count: model.columnCount)
    for (block, blockScales) in zip(model.blocks, coefficientScales) {
      for column in block.columns { scales[column] = blockScales.levels[component] }
    }
    return scales
  }
}
