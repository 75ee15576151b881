import Foundation
import NumericKernels

/// The posterior of a Poisson log mean x under a normal prior: density ∝ exp(y x - e^x - (x - m)² / (2 s²)).
///
/// Updated by independence Metropolis: nine times in ten from the Laplace approximation, accepted in more than 95 % of
/// cases once y exceeds about 10. Its tail is lighter than the posterior's on the left, so a chain that is far out there
/// would stay for long; the tenth time the proposal has the prior's spread, and the posterior over it falls with the
/// distance from the mode, so that every far state is left at once. The choice and both proposals depend on y, m and s
/// only, so the update leaves the posterior invariant.
package struct PoissonNormal {
  private static let wideShare = 0.1
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
  private func logWeight(_ x: Double, rate: Double, proposalPrecision: Double) -> Double {
    let (fromMean, fromMode) = (x - mean, x - mode)
    return count * x - rate - 0.5 * (precision * fromMean * fromMean - proposalPrecision * fromMode * fromMode)
  }

  /// Replaces x and its exponential by the chain's next state.
  @inline(__always)
  package func update(_ x: inout Double, rate: inout Double, using stream: inout RandomStream) {
    let proposalPrecision = stream.uniform() < Self.wideShare ? precision : modePrecision
    let proposal = mode + stream.normal() / proposalPrecision.squareRoot()
    let proposedRate = exp(proposal)
    let difference =
      logWeight(proposal, rate: proposedRate, proposalPrecision: proposalPrecision)
      - logWeight(x, rate: rate, proposalPrecision: proposalPrecision)
    if difference >= 0 || stream.uniform() < exp(difference) {
      x = proposal
      rate = proposedRate
    }
  }
}
