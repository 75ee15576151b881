import Inference
import NumericKernels

extension SchoolSurvey {
  /// The partially pooled model by its full conditionals, all of which are known: the state is mu, tau², the schools'
  /// means and their variances.
  func gibbs() throws -> Gibbs {
    let schools = means.count
    let (counts, sums, squares) = sufficientStatistics
    let (mean, variance) = (2, 2 + schools)
    let blocks: [GibbsBlock] = [
      .conjugate("school_mean", mean..<(mean + schools)) { state, j in
        Conjugate.normalMean(
          priorMean: state[0], priorVariance: state[1], sum: sums[j], count: counts[j], variance: state[variance + j])
      },
      .conjugate("sigma2", variance..<(variance + schools)) { state, j in
        let m = state[mean + j]
        return Conjugate.normalVariance(
          shape: 3, scale: 200, sumOfSquares: squares[j] - 2 * m * sums[j] + counts[j] * m * m, count: counts[j])
      },
      .conjugate("mu", 0..<1) { state, _ in
        let sum = state[mean..<(mean + schools)].reduce(0, +)
        return Conjugate.normalMean(
          priorMean: 50, priorVariance: 625, sum: sum, count: Double(schools), variance: state[1])
      },
      .conjugate("tau2", 1..<2) { state, _ in
        let sum = state[mean..<(mean + schools)].reduce(0) { $0 + ($1 - state[0]) * ($1 - state[0]) }
        return Conjugate.normalVariance(shape: 2, scale: 50, sumOfSquares: sum, count: Double(schools))
      },
    ]
    let names = ["mu", "tau2"] + ["school_mean", "sigma2"].flatMap { name in (1...schools).map { "\(name)[\($0)]" } }
    return try Gibbs(names: names, blocks: blocks) { stream in
      [50 + 10 * stream.normal(), 50]
        + (0..<schools).map { _ in 50 + 10 * stream.normal() } + [Double](repeating: 100, count: schools)
    }
  }

  /// Of each school: pupils, the sum of their scores, the sum of the scores' squares.
  private var sufficientStatistics: (counts: [Double], sums: [Double], squares: [Double]) {
    var statistics = [[Double]](repeating: [Double](repeating: 0, count: means.count), count: 3)
    for (j, y) in zip(school, score) {
      for (k, value) in [1, y, y * y].enumerated() { statistics[k][j] += value }
    }
    return (statistics[0], statistics[1], statistics[2])
  }
}
