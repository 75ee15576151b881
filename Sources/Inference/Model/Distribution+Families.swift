/// The library's continuous univariate families with Stan's parameters in Stan's order. Numbers, arrays of numbers and
/// formulas do for parameters.
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

  /// On (0, 1), with shapes alpha and beta: mean alpha / (alpha + beta).
  public static func beta(_ alpha: some FormulaConvertible, _ beta: some FormulaConvertible) -> Distribution {
    scalar(Beta.self, .none, [alpha, beta])
  }

  /// Even between alpha and beta; a parameter so distributed is confined to them, and they may be formulas.
  public static func uniform(_ alpha: some FormulaConvertible, _ beta: some FormulaConvertible) -> Distribution {
    var uniform = scalar(Uniform.self, .none, [alpha, beta])
    (uniform.lower, uniform.upper) = (alpha.formula, beta.formula)
    return uniform
  }

  /// Laplace's distribution.
  public static func doubleExponential(
    _ mu: some FormulaConvertible, _ sigma: some FormulaConvertible
  ) -> Distribution {
    scalar(DoubleExponential.self, .locationScale(0, 1), [mu, sigma])
  }

  /// The same as ``doubleExponential(_:_:)``.
  public static func laplace(_ mu: some FormulaConvertible, _ sigma: some FormulaConvertible) -> Distribution {
    doubleExponential(mu, sigma)
  }

  public static func logistic(_ mu: some FormulaConvertible, _ sigma: some FormulaConvertible) -> Distribution {
    scalar(Logistic.self, .locationScale(0, 1), [mu, sigma])
  }

  /// Shape alpha, scale sigma.
  public static func weibull(_ alpha: some FormulaConvertible, _ sigma: some FormulaConvertible) -> Distribution {
    scalar(Weibull.self, .none, [alpha, sigma])
  }

  /// Angles from -π to π about mu, with concentration kappa.
  public static func vonMises(_ mu: some FormulaConvertible, _ kappa: some FormulaConvertible) -> Distribution {
    scalar(VonMises.self, .none, [mu, kappa])
  }
}
