import Foundation

/// The shape k of a generalised Pareto distribution fitted to the largest importance weights.
///
/// Above 0.7 the weights cannot be relied on at usual sample sizes; moments of order 1/k exist. The tail is the
/// largest ceil(min(S/5, 3 sqrt(S / relativeEfficiency))) of S weights, the fit Zhang and Stephens' (2009) with the weakly
/// informative prior towards 1/2 of Vehtari et al., "Pareto smoothed importance sampling", JMLR 25 (2024). Figures agree
/// with ArviZ's `psislw`.
///
/// - Parameters:
///   - logWeights: Log importance ratios, up to a constant; minus infinity is a weight of 0.
///   - relativeEfficiency: The proposals' effective sample size over their number, 1 for independent ones.
/// - Returns: k; NaN if a weight is NaN or plus infinity or none is positive; plus infinity where at most four weights
///   lie above the cutoff (25 weights are needed for a tail of five); minus infinity where there is no tail at all,
///   since the largest weights are equal.
public func paretoKHat(_ logWeights: [Double], relativeEfficiency: Double = 1) -> Double {
  guard let largest = logWeights.max(), largest.isFinite, !logWeights.contains(where: \.isNaN) else { return .nan }
  let count = Double(logWeights.count)
  let tailCount = Int(min(count / 5, 3 * (count / relativeEfficiency).squareRoot()).rounded(.up))
  if tailCount <= 4 { return .infinity }
  let sorted = logWeights.map { $0 - largest }.sorted()
  // Weights below the least positive double are no part of a tail.
  let cutoff = max(sorted[sorted.count - 1 - tailCount], log(Double.leastNormalMagnitude))
  if cutoff >= 0 { return -.infinity }
  let base = exp(cutoff)
  let tail = sorted.suffix(tailCount).filter { $0 > cutoff }.map { exp($0) - base }
  if tail.count <= 4 { return .infinity }
  return generalizedParetoShape(tail)
}

/// Zhang and Stephens' empirical Bayes estimate of the shape from exceedances in ascending order, shrunk towards 1/2 as
/// if by ten further observations.
func generalizedParetoShape(_ exceedances: [Double]) -> Double {
  let n = exceedances.count
  let gridSize = 30 + Int(Double(n).squareRoot())
  let quartile = exceedances[Int(Double(n) / 4 + 0.5) - 1]
  let largest = exceedances[n - 1]
  guard quartile > 0 else { return .infinity }
  func meanLog(_ b: Double) -> Double {
    var sum = 0.0
    for x in exceedances { sum += log1p(-b * x) }
    return sum / Double(n)
  }
  var grid: [Double] = []
  var profile: [Double] = []
  for i in 1...gridSize {
    let b = (1 - (Double(gridSize) / (Double(i) - 0.5)).squareRoot()) / (3 * quartile) + 1 / largest
    let k = meanLog(b)
    grid.append(b)
    profile.append(Double(n) * (log(-(b / k)) - k - 1))
  }
  guard let best = profile.max(), best.isFinite else { return .infinity }
  let total = profile.reduce(0) { $0 + exp($1 - best) }
  var (sum, posterior) = (0.0, 0.0)
  for (b, value) in zip(grid, profile) {
    let weight = exp(value - best) / total
    // As in the reference implementations, weights at rounding level are left out.
    if weight < 10 * Double.ulpOfOne { continue }
    sum += weight
    posterior += weight * b
  }
  let shape = meanLog(posterior / sum)
  return (Double(n) * shape + 5) / (Double(n) + 10)
}
