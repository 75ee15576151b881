import Foundation
import Inference
import NumericKernels

/// A model that simulation-based calibration can be run on: simulated, as a density on R^n, and by Gibbs sampling.
protocol CalibrationModel: Sendable {
  associatedtype Density: LogDensity

  /// Names of what is ranked; the density and the Gibbs sampler keep them.
  var names: [String] { get }

  /// True values in the order of `names`, and data.
  func simulate(using stream: inout RandomStream) -> (truth: [Double], data: [Double])
  func density(_ data: [Double]) -> Density
  func gibbs(_ data: [Double]) throws -> Gibbs
  func logLikelihood(_ values: [Double], _ data: [Double]) -> Double
}

extension CalibrationModel {
  /// Truth and draws with the log likelihood beside them, which catches samplers that overlook data (Modrák et al.
  /// 2023).
  func replication(_ truth: [Double], _ data: [Double], _ draws: Draws) throws -> SimulationBasedCalibration.Replication
  {
    let kept = try draws.subset(names)
    let likelihoods = (0..<(kept.chainCount * kept.drawCount)).map { d in
      logLikelihood(names.indices.map { kept[$0][kept[$0].startIndex + d] }, data)
    }
    let all = try Draws.joiningVariables([
      kept,
      Draws(wellFormed: ["logLikelihood"], chainCount: kept.chainCount, drawCount: kept.drawCount, values: likelihoods),
    ])
    let truths = zip(names + ["logLikelihood"], truth + [logLikelihood(truth, data)]).map { (name: $0, value: $1) }
    return SimulationBasedCalibration.Replication(truth: truths, draws: all)
  }

  /// Sampled by a gradient or Metropolis method.
  func calibrate(_ harness: SimulationBasedCalibration, _ sampler: some Sampler, thinning: Int) -> CalibrationResult {
    harness.run { stream, seed in
      let (truth, data) = simulate(using: &stream)
      let options = SamplingOptions(
        chains: 1, warmUp: 250, draws: harness.rankedDraws, thinning: thinning, seed: seed, threads: 1)
      return try replication(truth, data, try density(data).sample(sampler, options).draws)
    }
  }

  /// Sampled by Gibbs.
  func calibrate(
    _ harness: SimulationBasedCalibration, thinning: Int, _ gibbs: @Sendable ([Double]) throws -> Gibbs
  ) -> CalibrationResult {
    harness.run { stream, seed in
      let (truth, data) = simulate(using: &stream)
      let options = SamplingOptions(
        chains: 1, warmUp: 250, draws: harness.rankedDraws, thinning: thinning, seed: seed, threads: 1)
      return try replication(truth, data, try gibbs(data).sample(options).draws)
    }
  }
}

/// mu ~ N(0, 1), sigma² ~ InverseGamma(3, 2), eight y ~ N(mu, sigma²); coordinates mu and log sigma².
struct NormalSample: CalibrationModel {
  static let count = 8
  let names = ["mu", "variance"]

  func simulate(using stream: inout RandomStream) -> (truth: [Double], data: [Double]) {
    let mu = stream.normal()
    let variance = 2 / stream.gamma(shape: 3)
    return ([mu, variance], (0..<Self.count).map { _ in mu + variance.squareRoot() * stream.normal() })
  }

  struct Density: LogDensity {
    let dimension = 2
    let variableNames = ["mu", "variance"]
    let sum: Double
    let squares: Double
    /// Whether the log Jacobian of the variance's logarithm is left out, as by mistake.
    var forgetsJacobian = false

    struct Evaluator: LogDensityEvaluator {
      let density: Density

      mutating func logDensity(at q: Span<Double>, gradient: inout MutableSpan<Double>) throws -> Double {
        let n = Double(NormalSample.count)
        let power = density.forgetsJacobian ? 4.0 : 3.0
        let precision = exp(-q[1])
        let deviations = density.squares - 2 * q[0] * density.sum + n * q[0] * q[0]
        gradient[0] = -q[0] + (density.sum - n * q[0]) * precision
        gradient[1] = -power - 0.5 * n + (2 + 0.5 * deviations) * precision
        return -0.5 * q[0] * q[0] - (power + 0.5 * n) * q[1] - (2 + 0.5 * deviations) * precision
      }

      mutating func variables(
        at q: Span<Double>, into values: inout MutableSpan<Double>, using stream: inout RandomStream
      ) throws {
        values[0] = q[0]
        values[1] = exp(q[1])
      }
    }

    func makeEvaluator() -> Evaluator { Evaluator(density: self) }
  }

  func density(_ data: [Double]) -> Density {
    Density(sum: data.reduce(0, +), squares: data.reduce(0) { $0 + $1 * $1 })
  }

  /// - Parameter shrink: A factor by which the mean's conditional variance is wrong.
  func gibbs(_ data: [Double], shrink: Double) throws -> Gibbs {
    let (n, sum) = (Double(data.count), data.reduce(0, +))
    return try Gibbs(
      names: names,
      blocks: [
        .conjugate("mean", 0..<1) { state, _ in
          Conjugate.normalMean(
            priorMean: 0, priorVariance: shrink, sum: sum, count: n, variance: state[1] * shrink)
        },
        .conjugate("variance", 1..<2) { state, _ in
          Conjugate.normalVariance(
            shape: 3, scale: 2, sumOfSquares: data.reduce(0) { $0 + ($1 - state[0]) * ($1 - state[0]) }, count: n)
        },
      ]
    ) { stream in [stream.normal(), 2 / stream.gamma(shape: 3)] }
  }

  func gibbs(_ data: [Double]) throws -> Gibbs { try gibbs(data, shrink: 1) }

  func logLikelihood(_ values: [Double], _ data: [Double]) -> Double {
    data.reduce(0) { $0 + Densities.normal($1, mean: values[0], sd: values[1].squareRoot()) }
  }
}

/// b ~ Gamma(3, 1), three rates lambda ~ Gamma(2, b), four counts of each ~ Poisson(lambda); coordinates are
/// logarithms.
struct PoissonRates: CalibrationModel {
  static let (groups, counts) = (3, 4)
  let names = ["b", "lambda[1]", "lambda[2]", "lambda[3]"]

  /// Data are the groups' sums.
  func simulate(using stream: inout RandomStream) -> (truth: [Double], data: [Double]) {
    let b = stream.gamma(shape: 3)
    let rates = (0..<Self.groups).map { _ in stream.gamma(shape: 2) / b }
    return ([b] + rates, rates.map { Double(stream.poisson(Double(Self.counts) * $0)) })
  }

  struct Density: LogDensity {
    let dimension = 4
    let variableNames = ["b", "lambda[1]", "lambda[2]", "lambda[3]"]
    let sums: [Double]

    struct Evaluator: LogDensityEvaluator {
      let sums: [Double]

      mutating func logDensity(at q: Span<Double>, gradient: inout MutableSpan<Double>) throws -> Double {
        let b = exp(q[0])
        var value = 3 * q[0] - b
        gradient[0] = 3 - b
        for j in sums.indices {
          let rate = exp(q[j + 1])
          value += 2 * q[0] + (2 + sums[j]) * q[j + 1] - (b + Double(PoissonRates.counts)) * rate
          gradient[0] += 2 - b * rate
          gradient[j + 1] = 2 + sums[j] - (b + Double(PoissonRates.counts)) * rate
        }
        return value
      }

      mutating func variables(
        at q: Span<Double>, into values: inout MutableSpan<Double>, using stream: inout RandomStream
      ) throws {
        for i in q.indices { values[i] = exp(q[i]) }
      }
    }

    func makeEvaluator() -> Evaluator { Evaluator(sums: sums) }
  }

  func density(_ data: [Double]) -> Density { Density(sums: data) }

  func gibbs(_ data: [Double]) throws -> Gibbs {
    try Gibbs(
      names: names,
      blocks: [
        .conjugate("rates", 1..<4) { state, j in
          Conjugate.poissonRate(shape: 2, rate: state[0], sum: data[j], exposure: Double(Self.counts))
        },
        .conjugate("b", 0..<1) { state, _ in
          .gamma(shape: 3 + 2 * Double(Self.groups), rate: 1 + state[1...].reduce(0, +))
        },
      ]
    ) { stream in (0..<4).map { _ in stream.gamma(shape: 2) } }
  }

  func logLikelihood(_ values: [Double], _ data: [Double]) -> Double {
    zip(values.dropFirst(), data).reduce(0) { $0 + Densities.poisson(Int($1.1), mean: Double(Self.counts) * $1.0) }
  }
}

/// p ~ Dirichlet(1, 2, 3) of twelve categorical observations; log a ~ N(0, 0.5), log c ~ N(0.5, 0.5), two success
/// probabilities theta ~ Beta(a, c) of eight trials each.
///
/// As a density, p is gamma variates over their sum, with logarithms of these as coordinates; thetas by their logits.
struct Proportions: CalibrationModel {
  static let concentration = [1.0, 2, 3]
  static let (observations, trials) = (12, 8)
  let names = ["p[1]", "p[2]", "p[3]", "theta[1]", "theta[2]", "log_a", "log_c"]

  /// Data are the categories' counts, then the successes.
  func simulate(using stream: inout RandomStream) -> (truth: [Double], data: [Double]) {
    let gammas = Self.concentration.map { stream.gamma(shape: $0) }
    let p = gammas.map { $0 / gammas.reduce(0, +) }
    let (logA, logC) = (0.5 * stream.normal(), 0.5 + 0.5 * stream.normal())
    let thetas = (0..<2).map { _ in stream.beta(exp(logA), exp(logC)) }
    var counts = [0.0, 0, 0]
    for _ in 0..<Self.observations {
      let u = stream.uniform()
      counts[u < p[0] ? 0 : u < p[0] + p[1] ? 1 : 2] += 1
    }
    return (p + thetas + [logA, logC], counts + thetas.map { Double(stream.binomial(n: Self.trials, p: $0)) })
  }

  struct Density: LogDensity {
    let dimension = 7
    let variableNames = ["p[1]", "p[2]", "p[3]", "theta[1]", "theta[2]", "log_a", "log_c"]
    let data: [Double]

    struct Evaluator: LogDensityEvaluator {
      let data: [Double]

      mutating func logDensity(at q: Span<Double>, gradient: inout MutableSpan<Double>) throws -> Double {
        let total = exp(q[0]) + exp(q[1]) + exp(q[2])
        var value = 0.0
        for k in 0..<3 {
          let g = exp(q[k])
          value += Proportions.concentration[k] * q[k] - g + data[k] * (q[k] - log(total))
          gradient[k] = Proportions.concentration[k] - g + data[k] - Double(Proportions.observations) * g / total
        }
        let (a, c, m) = (exp(q[5]), exp(q[6]), Double(Proportions.trials))
        value -= 2 * q[5] * q[5] + 2 * (q[6] - 0.5) * (q[6] - 0.5)
        gradient[5] = -4 * q[5]
        gradient[6] = -4 * (q[6] - 0.5)
        let digammaOfSum = SpecialFunctions.digamma(a + c)
        for g in 0..<2 {
          let y = data[3 + g]
          let theta = 1 / (1 + exp(-q[3 + g]))
          let (logTheta, logRest) = (-log1p(exp(-q[3 + g])), -log1p(exp(q[3 + g])))
          value += (a + y) * logTheta + (c + m - y) * logRest - SpecialFunctions.logBeta(a, c)
          gradient[3 + g] = a + y - (a + c + m) * theta
          gradient[5] += a * (logTheta - SpecialFunctions.digamma(a) + digammaOfSum)
          gradient[6] += c * (logRest - SpecialFunctions.digamma(c) + digammaOfSum)
        }
        return value
      }

      mutating func variables(
        at q: Span<Double>, into values: inout MutableSpan<Double>, using stream: inout RandomStream
      ) throws {
        let total = exp(q[0]) + exp(q[1]) + exp(q[2])
        for k in 0..<3 { values[k] = exp(q[k]) / total }
        for k in 3..<5 { values[k] = 1 / (1 + exp(-q[k])) }
        for k in 5..<7 { values[k] = q[k] }
      }
    }

    func makeEvaluator() -> Evaluator { Evaluator(data: data) }
  }

  func density(_ data: [Double]) -> Density { Density(data: data) }

  /// Conjugate blocks, and between them a Metropolis block for log a and a slice block for log c.
  func gibbs(_ data: [Double]) throws -> Gibbs { try gibbs(data) {} }

  /// - Parameter sweeping: Called in each sweep.
  func gibbs(_ data: [Double], sweeping: @escaping @Sendable () -> Void) throws -> Gibbs {
    @Sendable func prior(_ state: [Double]) -> Double {
      let (a, c) = (exp(state[5]), exp(state[6]))
      var value =
        -2 * state[5] * state[5] - 2 * (state[6] - 0.5) * (state[6] - 0.5) - 2 * SpecialFunctions.logBeta(a, c)
      for k in 3..<5 { value += a * log(state[k]) + c * log1p(-state[k]) }
      return value
    }
    return try Gibbs(
      names: names,
      blocks: [
        .dirichlet("p", 0..<3, concentration: Self.concentration) { _ in
          sweeping()
          return Array(data[0..<3])
        },
        .metropolis("a", 5..<6) { state, _ in prior(state) },
        .conjugate("theta", 3..<5) { state, g in
          Conjugate.binomialProbability(
            a: exp(state[5]), b: exp(state[6]), successes: data[3 + g], trials: Double(Self.trials))
        },
        .slice("c", 6..<7) { state, _ in prior(state) },
      ]
    ) { stream in [0.2, 0.3, 0.5, stream.uniform(), stream.uniform(), 0, 0] }
  }

  func logLikelihood(_ values: [Double], _ data: [Double]) -> Double {
    var value = 0.0
    for k in 0..<3 where data[k] > 0 { value += data[k] * log(values[k]) }
    for g in 0..<2 {
      value += data[3 + g] * log(values[3 + g]) + (Double(Self.trials) - data[3 + g]) * log1p(-values[3 + g])
    }
    return value
  }
}
