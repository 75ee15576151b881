import Foundation
import NumericKernels

/// A distribution over categories counted from 0, whose numbers have moments and a distribution function as counts do.
///
/// With parameters outside their supports all of them are NaN.
public protocol CategoryDistribution: VectorDistribution {
  /// The probability of each category.
  var probabilities: [Double] { get }
}

extension CategoryDistribution {
  /// The expectation of the category's number.
  public var mean: Double { probabilities.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element } }

  /// The variance of the category's number.
  public var variance: Double {
    let mean = mean
    return probabilities.enumerated().reduce(0) {
      $0 + (Double($1.offset) - mean) * (Double($1.offset) - mean) * $1.element
    }
  }

  /// P(category <= x).
  public func cdf(_ x: Double) -> Double { sum { Double($0) <= x } / (x.isNaN ? .nan : 1) }

  /// P(category > x).
  public func ccdf(_ x: Double) -> Double { sum { Double($0) > x } / (x.isNaN ? .nan : 1) }

  /// The first category k with P(category <= k) >= q; NaN for q outside [0, 1].
  public func quantile(_ q: Double) -> Double {
    let probabilities = probabilities
    guard q >= 0, q <= 1, !probabilities.contains(where: \.isNaN) else { return .nan }
    var last = 0
    var below = 0.0
    for (k, p) in probabilities.enumerated() where p > 0 || q == 0 {
      below += p
      if below >= q { return Double(k) }
      last = k
    }
    // What is missing to 1 is rounding.
    return Double(last)
  }

  private func sum(where isMeant: (Int) -> Bool) -> Double {
    probabilities.enumerated().reduce(0) { $1.element.isNaN ? .nan : $0 + (isMeant($1.offset) ? $1.element : 0) }
  }
}

extension Categorical: CategoryDistribution {
  public var probabilities: [Double] {
    Self.isSimplex(theta.span, theta.count) ? theta : theta.map { _ in .nan }
  }
}

extension CategoricalLogit: CategoryDistribution {
  public var probabilities: [Double] {
    (0..<size).map { exp(logDensity([Double($0)])) }
  }
}

extension OrderedLogistic: CategoryDistribution {
  public var probabilities: [Double] {
    (0..<size).map { exp(logDensity([Double($0)])) }
  }
}
