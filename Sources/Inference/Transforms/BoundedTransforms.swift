import Foundation
import NumericKernels

/// No constraint: x = u.
public enum IdentityTransform: Transform {
  public static let name = "real"
  public static func unconstrainedCount(size: Int) -> Int { size }
  public static func constrainedCount(size: Int) -> Int { size }

  @inlinable
  public static func constrain(
    _ u: Span<Double>, bounds: Span<Double>, size: Int, into x: inout MutableSpan<Double>
  ) -> Double {
    for i in 0..<size { x[i] = u[i] }
    return 0
  }

  @inlinable
  public static func pullback(
    _ u: Span<Double>, x: Span<Double>, bounds: Span<Double>, size: Int, adjoint: Span<Double>,
    logJacobianAdjoint: Double, into uAdjoint: inout MutableSpan<Double>, boundAdjoints: inout MutableSpan<Double>
  ) {
    for i in 0..<size { uAdjoint[i] += adjoint[i] }
  }

  public static func unconstrain(
    _ x: Span<Double>, bounds: Span<Double>, size: Int, into u: inout MutableSpan<Double>
  ) throws(TransformError) {
    for i in 0..<size {
      guard x[i].isFinite else {
        throw TransformError(transform: name, element: i, reason: "\(x[i]) is not a finite number")
      }
      u[i] = x[i]
    }
  }
}

/// A transform that treats each element alone, given bounds.
public protocol ElementTransform: Transform {
  /// x and log |dx/du|.
  static func constrain(_ u: Double, _ a: Double, _ b: Double) -> (x: Double, logJacobian: Double)
  /// What flows back to u and to the bounds.
  static func pullback(
    _ u: Double, _ a: Double, _ b: Double, adjoint: Double, logJacobianAdjoint: Double
  ) -> (u: Double, a: Double, b: Double)
  /// The inverse, or what is wrong with x.
  static func unconstrain(_ x: Double, _ a: Double, _ b: Double) -> Result<Double, TransformError>
}

extension ElementTransform {
  public static func unconstrainedCount(size: Int) -> Int { size }
  public static func constrainedCount(size: Int) -> Int { size }

  @inlinable
  public static func constrain(
    _ u: Span<Double>, bounds: Span<Double>, size: Int, into x: inout MutableSpan<Double>
  ) -> Double {
    let (a, b) = (bounds[0], bounds[boundCount - 1])
    var sum = 0.0
    for i in 0..<size {
      let (value, logJacobian) = constrain(u[i], a, b)
      x[i] = value
      sum += logJacobian
    }
    return sum
  }

  @inlinable
  public static func pullback(
    _ u: Span<Double>, x: Span<Double>, bounds: Span<Double>, size: Int, adjoint: Span<Double>,
    logJacobianAdjoint: Double, into uAdjoint: inout MutableSpan<Double>, boundAdjoints: inout MutableSpan<Double>
  ) {
    let (a, b) = (bounds[0], bounds[boundCount - 1])
    for i in 0..<size {
      let back = pullback(u[i], a, b, adjoint: adjoint[i], logJacobianAdjoint: logJacobianAdjoint)
      uAdjoint[i] += back.u
      boundAdjoints[0] += back.a
      if boundCount == 2 { boundAdjoints[1] += back.b }
    }
  }

  public static func unconstrain(
    _ x: Span<Double>, bounds: Span<Double>, size: Int, into u: inout MutableSpan<Double>
  ) throws(TransformError) {
    for i in 0..<size {
      switch unconstrain(x[i], bounds[0], bounds[boundCount - 1]) {
      case .success(let value): u[i] = value
      case .failure(let error): throw TransformError(transform: name, element: i, reason: error.reason)
      }
    }
  }
}

/// A lower bound: x = a + e^u, log Jacobian u. A bound of minus infinity is no constraint.
public enum LowerTransform: ElementTransform {
  public static let name = "lower"
  public static var boundCount: Int { 1 }

  @inlinable
  public static func constrain(_ u: Double, _ a: Double, _ b: Double) -> (x: Double, logJacobian: Double) {
    a == -.infinity ? (u, 0) : (a + exp(u), u)
  }

  @inlinable
  public static func pullback(
    _ u: Double, _ a: Double, _ b: Double, adjoint: Double, logJacobianAdjoint: Double
  ) -> (u: Double, a: Double, b: Double) {
    if a == -.infinity { return (adjoint, 0, 0) }
    return (flow(adjoint, exp(u)) + logJacobianAdjoint, adjoint, 0)
  }

  public static func unconstrain(_ x: Double, _ a: Double, _ b: Double) -> Result<Double, TransformError> {
    guard x.isFinite else { return .failure(TransformError(transform: name, reason: "\(x) is not a finite number")) }
    if a == -.infinity { return .success(x) }
    guard x > a else { return .failure(TransformError(transform: name, reason: "\(x) is not above \(a)")) }
    return .success(log(x - a))
  }
}

/// An upper bound: x = b - e^u, log Jacobian u. A bound of infinity is no constraint.
public enum UpperTransform: ElementTransform {
  public static let name = "upper"
  public static var boundCount: Int { 1 }

  @inlinable
  public static func constrain(_ u: Double, _ a: Double, _ b: Double) -> (x: Double, logJacobian: Double) {
    a == .infinity ? (u, 0) : (a - exp(u), u)
  }

  @inlinable
  public static func pullback(
    _ u: Double, _ a: Double, _ b: Double, adjoint: Double, logJacobianAdjoint: Double
  ) -> (u: Double, a: Double, b: Double) {
    if a == .infinity { return (adjoint, 0, 0) }
    return (logJacobianAdjoint - flow(adjoint, exp(u)), adjoint, 0)
  }

  public static func unconstrain(_ x: Double, _ a: Double, _ b: Double) -> Result<Double, TransformError> {
    guard x.isFinite else { return .failure(TransformError(transform: name, reason: "\(x) is not a finite number")) }
    if a == .infinity { return .success(x) }
    guard x < a else { return .failure(TransformError(transform: name, reason: "\(x) is not below \(a)")) }
    return .success(log(a - x))
  }
}

/// An interval: x = a + (b - a) / (1 + e^-u), log Jacobian log(b - a) - |u| - 2 log(1 + e^-|u|).
///
/// An infinite bound is none on its side. With a >= b everything is NaN.
public enum IntervalTransform: ElementTransform {
  public static let name = "interval"
  public static var boundCount: Int { 2 }

  @inlinable
  public static func constrain(_ u: Double, _ a: Double, _ b: Double) -> (x: Double, logJacobian: Double) {
    if b == .infinity { return LowerTransform.constrain(u, a, a) }
    if a == -.infinity { return UpperTransform.constrain(u, b, b) }
    let width = b - a
    guard width > 0 else { return (.nan, .nan) }
    let size = abs(u)
    let e = exp(-size)
    let step = width * (e / (1 + e))
    return (u < 0 ? a + step : b - step, log(width) - size - 2 * log1p(e))
  }

  @inlinable
  public static func pullback(
    _ u: Double, _ a: Double, _ b: Double, adjoint: Double, logJacobianAdjoint: Double
  ) -> (u: Double, a: Double, b: Double) {
    if b == .infinity {
      return LowerTransform.pullback(u, a, a, adjoint: adjoint, logJacobianAdjoint: logJacobianAdjoint)
    }
    if a == -.infinity {
      let back = UpperTransform.pullback(u, b, b, adjoint: adjoint, logJacobianAdjoint: logJacobianAdjoint)
      return (back.u, 0, back.a)
    }
    let width = b - a
    guard width > 0 else { return (.nan, .nan, .nan) }
    let e = exp(-abs(u))
    // The shares of the nearer and of the farther bound.
    let far = e / (1 + e)
    let near = 1 / (1 + e)
    let (toA, toB) = u < 0 ? (near, far) : (far, near)
    let byWidth = logJacobianAdjoint / width
    return (
      adjoint * width * far * near + logJacobianAdjoint * (toA - toB), adjoint * toA - byWidth,
      adjoint * toB + byWidth
    )
  }

  public static func unconstrain(_ x: Double, _ a: Double, _ b: Double) -> Result<Double, TransformError> {
    if b == .infinity { return LowerTransform.unconstrain(x, a, a) }
    if a == -.infinity { return UpperTransform.unconstrain(x, b, b) }
    guard x > a, x < b else {
      return .failure(TransformError(transform: name, reason: "\(x) is not between \(a) and \(b)"))
    }
    return .success(log(x - a) - log(b - x))
  }
}
