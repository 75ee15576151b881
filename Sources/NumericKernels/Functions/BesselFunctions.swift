import Foundation

/// Modified Bessel functions of the first kind, of orders 0 and 1, scaled by e^-x: relative error below 2e-15.
///
/// The power series, all of whose terms are positive, below x = 30; above it the asymptotic series, whose smallest term
/// is then below e^-60.
extension SpecialFunctions {
  /// e^-x I_0(x) for x >= 0; NaN for negative arguments.
  public static func scaledBesselI0(_ x: Double) -> Double {
    if !(x >= 0) { return .nan }
    return x < 30 ? exp(-x) * besselSeries(x, order: 0) : hankelSeries(x, order: 0) / (2 * .pi * x).squareRoot()
  }

  /// e^-x I_1(x) for x >= 0; NaN for negative arguments.
  public static func scaledBesselI1(_ x: Double) -> Double {
    if !(x >= 0) { return .nan }
    return x < 30 ? exp(-x) * besselSeries(x, order: 1) : hankelSeries(x, order: 1) / (2 * .pi * x).squareRoot()
  }

  /// 1 - I_1(x) / I_0(x) for x >= 0, the circular variance of the von Mises distribution: about 1 / (2x) for large x,
  /// without cancellation.
  public static func besselDeficit(_ x: Double) -> Double {
    if x < 30 { return 1 - besselSeries(x, order: 1) / besselSeries(x, order: 0) }
    // The difference of the two asymptotic series, term by term.
    var (zeroth, first) = (1.0, 1.0)
    var (sum, difference) = (1.0, 0.0)
    var k = 1.0
    while k < 60 {
      let odd = (2 * k - 1) * (2 * k - 1)
      zeroth *= odd / (8 * x * k)
      first *= (odd - 4) / (8 * x * k)
      sum += zeroth
      difference += zeroth - first
      if abs(zeroth) + abs(first) < 1e-18 * difference { break }
      k += 1
    }
    return difference / sum
  }

  /// I_ν(x) = (x / 2)^ν Σ (x² / 4)^k / (k! (k + ν)!).
  private static func besselSeries(_ x: Double, order: Double) -> Double {
    let quarter = 0.25 * x * x
    var term = order == 0 ? 1 : 0.5 * x
    var sum = term
    var k = 1.0
    while term > 1e-17 * sum {
      term *= quarter / (k * (k + order))
      sum += term
      k += 1
    }
    return sum
  }

  /// √(2 π x) e^-x I_ν(x) = Σ (-1)^k Π (4 ν² - (2j - 1)²) / (k! (8x)^k).
  private static func hankelSeries(_ x: Double, order: Double) -> Double {
    var term = 1.0
    var sum = 1.0
    var k = 1.0
    while k < 60 && abs(term) > 1e-18 {
      term *= ((2 * k - 1) * (2 * k - 1) - 4 * order * order) / (8 * x * k)
      sum += term
      k += 1
    }
    return sum
  }
}
