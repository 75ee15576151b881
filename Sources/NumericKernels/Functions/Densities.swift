import Foundation

/// Log densities, normalised. Arguments outside a distribution's support give minus infinity; parameters outside their
/// range are the caller's error and give NaN or nonsense, since these sit in inner loops.
public enum Densities {
  /// log N(x | mean, sd^2), sd > 0.
  @inlinable
  public static func normal(_ x: Double, mean: Double = 0, sd: Double = 1) -> Double {
    let z = (x - mean) / sd
    return -0.918938533204672741780329736405617640 - log(sd) - 0.5 * z * z
  }

  /// The log density of location + scale · T for a Student T with `df` degrees of freedom, df > 0, scale > 0.
  @inlinable
  public static func studentT(_ x: Double, df: Double, location: Double = 0, scale: Double = 1) -> Double {
    let z = (x - location) / scale
    return SpecialFunctions.logGamma(0.5 * (df + 1)) - SpecialFunctions.logGamma(0.5 * df)
      - 0.5 * log(df * .pi) - log(scale) - 0.5 * (df + 1) * log1p(z * z / df)
  }

  /// The log density of |N(0, scale^2)|; minus infinity for x < 0.
  @inlinable
  public static func halfNormal(_ x: Double, scale: Double = 1) -> Double {
    x < 0 ? -.infinity : normal(x, sd: scale) + 0.693147180559945309417232121458176568
  }

  /// log P(count) of a Poisson with mean > 0, or mean 0 where only count 0 is possible. Absolute error below
  /// 1e-15 · max(10, y log y) for a count of y.
  @inlinable
  public static func poisson(_ count: Int, mean: Double) -> Double {
    if count < 0 { return -.infinity }
    if mean == 0 { return count == 0 ? 0 : -.infinity }
    let y = Double(count)
    return y * log(mean) - mean - SpecialFunctions.logGamma(y + 1)
  }

  /// log P(count) of a negative binomial with variance mean + mean^2 / size; mean >= 0, size > 0. Absolute error below
  /// 1e-15 · max(10, y log y) for a count of y.
  ///
  /// Tends to the Poisson as size grows. The terms log Γ(y + size) - log Γ(size) - y log size are kept together for
  /// large size by a sum of log1p for small counts, so that they do not cancel catastrophically.
  @inlinable
  public static func negativeBinomial2(_ count: Int, mean: Double, size: Double) -> Double {
    if count < 0 { return -.infinity }
    if mean == 0 { return count == 0 ? 0 : -.infinity }
    if size == .infinity { return poisson(count, mean: mean) }
    let y = Double(count)
    let ratio = log1p(mean / size)
    var rising = 0.0  // log of Γ(y + size) / (Γ(size) size^y)
    if count <= 32 {
      for k in 0..<count { rising += log1p(Double(k) / size) }
    } else {
      rising = logRisingRatio(y, size)
    }
    return rising - SpecialFunctions.logGamma(y + 1) + y * log(mean) - (y + size) * ratio
  }

  /// log of Γ(y + size) / (Γ(size) size^y), y >= 0, size > 0; by Stirling's series term by term where size is large, so
  /// that it tends to 0 smoothly.
  @inlinable
  public static func logRisingRatio(_ y: Double, _ size: Double) -> Double {
    if size < 13 {
      return SpecialFunctions.logGamma(y + size) - SpecialFunctions.logGamma(size) - y * log(size)
    }
    return (y + size - 0.5) * log1p(y / size) - y
      + (SpecialFunctions.stirlingCorrection(y + size) - SpecialFunctions.stirlingCorrection(size))
  }
}
