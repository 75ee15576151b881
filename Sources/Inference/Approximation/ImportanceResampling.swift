import Foundation
import NumericKernels

/// Draws of an approximation chosen anew by their importance weights.
enum ImportanceResampling {
  /// Pareto-smoothed weights of the log ratios of target to approximation, normalised, with the tail's shape k.
  static func weights(_ logRatios: [Double]) -> (weights: [Double], k: Double) {
    let smoothed = ParetoSmoothedWeights(logRatios: logRatios)
    return (smoothed.logWeights.map { exp($0) }, smoothed.paretoK)
  }

  /// Systematic resampling: each index is chosen `floor` or `ceil` of count times its weight, in random order.
  static func choose(_ weights: [Double], count: Int, using stream: inout RandomStream) -> [Int] {
    let offset = stream.uniform()
    var chosen: [Int] = []
    chosen.reserveCapacity(count)
    var cumulative = 0.0
    for (i, weight) in weights.enumerated() {
      cumulative += weight * Double(count)
      while chosen.count < count && Double(chosen.count) + offset < cumulative { chosen.append(i) }
    }
    // Rounding may leave the last places open.
    while chosen.count < count { chosen.append(chosen.last ?? 0) }
    stream.shuffle(&chosen)
    return chosen
  }
}
