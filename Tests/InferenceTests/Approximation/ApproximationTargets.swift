import Foundation
import Inference
import NumericKernels

/// A density written as a closure, with its gradient.
struct ClosureDensity: LogDensity {
  let dimension: Int
  let function: @Sendable ([Double], inout [Double]) throws -> Double

  struct Evaluator: LogDensityEvaluator {
    let function: @Sendable ([Double], inout [Double]) throws -> Double

    mutating func logDensity(at position: Span<Double>, gradient: inout MutableSpan<Double>) throws -> Double {
      let x = position.indices.map { position[$0] }
      var g = [Double](repeating: 0, count: x.count)
      let value = try function(x, &g)
      for i in g.indices { gradient[i] = g[i] }
      return value
    }
  }

  func makeEvaluator() throws -> Evaluator { Evaluator(function: function) }
}

enum ApproximationTargets {
  /// N(mean, A^-1), normalised up to exp(offset).
  static func normal(mean: [Double], precision: [[Double]], offset: Double = 0) -> ClosureDensity {
    let n = mean.count
    var factor = DenseCholesky(size: n)
    do { try factor.factor(precision.flatMap { $0 }) } catch { preconditionFailure("\(error)") }
    let constant = 0.5 * factor.logDeterminant - 0.5 * Double(n) * log(2 * .pi) + offset
    return ClosureDensity(dimension: n) { x, gradient in
      var value = constant
      for i in 0..<n {
        gradient[i] = 0
        for j in 0..<n { gradient[i] -= precision[i][j] * (x[j] - mean[j]) }
        value += 0.5 * gradient[i] * (x[i] - mean[i])
      }
      return value
    }
  }

  /// x = log g, g ~ Gamma(shape, 1), normalised: skewed to the left, mean psi(shape), variance psi'(shape).
  static func logGamma(shape: Double) -> ClosureDensity {
    let constant = SpecialFunctions.logGamma(shape)
    return ClosureDensity(dimension: 1) { x, gradient in
      gradient[0] = shape - exp(x[0])
      return shape * x[0] - exp(x[0]) - constant
    }
  }

  /// Student's t with the given degrees of freedom in each of n coordinates, independent.
  static func studentT(degrees: Double, dimension: Int) -> ClosureDensity {
    ClosureDensity(dimension: dimension) { x, gradient in
      var value = 0.0
      for i in x.indices {
        value -= 0.5 * (degrees + 1) * log1p(x[i] * x[i] / degrees)
        gradient[i] = -(degrees + 1) * x[i] / (degrees + x[i] * x[i])
      }
      return value
    }
  }

  /// Neal's funnel: v ~ N(0, 3), each of the others N(0, exp(v / 2)).
  static func funnel(dimension: Int) -> ClosureDensity {
    ClosureDensity(dimension: dimension) { x, gradient in
      let v = x[0]
      var value = -v * v / 18
      gradient[0] = -v / 9
      for i in 1..<x.count {
        value -= 0.5 * (v + x[i] * x[i] * exp(-v))
        gradient[0] += 0.5 * (x[i] * x[i] * exp(-v) - 1)
        gradient[i] = -x[i] * exp(-v)
      }
      return value
    }
  }
}
