import Foundation
import Inference
import NumericKernels
import Testing

/// A transform on arrays.
private struct Map<T: Transform> {
  let size: Int
  var bounds: [Double] = []

  func constrain(_ u: [Double]) -> (x: [Double], logJacobian: Double) {
    var x = [Double](repeating: .nan, count: T.constrainedCount(size: size))
    var span = x.mutableSpan
    let logJacobian = T.constrain(u.span, bounds: bounds.span, size: size, into: &span)
    return (x, logJacobian)
  }

  func pullback(_ u: [Double], adjoint: [Double], logJacobianAdjoint: Double) -> (u: [Double], bounds: [Double]) {
    // Adjoints are added to what is there.
    var (toU, toBounds) = (u.map { _ in 0.25 }, bounds.map { _ in 0.5 })
    let x = constrain(u).x
    var uSpan = toU.mutableSpan
    var boundSpan = toBounds.mutableSpan
    T.pullback(
      u.span, x: x.span, bounds: bounds.span, size: size, adjoint: adjoint.span,
      logJacobianAdjoint: logJacobianAdjoint, into: &uSpan, boundAdjoints: &boundSpan)
    return (toU.map { $0 - 0.25 }, toBounds.map { $0 - 0.5 })
  }

  func unconstrain(_ x: [Double]) throws(TransformError) -> [Double] {
    var u = [Double](repeating: .nan, count: T.unconstrainedCount(size: size))
    var span = u.mutableSpan
    try T.unconstrain(x.span, bounds: bounds.span, size: size, into: &span)
    return u
  }

  /// Pullback against central differences, the Jacobian against a numeric determinant, the round trip.
  func check(seed: UInt64, free: ((Int) -> [Int])? = nil, spread: Double = 1) throws {
    var stream = RandomStream(seed: seed, purpose: 9001, index: UInt64(size))
    let count = T.unconstrainedCount(size: size)
    let u = (0..<count).map { _ in spread * stream.normal() }
    let (x, logJacobian) = constrain(u)
    #expect(x.allSatisfy { $0.isFinite } && logJacobian.isFinite)

    let back = try unconstrain(x)
    for (i, value) in back.enumerated() where T.name != "unit_vector" {
      #expect(abs(value - u[i]) < 1e-8 * max(1, abs(u[i])), "\(T.name) round trip of \(u[i])")
    }
    let again = constrain(back).x
    for (a, b) in zip(again, x) { #expect(abs(a - b) <= 1e-12 * max(1, abs(b)), "\(T.name) second round") }

    let weights = x.map { _ in stream.normal() }
    for weight in [0, 1, -0.7] {
      func total(_ map: Map, _ u: [Double]) -> Double {
        let (x, logJacobian) = map.constrain(u)
        return zip(x, weights).reduce(weight * logJacobian) { $0 + $1.0 * $1.1 }
      }
      let flown = pullback(u, adjoint: weights, logJacobianAdjoint: weight)
      for i in 0..<count {
        let expected = Self.derivative(u[i]) { value in
          var moved = u
          moved[i] = value
          return total(self, moved)
        }
        #expect(abs(flown.u[i] - expected) < 1e-7 * max(1, abs(expected)), "\(T.name) \(size): by u[\(i)]")
      }
      for i in bounds.indices {
        let expected = Self.derivative(bounds[i]) { value in
          var moved = self
          moved.bounds[i] = value
          return total(moved, u)
        }
        #expect(abs(flown.bounds[i] - expected) < 1e-7 * max(1, abs(expected)), "\(T.name): by bound \(i)")
      }
    }

    guard let free else { return }
    let rows = free(size)
    #expect(rows.count == count)
    var matrix = rows.map { _ in [Double](repeating: 0, count: count) }
    for j in 0..<count {
      for (i, element) in rows.enumerated() {
        matrix[i][j] = Self.derivative(u[j]) { value in
          var moved = u
          moved[j] = value
          return constrain(moved).x[element]
        }
      }
    }
    let expected = Self.logDeterminant(matrix)
    #expect(abs(logJacobian - expected) < 1e-6 * max(1, abs(expected)), "\(T.name) \(size): log Jacobian")
  }

  static func derivative(_ x: Double, _ f: (Double) -> Double) -> Double {
    let h = 1e-3
    let (wide, narrow) = ((f(x + h) - f(x - h)) / (2 * h), (f(x + h / 2) - f(x - h / 2)) / h)
    return (4 * narrow - wide) / 3
  }

  /// log |det| by Gaussian elimination with pivoting.
  static func logDeterminant(_ matrix: [[Double]]) -> Double {
    var a = matrix
    var sum = 0.0
    for k in a.indices {
      let pivot = (k..<a.count).max { abs(a[$0][k]) < abs(a[$1][k]) }!
      a.swapAt(k, pivot)
      sum += log(abs(a[k][k]))
      for i in k + 1..<max(a.count, k + 1) {
        let factor = a[i][k] / a[k][k]
        for j in k..<a.count { a[i][j] -= factor * a[k][j] }
      }
    }
    return sum
  }

  /// Far out nothing is NaN: the value, its log Jacobian, and what flows back with adjoints of 1.
  func checkExtremes() {
    let count = T.unconstrainedCount(size: size)
    for far in [1e3, -1e3, 40, -40] {
      for alternate in [false, true] {
        let u = (0..<count).map { alternate && $0 % 2 == 1 ? -far : far }
        let (x, logJacobian) = constrain(u)
        #expect(!x.contains { $0.isNaN }, "\(T.name) at \(far)")
        #expect(logJacobian.isFinite, "\(T.name) at \(far): log Jacobian \(logJacobian)")
        let flown = pullback(u, adjoint: x.map { $0.isFinite ? 1 : 0 }, logJacobianAdjoint: 1)
        #expect(!flown.u.contains { $0.isNaN }, "\(T.name) at \(far): adjoint \(flown.u)")
        #expect(!flown.bounds.contains { $0.isNaN })
      }
    }
  }
}

@Suite("Transforms")
struct TransformTests {
  static func below(_ size: Int) -> [Int] { (0..<size).flatMap { i in (0..<i).map { i * size + $0 } } }
  static func lower(_ size: Int) -> [Int] { (0..<size).flatMap { i in (0...i).map { i * size + $0 } } }

  @Test("of single numbers")
  func elements() throws {
    for seed in 0..<3 as Range<UInt64> {
      try Map<IdentityTransform>(size: 3).check(seed: seed, free: { Array(0..<$0) })
      for bound in [-Double.infinity, -2.5, 0, 7] {
        try Map<LowerTransform>(size: 3, bounds: [bound]).check(seed: seed, free: { Array(0..<$0) })
        try Map<UpperTransform>(size: 3, bounds: [-bound]).check(seed: seed, free: { Array(0..<$0) })
      }
      let infinity = Double.infinity
      for bounds in [[0, 1], [-3, 5.5], [2, infinity], [-infinity, 1], [-infinity, infinity]] {
        let map = Map<IntervalTransform>(size: 3, bounds: bounds)
        if bounds.allSatisfy({ $0.isFinite }) {
          try map.check(seed: seed, free: { Array(0..<$0) }, spread: 3)
        } else {
          let back = try map.unconstrain(map.constrain([0.3, -1, 0.8]).x)
          #expect(back.allSatisfy { $0.isFinite })
        }
      }
    }
  }

  @Test("of vectors")
  func vectors() throws {
    for size in [1, 2, 3, 6] {
      try Map<OrderedTransform>(size: size).check(seed: 4, free: { Array(0..<$0) })
      try Map<PositiveOrderedTransform>(size: size).check(seed: 5, free: { Array(0..<$0) })
      try Map<SimplexTransform>(size: size).check(seed: 6, free: { Array(0..<$0 - 1) })
      try Map<ZeroSumTransform>(size: size).check(seed: 7)
      try Map<UnitVectorTransform>(size: size).check(seed: 8)
    }
    // Zero sums are an isometry onto their plane.
    let u = [0.3, -1.2, 2.2, 0.7]
    let x = Map<ZeroSumTransform>(size: 5).constrain(u).x
    #expect(abs(x.reduce(0, +)) < 1e-14)
    #expect(abs(x.reduce(0) { $0 + $1 * $1 } - u.reduce(0) { $0 + $1 * $1 }) < 1e-14)
    let simplex = Map<SimplexTransform>(size: 4).constrain([0, 0, 0])
    #expect(simplex.x == [0.25, 0.25, 0.25, 0.25])
  }

  @Test("of matrices")
  func matrices() throws {
    for size in [1, 2, 3, 5] {
      try Map<CholeskyCorrelationTransform>(size: size).check(seed: 9, free: Self.below)
      try Map<CorrelationTransform>(size: size).check(seed: 10, free: Self.below)
      try Map<CholeskyCovarianceTransform>(size: size).check(seed: 11, free: Self.lower)
      try Map<CovarianceTransform>(size: size).check(seed: 12, free: Self.lower, spread: 0.5)
    }
    let x = Map<CorrelationTransform>(size: 3).constrain([0.5, -0.2, 1]).x
    #expect(x[0] == 1 && x[4] == 1 && x[8] == 1 && x[1] == x[3] && abs(x[1] - tanh(0.5)) < 1e-15)
  }

  @Test("far out")
  func extremes() {
    Map<IdentityTransform>(size: 3).checkExtremes()
    Map<LowerTransform>(size: 3, bounds: [0]).checkExtremes()
    Map<UpperTransform>(size: 3, bounds: [2]).checkExtremes()
    Map<IntervalTransform>(size: 3, bounds: [-1, 2]).checkExtremes()
    Map<OrderedTransform>(size: 3).checkExtremes()
    Map<PositiveOrderedTransform>(size: 3).checkExtremes()
    Map<SimplexTransform>(size: 4).checkExtremes()
    Map<UnitVectorTransform>(size: 4).checkExtremes()
    Map<CholeskyCorrelationTransform>(size: 4).checkExtremes()
    Map<CorrelationTransform>(size: 4).checkExtremes()
    Map<CholeskyCovarianceTransform>(size: 2).checkExtremes()
    // Ends of an interval are approached, not overshot.
    let ends = Map<IntervalTransform>(size: 2, bounds: [0.1, 0.3]).constrain([-1e3, 1e3]).x
    #expect(ends == [0.1, 0.3])
    #expect(Map<LowerTransform>(size: 1, bounds: [0]).constrain([-700]).x[0] == exp(-700))
  }

  @Test("refuse what is outside, by name and element")
  func errors() {
    func check<T: Transform>(_ map: Map<T>, _ x: [Double], _ message: String) {
      do {
        let u = try map.unconstrain(x)
        Issue.record("\(T.name) took \(x) for \(u)")
      } catch {
        #expect(error.description == message)
      }
    }
    check(Map<LowerTransform>(size: 2, bounds: [0]), [1, -1.5], "lower: element 2: -1.5 is not above 0.0")
    check(Map<UpperTransform>(size: 1, bounds: [0]), [0], "upper: element 1: 0.0 is not below 0.0")
    check(
      Map<IntervalTransform>(size: 1, bounds: [0, 1]), [.nan], "interval: element 1: nan is not between 0.0 and 1.0")
    check(Map<IdentityTransform>(size: 1), [.infinity], "real: element 1: inf is not a finite number")
    check(Map<OrderedTransform>(size: 3), [1, 2, 2], "ordered: element 3: 2.0 is not above 2.0")
    check(Map<PositiveOrderedTransform>(size: 2), [-1, 2], "positive_ordered: element 1: -1.0 is not above 0.0")
    check(Map<SimplexTransform>(size: 2), [0.5, 0.625], "simplex: the elements sum to 1.125, not to 1")
    check(Map<SimplexTransform>(size: 2), [1, 0], "simplex: element 2: 0.0 is not above 0")
    check(Map<UnitVectorTransform>(size: 2), [3, 4], "unit_vector: the vector's length is 5.0, not 1")
    check(Map<ZeroSumTransform>(size: 2), [1, 1], "sum_to_zero: the elements sum to 2.0, not to 0")
    check(Map<CorrelationTransform>(size: 2), [1, 1.2, 1.2, 1], "corr_matrix: the matrix is not positive definite")
    check(
      Map<CorrelationTransform>(size: 2), [1, 0.5, 0.5, 2], "corr_matrix: element 4: 2.0 on the diagonal is not 1")
    check(Map<CovarianceTransform>(size: 2), [1, 0.2, 0.3, 1], "cov_matrix: the matrix is not symmetric")
    check(
      Map<CholeskyCorrelationTransform>(size: 2), [1, 0, 3, 4],
      "cholesky_factor_corr: row 2 has length 5.0, not 1")
    check(
      Map<CholeskyCovarianceTransform>(size: 2), [1, 0, 0.5, 0],
      "cholesky_factor_cov: element 4: 0.0 on the diagonal is not above 0")
  }

  @Test("a unit vector is uniform over the sphere under its density")
  func unitVectorIsNormal() {
    // -½ |u|² up to a constant is the standard normal, whose direction is uniform.
    let (x, logDensity) = Map<UnitVectorTransform>(size: 3).constrain([3, 0, 4])
    #expect(x == [0.6, 0, 0.8] && logDensity == -12.5)
    #expect(Map<UnitVectorTransform>(size: 2).constrain([0, 0]).logJacobian.isNaN)
  }
}
