import Foundation

/// Logarithms of the incomplete gamma and beta functions, also where the functions are below the smallest double.
extension SpecialFunctions {
  /// Below this, a probability is computed by logarithms from the start.
  private static let leastProbability = 1e-290

  /// log P(a, x) of the regularised lower incomplete gamma function.
  ///
  /// Accuracy as ``regularizedGammaP(_:_:)``, in about √a steps up to a = 1e8 and in one beyond, where the logarithm's
  /// relative error is below 1e-14. Needs a > 0 and x >= 0, NaN otherwise.
  public static func logRegularizedGammaP(_ a: Double, _ x: Double) -> Double {
    let p = regularizedGammaP(a, x)
    if p > leastProbability || p.isNaN || x == 0 { return log(p) }
    if a > largeShape { return logUniformGammaTail(a, x) }
    return logGammaFront(a, x) + log(gammaSeriesSum(a, x))
  }

  /// log Q(a, x) of the regularised upper incomplete gamma function; see ``logRegularizedGammaP(_:_:)``.
  public static func logRegularizedGammaQ(_ a: Double, _ x: Double) -> Double {
    let q = regularizedGammaQ(a, x)
    if q > leastProbability || q.isNaN || x == .infinity { return log(q) }
    if a > largeShape { return logUniformGammaTail(a, x) }
    return logGammaFront(a, x) + log(gammaFractionValue(a, x))
  }

  /// log I_x(a, b) of the regularised incomplete beta function, given y = 1 - x too.
  ///
  /// Accuracy as ``regularizedBeta(_:_:_:_:)``, in about √min(a, b) steps up to 1e8 and in one beyond, where the
  /// logarithm's relative error is below 1e-14 for x and y that are exact. Needs a, b > 0 and x, y >= 0, NaN otherwise.
  public static func logRegularizedBeta(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    let p = regularizedBeta(x, y, a, b)
    if p > leastProbability || p.isNaN || x == 0 { return log(p) }
    if min(a, b) > largeShape { return logUniformBetaTail(x, y, a, b) }
    return logBetaTail(x, y, a, b)
  }

  /// Above this, sums and fractions take too many steps, and the uniform expansions leave nothing to be wished for.
  private static let largeShape = 1e8

  /// log P(a, x) below a, log Q(a, x) above it, both far from a, for large a.
  ///
  /// Temme's expansion (SIAM J. Math. Anal. 10, 1979) in logarithms; its second term would add less than 1e-16 of the
  /// result.
  private static func logUniformGammaTail(_ a: Double, _ x: Double) -> Double {
    if !a.isFinite { return -.infinity }
    return logUniformTail(deviance(a, x), deviations: abs(x - a) / a.squareRoot())
  }

  /// log I_x(a, b) far below the mean for large a and b (Temme, SIAM J. Math. Anal. 13, 1982).
  private static func logUniformBetaTail(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    let n = a + b
    if !n.isFinite { return -.infinity }
    let difference = b * x - a * y
    let half = deviance(a, n * x, difference: difference) + deviance(b, n * y, difference: -difference)
    return logUniformTail(half, deviations: abs(difference) / (a / n * b).squareRoot())
  }

  /// log of Φ(-z) + φ(z) (1 / s - 1 / z), z = √(2 half), for z above 30: of the normal tail's asymptotic series
  /// Φ(-z) = φ(z) / z (1 - 1 / z² + 3 / z⁴ - …) the first term cancels.
  private static func logUniformTail(_ half: Double, deviations s: Double) -> Double {
    if half == .infinity { return -.infinity }
    let w = 0.5 / half
    let series = w * (1 - w * (3 - w * (15 - w * 105)))
    return -half - 0.918938533204672741780 + log(1 / s - series / (2 * half).squareRoot())
  }
}
