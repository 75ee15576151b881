import Foundation

extension SpecialFunctions {
  /// The regularised lower incomplete gamma function P(a, x), the gamma distribution function.
  ///
  /// Series for x < a + 1, Lentz's continued fraction otherwise; relative error of the smaller of P and Q below
  /// 1e-15 · max(1e3, a log a), the cancellation in its leading factor. Needs a > 0 and x >= 0, NaN otherwise.
  public static func regularizedGammaP(_ a: Double, _ x: Double) -> Double {
    guard a > 0, x >= 0 else { return .nan }
    return x < a + 1 ? gammaSeries(a, x) : 1 - gammaFraction(a, x)
  }

  /// The upper function Q(a, x) = 1 - P(a, x), without cancellation in the upper tail.
  public static func regularizedGammaQ(_ a: Double, _ x: Double) -> Double {
    guard a > 0, x >= 0 else { return .nan }
    return x < a + 1 ? 1 - gammaSeries(a, x) : gammaFraction(a, x)
  }

  private static func gammaSeries(_ a: Double, _ x: Double) -> Double {
    if x == 0 { return 0 }
    var term = 1 / a
    var sum = term
    var n = a
    while abs(term) > abs(sum) * 1e-17 {
      n += 1
      term *= x / n
      sum += term
    }
    return sum * exp(a * log(x) - x - logGamma(a))
  }

  private static func gammaFraction(_ a: Double, _ x: Double) -> Double {
    if x == .infinity { return 0 }
    var b = x + 1 - a
    var c = Double.infinity
    var d = 1 / b
    var h = d
    var i = 1.0
    while true {
      let an = -i * (i - a)
      b += 2
      d = 1 / nonZero(an * d + b)
      c = nonZero(b + an / c)
      let factor = d * c
      h *= factor
      if abs(factor - 1) < 1e-16 || i > 100_000 { break }
      i += 1
    }
    return h * exp(a * log(x) - x - logGamma(a))
  }

  /// The regularised incomplete beta function I_x(a, b), the beta distribution function.
  ///
  /// Lentz's continued fraction on the side where it converges fast; absolute error below 1e-13 for a, b <= 1e4.
  /// Needs a, b > 0 and 0 <= x <= 1, NaN otherwise.
  public static func regularizedBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard a > 0, b > 0, x >= 0, x <= 1 else { return .nan }
    if x == 0 || x == 1 { return x }
    let logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x)
    return x < (a + 1) / (a + b + 2)
      ? exp(logFront) * betaFraction(x, a, b) / a
      : 1 - exp(logFront) * betaFraction(1 - x, b, a) / b
  }

  private static func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    var c = 1.0
    var d = 1 / nonZero(1 - (a + b) * x / (a + 1))
    var h = d
    var m = 1.0
    while true {
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / nonZero(1 + even * d)
      c = nonZero(1 + even / c)
      h *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / nonZero(1 + odd * d)
      c = nonZero(1 + odd / c)
      let factor = d * c
      h *= factor
      if abs(factor - 1) < 1e-16 || m > 100_000 { break }
      m += 1
    }
    return h
  }

  /// Lentz's algorithm divides by these quantities; an exact zero is moved off it.
  private static func nonZero(_ value: Double) -> Double {
    abs(value) < 1e-300 ? 1e-300 : value
  }
}

extension SpecialFunctions {
  /// The quantile of the beta distribution: the x with I_x(a, b) = p. Absolute error below 1e-13, by bisection.
  ///
  /// Needs a, b > 0 and 0 <= p <= 1, NaN otherwise.
  public static func betaQuantile(_ p: Double, _ a: Double, _ b: Double) -> Double {
    guard a > 0, b > 0, p >= 0, p <= 1 else { return .nan }
    if p == 0 || p == 1 { return p }
    var (low, high) = (0.0, 1.0)
    while high - low > 1e-15 * high {
      let middle = 0.5 * (low + high)
      if middle <= low || middle >= high { break }
      if regularizedBeta(middle, a, b) < p { low = middle } else { high = middle }
    }
    return 0.5 * (low + high)
  }
}
