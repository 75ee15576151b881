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
    if a < 1 && x < a + 1 { return upperOfSmallShape(a, x) }
    return x < a + 1 ? 1 - gammaSeries(a, x) : gammaFraction(a, x)
  }

  /// Q(a, x) for a < 1 and x < 2, which is of order a where P is all but 1: with L = a log x - log Γ(1 + a),
  /// 1 - Q = e^L (1 + a Σ_{n>0} (-x)^n / (n! (a + n))).
  private static func upperOfSmallShape(_ a: Double, _ x: Double) -> Double {
    if x == 0 { return 1 }
    let logLead = a * log(x) - logGamma1p(a)
    var sum = 0.0
    var power = 1.0
    var n = 1.0
    repeat {
      power *= -x / n
      sum += power / (a + n)
      n += 1
    } while abs(power) > 1e-18
    return withinRounding(-expm1(logLead) - exp(logLead) * a * sum)
  }

  /// log Γ(1 + a) for a >= 0, which keeps its digits as a tends to 0.
  private static func logGamma1p(_ a: Double) -> Double {
    if a > 0.002 { return logGamma(1 + a) }
    // -γ a + Σ_{k>1} ζ(k) (-a)^k / k.
    let third = -0.40068563438653143 + a * (0.27058080842778454 + a * (-0.20738555102867398 + a * 0.16955717699740819))
    return a * (-0.57721566490153286 + a * (0.82246703342411322 + a * third))
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
    if a < 1 { return a * exp(a * log(x) - x - logGamma1p(a)) }
    if a < 15 { return exp(a * log(x) - x - logGamma(a)) }
    return exp(-stirlingCorrection(a) - deviance(a, x)) * (a / (2 * .pi)).squareRoot()
  }

  /// log of ``gammaFront(_:_:)``, for x > 0.
  static func logGammaFront(_ a: Double, _ x: Double) -> Double {
    if a < 1 { return log(a) + a * log(x) - x - logGamma1p(a) }
    if a < 15 { return a * log(x) - x - logGamma(a) }
    return 0.5 * log(a / (2 * .pi)) - stirlingCorrection(a) - deviance(a, x)
  }

  /// u log(u / v) + v - u for u, v > 0, which is 0 at u = v.
  static func deviance(_ u: Double, _ v: Double) -> Double {
    deviance(u, v, difference: v - u)
  }

  /// The same where v - u is known better than from v and u.
  static func deviance(_ u: Double, _ v: Double, difference: Double) -> Double {
    let t = difference / u
    // Far from 0 the logarithms are not small; next to -1, 1 + t has lost the digits of v.
    return abs(t) < 0.5 ? -u * log1pMinusArgument(t) : u * (log(u) - log(v)) + difference
  }

  private static func gammaSeries(_ a: Double, _ x: Double) -> Double {
    x == 0 ? 0 : gammaSeriesSum(a, x) * gammaFront(a, x)
  }

  /// P(a, x) Γ(a) / (x^a e^-x).
  static func gammaSeriesSum(_ a: Double, _ x: Double) -> Double {
    var term = 1 / a
    var sum = term
    var n = a
    while abs(term) > abs(sum) * 1e-17 {
      n += 1
      term *= x / n
      sum += term
    }
    return sum
  }

  private static func gammaFraction(_ a: Double, _ x: Double) -> Double {
    x == .infinity ? 0 : gammaFractionValue(a, x) * gammaFront(a, x)
  }

  /// Q(a, x) Γ(a) / (x^a e^-x).
  static func gammaFractionValue(_ a: Double, _ x: Double) -> Double {
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
    return h
  }

  /// The regularised incomplete beta function I_x(a, b), the beta distribution function.
  ///
  /// A continued fraction on the side where it converges fast, in about √min(a, b) steps; relative error of the smaller
  /// of I and 1 - I below 1e-12 for min(a, b) <= 1e8, or 1e-15 times the log where that is more; beyond, Temme's uniform
  /// expansion with an absolute error below 1e-12.
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
    if min(a, b) > 1e8 { return uniformBeta(x, y, a, b) }
    // By b x < a y next to the mean, where x has lost what y has.
    let isLower = a + b > 1e8 ? b * x < a * y : x < (a + 1) / (a + b + 2)
    if isLower { return withinRounding(betaTail(x, y, a, b)) }
    let rest = betaTail(y, x, b, a)
    // Most of the probability next to 1, and little here.
    if rest > 0.9 && b < 1 {
      return withinRounding(a * y <= 1 ? restOfSmallShape(x, y, a, b) : betaTail(x, y, a, b))
    }
    return withinRounding(1 - rest)
  }

  /// A probability that rounding may have brought out of [0, 1].
  private static func withinRounding(_ p: Double) -> Double { p < 0 ? 0 : p > 1 ? 1 : p }

  /// I_x(a, b) below the mean.
  private static func betaTail(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    let small = min(a, b)
    if small >= 1 { return exp(logBetaKernel(x, y, a, b)) * betaFraction(x, y, a, b) }
    let powers = a * logNextToOne(x, y) + b * logNextToOne(y, x)
    return exp(powers - logScaledBeta(small, max(a, b))) * (small * betaFraction(x, y, a, b))
  }

  /// log I_x(a, b) below the mean.
  static func logBetaTail(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    let small = min(a, b)
    if small >= 1 { return logBetaKernel(x, y, a, b) + log(betaFraction(x, y, a, b)) }
    let powers = a * logNextToOne(x, y) + b * logNextToOne(y, x)
    return powers - logScaledBeta(small, max(a, b)) + log(small * betaFraction(x, y, a, b))
  }

  /// I_x(a, b) = 1 - I_y(b, a) for b < 1, which is of order b where b is small: with L = b log y - log(b B(a, b)),
  /// I_y(b, a) = e^L (1 + b Σ_{n>0} (1 - a)_n y^n / (n! (b + n))).
  private static func restOfSmallShape(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    let logLead = b * logNextToOne(y, x) - logScaledBeta(b, a)
    var sum = 0.0
    var power = 1.0
    var n = 1.0
    repeat {
      power *= (n - a) * (y / n)
      sum += power / (b + n)
      n += 1
    } while abs(power) > 1e-18
    return -expm1(logLead) - exp(logLead) * b * sum
  }

  /// log(small B(small, other)), small < 1, which tends to 0 with small, where log B would lose its digits:
  /// small B = Γ(1 + small) Γ(other) / Γ(small + other).
  private static func logScaledBeta(_ a: Double, _ b: Double) -> Double {
    let (small, large) = a < b ? (a, b) : (b, a)
    let scaled: Double
    if large < 1 {
      scaled = log1p(small / large) + logGamma1p(small) - logGammaRise(1 + large, small)
    } else if large < 13 {
      // ψ(large) small and more; the difference of two logarithms has lost what is small.
      scaled = logGamma1p(small) - logGammaRise(large, small)
    } else {
      scaled = logGamma1p(small) - small * log(large) - Densities.logRisingRatio(small, large)
    }
    return a <= b ? scaled : scaled + log(a / b)
  }

  /// log Γ(x + h) - log Γ(x) for 0 < h < 1 <= x, in proportion to h.
  private static func logGammaRise(_ x: Double, _ h: Double) -> Double {
    if h > 0.02 { return logGamma(x + h) - logGamma(x) }
    // ∫ ψ by Gauss and Legendre's three points, whose error is of order h⁷.
    let (centre, off) = (x + 0.5 * h, 0.5 * h * 0.6.squareRoot())
    return h * (5 * digamma(centre - off) + 8 * digamma(centre) + 5 * digamma(centre + off)) / 18
  }

  /// log x, given 1 - x.
  private static func logNextToOne(_ x: Double, _ rest: Double) -> Double { x <= 0.5 ? log(x) : log1p(-rest) }

  /// I_x(a, b) for large a and b: Φ(η √n) - R with n = a + b, p = a / n, q = b / n,
  /// ½ η² = -p log(x / p) - q log(y / q) and R = e^(-½ n η²) / √(2π n) (1 / s - 1 / η), s = (x - p) / √(p q)
  /// (Temme, SIAM J. Math. Anal. 13, 1982). The next term is smaller by 1 / n.
  private static func uniformBeta(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    let n = a + b
    let difference = b * x - a * y
    // n (x - p), to be judged by min(a, b): far from the mean the function is 0 or 1 in doubles.
    if abs(difference) > 0.02 * min(a, b) { return difference > 0 ? 1 : 0 }
    let half =
      deviance(a, a + difference, difference: difference) + deviance(b, b - difference, difference: -difference)
    let root = (2 * max(0, half)).squareRoot()
    let z = difference < 0 ? -root : root
    // s √n and z = η √n are multiples of the standard deviation; of order √min(a, b) at most.
    let s = difference / (a / n * b).squareRoot()
    let (p, q) = (a / n, b / n)
    let skewness = (p - q) / (a * q).squareRoot()
    let rest: Double
    if abs(difference) < 1e-5 * min(a, b) {
      let kurtosis = (1 - 3 * p * q) / (a * q)
      rest = skewness / 3 + s * (kurtosis / 4 - skewness * skewness / 6)
    } else {
      rest = 1 / s - 1 / z
    }
    return withinRounding(normalCDF(z) - exp(-half) / (2 * .pi).squareRoot() * rest)
  }

  /// log(x^a y^b / B(a, b)), y = 1 - x, 0 < x < 1: the log density of the beta distribution plus log(x y).
  ///
  /// With large parameters by Stirling's series and deviances, whose parts do not cancel near the mode.
  public static func logBetaKernel(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    let n = a + b
    if min(a, b) >= 10 {
      let difference = b * x - a * y
      let powers = -deviance(a, n * x, difference: difference) - deviance(b, n * y, difference: -difference)
      let corrections = stirlingCorrection(n) - stirlingCorrection(a) - stirlingCorrection(b)
      return powers + corrections + 0.5 * log(a / n * b / (2 * .pi))
    }
    return a * logNextToOne(x, y) + b * logNextToOne(y, x) - logBeta(a, b)
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
      let odd = a + (2 * m - 1)
      // Each factor with an x of its own, whose square may be too small.
      let numerator = (m * (a + (m - 1)) / odd) * ((a + b + (m - 1)) * x / odd) * ((b - m) * x)
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
    abs(value) < 1e-307 ? 1e-307 : value
  }
}
