import DemandData
import Foundation
import Inference

extension Stage1 {
  /// The kept draws of all chains, interleaved, and the summary of every reported parameter.
  package static func posterior(
    model: Stage1Model, schedule: Stage1Schedule, chains: [ChainDraws]
  ) -> GroupPosterior {
    let kept = (0..<schedule.keptDraws).map { chains[$0 % schedule.chains].kept[$0 / schedule.chains] }
    let parameters = Stage1Parameters(model: model)
    let days = model.dayCount + model.horizon
    var logCalendar: [Float] = []
    logCalendar.reserveCapacity(kept.count * model.groupCount * days)
    let trend = Set(model.design.columns(of: .trend))
    for state in kept {
      for group in 0..<model.groupCount {
        let rows = model.rows(ofGroup: group)
        let first = group * model.columnCount
        let calendar = (0..<model.columnCount).map { trend.contains($0) ? 0 : state.coefficients[first + $0] }
        for day in 0..<days { logCalendar.append(Float(rows.product(day: day, calendar))) }
      }
    }
    let shocks = SharedShocks(
      components: model.structure.components,
      weekly: kept.flatMap(\.weeklyScales.levels),
      daily: kept.flatMap(\.dailyScales),
      ownWeekly: kept.flatMap { state in [Double](repeating: state.weeklyScales.own, count: model.groupCount) },
      ownDaily: kept.flatMap(\.ownDaily))
    return GroupPosterior(
      groups: model.structure.groups, groupOfSeries: model.structure.groupOfSeries, firstDay: model.history.firstDay,
      dayCount: days, keptDraws: kept.count, logCalendar: logCalendar,
      weeklyTrend: kept.flatMap { parameters.weeklyTrend(of: $0) }, shocks: shocks,
      diagnostics: diagnostics(names: parameters.names, chains: chains))
  }
}

extension Stage1 {
  static func diagnostics(names: [String], chains: [ChainDraws]) -> [ParameterDiagnostic] {
    names.indices.map { index in
      let all = chains.flatMap { $0.values.map { $0[index] } }
      let sorted = all.sorted()
      let mean = all.reduce(0, +) / Double(all.count)
      let sd = (all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(all.count - 1)).squareRoot()
      return ParameterDiagnostic(
        name: names[index], mean: mean, sd: sd, q5: sorted[all.count / 20], q50: sorted[all.count / 2],
        q95: sorted[all.count * 19 / 20], rhat: .nan, essBulk: .nan, essTail: .nan)
    }
  }
}
