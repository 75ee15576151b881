/// Inversion of monotone functions to the last bit, for quantiles of distribution functions without a formula.
public enum MonotoneSearch {
  /// The smallest double in low...high at which `reached` holds, or `high` if it holds nowhere below.
  ///
  /// Bisection on the doubles in their order, so at most 64 evaluations whatever the scale, and the result has full
  /// relative accuracy even next to zero. `reached` must be monotone (false, then true).
  @inlinable
  public static func firstDouble(
    from low: Double, to high: Double, where reached: (Double) -> Bool
  ) -> Double {
    var (a, b) = (position(low), position(high))
    while a < b {
      let middle = a &+ Int64(UInt64(bitPattern: b &- a) / 2)
      if reached(double(middle)) { b = middle } else { a = middle + 1 }
    }
    return double(b)
  }

  /// The smallest whole number >= `low` at which `reached` holds, found by doubling steps from `guess` and bisection.
  ///
  /// Numbers are doubles, exact to 2^53; beyond 2^1000 the search gives up with infinity.
  @inlinable
  public static func firstInteger(
    from low: Double, near guess: Double, where reached: (Double) -> Bool
  ) -> Double {
    if reached(low) { return low }
    // Invariant below: not reached at `a`, reached at `b`.
    var a = low
    var b = max(low + 1, guess.rounded())
    var step = 1.0
    if reached(b) {
      while b - step > a && reached(b - step) {
        b -= step
        step *= 2
      }
      a = max(a, b - step)
    } else {
      while !reached(b) {
        if b > 0x1p1000 { return .infinity }
        a = b
        b += step
        step *= 2
      }
    }
    while b - a > 1 {
      let middle = (a + 0.5 * (b - a)).rounded(.down)
      if middle <= a || middle >= b { break }
      if reached(middle) { b = middle } else { a = middle }
    }
    return b
  }

  /// Doubles as integers in the same order.
  @inlinable
  static func position(_ x: Double) -> Int64 {
    let bits = Int64(bitPattern: x.bitPattern)
    return bits >= 0 ? bits : Int64.min &- bits
  }

  @inlinable
  static func double(_ position: Int64) -> Double {
    Double(bitPattern: UInt64(bitPattern: position >= 0 ? position : Int64.min &- position))
  }
}
