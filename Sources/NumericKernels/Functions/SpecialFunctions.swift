import Foundation

/// Special functions of one real argument, free of global state (the C library's `lgamma` writes `signgam`).
///
/// Accuracies are against 60-digit references.
public enum SpecialFunctions {
  /// log Γ(x) for x > 0: error below 1e-15 · max(1, |value|).
  ///
  /// A rational approximation on [2, 3) after shifting (Moshier, Cephes 1984) below 13, Stirling's series above.
  /// NaN for negative arguments, infinity at 0 and at infinity.
  @inlinable
  public static func logGamma(_ x: Double) -> Double {
    if x >= 13 {
      if x == .infinity { return x }
      return (x - 0.5) * log(x) - x + 0.918938533204672741780 + stirlingCorrection(x)
    }
    if !(x > 0) { return x == 0 ? .infinity : .nan }
    if x < 1e-17 { return -log(x) }
    var product = 1.0
    var shift = 0.0
    var u = x
    while u >= 3 {
      shift -= 1
      u = x + shift
      product *= u
    }
    while u < 2 {
      product /= u
      shift += 1
      u = x + shift
    }
    if u == 2 { return log(product) }
    let y = x + (shift - 2)
    var numerator = -1.37825152569120859100e3
    numerator = numerator * y - 3.88016315134637840924e4
    numerator = numerator * y - 3.31612992738871184744e5
    numerator = numerator * y - 1.16237097492762307383e6
    numerator = numerator * y - 1.72173700820839662146e6
    numerator = numerator * y - 8.53555664245765465627e5
    var denominator = y - 3.51815701436523470549e2
    denominator = denominator * y - 1.70642106651881159223e4
    denominator = denominator * y - 2.20528590553854454839e5
    denominator = denominator * y - 1.13933444367982507207e6
    denominator = denominator * y - 2.53252307177582951285e6
    denominator = denominator * y - 2.01889141433532773231e6
    return log(product) + y * numerator / denominator
  }

  /// The tail of Stirling's series for log Γ, the sum of B_2k / (2k (2k-1) x^(2k-1)), truncation below 1e-17 at x = 10.
  @inlinable
  public static func stirlingCorrection(_ x: Double) -> Double {
    let r = 1 / x
    let r2 = r * r
    var sum = -3617.0 / 122400
    sum = sum * r2 + 1.0 / 156
    sum = sum * r2 - 691.0 / 360360
    sum = sum * r2 + 1.0 / 1188
    sum = sum * r2 - 1.0 / 1680
    sum = sum * r2 + 1.0 / 1260
    sum = sum * r2 - 1.0 / 360
    sum = sum * r2 + 1.0 / 12
    return sum * r
  }

  /// The derivative of log Γ for x > 0: error below 2e-15 · max(1, |value|).
  ///
  /// Shifted to x >= 10 by ψ(x) = ψ(x + 1) - 1/x, then the asymptotic series. NaN for x <= 0.
  @inlinable
  public static func digamma(_ x: Double) -> Double {
    if !(x > 0) { return .nan }
    var shifted = x
    var sum = 0.0
    while shifted < 10 {
      sum -= 1 / shifted
      shifted += 1
    }
    return log(shifted) - 0.5 / shifted + digammaTail(shifted) + sum
  }

  /// The tail of the asymptotic series ψ(x) = log x - 1 / (2x) - Σ B_2k / (2k x^2k); truncation below 1e-17 at x = 10.
  @inlinable
  public static func digammaTail(_ x: Double) -> Double {
    let r2 = 1 / (x * x)
    var series = 3617.0 / 8160
    series = series * r2 - 1.0 / 12
    series = series * r2 + 691.0 / 32760
    series = series * r2 - 1.0 / 132
    series = series * r2 + 1.0 / 240
    series = series * r2 - 1.0 / 252
    series = series * r2 + 1.0 / 120
    series = series * r2 - 1.0 / 12
    return series * r2
  }

  /// ψ(a + y) - ψ(a) for a > 0, y >= 0, without cancellation where a is large: relative error below 1e-14.
  @inlinable
  public static func digammaDifference(_ a: Double, _ y: Double) -> Double {
    if a >= 10 {
      let end = a + y
      return log1p(y / a) + 0.5 * (y / a) / end + (digammaTail(end) - digammaTail(a))
    }
    return 1 / a + digammaDifference(a + 1, y) - 1 / (a + y)
  }

  /// log(1 + x) - x for x > -1, without cancellation near 0: relative error below 1e-15.
  @inlinable
  public static func log1pMinusArgument(_ x: Double) -> Double {
    if !(abs(x) < 0.35) { return log1p(x) - x }
    // log(1 + x) = 2 artanh r with r = x / (2 + x), and 2r - x = -x r.
    let r = x / (2 + x)
    let r2 = r * r
    var sum = 1.0 / 23
    var k = 21.0
    while k >= 3 {
      sum = sum * r2 + 1 / k
      k -= 2
    }
    return r * (2 * r2 * sum - x)
  }

  /// log(1 - e^x) for x <= 0: relative error below 1e-15 (Mächler 2012). Minus infinity at 0, NaN above.
  @inlinable
  public static func log1mExp(_ x: Double) -> Double {
    x > -0.6931471805599453 ? log(-expm1(x)) : log1p(-exp(x))
  }

  /// log |e^a - e^b|.
  @inlinable
  public static func logDifferenceExp(_ a: Double, _ b: Double) -> Double {
    if a == b { return -.infinity }
    return max(a, b) + log1mExp(-abs(a - b))
  }

  /// The second derivative of log Γ for x > 0: relative error below 1e-15. NaN for x <= 0.
  @inlinable
  public static func trigamma(_ x: Double) -> Double {
    if !(x > 0) { return .nan }
    var shifted = x
    var sum = 0.0
    while shifted < 10 {
      sum += 1 / (shifted * shifted)
      shifted += 1
    }
    let r = 1 / shifted
    let r2 = r * r
    var series = -3617.0 / 510
    series = series * r2 + 7.0 / 6
    series = series * r2 - 691.0 / 2730
    series = series * r2 + 5.0 / 66
    series = series * r2 - 1.0 / 30
    series = series * r2 + 1.0 / 42
    series = series * r2 - 1.0 / 30
    series = series * r2 + 1.0 / 6
    return r + 0.5 * r2 + series * r2 * r + sum
  }

  /// log(1 + e^x) without overflow or loss of the small result: relative error below 4e-16.
  @inlinable
  public static func log1pExp(_ x: Double) -> Double {
    x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))
  }

  /// log(e^a + e^b). Minus infinity is the neutral element.
  @inlinable
  public static func logSumExp(_ a: Double, _ b: Double) -> Double {
    let larger = max(a, b)
    if larger == -.infinity || larger == .infinity { return larger }
    return larger + log1p(exp(-abs(a - b)))
  }

  /// log Σ e^x over the elements; minus infinity for none.
  @inlinable
  public static func logSumExp(_ values: [Double]) -> Double {
    var larger = -Double.infinity
    for value in values { larger = max(larger, value) }
    if larger == -.infinity || larger == .infinity { return larger }
    var sum = 0.0
    for value in values { sum += exp(value - larger) }
    return larger + log(sum)
  }

  /// log(p / (1 - p)).
  @inlinable
  public static func logit(_ p: Double) -> Double {
    log(p) - log1p(-p)
  }

  /// 1 / (1 + e^-x), accurate in both tails: relative error below 4e-16.
  @inlinable
  public static func inverseLogit(_ x: Double) -> Double {
    if x >= 0 { return 1 / (1 + exp(-x)) }
    let e = exp(x)
    return e / (1 + e)
  }
}
