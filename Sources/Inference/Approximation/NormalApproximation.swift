import Foundation
import NumericKernels

/// A normal distribution over unconstrained coordinates that approximations draw from.
protocol NormalApproximation: Sendable {
  /// Writes the draw that standard normals `z` map to and returns its normalised log density.
  func draw(_ z: [Double], into x: inout [Double]) -> Double

  /// The gradient by z of what has this gradient by x.
  func transposed(_ gradient: [Double]) -> [Double]
}

/// N(mean, S S'), S lower triangular and dense.
struct DenseNormal: NormalApproximation {
  let mean: [Double]
  /// Row-major; the diagonal positive.
  let scale: [Double]
  private let logNormalizer: Double

  init(mean: [Double], scale: [Double]) {
    self.mean = mean
    self.scale = scale
    let n = mean.count
    logNormalizer = -0.5 * Double(n) * log(2 * .pi) - (0..<n).reduce(0.0) { $0 + log(scale[$1 * n + $1]) }
  }

  func draw(_ z: [Double], into x: inout [Double]) -> Double {
    let n = mean.count
    for i in 0..<n {
      var sum = mean[i]
      for j in 0...i { sum += scale[i * n + j] * z[j] }
      x[i] = sum
    }
    return logNormalizer - 0.5 * dot(z, z)
  }

  func transposed(_ gradient: [Double]) -> [Double] {
    let n = mean.count
    var product = [Double](repeating: 0, count: n)
    for i in 0..<n { for j in 0...i { product[j] += scale[i * n + j] * gradient[i] } }
    return product
  }
}

/// N(mean, diag(scale^2)).
struct DiagonalNormal: NormalApproximation {
  let mean: [Double]
  let scale: [Double]

  func draw(_ z: [Double], into x: inout [Double]) -> Double {
    var logDensity = -0.5 * Double(z.count) * log(2 * .pi) - 0.5 * dot(z, z)
    for i in z.indices {
      x[i] = mean[i] + scale[i] * z[i]
      logDensity -= log(scale[i])
    }
    return logDensity
  }

  func transposed(_ gradient: [Double]) -> [Double] { zip(scale, gradient).map { $0 * $1 } }
}

/// Draws of a normal approximation that lie in the target's support, with both log densities.
struct ApproximationSample: Sendable {
  var positions: [Double] = []
  var logDensities: [Double] = []
  var logApproximations: [Double] = []
  var rejected = 0

  /// Draws `count` times; gives up where less than one draw in ten lies in the support.
  static func make<Evaluator>(
    _ approximation: some NormalApproximation, count: Int, target: inout ApproximationTarget<Evaluator>, seed: UInt64,
    path: UInt32
  ) throws(ApproximationError) -> ApproximationSample {
    let n = target.dimension
    var sample = ApproximationSample()
    var (z, x) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
    var gradient = x
    var attempt = 0
    while sample.logDensities.count < count {
      guard attempt < 10 * count + 100 else { throw .outsideSupport(draws: attempt) }
      var stream = RandomStream(
        seed: seed, purpose: ApproximationStream.draw, chain: path, draw: UInt64(attempt))
      attempt += 1
      for i in 0..<n { z[i] = stream.normal() }
      let logApproximation = approximation.draw(z, into: &x)
      let value = x.allSatisfy(\.isFinite) ? try target.evaluate(x, &gradient) : -.infinity
      guard value.isFinite else {
        sample.rejected += 1
        continue
      }
      sample.positions += x
      sample.logDensities.append(value)
      sample.logApproximations.append(logApproximation)
    }
    return sample
  }
}

extension ApproximateFit {
  /// The fit of a sample: what its draws keep, and how well the weights behave.
  static func make<Density: LogDensity>(
    _ density: Density, method: Method, sample: ApproximationSample,
    target: inout ApproximationTarget<Density.Evaluator>, logEvidence: Double, isConverged: Bool, evaluations: Int,
    warnings: [String], seed: UInt64, paretoK: Double? = nil
  ) throws(ApproximationError) -> ApproximateFit {
    let names = density.variableNames
    let (n, count) = (density.dimension, sample.logDensities.count)
    var values = [Double](repeating: .nan, count: names.count * count)
    var row = [Double](repeating: 0, count: names.count)
    var impossible = 0
    for d in 0..<count {
      var stream = RandomStream(seed: seed, purpose: ApproximationStream.variables, draw: UInt64(d))
      let x = Array(sample.positions[(d * n)..<((d + 1) * n)])
      guard try target.variables(at: x, into: &row, using: &stream) else {
        impossible += 1
        continue
      }
      for v in row.indices { values[v * count + d] = row[v] }
    }
    let k = paretoK ?? paretoKHat(zip(sample.logDensities, sample.logApproximations).map { $0 - $1 })
    var notes = warnings
    if k.isNaN || k == .infinity {
      notes.append(
        "Pareto k cannot be estimated from these draws, so how close the approximation is remains unknown. Draw more, or "
          + "use NUTS.")
    } else if k >= 0.7 {
      notes.append(
        "Pareto k is \((k * 100).rounded() / 100): the approximation misses part of the posterior. Use NUTS, perhaps "
          + "started from these draws.")
    }
    if sample.rejected > 0 {
      notes.append("\(sample.rejected) draws outside the support were drawn anew.")
    }
    if impossible > 0 { notes.append("\(impossible) draws' quantities could not be computed and are NaN.") }
    return ApproximateFit(
      method: method, draws: Draws(wellFormed: names, chainCount: 1, drawCount: count, values: values),
      positions: sample.positions, dimension: n, logDensities: sample.logDensities,
      logApproximations: sample.logApproximations, paretoK: k, logEvidence: logEvidence, isConverged: isConverged,
      rejectedDraws: sample.rejected, evaluations: evaluations, warnings: notes)
  }
}
