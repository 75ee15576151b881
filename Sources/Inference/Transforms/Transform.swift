/// A smooth bijection from unconstrained coordinates to a constrained value, over slices of the caller's storage.
///
/// A sampler moves in the unconstrained coordinates u; a model's densities are of the constrained value x = T(u). The
/// log density by u is that by x plus log |det dT/du| (for values with fewer degrees of freedom than elements, the
/// determinant of the map to the free elements that the transform names).
///
/// Everything is static and free of allocation. Some transforms have bounds, which may be parameters of the model, so
/// that adjoints flow to them as well.
public protocol Transform: Sendable {
  /// The name as in Stan's declarations, such as `lower` or `simplex`.
  static var name: String { get }

  /// How many bounds the transform takes: 0, 1 or 2, shared by all elements.
  static var boundCount: Int { get }

  /// The number of unconstrained coordinates of a value of this size: the number of elements of a vector, the number of
  /// rows of a square matrix.
  static func unconstrainedCount(size: Int) -> Int

  /// The number of elements of the constrained value, row-major for matrices.
  static func constrainedCount(size: Int) -> Int

  /// Writes the constrained value and returns the log Jacobian.
  ///
  /// - Parameters:
  ///   - u: `[unconstrainedCount(size)]`, finite.
  ///   - bounds: `[boundCount]`.
  ///   - size: Elements of the vector or rows of the matrix.
  ///   - x: `[constrainedCount(size)]`, overwritten.
  static func constrain(
    _ u: Span<Double>, bounds: Span<Double>, size: Int, into x: inout MutableSpan<Double>
  ) -> Double

  /// Adds to the adjoints of u and of the bounds what flows back from x and from the log Jacobian.
  ///
  /// - Parameters:
  ///   - u: As given to `constrain`.
  ///   - x: As written by `constrain`.
  ///   - bounds: As given to `constrain`.
  ///   - adjoint: `[constrainedCount(size)]`, the derivative of the result by each element of x.
  ///   - logJacobianAdjoint: The derivative of the result by the log Jacobian: 1 for a log density by u, 0 for one by x.
  ///   - uAdjoint: `[unconstrainedCount(size)]`, added to.
  ///   - boundAdjoints: `[boundCount]`, added to.
  static func pullback(
    _ u: Span<Double>, x: Span<Double>, bounds: Span<Double>, size: Int, adjoint: Span<Double>,
    logJacobianAdjoint: Double, into uAdjoint: inout MutableSpan<Double>, boundAdjoints: inout MutableSpan<Double>)

  /// The inverse: writes the coordinates of a constrained value.
  ///
  /// - Throws: ``TransformError`` where x is not a value of the constrained set's interior.
  static func unconstrain(
    _ x: Span<Double>, bounds: Span<Double>, size: Int, into u: inout MutableSpan<Double>) throws(TransformError)
}

extension Transform {
  public static var boundCount: Int { 0 }
}

/// A value cannot be brought to unconstrained coordinates.
public struct TransformError: Error, Equatable, CustomStringConvertible {
  /// The transform's name.
  public let transform: String
  /// The offending element, from 0; nil where the value as a whole is at fault.
  public let element: Int?
  /// What is wrong, such as `-1.5 is not above 0.0`.
  public let reason: String

  public init(transform: String, element: Int? = nil, reason: String) {
    self.transform = transform
    self.element = element
    self.reason = reason
  }

  public var description: String {
    let place = element.map { "element \($0 + 1): " } ?? ""
    return "\(transform): \(place)\(reason)"
  }
}

/// adjoint · slope where a slope that overflowed meets an adjoint of 0: nothing flows.
@inlinable
func flow(_ adjoint: Double, _ slope: Double) -> Double { adjoint == 0 ? 0 : adjoint * slope }
