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
      weekly: kept.flatMap { $0.weeklyScalesByNode(model: model) },
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
  /// Posterior summary, R-hat and effective sample sizes of every parameter over all chains.
  package static func diagnostics(names: [String], chains: [ChainDraws]) -> [ParameterDiagnostic] {
    names.indices.map { index in
      let draws = chains.flatMap { chain in chain.values.map { $0[index] } }
      let row = DrawSummary.Row(name: names[index], draws: draws, chains: chains.count)
      return ParameterDiagnostic(
        name: row.name, mean: row.mean, sd: row.sd, q5: row.q5, q50: row.q50, q95: row.q95, rhat: row.rHat,
        essBulk: row.bulkESS, essTail: row.tailESS)
    }
  }
}
