import Foundation

/// Logarithms of the incomplete gamma and beta functions, also where the functions are below the smallest double.
extension SpecialFunctions {
  /// Below this, a probability is computed by logarithms from the start.
  private static let leastProbability = 1e-290

  /// log P(a, x) of the regularised lower incomplete gamma function.
  ///
  /// Accuracy as ``regularizedGammaP(_:_:)``, in about √a steps. Needs a > 0 and x >= 0, NaN otherwise.
  public static func logRegularizedGammaP(_ a: Double, _ x: Double) -> Double {
    let p = regularizedGammaP(a, x)
    if p > leastProbability || p.isNaN || x == 0 { return log(p) }
    return logGammaFront(a, x) + log(gammaSeriesSum(a, x))
  }

  /// log Q(a, x) of the regularised upper incomplete gamma function; see ``logRegularizedGammaP(_:_:)``.
  public static func logRegularizedGammaQ(_ a: Double, _ x: Double) -> Double {
    let q = regularizedGammaQ(a, x)
    if q > leastProbability || q.isNaN || x == .infinity { return log(q) }
    return logGammaFront(a, x) + log(gammaFractionValue(a, x))
  }

  /// log I_x(a, b) of the regularised incomplete beta function, given y = 1 - x too.
  ///
  /// Accuracy as ``regularizedBeta(_:_:_:_:)``. Needs a, b > 0 and x, y >= 0, NaN otherwise.
  public static func logRegularizedBeta(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    let p = regularizedBeta(x, y, a, b)
    if p > leastProbability || p.isNaN || x == 0 { return log(p) }
    return logBetaTail(x, y, a, b)
  }
}
