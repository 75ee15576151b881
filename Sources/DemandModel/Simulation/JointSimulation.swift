import DemandData
import Foundation

/// Joint draws of the sales of every series over the horizon, and with them of every node of the hierarchy.
///
/// Joint draw `m` of `M` takes archived draw `d = m % archivedDraws` of every series, which was sampled given stage-1
/// draw `d % keptDraws`, whose calendar, trend and shock scales it therefore takes too. All series of one draw share
/// its shocks (``GroupPaths``), so aggregates are as uncertain as they should be, and every aggregate is the sum of the
/// very draws of its series, to the unit. How the noise of a day is divided is told at ``NoiseBudget``, how a series goes
/// on at ``SeriesPath``.
///
/// Every random number comes from a stream keyed by what it is for, and sums are of integers: results do not depend on
/// threads or on the order of work.
///
/// - Complexity: O(series x horizon x draws) time, some 100 ns per series, day and draw; memory for
///   `groups x draws x horizon` factors and, per thread, `nodes above product level x draws x horizon` integers.
public struct JointSimulation: Sendable {
  let hierarchy: Hierarchy
  let horizon: Int
  let drawCount: Int
  let seed: UInt64
  let paths: GroupPaths
  let budget: NoiseBudget
  private let groupOfSeries: [Int]
  private let series: [SeriesPosterior]
  private let weekdays: [Int]
  /// By store.
  private let isClosed: [[Bool]]

  /// - Parameters:
  ///   - panel: the history; only its hierarchy, origin and calendar's closures are used.
  ///   - series: one per series of the panel; those without draws sell nothing.
  ///   - horizon: days ahead, covered by the groups' calendar.
  /// - Throws: ``SimulationError``.
  public init(
    panel: Panel, groups: GroupPosterior, series: [SeriesPosterior], specification: ModelSpecification, horizon: Int,
    seed: UInt64
  ) throws(SimulationError) {
    guard horizon >= 1 else { throw .noHorizon }
    guard specification.simulation.draws >= 1 else { throw .noDraws }
    guard series.count == panel.seriesCount, groups.groupOfSeries.count == panel.seriesCount else {
      throw .differentPanels(series: series.count, grouped: groups.groupOfSeries.count, panel: panel.seriesCount)
    }
    let firstAhead = panel.origin + 1 - groups.firstDay
    guard firstAhead >= 0, firstAhead + horizon <= groups.dayCount else {
      throw .calendarTooShort(ahead: max(0, groups.dayCount - firstAhead), horizon: horizon)
    }
    let archivedDraws = series.lazy.compactMap { $0.draws?.drawCount }.first ?? 1
    for posterior in series {
      if let found = posterior.draws?.drawCount, found != archivedDraws || found == 0 {
        throw .unevenDraws(found: found, expected: archivedDraws)
      }
    }
    hierarchy = panel.hierarchy
    self.horizon = horizon
    drawCount = specification.simulation.draws
    self.seed = seed
    self.series = series
    groupOfSeries = groups.groupOfSeries
    weekdays = (1...horizon).map { (panel.origin + $0).weekday }
    let location = panel.hierarchy.location
    isClosed = (0..<location.leafCount).map { store in
      let days = panel.calendar.closures.filter { $0.scope.contains(store: store, in: location) }.map(\.day)
      return (1...horizon).map { days.contains(panel.origin + $0) }
    }
    let week = firstAhead..<firstAhead + min(7, horizon)
    let inverseFactor = (0..<groups.keptDraws * groups.groups.count).map { block in
      week.reduce(0.0) { $0 + exp(-Double(groups.logCalendar[block * groups.dayCount + $1])) } / Double(week.count)
    }
    budget = NoiseBudget(groups: groups, series: series, drawCount: archivedDraws, inverseFactor: inverseFactor)
    paths = GroupPaths(
      groups: groups, hierarchy: panel.hierarchy, budget: budget, archivedDraws: archivedDraws, drawCount: drawCount,
      horizon: horizon, firstAhead: firstAhead, trendDamping: specification.simulation.trendDamping, seed: seed)
  }

  /// Forecasts of every node of every level pair.
  ///
  /// - Parameter emit: called on the calling thread with one batch after the other, in an order that is always the
  ///   same: the nodes of each product, product by product, then those above product level. The next batch is simulated
  ///   meanwhile.
  /// - Throws: ``Cancelled``, or what `emit` throws.
  public func run(control: RunControl = RunControl(), emit: ([NodeForecast]) throws -> Void) throws {
    let crew = SimulationCrew(simulation: self, threads: control.threads)
    let products = hierarchy.seriesByProduct()
    let round = 32 * control.threads
    var done = 0
    var pending = crew.start(Array(products.prefix(round)))
    while done < products.count {
      let finished = pending.wait()
      done += finished.count
      pending = crew.start(Array(products[done..<min(products.count, done + round)]))
      do {
        if control.isCancelled() { throw Cancelled() }
        for forecasts in finished { try emit(forecasts) }
      } catch {
        _ = pending.wait()
        throw error
      }
      control.progress(done, products.count)
    }
    try emit(crew.forecastsAboveProducts())
  }

  /// Units of one series on one joint draw, by day: exactly what ``run(control:emit:)`` summed.
  package func units(series index: Int, draw: Int) -> [Int] {
    guard let path = path(ofSeries: index) else { return [Int](repeating: 0, count: horizon) }
    var units = [Int32](repeating: 0, count: horizon)
    path.simulate(draw: draw, paths: paths, budget: budget, seed: seed, into: &units, at: 0, stride: 1)
    return units.map(Int.init)
  }

  /// Factors (calendar, trend and shared shocks) of one group on one joint draw, by day.
  package func factors(group: Int, draw: Int) -> [Double] {
    (0..<horizon).map { paths.factor(at: paths.start(group: group, draw: draw) + $0) }
  }

  /// Nil where the series is not on sale.
  func path(ofSeries index: Int) -> SeriesPath? {
    guard let draws = series[index].draws else { return nil }
    let it = hierarchy.series[index]
    let identity = StreamIdentity.hash(
      "series", hierarchy.product.leaves[it.product], hierarchy.location.leaves[it.store])
    return SeriesPath(
      draws: draws, group: groupOfSeries[index], identity: identity, isClosed: isClosed[it.store], weekdays: weekdays)
  }
}

/// Posteriors that cannot be simulated from together.
public enum SimulationError: Error, Hashable, Sendable, CustomStringConvertible {
  case noHorizon
  case noDraws
  case differentPanels(series: Int, grouped: Int, panel: Int)
  case calendarTooShort(ahead: Int, horizon: Int)
  case unevenDraws(found: Int, expected: Int)

  public var description: String {
    switch self {
    case .noHorizon: "a horizon of no days has no forecast: ask for at least 1 day"
    case .noDraws: "a simulation needs at least 1 draw: set simulation.draws"
    case .differentPanels(let series, let grouped, let panel):
      "\(series) series posteriors and \(grouped) grouped series do not belong to a panel of \(panel): fit it again"
    case .calendarTooShort(let ahead, let horizon):
      "the fitted calendar reaches \(ahead) days ahead and the horizon is \(horizon): fit with that horizon"
    case .unevenDraws(let found, let expected):
      "one series has \(found) archived draws where others have \(expected): fit all series with the same settings"
    }
  }
}
