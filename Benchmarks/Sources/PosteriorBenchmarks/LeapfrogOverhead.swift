import Foundation
import Inference

/// A density that costs next to nothing: what a leapfrog step takes beyond it is the sampler's own.
struct StandardNormal: LogDensity {
  let dimension: Int

  struct Evaluator: LogDensityEvaluator {
    mutating func logDensity(at q: Span<Double>, gradient: inout MutableSpan<Double>) -> Double {
      var sum = 0.0
      for i in q.indices {
        gradient[i] = -q[i]
        sum += q[i] * q[i]
      }
      return -0.5 * sum
    }
  }

  func makeEvaluator() -> Evaluator { Evaluator() }
}

/// CPU seconds per leapfrog step of a NUTS chain, less those of the density by itself: the step's arithmetic, the checks
/// for turns, random numbers, and what a draw keeps.
func leapfrogOverhead(dimension: Int) throws -> (step: Double, gradient: Double) {
  let target = StandardNormal(dimension: dimension)
  let sampler = NUTS(stepSize: 0.2 / pow(Double(dimension), 0.25))
  var draws = 2000
  while true {
    let before = Clock()
    let fit = try target.sample(sampler, chains: 1, warmUp: 0, draws: draws, seed: 1)
    let seconds = Clock().since(before).cpu
    if seconds < 0.2 {
      draws *= 4
      continue
    }
    let steps = fit.statistics.leapfrogs.reduce(0, +)
    var evaluator = target.makeEvaluator()
    let count = 2_000_000 / dimension
    let gradient = try evaluate(&evaluator, dimension: dimension, count: count) / Double(count)
    return (seconds / Double(steps), gradient)
  }
}
