import DemandData
import Foundation

/// How much noise each part of the simulation may add, so that none is counted twice.
///
/// Two likelihoods were fitted to the same days. A series' size `phi_i` describes all of its daily noise beyond
/// Poisson, which holds the shocks that it shares with others. A group's own daily shock (log scale `sigma`) describes
/// all of the group's noise beyond Poisson and the components' shocks, which holds the sum of its series' noise. With
/// relative variances (of mean one)
///
///     c = exp(sum of components' daily variances) - 1,   D = exp(sigma^2) - 1,
///     o = the simulated own shock's,                     1/phi'_i = the simulated series' own
///
/// and shares `w_i = mu_i / sum mu`, `mu_i = level_i P_i` with `P_i` the probability of being on the shelf, a product of
/// independent parts of mean one has
///
///     series i:   (1 + c) (1 + o) (1 + 1/phi'_i)                  to equal  1 + 1/phi_i
///     group:      (1 + c) (1 + o) (1 + sum_i u_i / phi'_i)        to equal  (1 + c) (1 + D),      u_i = w_i^2 / P_i
///
/// (a series off the shelf sells nothing, so its noise enters with `P_i level_i^2 = mu_i^2 / P_i`). The group's holds
/// given who is on the shelf: who that is adds `(1 + c) (1 + o) sum_i w_i^2 (1 / P_i - 1)`, which lasts for weeks and
/// is no daily noise. Both hold with
///
///     1 + o      = (1 + D - sum_i u_i (1 + 1/phi_i) / (1 + c)) / (1 - sum_i u_i)
///     1/phi'_i   = (1 + 1/phi_i) / ((1 + c) (1 + o)) - 1
///
/// cut to `0 <= o <= D` and `1/phi'_i >= 1e-6`. A cut means that one fit found more noise than the other leaves room
/// for: at `o = 0` the group gets noisier than fitted, at the smallest `1/phi'` the series does. Poisson noise adds to
/// either side alike.
///
/// Likewise the group's own weekly innovation (log variance `q`) holds what its series' levels do by themselves. A day's
/// sale moves `level_i` by the relative variance `alpha_i^2 (1 / (level_i s) + 1/phi'_i)`, so in a week the group's level
/// by `7 sum_i u_i` times that; the own innovation simulated has variance `max(0, q - 7 sum ...)`. Where a year-old
/// group of thousands of slow sellers has a smooth level, this is most of `q`.
struct NoiseBudget {
  /// Smallest `1/phi'`: as good as Poisson.
  static let smallestInverseSize = 1e-6

  private let groupCount: Int
  /// `[archived draw][group]`: log scales of the own daily and weekly shock to simulate, and `(1 + c) (1 + o)`.
  private(set) var ownDaily: [Double]
  private(set) var ownWeekly: [Double]
  private var sharedFactor: [Double]

  /// - Parameters:
  ///   - drawCount: archived draws per series; draw `d` belongs to stage-1 draw `d % keptDraws`.
  ///   - inverseFactor: `[stage-1 draw][group]`, mean of `1 / s` over the open days of the first week ahead.
  init(groups: GroupPosterior, series: [SeriesPosterior], drawCount: Int, inverseFactor: [Double]) {
    groupCount = groups.groups.count
    var members = [[SeriesDraws]](repeating: [], count: groupCount)
    for (index, posterior) in series.enumerated() {
      if let draws = posterior.draws { members[groups.groupOfSeries[index]].append(draws) }
    }
    ownDaily = []
    ownWeekly = []
    sharedFactor = []
    for draw in 0..<drawCount {
      let stage1 = draw % groups.keptDraws
      for group in 0..<groupCount {
        let own = stage1 * groupCount + group
        let components = groups.shocks.components.indices.reduce(0.0) {
          let scale = groups.shocks.daily[stage1 * groups.shocks.components.count + $1]
          return $0 + scale * scale
        }
        let budget = Self.budget(
          members[group], draw: draw, components: exp(components),
          group: exp(groups.shocks.ownDaily[own] * groups.shocks.ownDaily[own]),
          weekly: groups.shocks.ownWeekly[own] * groups.shocks.ownWeekly[own], inverseFactor: inverseFactor[own])
        ownDaily.append(log(budget.own).squareRoot())
        ownWeekly.append(budget.weekly.squareRoot())
        sharedFactor.append(exp(components) * budget.own)
      }
    }
  }

  /// `1/phi'` of a series of `group` whose fitted size is `size`.
  func inverseSize(size: Double, draw: Int, group: Int) -> Double {
    Self.inverseSize(size: size, shared: sharedFactor[draw * groupCount + group])
  }

  private static func inverseSize(size: Double, shared: Double) -> Double {
    max((1 + 1 / size) / shared - 1, smallestInverseSize)
  }

  /// `1 + o` and the own weekly variance, from `1 + c` and `1 + D`.
  private static func budget(
    _ members: [SeriesDraws], draw: Int, components: Double, group: Double, weekly: Double, inverseFactor: Double
  ) -> (own: Double, weekly: Double) {
    var total = 0.0
    for series in members { total += Double(series.value(.level, draw: draw) * series.value(.onShelf, draw: draw)) }
    guard total > 0 else { return (group, weekly) }
    /// `u_i` of a series: `level_i^2 P_i / (sum mu)^2`.
    func concentration(_ series: SeriesDraws) -> Double {
      let level = Double(series.value(.level, draw: draw)) / total
      return level * level * Double(series.value(.onShelf, draw: draw))
    }
    var sum = 0.0
    var noise = 0.0
    for series in members {
      let u = concentration(series)
      sum += u
      noise += u * (1 + 1 / Double(series.value(.size, draw: draw))) / components
    }
    let own = sum < 1 ? min(max((group - noise) / (1 - sum), 1), group) : 1
    var innovation = 0.0
    for series in members {
      let level = max(Double(series.value(.level, draw: draw)), SeriesPath.smallestMean)
      let alpha = Double(series.value(.alpha, draw: draw))
      let extra = inverseSize(size: Double(series.value(.size, draw: draw)), shared: components * own)
      innovation += concentration(series) * alpha * alpha * (inverseFactor / level + extra)
    }
    return (own, max(0, weekly - 7 * innovation))
  }
}
