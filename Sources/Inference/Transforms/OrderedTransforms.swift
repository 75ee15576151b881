import Foundation

/// An increasing vector: x_1 = u_1, x_k = x_{k-1} + e^{u_k}, log Jacobian Σ_{k>1} u_k.
public enum OrderedTransform: CumulativeTransform {
  public static let name = "ordered"
  public static var firstIsFree: Bool { true }
}

/// An increasing vector of positive numbers: x_1 = e^{u_1}, x_k = x_{k-1} + e^{u_k}, log Jacobian Σ u_k.
public enum PositiveOrderedTransform: CumulativeTransform {
  public static let name = "positive_ordered"
  public static var firstIsFree: Bool { false }
}

/// Cumulative sums of e^u; the first element may be u itself.
public protocol CumulativeTransform: Transform {
  static var firstIsFree: Bool { get }
}

extension CumulativeTransform {
  public static func unconstrainedCount(size: Int) -> Int { size }
  public static func constrainedCount(size: Int) -> Int { size }

  public static func constrain(
    _ u: Span<Double>, bounds: Span<Double>, size: Int, into x: inout MutableSpan<Double>
  ) -> Double {
    var sum = 0.0
    var logJacobian = 0.0
    for i in 0..<size {
      if i == 0 && firstIsFree {
        sum = u[0]
      } else {
        sum += exp(u[i])
        logJacobian += u[i]
      }
      x[i] = sum
    }
    return logJacobian
  }

  public static func pullback(
    _ u: Span<Double>, x: Span<Double>, bounds: Span<Double>, size: Int, adjoint: Span<Double>,
    logJacobianAdjoint: Double, into uAdjoint: inout MutableSpan<Double>, boundAdjoints: inout MutableSpan<Double>
  ) {
    var above = 0.0
    for i in stride(from: size - 1, through: 0, by: -1) {
      above += adjoint[i]
      uAdjoint[i] += i == 0 && firstIsFree ? above : flow(above, exp(u[i])) + logJacobianAdjoint
    }
  }

  public static func unconstrain(
    _ x: Span<Double>, bounds: Span<Double>, size: Int, into u: inout MutableSpan<Double>
  ) throws(TransformError) {
    var last = 0.0
    for i in 0..<size {
      guard x[i].isFinite else {
        throw TransformError(transform: name, element: i, reason: "\(x[i]) is not a finite number")
      }
      if i == 0 && firstIsFree {
        u[0] = x[0]
      } else {
        guard x[i] > last else {
          throw TransformError(transform: name, element: i, reason: "\(x[i]) is not above \(last)")
        }
        u[i] = log(x[i] - last)
      }
      last = x[i]
    }
  }
}
