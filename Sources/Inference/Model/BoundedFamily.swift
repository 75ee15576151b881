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

  /// At a bound it is only known that the variate is there or beyond; beyond it nothing is observed.
  func censored(_ x: Double, _ row: Int, _ memory: Memory) -> Double {
    let (low, high) = bounds(row, memory)
    if x < low || x > high { return -.infinity }
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
    guard low <= high else { return .nan }
    for _ in 0..<32 {
      let x = family.random(p, &stream)
      if x >= low && x <= high || x.isNaN { return x }
    }
    return family.tails?.quantile(stream.uniform(), from: low, to: high, p) ?? .nan
  }
}

extension ScalarFamily {
  /// log P(low <= X <= high), by the tail that keeps its digits.
  func logProbability(_ low: Double, _ high: Double, _ p: SIMD4<Double>) -> Double {
    tails?.logProbability(low, high, p) ?? .nan
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
