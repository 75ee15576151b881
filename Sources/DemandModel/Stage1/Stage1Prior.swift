import DemandData
import Foundation
import Inference
import NumericKernels

/// Draws a retailer's groups from the model's own priors: scales, pooled effects, paths, shocks and counts.
///
/// What it returns as truth carries the names of ``GroupPosterior/diagnostics``, so posterior intervals can be checked
/// against it.
public struct Stage1Prior: Sendable {
  /// One retailer's groups.
  public struct Draw: Sendable {
    /// Units, `[group][day]`.
    public let counts: [Int]
    /// Log daily means, `[group][day]`, daily shocks included.
    public let logMean: [Double]
    /// True value of every parameter that stage 1 reports, by name.
    public let truth: [String: Double]
  }

  package let model: Stage1Model
  /// The groups, sorted, and the group of every series: as in ``GroupPosterior``.
  public var groups: [Node] { model.structure.groups }
  public var groupOfSeries: [Int] { model.structure.groupOfSeries }

  /// - Parameters:
  ///   - hierarchy: trees and series; the groups follow from it.
  ///   - calendar: events and closures.
  ///   - firstDay: first day of history.
  ///   - dayCount: days of history.
  ///   - typicalUnits: median daily units about which the groups' first levels are drawn.
  ///   - levelSpread: standard deviation of the first log level.
  ///   - specification: groups and calendar columns.
  /// - Throws: ``Stage1Error``.
  public init(
    hierarchy: Hierarchy, calendar: EventCalendar, firstDay: Day, dayCount: Int, typicalUnits: Double,
    levelSpread: Double = 0.5, specification: ModelSpecification = ModelSpecification()
  ) throws {
    guard dayCount >= 1 else { throw Stage1Error.noHistory(days: dayCount) }
    let structure = try GroupStructure(hierarchy: hierarchy, specification: specification.groups)
    var isObserved = [Bool](repeating: true, count: structure.groups.count * dayCount)
    for closure in calendar.closures {
      let day = closure.day - firstDay
      guard (0..<dayCount).contains(day) else { continue }
      for (group, location) in structure.locationOfGroup.enumerated()
      where structure.storesOfLocation[location].allSatisfy({
        closure.scope.contains(store: $0, in: hierarchy.location)
      }) {
        isObserved[group * dayCount + day] = false
      }
    }
    let history = GroupHistory(
      firstDay: firstDay, dayCount: dayCount, counts: [Double](repeating: 0, count: isObserved.count),
      isObserved: isObserved)
    var scales = Stage1PriorScales()
    scales.firstLevel = levelSpread
    model = Stage1Model(
      structure: structure, history: history, calendar: calendar, location: hierarchy.location, horizon: 1,
      specification: specification.calendar, prior: scales,
      levelCentre: [Double](repeating: log(typicalUnits), count: structure.groups.count))
  }

  /// One retailer; closed days have no sales.
  public func draw(using stream: inout RandomStream) -> Draw {
    let state = Stage1State(priorOf: model, using: &stream)
    let parameters = Stage1Parameters(model: model)
    var counts: [Int] = []
    counts.reserveCapacity(state.rate.count)
    for cell in state.rate.indices {
      counts.append(model.history.isObserved[cell] ? stream.poisson(min(state.rate[cell], 1e8)) : 0)
    }
    let values = parameters.values(of: state)
    return Draw(
      counts: counts, logMean: state.logRate, truth: Dictionary(zip(parameters.names, values)) { first, _ in first })
  }
}

extension Stage1Prior.Draw {
  /// The counts as the model takes them.
  package var units: [Double] { counts.map(Double.init) }
}

extension Stage1State {
  /// A draw of every unknown from the priors.
  package init(priorOf model: Stage1Model, using stream: inout RandomStream) {
    self.init(model: model)
    let (groups, days, weeks) = (model.groupCount, model.dayCount, model.weekCount)
    let (columns, nodes) = (model.columnCount, model.effects.effectCount)
    func scale(_ prior: Double) -> Double { prior * abs(stream.normal()) }
    func daily(_ prior: Double) -> Double { Stage1PriorScales.daily(prior, using: &stream) }
    func scales(_ prior: CrossedEffects.Scales) -> CrossedEffects.Scales {
      let levels = prior.levels.map { scale($0) }
      return CrossedEffects.Scales(levels: levels, own: scale(prior.own))
    }
    func fill(_ range: Range<Int>, of effects: inout [Double], byNode scales: [Double]) {
      for (index, scale) in zip(range, scales) { effects[index] = scale * stream.normal() }
    }
    for (index, block) in model.blocks.enumerated() {
      coefficientScales[index] = scales(model.coefficientPrior(block.block))
      let byNode = model.scalesByNode(coefficientScales[index].levels)
      for column in block.columns {
        fill(column * nodes..<(column + 1) * nodes, of: &pooled, byNode: byNode)
        for group in 0..<groups {
          let mean = model.nodes(ofGroup: group).reduce(0) { $0 + pooled[column * nodes + $1] }
          coefficients[group * columns + column] = mean + coefficientScales[index].own * stream.normal()
        }
      }
    }
    weeklyScales = scales(model.weeklyPrior)
    drawWeeklyRatios(model: model, using: &stream)
    let weeklyByNode = weeklyScalesByNode(model: model)
    for week in stride(from: 1, to: weeks, by: 1) {
      fill(week * nodes..<(week + 1) * nodes, of: &weeklyShocks, byNode: weeklyByNode)
    }
    for component in dailyScales.indices { dailyScales[component] = daily(model.prior.daily) }
    for group in 0..<groups { ownDaily[group] = daily(model.prior.ownDaily) }
    let dailyByNode = model.scalesByNode(dailyScales)
    for day in 0..<days { fill(day * nodes..<(day + 1) * nodes, of: &dailyShocks, byNode: dailyByNode) }
    updateDailyShift(model: model)
    for group in 0..<groups {
      let above = model.nodes(ofGroup: group)
      var current = model.levelCentre[group] + model.prior.firstLevel * stream.normal()
      level[group * weeks] = current
      for week in stride(from: 1, to: weeks, by: 1) {
        current += above.reduce(weeklyScales.own * stream.normal()) { $0 + weeklyShocks[week * nodes + $1] }
        level[group * weeks + week] = current
      }
      updateFit(group: group, model: model)
      for day in 0..<days {
        let cell = group * days + day
        let mean = level[group * weeks + model.weekOfDay[day]] + fit[cell] + dailyShift[cell]
        logRate[cell] = mean + ownDaily[group] * stream.normal()
        rate[cell] = exp(logRate[cell])
      }
    }
  }
}
