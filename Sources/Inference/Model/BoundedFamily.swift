import Foundation
import NumericKernels

/// A scalar family cut off, or observed only, between bounds.
struct BoundedFamily: Sendable {
  let family: ScalarFamily
  let operands: [RowOperand]
  let lower: RowOperand?
  let upper: RowOperand?

  func bounds(_ row: Int, _ memory: Memory) -> (low: Double, high: Double) {
    (lower?.number(row, memory) ?? -.infinity, upper?.number(row, memory) ?? .infinity)
  }

  func truncated(_ x: Double, _ row: Int, _ memory: Memory) -> Double {
    let (low, high) = bounds(row, memory)
    if x < low || x > high { return -.infinity }
    let p = operands.numbers(row, memory)
    return family.evaluate(x, p).value - family.logProbability(low, high, p)
  }

  func addTruncatedSlopes(_ x: Double, _ row: Int, weight: Double, _ memory: Memory) -> Double {
    let p = operands.numbers(row, memory)
    let partials = family.evaluate(x, p)
    operands.add(weight, partials.p, row, memory)
    addProbabilitySlopes(bounds(row, memory), p, weight: -weight, row, memory)
    return weight * partials.x
  }

  /// At or beyond a bound it is only known that the variate is there.
  func censored(_ x: Double, _ row: Int, _ memory: Memory) -> Double {
    let p = operands.numbers(row, memory)
    guard let beyond = beyond(x, row, memory) else { return family.evaluate(x, p).value }
    return family.logProbability(beyond.low, beyond.high, p)
  }

  func addCensoredSlopes(_ x: Double, _ row: Int, weight: Double, _ memory: Memory) -> Double {
    let p = operands.numbers(row, memory)
    if let beyond = beyond(x, row, memory) {
      addProbabilitySlopes(beyond, p, weight: weight, row, memory)
      return 0
    }
    let partials = family.evaluate(x, p)
    operands.add(weight, partials.p, row, memory)
    return weight * partials.x
  }

  private func beyond(_ x: Double, _ row: Int, _ memory: Memory) -> (low: Double, high: Double)? {
    let (low, high) = bounds(row, memory)
    return x <= low ? (-.infinity, low) : x >= high ? (high, .infinity) : nil
  }

  private func addProbabilitySlopes(
    _ interval: (low: Double, high: Double), _ p: SIMD4<Double>, weight: Double, _ row: Int, _ memory: Memory
  ) {
    let (low, high) = interval
    operands.add(weight, family.probabilitySlopes(low, high, p, isWanted: operands.map { !$0.isConstant }), row, memory)
    if family.isDiscrete { return }
    let total = family.logProbability(low, high, p)
    for (bound, operand, sign) in [(low, lower, -1.0), (high, upper, 1.0)] where bound.isFinite {
      if let operand, !operand.isConstant, operand.number(row, memory) == bound {
        operand.add(weight * sign * exp(family.evaluate(bound, p).value - total), row, memory)
      }
    }
  }

  /// A variate of the family that happens to lie within, or, where few do, a quantile.
  func truncatedRandom(_ row: Int, _ memory: Memory, using stream: inout RandomStream) -> Double {
    let p = operands.numbers(row, memory)
    let (low, high) = bounds(row, memory)
    for _ in 0..<32 {
      let x = family.random(p, &stream)
      if x >= low && x <= high || x.isNaN { return x }
    }
    return family.quantile(stream.uniform(), low, high, p)
  }
}

/// The distribution function of a family that has one.
struct ScalarTails: Sendable {
  let cdf: @Sendable (Double, SIMD4<Double>) -> Double
  let ccdf: @Sendable (Double, SIMD4<Double>) -> Double
  let logCDF: @Sendable (Double, SIMD4<Double>) -> Double
  let logCCDF: @Sendable (Double, SIMD4<Double>) -> Double
  let quantile: @Sendable (Double, SIMD4<Double>) -> Double

  init<D: ScalarDistribution>(_: D.Type) {
    cdf = { D.isValid($1) ? D.cdf($0, $1) : .nan }
    ccdf = { D.isValid($1) ? D.ccdf($0, $1) : .nan }
    logCDF = { D.isValid($1) ? D.logCDF($0, $1) : .nan }
    logCCDF = { D.isValid($1) ? D.logCCDF($0, $1) : .nan }
    quantile = { D.isValid($1) && $0 >= 0 && $0 <= 1 ? D.quantile($0, $1) : .nan }
  }
}

extension ScalarFamily {
  /// log P(low <= X <= high), by the tail that keeps its digits.
  func logProbability(_ low: Double, _ high: Double, _ p: SIMD4<Double>) -> Double {
    guard let tails else { return .nan }
    // P(X < low) of whole numbers is that of the next smaller one.
    let before = isDiscrete ? low.rounded(.up) - 1 : low
    if !(low <= high) { return .nan }
    switch (low == -.infinity, high == .infinity) {
    case (true, true): return 0
    case (true, false): return tails.logCDF(high, p)
    case (false, true): return tails.logCCDF(before, p)
    default:
      let below = tails.cdf(before, p)
      let above = below > 0.5
      let (inner, outer) = above ? (tails.ccdf(before, p), tails.ccdf(high, p)) : (tails.cdf(high, p), below)
      if inner > 1e-290 { return log(inner - outer) }
      let logInner = above ? tails.logCCDF(before, p) : tails.logCDF(high, p)
      let logOuter = above ? tails.logCCDF(high, p) : tails.logCDF(before, p)
      return logInner + log(-expm1(logOuter - logInner))
    }
  }

  /// The quantile of the family between two bounds that belong to it, by bisection of the tail that keeps its digits.
  func quantile(_ q: Double, _ low: Double, _ high: Double, _ p: SIMD4<Double>) -> Double {
    guard let tails else { return .nan }
    let (first, last) = isDiscrete ? (low.rounded(.up), high.rounded(.down)) : (low, high)
    let before = isDiscrete ? first - 1 : first
    let isUpper = low > -.infinity && tails.cdf(before, p) > 0.5
    if !isUpper {
      let (atLow, atHigh) = (low == -.infinity ? 0 : tails.cdf(before, p), high == .infinity ? 1 : tails.cdf(last, p))
      if atHigh > 1e-290 { return min(max(tails.quantile(atLow + q * (atHigh - atLow), p), first), last) }
    }
    // In logs, and from the bound where the tail is heavier: the probability between may be below the smallest double.
    let near = isUpper ? before : last
    let (logNear, logFar) =
      isUpper
      ? (tails.logCCDF(before, p), high == .infinity ? -.infinity : tails.logCCDF(last, p))
      : (tails.logCDF(last, p), low == -.infinity ? -.infinity : tails.logCDF(before, p))
    let beyond = isUpper ? q : 1 - q
    let target = logNear + log1p(beyond * expm1(logFar - logNear))
    func reaches(_ distance: Double) -> Bool {
      isUpper ? tails.logCCDF(near + distance, p) <= target : tails.logCDF(near - distance, p) < target
    }
    let most = isUpper ? last - near : near - before
    let reach = Swift.max(1, Swift.abs(near)) * 0.125
    var (a, step) = (0.0, isDiscrete ? reach.rounded(.up) : reach)
    var b = Swift.min(step, most)
    while b < most && !reaches(b) {
      (a, step) = (b, 2 * step)
      b = Swift.min(a + step, most)
    }
    for _ in 0..<200 {
      let middle = isDiscrete ? (0.5 * (a + b)).rounded(.down) : 0.5 * (a + b)
      if middle <= a || middle >= b { break }
      if reaches(middle) { b = middle } else { a = middle }
    }
    return isUpper ? near + b : near - a
  }

  /// The derivatives of ``logProbability(_:_:_:)`` by the parameters.
  ///
  /// Those by location and scale of a continuous family follow from the density at the bounds. Others, such as shapes,
  /// are central differences of fourth order of the distribution function, which leave about ten digits.
  func probabilitySlopes(
    _ low: Double, _ high: Double, _ p: SIMD4<Double>, isWanted: [Bool]
  ) -> SIMD4<Double> {
    var slopes = SIMD4<Double>.zero
    if low == -.infinity && high == .infinity { return slopes }
    let exact = isDiscrete || kernel.isLogNormal ? nil : locationScale
    if let exact {
      let total = logProbability(low, high, p)
      for (bound, sign) in [(low, 1.0), (high, -1.0)] where bound.isFinite {
        let density = sign * exp(evaluate(bound, p).value - total)
        slopes[exact.location] += density
        slopes[exact.scale] += density * (bound - p[exact.location]) / p[exact.scale]
      }
    }
    for k in parameterNames.indices where isWanted[k] && k != exact?.location && k != exact?.scale {
      let room =
        switch parameterSupports[k] {
        case .above(let bound): p[k] - bound
        case .below(let bound): bound - p[k]
        case .interval(let a, let b): min(p[k] - a, b - p[k])
        case .real, .integers: max(1, abs(p[k]))
        }
      let h = 1e-3 * room
      func at(_ shift: Double) -> Double {
        var moved = p
        moved[k] += shift
        return logProbability(low, high, moved)
      }
      slopes[k] = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
    }
    return slopes
  }
}
