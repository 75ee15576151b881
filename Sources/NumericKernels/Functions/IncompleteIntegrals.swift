import Foundation

extension SpecialFunctions {
  /// The regularised lower incomplete gamma function P(a, x), the gamma distribution function.
  ///
  /// Series for x < a + 1, Lentz's continued fraction otherwise, in about √a steps; above a = 1e8 Temme's uniform
  /// expansion. Relative error of the smaller of P and Q below 1e-12, or 1e-15 times the log where that is more. Needs
  /// a > 0 and x >= 0, NaN otherwise.
  public static func regularizedGammaP(_ a: Double, _ x: Double) -> Double {
    guard a > 0, x >= 0 else { return .nan }
    if a > 1e8 { return uniformGamma(a, x, upper: false) }
    return x < a + 1 ? gammaSeries(a, x) : 1 - gammaFraction(a, x)
  }

  /// The upper function Q(a, x) = 1 - P(a, x), without cancellation in the upper tail.
  public static func regularizedGammaQ(_ a: Double, _ x: Double) -> Double {
    guard a > 0, x >= 0 else { return .nan }
    if a > 1e8 { return uniformGamma(a, x, upper: true) }
    return x < a + 1 ? 1 - gammaSeries(a, x) : gammaFraction(a, x)
  }

  /// P or Q for large a: ½ erfc(±η √(a / 2)) ± R with ½ η² = μ - log(1 + μ), μ = x / a - 1 (Temme, SIAM J. Math. Anal.
  /// 10, 1979). Further from a than the expansion is good, both are 0 and 1 in doubles.
  private static func uniformGamma(_ a: Double, _ x: Double, upper: Bool) -> Double {
    let mu = (x - a) / a
    if abs(mu) > 0.02 || !a.isFinite { return (mu > 0) == upper ? 0 : 1 }
    let root = (-2 * log1pMinusArgument(mu)).squareRoot()
    let eta = mu < 0 ? -root : root
    let first = -1 / 3 + eta * (1 / 12 + eta * (-2 / 135 + eta * (1 / 864 + eta / 2835)))
    let second = -1 / 540 + eta * (-1 / 288 + eta / 378)
    let rest = exp(-0.5 * a * eta * eta) / (2 * .pi * a).squareRoot() * (first + second / a)
    return upper
      ? normalCDF(-eta * a.squareRoot()) + rest : normalCDF(eta * a.squareRoot()) - rest
  }

  /// x^a e^-x / Γ(a); for large a by Stirling's series and the deviance, whose parts do not cancel.
  private static func gammaFront(_ a: Double, _ x: Double) -> Double {
    if a < 15 { return exp(a * log(x) - x - logGamma(a)) }
    return exp(-stirlingCorrection(a) - deviance(a, x)) * (a / (2 * .pi)).squareRoot()
  }

  /// u log(u / v) + v - u for u, v > 0, which is 0 at u = v.
  private static func deviance(_ u: Double, _ v: Double) -> Double {
    let t = (v - u) / u
    // Far from 0 the logarithms are not small; next to -1, 1 + t has lost the digits of v.
    return abs(t) < 0.5 ? -u * log1pMinusArgument(t) : u * (log(u) - log(v)) + (v - u)
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
    return sum * gammaFront(a, x)
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
    return h * gammaFront(a, x)
  }

  /// The regularised incomplete beta function I_x(a, b), the beta distribution function.
  ///
  /// A continued fraction on the side where it converges fast, in about √min(a, b) steps; relative error of the smaller
  /// of I and 1 - I below 1e-12 for a, b <= 1e8, or 1e-15 times the log where that is more.
  /// Needs a, b > 0 and 0 <= x <= 1, NaN otherwise.
  public static func regularizedBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard a > 0, b > 0, x >= 0, x <= 1 else { return .nan }
    if x == 0 || x == 1 { return x }
    return regularizedBeta(x, 1 - x, a, b)
  }

  /// I_x(a, b) where y = 1 - x is known to full accuracy too.
  public static func regularizedBeta(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    guard a > 0, b > 0, x >= 0, y >= 0 else { return .nan }
    if x == 0 || y == 0 { return x == 0 ? 0 : 1 }
    if x < (a + 1) / (a + b + 2) { return exp(logBetaKernel(x, y, a, b)) * betaFraction(x, y, a, b) }
    return 1 - exp(logBetaKernel(x, y, a, b)) * betaFraction(y, x, b, a)
  }

  /// log(x^a y^b / B(a, b)), y = 1 - x, 0 < x < 1: the log density of the beta distribution plus log(x y).
  ///
  /// With large parameters by Stirling's series and deviances, whose parts do not cancel near the mode.
  public static func logBetaKernel(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    let n = a + b
    if min(a, b) >= 10 {
      let powers = -deviance(a, n * x) - deviance(b, n * y)
      let corrections = stirlingCorrection(n) - stirlingCorrection(a) - stirlingCorrection(b)
      return powers + corrections + 0.5 * log(a / n * b / (2 * .pi))
    }
    let logX = x <= 0.5 ? log(x) : log1p(-y)
    let logY = y <= 0.5 ? log(y) : log1p(-x)
    return a * logX + b * logY - logBeta(a, b)
  }

  /// log B(a, b) = log Γ(a) + log Γ(b) - log Γ(a + b) for a, b > 0: error below 2e-15 · max(1, |value|).
  public static func logBeta(_ a: Double, _ b: Double) -> Double {
    let (small, large) = a < b ? (a, b) : (b, a)
    if !(small > 0) { return small == 0 ? .infinity : .nan }
    if large < 13 { return logGamma(small) + logGamma(large) - logGamma(small + large) }
    if small < 13 { return logGamma(small) - small * log(large) - Densities.logRisingRatio(small, large) }
    let n = small + large
    return (small - 0.5) * log(small / n) - large * log1p(small / large) - 0.5 * log(large) + 0.918938533204672741780
      + (stirlingCorrection(small) + stirlingCorrection(large) - stirlingCorrection(n))
  }

  /// I_x(a, b) B(a, b) / (x^a y^b): the continued fraction of Didonato and Morris (ACM TOMS 18, 1992, equation 9), in
  /// which y and not 1 - x appears, so that nothing cancels next to x = 1; by Lentz's algorithm.
  private static func betaFraction(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    var h = (a * y - b * x + 1) * (a / (a + 1))
    var c = nonZero(h)
    var d = 0.0
    h = c
    var m = 1.0
    while true {
      let odd = a + 2 * m - 1
      let numerator = (m * (a + m - 1) / odd) * ((a + b + m - 1) / odd) * (b - m) * x * x
      let denominator = m + m * (b - m) * x / odd + (a * y - b * x + 1 + m * (1 + y)) * ((a + m) / (a + 2 * m + 1))
      d = 1 / nonZero(denominator + numerator * d)
      c = nonZero(denominator + numerator / c)
      let factor = d * c
      h *= factor
      if abs(factor - 1) < 1e-16 || m > 100_000 { break }
      m += 1
    }
    return 1 / h
  }

  /// Lentz's algorithm divides by these quantities; an exact zero is moved off it.
  private static func nonZero(_ value: Double) -> Double {
    abs(value) < 1e-300 ? 1e-300 : value
  }
}
