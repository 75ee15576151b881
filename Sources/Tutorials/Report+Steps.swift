import Inference
import NumericKernels

/// Steps that every tutorial takes.
extension Report {
  /// What the priors alone make of the data to come.
  func priorPredictive(_ replicated: Draws, observed: [Double]) throws {
    show(try PredictiveCheck(observed: observed, replicated: replicated).table())
  }

  /// Summary and verdict of a fit, with the truth beside them where it is known.
  func examine(_ fit: Fit, _ names: [String], truth: [String: Double]) throws {
    let summary = try fit.summary(of: names)
    show(summary.table())
    let known = summary.rows.compactMap { row in truth[row.name].map { (row, $0) } }
    if !known.isEmpty {
      var table = TextTable(header: ["", "truth", "5%", "95%", ""])
      for (row, value) in known {
        let decimals = Figure.decimals(showing: 2, of: row.sd)
        table.append(
          [row.name] + [value, row.q5, row.q95].map { Figure.fixed($0, decimals) }
            + [value < row.q5 ? "below" : value > row.q95 ? "above" : "inside"])
      }
      say("We made the data up, so the truth is known; of ten such intervals nine should hold it:")
      show(table.text())
    }
    show(fit.verdict.description)
  }

  /// The three ways side by side: estimates, and how well each predicts.
  mutating func compare(_ comparison: PoolingComparison, title: String) throws {
    show(comparison.table)
    say("How well each predicts a row that it has not seen, by leave-one-out (higher elpd is better):")
    show(comparison.prediction.description)
    try plot("pooling", comparison.forest(title: title))
  }

  /// Quantiles of predictions, a line each.
  func predictions(_ predicted: Draws, labels: [String], header: String) {
    var table = TextTable(header: [header, "mean", "sd", "5%", "50%", "95%"])
    for (i, label) in labels.enumerated() {
      let sorted = predicted[i].sorted()
      let spread = sd(sorted)
      let decimals = Figure.decimals(showing: 2, of: spread)
      let figures =
        [mean(sorted), spread] + [0.05, 0.5, 0.95].map { EmpiricalQuantile.linear(sorted, $0) }
      table.append([label] + figures.map { Figure.fixed($0, decimals) })
    }
    show(table.text())
  }

  /// The pictures of one fit that the examination rests on.
  ///
  /// - Parameters:
  ///   - names: Variables to show one by one.
  ///   - pair: Two variables to show against each other.
  ///   - prior: Draws of the same variables from their priors.
  mutating func plots(of fit: Fit, _ names: [String], pair: (String, String), prior: Draws) throws {
    for name in names {
      try plot("density-\(name)", Plot.density(fit.draws, name, prior: Array(prior.draws(of: name))))
    }
    let slowest = fit.summary().rows.filter { $0.bulkESS.isFinite }.min { $0.bulkESS < $1.bulkESS }?.name ?? names[0]
    try plot("trace", Plot.trace(fit.draws, slowest))
    try plot("rank", Plot.rank(fit.draws, slowest))
    try plot("autocorrelation", Plot.autocorrelation(fit.draws, slowest))
    try plot("energy", Plot.energy(fit.statistics.energy, chains: fit.statistics.chainCount))
    try plot("pair", Plot.pair(fit.draws, pair.0, pair.1, divergent: fit.statistics.divergent))
  }
}
