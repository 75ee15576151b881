import Foundation

/// The largest importance weights, and the generalised Pareto distribution of what they have above a cutoff.
struct ParetoTail {
  /// Why there is no fitted tail.
  enum Missing: Error {
    /// At most four weights lie above the cutoff.
    case tooShort
    /// The largest weights are all equal, but not all are.
    case flat
    /// All weights are equal.
    case uniform
  }

  let count: Int
  /// The weight just below the tail, the largest being 1.
  let cutoff: Double
  /// Infinite where the tail cannot be fitted.
  let shape: Double
  let scale: Double

  /// Fits the largest ceil(min(S/5, 3 sqrt(S / relativeEfficiency))) of S weights.
  ///
  /// - Parameters:
  ///   - sorted: Log weights in ascending order, the last of them 0.
  ///   - relativeEfficiency: Above 0.
  init(sortedLogWeights sorted: [Double], relativeEfficiency: Double) throws(Missing) {
    let size = Double(sorted.count)
    let wanted = Int(min(size / 5, 3 * (size / relativeEfficiency).squareRoot()).rounded(.up))
    if wanted <= 4 { throw .tooShort }
    // Weights below the least positive double are no part of a tail.
    let logCutoff = max(sorted[sorted.count - 1 - wanted], log(Double.leastNormalMagnitude))
    if logCutoff >= 0 { throw sorted[0] == 0 ? .uniform : .flat }
    let base = exp(logCutoff)
    let exceedances = sorted.suffix(wanted).filter { $0 > logCutoff }.map { exp($0) - base }
    if exceedances.count <= 4 { throw .tooShort }
    count = exceedances.count
    cutoff = base
    (shape, scale) = Self.fit(exceedances)
  }

  /// The log of the weight expected at the i-th of the tail's places in ascending order, at most 0.
  ///
  /// log(cutoff + quantile((i + 1/2) / count)), quantile(p) = scale (exp(-k log(1 - p)) - 1) / k.
  func smoothedLogWeight(_ i: Int) -> Double {
    let p = (Double(i) + 0.5) / Double(count)
    let quantile = abs(shape) < 1e-300 ? -scale * log1p(-p) : scale * expm1(-shape * log1p(-p)) / shape
    return min(0, log(cutoff + quantile))
  }

  /// Zhang and Stephens' empirical Bayes estimate from exceedances in ascending order (Technometrics 51, 2009), its
  /// shape shrunk towards 1/2 as if by ten further observations.
  private static func fit(_ exceedances: [Double]) -> (shape: Double, scale: Double) {
    let n = exceedances.count
    let gridSize = 30 + Int(Double(n).squareRoot())
    let quartile = exceedances[Int(Double(n) / 4 + 0.5) - 1]
    let largest = exceedances[n - 1]
    guard quartile > 0 else { return (.infinity, .nan) }
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
    guard let best = profile.max(), best.isFinite else { return (.infinity, .nan) }
    let total = profile.reduce(0) { $0 + exp($1 - best) }
    var (sum, posterior) = (0.0, 0.0)
    for (b, value) in zip(grid, profile) {
      let weight = exp(value - best) / total
      // As in the reference implementations, weights at rounding level are left out.
      if weight < 10 * Double.ulpOfOne { continue }
      sum += weight
      posterior += weight * b
    }
    let b = posterior / sum
    let k = meanLog(b)
    return ((Double(n) * k + 5) / (Double(n) + 10), -k / b)
  }
}
