import Foundation
import NumericKernels

/// A univariate density as its rows see it: a family with its operands, or one made of others.
///
/// Derivatives take a second evaluation, so that nothing has to be kept between a value and its derivatives.
indirect enum RowDensity: Sendable {
  case family(ScalarFamily, [RowOperand])
  /// θ + (1 - θ) p(0) at 0, (1 - θ) p(x) elsewhere.
  case zeroInflated(RowDensity, RowOperand)
  case truncated(BoundedFamily)
  case censored(BoundedFamily)
  /// Σ_k w_k p_k(x); a row's weights lie side by side.
  case mixture([RowDensity], RowOperand)

  /// By how much the sum of a mixture's weights may differ from 1.
  static let weightTolerance = 1e-8

  func logDensity(_ x: Double, _ row: Int, _ memory: Memory) -> Double {
    switch self {
    case .family(let family, let operands): return family.evaluate(x, operands.numbers(row, memory)).value
    case .zeroInflated(let base, let probability):
      let theta = probability.number(row, memory)
      guard theta >= 0 && theta <= 1 else { return .nan }
      let value = log1p(-theta) + base.logDensity(x, row, memory)
      return x == 0 ? SpecialFunctions.logSumExp([log(theta), value]) : value
    case .truncated(let bounded): return bounded.truncated(x, row, memory)
    case .censored(let bounded): return bounded.censored(x, row, memory)
    case .mixture(let components, let weights):
      let first = memory.numbers(weights.place) + weights.element(row, memory) * components.count
      var total = 0.0
      for k in components.indices { total += first[k] }
      if total.isNaN { return .nan }
      guard abs(total - 1) <= Self.weightTolerance else { return -.infinity }
      var (largest, sum) = (-Double.infinity, 0.0)
      for k in components.indices {
        let term = Self.term(components, weights, k, x, row, memory)
        if term.isNaN { return .nan }
        if term > largest {
          sum = largest == -.infinity ? 1 : sum * exp(largest - term) + 1
          largest = term
        } else if term > -.infinity {
          sum += exp(term - largest)
        }
      }
      return largest == -.infinity ? largest : largest + log(sum)
    }
  }

  /// Whether these are no negative numbers, of sum 1.
  private static func areWeights(_ weights: UnsafePointer<Double>, _ count: Int) -> Bool {
    var total = 0.0
    for k in 0..<count {
      guard weights[k] >= 0 else { return false }
      total += weights[k]
    }
    return abs(total - 1) <= weightTolerance
  }

  /// log w_k p_k(x)
  private static func term(
    _ components: [RowDensity], _ weights: RowOperand, _ k: Int, _ x: Double, _ row: Int, _ memory: Memory
  ) -> Double {
    let weight = memory.numbers(weights.place)[weights.element(row, memory) * components.count + k]
    return log(weight) + components[k].logDensity(x, row, memory)
  }

  /// Adds `weight` times the derivatives by operands to their adjoints; returns that by x.
  func addSlopes(_ x: Double, _ row: Int, weight: Double, _ memory: Memory) -> Double {
    switch self {
    case .family(let family, let operands):
      let partials = family.evaluate(x, operands.numbers(row, memory))
      operands.add(weight, partials.p, row, memory)
      return weight * partials.x
    case .zeroInflated(let base, let probability):
      let theta = probability.number(row, memory)
      guard x == 0 else {
        probability.add(-weight / (1 - theta), row, memory)
        return base.addSlopes(x, row, weight: weight, memory)
      }
      let zero = exp(base.logDensity(0, row, memory))
      let all = theta + (1 - theta) * zero
      probability.add(weight * (1 - zero) / all, row, memory)
      return base.addSlopes(x, row, weight: weight * (1 - theta) * zero / all, memory)
    case .truncated(let bounded): return bounded.addTruncatedSlopes(x, row, weight: weight, memory)
    case .censored(let bounded): return bounded.addCensoredSlopes(x, row, weight: weight, memory)
    case .mixture(let components, let weights):
      let total = logDensity(x, row, memory)
      var byX = 0.0
      for k in components.indices {
        let share = exp(Self.term(components, weights, k, x, row, memory) - total)
        let place = weights.place + weights.element(row, memory) * components.count + k
        if !weights.isConstant {
          // Not share / weight, which a weight of 0 would leave undefined.
          memory.adjoints[place] += weight * exp(components[k].logDensity(x, row, memory) - total)
        }
        if share > 0 { byX += components[k].addSlopes(x, row, weight: weight * share, memory) }
      }
      return byX
    }
  }

  func random(_ row: Int, _ memory: Memory, using stream: inout RandomStream) -> Double {
    switch self {
    case .family(let family, let operands): return family.random(operands.numbers(row, memory), &stream)
    case .zeroInflated(let base, let probability):
      let theta = probability.number(row, memory)
      guard theta >= 0 && theta <= 1 else { return .nan }
      let isZero = stream.uniform() < theta
      let other = base.random(row, memory, using: &stream)
      return isZero ? 0 : other
    case .truncated(let bounded): return bounded.truncatedRandom(row, memory, using: &stream)
    case .censored(let bounded):
      let (low, high) = bounded.bounds(row, memory)
      guard low <= high else { return .nan }
      return min(max(bounded.family.random(bounded.operands.numbers(row, memory), &stream), low), high)
    case .mixture(let components, let weights):
      let first = memory.numbers(weights.place) + weights.element(row, memory) * components.count
      guard Self.areWeights(first, components.count) else { return .nan }
      var left = stream.uniform()
      for k in components.indices.dropLast() {
        if left < first[k] { return components[k].random(row, memory, using: &stream) }
        left -= first[k]
      }
      return components[components.count - 1].random(row, memory, using: &stream)
    }
  }

  /// The sum over rows of a variate, with its derivatives.
  func evaluate(_ variate: RowOperand, count: Int, _ memory: Memory) -> Double {
    var sum = 0.0
    for row in 0..<count {
      let x = variate.number(row, memory)
      let value = logDensity(x, row, memory)
      guard value > -.infinity else { return value }
      sum += value
      variate.add(addSlopes(x, row, weight: 1, memory), row, memory)
    }
    return sum
  }
}

extension RowOperand {
  func number(_ row: Int, _ memory: Memory) -> Double { memory.numbers(place)[element(row, memory)] }

  func add(_ slope: Double, _ row: Int, _ memory: Memory) {
    if !isConstant { memory.adjoints[place + element(row, memory)] += slope }
  }
}

extension [RowOperand] {
  func numbers(_ row: Int, _ memory: Memory) -> SIMD4<Double> {
    var p = SIMD4<Double>.zero
    for k in indices { p[k] = self[k].number(row, memory) }
    return p
  }

  func add(_ weight: Double, _ slopes: SIMD4<Double>, _ row: Int, _ memory: Memory) {
    for k in indices { self[k].add(weight * slopes[k], row, memory) }
  }
}
