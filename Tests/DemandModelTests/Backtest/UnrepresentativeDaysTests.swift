import DemandData
import DemandModel
import NumericKernels
import Testing

/// Days that an annotation calls not representative: no likelihood sees them, and no forecast follows them.
@Suite struct UnrepresentativeDaysTests {
  private static let horizon = 14
  private static let days = 200
  private static let strike = days - 7..<days

  /// Two products in two stores; in the last week store `s` sells a tenth of what it would.
  private static func panel(strikes: Bool) throws -> Panel {
    let plain = try BacktestTests.panel(days: days)
    var units = plain.units
    for (index, series) in plain.hierarchy.series.enumerated() where strikes && series.store == 0 {
      for day in strike { units[index * days + day] /= 10 }
    }
    return Panel(
      hierarchy: plain.hierarchy, firstDay: plain.firstDay, dayCount: days, units: units, status: plain.status,
      startIsKnown: plain.startIsKnown, prices: plain.prices, calendar: plain.calendar)
  }

  private static func annotation(_ panel: Panel) -> UnrepresentativeDays {
    UnrepresentativeDays(
      node: NodeNames(productLevel: "all", product: "all", locationLevel: "store", location: "s"),
      from: panel.firstDay + strike.lowerBound, through: panel.origin)
  }

  private struct Fit {
    /// Units expected in the horizon, by node.
    var forecasts: [Node: Double] = [:]
    let groups: GroupPosterior
    let series: [SeriesPosterior]
  }

  private static func fit(_ panel: Panel) throws -> Fit {
    let specification = BacktestTests.specification
    let groups = try Stage1.sample(panel: panel, specification: specification, horizon: horizon, seed: 3)
    let series = try Stage2.sample(
      panel: panel, groups: groups, specification: specification, horizon: horizon, seed: 3,
      control: RunControl())
    var fit = Fit(groups: groups, series: series.series)
    let simulation = try JointSimulation(
      panel: panel, groups: groups, series: series.series, specification: specification, horizon: horizon, seed: 3)
    try simulation.run { forecasts in
      for forecast in forecasts { fit.forecasts[forecast.node] = forecast.days.reduce(0) { $0 + $1.mean } }
    }
    return fit
  }

  @Test func maskedDaysAreUnknownWhereTheNodeIs() throws {
    let panel = try Self.panel(strikes: true)
    let masked = panel.masking([Self.annotation(panel)])
    for (index, series) in panel.hierarchy.series.enumerated() {
      for day in 0..<Self.days {
        let cell = index * Self.days + day
        let isMasked = series.store == 0 && Self.strike.contains(day)
        #expect(masked.status[cell] == (isMasked ? DayStatus.unknown : .sold).rawValue)
        #expect(masked.units[cell] == (isMasked ? 0 : panel.units[cell]))
      }
    }
    // Days outside of the panel, and nodes that are not there, do nothing.
    let node = NodeNames(productLevel: "product", product: "z", locationLevel: "all", location: "all")
    let nothing = panel.masking([
      UnrepresentativeDays(node: node, from: panel.firstDay, through: panel.origin),
      UnrepresentativeDays(node: Self.annotation(panel).node, from: panel.origin + 1, through: panel.origin + 9),
      UnrepresentativeDays(node: Self.annotation(panel).node, from: panel.firstDay - 9, through: panel.firstDay - 1),
    ])
    #expect(nothing.status == panel.status && nothing.units == panel.units)
  }

  /// A strike in the last week drags level and forecast down; annotated, both are what they were without it.
  @Test func forecastsDoNotFollowAnAnnotatedStrike() throws {
    let struck = try Self.panel(strikes: true)
    let without = try Self.fit(try Self.panel(strikes: false))
    let seen = try Self.fit(struck)
    let masked = try Self.fit(struck.masking([Self.annotation(struck)]))
    let pair = try #require(struck.hierarchy.levelPair(named: "department:store"))
    let group = Node(pair: pair, product: 0, location: 0)
    let other = Node(pair: pair, product: 0, location: 1)
    // Both stages changed: the groups' posterior, and the draws of the store's series.
    #expect(seen.groups.logCalendar != masked.groups.logCalendar)
    for (index, series) in struck.hierarchy.series.enumerated() where series.store == 0 {
      #expect(seen.series[index].draws != masked.series[index].draws)
    }
    let expected = try #require(without.forecasts[group])
    let followed = try #require(seen.forecasts[group])
    let kept = try #require(masked.forecasts[group])
    // 14 days at 4 x 5/7 + 9 x 2/7 units times 1 and 3: 304 by the simulator's own rates.
    #expect(abs(expected - 304) < 45, "\(expected)")
    #expect(abs(kept - 304) < 45, "\(kept)")
    #expect(followed < 0.8 * kept, "\(followed) against \(kept)")
    for index in struck.hierarchy.series.indices where struck.hierarchy.series[index].store == 0 {
      let node = struck.hierarchy.node(ofSeries: index, at: struck.hierarchy.seriesPair)
      let (with, without) = (try #require(seen.forecasts[node]), try #require(masked.forecasts[node]))
      #expect(with < 0.85 * without, "series \(index): \(with) against \(without)")
    }
    // The store next door had no strike.
    #expect(abs(try #require(masked.forecasts[other]) - (try #require(without.forecasts[other]))) < 60)
  }
}
