import Foundation
import NumericKernels

/// The posterior of a Poisson log mean x under a normal prior: density ∝ exp(y x - e^x - (x - m)² / (2 s²)).
///
/// Updated by independence Metropolis from the Laplace approximation. The proposal depends on y, m and s only, so the
/// update leaves the posterior invariant; it is accepted in more than 95 % of cases once y exceeds about 10.
package struct PoissonNormal {
  let count: Double
  let mean: Double
  let precision: Double
  let mode: Double
  let modePrecision: Double

  /// - Parameter logCount: log(y), or log(1/2) where y is 0: a start for Newton's iteration.
  @inline(__always)
  package init(count: Double, logCount: Double, mean: Double, precision: Double) {
    self.count = count
    self.mean = mean
    self.precision = precision
    let weight = max(count, 0.5)
    var x = (weight * logCount + precision * mean) / (weight + precision)
    var rate = exp(x)
    // Newton on a convex gradient; 30 iterations bound the far starts, most need one or two.
    for _ in 0..<30 {
      let step = (count - rate - precision * (x - mean)) / (rate + precision)
      x += step
      if abs(step) < 1e-3 {
        rate += rate * step
        break
      }
      rate = exp(x)
    }
    mode = x
    modePrecision = rate + precision
  }

  /// Log of target over proposal density, up to a constant.
  @inline(__always)
  func logWeight(_ x: Double, rate: Double) -> Double {
    let (fromMean, fromMode) = (x - mean, x - mode)
    return count * x - rate - 0.5 * (precision * fromMean * fromMean - modePrecision * fromMode * fromMode)
  }

  /// Replaces x and its exponential by the chain's next state.
  @inline(__always)
  package func update(_ x: inout Double, rate: inout Double, using stream: inout RandomStream) {
    let proposal = mode + stream.normal() / modePrecision.squareRoot()
    let proposedRate = exp(proposal)
    let difference = logWeight(proposal, rate: proposedRate) - logWeight(x, rate: rate)
    if difference >= 0 || stream.uniform() < exp(difference) {
      x = proposal
      rate = proposedRate
    }
  }
}
