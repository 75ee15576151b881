import NumericKernels

/// A full conditional distribution of one coordinate, which conjugacy gives in closed form.
public enum FullConditional: Sendable, Equatable {
  case normal(mean: Double, variance: Double)
  /// Density proportional to x^(-shape - 1) exp(-scale / x).
  case inverseGamma(shape: Double, scale: Double)
  /// Density proportional to x^(shape - 1) exp(-rate x).
  case gamma(shape: Double, rate: Double)
  case beta(Double, Double)

  /// A draw; NaN for parameters outside their range.
  @inlinable
  public func draw(using stream: inout RandomStream) -> Double {
    switch self {
    case .normal(let mean, let variance):
      return mean + variance.squareRoot() * stream.normal()
    case .inverseGamma(let shape, let scale):
      return shape > 0 && shape.isFinite && scale > 0 ? scale / stream.gamma(shape: shape) : .nan
    case .gamma(let shape, let rate):
      return shape > 0 && shape.isFinite && rate > 0 ? stream.gamma(shape: shape) / rate : .nan
    case .beta(let a, let b):
      return a > 0 && b > 0 && a.isFinite && b.isFinite ? stream.beta(a, b) : .nan
    }
  }
}

/// Full conditionals of conjugate pairs, from prior and sufficient statistics (Gelman et al., BDA3, chapters 2 and 3).
public enum Conjugate {
  /// Normal-Normal: the mean of normal observations of known variance, under a normal prior.
  ///
  /// - Parameters:
  ///   - sum: The observations' sum.
  ///   - count: Their number; 0 gives back the prior.
  ///   - variance: Their variance about the mean.
  @inlinable
  public static func normalMean(
    priorMean: Double, priorVariance: Double, sum: Double, count: Double, variance: Double
  ) -> FullConditional {
    let precision = 1 / priorVariance + count / variance
    return .normal(mean: (priorMean / priorVariance + sum / variance) / precision, variance: 1 / precision)
  }

  /// Normal-InverseGamma: the variance of normal observations of known mean, under an inverse gamma prior.
  ///
  /// - Parameter sumOfSquares: The sum of squared deviations from the mean.
  @inlinable
  public static func normalVariance(
    shape: Double, scale: Double, sumOfSquares: Double, count: Double
  ) -> FullConditional {
    .inverseGamma(shape: shape + 0.5 * count, scale: scale + 0.5 * sumOfSquares)
  }

  /// Gamma-Poisson: the rate of Poisson counts, under a gamma prior.
  ///
  /// - Parameters:
  ///   - sum: The counts' sum.
  ///   - exposure: The sum of their exposures; their number where each has exposure 1.
  @inlinable
  public static func poissonRate(shape: Double, rate: Double, sum: Double, exposure: Double) -> FullConditional {
    .gamma(shape: shape + sum, rate: rate + exposure)
  }

  /// Beta-Binomial: the probability of binomial counts, under a beta prior.
  @inlinable
  public static func binomialProbability(
    a: Double, b: Double, successes: Double, trials: Double
  ) -> FullConditional {
    .beta(a + successes, b + trials - successes)
  }

  /// Dirichlet-Categorical: puts a draw of category probabilities, under a Dirichlet prior, into coordinates of a
  /// state.
  ///
  /// - Parameters:
  ///   - concentration: The prior's concentration of each category, all positive.
  ///   - counts: Observations of each category.
  ///   - state: The state; its coordinates `range` are replaced.
  public static func drawProbabilities(
    concentration: [Double], counts: [Double], into state: inout [Double], _ range: Range<Int>,
    using stream: inout RandomStream
  ) {
    precondition(
      concentration.count == range.count && counts.count == range.count, "one figure per category is needed")
    let shapes = zip(concentration, counts).map { $0 + $1 }
    var none: [Double] = []
    var scratch = none.mutableSpan
    var all = state.mutableSpan
    var probabilities = all._mutatingExtracting(range)
    Dirichlet.random(
      shapes.span, shapes.span, size: range.count, into: &probabilities, scratch: &scratch, using: &stream)
  }
}
