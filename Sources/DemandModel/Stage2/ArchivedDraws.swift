import DemandData
import Foundation
import Inference
import NumericKernels

/// Chooses a series' archived draws among its stored ones under the learned hyperprior.
struct ArchivedDraws: Sendable {
  let hyperprior: HyperpriorPosterior
  let archived: Int
  let stage1Draws: Int
  let seed: UInt64

  private func stream(_ identity: UInt64) -> RandomStream {
    RandomStream(seed: seed, purpose: StreamPurpose.drawSelection.rawValue, index: identity)
  }

  /// Sampling importance resampling: draw `d` comes from the stored draws given stage-1 draw `d mod kept`, with weights
  /// hyperprior over working prior under the hyperparameters' draw that belongs to `d`, which is the conditional
  /// posterior given both.
  ///
  /// The uniforms of one stage-1 draw's selections are stratified (systematic resampling in random order), so that
  /// draws repeat no more than their weights ask for.
  func choose(from stored: StoredDraws, working: NormalPrior, series: Int, identity: UInt64) -> SeriesDraws {
    var stream = stream(identity)
    let model = hyperprior.model
    var values: [Float] = []
    values.reserveCapacity(archived * SeriesDraws.Field.allCases.count)
    let perBucket = (archived + stage1Draws - 1) / stage1Draws
    let strata: [[Int]] = (0..<stage1Draws).map { _ in
      var order = Array(0..<perBucket)
      stream.shuffle(&order)
      return order
    }
    for draw in 0..<archived {
      let bucket = draw % stage1Draws
      let prior = hyperprior.state(forDraw: draw, of: archived).prior(
        department: model.departmentOfSeries[series], store: model.storeOfSeries[series])
      let ratio = PriorRatio(hyperprior: prior, working: working)
      let candidates = stored.offsets[bucket]..<stored.offsets[bucket + 1]
      let logs = candidates.map { ratio.log(stored, $0) }
      let largest = logs.max() ?? 0
      let weights = logs.map { exp($0 - largest) }
      let uniform = (Double(strata[bucket][draw / stage1Draws]) + stream.uniform()) / Double(perBucket)
      var rest = uniform * weights.reduce(0, +)
      var chosen = candidates.upperBound - 1
      for (candidate, weight) in zip(candidates, weights) {
        rest -= weight
        if rest < 0 {
          chosen = candidate
          break
        }
      }
      values += Self.fields(stored.theta(chosen), level: stored.level(chosen), onShelf: stored.onShelf(chosen))
    }
    return SeriesDraws(values: values)
  }

  /// Draws for a series that has nothing to learn from: parameters from the hyperprior, level as at a start, shelf in
  /// its long-run state.
  func fromHyperprior(series: Int, identity: UInt64, logLevel: Double? = nil) -> SeriesDraws {
    var stream = stream(identity)
    let model = hyperprior.model
    var values: [Float] = []
    for draw in 0..<archived {
      let prior = hyperprior.state(forDraw: draw, of: archived).prior(
        department: model.departmentOfSeries[series], store: model.storeOfSeries[series])
      let theta = prior.draw(using: &stream)
      let leave = SpecialFunctions.inverseLogit(theta[SeriesParameter.logitLeave])
      let comeBack = SpecialFunctions.inverseLogit(theta[SeriesParameter.logitComeBack])
      values += Self.fields(
        theta, level: Float(exp(min(logLevel ?? theta[SeriesParameter.logLevel], 15))),
        onShelf: Float(comeBack / (leave + comeBack)))
    }
    return SeriesDraws(values: values)
  }

  /// Pareto k of hyperprior over working prior on all stored draws, under the hyperprior's predictive normals.
  static func paretoK(of stored: StoredDraws, hyperprior: NormalPrior, working: NormalPrior) -> Double {
    let ratio = PriorRatio(hyperprior: hyperprior, working: working)
    return paretoKHat((0..<stored.count).map { ratio.log(stored, $0) })
  }

  /// One archived draw in the order of ``SeriesDraws/Field``.
  private static func fields(_ theta: [Double], level: Float, onShelf: Float) -> [Float] {
    let probabilities = [SeriesParameter.logitLeave, SeriesParameter.logitComeBack].map {
      Float(SpecialFunctions.inverseLogit(theta[$0]))
    }
    let alpha = Float(SpecialFunctions.inverseLogit(theta[SeriesParameter.logitAlpha]))
    let weekdays = SeriesParameter.weekdayDeviations(theta[SeriesParameter.contrasts]).map { Float($0) }
    return [alpha, Float(exp(theta[SeriesParameter.logSize])), level, onShelf] + probabilities + weekdays
  }
}
