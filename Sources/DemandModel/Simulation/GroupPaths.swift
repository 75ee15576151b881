import DemandData
import Foundation
import NumericKernels

/// Daily factors of every group on every joint draw: calendar, damped trend and shared shocks, over the horizon.
///
/// Draw `m` takes calendar, trend and scales of one stage-1 draw. Every component's node, and every group by itself,
/// walks at random with a step at the start of each week after the origin, and has an independent shock each day:
///
///     log factor_h = calendar_h + trend sum_{j=1..w} damping^j + sum_c (W_c,w + E_c,h) + own,    w = ceil(h / 7)
///
/// each shock with half its accumulated variance `w weekly^2 + daily^2` taken off, so the factor of the shocks has mean
/// one at every horizon. A node's shocks come from the stream keyed by (seed, node, draw), day by day: a longer horizon
/// goes on where a shorter one ends.
struct GroupPaths {
  let horizon: Int
  let drawCount: Int
  /// `[group][draw][day]`.
  private let factors: [Float]

  init(
    groups: GroupPosterior, hierarchy: Hierarchy, budget: NoiseBudget, archivedDraws: Int, drawCount: Int, horizon: Int,
    firstAhead: Int, trendDamping: Double, seed: UInt64
  ) {
    self.horizon = horizon
    self.drawCount = drawCount
    let groupCount = groups.groups.count
    let shocks = groups.shocks
    let identities = groups.groups.map { StreamIdentity.node($0, in: hierarchy) }
    let damped = Self.dampedWeeks(horizon: horizon, damping: trendDamping)
    var factors = [Float](repeating: 0, count: groupCount * drawCount * horizon)
    var path = [Double](repeating: 0, count: horizon)
    for draw in 0..<drawCount {
      let archived = draw % archivedDraws
      let stage1 = archived % groups.keptDraws
      var components: [[Double]] = []
      var weekly = stage1 * shocks.nodeCount
      for (index, component) in shocks.components.enumerated() {
        let daily = shocks.daily[stage1 * shocks.components.count + index]
        var paths: [Double] = []
        for node in 0..<component.nodeCount {
          Self.walk(
            &path, weekly: shocks.weekly[weekly], daily: daily,
            stream: Self.stream(seed, StreamIdentity.hash("component", component.name, String(node)), draw))
          paths += path
          weekly += 1
        }
        components.append(paths)
      }
      for group in 0..<groupCount {
        let own = archived * groupCount + group
        Self.walk(
          &path, weekly: budget.ownWeekly[own], daily: budget.ownDaily[own],
          stream: Self.stream(seed, identities[group], draw))
        let calendar = groups.calendarRange(draw: stage1, group: group).lowerBound + firstAhead
        let trend = groups.weeklyTrend[stage1 * groupCount + group]
        let start = (group * drawCount + draw) * horizon
        for day in 0..<horizon {
          var exponent = path[day] + Double(groups.logCalendar[calendar + day]) + trend * damped[day]
          for (index, component) in shocks.components.enumerated() {
            exponent += components[index][component.nodeOfGroup[group] * horizon + day]
          }
          factors[start + day] = Float(exp(exponent))
        }
      }
    }
    self.factors = factors
  }

  /// Position of the first day of a group's draw in ``factor(at:)``.
  func start(group: Int, draw: Int) -> Int { (group * drawCount + draw) * horizon }
  func factor(at position: Int) -> Double { Double(factors[position]) }

  private static func stream(_ seed: UInt64, _ identity: UInt64, _ draw: Int) -> RandomStream {
    RandomStream(seed: seed, purpose: StreamPurpose.sharedShocks.rawValue, index: identity, draw: UInt64(draw))
  }

  /// Log shocks of one node over the horizon; exponentials have mean one.
  static func walk(_ path: inout [Double], weekly: Double, daily: Double, stream: RandomStream) {
    var stream = stream
    var level = 0.0
    for day in path.indices {
      if day % 7 == 0 { level += weekly * stream.normal() - weekly * weekly / 2 }
      path[day] = level + daily * stream.normal() - daily * daily / 2
    }
  }

  /// `sum_{j=1..w} damping^j` of every day ahead.
  static func dampedWeeks(horizon: Int, damping: Double) -> [Double] {
    var sum = 0.0
    var power = 1.0
    return (0..<horizon).map { day in
      if day % 7 == 0 {
        power *= damping
        sum += power
      }
      return sum
    }
  }
}
