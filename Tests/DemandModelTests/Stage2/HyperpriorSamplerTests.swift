import CNumericKernels
import DemandData
import DemandModel
import Foundation
import NumericKernels
import Testing

/// The hyperprior's sampler on series whose likelihoods are normal, so that their posteriors under a working prior are
/// known and everything else can be drawn from the model itself.
@Suite struct HyperpriorSamplerTests {
  /// Departments and stores crossed, all hyperparameters from their priors, and what `perCell` series each say.
  struct World {
    let model: HyperpriorModel
    let truth: Hyperparameters
    let draws: [StoredDraws]
    let workingPriors: [NormalPrior]

    /// Standard errors of what a series' data say of each parameter: much of levels and sizes, hardly anything of leaving
    /// and coming back, as of series that seldom run out.
    static let errors = [0.8, 0.4, 0.2] + [Double](repeating: 0.15, count: 6) + [0.8, 1.2]

    init(departments: Int, stores: Int, perCell: Int, seed: UInt64) {
      var stream = RandomStream(seed: seed, purpose: 9020)
      let count = departments * stores * perCell
      let model = HyperpriorModel(
        departmentNames: (0..<departments).map { "D\($0)" }, storeNames: (0..<stores).map { "S\($0)" },
        departmentOfSeries: (0..<count).map { $0 / perCell / stores },
        storeOfSeries: (0..<count).map { $0 / perCell % stores })
      let truth = Hyperparameters.drawnFromPrior(model, using: &stream)
      var draws: [StoredDraws] = []
      for series in 0..<count {
        let prior = truth.prior(department: model.departmentOfSeries[series], store: model.storeOfSeries[series])
        let observed = zip(prior.draw(using: &stream), Self.errors).map { $0 + $1 * stream.normal() }
        let working = Self.working(truth, model, model.departmentOfSeries[series], model.storeOfSeries[series])
        var stored = StoredDraws()
        for _ in 0..<384 {
          let theta = observed.indices.map { p in
            let precision = 1 / (Self.errors[p] * Self.errors[p]) + 1 / (working.sd[p] * working.sd[p])
            let linear =
              observed[p] / (Self.errors[p] * Self.errors[p]) + working.mean[p] / (working.sd[p] * working.sd[p])
            return linear / precision + stream.normal() / precision.squareRoot()
          }
          stored.append(theta, level: 1, onShelf: 1)
        }
        draws.append(StoredDraws(buckets: [stored]))
      }
      self.model = model
      self.truth = truth
      self.draws = draws
      workingPriors = (0..<departments * stores).map { Self.working(truth, model, $0 / stores, $0 % stores) }
    }

    /// Not the hyperprior itself: off by a third of its spread, and wider.
    private static func working(
      _ truth: Hyperparameters, _ model: HyperpriorModel, _ department: Int, _ store: Int
    ) -> NormalPrior {
      let prior = truth.prior(department: department, store: store)
      let sd = prior.sd.map { max(1.3 * $0, 0.1) }
      return NormalPrior(
        mean: prior.mean.indices.map { SeriesParameter.contrasts.contains($0) ? 0 : prior.mean[$0] + 0.25 * sd[$0] },
        sd: sd)
    }

    func fit(sweeps: Int, seed: UInt64) throws -> HyperpriorPosterior {
      try HyperpriorSampler(
        model: model, sampled: Array(draws.indices), draws: draws, workingPriors: workingPriors,
        workingPriorOfSeries: draws.indices.map {
          model.departmentOfSeries[$0] * model.storeNames.count + model.storeOfSeries[$0]
        }
      ).run(sweeps: sweeps, seed: seed, control: RunControl(threads: 2))
    }
  }

  /// Weakly informed effects of stores among them, which drawing series and hyperparameters in turn left at an R-hat of
  /// 1.9.
  @Test(arguments: [(2, 2, 8), (6, 2, 12), (3, 5, 40), (1, 1, 30)]) func everyHyperparameterConverges(
    departments: Int, stores: Int, perCell: Int
  ) throws {
    let world = World(departments: departments, stores: stores, perCell: perCell, seed: 5)
    let posterior = try world.fit(sweeps: 600, seed: 3)
    let diagnostics = posterior.diagnostics()
    #expect(diagnostics.count == departments * 7 + (stores > 1 ? 3 * stores : 0))
    for row in diagnostics {
      #expect(row.rhat < 1.05, "\(row.name): R-hat \(row.rhat)")
      #expect(row.essBulk > 60, "\(row.name): ESS \(row.essBulk)")
    }
  }

  /// Small cells teach with all their series, large ones with as many as are allowed, from all of their range; the share
  /// falls with the number of cells, down to a least one.
  @Test func largeCellsTeachWithAShare() {
    for stores in [2, 200] {
      let most = stores == 2 ? HyperpriorModel.learningSeries / 4 : HyperpriorModel.learningSeriesPerCell
      let sizes = [3, 1000, 0, most]
      let cells = sizes.indices.flatMap { [Int](repeating: $0, count: sizes[$0]) }
      let model = HyperpriorModel(
        departmentNames: ["D0", "D1"], storeNames: (0..<stores).map { "S\($0)" },
        departmentOfSeries: cells.map { $0 / 2 }, storeOfSeries: cells.map { $0 % 2 })
      let chosen = model.learningSubset(of: Array(cells.indices))
      #expect(chosen == chosen.sorted() && Set(chosen).count == chosen.count)
      #expect(sizes.indices.map { cell in chosen.count { cells[$0] == cell } } == [3, most, 0, most])
      let large = chosen.filter { cells[$0] == 1 }.map { $0 - 3 }
      for (k, index) in large.enumerated() { #expect(abs(index - (2 * k + 1) * 1000 / (2 * most)) <= 1) }
    }
  }

  /// Coverage of true hyperparameters drawn from their priors, over retailers.
  @Test func intervalsCover() throws {
    var inside = 0.0
    var asked = 0.0
    var ranks = 0.0
    for replicate in 0..<30 {
      let world = World(departments: 2, stores: 2, perCell: 8, seed: 40 + UInt64(replicate))
      let rows = try world.fit(sweeps: 300, seed: 3).diagnostics()
      let truth = HyperpriorPosterior(model: world.model, states: [world.truth], chains: 1).diagnostics()
      for (row, known) in zip(rows, truth) where !row.name.hasSuffix("|S1]") {
        asked += 1
        inside += row.q5 <= known.mean && known.mean <= row.q95 ? 1 : 0
        ranks += known.mean < row.q50 ? 1 : 0
      }
    }
    // 17 quantities of 30 retailers, some of them dependent: bounds set before the result at about three and a half
    // standard deviations of as many independent ones.
    #expect(abs(inside / asked - 0.9) < 0.045, "\(inside / asked)")
    #expect(abs(ranks / asked - 0.5) < 0.075, "\(ranks / asked)")
  }

  /// The gradient that trajectories follow, against differences of the density.
  @Test(arguments: [(2, 3), (1, 2), (2, 1), (1, 1)]) func gradientIsThatOfTheDensity(
    departments: Int, stores: Int
  ) {
    let world = World(departments: departments, stores: stores, perCell: 4, seed: 9)
    let sets = CandidateSets(
      model: world.model, sampled: Array(world.draws.indices), draws: world.draws,
      kernels: world.draws.indices.map {
        SeriesKernel(
          draws: world.draws[$0],
          working: world.workingPriors[world.model.departmentOfSeries[$0] * stores + world.model.storeOfSeries[$0]])
      })
    let coordinates = HyperpriorCoordinates(model: world.model)
    func density(_ q: [Double], _ gradient: inout [Double]) -> Double {
      var state = world.truth
      coordinates.write(q, to: &state)
      return coordinates.logPosterior(q, state, sets, gradient: &gradient)
    }
    let q = coordinates.vector(world.truth)
    var gradient = [Double](repeating: 0, count: q.count)
    var unused = gradient
    _ = density(q, &gradient)
    for i in q.indices {
      let values = [-0.01, 0.01].map { step in
        var moved = q
        moved[i] += step
        return density(moved, &unused)
      }
      let difference = (values[1] - values[0]) / 0.02
      #expect(abs(difference - gradient[i]) < 0.02 + 5e-3 * abs(gradient[i]), "coordinate \(i)")
    }
    var back = world.truth
    coordinates.write(q, to: &back)
    #expect(zip(back.centre, world.truth.centre).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  /// Weights of candidates and their averages against plain sums, on every path that this machine has.
  @Test(arguments: SeriesKernelTests.paths) func candidateWeightsAreExponentials(path: Int32) {
    var stream = RandomStream(seed: 14, purpose: 9020)
    let count = 48
    let featureCount = Int(CNK_FEATURES)
    for used in [1, 15, 16, 17, 40, 48] {
      let features = (0..<featureCount * count).map { _ in Float(2 * stream.normal()) }
      let coefficients = (0..<featureCount).map { _ in Float(3 * stream.normal()) }
      var weights = [Float](repeating: -1, count: count)
      var logSum = 0.0
      var expectations = [Double](repeating: 0, count: featureCount)
      cnk_candidate_weights_on(
        path, Int32(used), Int32(count), features, coefficients, &weights, &logSum, &expectations)
      let logs = (0..<used).map { k in
        (0..<featureCount).reduce(0.0) { $0 + Double(coefficients[$1]) * Double(features[$1 * count + k]) }
      }
      let largest = logs.max()!
      let total = logs.reduce(0) { $0 + exp($1 - largest) }
      #expect(abs(logSum - largest - log(total)) < 1e-4)
      for k in 0..<count {
        #expect(abs(Double(weights[k]) - (k < used ? exp(logs[k] - largest) : 0)) < 1e-4)
      }
      for f in 0..<featureCount {
        let mean = (0..<used).reduce(0) { $0 + exp(logs[$1] - largest) * Double(features[f * count + $1]) } / total
        #expect(abs(expectations[f] - mean) < 1e-3)
      }
    }
  }
}

extension Hyperparameters {
  /// From the priors of ``HyperpriorModel``.
  static func drawnFromPrior(_ model: HyperpriorModel, using stream: inout RandomStream) -> Hyperparameters {
    let (departments, stores) = (model.departmentNames.count, model.storeNames.count)
    var state = Hyperparameters(
      centre: [], department: [], store: [], omega: [], departmentScale: [], storeScale: [])
    for (block, prior) in HyperpriorModel.blockPriors.enumerated() {
      let location = prior.location
      let hasMean = location != nil
      state.centre.append(prior.centre + (location?.sd ?? 0) * stream.normal())
      state.departmentScale.append(abs((location?.departmentScale ?? 0) * stream.normal()))
      state.storeScale.append(abs((location?.storeScale ?? 0) * stream.normal()))
      state.department.append(
        (0..<departments).map { _ in
          hasMean && departments > 1 ? state.departmentScale[block] * stream.normal() : 0
        })
      state.store.append(
        (0..<stores).map { _ in hasMean && stores > 1 ? state.storeScale[block] * stream.normal() : 0 })
      state.omega.append(
        (0..<departments).map { _ in
          let deviation = stream.normal()
          return switch prior.spread {
          case .halfNormal(let scale): abs(scale * deviation)
          case .fixed(let value): value
          }
        })
    }
    return state
  }
}
