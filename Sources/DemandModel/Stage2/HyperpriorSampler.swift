import DemandData
import Foundation
import Inference
import NumericKernels

/// Learns the hyperprior by Gibbs sampling with each series' stored draws as its proposals.
///
/// A series' stored draws come from its likelihood times a working prior. In a sweep it moves among them by the ratio of
/// hyperprior to working prior, which leaves the joint posterior invariant without another pass over the data (Lunn,
/// Barrett, Sweeting, Thompson, "Fully Bayesian hierarchical modelling in two stages", Applied Statistics 62, 2013).
/// Given the parameters, the centre and the effects of a block are jointly normal and drawn at once; scales are drawn by
/// slice sampling. Then all hyperparameters move together with the choice of draws summed out
/// (``HyperpriorTrajectories``).
///
/// - Complexity: O(sweeps x series) per chain.
package struct HyperpriorSampler: Sendable {
  static let chains = 4

  let model: HyperpriorModel
  /// Series that have draws.
  let sampled: [Int]
  /// `[series]`
  let draws: [StoredDraws]
  /// The priors that draws were made under, and the one of every series.
  let workingPriors: [NormalPrior]
  let workingPriorOfSeries: [Int]

  package init(
    model: HyperpriorModel, sampled: [Int], draws: [StoredDraws], workingPriors: [NormalPrior],
    workingPriorOfSeries: [Int]
  ) {
    self.model = model
    self.sampled = sampled
    self.draws = draws
    self.workingPriors = workingPriors
    self.workingPriorOfSeries = workingPriorOfSeries
  }

  /// Kept states of all chains, chain after chain, and their summary.
  package func run(sweeps: Int, seed: UInt64, control: RunControl) throws(Cancelled) -> HyperpriorPosterior {
    try run(sweeps: sweeps, seed: seed, control: control, tally: nil)
  }

  /// Units of work that a sweep of one chain is counted as: it costs about as much as sampling so many series.
  static let workOfSweep = 4

  /// Work of a run, in the units of `tally`.
  static func work(sweeps: Int) -> Int { chains * max(sweeps, fewestSweeps) * workOfSweep }

  private static let fewestSweeps = 8
  private static let mostTrajectories = 4

  func run(
    sweeps: Int, seed: UInt64, control: RunControl, tally: WorkTally?
  ) throws(Cancelled) -> HyperpriorPosterior {
    let warmup = max(1, sweeps / 3)
    let kernels = sampled.map { SeriesKernel(draws: draws[$0], working: workingPriors[workingPriorOfSeries[$0]]) }
    let chains = try SeriesWorkers.run(count: Self.chains, control: control, workspace: {}) { _, chain in
      chainStates(
        kernels, chain: chain, sweeps: max(sweeps, Self.fewestSweeps), warmup: warmup, seed: seed, control: control,
        tally: tally)
    }
    return HyperpriorPosterior(model: model, states: chains.flatMap { $0 }, chains: Self.chains)
  }

  private func chainStates(
    _ kernels: [SeriesKernel], chain: Int, sweeps: Int, warmup: Int, seed: UInt64, control: RunControl,
    tally: WorkTally?
  ) -> [Hyperparameters] {
    var stream = RandomStream(
      seed: seed, purpose: StreamPurpose.hyperprior.rawValue, chain: UInt32(chain))
    var current = sampled.map { stream.integer(below: draws[$0].count) }
    var state = initialState(&stream)
    // Parameters of every series, `[sampled series][parameter]`: at first a stored draw.
    var values = zip(sampled, current).flatMap { draws[$0].theta($1) }
    let sets = CandidateSets(model: model, sampled: sampled, draws: draws, kernels: kernels)
    var trajectories = HyperpriorTrajectories(model: model, sets: sets, warmup: warmup)
    // Few series leave their hyperprior vague, which mixes worst, and cost little.
    let affordable = HyperpriorModel.learningSeries / max(1, sampled.count)
    let trajectoriesPerSweep = min(max(affordable, 1), Self.mostTrajectories)
    var kept: [Hyperparameters] = []
    kept.reserveCapacity(sweeps - warmup)
    for sweep in 0..<sweeps {
      // The caller throws; what an interrupted chain returns is not used.
      if control.isCancelled() { return kept }
      let statistics = CellStatistics(model: model, sampled: sampled, values: values)
      for block in 0..<ParameterBlock.count {
        updateEffects(block, statistics, &state, &stream)
        updateScales(block, statistics, &state, &stream)
      }
      for _ in 0..<trajectoriesPerSweep {
        trajectories.sweep(sweep, state: &state, current: &current, values: &values, &stream)
      }
      if sweep >= warmup { kept.append(state) }
      tally?.advance(by: Self.workOfSweep)
    }
    return kept
  }

  /// Over-dispersed starting scales; the centres follow from the data in the first sweep.
  private func initialState(_ stream: inout RandomStream) -> Hyperparameters {
    let priors = HyperpriorModel.blockPriors
    var state = Hyperparameters(
      centre: priors.map(\.centre),
      department: priors.map { _ in [Double](repeating: 0, count: model.departments) },
      store: priors.map { _ in [Double](repeating: 0, count: model.stores) },
      omega: priors.map { [Double](repeating: $0.spread.scale, count: model.departments) },
      departmentScale: priors.map { $0.location?.departmentScale ?? 0 },
      storeScale: priors.map { $0.location?.storeScale ?? 0 })
    for block in priors.indices {
      state.departmentScale[block] *= 0.3 + stream.uniform()
      state.storeScale[block] *= 0.3 + stream.uniform()
      guard priors[block].spread.isLearned else { continue }
      for d in 0..<model.departments { state.omega[block][d] *= 0.3 + stream.uniform() }
    }
    return state
  }

  /// Centre, department and store effects of one block where they are learned, jointly normal given the rest.
  private func updateEffects(
    _ block: Int, _ statistics: CellStatistics, _ state: inout Hyperparameters, _ stream: inout RandomStream
  ) {
    let prior = HyperpriorModel.blockPriors[block]
    guard let location = prior.location else { return }
    let departments = model.departments > 1 ? model.departments : 0
    let stores = model.stores > 1 ? model.stores : 0
    let size = 1 + departments + stores
    var precision = [Double](repeating: 0, count: size * size)
    var linear = [Double](repeating: 0, count: size)
    precision[0] = 1 / (location.sd * location.sd)
    linear[0] = prior.centre * precision[0]
    for d in 0..<departments { precision[(1 + d) * (size + 1)] = pow(state.departmentScale[block], -2) }
    for s in 0..<stores { precision[(1 + departments + s) * (size + 1)] = pow(state.storeScale[block], -2) }
    for cell in 0..<model.cells where statistics.count[cell] > 0 {
      let (d, s) = (cell / model.stores, cell % model.stores)
      let weight = pow(state.omega[block][d], -2)
      var rows = [0]
      if departments > 0 { rows.append(1 + d) }
      if stores > 0 { rows.append(1 + departments + s) }
      for i in rows {
        linear[i] += weight * statistics.sum[block][cell]
        for j in rows { precision[i * size + j] += weight * statistics.count[cell] }
      }
    }
    var factor = DenseCholesky(size: size)
    // The prior's precisions keep it positive definite; short of overflow this does not fail, and then the state stays.
    guard (try? factor.factor(precision)) != nil else { return }
    factor.sample(canonical: &linear, using: &stream)
    state.centre[block] = linear[0]
    for d in 0..<departments { state.department[block][d] = linear[1 + d] }
    for s in 0..<stores { state.store[block][s] = linear[1 + departments + s] }
  }

  private func updateScales(
    _ block: Int, _ statistics: CellStatistics, _ state: inout Hyperparameters, _ stream: inout RandomStream
  ) {
    let prior = HyperpriorModel.blockPriors[block]
    let width = Double(ParameterBlock.allCases[block].parameters.count)
    for d in 0..<model.departments where prior.spread.isLearned {
      var count = 0.0
      var squares = 0.0
      for s in 0..<model.stores {
        let cell = d * model.stores + s
        let mean = state.centre[block] + state.department[block][d] + state.store[block][s]
        let n = statistics.count[cell] * width
        count += n
        squares += statistics.squares[block][cell] - 2 * mean * statistics.sum[block][cell] + n * mean * mean
      }
      drawScale(&state.omega[block][d], count: count, squares: squares, scale: prior.spread.scale, &stream)
    }
    guard let location = prior.location else { return }
    if model.departments > 1 {
      drawScale(
        &state.departmentScale[block], count: Double(model.departments),
        squares: state.department[block].reduce(0) { $0 + $1 * $1 }, scale: location.departmentScale, &stream)
    }
    if model.stores > 1 {
      drawScale(
        &state.storeScale[block], count: Double(model.stores),
        squares: state.store[block].reduce(0) { $0 + $1 * $1 }, scale: location.storeScale, &stream)
    }
  }

  /// A scale given `count` normal deviations with this sum of squares, under a half-normal prior; sampled as its log.
  private func drawScale(
    _ value: inout Double, count: Double, squares: Double, scale: Double, _ stream: inout RandomStream
  ) {
    var logValue = log(value)
    let slice = SliceSampler(width: 0.2 + 1 / max(1, count).squareRoot(), bounds: -7...5)
    slice.update(&logValue, using: &stream) { x in
      let precision = exp(-2 * x)
      return (1 - count) * x - 0.5 * max(0, squares) * precision - 0.5 / (precision * scale * scale)
    }
    value = exp(logValue)
  }
}

/// Sums over the series of each cell that the hyperparameters' conditionals need.
private struct CellStatistics {
  /// Series per cell.
  var count: [Double]
  /// `[block][cell]`, over the block's parameters.
  var sum: [[Double]]
  var squares: [[Double]]

  init(model: HyperpriorModel, sampled: [Int], values: [Double]) {
    count = [Double](repeating: 0, count: model.cells)
    sum = [[Double]](repeating: count, count: ParameterBlock.count)
    squares = sum
    let blocks = ParameterBlock.ofParameter
    for (index, series) in sampled.enumerated() {
      let cell = model.cell(ofSeries: series)
      count[cell] += 1
      let first = index * SeriesParameter.count
      for parameter in 0..<SeriesParameter.count {
        let x = values[first + parameter]
        sum[blocks[parameter]][cell] += x
        squares[blocks[parameter]][cell] += x * x
      }
    }
  }
}
