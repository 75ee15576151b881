import CNumericKernels
import DemandData
import Foundation

/// The second stage: every series' own parameters given its group's calendar.
///
///     on_t    in {0, 1}, Markov: leaves the shelf with probability a, returns with b
///     y_t     = 0 if off the shelf, else ~ NB2(mean = level_t-1 s_t, size)
///     log s_t = group's calendar of stage 1 + own weekday deviation
///     level_t = level_t-1 + alpha P(on_t | y_1..t) (y_t / s_t - level_t-1)
///     theta   = (logit alpha, log size, log level_0, weekday contrasts, logit a, logit b)
///             ~ hierarchical prior by department and store, learned
///
/// Level and shelf state are functions of the data and theta, so the likelihood is closed form in one pass over the
/// days. This is the second module of a cut posterior: stage-1 draws enter and nothing flows back (see
/// ``SeriesSampler``). Series are sampled under working priors; the hyperprior is learned from their stored draws
/// (``HyperpriorSampler``), and the archived draws are re-weighted to it (``ArchivedDraws``).
public enum Stage2 {
  public struct Result: Sendable {
    /// One per series of the panel, in its order.
    public let series: [SeriesPosterior]
    /// Summaries of the hyperparameters: `hyper_mean[alpha|FOODS_3]`, `hyper_sd[size|FOODS_3]`,
    /// `hyper_store[level|CA_1]` and so on.
    public let diagnostics: [ParameterDiagnostic]
  }

  /// The instruction set that the kernels use, `base`, `v3` or `v4`: part of a run's key, since last bits differ.
  public static var kernelPath: String { String(cString: cnk_path_name(cnk_path())) }

  /// Samples the posterior of every series.
  ///
  /// A series that cannot be sampled gets a labelled fallback, never an error. Results depend on the seed and the data
  /// but not on the number of threads.
  ///
  /// - Parameters:
  ///   - groups: Stage 1's posterior over at least the days of the panel that series see.
  ///   - horizon: Days ahead in which a price makes a product without history one on sale.
  /// - Throws: ``Cancelled`` when `control` asks for it.
  /// - Complexity: some hundreds of passes over each series' days, sixteen parameter vectors at a time; escalated series take
  ///   several times as many.
  public static func sample(
    panel: Panel, groups: GroupPosterior, specification: ModelSpecification, horizon: Int, seed: UInt64,
    control: RunControl
  ) throws -> Result {
    let settings = specification.stage2
    let factors = CalendarFactors(groups: groups, panel: panel, historyDays: settings.historyDays)
    let standings = (0..<panel.seriesCount).map {
      SeriesStanding(panel: panel, series: $0, window: factors.window, horizon: horizon)
    }
    let run = Stage2Run(
      panel: panel, groupOfSeries: groups.groupOfSeries, factors: factors,
      days: standings.map { if case .sampled(let days) = $0 { days } else { nil } },
      model: hyperpriorModel(panel: panel, specification: specification),
      plan: InnerPlan(settings, stage1Draws: groups.keptDraws), seed: seed, control: control)
    let fit = try run.fit(sweeps: settings.hyperpriorSweeps)
    let archive = ArchivedDraws(
      hyperprior: fit.hyperprior, archived: settings.archivedDraws, stage1Draws: groups.keptDraws, seed: seed)
    let series = try SeriesWorkers.run(count: panel.seriesCount, control: control, workspace: {}) { _, index in
      run.posterior(of: index, standing: standings[index], fit: fit, archive: archive)
    }
    return Result(series: series, diagnostics: fit.hyperprior.diagnostics())
  }

  /// Departments and stores are the nodes at which groups are learned.
  static func hyperpriorModel(panel: Panel, specification: ModelSpecification) -> HyperpriorModel {
    let hierarchy = panel.hierarchy
    let department = hierarchy.product.level(named: specification.groups.productLevel) ?? 0
    let store = hierarchy.location.level(named: specification.groups.locationLevel) ?? 0
    return HyperpriorModel(
      departmentNames: hierarchy.product.levels[department].nodes,
      storeNames: hierarchy.location.levels[store].nodes,
      departmentOfSeries: hierarchy.series.map { hierarchy.product.node(ofLeaf: $0.product, atLevel: department) },
      storeOfSeries: hierarchy.series.map { hierarchy.location.node(ofLeaf: $0.store, atLevel: store) })
  }
}
