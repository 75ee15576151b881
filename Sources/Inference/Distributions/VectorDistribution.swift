import NumericKernels

/// A family whose variate or whose parameters are vectors or matrices, as the modelling layer's programs run it: a log
/// density over slices of the caller's storage, with reverse-mode derivatives.
///
/// Everything is static and free of allocation. Matrices are row-major.
public protocol VectorDensity: Sendable {
  /// The family's name as in Stan, such as `dirichlet`.
  static var name: String { get }
  /// The parameters' names as in Stan's documentation, one or two.
  static var parameterNames: [String] { get }
  /// Whether the variate is whole numbers; nothing flows to it then.
  static var isDiscrete: Bool { get }

  /// The number of elements of a variate.
  ///
  /// - Parameter size: What the family calls its size: categories, dimensions or rows.
  static func variateCount(size: Int) -> Int
  /// The number of elements of a parameter, in the order of ``parameterNames``.
  static func parameterCount(_ parameter: Int, size: Int) -> Int
  /// How many numbers of working storage an evaluation needs.
  static func scratchCount(size: Int) -> Int

  /// What is wrong with a parameter's value, whatever the others are: it "must be positive definite", say. Nil if
  /// nothing is.
  static func problem(with parameter: Int, _ values: [Double], size: Int) -> String?

  /// The normalised log density (log mass) at x; adds its derivatives to the adjoints.
  ///
  /// Outside the support the value is minus infinity, with parameters outside theirs NaN; adjoints are then not to be
  /// looked at.
  ///
  /// - Parameters:
  ///   - x: `[variateCount]`.
  ///   - a: The first parameter.
  ///   - b: The second parameter, empty where there is none.
  ///   - xAdjoint: As long as x, or empty where it is not wanted; so are the others.
  ///   - scratch: `[scratchCount]`, overwritten.
  static func evaluate(
    _ x: Span<Double>, _ a: Span<Double>, _ b: Span<Double>, size: Int, xAdjoint: inout MutableSpan<Double>,
    aAdjoint: inout MutableSpan<Double>, bAdjoint: inout MutableSpan<Double>, scratch: inout MutableSpan<Double>
  ) -> Double

  /// Writes a random variate; NaN with parameters outside their supports.
  static func random(
    _ a: Span<Double>, _ b: Span<Double>, size: Int, into x: inout MutableSpan<Double>,
    scratch: inout MutableSpan<Double>, using stream: inout RandomStream)
}

extension VectorDensity {
  public static func problem(with parameter: Int, _ values: [Double], size: Int) -> String? {
    values.allSatisfy(\.isFinite) ? nil : "must be finite numbers"
  }
}

/// A ``VectorDensity`` with its parameters.
public protocol VectorDistribution: VectorDensity, Equatable {
  var size: Int { get }
  /// The parameters' elements, in the order of ``VectorDensity/parameterNames``.
  var parameters: [[Double]] { get }
}

/// A log density's value and its derivatives by every element of the variate and of the parameters.
public struct VectorPartials: Sendable, Equatable {
  public var value: Double
  public var x: [Double]
  public var parameters: [[Double]]
}

extension VectorDistribution {
  /// The normalised log density (log mass) at `x`, which must have as many elements as a variate.
  public func logDensity(_ x: [Double]) -> Double { evaluate(x).value }

  /// The log density with its derivatives.
  public func evaluate(_ x: [Double]) -> VectorPartials {
    precondition(
      x.count == Self.variateCount(size: size), "the variate needs \(Self.variateCount(size: size)) elements")
    let a = parameters[0]
    let b = parameters.count > 1 ? parameters[1] : []
    var (xAdjoint, aAdjoint, bAdjoint) = (
      x.map { _ in 0.0 }, a.map { _ in 0.0 }, b.map { _ in 0.0 }
    )
    var scratch = [Double](repeating: 0, count: Self.scratchCount(size: size))
    var xSpan = xAdjoint.mutableSpan
    var aSpan = aAdjoint.mutableSpan
    var bSpan = bAdjoint.mutableSpan
    var work = scratch.mutableSpan
    let value = Self.evaluate(
      x.span, a.span, b.span, size: size, xAdjoint: &xSpan, aAdjoint: &aSpan, bAdjoint: &bSpan,
      scratch: &work)
    return VectorPartials(
      value: value, x: xAdjoint, parameters: parameters.count > 1 ? [aAdjoint, bAdjoint] : [aAdjoint])
  }

  /// A random variate.
  public func random(using stream: inout RandomStream) -> [Double] {
    var x = [Double](repeating: 0, count: Self.variateCount(size: size))
    var scratch = [Double](repeating: 0, count: Self.scratchCount(size: size))
    let a = parameters[0]
    let b = parameters.count > 1 ? parameters[1] : []
    var xSpan = x.mutableSpan
    var work = scratch.mutableSpan
    Self.random(a.span, b.span, size: size, into: &xSpan, scratch: &work, using: &stream)
    return x
  }
}
