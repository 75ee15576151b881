import DemandData
import DemandModel
import Foundation
import RetailSimulator
import Testing

/// Five groups' worth of a year or less: enough for a fit of seconds.
private func smallModelOptions() -> ModelRetailerOptions {
  var options = ModelRetailerOptions()
  (options.regions, options.stores, options.categories) = (1, 2, 1)
  (options.departments, options.products, options.days) = (2, 6, 112)
  options.seed = 11
  options.specification.calendar.annualHarmonics = 0
  options.specification.calendar.weekendHarmonics = 0
  options.specification.calendar.partsOfMonth = false
  options.specification.stage1.chains = 2
  options.specification.stage1.warmup = 150
  options.specification.stage1.draws = 200
  options.specification.stage1.extensions = 0
  return options
}

@Suite struct ModelRetailerTests {
  @Test func productsSumToTheGroupsCounts() throws {
    let retailer = try ModelRetailer(smallModelOptions())
    let drawn = retailer.draw(3)
    let panel = drawn.panel
    let pair = try #require(panel.hierarchy.levelPair(named: "department:store"))
    let (nodes, nodeOfSeries) = panel.hierarchy.membership(at: pair)
    var sums = [Int](repeating: 0, count: nodes.count * panel.dayCount)
    var shares = [Double](repeating: 0, count: nodes.count)
    for series in 0..<panel.seriesCount {
      shares[nodeOfSeries[series]] += drawn.shares[series]
      for (day, cell) in panel.cells(ofSeries: series).enumerated() {
        sums[nodeOfSeries[series] * panel.dayCount + day] += Int(panel.units[cell])
      }
    }
    #expect(sums == drawn.groupCounts)
    #expect(sums.reduce(0, +) > 1000)
    #expect(shares.allSatisfy { abs($0 - 1) < 1e-12 })
    // Shares of what was sold, within four binomial standard errors.
    for series in 0..<panel.seriesCount {
      let group = nodeOfSeries[series]
      let total = Double(sums[group * panel.dayCount..<(group + 1) * panel.dayCount].reduce(0, +))
      let own = Double(panel.units[panel.cells(ofSeries: series)].reduce(0) { $0 + Int($1) })
      let share = drawn.shares[series]
      #expect(abs(own - total * share) < 4 * (total * share * (1 - share)).squareRoot() + 1)
    }
  }

  @Test func numbersAreRetailersOfTheirOwnAndRepeat() throws {
    let retailer = try ModelRetailer(smallModelOptions())
    #expect(retailer.draw(1).panel.units == retailer.draw(1).panel.units)
    #expect(retailer.draw(1).panel.units != retailer.draw(2).panel.units)
    #expect(retailer.draw(1).truth != retailer.draw(2).truth)
  }

  @Test func deliveredFilesHoldThePanelAndTheTruthByTheFitsNames() throws {
    let directory = TemporaryDirectory()
    let retailer = try ModelRetailer(smallModelOptions())
    let summary = try retailer.write(to: directory.path)
    let drawn = retailer.draw()
    let panel = drawn.panel
    let sales = try DeliveredTable("sales.csv", in: directory)
    let tree = panel.hierarchy
    var expected: [String] = []
    for day in 0..<panel.dayCount {
      for (index, series) in tree.series.enumerated() {
        let cell = index * panel.dayCount + day
        if panel.status[cell] == DayStatus.closed.rawValue { continue }
        let names = "\(tree.product.leaves[series.product]),\(tree.location.leaves[series.store])"
        expected.append("\((panel.firstDay + day).iso),\(names),\(panel.units[cell]),,0,ok")
      }
    }
    #expect(sales.rows.map { $0.joined(separator: ",") } == expected)
    #expect(summary.salesRows == expected.count && expected.count == 12 * 111)

    struct Truth: Decodable {
      let parameters: [String: Double]
    }
    let json = try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/truth.json"))
    let truth = try JSONDecoder().decode(Truth.self, from: json)
    #expect(truth.parameters == drawn.truth)
    var brief = retailer.options.specification
    (brief.stage1.chains, brief.stage1.warmup, brief.stage1.draws, brief.stage1.keptDraws) = (1, 0, 4, 1)
    let posterior = try Stage1.sample(panel: panel, specification: brief, horizon: 1, seed: 1)
    #expect(Set(posterior.diagnostics.map(\.name)) == Set(truth.parameters.keys))
  }

  @Test func optionsAreChecked() {
    var options = smallModelOptions()
    options.typicalUnits = 0
    #expect(throws: RetailerError.self) { try ModelRetailer(options) }
    options = smallModelOptions()
    options.stores = 0
    #expect(throws: RetailerError.self) { try ModelRetailer(options) }
    #expect(throws: RetailerError.self) { try CoverageStudy(retailers: 0) }
  }
}

@Suite struct CoverageStudyTests {
  @Test func intervalsCoverTheTruthOfThinnedRetailers() throws {
    let study = try CoverageStudy(retailers: 12, options: smallModelOptions())
    let result = try study.run(control: RunControl(threads: 2))
    let all = try #require(result.row("all"))
    let effects = try #require(result.row("calendar[group]"))
    let error = try #require(all.standardError90)
    // Twelve retailers: within four standard errors over retailers, themselves known to a fifth.
    #expect(abs(all.inside90 - 0.9) < 4 * max(error, 0.01), "\(result.rows)")
    #expect(effects.inside90 > 0.82 && effects.inside90 < 0.97, "\(result.rows)")
    #expect(abs(all.inside50 - 0.5) < 0.12, "\(result.rows)")
  }

  @Test func kindsAreNamesWithoutIndex() {
    #expect(CoverageStudy.kind(of: "weekly_scale[store]") == "weekly_scale")
    #expect(CoverageStudy.kind(of: "calendar[saturday|all]") == "calendar[all]")
    #expect(CoverageStudy.kind(of: "calendar[saturday|FRESH_DAIRY|N1]") == "calendar[group]")
  }
}
