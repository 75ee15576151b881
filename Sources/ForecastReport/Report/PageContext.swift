import DemandData

/// What the template is filled with: every figure already in words, so that a template decides looks only.
struct PageContext {
  let input: ReportInput
  let featured: FeaturedNodes

  func values(data: PageData, embedded: Int, templates: ReportTemplates) -> [String: Any] {
    var values: [String: Any] = [
      "title": input.title, "unit": input.unit, "css": templates.css, "script": templates.javaScript,
      "data": data.json, "origin": input.run.origin.iso, "firstDay": (input.run.origin + 1).iso,
      "lastDay": input.run.lastDay.iso, "days": days(input.run.horizon), "runID": input.run.id,
      "version": input.run.version, "tiles": tiles, "warnings": warnings, "groups": groups, "table": table,
      "productLevel": levelName(input.hierarchy.product), "locationLevel": levelName(input.hierarchy.location),
      "rising": movers(rising: true), "falling": movers(rising: false), "facts": facts,
      "hasMovers": !featured.products.isEmpty, "embedded": Figures.grouped(embedded),
    ]
    if data.leftOut > 0 { values["leftOut"] = Figures.grouped(data.leftOut) }
    if !warnings.isEmpty { values["hasWarnings"] = true }
    values["chart"] = largeChart
    values["accuracy"] = AccuracySection(input.backtest)?.values
    values.merge(DiagnosticsSection(input: input).values) { $1 }
    return values
  }

  private func days(_ count: Int) -> String { count == 1 ? "one day" : "\(Figures.grouped(count)) days" }

  private func levelName(_ tree: Tree) -> String { tree.levels[max(0, tree.leafLevel - 1)].name }

  // MARK: Headline

  private func tile(_ label: String, _ figure: String, _ note: String, _ style: String = "") -> [String: Any] {
    ["label": label, "figure": figure, "note": note, "style": style]
  }

  private var tiles: [[String: Any]] {
    var tiles: [[String: Any]] = []
    if let total = featured.total {
      tiles.append(
        tile(
          "Expected demand, \(days(input.run.horizon))", "\(Figures.amount(total.mean)) \(input.unit)",
          "80% interval \(Figures.grouped(total.lower80)) to \(Figures.grouped(total.upper80))"))
      for (label, pace) in [
        ("Against the last four weeks", total.atRecentPace), ("Against the same days last year", total.atLastYearsPace),
      ] {
        if let pace, pace > 0 {
          let range =
            "\(Figures.change(Double(total.lower80) / pace - 1)) to "
            + Figures.change(Double(total.upper80) / pace - 1)
          tiles.append(
            tile(
              label, Figures.change(total.mean / pace - 1), "from \(Figures.amount(pace)); 80% interval \(range)"))
        } else {
          tiles.append(tile(label, "–", "not enough sales history to compare", "quiet"))
        }
      }
    }
    if let accuracy = AccuracySection(input.backtest) {
      tiles.append(tile("Accuracy", accuracy.headline, accuracy.headlineNote))
    } else {
      tiles.append(tile("Accuracy", "–", "no backtest yet: run demand backtest", "quiet"))
    }
    let failed = input.outcomes.count { $0.method == .fallback }
    if input.outcomes.isEmpty {
      tiles.append(tile("Failed series", "–", "the run kept no record per series", "quiet"))
    } else {
      let share = Figures.share(failed, of: input.outcomes.count)
      tiles.append(
        tile(
          "Failed series", "\(Figures.grouped(failed)) of \(Figures.grouped(input.outcomes.count))",
          failed == 0 ? "all have a sampled forecast" : "\(share) use a labelled fallback", failed == 0 ? "" : "alert"))
    }
    return tiles
  }

  // MARK: Warnings

  private var warnings: [String] {
    let last = input.run.lastDay
    var sentences: [String] = []
    switch input.eventsThrough {
    case nil: sentences.append("No event calendar is known: holidays in these days are not in the forecast.")
    case let day? where day < last:
      sentences.append(
        "Events are known until \(day.iso) only; holidays after that are not in the forecast, which runs to "
          + "\(last.iso).")
    default: break
    }
    return sentences + input.warnings
  }

  // MARK: Charts drawn beforehand

  private func chart(_ node: ReportNode) -> SVGChart {
    SVGChart(node: node, origin: input.run.origin, unit: input.unit)
  }

  private var largeChart: [String: Any]? {
    guard let node = featured.total ?? featured.first else { return nil }
    let chart = chart(node)
    var values: [String: Any] = [
      "name": "\(node.names.product), \(node.names.location)",
      "wide": chart.forecast(width: 1080, height: 380, historyDays: 91, id: "large-wide"),
      "narrow": chart.forecast(width: 350, height: 300, historyDays: 56, id: "large-narrow"),
      "summary": summary(of: node),
      "rows": node.days.enumerated().map { offset, quantiles -> [String: Any] in
        func range(_ lower: Int, _ upper: Int) -> String {
          "\(Figures.grouped(quantiles[lower]))–\(Figures.grouped(quantiles[upper]))"
        }
        let day = input.run.origin + (offset + 1)
        return [
          "date": day.iso, "weekday": Figures.weekdays[day.weekday], "median": Figures.grouped(quantiles[3]),
          "half": range(2, 4), "eight": range(1, 5), "most": range(0, 6),
        ]
      },
    ]
    if let wide = chart.weekly(width: 1080, height: 170, id: "weekly-wide"),
      let narrow = chart.weekly(width: 350, height: 160, id: "weekly-narrow")
    {
      values["weeklyWide"] = wide
      values["weeklyNarrow"] = narrow
    }
    return values
  }

  private func summary(of node: ReportNode) -> String {
    "Expected over \(days(node.days.count)): \(Figures.amount(node.mean)) \(input.unit), "
      + "80% interval \(Figures.grouped(node.lower80)) to \(Figures.grouped(node.upper80))."
  }

  /// Small charts of the levels below the top, at most nine of each, the largest first.
  private var groups: [[String: Any]] {
    let hierarchy = input.hierarchy
    var groups: [[String: Any]] = []
    for (nodes, level) in [
      (featured.productGroups, hierarchy.product.levels.dropFirst().first?.name),
      (featured.locationGroups, hierarchy.location.levels.dropFirst().first?.name),
    ] {
      guard let level, !nodes.isEmpty else { continue }
      let largest = nodes.sorted { ($1.mean, $0.node) < ($0.mean, $1.node) }.prefix(9)
      groups.append([
        "level": level,
        "charts": largest.enumerated().map { index, node -> [String: Any] in
          [
            "name": node.node.pair.product == 0 ? node.names.location : node.names.product, "path": node.path,
            "svg": chart(node).forecast(width: 350, height: 210, historyDays: 56, id: "\(groups.count)-\(index)"),
            "expected": Figures.amount(node.mean), "change": changeText(node.mean, node.atRecentPace),
          ]
        },
      ])
    }
    return groups
  }

  // MARK: Tables

  private func changeText(_ mean: Double, _ pace: Double?) -> String {
    guard let pace, pace > 0 else { return "–" }
    return Figures.change(mean / pace - 1)
  }

  private var table: [[String: Any]] {
    featured.table.sorted { ($0.node.product, $0.node.location) < ($1.node.product, $1.node.location) }.map { node in
      [
        "product": node.names.product, "location": node.names.location, "path": node.path,
        "expected": Figures.amount(node.mean),
        "interval": "\(Figures.grouped(node.lower80)) to \(Figures.grouped(node.upper80))",
        "change": changeText(node.mean, node.atRecentPace),
      ]
    }
  }

  /// Products whose recent pace lies outside the forecast's 80% interval, by how many units they change.
  private func movers(rising: Bool) -> [[String: Any]] {
    let moving = featured.products.filter {
      rising ? $0.atRecentPace < Double($0.lower) : $0.atRecentPace > Double($0.upper)
    }
    let ordered = moving.sorted { (abs($1.change), $0.name) < (abs($0.change), $1.name) }
    return ordered.prefix(input.limits.movers).map { product in
      [
        "name": product.name, "path": product.path, "expected": Figures.amount(product.mean),
        "recent": Figures.amount(product.atRecentPace), "change": changeText(product.mean, product.atRecentPace),
      ]
    }
  }

  private var facts: [[String: Any]] {
    let run = input.run
    var facts: [(String, String)] = [
      ("Run", run.id), ("Run key", run.key), ("Origin (last day of sales)", run.origin.iso),
      ("Horizon", "\(days(run.horizon)), to \(run.lastDay.iso)"), ("Joint draws", Figures.grouped(run.draws)),
      ("Seed", String(run.seed)), ("Program", run.version),
    ]
    if let finished = run.finishedAt { facts.append(("Finished", finished)) }
    facts += run.other.map { ($0.name, $0.value) }
    return facts.map { ["name": $0, "value": $1] }
  }
}
