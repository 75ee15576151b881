import Inference

/// The reported parameters of stage 1: their names, and their values in a state.
///
/// Names: `weekly_scale[store]` and `weekly_scale[store|S]` of a store S, `weekly_scale[own]`, `daily_scale[store]`, `own_daily[G]`,
/// `calendar_scale[weekday,department]`, `calendar_scale[weekday,own]`, `level[G]` (log level of the last week),
/// `trend[G]` (slope of the log level per week), `calendar[saturday|all]` and `calendar[saturday|G]`, where `G` is a
/// group's `product|location`. Lead and lag days of events are reported at the top only.
package struct Stage1Parameters: Sendable {
  package let names: [String]
  private let model: Stage1Model
  private let top: Int?
  private let trendColumn: Int?

  package init(model: Stage1Model) {
    self.model = model
    let components = model.structure.components
    top = components.firstIndex { $0.nodeCount == 1 }.map { model.effects.nodeOffsets[$0] }
    trendColumn = model.design.columns(of: .trend).first
    let levels = components.map(\.name) + ["own"]
    let groups = model.structure.names
    var names = levels.map { "weekly_scale[\($0)]" }
    for (component, nodes) in zip(components, model.structure.componentNodeNames) where component.nodeCount > 1 {
      names += nodes.map { "weekly_scale[\(component.name)|\($0)]" }
    }
    names += components.map { "daily_scale[\($0.name)]" }
    names += groups.map { "own_daily[\($0)]" }
    for block in model.blocks { names += levels.map { "calendar_scale[\(block.block.rawValue),\($0)]" } }
    names += groups.map { "level[\($0)]" }
    if trendColumn != nil { names += groups.map { "trend[\($0)]" } }
    if top != nil { names += model.design.effects.map { "calendar[\($0.name)|all]" } }
    for effect in Self.reportedByGroup(model) { names += groups.map { "calendar[\(effect.name)|\($0)]" } }
    self.names = names
  }

  private static func reportedByGroup(_ model: Stage1Model) -> [CalendarDesign.Effect] {
    model.design.effects.filter { $0.block != .eventWindow || model.structure.components.isEmpty }
  }

  /// Values in the order of ``names``.
  package func values(of state: Stage1State) -> [Double] {
    let (groups, columns, nodes) = (model.groupCount, model.columnCount, model.effects.effectCount)
    let weekly = state.weeklyScalesByNode(model: model)
    var values = state.weeklyScales.levels + [state.weeklyScales.own]
    values += model.nodesWithRatio.map { weekly[$0] }
    values += state.dailyScales + state.ownDaily
    for scales in state.coefficientScales { values += scales.levels + [scales.own] }
    for group in 0..<groups { values.append(state.level[(group + 1) * model.weekCount - 1]) }
    if trendColumn != nil { values += weeklyTrend(of: state) }
    if let top {
      for effect in model.design.effects {
        values.append(effect.terms.reduce(0) { $0 + $1.weight * state.pooled[$1.column * nodes + top] })
      }
    }
    for effect in Self.reportedByGroup(model) {
      for group in 0..<groups {
        values.append(effect.terms.reduce(0) { $0 + $1.weight * state.coefficients[group * columns + $1.column] })
      }
    }
    return values
  }

  /// Slope of each group's log level per week.
  package func weeklyTrend(of state: Stage1State) -> [Double] {
    (0..<model.groupCount).map { group in
      guard let trendColumn else { return 0 }
      return state.coefficients[group * model.columnCount + trendColumn] / LinearTrend.weeksPerYear
    }
  }
}
