import Foundation
import Inference

/// What one engine did on one problem.
struct Measurement: Codable {
  var problem: String
  var engine: String
  /// Of sampling alone, averaged over runs.
  var wallSeconds: Double
  var cpuSeconds: Double
  /// The least bulk effective sample size of any variable, averaged over runs.
  var leastESS: Double
  var greatestRHat: Double
  var leapfrogsPerDraw: Double
  var divergences: Double
  /// CPU seconds of one log density with its gradient.
  var gradientSeconds: Double?
  /// Wall-clock seconds from the start of the program to the first draw, with reading data and compiling the model.
  var firstDrawSeconds: Double?

  enum CodingKeys: String, CodingKey {
    case problem, engine, divergences
    case wallSeconds = "wall_s"
    case cpuSeconds = "cpu_s"
    case leastESS = "min_bulk_ess"
    case greatestRHat = "max_rhat"
    case leapfrogsPerDraw = "leapfrogs_per_draw"
    case gradientSeconds = "gradient_s"
    case firstDrawSeconds = "first_draw_s"
  }
}

extension Measurement {
  /// Samples a problem by NUTS with chains × (1000 + 1000), several times with different seeds.
  ///
  /// - Parameter target: The acceptance target; the peers' default is 0.8.
  init(_ problem: Problem, data folder: URL, chains: Int, runs: Int, target: Double, since start: Clock) throws {
    let sampler = NUTS(targetAcceptance: target)
    let posterior = try problem.model(data: folder).compile()
    _ = try posterior.sample(sampler, chains: 1, warmUp: 0, draws: 1, seed: 1)
    firstDrawSeconds = Clock().since(start).wall
    self.problem = problem.rawValue
    engine = "demand"
    (wallSeconds, cpuSeconds, leastESS, greatestRHat, leapfrogsPerDraw, divergences) = (0, 0, 0, 0, 0, 0)
    for run in 1...runs {
      let before = Clock()
      let fit = try posterior.sample(sampler, chains: chains, seed: UInt64(run))
      let used = Clock().since(before)
      wallSeconds += used.wall / Double(runs)
      cpuSeconds += used.cpu / Double(runs)
      let rows = DrawSummary(fit.draws).rows
      leastESS += (rows.map(\.bulkESS).min() ?? .nan) / Double(runs)
      greatestRHat = max(greatestRHat, rows.map(\.rHat).max() ?? .nan)
      let steps = Double(fit.statistics.leapfrogs.reduce(0, +))
      leapfrogsPerDraw += steps / Double(fit.statistics.leapfrogs.count * runs)
      divergences += Double(fit.statistics.divergenceCount) / Double(runs)
    }
    gradientSeconds = try cost { count in
      var evaluator = posterior.makeEvaluator()
      return try evaluate(&evaluator, dimension: posterior.dimension, count: count)
    }
  }

  /// CPU seconds of one of so many repetitions as take about a fifth of a second.
  private func cost(_ repeated: (Int) throws -> Double) rethrows -> Double {
    var count = 1000
    while true {
      let seconds = try repeated(count)
      if seconds > 0.2 { return seconds / Double(count) }
      count *= 4
    }
  }
}

/// CPU seconds of so many evaluations at points that differ.
func evaluate(_ evaluator: inout some LogDensityEvaluator, dimension: Int, count: Int) throws -> Double {
  var gradient = [Double](repeating: 0, count: dimension)
  var position = (0..<dimension).map { 0.1 * sin(Double($0)) }
  var sum = 0.0
  let before = Clock()
  for _ in 0..<count {
    var span = gradient.mutableSpan
    sum += try evaluator.logDensity(at: position.span, gradient: &span)
    position[0] += 1e-9
  }
  let seconds = Clock().since(before).cpu
  // Used, so that it cannot be left out.
  precondition(!sum.isNaN, "the density is not defined here")
  return seconds
}
