import DemandData

/// What a run must pass before its forecast is published.
///
/// Validity stops a publication; inefficiency (few effective draws) only shows in the report.
package struct Gates: Sendable {
  private let limits: DemandConfiguration.Gates

  package init(limits: DemandConfiguration.Gates) { self.limits = limits }

  /// Reasons against publishing; empty when the run passes.
  ///
  /// - Parameters:
  ///   - diagnostics: the run's reported parameters.
  ///   - total: forecast of all products in all stores.
  ///   - recentDaily: mean units a day on which stores were open, over the last four weeks of history; nil without known
  ///     days.
  ///   - published: the last published forecast of the same node and its origin, if there is one.
  package func refusals(
    diagnostics: [ParameterDiagnostic], total: NodeForecast, origin: Day, recentDaily: Double?,
    published: (total: NodeForecast, origin: Day)?
  ) -> [String] {
    var reasons: [String] = []
    let unconverged = beyond(limits.rhatLimit, diagnostics.filter { !Gates.isHyperparameter($0) })
    if let worst = unconverged.first {
      reasons.append(
        "\(unconverged.count) of \(diagnostics.count { !Gates.isHyperparameter($0) }) group parameters have R-hat "
          + "above \(limits.rhatLimit), worst \(worst.name) at \(Gates.text(worst.rhat)): give the group model more "
          + "warm-up and draws (model.stage1)")
    }
    let adrift = beyond(hyperparameterLimit, diagnostics.filter(Gates.isHyperparameter))
    if let worst = adrift.first {
      reasons.append(
        "\(adrift.count) hyperparameters of series have R-hat above \(Gates.text(hyperparameterLimit)), worst "
          + "\(worst.name) at \(Gates.text(worst.rhat)): raise model.stage2.hyperprior_sweeps")
    }
    // Sales are counted by open days, and so is the forecast: days that the calendar shuts sell nothing in any draw.
    let daily = total.total.mean / Double(max(1, total.days.count { $0.mean > 0 }))
    if recentDaily == 0, daily > 1 {
      reasons.append(
        "the forecast is \(Gates.text(daily)) units a day where the last four weeks sold nothing at all: "
          + "look for days that are missing from the data")
    } else if let recentDaily, recentDaily > 0 {
      let ratio = daily / recentDaily
      if ratio > limits.driftLimit || ratio < 1 / limits.driftLimit {
        reasons.append(
          "the forecast is \(Gates.text(daily)) units a day where the last four weeks sold \(Gates.text(recentDaily)): "
            + "look for days that are missing or doubled in the data, or raise gates.drift_limit")
      }
    }
    if let published, let drift = overlapRatio(total, origin, published.total, published.origin),
      drift > limits.driftLimit || drift < 1 / limits.driftLimit
    {
      reasons.append(
        "for the days that both cover, the forecast is \(Gates.text(drift)) times the published one: "
          + "find what changed, or raise gates.drift_limit")
    }
    return reasons
  }

  /// What a reader of the run should know and that stops nothing, each a full sentence.
  package func remarks(diagnostics: [ParameterDiagnostic]) -> [String] {
    let slow = beyond(limits.rhatLimit, diagnostics.filter(Gates.isHyperparameter))
    guard let worst = slow.first else { return [] }
    return [
      "\(slow.count) hyperparameters of series have R-hat above \(limits.rhatLimit), worst \(worst.name) at "
        + "\(Gates.text(worst.rhat)): more model.stage2.hyperprior_sweeps would help."
    ]
  }

  /// Hyperparameters of series may be four times as far from 1: they re-weight draws that were sampled under a prior
  /// close to them, so slow mixing among them moves a forecast little, but it does move it.
  private var hyperparameterLimit: Double { 1 + 4 * (limits.rhatLimit - 1) }

  /// Parameters beyond the limit, worst first.
  private func beyond(_ limit: Double, _ diagnostics: [ParameterDiagnostic]) -> [ParameterDiagnostic] {
    // R-hat is not a number where chains never moved, which is no convergence either.
    diagnostics.filter { !($0.rhat <= limit) }.sorted { $0.rhat > $1.rhat }
  }

  private static func isHyperparameter(_ diagnostic: ParameterDiagnostic) -> Bool {
    diagnostic.name.hasPrefix("hyper_")
  }

  /// Sum of the new forecast's means over the old one's, over the days in both horizons; nil without common days.
  private func overlapRatio(_ new: NodeForecast, _ newOrigin: Day, _ old: NodeForecast, _ oldOrigin: Day) -> Double? {
    let shift = newOrigin - oldOrigin
    var sums = (new: 0.0, old: 0.0)
    for (day, distribution) in new.days.enumerated() where old.days.indices.contains(day + shift) {
      sums.new += distribution.mean
      sums.old += old.days[day + shift].mean
    }
    return sums.old > 0 ? sums.new / sums.old : nil
  }

  private static func text(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int(rounded)) : String(rounded)
  }
}
