import Foundation
import NumericKernels

/// Ranks of true values among posterior draws, and whether they are uniform.
public struct CalibrationResult: Sendable {
  /// A data set that could not be fitted.
  public struct Failure: Sendable, Equatable {
    public let replication: Int
    public let reason: String
  }

  /// How the ranks of one variable are spread.
  public struct Row: Sendable, Equatable {
    public let name: String
    /// The p-value of Pearson's chi-square test in bins of equal probability.
    public let chiSquare: Double
    /// The p-value of the largest departure of the ranks' distribution function from its simultaneous band.
    public let ecdf: Double
    /// The mean rank over L: 1/2 when calibrated, less when draws are too high.
    public let meanRank: Double
    /// The standard deviation of ranks over that of uniform ranks: above 1 when draws are too narrow, below 1 when too
    /// wide.
    public let spread: Double
  }

  public let names: [String]
  /// [variable][replication], each from 0 to ``rankedDraws``, as many for each variable.
  public let ranks: [[Int]]
  public let rankedDraws: Int
  public let failures: [Failure]

  /// - Parameter ranks: Lists without a name, and names without a list, are left out.
  public init(names: [String], ranks: [[Int]], rankedDraws: Int, failures: [Failure] = []) {
    let (names, ranks) = (Array(names.prefix(ranks.count)), Array(ranks.prefix(names.count)))
    self.names = names
    self.ranks = ranks
    self.rankedDraws = rankedDraws
    self.failures = failures
  }

  /// Tests of uniformity for each variable; their figures are NaN where a rank is not from 0 to ``rankedDraws`` or there
  /// are not as many ranks as of the first variable.
  public func rows() -> [Row] {
    guard let count = ranks.first?.count, count > 0 else { return [] }
    let band = RankBand(count: count, rankedDraws: rankedDraws)
    return zip(names, ranks).map { name, ranks in
      guard ranks.count == count, ranks.allSatisfy({ $0 >= 0 && $0 <= rankedDraws }) else {
        return Row(name: name, chiSquare: .nan, ecdf: .nan, meanRank: .nan, spread: .nan)
      }
      let l = Double(rankedDraws)
      let mean = ranks.reduce(0.0) { $0 + Double($1) } / Double(count)
      let variance = ranks.reduce(0.0) { $0 + (Double($1) - 0.5 * l) * (Double($1) - 0.5 * l) } / Double(count)
      return Row(
        name: name, chiSquare: chiSquare(ranks), ecdf: band.pValue(ranks), meanRank: mean / l,
        spread: (variance / (l * (l + 2) / 12)).squareRoot())
    }
  }

  /// Whether no test of any variable rejects at this level, divided by the number of tests, and no fit failed.
  public func isCalibrated(level: Double = 0.01) -> Bool {
    let rows = rows()
    guard failures.isEmpty, !rows.isEmpty else { return false }
    let each = level / Double(2 * rows.count)
    return rows.allSatisfy { $0.chiSquare > each && $0.ecdf > each }
  }

  /// Pearson's test in bins that divide the ranks as evenly as can be and expect at least five each.
  private func chiSquare(_ ranks: [Int]) -> Double {
    let cells = rankedDraws + 1
    let bins = max(2, min(cells, ranks.count / 5, 20))
    var counts = [Double](repeating: 0, count: bins)
    var widths = counts
    for rank in 0..<cells { widths[rank * bins / cells] += 1 }
    for rank in ranks { counts[rank * bins / cells] += 1 }
    var statistic = 0.0
    for (count, width) in zip(counts, widths) {
      let expected = Double(ranks.count) * width / Double(cells)
      statistic += (count - expected) * (count - expected) / expected
    }
    return SpecialFunctions.regularizedGammaQ(0.5 * Double(bins - 1), 0.5 * statistic)
  }
}

/// Simultaneous bands for the distribution function of uniform ranks (Säilynoja, Bürkner and Vehtari 2022), by
/// simulation.
///
/// At each rank r the number of ranks up to it is binomial; a sample's departure is the smallest two-sided tail
/// probability over all r, compared with that of simulated uniform samples.
public struct RankBand: Sendable {
  public let count: Int
  public let rankedDraws: Int
  /// Tail probabilities of a binomial count of ranks up to r, at `r * (count + 1) + number`: the smaller side, twice.
  private let tails: [Double]
  /// Departures of simulated uniform samples, ascending.
  private let departures: [Double]

  /// - Parameters:
  ///   - count: The number of ranks in a sample, at least 0.
  ///   - rankedDraws: The largest rank L, at least 0.
  ///   - simulations: At least 1. Numbers below the least are taken as it.
  public init(count: Int, rankedDraws: Int, simulations: Int = 2000) {
    let (count, rankedDraws) = (max(0, count), max(0, rankedDraws))
    self.count = count
    self.rankedDraws = rankedDraws
    var tails: [Double] = []
    tails.reserveCapacity(rankedDraws * (count + 1))
    for r in 0..<rankedDraws {
      let p = Double(r + 1) / Double(rankedDraws + 1)
      var lower = 0.0
      for number in 0...count {
        let mass = exp(
          SpecialFunctions.logGamma(Double(count + 1)) - SpecialFunctions.logGamma(Double(number + 1))
            - SpecialFunctions.logGamma(Double(count - number + 1)) + Double(number) * log(p)
            + Double(count - number) * log1p(-p))
        let upper = 1 - lower
        lower += mass
        tails.append(min(1, 2 * min(lower, upper)))
      }
    }
    self.tails = tails
    var stream = RandomStream(seed: 0, purpose: StreamPurpose.calibrationBand)
    var ranks = [Int](repeating: 0, count: count)
    var departures: [Double] = []
    for _ in 0..<max(1, simulations) {
      for i in ranks.indices { ranks[i] = stream.integer(below: rankedDraws + 1) }
      departures.append(Self.departure(ranks, rankedDraws, tails))
    }
    self.departures = departures.sorted()
  }

  /// The share of uniform samples that depart as far as these ranks, at least 1 / (simulations + 1); NaN for another number
  /// of ranks than ``count``, or one that is not from 0 to ``rankedDraws``.
  public func pValue(_ ranks: [Int]) -> Double {
    guard ranks.count == count, ranks.allSatisfy({ $0 >= 0 && $0 <= rankedDraws }) else { return .nan }
    let own = Self.departure(ranks, rankedDraws, tails)
    let further = departures.count { $0 <= own }
    return Double(further + 1) / Double(departures.count + 1)
  }

  /// The band at a level (from 0 to 1, otherwise as 0): for r = 0 to L - 1 the least and the most of `count` uniform ranks that are at most r.
  public func limits(level: Double = 0.95) -> [ClosedRange<Int>] {
    let share = level >= 0 && level <= 1 ? 1 - level : 1
    let index = min(departures.count - 1, Int(share * Double(departures.count)))
    let threshold = departures[index]
    return (0..<rankedDraws).map { r in
      let inside = (0...count).filter { tails[r * (count + 1) + $0] >= threshold }
      return (inside.first ?? 0)...(inside.last ?? count)
    }
  }

  private static func departure(_ ranks: [Int], _ rankedDraws: Int, _ tails: [Double]) -> Double {
    var counts = [Int](repeating: 0, count: rankedDraws + 1)
    for rank in ranks { counts[rank] += 1 }
    var smallest = 1.0
    var below = 0
    for r in 0..<rankedDraws {
      below += counts[r]
      smallest = min(smallest, tails[r * (ranks.count + 1) + below])
    }
    return smallest
  }
}
