import DemandData

/// How far the run can be trusted: convergence, how each series was forecast, and which fell back.
struct DiagnosticsSection {
  let input: ReportInput

  /// The thresholds that the field agrees on (Vehtari et al. 2021).
  private static let rhatLimit = 1.01
  private static let essLimit = 400.0

  var values: [String: Any] {
    var values: [String: Any] = ["methods": methods, "convergence": convergence, "parameters": parameters]
    let failed = input.outcomes.indices.filter { input.outcomes[$0].method == .fallback }
    let listed = failed.prefix(input.limits.listedFallbacks)
    values["fallbacks"] = listed.map(fallback)
    if !failed.isEmpty { values["fallbackCount"] = Figures.grouped(failed.count) }
    if failed.count > listed.count { values["fallbacksCut"] = Figures.grouped(failed.count - listed.count) }
    return values
  }

  private func fallback(_ index: Int) -> [String: Any] {
    let hierarchy = input.hierarchy
    // A ledger longer than the hierarchy would be the caller's mistake; the page still says what it can.
    let series = hierarchy.series.indices.contains(index) ? hierarchy.series[index] : nil
    return [
      "product": series.map { hierarchy.product.leaves[$0.product] } ?? "series \(index)",
      "location": series.map { hierarchy.location.leaves[$0.store] } ?? "",
      "reason": input.outcomes[index].reason ?? "no reason recorded",
    ]
  }

  private var methods: [[String: Any]] {
    SeriesOutcome.Method.allCases.compactMap { method in
      let count = input.outcomes.count { $0.method == method }
      guard count > 0 else { return nil }
      return [
        "name": Self.describe(method), "count": Figures.grouped(count),
        "share": Figures.share(count, of: input.outcomes.count),
        "width": Figures.trimmed(100 * Double(count) / Double(input.outcomes.count)),
        "isFallback": method == .fallback,
      ]
    }
  }

  private static func describe(_ method: SeriesOutcome.Method) -> String {
    switch method {
    case .independence: "Sampled, ordinary way"
    case .randomWalk: "Sampled by random walk"
    case .hyperprior: "No history: from department and store"
    case .notRanged: "Not on sale: zero"
    case .fallback: "Failed: labelled fallback"
    }
  }

  /// Worst figures over shared parameters and over series, each with its verdict.
  private var convergence: [[String: Any]] {
    var rows: [[String: Any]] = []
    func add(_ name: String, rhat: [Double], ess: [Double]) {
      guard !rhat.isEmpty || !ess.isEmpty else { return }
      let above = rhat.count { !($0 <= Self.rhatLimit) }
      let below = ess.count { !($0 >= Self.essLimit) }
      let worst = rhat.contains { $0.isNaN } ? Double.nan : rhat.max() ?? .nan
      let least = ess.contains { $0.isNaN } ? Double.nan : ess.min() ?? .nan
      rows.append([
        "name": name, "count": Figures.grouped(max(rhat.count, ess.count)), "rhat": Figures.decimal(worst, 3),
        "ess": Figures.amount(least.isNaN ? 0 : least.rounded(.down)), "above": Figures.grouped(above),
        "below": Figures.grouped(below), "isBad": above + below > 0,
      ])
    }
    add(
      "Shared parameters", rhat: input.parameters.map(\.rhat),
      ess: input.parameters.map { $0.essBulk.isNaN || $0.essTail.isNaN ? .nan : min($0.essBulk, $0.essTail) })
    add(
      "Series", rhat: input.outcomes.compactMap(\.rhat),
      ess: input.outcomes.compactMap { outcome in
        let both = [outcome.essBulk, outcome.essTail].compactMap { $0 }
        return both.contains { $0.isNaN } ? .nan : both.min()
      })
    return rows
  }

  /// The eight shared parameters that mixed worst.
  private var parameters: [[String: Any]] {
    func badness(_ it: ParameterDiagnostic) -> Double { it.rhat.isNaN ? .infinity : it.rhat }
    return input.parameters.sorted { (badness($1), $0.name) < (badness($0), $1.name) }.prefix(8).map { it in
      [
        "name": it.name, "rhat": Figures.decimal(it.rhat, 3), "ess": Figures.amount(min(it.essBulk, it.essTail)),
        "mean": Figures.decimal(it.mean, 3),
        "interval": "\(Figures.decimal(it.q5, 3)) to \(Figures.decimal(it.q95, 3))",
      ]
    }
  }
}
