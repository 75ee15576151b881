import NumericKernels

/// A univariate distribution as a value, whether of one family or made of others: zero-inflated, truncated, censored, a
/// mixture.
public protocol UnivariateDistribution: Sendable {
  /// Whether variates are whole numbers.
  var isDiscrete: Bool { get }
  /// Where variates may lie.
  var support: Support { get }
  /// The log density with its derivatives; minus infinity outside the support, NaN with impossible parameters.
  func partials(_ x: Double) -> DistributionPartials
  /// P(X <= x).
  func cdf(_ x: Double) -> Double
  /// P(X > x), without cancellation where it is small.
  func ccdf(_ x: Double) -> Double
  /// The smallest x with P(X <= x) >= q; NaN for q outside [0, 1].
  func quantile(_ q: Double) -> Double
  /// The expectation; NaN where there is none, infinite where the integral is.
  var mean: Double { get }
  /// The variance; NaN where the mean does not exist, infinite where only the variance does not.
  var variance: Double { get }
  func random(using stream: inout RandomStream) -> Double
}

/// A log density's value and its derivatives by the variate and by all parameters.
public struct DistributionPartials: Sendable, Equatable {
  public var value: Double
  public var x: Double
  /// By the parameters: a combination's own first, then those of its parts.
  public var parameters: [Double]

  public init(value: Double, x: Double, parameters: [Double]) {
    self.value = value
    self.x = x
    self.parameters = parameters
  }
}

extension UnivariateDistribution {
  /// The log density (log mass) at `x`.
  public func logDensity(_ x: Double) -> Double { partials(x).value }

  /// P(X < x), which for continuous distributions is ``cdf(_:)``.
  func below(_ x: Double) -> Double { isDiscrete ? cdf(x.rounded(.up) - 1) : cdf(x) }
  /// P(X >= x).
  func from(_ x: Double) -> Double { isDiscrete ? ccdf(x.rounded(.up) - 1) : ccdf(x) }

  /// P(low <= X <= high), from the tail that keeps its digits.
  func probability(from low: Double, to high: Double) -> Double {
    if !(low <= high) { return low > high ? 0 : .nan }
    let before = below(low)
    return before > 0.5 ? from(low) - ccdf(high) : cdf(high) - before
  }
}

extension ScalarDistribution {
  public var isDiscrete: Bool { Self.isDiscrete }

  public func partials(_ x: Double) -> DistributionPartials {
    let partials = evaluate(x)
    return DistributionPartials(
      value: partials.value, x: partials.x, parameters: Self.parameterNames.indices.map { partials.p[$0] })
  }

  /// The derivatives of log P(low <= X <= high) by the parameters: central differences of fourth order, good for some
  /// ten digits. Whole numbers are not differentiated.
  func probabilitySlopes(from low: Double, to high: Double) -> [Double] {
    // What a location is measured by.
    var unit = 1.0
    if case .interval(let low, let high) = support { unit = min(1, high - low) }
    if Self.parameterNames.last == "sigma" { unit = parameters[Self.parameterNames.count - 1] }
    return Self.parameterNames.indices.map { k in
      let value = parameters[k]
      let room: Double
      switch Self.parameterSupports[k] {
      case .integers: return 0
      case .above(let bound): room = value - bound
      case .below(let bound): room = bound - value
      case .interval(let a, let b): room = min(value - a, b - value)
      case .real: room = unit
      }
      let h = 1e-3 * room
      func logProbability(_ shift: Double) -> Double {
        var moved = parameters
        moved[k] += shift
        return ScalarTails(Self.self).logProbability(low, high, moved)
      }
      return (8 * (logProbability(h) - logProbability(-h)) - (logProbability(2 * h) - logProbability(-2 * h)))
        / (12 * h)
    }
  }
}
