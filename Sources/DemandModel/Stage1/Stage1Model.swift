import DemandData
import Foundation
import Inference
import NumericKernels

/// Everything about stage 1 that does not change while it is sampled: data, design, priors and their cross products.
///
///     y_gt ~ Poisson(exp(eta_gt))                                       on observed days
///     eta_gt = L_g,w(t) + x_t' b_g + Σ_c delta_c,node_c(g),t + e_gt     e_gt ~ N(0, ownDaily_g²), delta ~ N(0, daily_c²)
///     L_g,w - L_g,w-1 = Σ_c d_c,node_c(g),w + own_gw                    own ~ N(0, ownWeekly²), d ~ N(0, (weekly_c r_node)²)
///     b_gk = Σ_c u_c,node_c(g),k + own_gk                               own ~ N(0, tau_block,own²), u ~ N(0, tau_block,c²)
///
/// Relative scales of columns are within the rows x. Weeks are aligned to the origin: the last week ends on it, the
/// first may be short.
package struct Stage1Model: Sendable {
  package let structure: GroupStructure
  package private(set) var history: GroupHistory
  package let design: CalendarDesign
  package let prior: Stage1PriorScales
  package let horizon: Int
  /// Centres of the first levels' priors.
  package let levelCentre: [Double]

  package let weekCount: Int
  package let weekOfDay: [Int]
  /// Tree levels above the groups, as crossed effects over the groups.
  package let effects: CrossedEffects
  /// Calendar blocks that have columns, with them.
  package let blocks: [(block: CalendarBlock, columns: [Int])]
  /// Columns that a weekly path could imitate, and which are drawn together with it: all but weekdays and events.
  package let slowColumns: [Int]

  /// Groups of one kind have the same design rows and the same observed days, so they share all cross products.
  package let kindOfGroup: [Int]
  /// Sums over a kind's observed days: `X' X` (row-major), observed days by week, slow columns by week.
  package let gram: [[Double]]
  /// Eigenvalues and eigenvectors of each block's part of `X' X`, by kind and block.
  let spectra: [[SymmetricEigen]]
  package let daysInWeek: [[Double]]
  package let slowInWeek: [[Double]]
  /// log(y), or log(1/2) where y is 0.
  private(set) var logCounts: [Double]

  private static let slowBlocks: [CalendarBlock] = [
    .weekendBySeason, .annual, .benefit, .benefitLastYear, .monthPart, .trend,
  ]

  private struct Kind: Hashable {
    let rows: Int
    let isObserved: [Bool]
  }

  package var groupCount: Int { structure.groups.count }
  package var dayCount: Int { history.dayCount }
  package var columnCount: Int { design.columns.count }
  package var componentCount: Int { structure.components.count }
  func rows(ofGroup group: Int) -> SparseRows { design.rows[design.rowsOfLocation[structure.locationOfGroup[group]]] }

  /// - Parameter levelCentre: centres of the first levels' priors; nil takes the log of each group's mean.
  package init(
    structure: GroupStructure, history: GroupHistory, calendar: EventCalendar, location: Tree, horizon: Int,
    specification: ModelSpecification.Calendar, prior: Stage1PriorScales = Stage1PriorScales(),
    levelCentre: [Double]? = nil
  ) {
    self.structure = structure
    self.history = history
    self.prior = prior
    self.horizon = horizon
    let groups = structure.groups.count
    let days = history.dayCount
    let origin = history.firstDay + (days - 1)
    let allDays = (0..<days + horizon).map { history.firstDay + $0 }
    let design = CalendarDesign(
      contexts: structure.storesOfLocation.map { stores in
        CalendarContext(
          days: allDays, origin: origin, specification: specification, calendar: calendar, tree: location,
          stores: stores)
      })
    self.design = design
    let weeks = (days + 6) / 7
    weekCount = weeks
    let weekOfDay = (0..<days).map { weeks - 1 - (days - 1 - $0) / 7 }
    self.weekOfDay = weekOfDay
    effects = CrossedEffects(unitCount: groups, levels: structure.components.map(\.nodeOfGroup))
    blocks = CalendarBlock.allCases.map { ($0, design.columns(of: $0)) }.filter { !$0.1.isEmpty }
    let slow = Self.slowBlocks.flatMap { design.columns(of: $0) }.sorted()
    slowColumns = slow

    var kinds: [Kind: Int] = [:]
    var kindOfGroup: [Int] = []
    var gram: [[Double]] = []
    var daysInWeek: [[Double]] = []
    var slowInWeek: [[Double]] = []
    var centres: [Double] = []
    for group in 0..<groups {
      var units = 0.5
      var observed = 0.5
      for cell in group * days..<(group + 1) * days where history.isObserved[cell] {
        units += history.counts[cell]
        observed += 1
      }
      centres.append(log(units / observed))
      let kind = Kind(
        rows: design.rowsOfLocation[structure.locationOfGroup[group]],
        isObserved: Array(history.isObserved[group * days..<(group + 1) * days]))
      if let known = kinds[kind] {
        kindOfGroup.append(known)
        continue
      }
      kindOfGroup.append(kinds.count)
      kinds[kind] = kinds.count
      let observedDays = (0..<days).filter { kind.isObserved[$0] }
      let rows = design.rows[kind.rows]
      gram.append(rows.gram(days: observedDays))
      var count = [Double](repeating: 0, count: weeks)
      for day in observedDays { count[weekOfDay[day]] += 1 }
      daysInWeek.append(count)
      slowInWeek.append(rows.sumsByWeek(days: observedDays, weekOfDay: weekOfDay, columns: slow))
    }
    self.kindOfGroup = kindOfGroup
    self.gram = gram
    let (blocks, size) = (blocks, design.columns.count)
    spectra = gram.map { gram in
      blocks.map { block in
        SymmetricEigen(
          block.columns.flatMap { row in block.columns.map { gram[row * size + $0] } }, size: block.columns.count)
      }
    }
    self.daysInWeek = daysInWeek
    self.slowInWeek = slowInWeek
    self.levelCentre = levelCentre ?? centres
    logCounts = history.counts.map { log(max($0, 0.5)) }
  }

  /// Half-normal scales of tau for a block: every component, then own.
  package func coefficientPrior(_ block: CalendarBlock) -> CrossedEffects.Scales {
    let scales = prior.coefficients(block)
    let levels = structure.components.map { $0.nodeCount == 1 ? scales.top : scales.between }
    return CrossedEffects.Scales(levels: levels, own: levels.isEmpty ? scales.top : scales.own)
  }

  package var weeklyPrior: CrossedEffects.Scales {
    CrossedEffects.Scales(levels: structure.components.map { _ in prior.weekly }, own: prior.ownWeekly)
  }

  /// The same model with other counts on the same days.
  package func replacingCounts(_ counts: [Double]) -> Stage1Model {
    var model = self
    model.history = GroupHistory(
      firstDay: history.firstDay, dayCount: history.dayCount, counts: counts, isObserved: history.isObserved)
    model.logCounts = counts.map { log(max($0, 0.5)) }
    return model
  }
}
