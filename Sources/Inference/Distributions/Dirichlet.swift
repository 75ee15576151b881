import Foundation
import NumericKernels

/// The Dirichlet distribution over simplexes with concentrations α.
///
///     log p(x) = log Γ(Σ α) - Σ log Γ(α_k) + Σ (α_k - 1) log x_k
///
/// The density is to the first K - 1 elements. x must be a simplex to 1e-8, α positive and finite; an element at 0 has
/// the density's limit: infinite for α_k < 1, 0 for α_k > 1. Stan: `dirichlet(alpha)`.
public struct Dirichlet: VectorDistribution {
  public static let name = "dirichlet"
  public static let parameterNames = ["alpha"]
  public static let isDiscrete = false
  public static func variateCount(size: Int) -> Int { size }
  public static func parameterCount(_ parameter: Int, size: Int) -> Int { size }
  public static func scratchCount(size: Int) -> Int { 0 }

  /// Concentrations, K of them.
  public let alpha: [Double]
  public init(alpha: [Double]) { self.alpha = alpha }
  public var size: Int { alpha.count }
  public var parameters: [[Double]] { [alpha] }

  public static func problem(with parameter: Int, _ values: [Double], size: Int) -> String? {
    values.first { !($0 > 0 && $0 < .infinity) }.map { "must be positive and finite; one is \($0)" }
  }

  public static func evaluate(
    _ x: Span<Double>, _ a: Span<Double>, _ b: Span<Double>, size: Int, xAdjoint: inout MutableSpan<Double>,
    aAdjoint: inout MutableSpan<Double>, bAdjoint: inout MutableSpan<Double>, scratch: inout MutableSpan<Double>
  ) -> Double {
    let total = sum(a, size)
    guard total > 0, total < .infinity else { return .nan }
    guard Categorical.isSimplex(x, size) else { return -.infinity }
    var value = SpecialFunctions.logGamma(total)
    for k in 0..<size {
      let logX = log(x[k])
      value -= SpecialFunctions.logGamma(a[k])
      if a[k] != 1 { value += (a[k] - 1) * logX }
      if !xAdjoint.isEmpty { xAdjoint[k] += (a[k] - 1) / x[k] }
      if !aAdjoint.isEmpty { aAdjoint[k] += logX + SpecialFunctions.digammaDifference(a[k], total - a[k]) }
    }
    return value
  }

  /// The sum of concentrations, or NaN where one is not positive.
  static func sum(_ a: Span<Double>, _ size: Int) -> Double {
    var total = 0.0
    for k in 0..<size {
      guard a[k] > 0 else { return .nan }
      total += a[k]
    }
    return total
  }

  /// Normalised gamma variates, kept as logarithms so that small concentrations do not end as 0 / 0.
  public static func random(
    _ a: Span<Double>, _ b: Span<Double>, size: Int, into x: inout MutableSpan<Double>,
    scratch: inout MutableSpan<Double>, using stream: inout RandomStream
  ) {
    let isValid = sum(a, size) < .infinity
    var largest = -Double.infinity
    for k in 0..<size {
      guard isValid else {
        x[k] = .nan
        continue
      }
      x[k] =
        a[k] < 1
        ? log(stream.gamma(shape: a[k] + 1)) - stream.exponential() / a[k] : log(stream.gamma(shape: a[k]))
      largest = max(largest, x[k])
    }
    guard isValid else { return }
    var total = 0.0
    for k in 0..<size {
      x[k] = exp(x[k] - largest)
      total += x[k]
    }
    for k in 0..<size { x[k] /= total }
  }

  public var mean: [Double] {
    let total = alpha.reduce(0, +)
    return alpha.map { $0 / total }
  }
  /// The elements' variances.
  public var variance: [Double] {
    let total = alpha.reduce(0, +)
    return alpha.map { $0 / total * (1 - $0 / total) / (total + 1) }
  }
}
