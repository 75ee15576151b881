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
  /// The shortest interval of each row that holds ``intervalProbability``, where asked for; nil for draws that are not
  /// finite.
  public let highestDensity: [ClosedRange<Double>?]
  /// The probability of ``highestDensity``; nil where not asked for.
  public let intervalProbability: Double?

  /// Summarises every variable. Diagnostics that are not defined are NaN, as `Diagnostics` says; with a draw that is
  /// not finite, or no draws, so is everything else of that row.
  ///
  /// - Parameter highestDensity: The probability of shortest intervals to give besides quantiles; as nil where it does not lie
  ///     between 0 and 1.
  public init(_ draws: Draws, highestDensity probability: Double? = nil) {
    rows = draws.names.indices.map { Row(name: draws.names[$0], draws: Array(draws[$0]), chains: draws.chainCount) }
    let probability = probability.flatMap { $0 > 0 && $0 < 1 ? $0 : nil }
    intervalProbability = probability
    highestDensity = draws.names.indices.map { variable in
      probability.flatMap { HighestDensityInterval.of(Array(draws[variable]), probability: $0) }
    }
  }
}

extension DrawSummary: CustomStringConvertible {
  /// A table of all rows: mean, sd, the mean's Monte Carlo error, quantiles or shortest intervals with the median,
  /// effective sample sizes, R-hat.
  ///
  /// Each row has the decimals that show two digits of its sd. It fits 80 columns, long names on lines of their own.
  public var description: String { table() }

  /// The table of ``description``, of at most so many rows: those of the largest R-hat first if there are more.
  public func table(rows limit: Int = .max, width: Int = 80) -> String {
    var header = ["", "mean", "sd", "mcse", "5%", "50%", "95%", "bulk", "tail", "R-hat"]
    if let probability = intervalProbability {
      let percent = Figure.fixed(100 * probability, 0)
      header[4...6] = ["\(percent)% from", "median", "to"]
    }
    var table = TextTable(header: header)
    var shown = Array(rows.indices)
    let limit = max(0, limit)
    if rows.count > limit {
      // An R-hat that is not defined is worth a look.
      func urgency(_ i: Int) -> Double { rows[i].rHat.isNaN ? .infinity : rows[i].rHat }
      shown = Array(shown.sorted { (urgency($1), $0) < (urgency($0), $1) }.prefix(limit))
    }
    for i in shown { table.append(cells(i)) }
    let more = rows.count - shown.count
    return table.text(width: width)
      + (more > 0 ? "and \(more) more variables, all with a smaller or equal R-hat\n" : "")
  }

  private func cells(_ i: Int) -> [String] {
    let row = rows[i]
    let decimals = row.sd > 0 ? Figure.decimals(showing: 2, of: row.sd) : Figure.decimals(showing: 4, of: abs(row.mean))
    var interval = (row.q5, row.q95)
    if intervalProbability != nil {
      interval = (highestDensity[i]?.lowerBound ?? .nan, highestDensity[i]?.upperBound ?? .nan)
    }
    func figure(_ value: Double) -> String {
      // Beyond six decimals, or with no decimals left to spare, digits are counted instead.
      row.sd > 0 && row.sd < 1e-5 || abs(value) >= 1e6 ? Figure.significant(value, 3) : Figure.fixed(value, decimals)
    }
    return [
      row.name, figure(row.mean), figure(row.sd), Figure.significant(row.mcse, 2), figure(interval.0),
      figure(row.q50), figure(interval.1), Figure.fixed(row.bulkESS, 0), Figure.fixed(row.tailESS, 0),
      row.rHat < 100 ? Figure.fixed(row.rHat, 3) : Figure.significant(row.rHat, 2),
    ]
  }
}

extension DrawSummary.Row {
  /// Summarises one variable; `draws` holds chain after chain. Where they are not of so many chains of one length, only
  /// mean, sd and quantiles are numbers.
  public init(name: String, draws: [Double], chains: Int) {
    self.name = name
    guard !draws.isEmpty, draws.allSatisfy(\.isFinite) else {
      (mean, sd, mcse, q5, q50, q95) = (.nan, .nan, .nan, .nan, .nan, .nan)
      (bulkESS, tailESS, rHat) = (.nan, .nan, .nan)
      return
    }
    mean = draws.reduce(0, +) / Double(draws.count)
    sd = sampleVariance(draws).squareRoot()
    let isValid = Diagnostics.isValid(draws, chains)
    let split = SplitChains(draws, chainCount: isValid ? chains : 1)
    let ranks = RankNormalization(split.values)
    // Where splitting leaves no draw out, one sort serves ranks and quantiles.
    let sorted = split.values.count == draws.count ? ranks.sorted : draws.sorted()
    q5 = EmpiricalQuantile.linear(sorted, 0.05)
    q50 = EmpiricalQuantile.linear(sorted, 0.5)
    q95 = EmpiricalQuantile.linear(sorted, 0.95)
    guard isValid else {
      (mcse, bulkESS, tailESS, rHat) = (.nan, .nan, .nan, .nan)
      return
    }
    mcse = sd / split.effectiveSampleSize.squareRoot()
    bulkESS = split.replacing(ranks.scores).effectiveSampleSize
    tailESS = Diagnostics.tailESS(draws, sorted: sorted, chains: chains)
    rHat = Diagnostics.rHat(split, ranks)
  }
}
