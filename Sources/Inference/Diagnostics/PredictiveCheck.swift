import Foundation
import NumericKernels

/// Observations beside data that a model made up: from its prior, to see whether it could have produced anything like
/// them; from its posterior, to see what of them it fails to reproduce.
///
/// Gelman, Meng, Stern, "Posterior predictive assessment of model fitness via realized discrepancies", Statistica
/// Sinica 6 (1996).
public struct PredictiveCheck: Sendable {
  /// Data that do not fit together.
  public enum Unsuitable: Error, Equatable, CustomStringConvertible {
    case differentCounts(observed: Int, replicated: Int)
    case noDraws

    public var description: String {
      switch self {
      case .differentCounts(let observed, let replicated):
        "There are \(observed) observations and \(replicated) replicated variables: one each is needed."
      case .noDraws: "There are no replicated data: draw some."
      }
    }
  }

  /// A figure of the observed data among those of the replicated data.
  public struct Comparison: Sendable, Equatable {
    public let name: String
    public let observed: Double
    /// Mean, 5 % and 95 % quantile over the replicated data.
    public let mean: Double
    public let q5: Double
    public let q95: Double
    /// The share of replicated figures above the observed one, ties counting half: near 0 or 1, the model does not
    /// reproduce it. A statistic that a parameter is fitted to, such as the mean, is bound to be near 1/2.
    public let pValue: Double
  }

  public let observed: [Double]
  /// A variable per observation.
  public let replicated: Draws

  public init(observed: [Double], replicated: Draws) throws(Unsuitable) {
    guard observed.count == replicated.names.count else {
      throw .differentCounts(observed: observed.count, replicated: replicated.names.count)
    }
    guard replicated.drawCount > 0 else { throw .noDraws }
    self.observed = observed
    self.replicated = replicated
  }

  private var draws: Int { replicated.chainCount * replicated.drawCount }

  /// Compares one figure of the data.
  ///
  /// - Parameter statistic: Computes it from data in the order of the observations.
  public func compare(_ name: String, _ statistic: ([Double]) -> Double) -> Comparison {
    let found = statistic(observed)
    var data = [Double](repeating: 0, count: observed.count)
    var figures: [Double] = []
    figures.reserveCapacity(draws)
    for draw in 0..<draws {
      for i in data.indices { data[i] = replicated.values[i * draws + draw] }
      figures.append(statistic(data))
    }
    let share = figures.reduce(0.0) { $0 + ($1 > found ? 1 : $1 == found ? 0.5 : 0) } / Double(draws)
    let defined = !found.isNaN && !figures.contains(where: \.isNaN)
    let sorted = figures.sorted()
    return Comparison(
      name: name, observed: found, mean: defined ? figures.reduce(0, +) / Double(draws) : .nan,
      q5: defined ? EmpiricalQuantile.linear(sorted, 0.05) : .nan,
      q95: defined ? EmpiricalQuantile.linear(sorted, 0.95) : .nan, pValue: defined ? share : .nan)
  }

  /// Mean, standard deviation, smallest and largest value; for counts the share of zeros too.
  public func standardComparisons() -> [Comparison] {
    var rows = [
      compare("mean") { $0.reduce(0, +) / Double($0.count) },
      compare("sd") { sampleVariance($0).squareRoot() },
      compare("smallest") { $0.min() ?? .nan },
      compare("largest") { $0.max() ?? .nan },
    ]
    if isCount {
      rows.append(compare("share of zeros") { $0.reduce(0.0) { $0 + ($1 == 0 ? 1 : 0) } / Double($0.count) })
    }
    return rows
  }

  /// Whether the observations are whole numbers of at least 0.
  private var isCount: Bool { observed.allSatisfy { $0 >= 0 && $0 == $0.rounded() } }

  /// The probability integral transform of each observation: where it falls within its replicated values, 0 to 1,
  /// uniform if the model's predictions are calibrated.
  ///
  /// P(replicated < y) + u P(replicated = y), u uniform: randomised for discrete data (Czado, Gneiting, Held,
  /// Biometrics 65, 2009). An observation the model was fitted to lies too close to 1/2; give `leavingOut` to mend
  /// that.
  ///
  /// - Parameters:
  ///   - leavingOut: The log likelihood of each observation in the same draws; each is then transformed by the
  ///     distribution fitted without it, through Pareto smoothed weights. Of other observations or draws, they leave
  ///     every transform NaN.
  ///   - relativeEfficiency: As for ``LeaveOneOut``, by default each observation's own.
  ///   - seed: Of the randomisation; the same seed gives the same values.
  public func integralTransforms(
    leavingOut logLikelihood: Draws? = nil, relativeEfficiency: Double? = nil, seed: UInt64
  ) -> [Double] {
    if let logLikelihood,
      logLikelihood.names.count != observed.count || logLikelihood.chainCount != replicated.chainCount
        || logLikelihood.drawCount != replicated.drawCount
    {
      return observed.map { _ in .nan }
    }
    return observed.indices.map { i in
      var stream = RandomStream(seed: seed, purpose: StreamPurpose.predictiveCheck, index: UInt64(i))
      let u = stream.uniform()
      var weights = [Double](repeating: 1 / Double(draws), count: draws)
      if let logLikelihood {
        let values = Array(logLikelihood[i])
        weights = LeaveOneOut.weights(
          logLikelihood: values, chains: logLikelihood.chainCount, relativeEfficiency: relativeEfficiency
        ).logWeights.map { exp($0) }
      }
      var (below, equal) = (0.0, 0.0)
      for (value, weight) in zip(replicated[i], weights) {
        if value < observed[i] { below += weight } else if value == observed[i] { equal += weight }
      }
      return min(1, below + u * equal)
    }
  }

  /// The share of observations within the central interval of this probability, judged by their transforms.
  public static func coverage(of transforms: [Double], probability: Double) -> Double {
    let tail = (1 - probability) / 2
    let inside = transforms.count { $0 >= tail && $0 <= 1 - tail }
    return Double(inside) / Double(transforms.count)
  }

  /// The standard comparisons as a table.
  public func table() -> String {
    var table = TextTable(header: ["statistic", "observed", "replicated", "5%", "95%", "p"])
    for row in standardComparisons() {
      let decimals = Figure.decimals(showing: 3, of: max(abs(row.observed), abs(row.mean)))
      table.append(
        [row.name] + [row.observed, row.mean, row.q5, row.q95].map { Figure.fixed($0, decimals) }
          + [Figure.fixed(row.pValue, 2)])
    }
    return table.text()
  }
}
