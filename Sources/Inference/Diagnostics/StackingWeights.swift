import Foundation
import NumericKernels

/// Weights of an average of predictive densities that maximise its mean log score over the observations.
///
/// max over w on the simplex of mean_i log sum_k w_k p_ik (Yao, Vehtari, Simpson, Gelman, Bayesian Analysis 13, 2018).
/// The simplex is dealt with by a term: -mean_i log (P w)_i + sum w has its minimum over w ≥ 0 where sum w = 1. Solved
/// by a primal-dual interior point method, since the problem is convex and there are few models.
struct StackingWeights {
  let weights: [Double]

  /// - Parameter logDensities: For each model, the log density of every observation.
  init(logDensities: [[Double]]) {
    let (models, observations) = (logDensities.count, logDensities[0].count)
    guard models > 1, observations > 0 else {
      weights = [Double](repeating: 1 / Double(models), count: models)
      return
    }
    // An observation's densities may be scaled freely: it moves the score by a constant.
    let largest = (0..<observations).map { i in logDensities.map { $0[i] }.max()! }
    var solver = Solver(
      densities: logDensities.map { zip($0, largest).map { exp($0 - $1) } }, observations: observations)
    solver.solve()
    let total = solver.weights.reduce(0, +)
    weights = solver.weights.map { $0 / total }
  }

  private struct Solver {
    let densities: [[Double]]
    let observations: Int
    var weights: [Double]
    var duals: [Double]

    init(densities: [[Double]], observations: Int) {
      self.densities = densities
      self.observations = observations
      weights = densities.map { _ in 1 / Double(densities.count) }
      duals = densities.map { _ in 1 }
    }

    mutating func solve() {
      let count = weights.count
      for _ in 0..<100 {
        let gap = zip(weights, duals).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
        if gap < 1e-14 { return }
        let barrier = 0.1 * gap
        let (gradient, hessian) = derivatives
        var matrix = hessian
        var step = gradient
        for k in 0..<count {
          matrix[k * count + k] += duals[k] / weights[k]
          step[k] = barrier / weights[k] - gradient[k]
        }
        var factor = DenseCholesky(size: count)
        do { try factor.factor(matrix) } catch { return }
        factor.solve(&step)
        let dualStep = (0..<count).map { barrier / weights[$0] - duals[$0] - duals[$0] / weights[$0] * step[$0] }
        let dualLength = Self.length(duals, dualStep)
        let slope = (0..<count).reduce(0) { $0 + (gradient[$1] - barrier / weights[$1]) * step[$1] }
        let start = merit(weights, barrier)
        var length = Self.length(weights, step)
        // Rounding may hide the descent of the last steps, which are then taken in full.
        while length > 1e-12, merit(moved(length, step), barrier) > start + 1e-4 * length * slope + 1e-14 {
          length /= 2
        }
        weights = moved(length, step)
        for k in 0..<count { duals[k] += dualLength * dualStep[k] }
      }
    }

    private func moved(_ length: Double, _ step: [Double]) -> [Double] {
      zip(weights, step).map { $0 + length * $1 }
    }

    /// The longest step of at most 1 that stays clear of 0.
    private static func length(_ values: [Double], _ step: [Double]) -> Double {
      zip(values, step).reduce(1) { $1.1 < 0 ? min($0, -0.995 * $1.0 / $1.1) : $0 }
    }

    private func mixture(_ weights: [Double]) -> [Double] {
      var mixture = [Double](repeating: 0, count: observations)
      for (weight, column) in zip(weights, densities) {
        for i in mixture.indices { mixture[i] += weight * column[i] }
      }
      return mixture
    }

    private func merit(_ weights: [Double], _ barrier: Double) -> Double {
      let score = mixture(weights).reduce(0) { $0 + log($1) } / Double(observations)
      return weights.reduce(-score) { $0 + $1 - barrier * log($1) }
    }

    private var derivatives: (gradient: [Double], hessian: [Double]) {
      let count = weights.count
      let mixed = mixture(weights)
      var gradient = [Double](repeating: 1, count: count)
      var hessian = [Double](repeating: 0, count: count * count)
      for i in 0..<observations {
        for k in 0..<count {
          let share = densities[k][i] / mixed[i]
          gradient[k] -= share / Double(observations)
          for j in 0...k {
            let value = share * densities[j][i] / mixed[i] / Double(observations)
            hessian[k * count + j] += value
            if j != k { hessian[j * count + k] += value }
          }
        }
      }
      return (gradient, hessian)
    }
  }
}
