import Foundation
import NumericKernels

/// Counts that are 0 for another reason with probability θ.
///
///     log p(0) = log(θ + (1 - θ) f(0)),   log p(y) = log(1 - θ) + log f(y)
///
/// Parameters are theta and those of the base, whose variates are whole numbers. 0 <= θ <= 1.
public struct ZeroInflated<Base: UnivariateDistribution>: UnivariateDistribution {
  public let theta: Double
  public let base: Base

  public init(theta: Double, _ base: Base) {
    precondition(base.isDiscrete, "only counts can be zero-inflated")
    self.theta = theta
    self.base = base
    isValid = theta >= 0 && theta <= 1 && !base.logDensity(0).isNaN
  }

  public var isDiscrete: Bool { true }
  public var support: Support { base.support }
  private let isValid: Bool

  public func partials(_ x: Double) -> DistributionPartials {
    var result = base.partials(x)
    guard isValid, !result.value.isNaN else {
      return DistributionPartials(value: .nan, x: .nan, parameters: [.nan] + result.parameters.map { _ in .nan })
    }
    guard x == 0 else {
      result.value += log1p(-theta)
      result.parameters = [-1 / (1 - theta)] + result.parameters
      return result
    }
    let zero = exp(result.value)
    let all = theta + (1 - theta) * zero
    // log(1 - (1 - θ)(1 - f(0))) keeps its digits where the base is all but certain of 0.
    let value = all > 0.5 ? log1p((1 - theta) * expm1(result.value)) : log(all)
    let share = (1 - theta) * zero / all
    let slope = -expm1(result.value) / all
    return DistributionPartials(
      value: value, x: 0, parameters: [slope] + result.parameters.map { share == 0 ? 0 : share * $0 })
  }

  public func cdf(_ x: Double) -> Double { isValid ? (x < 0 ? 0 : theta) + (1 - theta) * base.cdf(x) : .nan }
  public func ccdf(_ x: Double) -> Double { isValid ? (x < 0 ? theta : 0) + (1 - theta) * base.ccdf(x) : .nan }
  public func quantile(_ q: Double) -> Double {
    guard isValid, q >= 0, q <= 1 else { return .nan }
    if q <= cdf(0) { return 0 }
    // P(Y > y) = (1 - θ) P(base > y), so that the base's quantile is exact where the tail is small.
    let tail = (1 - q) / (1 - theta)
    return base.quantile(max(0, min(1, 1 - tail)))
  }
  public var mean: Double { isValid ? (1 - theta) * base.mean : .nan }
  public var variance: Double { isValid ? (1 - theta) * (base.variance + theta * base.mean * base.mean) : .nan }
  public func random(using stream: inout RandomStream) -> Double {
    guard isValid else { return .nan }
    let isZero = stream.uniform() < theta
    let other = base.random(using: &stream)
    return isZero ? 0 : other
  }
}

/// One of several distributions, which is not known.
///
///     log p(x) = log Σ_k θ_k f_k(x)
///
/// Parameters are the weights θ, a simplex to 1e-8, and then those of each component in turn. Derivatives by weights
/// are f_k / p: along a simplex only their differences count. Components are all discrete or all continuous.
public struct Mixture: UnivariateDistribution {
  public let theta: [Double]
  public let components: [any UnivariateDistribution]

  public init(theta: [Double], _ components: [any UnivariateDistribution]) {
    precondition(!components.isEmpty && theta.count == components.count, "a mixture needs a weight per component")
    precondition(
      components.allSatisfy { $0.isDiscrete == components[0].isDiscrete },
      "a mixture of discrete and continuous distributions has no density")
    self.theta = theta
    self.components = components
    isValid =
      theta.allSatisfy { $0 >= 0 } && abs(theta.reduce(0, +) - 1) <= 1e-8
      && !components.contains { $0.logDensity(0).isNaN }
  }

  public var isDiscrete: Bool { components[0].isDiscrete }

  /// The least interval that holds all components' supports.
  public var support: Support {
    let ends = components.map(\.support.ends)
    let low = ends.map(\.low).min() ?? -.infinity
    let high = ends.map(\.high).max() ?? .infinity
    return isDiscrete ? .integers(low, high) : Support.real.intersected(low, high)
  }

  private let isValid: Bool

  public func partials(_ x: Double) -> DistributionPartials {
    let parts = components.map { $0.partials(x) }
    let count = parts.reduce(theta.count) { $0 + $1.parameters.count }
    guard isValid, !parts.contains(where: \.value.isNaN) else {
      return DistributionPartials(value: .nan, x: .nan, parameters: [Double](repeating: .nan, count: count))
    }
    let terms = zip(theta, parts).map { log($0) + $1.value }
    let largest = terms.max() ?? -.infinity
    guard largest > -.infinity else {
      return DistributionPartials(value: -.infinity, x: 0, parameters: [Double](repeating: 0, count: count))
    }
    if largest == .infinity {
      return DistributionPartials(value: .infinity, x: 0, parameters: [Double](repeating: 0, count: count))
    }
    let value = largest + log(terms.reduce(0) { $0 + exp($1 - largest) })
    var result = DistributionPartials(value: value, x: 0, parameters: parts.map { exp($0.value - value) })
    for (term, part) in zip(terms, parts) {
      // A component without a share has infinite slopes at times.
      let share = exp(term - value)
      result.x += share > 0 ? share * part.x : 0
      result.parameters += part.parameters.map { share > 0 ? share * $0 : 0 }
    }
    return result
  }

  public func cdf(_ x: Double) -> Double { isValid ? weighted { $0.cdf(x) } : .nan }
  public func ccdf(_ x: Double) -> Double { isValid ? weighted { $0.ccdf(x) } : .nan }

  /// Σ θ_k f(component k), without those of weight 0.
  private func weighted(_ f: (any UnivariateDistribution) -> Double) -> Double {
    zip(theta, components).reduce(0) { $1.0 == 0 ? $0 : $0 + $1.0 * f($1.1) }
  }

  public func quantile(_ q: Double) -> Double {
    guard isValid, q >= 0, q <= 1 else { return .nan }
    // Between the components' quantiles.
    let each = zip(theta, components).filter { $0.0 > 0 }.map { $0.1.quantile(q) }
    guard let low = each.min(), let high = each.max(), low < high else { return each.first ?? .nan }
    func reached(_ x: Double) -> Bool { q <= 0.5 ? cdf(x) >= q : ccdf(x) <= 1 - q }
    if !isDiscrete { return MonotoneSearch.firstDouble(from: low, to: high, where: reached) }
    if high == .infinity && q == 1 { return high }
    return MonotoneSearch.firstInteger(from: low, near: low, where: reached)
  }

  public var mean: Double { isValid ? weighted { $0.mean } : .nan }
  public var variance: Double {
    let mean = mean
    return isValid ? weighted { $0.variance + ($0.mean - mean) * ($0.mean - mean) } : .nan
  }

  public func random(using stream: inout RandomStream) -> Double {
    guard isValid else { return .nan }
    let k = Int(Categorical.pick(stream.uniform(), theta.count) { theta[$0] })
    return components[k].random(using: &stream)
  }
}
