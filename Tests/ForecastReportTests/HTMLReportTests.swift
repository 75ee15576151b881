import DemandData
import ForecastReport
import Foundation
import Testing

@Suite struct HTMLReportTests {
  /// Draws of a small report with one product in one store.
  private func tinyPage(
    hierarchy: Hierarchy = tinyHierarchy(), draws: [[Int]], history: [Int?],
    change: (inout ReportInput) -> Void = { _ in }
  ) throws -> String {
    var input = ReportInput(title: "Tiny", hierarchy: hierarchy, run: tinyRun(horizon: draws.count))
    change(&input)
    var report = HTMLReport(input: input)
    for pair in hierarchy.levelPairs {
      for node in hierarchy.membership(at: pair).nodes {
        let count = draws.first?.count ?? 1
        let total = (0..<count).map { draw in draws.reduce(0) { $0 + $1[draw] } }
        report.add(
          NodeForecast(
            node: node, days: draws.map { EmpiricalDistribution(draws: $0) }, total: EmpiricalDistribution(draws: total)
          ),
          history: NodeHistory(firstDay: input.run.origin - (history.count - 1), units: history))
      }
    }
    return try report.render()
  }

  @Test func figuresAreThoseOfTheInput() throws {
    let retailer = SyntheticRetailer(productsPerDepartment: 2, historyDays: 400, draws: 60)
    let page = try retailer.page()
    let nodes = retailer.nodes()
    let (total, history) = nodes[0]
    let expected = total.total.mean
    #expect(page.contains("\(grouped(Int(expected.rounded()))) units</p>"))
    #expect(
      page.contains(
        "80% interval \(grouped(total.total.quantile(0.1))) to \(grouped(total.total.quantile(0.9)))"))
    // Change against the last four weeks, all of whose days are known.
    let recent = history.units.suffix(28).reduce(0) { $0 + $1! }
    let change = (expected / Double(recent) - 1) * 100
    let text = String(format: "%.1f", abs(change))
    #expect(page.contains("<p class=\"figure\">\(change < 0 ? "−" : "+")\(text)%</p>"))
    // The table: one row per department and region, each with its mean and interval.
    let pair = retailer.hierarchy.levelPair(named: "department:region")!
    let cells = nodes.filter { $0.forecast.node.pair == pair }
    #expect(cells.count == 21)
    for (forecast, _) in cells {
      let names = retailer.hierarchy.names(of: forecast.node)
      let interval = "\(grouped(forecast.total.quantile(0.1))) to \(grouped(forecast.total.quantile(0.9)))"
      #expect(page.contains("\">\(names.product)</a></th><td class=\"name\">\(names.location)</td>"))
      #expect(page.contains("<td>\(interval)</td>"))
    }
    // The first day of the table beneath the chart.
    let day = total.days[0]
    #expect(
      page.contains(
        "2016-03-28 <span>Mon</span></th><td>\(grouped(day.quantile(0.5)))</td>"
          + "<td>\(grouped(day.quantile(0.25)))–\(grouped(day.quantile(0.75)))</td>"))
  }

  @Test func saysWhetherItBeatsSeasonalNaive() throws {
    let retailer = SyntheticRetailer(productsPerDepartment: 1, historyDays: 60, draws: 8)
    let page = try retailer.page()
    // Mean row: 0.42 + 0.04 x 12 = 0.90 against 1.10, an 18% smaller error; product:store is 0.86 against 0.84.
    #expect(page.contains("0.900, seasonal naive&#39;s 1.100: 18% better"))
    #expect(page.contains("It was better at 11 of 12 levels."))
    #expect(page.contains("<td class=\"worse\">2.4% worse</td>"))
    #expect(page.contains("from 3 past origins (2016-01-03 to 2016-02-28)"))
  }

  @Test func withoutBacktestSaysSo() throws {
    let page = try tinyPage(draws: [[1, 2, 3, 4]], history: [1, 2, 3])
    #expect(page.contains("No backtest has been run"))
    #expect(!page.contains("better"))
  }

  @Test func backtestWithoutSeasonalNaiveIsNoComparison() throws {
    let page = try tinyPage(draws: [[1]], history: [1]) {
      let accuracy = LevelAccuracy(
        level: "mean", method: "demand", nodes: 1, wrmsse: 1, rmsse: 1, mase: 1, wape: 1, bias: 0)
      $0.backtest = BacktestResult(origins: [], horizon: 1, accuracy: [accuracy])
    }
    #expect(page.contains("No backtest has been run"))
  }

  @Test func unknownFutureBecomesAWarning() throws {
    let none = try tinyPage(draws: [[1], [2]], history: [1])
    #expect(none.contains("No event calendar is known"))
    let all = try tinyPage(draws: [[1], [2]], history: [1]) {
      let last = $0.run.lastDay
      $0.eventsThrough = last
    }
    #expect(!all.contains("class=\"warnings\""))
    let short = try tinyPage(draws: [[1], [2]], history: [1]) { $0.eventsThrough = $0.run.origin + 1 }
    #expect(short.contains("Events are known until 2024-02-29 only"))
    #expect(short.contains("which runs to 2024-03-01"))
  }

  @Test func fallbacksAreCountedListedAndCut() throws {
    let retailer = SyntheticRetailer(productsPerDepartment: 8, historyDays: 30, horizon: 1, draws: 2)
    let outcomes = retailer.outcomes
    let failed = outcomes.count { $0.method == .fallback }
    let page = try retailer.page { $0.limits.listedFallbacks = 2 }
    #expect(failed > 2)
    #expect(page.contains("<p class=\"figure\">\(failed) of 560</p>"))
    #expect(page.components(separatedBy: "no finite mode: all sales on one day").count - 1 == 2)
    #expect(page.contains("And \(failed - 2) more"))
    // Worst of the shared parameters: R-hat 1.001 + 0.002 x 3 and tail ESS 1400 - 630.
    #expect(page.contains("worst R-hat 1.007 (0 above 1.01), smallest ESS 770"))
  }

  @Test func convergenceThatIsNotANumberIsNotHidden() throws {
    let page = try tinyPage(draws: [[1]], history: [1]) {
      $0.parameters = [
        ParameterDiagnostic(
          name: "scale", mean: 0, sd: 0, q5: 0, q50: 0, q95: 0, rhat: .nan, essBulk: .nan, essTail: 10)
      ]
    }
    #expect(page.contains("worst R-hat not a number (1 above 1.01)"))
  }

  @Test(arguments: [
    "</script><script>alert(1)</script>", "\"quoted\" & <b>bold</b>", "it's", "\"\u{301} onload=alert(1)", "<!--",
    "]]>",
    "日本語 😀", "a/b:c d%20", "{{title}}",
  ])
  func hostileNamesAreOnlyText(name: String) throws {
    let page = try tinyPage(
      hierarchy: tinyHierarchy(product: name, store: name, department: name), draws: [[5], [6]], history: [0, 50, 60]
    ) {
      $0.title = name
      $0.outcomes = [SeriesOutcome(method: .fallback, reason: name)]
      $0.warnings = [name]
    }
    #expect(page.components(separatedBy: "</script>").count == 3)
    #expect(page.components(separatedBy: "<script").count == 3)
    #expect(!page.contains("<b>bold"))
    // A quote stays escaped even where a combining mark makes it part of a longer character.
    let markup = page[..<(try #require(page.range(of: "<script")).lowerBound)]
    #expect(!String(String.UnicodeScalarView(markup.unicodeScalars.filter { $0 != "\u{301}" })).contains("\" onload"))
    let data = try embeddedData(page)
    let products = data["products"] as? [[String: Any]]
    #expect(products?.last?["names"] as? [String] == [name])
    #expect(page.contains("Series with a fallback: 1"))
  }

  private func embeddedData(_ page: String) throws -> [String: Any] {
    let start = try #require(page.range(of: "id=\"data\">")).upperBound
    let end = try #require(page.range(of: "</script>", range: start..<page.endIndex)).lowerBound
    return try #require(JSONSerialization.jsonObject(with: Data(page[start..<end].utf8)) as? [String: Any])
  }

  @Test func nothingAtAllStillMakesAPage() throws {
    let page = try HTMLReport(
      input: ReportInput(title: "Empty", hierarchy: tinyHierarchy(), run: tinyRun(horizon: 28))
    ).render()
    #expect(page.contains("This report holds no forecasts."))
    #expect((try embeddedData(page)["nodes"] as? [Any])?.isEmpty == true)
  }

  @Test func extremesMakeFiniteCharts() throws {
    for (draws, history) in [
      ([[0, 0]], [Int?]()), ([[0, 0], [0, 0]], [nil, nil, nil]), ([[7, 9]], [3]),
      ([[1 << 60, 1 << 40]], [1 << 61, 0, nil]),
    ] {
      let page = try tinyPage(draws: draws, history: history)
      #expect(page.contains("<path class=\"b95\" d=\"M"))
      #expect(!page.contains("nan") && !page.contains("inf\"") && !page.contains("inf "))
    }
  }

  @Test func asksNothingOfTheNetwork() throws {
    let page = try SyntheticRetailer(productsPerDepartment: 1, historyDays: 60, draws: 4).page()
    for reference in ["http:", "https:", "src=", "@import", "url(", "//cdn", "fetch(", "XMLHttpRequest"] {
      #expect(!page.contains(reference))
    }
    #expect(page.contains("default-src 'none'"))
  }

  @Test func productsThatFindNoRoomAreCounted() throws {
    let retailer = SyntheticRetailer(productsPerDepartment: 2, historyDays: 60, draws: 4)
    let all = try embeddedData(retailer.page())["nodes"] as? [[Any]]
    let page = try retailer.page { $0.limits.embeddedBytes = 60_000 }
    let data = try embeddedData(page)
    let some = data["nodes"] as? [[Any]]
    let left = data["leftOut"] as? Int
    #expect(all?.count == retailer.nodes().count)
    #expect((some?.count ?? 0) + (left ?? 0) == all?.count)
    #expect((left ?? 0) > 0)
    #expect(page.contains("products that sell less are not"))
    // Nodes above product level are all there, and no product left out sells more than one kept.
    let leaf = retailer.hierarchy.product.leafLevel
    #expect(some?.count { $0[0] as? Int != leaf } == all?.count { $0[0] as? Int != leaf })
    let kept = some?.filter { $0[0] as? Int == leaf }.compactMap { $0[4] as? Double }.min() ?? 0
    let sellingMore = all?.count { $0[0] as? Int == leaf && ($0[4] as? Double ?? 0) > kept }
    let keptCount = some?.count { $0[0] as? Int == leaf } ?? 0
    #expect((sellingMore ?? .max) < keptCount)
  }

  @Test func theSameInputGivesTheSamePage() throws {
    let retailer = SyntheticRetailer(productsPerDepartment: 1, historyDays: 90, draws: 10)
    #expect(try retailer.page() == retailer.page())
  }

  @Test func templatesOnDiskOverride() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("templates-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(throws: ReportTemplateError.noTemplates(path: folder.path)) { try ReportTemplates(folder: folder) }
    try "<p>{{title}}</p>{{{css}}}".write(
      to: folder.appendingPathComponent("report.html"), atomically: true, encoding: .utf8)
    let templates = try ReportTemplates(folder: folder)
    #expect(templates.css == ReportTemplates.embedded.css)
    let input = ReportInput(title: "A & B", hierarchy: tinyHierarchy(), run: tinyRun(horizon: 1))
    #expect(try HTMLReport(input: input, templates: templates).render() == "<p>A &amp; B</p>\(templates.css)")
    let broken = ReportTemplates(html: "{{#open}}", css: "", javaScript: "")
    #expect(throws: ReportTemplateError.self) { try HTMLReport(input: input, templates: broken).render() }
  }
}
