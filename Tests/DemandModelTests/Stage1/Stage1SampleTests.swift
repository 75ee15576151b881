import DemandData
import DemandModel
import Foundation
import NumericKernels
import Testing

@Suite struct Stage1SampleTests {
  private func panel(dayCount: Int = 60, calendar: EventCalendar = GroupRetailer.calendar) throws -> Panel {
    let hierarchy = try GroupRetailer.hierarchy(departments: 3, stores: 2)
    let prior = try Stage1Prior(
      hierarchy: hierarchy, calendar: calendar, firstDay: GroupRetailer.firstDay, dayCount: dayCount,
      typicalUnits: 40, specification: GroupRetailer.specification())
    var stream = RandomStream(seed: 5, purpose: StreamPurpose.priorSimulation.rawValue)
    // Groups are sorted by department and store, as the series are.
    let counts = prior.draw(using: &stream).counts
    return GroupRetailer.panel(hierarchy: hierarchy, calendar: calendar, dayCount: dayCount, counts: counts)
  }

  private var specification: ModelSpecification {
    var specification = GroupRetailer.specification()
    (specification.stage1.chains, specification.stage1.warmup) = (3, 10)
    (specification.stage1.draws, specification.stage1.keptDraws) = (10, 8)
    specification.stage1.extensions = 0
    return specification
  }

  @Test func threadsChangeNoBit() throws {
    let panel = try self.panel()
    let one = try Stage1.sample(panel: panel, specification: specification, horizon: 14, seed: 9)
    let three = try Stage1.sample(
      panel: panel, specification: specification, horizon: 14, seed: 9, control: RunControl(threads: 3))
    #expect(one == three)
    let other = try Stage1.sample(panel: panel, specification: specification, horizon: 14, seed: 10)
    #expect(one.logCalendar != other.logCalendar)
  }

  @Test func posteriorHasTheShapesOfItsContract() throws {
    let posterior = try Stage1.sample(panel: try panel(), specification: specification, horizon: 14, seed: 1)
    #expect(posterior.groups.count == 6 && posterior.keptDraws == 8 && posterior.dayCount == 74)
    #expect(posterior.firstDay == GroupRetailer.firstDay)
    // Six groups of three departments in two stores: category {0, 2}, {1}; department; store (region says the same).
    #expect(posterior.shocks.components.map(\.name) == ["total", "category", "department", "region"])
    #expect(posterior.shocks.weekly.count == 8 * posterior.shocks.nodeCount && posterior.shocks.ownDaily.count == 8 * 6)
    let isFinite = posterior.logCalendar.allSatisfy { $0.isFinite }
    #expect(isFinite)
    // The weekly profile repeats beyond the last event, but for the slow annual cycle.
    let range = posterior.calendarRange(draw: 0, group: 0)
    let calendar = posterior.logCalendar[range].map(Double.init)
    #expect(abs(calendar[60] - calendar[67]) < 0.2 && calendar[60] != 0)
    let names = Set(posterior.diagnostics.map(\.name))
    for name in [
      "weekly_scale[region]", "weekly_scale[department|D1]", "weekly_scale[own]", "daily_scale[total]",
      "own_daily[D0|S0]", "level[D2|S1]",
      "trend[D1|S0]", "calendar[saturday|all]", "calendar[saturday|D0|S0]", "calendar[Feast-1|all]",
      "calendar_scale[weekday,department]", "calendar_scale[event,own]",
    ] {
      #expect(names.contains(name), "\(name)")
    }
  }

  @Test func aGroupThatNeverSoldIsSampledAndStaysLow() throws {
    let full = try panel()
    var units = full.units
    for cell in full.cells(ofSeries: 2) { units[cell] = 0 }
    let panel = Panel(
      hierarchy: full.hierarchy, firstDay: full.firstDay, dayCount: full.dayCount, units: units, status: full.status,
      startIsKnown: full.startIsKnown, prices: full.prices, calendar: full.calendar)
    let posterior = try Stage1.sample(panel: panel, specification: specification, horizon: 7, seed: 1)
    let name = posterior.groups[2]
    let names = panel.hierarchy.names(of: name)
    let level = try #require(posterior.diagnostics.first { $0.name == "level[\(names.product)|\(names.location)]" })
    #expect(level.q95 < 0)
  }

  @Test func aSingleGroupHasNoSharedShocks() throws {
    let hierarchy = try GroupRetailer.hierarchy(departments: 1, stores: 1)
    let counts = (0..<40).map { 10 + $0 % 7 }
    let panel = GroupRetailer.panel(
      hierarchy: hierarchy, calendar: EventCalendar(), dayCount: 40, counts: counts)
    let posterior = try Stage1.sample(panel: panel, specification: specification, horizon: 7, seed: 1)
    #expect(posterior.shocks.components.isEmpty && posterior.shocks.ownWeekly.count == 8)
    let isFinite = posterior.logCalendar.allSatisfy { $0.isFinite }
    #expect(isFinite)
  }

  @Test func implausibleZerosAndClosuresAreMasked() throws {
    let full = try panel()
    var units = full.units
    units[full.cells(ofSeries: 1).lowerBound + 30] = 0
    let panel = Panel(
      hierarchy: full.hierarchy, firstDay: full.firstDay, dayCount: full.dayCount, units: units, status: full.status,
      startIsKnown: full.startIsKnown, prices: full.prices, calendar: full.calendar)
    let history = try Stage1.model(panel: panel, specification: specification, horizon: 7).history
    #expect(!history.isObserved[60 + 30] && history.isObserved[60 + 31])
    // S0 alone is shut on day 15, everything on day 16.
    let day15: [Bool] = (0..<6).map { history.isObserved[$0 * 60 + 15] }
    let day16: [Bool] = (0..<6).map { history.isObserved[$0 * 60 + 16] }
    #expect(day15 == [false, true, false, true, false, true])
    #expect(!day16.contains(true))
    #expect(history.implausibleZeros >= 1)
  }

  @Test func historyIsCutToItsLastDays() throws {
    var specification = specification
    specification.stage1.historyDays = 35
    let posterior = try Stage1.sample(panel: try panel(), specification: specification, horizon: 7, seed: 1)
    #expect(posterior.firstDay == GroupRetailer.firstDay + 25 && posterior.dayCount == 42)
  }

  @Test func errorsSayWhatWouldMendThem() throws {
    let panel = try self.panel()
    #expect(throws: Stage1Error.invalidHorizon(0)) {
      try Stage1.sample(panel: panel, specification: specification, horizon: 0, seed: 1)
    }
    var wrong = specification
    wrong.groups.productLevel = "aisle"
    let unknown = Stage1Error.unknownLevel(
      name: "aisle", tree: "product", known: ["all", "category", "department", "product"])
    #expect(throws: unknown) { try Stage1.sample(panel: panel, specification: wrong, horizon: 7, seed: 1) }
    #expect(unknown.description.contains("department"))
    let shut = Panel(
      hierarchy: panel.hierarchy, firstDay: panel.firstDay, dayCount: panel.dayCount,
      units: panel.units.map { _ in 0 }, status: panel.status.map { _ in DayStatus.closed.rawValue },
      startIsKnown: panel.startIsKnown, prices: panel.prices, calendar: panel.calendar)
    #expect(throws: Stage1Error.noHistory(days: 60)) {
      try Stage1.sample(panel: shut, specification: specification, horizon: 7, seed: 1)
    }
    var few = specification
    few.stage1.keptDraws = 1000
    #expect(throws: Stage1Error.self) { try Stage1.sample(panel: panel, specification: few, horizon: 7, seed: 1) }
    #expect(throws: Cancelled.self) {
      try Stage1.sample(
        panel: panel, specification: specification, horizon: 7, seed: 1, control: RunControl(isCancelled: { true }))
    }
  }

  @Test func chainsGoOnUntilTheyAgree() throws {
    var extended = specification
    extended.stage1.extensions = 1
    extended.stage1.rhatTarget = 1e9
    let panel = try panel()
    func draws(_ specification: ModelSpecification) throws -> [Stage1.ChainDraws] {
      try Stage1.run(
        model: Stage1.model(panel: panel, specification: specification, horizon: 7),
        schedule: Stage1Schedule(specification.stage1), seed: 1, control: RunControl(threads: 2))
    }
    let plain = try draws(specification)
    // A target that is reached costs nothing; one that is not doubles the sweeps and drops every second draw.
    #expect(try draws(extended).map(\.values) == plain.map(\.values))
    extended.stage1.rhatTarget = 1
    let onward = try draws(extended)
    var longer = specification
    longer.stage1.draws = 20
    let whole = try draws(longer)
    for (onward, whole) in zip(onward, whole) {
      #expect(onward.values == stride(from: 1, to: 20, by: 2).map { whole.values[$0] })
      #expect(onward.kept.count == whole.kept.count && onward.kept.last?.ownDaily == whole.kept.last?.ownDaily)
    }
    #expect(onward.map(\.values) != plain.map(\.values))
  }

  @Test func keptDrawsAreSpacedAndComeFromAllChains() throws {
    var stage1 = ModelSpecification.Stage1()
    (stage1.chains, stage1.draws, stage1.keptDraws) = (4, 500, 30)
    let schedule = try Stage1Schedule(stage1)
    let counts: [Int] = (0..<4).map { schedule.keptPositions(chain: $0).count }
    #expect(counts == [8, 8, 7, 7])
    #expect(schedule.keptPositions(chain: 0) == [61, 124, 186, 249, 311, 374, 436, 499])
  }
}
