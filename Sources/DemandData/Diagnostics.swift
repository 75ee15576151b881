/// Posterior summary and convergence figures of one reported parameter.
public struct ParameterDiagnostic: Sendable, Hashable, Codable {
  /// Such as `weekly_scale[store]` or `calendar[FOODS_3,CA_1,saturday]`.
  public var name: String
  public var mean: Double
  public var sd: Double
  public var q5: Double
  public var q50: Double
  public var q95: Double
  public var rhat: Double
  public var essBulk: Double
  public var essTail: Double

  public init(
    name: String, mean: Double, sd: Double, q5: Double, q50: Double, q95: Double, rhat: Double, essBulk: Double,
    essTail: Double
  ) {
    self.name = name
    self.mean = mean
    self.sd = sd
    self.q5 = q5
    self.q50 = q50
    self.q95 = q95
    self.rhat = rhat
    self.essBulk = essBulk
    self.essTail = essTail
  }
}

/// What became of one series in a run: how it was sampled, and how well.
public struct SeriesOutcome: Sendable, Hashable, Codable {
  public enum Method: String, Sendable, Hashable, Codable, CaseIterable {
    /// Independence Metropolis from a Laplace approximation: the ordinary way.
    case independence
    /// Adaptive random walk, where the approximation fitted badly.
    case randomWalk = "random_walk"
    /// No history to learn from: parameters drawn from the hyperprior of department and store.
    case hyperprior
    /// Not on sale in the horizon: the forecast is zero.
    case notRanged = "not_ranged"
    /// Sampling failed; the forecast is a labelled fallback, and ``SeriesOutcome/reason`` says why.
    case fallback
  }

  public var method: Method
  public var reason: String?
  /// Worst rank-normalised split R-hat and smallest bulk and tail ESS over the certified quantities; nil where nothing
  /// was sampled.
  public var rhat: Double?
  public var essBulk: Double?
  public var essTail: Double?
  public var acceptance: Double?
  /// Pareto k of the hyperprior re-weighting.
  public var paretoK: Double?

  public init(
    method: Method, reason: String? = nil, rhat: Double? = nil, essBulk: Double? = nil, essTail: Double? = nil,
    acceptance: Double? = nil, paretoK: Double? = nil
  ) {
    self.method = method
    self.reason = reason
    self.rhat = rhat
    self.essBulk = essBulk
    self.essTail = essTail
    self.acceptance = acceptance
    self.paretoK = paretoK
  }
}
