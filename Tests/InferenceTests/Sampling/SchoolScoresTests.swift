import Foundation
import Inference
import NumericKernels
import Testing

/// Pupils' scores in schools: y_ij ~ N(theta_j, sigma²_j), theta_j ~ N(mu, tau²), sigma²_j ~ InverseGamma(4, 300),
/// mu ~ N(60, 20²), tau² ~ InverseGamma(2, 50).
///
/// Coordinates: mu, log tau², then each school's theta and log sigma². Draws keep mu, tau², thetas and variances.
struct SchoolScores: LogDensity {
  let schools: Int
  let pupils: Double
  let means: [Double]
  /// Sums of squared deviations from the schools' means.
  let squares: [Double]

  /// Scores simulated with schools of different level and spread.
  init(schools: Int, pupils: Int, seed: UInt64) {
    var stream = RandomStream(seed: seed, purpose: 1)
    self.schools = schools
    self.pupils = Double(pupils)
    var (means, squares) = ([Double](), [Double]())
    for _ in 0..<schools {
      let (level, spread) = (60 + 8 * stream.normal(), (300 / stream.gamma(shape: 4)).squareRoot())
      let scores = (0..<pupils).map { _ in level + spread * stream.normal() }
      let mean = scores.reduce(0, +) / Double(pupils)
      means.append(mean)
      squares.append(scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) })
    }
    (self.means, self.squares) = (means, squares)
  }

  var dimension: Int { 2 + 2 * schools }
  var variableNames: [String] {
    ["mu", "tau2"] + (1...schools).flatMap { ["theta[\($0)]", "sigma2[\($0)]"] }
  }

  struct Evaluator: LogDensityEvaluator {
    let model: SchoolScores

    mutating func logDensity(at q: Span<Double>, gradient: inout MutableSpan<Double>) throws -> Double {
      let (mu, precision) = (q[0], exp(-q[1]))
      var value = -0.5 * (mu - 60) * (mu - 60) / 400 - 2 * q[1] - 50 * precision
      gradient[0] = -(mu - 60) / 400
      gradient[1] = -2 + 50 * precision
      for j in 0..<model.schools {
        let (theta, logVariance) = (q[2 + 2 * j], q[3 + 2 * j])
        let (own, off) = (exp(-logVariance), theta - mu)
        let residual = model.means[j] - theta
        let squares = 600 + model.squares[j] + model.pupils * residual * residual
        value -= 0.5 * (q[1] + off * off * precision) + (4 + 0.5 * model.pupils) * logVariance + 0.5 * squares * own
        gradient[0] += off * precision
        gradient[1] += 0.5 * (off * off * precision - 1)
        gradient[2 + 2 * j] = -off * precision + model.pupils * residual * own
        gradient[3 + 2 * j] = -(4 + 0.5 * model.pupils) + 0.5 * squares * own
      }
      return value
    }

    mutating func variables(
      at q: Span<Double>, into values: inout MutableSpan<Double>, using stream: inout RandomStream
    ) throws {
      for i in q.indices { values[i] = i == 1 || (i > 2 && i % 2 == 1) ? exp(q[i]) : q[i] }
    }
  }

  func makeEvaluator() -> Evaluator { Evaluator(model: self) }

  /// All full conditionals are conjugate.
  func gibbs() throws -> Gibbs {
    try Gibbs(
      names: variableNames,
      blocks: (0..<schools).flatMap { j -> [GibbsBlock] in
        let (theta, variance) = (2 + 2 * j, 3 + 2 * j)
        return [
          .conjugate("theta[\(j + 1)]", theta..<(theta + 1)) { state, _ in
            Conjugate.normalMean(
              priorMean: state[0], priorVariance: state[1], sum: means[j] * pupils, count: pupils,
              variance: state[variance])
          },
          .conjugate("sigma2[\(j + 1)]", variance..<(variance + 1)) { state, _ in
            let residual = means[j] - state[theta]
            return Conjugate.normalVariance(
              shape: 4, scale: 300, sumOfSquares: squares[j] + pupils * residual * residual, count: pupils)
          },
        ]
      } + [
        .conjugate("mu", 0..<1) { state, _ in
          let sum = (0..<schools).reduce(0.0) { $0 + state[2 + 2 * $1] }
          return Conjugate.normalMean(
            priorMean: 60, priorVariance: 400, sum: sum, count: Double(schools), variance: state[1])
        },
        .conjugate("tau2", 1..<2) { state, _ in
          let squares = (0..<schools).reduce(0.0) {
            $0 + (state[2 + 2 * $1] - state[0]) * (state[2 + 2 * $1] - state[0])
          }
          return Conjugate.normalVariance(shape: 2, scale: 50, sumOfSquares: squares, count: Double(schools))
        },
      ]
    ) { stream in
      [60 + 20 * stream.normal(), 50 / stream.gamma(shape: 2)]
        + (0..<schools).flatMap { _ in [60 + 20 * stream.normal(), 300 / stream.gamma(shape: 4)] }
    }
  }
}

@Suite struct SchoolScoresTests {
  /// One posterior under three samplers: every mean and mean square within 4.5 standard errors of each other.
  @Test func samplersAgree() throws {
    let model = SchoolScores(schools: 8, pupils: 10, seed: 3)
    let blocks = [[0], [1]] + (0..<8).map { [2 + 2 * $0, 3 + 2 * $0] }
    let starts = (0..<4).map { chain -> [Double] in
      [60, 4] + model.means.flatMap { [$0 + Double(chain), 4.5] }
    }
    var options = SamplingOptions(warmUp: 1000, draws: 2500, seed: 31)
    let nuts = try model.sample(NUTS(), options)
    let gibbs = try model.gibbs().sample(options)
    options.startingPoints = starts
    let metropolis = try model.sample(RandomWalkMetropolis(blocks: blocks, sweeps: 16), options)
    let fits = [nuts, metropolis, gibbs]
    for fit in fits {
      #expect(fit.chainFailures.isEmpty && fit.outcome == .complete)
      #expect(DrawSummary(fit.draws).rows.allSatisfy { $0.rHat < 1.01 && $0.bulkESS > 1000 })
    }
    for name in model.variableNames {
      for power in [1.0, 2.0] {
        let rows = try fits.map { fit in
          DrawSummary.Row(name: name, draws: try fit.draws.draws(of: name).map { pow($0, power) }, chains: 4)
        }
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
          let error = (rows[a].mcse * rows[a].mcse + rows[b].mcse * rows[b].mcse).squareRoot()
          let distance = abs(rows[a].mean - rows[b].mean) / error
          #expect(distance < 4.5, "\(name)^\(power), samplers \(a) and \(b): \(distance)")
        }
      }
    }
  }
}
