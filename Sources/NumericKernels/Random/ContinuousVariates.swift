import Foundation

extension RandomStream {
  /// A standard normal variate, by inversion: one word of the stream each.
  ///
  /// One bit is the sign and 63 bits the tail probability, so tails reach nine standard deviations. The quantile is
  /// Wichura's AS241 (1988), relative error about 1e-16; only the outer 15 % of draws need a logarithm.
  @inlinable
  public mutating func normal() -> Double {
    let word = next()
    let tail = (Double(word >> 1) + 0.5) * 0x1p-64
    let magnitude = -SpecialFunctions.lowerNormalQuantile(tail)
    return word & 1 == 0 ? magnitude : -magnitude
  }

  /// An exponential variate with mean 1.
  @inlinable
  public mutating func exponential() -> Double {
    -log(uniform())
  }

  /// A gamma variate with the given shape and scale 1 (mean and variance `shape`).
  ///
  /// Marsaglia and Tsang (2000); for `shape < 1`, `gamma(shape + 1) * U^(1/shape)`. Shapes below about 0.001 may
  /// underflow to 0, which is their distribution's behaviour at double precision. `shape` must be positive and finite.
  @inlinable
  public mutating func gamma(shape: Double) -> Double {
    precondition(shape > 0 && shape.isFinite, "gamma(shape:) needs a positive, finite shape")
    if shape < 1 {
      let boosted = gamma(shape: shape + 1)
      return boosted * exp(-exponential() / shape)
    }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let root = 1 + c * x
      if root <= 0 { continue }
      let v = root * root * root
      let u = uniform()
      let squared = x * x
      if u < 1 - 0.0331 * squared * squared { return d * v }
      if log(u) < 0.5 * squared + d * (1 - v + log(v)) { return d * v }
    }
  }

  /// A beta variate with parameters `a` and `b`, both positive.
  ///
  /// The ratio of gamma variates; where both parameters are below 1, Jöhnk's rule in logarithms, which does not
  /// underflow to 0/0.
  @inlinable
  public mutating func beta(_ a: Double, _ b: Double) -> Double {
    precondition(a > 0 && b > 0 && a.isFinite && b.isFinite, "beta needs positive, finite parameters")
    if a >= 1 || b >= 1 {
      let x = gamma(shape: a)
      let y = gamma(shape: b)
      return x / (x + y)
    }
    while true {
      let logX = -exponential() / a
      let logY = -exponential() / b
      let larger = max(logX, logY)
      let logSum = larger + log(exp(logX - larger) + exp(logY - larger))
      if logSum <= 0 { return exp(logX - logSum) }
    }
  }
}
