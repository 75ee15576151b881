import Foundation
import NumericKernels

/// Convergence diagnostics of one scalar variable drawn by several chains.
///
/// Vehtari, Gelman, Simpson, Carpenter, Bürkner, "Rank-normalization, folding, and localization: an improved R-hat",
/// Bayesian Analysis 16 (2021). Figures agree with ArviZ 0.23.
///
/// Draws come chain after chain, all chains of equal length. Where a figure is not defined it is NaN:
/// - no chains or chains of unequal length, fewer than four draws a chain, or any draw that is not finite: every
///   figure;
/// - all draws equal: R-hat (there is no variance to compare); the effective sample sizes are then the number of draws
///   and the Monte Carlo errors 0.
/// Chains that are each constant but differ have an R-hat that is infinite but for rounding.
public enum Diagnostics {
  /// The rank-normalised split R-hat: the larger of that of the ranks (location) and of the folded ranks (scale).
  ///
  /// One chain is enough, since chains are split; ArviZ wants two.
  public static func rHat(_ draws: [Double], chains: Int) -> Double {
    guard isValid(draws, chains) else { return .nan }
    let split = SplitChains(draws, chainCount: chains)
    return rHat(split, RankNormalization(split.values))
  }

  static func rHat(_ split: SplitChains, _ ranks: RankNormalization) -> Double {
    let bulk = split.replacing(ranks.scores).rHat
    let folded = split.replacing(ranks.foldedScores).rHat
    // Two values in equal shares are all equally far from their median; then location alone speaks.
    return folded > bulk ? folded : bulk
  }

  /// The effective sample size of the rank-normalised draws: for the centre of the distribution.
  public static func bulkESS(_ draws: [Double], chains: Int) -> Double {
    guard isValid(draws, chains) else { return .nan }
    let split = SplitChains(draws, chainCount: chains)
    return split.replacing(RankNormalization(split.values).scores).effectiveSampleSize
  }

  /// The smaller of the effective sample sizes of the 5 % and the 95 % quantile.
  public static func tailESS(_ draws: [Double], chains: Int) -> Double {
    guard isValid(draws, chains) else { return .nan }
    return tailESS(draws, sorted: draws.sorted(), chains: chains)
  }

  static func tailESS(_ draws: [Double], sorted: [Double], chains: Int) -> Double {
    min(
      quantileESS(draws, sorted: sorted, chains: chains, probability: 0.05),
      quantileESS(draws, sorted: sorted, chains: chains, probability: 0.95))
  }

  /// The effective sample size of the indicator that a draw is at or below the sample's quantile (type 7).
  ///
  /// Not a number for a probability that is not from 0 to 1.
  public static func quantileESS(_ draws: [Double], chains: Int, probability: Double) -> Double {
    guard isValid(draws, chains), probability >= 0, probability <= 1 else { return .nan }
    return quantileESS(draws, sorted: draws.sorted(), chains: chains, probability: probability)
  }

  static func quantileESS(_ draws: [Double], sorted: [Double], chains: Int, probability: Double) -> Double {
    let quantile = EmpiricalQuantile.linear(sorted, probability)
    return SplitChains(draws.map { $0 <= quantile ? 1 : 0 }, chainCount: chains).effectiveSampleSize
  }

  /// The effective sample size of the mean: of the draws as they are.
  public static func meanESS(_ draws: [Double], chains: Int) -> Double {
    guard isValid(draws, chains) else { return .nan }
    return SplitChains(draws, chainCount: chains).effectiveSampleSize
  }

  /// The Monte Carlo standard error of the mean: sd / sqrt(meanESS).
  public static func mcseMean(_ draws: [Double], chains: Int) -> Double {
    guard isValid(draws, chains) else { return .nan }
    return sampleVariance(draws).squareRoot() / meanESS(draws, chains: chains).squareRoot()
  }

  /// The Monte Carlo standard error of the standard deviation, by the delta method from that of the second moment.
  public static func mcseSD(_ draws: [Double], chains: Int) -> Double {
    guard isValid(draws, chains) else { return .nan }
    let n = Double(draws.count)
    let mean = draws.reduce(0, +) / n
    let squares = draws.map { ($0 - mean) * ($0 - mean) }
    let variance = squares.reduce(0, +) / n
    if variance == 0 { return 0 }
    let fourth = squares.reduce(0) { $0 + $1 * $1 } / n
    let errorVariance = (fourth - variance * variance) / meanESS(squares, chains: chains)
    return (errorVariance / variance / 4).squareRoot()
  }

  /// The Monte Carlo standard error of a quantile: half the distance between the order statistics at the 16 % and 84 %
  /// points of the beta distribution of the quantile's rank, given its effective sample size.
  ///
  /// Not a number for a probability that does not lie between 0 and 1.
  public static func mcseQuantile(_ draws: [Double], chains: Int, probability: Double) -> Double {
    guard isValid(draws, chains), probability > 0, probability < 1 else { return .nan }
    let sorted = draws.sorted()
    let ess = quantileESS(draws, sorted: sorted, chains: chains, probability: probability)
    let (a, b) = (ess * probability + 1, ess * (1 - probability) + 1)
    let size = Double(sorted.count)
    // One standard deviation of a normal to either side, in ArviZ's digits.
    let low = SpecialFunctions.betaQuantile(0.1586553, a, b) * size - 1
    let high = SpecialFunctions.betaQuantile(0.8413447, a, b) * size - 1
    let below = sorted[Int(max(low, 0).rounded(.down))]
    let above = sorted[Int(min(high, size - 1).rounded(.up))]
    return (above - below) / 2
  }

  static func isValid(_ draws: [Double], _ chains: Int) -> Bool {
    chains >= 1 && draws.count % chains == 0 && draws.count / chains >= 4 && draws.allSatisfy(\.isFinite)
  }
}

extension SplitChains {
  /// The same shape with other values.
  func replacing(_ values: [Double]) -> SplitChains {
    SplitChains(values: values, chainCount: chainCount, length: length)
  }
}
