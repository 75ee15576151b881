import Foundation
import NumericKernels

/// p-values of classical tests of fit, for tests with fixed seeds: a p-value below 1e-3 in such a test is a finding.
public enum GoodnessOfFit {
  /// Pearson's chi-square test of observed counts against cell probabilities that sum to one.
  ///
  /// Neighbouring cells are pooled until each expects at least ten.
  public static func chiSquare(counts: [Int], probabilities: [Double]) -> Double {
    precondition(counts.count == probabilities.count)
    let total = Double(counts.reduce(0, +))
    var cells: [(observed: Double, expected: Double)] = []
    var open = (observed: 0.0, expected: 0.0)
    for (count, probability) in zip(counts, probabilities) {
      open.observed += Double(count)
      open.expected += total * probability
      if open.expected >= 10 {
        cells.append(open)
        open = (0, 0)
      }
    }
    if var last = cells.popLast() {
      last.observed += open.observed
      last.expected += open.expected
      cells.append(last)
    }
    precondition(cells.count >= 2, "too few draws for a chi-square test")
    let statistic = cells.reduce(0.0) { $0 + ($1.observed - $1.expected) * ($1.observed - $1.expected) / $1.expected }
    return SpecialFunctions.regularizedGammaQ(0.5 * Double(cells.count - 1), 0.5 * statistic)
  }

  /// Chi-square test that integers in `0..<cells` are uniform, as the ranks of simulation-based calibration must be.
  public static func uniformRanks(_ ranks: [Int], cells: Int) -> Double {
    var counts = [Int](repeating: 0, count: cells)
    for rank in ranks { counts[rank] += 1 }
    return chiSquare(counts: counts, probabilities: [Double](repeating: 1 / Double(cells), count: cells))
  }

  /// The Kolmogorov-Smirnov test of a sample against a continuous distribution function, by the asymptotic law with
  /// Stephens' correction for finite samples (1970).
  public static func kolmogorovSmirnov(_ sample: [Double], distribution: (Double) -> Double) -> Double {
    let sorted = sample.sorted()
    let n = Double(sorted.count)
    var distance = 0.0
    for (i, x) in sorted.enumerated() {
      let p = distribution(x)
      distance = max(distance, p - Double(i) / n, Double(i + 1) / n - p)
    }
    let root = n.squareRoot()
    let lambda = (root + 0.12 + 0.11 / root) * distance
    var sum = 0.0
    var sign = 1.0
    for k in 1...100 {
      let j = Double(k)
      sum += sign * exp(-2 * j * j * lambda * lambda)
      sign = -sign
    }
    return min(1, max(0, 2 * sum))
  }
}
