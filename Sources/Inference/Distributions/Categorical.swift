import Foundation
import NumericKernels

/// The categorical distribution over K categories with probabilities θ.
///
///     log p(k) = log θ_k,   k = 0, ..., K - 1
///
/// Categories count from 0, as Swift's indices do (Stan's from 1). θ must be a simplex to 1e-8. Stan:
/// `categorical(theta)`.
public struct Categorical: VectorDistribution {
  public static let name = "categorical"
  public static let parameterNames = ["theta"]
  public static let isDiscrete = true
  public static func variateCount(size: Int) -> Int { 1 }
  public static func parameterCount(_ parameter: Int, size: Int) -> Int { size }
  public static func scratchCount(size: Int) -> Int { 0 }

  /// The probabilities, K of them.
  public let theta: [Double]
  public init(theta: [Double]) { self.theta = theta }
  public var size: Int { theta.count }
  public var parameters: [[Double]] { [theta] }

  public static func problem(with parameter: Int, _ values: [Double], size: Int) -> String? {
    Categorical.isSimplex(values.span, size) ? nil : "must be a simplex, of elements from 0 that sum to 1"
  }

  public static func evaluate(
    _ x: Span<Double>, _ a: Span<Double>, _ b: Span<Double>, size: Int, xAdjoint: inout MutableSpan<Double>,
    aAdjoint: inout MutableSpan<Double>, bAdjoint: inout MutableSpan<Double>, scratch: inout MutableSpan<Double>
  ) -> Double {
    guard isSimplex(a, size) else { return .nan }
    let k = x[0]
    guard Counts.isCount(k), k < Double(size) else { return -.infinity }
    if !aAdjoint.isEmpty { aAdjoint[Int(k)] += 1 / a[Int(k)] }
    return log(a[Int(k)])
  }

  /// Whether the elements are at least 0 and sum to 1 within 1e-8.
  static func isSimplex(_ theta: Span<Double>, _ size: Int) -> Bool {
    var sum = 0.0
    for i in 0..<size {
      if !(theta[i] >= 0) { return false }
      sum += theta[i]
    }
    return abs(sum - 1) <= 1e-8
  }

  public static func random(
    _ a: Span<Double>, _ b: Span<Double>, size: Int, into x: inout MutableSpan<Double>,
    scratch: inout MutableSpan<Double>, using stream: inout RandomStream
  ) {
    guard isSimplex(a, size) else {
      x[0] = .nan
      return
    }
    x[0] = pick(stream.uniform(), size) { a[$0] }
  }

  /// The category in which a uniform variate falls, given weights that sum to 1.
  static func pick(_ uniform: Double, _ size: Int, _ weight: (Int) -> Double) -> Double {
    var left = uniform
    var last = 0
    for k in 0..<size where weight(k) > 0 {
      if left < weight(k) { return Double(k) }
      left -= weight(k)
      last = k
    }
    return Double(last)
  }
}

/// The categorical distribution by unnormalised log probabilities β.
///
///     log p(k) = β_k - log Σ e^β_j,   k = 0, ..., K - 1
///
/// Categories count from 0, as Swift's indices do (Stan's from 1). Stan: `categorical_logit(beta)`.
public struct CategoricalLogit: VectorDistribution {
  public static let name = "categorical_logit"
  public static let parameterNames = ["beta"]
  public static let isDiscrete = true
  public static func variateCount(size: Int) -> Int { 1 }
  public static func parameterCount(_ parameter: Int, size: Int) -> Int { size }
  public static func scratchCount(size: Int) -> Int { 0 }

  /// Log probabilities up to a common constant, K of them.
  public let beta: [Double]
  public init(beta: [Double]) { self.beta = beta }
  public var size: Int { beta.count }
  public var parameters: [[Double]] { [beta] }

  public static func problem(with parameter: Int, _ values: [Double], size: Int) -> String? {
    logSumExp(values.span, size).isFinite ? nil : "must be numbers below infinity, not all minus infinity"
  }

  public static func evaluate(
    _ x: Span<Double>, _ a: Span<Double>, _ b: Span<Double>, size: Int, xAdjoint: inout MutableSpan<Double>,
    aAdjoint: inout MutableSpan<Double>, bAdjoint: inout MutableSpan<Double>, scratch: inout MutableSpan<Double>
  ) -> Double {
    let logSum = logSumExp(a, size)
    guard logSum.isFinite else { return .nan }
    guard Counts.isCount(x[0]), x[0] < Double(size) else { return -.infinity }
    let k = Int(x[0])
    if !aAdjoint.isEmpty {
      for j in 0..<size { aAdjoint[j] -= exp(a[j] - logSum) }
      aAdjoint[k] += 1
    }
    return a[k] - logSum
  }

  static func logSumExp(_ values: Span<Double>, _ size: Int) -> Double {
    var largest = -Double.infinity
    for i in 0..<size { largest = max(largest, values[i]) }
    guard largest.isFinite else { return .nan }
    var sum = 0.0
    for i in 0..<size { sum += exp(values[i] - largest) }
    return largest + log(sum)
  }

  public static func random(
    _ a: Span<Double>, _ b: Span<Double>, size: Int, into x: inout MutableSpan<Double>,
    scratch: inout MutableSpan<Double>, using stream: inout RandomStream
  ) {
    let logSum = logSumExp(a, size)
    guard logSum.isFinite else {
      x[0] = .nan
      return
    }
    x[0] = Categorical.pick(stream.uniform(), size) { exp(a[$0] - logSum) }
  }
}

/// The ordered logistic distribution: a logistic variate about η cut at c_1 < ... < c_{K-1}.
///
///     log p(k) = log(logit⁻¹(η - c_k) - logit⁻¹(η - c_{k+1})),   k = 0, ..., K - 1,   c_0 = -∞, c_K = ∞
///
/// Categories count from 0, as Swift's indices do (Stan's from 1). Computed without differences of nearly equal
/// numbers. Size is K; cut points that do not increase give NaN. Stan: `ordered_logistic(eta, c)`.
public struct OrderedLogistic: VectorDistribution {
  public static let name = "ordered_logistic"
  public static let parameterNames = ["eta", "c"]
  public static let isDiscrete = true
  public static func variateCount(size: Int) -> Int { 1 }
  public static func parameterCount(_ parameter: Int, size: Int) -> Int { parameter == 0 ? 1 : size - 1 }
  public static func scratchCount(size: Int) -> Int { 0 }

  public let eta: Double
  /// Cut points, increasing, K - 1 of them.
  public let cuts: [Double]
  public init(eta: Double, cuts: [Double]) {
    self.eta = eta
    self.cuts = cuts
  }
  public var size: Int { cuts.count + 1 }
  public var parameters: [[Double]] { [[eta], cuts] }

  public static func problem(with parameter: Int, _ values: [Double], size: Int) -> String? {
    if !values.allSatisfy(\.isFinite) { return "must be finite numbers" }
    guard let k = values.indices.dropFirst().first(where: { values[$0] <= values[$0 - 1] }) else { return nil }
    return "must increase; element \(k) is \(values[k]) after \(values[k - 1])"
  }

  public static func evaluate(
    _ x: Span<Double>, _ a: Span<Double>, _ b: Span<Double>, size: Int, xAdjoint: inout MutableSpan<Double>,
    aAdjoint: inout MutableSpan<Double>, bAdjoint: inout MutableSpan<Double>, scratch: inout MutableSpan<Double>
  ) -> Double {
    guard isValid(a, b, size) else { return .nan }
    guard Counts.isCount(x[0]), x[0] < Double(size) else { return -.infinity }
    let k = Int(x[0])
    let lower = k == 0 ? -Double.infinity : b[k - 1] - a[0]
    let upper = k == size - 1 ? Double.infinity : b[k] - a[0]
    // logit⁻¹(u) - logit⁻¹(l) = (1 - e^(l - u)) logit⁻¹(u) logit⁻¹(-l)
    let gap = upper - lower
    let byGap = 1 / expm1(gap)
    let byUpper = byGap + SpecialFunctions.inverseLogit(-upper)
    let byLower = -byGap - SpecialFunctions.inverseLogit(lower)
    if !aAdjoint.isEmpty {
      aAdjoint[0] += SpecialFunctions.inverseLogit(lower) - SpecialFunctions.inverseLogit(-upper)
    }
    if !bAdjoint.isEmpty {
      if k > 0 { bAdjoint[k - 1] += byLower }
      if k < size - 1 { bAdjoint[k] += byUpper }
    }
    return SpecialFunctions.log1mExp(-gap) - SpecialFunctions.log1pExp(-upper) - SpecialFunctions.log1pExp(lower)
  }

  static func isValid(_ a: Span<Double>, _ b: Span<Double>, _ size: Int) -> Bool {
    guard a[0].isFinite else { return false }
    for i in 0..<size - 1 {
      guard b[i].isFinite, i == 0 || b[i] > b[i - 1] else { return false }
    }
    return true
  }

  public static func random(
    _ a: Span<Double>, _ b: Span<Double>, size: Int, into x: inout MutableSpan<Double>,
    scratch: inout MutableSpan<Double>, using stream: inout RandomStream
  ) {
    guard isValid(a, b, size) else {
      x[0] = .nan
      return
    }
    let latent = a[0] + SpecialFunctions.logit(stream.uniform())
    var k = 0
    while k < size - 1 && latent > b[k] { k += 1 }
    x[0] = Double(k)
  }
}
