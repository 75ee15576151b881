/// The library's families of counts and outcomes with Stan's parameters in Stan's order.
extension Distribution {
  public static func poisson(_ lambda: some FormulaConvertible) -> Distribution {
    scalar(Poisson.self, .none, [lambda])
  }

  /// Poisson with log mean eta.
  public static func poissonLog(_ eta: some FormulaConvertible) -> Distribution {
    scalar(PoissonLog.self, .poissonLog, [eta])
  }

  /// Mean mu, variance mu + mu² / phi.
  public static func negativeBinomial2(
    _ mu: some FormulaConvertible, _ phi: some FormulaConvertible
  ) -> Distribution {
    scalar(NegativeBinomial2.self, .none, [mu, phi])
  }

  /// Log mean eta, variance mu + mu² / phi.
  public static func negativeBinomial2Log(
    _ eta: some FormulaConvertible, _ phi: some FormulaConvertible
  ) -> Distribution {
    scalar(NegativeBinomial2Log.self, .negativeBinomialLog, [eta, phi])
  }

  /// Shape alpha, inverse scale beta: mean alpha / beta.
  public static func negativeBinomial(
    _ alpha: some FormulaConvertible, _ beta: some FormulaConvertible
  ) -> Distribution {
    scalar(NegativeBinomial.self, .none, [alpha, beta])
  }

  /// 0 or 1, the latter with probability theta.
  public static func bernoulli(_ theta: some FormulaConvertible) -> Distribution {
    scalar(Bernoulli.self, .none, [theta])
  }

  /// 0 or 1, the latter with log odds alpha.
  public static func bernoulliLogit(_ alpha: some FormulaConvertible) -> Distribution {
    scalar(BernoulliLogit.self, .bernoulliLogit, [alpha])
  }

  /// Successes of n trials, each with probability theta.
  public static func binomial(_ n: some FormulaConvertible, _ theta: some FormulaConvertible) -> Distribution {
    scalar(Binomial.self, .none, [n, theta])
  }

  /// Successes of n trials, each with log odds alpha.
  public static func binomialLogit(_ n: some FormulaConvertible, _ alpha: some FormulaConvertible) -> Distribution {
    scalar(BinomialLogit.self, .none, [n, alpha])
  }

  /// Binomial whose probability is of beta(alpha, beta).
  public static func betaBinomial(
    _ n: some FormulaConvertible, _ alpha: some FormulaConvertible, _ beta: some FormulaConvertible
  ) -> Distribution {
    scalar(BetaBinomial.self, .none, [n, alpha, beta])
  }

  /// Failures before the first success of probability theta.
  public static func geometric(_ theta: some FormulaConvertible) -> Distribution {
    scalar(Geometric.self, .none, [theta])
  }

  /// Categories counted from 0, with probabilities theta: a simplex, or one for each element.
  public static func categorical(_ theta: some FormulaConvertible) -> Distribution {
    vector(Categorical.self, variateRank: 0, parameterRanks: [1], [theta])
  }

  /// Categories counted from 0, with log probabilities beta up to a constant.
  public static func categoricalLogit(_ beta: some FormulaConvertible) -> Distribution {
    vector(CategoricalLogit.self, variateRank: 0, parameterRanks: [1], [beta])
  }

  /// Categories counted from 0: where a logistic variate about eta falls among the ordered cut points c.
  public static func orderedLogistic(_ eta: some FormulaConvertible, _ c: some FormulaConvertible) -> Distribution {
    vector(OrderedLogistic.self, variateRank: 0, parameterRanks: [0, 1], [eta, c])
  }
}
