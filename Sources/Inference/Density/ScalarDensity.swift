import NumericKernels

/// A univariate distribution family as the modelling layer's programs run it: a log density with all its partial
/// derivatives in one call, over up to four parameters.
///
/// Conformers are the value types of `Distributions/`; everything here is static, so that a loop over rows is
/// specialised to the family.
public protocol ScalarDensity: Sendable {
  /// The family's name as in Stan, such as `normal`.
  static var name: String { get }
  /// The parameters' names as in Stan's documentation, such as `mu`, `sigma`; at most four.
  static var parameterNames: [String] { get }
  /// Where each parameter may lie.
  static var parameterSupports: [Support] { get }
  /// Where a variate may lie, given parameters (a bound may be one of them, as in the uniform).
  static func support(_ p: SIMD4<Double>) -> Support
  /// Whether variates are whole numbers; the derivative by the variate is then 0.
  static var isDiscrete: Bool { get }

  /// The normalised log density (log mass) at `x` and its partial derivatives. Outside the support the value is minus
  /// infinity; with parameters outside theirs it is NaN.
  ///
  /// - Parameter p: The parameters in the order of ``parameterNames``; unused places are ignored.
  static func evaluate(_ x: Double, _ p: SIMD4<Double>) -> Partials

  /// A random variate.
  static func random(_ p: SIMD4<Double>, using stream: inout RandomStream) -> Double
}

/// A log density's value and partial derivatives.
public struct Partials: Sendable, Equatable {
  public var value: Double
  /// By the variate.
  public var x: Double
  /// By the parameters.
  public var p: SIMD4<Double>

  @inlinable
  public init(value: Double, x: Double, p: SIMD4<Double>) {
    self.value = value
    self.x = x
    self.p = p
  }
}

/// A set of real numbers that a variate or a parameter may take.
public enum Support: Sendable, Equatable {
  case real
  /// All numbers above (closed: from) a bound.
  case above(Double)
  case below(Double)
  case interval(Double, Double)
  /// Whole numbers from the first to the second, which may be infinite.
  case integers(Double, Double)
}
