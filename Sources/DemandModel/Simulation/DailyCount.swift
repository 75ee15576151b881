import Foundation
import NumericKernels

/// A day's negative binomial count on a simulated path, together with the probability of zero that the path's own
/// filter needs if nothing was sold.
struct DailyCount {
  /// Negative-binomial size and its inverse.
  let size: Double
  let inverseSize: Double

  /// Means up to here are inverted term by term, about 2 ns each; beyond, a Poisson with a gamma mean is quicker.
  private static let largestInverted = 24.0
  /// Terms beyond the mode smaller than this have no mass at the resolution of one uniform.
  private static let negligible = 1e-18

  init(inverseSize: Double) {
    self.inverseSize = inverseSize
    size = 1 / inverseSize
  }

  /// `P(Y = 0) = (1 + mean / size)^-size`.
  @inline(__always)
  func zeroProbability(mean: Double) -> Double { exp(-size * log(1 + mean * inverseSize)) }

  /// A count of the given mean. Its zero probability is filled in where the count is zero.
  ///
  /// Inversion uses `p_k+1 = p_k (size + k) / (k + 1) * mean / (size + mean)` from `p_0`, the zero probability.
  @inline(__always)
  func sample(mean: Double, from stream: inout RandomStream, zero: inout Double) -> Int {
    guard mean <= Self.largestInverted else {
      let count = stream.negativeBinomial(mean: mean, size: size)
      if count == 0 { zero = zeroProbability(mean: mean) }
      return count
    }
    zero = zeroProbability(mean: mean)
    var remaining = stream.uniform() - zero
    if remaining <= 0 { return 0 }
    let ratio = mean / (size + mean)
    var term = zero
    var count = 0
    while true {
      let k = Double(count)
      term *= (size + k) * ratio / (k + 1)
      count += 1
      remaining -= term
      if remaining <= 0 || (term < Self.negligible && k > mean) { return count }
    }
  }
}
