import Foundation

extension SpecialFunctions {
  /// P(Z <= x) for a standard normal Z: relative error below 2e-16 · (1 + x²).
  @inlinable
  public static func normalCDF(_ x: Double) -> Double {
    0.5 * erfc(-x * 0.707106781186547524400844362104849039)
  }

  /// log P(Z <= x), also where the probability is below the smallest double: relative error about 1e-15 for x < 0.
  ///
  /// Below -10 by the continued fraction of Mills' ratio, P(Z <= x) = phi(x) / (t + 1 / (t + 2 / (t + ...))), t = -x
  /// (Abramowitz and Stegun 26.2.14), whose fortieth convergent is exact there.
  @inlinable
  public static func logNormalCDF(_ x: Double) -> Double {
    if x > 0 { return log1p(-normalCDF(-x)) }
    if !(x < -10) { return log(normalCDF(x)) }
    if x == -.infinity { return -.infinity }
    var ratio = -x
    for k in stride(from: 40.0, through: 1, by: -1) { ratio = -x + k / ratio }
    return -0.5 * x * x - 0.918938533204672741780329736406 - log(ratio)
  }

  /// The standard normal quantile of p: relative error about 1e-15. Infinite at 0 and 1, NaN outside [0, 1].
  ///
  /// Wichura's algorithm AS241, PPND16 (Applied Statistics 37, 1988).
  @inlinable
  public static func normalQuantile(_ p: Double) -> Double {
    p <= 0.5 ? lowerNormalQuantile(p) : -lowerNormalQuantile(1 - p)
  }

  /// The standard normal quantile for 0 <= p <= 1/2.
  @inlinable
  static func lowerNormalQuantile(_ p: Double) -> Double {
    let q = 0.5 - p
    if q <= 0.425 {
      let r = 0.180625 - q * q
      var numerator = 2.5090809287301226727e3
      numerator = numerator * r + 3.3430575583588128105e4
      numerator = numerator * r + 6.7265770927008700853e4
      numerator = numerator * r + 4.5921953931549871457e4
      numerator = numerator * r + 1.3731693765509461125e4
      numerator = numerator * r + 1.9715909503065514427e3
      numerator = numerator * r + 1.3314166789178437745e2
      numerator = numerator * r + 3.3871328727963666080
      var denominator = 5.2264952788528545610e3
      denominator = denominator * r + 2.8729085735721942674e4
      denominator = denominator * r + 3.9307895800092710610e4
      denominator = denominator * r + 2.1213794301586595867e4
      denominator = denominator * r + 5.3941960214247511077e3
      denominator = denominator * r + 6.8718700749205790830e2
      denominator = denominator * r + 4.2313330701600911252e1
      denominator = denominator * r + 1
      return -q * numerator / denominator
    }
    if !(p > 0) { return p == 0 ? -.infinity : .nan }
    var r = (-log(p)).squareRoot()
    var numerator: Double
    var denominator: Double
    if r <= 5 {
      r -= 1.6
      numerator = 7.74545014278341407640e-4
      numerator = numerator * r + 2.27238449892691845833e-2
      numerator = numerator * r + 2.41780725177450611770e-1
      numerator = numerator * r + 1.27045825245236838258
      numerator = numerator * r + 3.64784832476320460504
      numerator = numerator * r + 5.76949722146069140550
      numerator = numerator * r + 4.63033784615654529590
      numerator = numerator * r + 1.42343711074968357734
      denominator = 1.05075007164441684324e-9
      denominator = denominator * r + 5.47593808499534494600e-4
      denominator = denominator * r + 1.51986665636164571966e-2
      denominator = denominator * r + 1.48103976427480074590e-1
      denominator = denominator * r + 6.89767334985100004550e-1
      denominator = denominator * r + 1.67638483018380384940
      denominator = denominator * r + 2.05319162663775882187
      denominator = denominator * r + 1
    } else {
      r -= 5
      numerator = 2.01033439929228813265e-7
      numerator = numerator * r + 2.71155556874348757815e-5
      numerator = numerator * r + 1.24266094738807843860e-3
      numerator = numerator * r + 2.65321895265761230930e-2
      numerator = numerator * r + 2.96560571828504891230e-1
      numerator = numerator * r + 1.78482653991729133580
      numerator = numerator * r + 5.46378491116411436990
      numerator = numerator * r + 6.65790464350110377720
      denominator = 2.04426310338993978564e-15
      denominator = denominator * r + 1.42151175831644588870e-7
      denominator = denominator * r + 1.84631831751005468180e-5
      denominator = denominator * r + 7.86869131145613259100e-4
      denominator = denominator * r + 1.48753612908506148525e-2
      denominator = denominator * r + 1.36929880922735805310e-1
      denominator = denominator * r + 5.99832206555887937690e-1
      denominator = denominator * r + 1
    }
    return -numerator / denominator
  }
}
