import NumericKernels

/// One line of figures per variable: what its posterior looks like and how far its draws can be trusted.
public struct DrawSummary: Sendable, Equatable {
  public struct Row: Sendable, Equatable {
    public let name: String
    public let mean: Double
    /// The standard deviation, divisor n - 1; 0 for a single draw.
    public let sd: Double
    /// The Monte Carlo standard error of the mean.
    public let mcse: Double
    /// Quantiles of all chains together, type 7.
    public let q5: Double
    public let q50: Double
    public let q95: Double
    public let bulkESS: Double
    public let tailESS: Double
    public let rHat: Double
  }

  /// One row per variable, in the draws' order.
  public let rows: [Row]

  /// Summarises every variable. Diagnostics that are not defined are NaN, as `Diagnostics` says; with a draw that is not
  /// finite, or no draws, so is everything else of that row.
  public init(_ draws: Draws) {
    rows = draws.names.indices.map { Row(name: draws.names[$0], draws: Array(draws[$0]), chains: draws.chainCount) }
  }
}

extension DrawSummary.Row {
  /// Summarises one variable; `draws` holds chain after chain.
  public init(name: String, draws: [Double], chains: Int) {
    self.name = name
    guard !draws.isEmpty, draws.allSatisfy(\.isFinite) else {
      (mean, sd, mcse, q5, q50, q95) = (.nan, .nan, .nan, .nan, .nan, .nan)
      (bulkESS, tailESS, rHat) = (.nan, .nan, .nan)
      return
    }
    mean = draws.reduce(0, +) / Double(draws.count)
    sd = sampleVariance(draws).squareRoot()
    let split = SplitChains(draws, chainCount: chains)
    let ranks = RankNormalization(split.values)
    // Where splitting leaves no draw out, one sort serves ranks and quantiles.
    let sorted = split.values.count == draws.count ? ranks.sorted : draws.sorted()
    q5 = EmpiricalQuantile.linear(sorted, 0.05)
    q50 = EmpiricalQuantile.linear(sorted, 0.5)
    q95 = EmpiricalQuantile.linear(sorted, 0.95)
    guard Diagnostics.isValid(draws, chains) else {
      (mcse, bulkESS, tailESS, rHat) = (.nan, .nan, .nan, .nan)
      return
    }
    mcse = sd / split.effectiveSampleSize.squareRoot()
    bulkESS = split.replacing(ranks.scores).effectiveSampleSize
    tailESS = Diagnostics.tailESS(draws, sorted: sorted, chains: chains)
    rHat = Diagnostics.rHat(split, ranks)
  }
}
