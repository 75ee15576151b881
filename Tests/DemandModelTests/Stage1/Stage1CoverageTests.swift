import DemandData
import DemandModel
import Foundation
import NumericKernels
import Testing

/// Retailers drawn from the model's own priors: posterior intervals must cover the truth as often as they say.
@Suite struct Stage1CoverageTests {
  @Test func ninetyPercentIntervalsCoverNinetyPercent() throws {
    let hierarchy = try GroupRetailer.hierarchy(departments: 3, stores: 2)
    let specification = GroupRetailer.specification()
    let prior = try Stage1Prior(
      hierarchy: hierarchy, calendar: GroupRetailer.calendar, firstDay: GroupRetailer.firstDay, dayCount: 84,
      typicalUnits: 30, levelSpread: 0.5, specification: specification)
    var stage1 = specification.stage1
    (stage1.chains, stage1.warmup, stage1.draws, stage1.keptDraws) = (2, 150, 350, 4)
    stage1.extensions = 0
    let schedule = try Stage1Schedule(stage1)
    let names = Stage1Parameters(model: prior.model).names
    let retailers = 24
    var covered: [String: [Bool]] = [:]
    for retailer in 0..<retailers {
      var stream = RandomStream(
        seed: 2025, purpose: StreamPurpose.priorSimulation.rawValue, index: UInt64(retailer))
      let draw = prior.draw(using: &stream)
      let chains = try Stage1.run(
        model: prior.model.replacingCounts(draw.units), schedule: schedule, seed: UInt64(retailer),
        control: RunControl(threads: 2))
      for row in Stage1.diagnostics(names: names, chains: chains) {
        let kind = row.name.contains("scale") || row.name.hasPrefix("own") ? "scales" : "effects"
        let truth = try #require(draw.truth[row.name])
        covered[kind, default: []].append(row.q5 <= truth && truth <= row.q95)
      }
    }
    for (kind, outcomes) in covered {
      let inside = outcomes.filter { $0 }.count
      let share = Double(inside) / Double(outcomes.count)
      // Parameters of one retailer move together. As if only 6 of them were independent, the share's standard error
      // over 24 retailers is 2.5 %: the band of 5 % is two of them.
      #expect((0.85...0.95).contains(share), "\(kind): \(share) of \(outcomes.count)")
    }
  }
}
