import Foundation
import NumericKernels

/// Importance weights whose largest are replaced by what a generalised Pareto distribution expects of them.
///
/// Vehtari, Simpson, Gelman, Yao, Gabry, "Pareto smoothed importance sampling", JMLR 25 (2024). Figures agree with
/// ArviZ's `psislw` and R's `loo::psis`.
public struct ParetoSmoothedWeights: Sendable {
  /// Logs of weights that sum to 1, in the order of the ratios given.
  public let logWeights: [Double]
  /// The tail's shape, as ``paretoKHat(_:relativeEfficiency:)`` has it.
  public let paretoK: Double

  /// Smooths log importance ratios, which may lack a constant.
  ///
  /// With a ratio that is NaN or plus infinity, or none above minus infinity, every weight and k are NaN; so they are with
  /// a relative efficiency that is not above 0. Where there is no tail to smooth, the weights are the ratios normalised,
  /// and k is plus infinity if the tail is too short to judge, minus infinity if all ratios are equal, NaN if only the
  /// largest are.
  ///
  /// - Complexity: O(S log S) for S ratios.
  public init(logRatios: [Double], relativeEfficiency: Double = 1) {
    guard let largest = logRatios.max(), largest.isFinite, !logRatios.contains(where: \.isNaN),
      relativeEfficiency > 0
    else {
      logWeights = [Double](repeating: .nan, count: logRatios.count)
      paretoK = .nan
      return
    }
    var weights = logRatios.map { $0 - largest }
    let order = weights.indices.sorted { weights[$0] < weights[$1] }
    do throws(ParetoTail.Missing) {
      let tail = try ParetoTail(
        sortedLogWeights: order.map { weights[$0] }, relativeEfficiency: relativeEfficiency)
      paretoK = tail.shape
      if tail.shape.isFinite {
        for i in 0..<tail.count { weights[order[order.count - tail.count + i]] = tail.smoothedLogWeight(i) }
      }
    } catch .tooShort {
      paretoK = .infinity
    } catch .uniform {
      paretoK = -.infinity
    } catch {
      paretoK = .nan
    }
    let total = SpecialFunctions.logSumExp(weights)
    logWeights = weights.map { $0 - total }
  }

  /// 1 / sum of squared weights: as many independent draws with equal weights would estimate as well.
  public var effectiveSampleSize: Double {
    1 / logWeights.reduce(0) { $0 + exp(2 * $1) }
  }

  /// The largest k at which estimates from so many draws can be relied on: min(1 - 1 / log10(S), 0.7).
  public static func reliableK(draws: Int) -> Double {
    min(1 - 1 / log10(Double(draws)), 0.7)
  }
}
