import NumericKernels

/// A posterior approximated by a distribution that can be drawn from directly: quick, and not a sample of the
/// posterior.
///
/// How far it may be trusted is measured by ``paretoK``, the shape of the tail of the ratios of posterior to
/// approximation at its own draws: below 0.5 the approximation is close, to 0.7 usable with ``resampled(count:seed:)``,
/// above it is not to be relied on for intervals. A mode that the approximation misses altogether leaves no trace in k.
public struct ApproximateFit: Sendable, Equatable {
  /// How the approximation was made.
  public enum Method: String, Sendable, Equatable, CaseIterable {
    case laplace = "Laplace"
    case meanField = "mean-field variational"
    case fullRank = "full-rank variational"
    case pathfinder = "Pathfinder"
    case multiPathPathfinder = "multi-path Pathfinder"
  }

  public let method: Method
  /// The kept quantities, one chain of independent draws.
  public let draws: Draws
  /// The unconstrained positions of the draws, `[draw][dimension]`.
  public let positions: [Double]
  /// The number of unconstrained coordinates.
  public let dimension: Int
  /// The target's log density at each draw's position, up to the target's constant.
  public let logDensities: [Double]
  /// The approximation's normalised log density at each position.
  public let logApproximations: [Double]
  /// The Pareto shape of the importance ratios; minus infinity where they are all the same, infinite or NaN where it
  /// cannot be estimated.
  public let paretoK: Double
  /// The log of the target's integral: Laplace's formula, else the evidence lower bound (ELBO).
  public let logEvidence: Double
  /// Whether the method's own rule of convergence was met, and the density falls off in every direction (see
  /// ``warnings``).
  public let isConverged: Bool
  /// Draws outside the target's support, which were drawn anew: the approximation is cut off there.
  public let rejectedDraws: Int
  /// Evaluations of the target's density and gradient.
  public let evaluations: Int
  /// What to know before using the result, in plain words.
  public let warnings: [String]

  /// One line that says that this is an approximation and how good it is.
  public var label: String {
    let k = "Pareto k \((paretoK * 100).rounded() / 100)"
    let quality =
      switch paretoK {
      case -.infinity: "all importance ratios are the same, exact as far as the draws reach"
      case _ where !paretoK.isFinite: "Pareto k cannot be estimated, unknown"
      case ..<0.5: "\(k), close"
      case ..<0.7: "\(k), usable after resampling"
      default: "\(k), not to be relied on"
      }
    let convergence = isConverged ? "" : ", not converged"
    return "approximation (\(method.rawValue)\(convergence)): \(quality)"
  }

  /// The unconstrained position of one draw.
  public func position(_ draw: Int) -> ArraySlice<Double> {
    positions[(draw * dimension)..<((draw + 1) * dimension)]
  }

  /// Draws chosen with probability proportional to the Pareto-smoothed importance weights, with replacement
  /// (systematic resampling): closer to the posterior than ``draws`` while k is below 0.7.
  ///
  /// - Throws: ``ApproximationError/invalidSettings(_:)`` for a count below 1.
  /// - Complexity: O(count + draws) besides copying.
  public func resampled(count: Int, seed: UInt64) throws(ApproximationError) -> Draws {
    try ApproximationError.check([("count of draws", count)])
    let ratios = zip(logDensities, logApproximations).map { $0 - $1 }
    var stream = RandomStream(seed: seed, purpose: ApproximationStream.resampling)
    let chosen = ImportanceResampling.choose(ImportanceResampling.weights(ratios).weights, count: count, using: &stream)
    return Draws(
      wellFormed: draws.names, chainCount: 1, drawCount: count,
      values: draws.names.indices.flatMap { v in
        let column = draws[v]
        return chosen.map { column[column.startIndex + $0] }
      })
  }

  /// Starting points for as many chains: positions of distinct draws, spread over the approximation.
  ///
  /// - Throws: ``ApproximationError/invalidSettings(_:)`` for no chains.
  public func startingPoints(chains: Int) throws(ApproximationError) -> [[Double]] {
    try ApproximationError.check([("count of chains", chains)])
    return (0..<chains).map { Array(position($0 * draws.drawCount / chains)) }
  }
}

/// Why no approximation could be made.
public enum ApproximationError: Error, Equatable, CustomStringConvertible {
  /// No point tried has a finite density and gradient.
  case noStartingPoint(attempts: Int, lastReason: String)
  /// A starting point of the caller's has another length than the density.
  case wrongLength(expected: Int, found: Int)
  /// The density threw an error that is not recoverable.
  case densityFailed(String)
  /// The search left every bound, or the curvature there is not that of a maximum.
  case noMode(String)
  /// Draws of the approximation lie outside the target's support nearly always.
  case outsideSupport(draws: Int)
  /// No path gave an approximation.
  case noPath([String])
  /// A setting is out of its range.
  case invalidSettings(String)

  public var description: String {
    switch self {
    case .noStartingPoint(let attempts, let reason):
      "The density is not finite at any of \(attempts) starting points (\(reason)). Give a starting point, or check the "
        + "data and the priors' bounds."
    case .wrongLength(let expected, let found):
      "The starting point has \(found) coordinates; the density has \(expected)."
    case .densityFailed(let reason): "The density failed: \(reason)"
    case .noMode(let reason):
      "There is no mode to approximate at: \(reason) A flat or improper prior, or parameters the data cannot tell apart, "
        + "do this; proper priors mend it."
    case .outsideSupport(let draws):
      "Of \(draws) draws of the approximation hardly any lies in the support of the posterior; use a sampler."
    case .invalidSettings(let reason): reason
    case .noPath(let reasons): "No path of Pathfinder ended in an approximation: \(reasons.joined(separator: "; "))"
    }
  }
}

extension ApproximationError {
  /// Refuses counts below 1.
  static func check(_ counts: [(name: String, value: Int)]) throws(ApproximationError) {
    for (name, value) in counts where value < 1 {
      throw .invalidSettings("The \(name) is \(value); it must be at least 1.")
    }
  }
}
