/// The library's univariate families with Stan's parameters in Stan's order. Numbers, arrays of numbers and formulas do
/// for parameters.
extension Distribution {
  /// No information: density 1 everywhere, within bounds if there are any. An improper prior unless bounded.
  public static var flat: Distribution { Distribution(kind: .flat, arguments: []) }

  public static func normal(_ mu: some FormulaConvertible, _ sigma: some FormulaConvertible) -> Distribution {
    scalar(Normal.self, .normal, [mu, sigma])
  }

  /// |N(0, sigma²)|.
  public static func halfNormal(_ sigma: some FormulaConvertible) -> Distribution {
    scalar(HalfNormal.self, .none, [sigma])
  }

  public static func logNormal(_ mu: some FormulaConvertible, _ sigma: some FormulaConvertible) -> Distribution {
    scalar(LogNormal.self, .logNormal, [mu, sigma])
  }

  public static func studentT(
    _ nu: some FormulaConvertible, _ mu: some FormulaConvertible, _ sigma: some FormulaConvertible
  ) -> Distribution {
    scalar(StudentT.self, .locationScale(1, 2), [nu, mu, sigma])
  }

  public static func halfStudentT(_ nu: some FormulaConvertible, _ sigma: some FormulaConvertible) -> Distribution {
    scalar(HalfStudentT.self, .none, [nu, sigma])
  }

  public static func cauchy(_ mu: some FormulaConvertible, _ sigma: some FormulaConvertible) -> Distribution {
    scalar(Cauchy.self, .locationScale(0, 1), [mu, sigma])
  }

  public static func halfCauchy(_ sigma: some FormulaConvertible) -> Distribution {
    scalar(HalfCauchy.self, .none, [sigma])
  }

  /// Rate beta: mean 1 / beta.
  public static func exponential(_ beta: some FormulaConvertible) -> Distribution {
    scalar(Exponential.self, .none, [beta])
  }

  /// Shape alpha, rate beta: mean alpha / beta.
  public static func gamma(_ alpha: some FormulaConvertible, _ beta: some FormulaConvertible) -> Distribution {
    scalar(Gamma.self, .none, [alpha, beta])
  }

  /// Shape alpha, scale beta: the distribution of 1 / gamma(alpha, beta).
  public static func inverseGamma(
    _ alpha: some FormulaConvertible, _ beta: some FormulaConvertible
  ) -> Distribution {
    scalar(InverseGamma.self, .none, [alpha, beta])
  }

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
}
