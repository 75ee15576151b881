import CNumericKernels
import Foundation
import NumericKernels

/// Finds the working priors under which a first few series are sampled to learn the hyperprior roughly: one normal per
/// cell of department and store, near the hyperprior to come and wider than it. They are divided out later.
///
/// A deterministic subsample of each cell's series goes through a few rounds of approximate expectation-maximisation:
/// mode and Laplace variance of every series under the current prior, then the prior's means and variances from both
/// (Dempster, Laird and Rubin 1977, with Gaussian approximations of the series' posteriors).
struct WorkingPriors: Sendable {
  let model: HyperpriorModel
  let factors: CalendarFactors
  let groupOfSeries: [Int]
  /// `[series]`, nil where a series has no history.
  let days: [SeriesDays?]

  private static let rounds = 12
  private static let perCell = 12...48
  private static let perDepartment = 240
  /// Standard deviations in sampling over those found.
  private static let widening = 1.15
  /// Series that a department's mean counts for in a cell's.
  private static let priorWeight = 5.0
  /// Series that the starting prior counts for in a department's variances: little, as a wide start would otherwise stay in them.
  private static let priorWeightOfVariance = 1.0
  /// Per block: sd of the first round's prior, and the floor of what is found.
  private static let startingSD = [1.2, 1.2, 1.5, 0.25, HyperpriorModel.shelfSpread, HyperpriorModel.shelfSpread]
  private static let floorSD = [0.35, 0.3, 0.5, 0.06, 0.2, 0.2]

  /// Series whose modes are looked for, ascending.
  func subsample() -> [Int] {
    var members = [[Int]](repeating: [], count: model.cells)
    for series in days.indices where days[series] != nil { members[model.cell(ofSeries: series)].append(series) }
    let wanted = min(max(Self.perDepartment / max(1, model.stores), Self.perCell.lowerBound), Self.perCell.upperBound)
    return members.flatMap { cell in
      let count = min(wanted, cell.count)
      return (0..<count).map { cell[(2 * $0 + 1) * cell.count / (2 * count)] }
    }.sorted()
  }

  /// Working prior of every cell.
  func find(control: RunControl) throws(Cancelled) -> [NormalPrior] {
    let chosen = subsample()
    var priors = startingPriors()
    var modes: [PosteriorMode?] = chosen.map { _ in nil }
    for _ in 0..<Self.rounds {
      let current = priors
      let known = modes
      modes = try SeriesWorkers.run(
        count: chosen.count, control: control, workspace: LaneBatch.init
      ) { batch, index in
        mode(of: chosen[index], prior: current[model.cell(ofSeries: chosen[index])], after: known[index], batch)
      }
      priors = updated(from: priors, chosen: chosen, modes: modes)
    }
    return priors.map { prior in
      NormalPrior(mean: prior.mean, sd: prior.sd.map { $0 * Self.widening })
    }
  }

  private func mode(
    of series: Int, prior: NormalPrior, after previous: PosteriorMode?, _ batch: LaneBatch
  ) -> PosteriorMode? {
    guard let days = days[series] else { return nil }
    return days.withKernelSeries { kernel in
      factors.withGroup(groupOfSeries[series], from: days.start) { factors in
        let target = SeriesTarget(series: kernel, batch: batch, prior: prior)
        let starts = previous.map { [$0.point] } ?? Self.starts(days: days, factors: factors.mean, prior: prior)
        return PosteriorMode.find(target, factors: factors.mean, starts: starts)
      }
    }
  }

  /// Log of the mean of sales over factors in the first eight weeks of selling days, with half a unit against zeros.
  static func earlyLogLevel(_ days: SeriesDays, _ factors: UnsafePointer<Double>) -> Double {
    logLevel(days, factors, over: Array(0..<days.count))
  }

  /// The same of the last eight weeks.
  static func recentLogLevel(_ days: SeriesDays, _ factors: UnsafePointer<Double>) -> Double {
    logLevel(days, factors, over: (0..<days.count).reversed())
  }

  private static func logLevel(_ days: SeriesDays, _ factors: UnsafePointer<Double>, over order: [Int]) -> Double {
    var units = 0.5
    var exposure = 0.5
    var seen = 0
    for day in order where seen < 56 {
      let kind = Int(days.kinds[day])
      guard kind == CNK_ZERO || kind == CNK_POSITIVE || kind == CNK_FIRST_SALE || kind == CNK_SOLD_OUT else { continue }
      units += Double(days.units[day])
      exposure += factors[day]
      seen += 1
    }
    return log(units / exposure)
  }

  /// Points to start looking for a mode from: combinations of smoothing, size and level about the prior and the early
  /// sales. Sixteen, as many as one pass takes.
  static func starts(days: SeriesDays, factors: UnsafePointer<Double>, prior: NormalPrior) -> [[Double]] {
    let early = earlyLogLevel(days, factors)
    var starts: [[Double]] = []
    for alpha in [-1.0, 1] {
      for size in [-1.5, 0.5] {
        for level in [early, 0.5 * (early + prior.mean[SeriesParameter.logLevel])] {
          for leave in [0.0, 1] {
            var start = prior.mean
            start[SeriesParameter.logitAlpha] += alpha * prior.sd[SeriesParameter.logitAlpha]
            start[SeriesParameter.logSize] += size * prior.sd[SeriesParameter.logSize]
            start[SeriesParameter.logLevel] = level
            start[SeriesParameter.logitLeave] += leave * prior.sd[SeriesParameter.logitLeave]
            starts.append(start)
          }
        }
      }
    }
    return starts
  }

  /// Centres of the hyperprior's own priors with wide spreads; levels at the median of their cell's early sales.
  private func startingPriors() -> [NormalPrior] {
    var early = [[Double]](repeating: [], count: model.cells)
    for (series, days) in days.enumerated() {
      guard let days else { continue }
      factors.withGroup(groupOfSeries[series], from: days.start) {
        early[model.cell(ofSeries: series)].append(Self.earlyLogLevel(days, $0.mean))
      }
    }
    let blocks = ParameterBlock.ofParameter
    return early.map { levels in
      var mean = blocks.map { HyperpriorModel.blockPriors[$0].centre }
      if !levels.isEmpty { mean[SeriesParameter.logLevel] = EmpiricalQuantile.linear(levels.sorted(), 0.5) }
      return NormalPrior(mean: mean, sd: blocks.map { Self.startingSD[$0] })
    }
  }

  /// Means by cell, shrunk to the department's; variances by department: spread of the modes about their cell's mean
  /// plus the posteriors' own variances. Modes beyond three robust deviations count as at three.
  private func updated(from priors: [NormalPrior], chosen: [Int], modes: [PosteriorMode?]) -> [NormalPrior] {
    var result = priors
    let size = SeriesParameter.count
    for department in 0..<model.departments {
      let members = chosen.indices.filter { model.departmentOfSeries[chosen[$0]] == department && modes[$0] != nil }
      if members.isEmpty { continue }
      var variance = [Double](repeating: 0, count: ParameterBlock.count)
      var count = variance
      for parameter in 0..<size {
        let block = ParameterBlock.ofParameter[parameter]
        let clipped = Self.winsorised(members.map { modes[$0]!.point[parameter] })
        let overall = clipped.reduce(0, +) / Double(clipped.count)
        var sum = [Double](repeating: 0, count: model.stores)
        var number = sum
        for (value, index) in zip(clipped, members) {
          sum[model.storeOfSeries[chosen[index]]] += value
          number[model.storeOfSeries[chosen[index]]] += 1
        }
        for store in 0..<model.stores {
          let mean = (sum[store] + Self.priorWeight * overall) / (number[store] + Self.priorWeight)
          result[department * model.stores + store].mean[parameter] =
            HyperpriorModel.blockPriors[block].location == nil ? HyperpriorModel.blockPriors[block].centre : mean
        }
        for (value, index) in zip(clipped, members) {
          let cell = model.cell(ofSeries: chosen[index])
          let deviation = value - result[cell].mean[parameter]
          variance[block] += deviation * deviation + modes[index]!.covariance[parameter * (size + 1)]
          count[block] += 1
        }
      }
      for block in 0..<ParameterBlock.count {
        let start = Self.startingSD[block] * Self.startingSD[block]
        let isLearned = HyperpriorModel.blockPriors[block].spread.isLearned
        let found =
          isLearned
          ? (variance[block] + Self.priorWeightOfVariance * start) / (count[block] + Self.priorWeightOfVariance) : start
        for store in 0..<model.stores {
          for parameter in ParameterBlock.allCases[block].parameters {
            result[department * model.stores + store].sd[parameter] = max(found.squareRoot(), Self.floorSD[block])
          }
        }
      }
    }
    return result
  }

  private static func winsorised(_ values: [Double]) -> [Double] {
    let median = EmpiricalQuantile.linear(values.sorted(), 0.5)
    let spread = 1.4826 * EmpiricalQuantile.linear(values.map { abs($0 - median) }.sorted(), 0.5)
    let reach = 3 * max(spread, 1e-6)
    return values.map { min(max($0, median - reach), median + reach) }
  }
}
