extension Formula {
  public static func + (a: Formula, b: Formula) -> Formula { Formula(.binary(.add, a.node, b.node)) }
  public static func - (a: Formula, b: Formula) -> Formula { Formula(.binary(.subtract, a.node, b.node)) }
  public static func * (a: Formula, b: Formula) -> Formula { Formula(.binary(.multiply, a.node, b.node)) }
  public static func / (a: Formula, b: Formula) -> Formula { Formula(.binary(.divide, a.node, b.node)) }
  public static prefix func - (a: Formula) -> Formula { Formula(.unary(.negate, a.node)) }
  public static func += (a: inout Formula, b: Formula) { a = a + b }
  public static func -= (a: inout Formula, b: Formula) { a = a - b }
  public static func *= (a: inout Formula, b: Formula) { a = a * b }
  public static func /= (a: inout Formula, b: Formula) { a = a / b }

  // Numbers that are variables of the program; literals are formulas themselves.
  @_disfavoredOverload
  public static func + (a: Double, b: Formula) -> Formula { a.formula + b }
  @_disfavoredOverload
  public static func + (a: Formula, b: Double) -> Formula { a + b.formula }
  @_disfavoredOverload
  public static func - (a: Double, b: Formula) -> Formula { a.formula - b }
  @_disfavoredOverload
  public static func - (a: Formula, b: Double) -> Formula { a - b.formula }
  @_disfavoredOverload
  public static func * (a: Double, b: Formula) -> Formula { a.formula * b }
  @_disfavoredOverload
  public static func * (a: Formula, b: Double) -> Formula { a * b.formula }
  @_disfavoredOverload
  public static func / (a: Double, b: Formula) -> Formula { a.formula / b }
  @_disfavoredOverload
  public static func / (a: Formula, b: Double) -> Formula { a / b.formula }

  /// The sum of all elements.
  public func sum() -> Formula { Formula(.sum(node, axis: nil)) }
  /// Sums along one axis, counted from 0.
  public func sum(axis: Int) -> Formula { Formula(.sum(node, axis: axis)) }
  /// The mean of all elements.
  public func mean() -> Formula { sum() / Formula(.scalar(Double(shape.count))) }
  /// log Σ exp along the last axis.
  public func logSumExp() -> Formula { Formula(.logSumExp(node)) }
  /// Running sums along the last axis.
  public func cumulativeSum() -> Formula { Formula(.cumulativeSum(node)) }
}

infix operator • : MultiplicationPrecedence

/// Matrix times matrix, matrix times vector, or the inner product of two vectors.
public func • (a: Formula, b: Formula) -> Formula { Formula(.product(a.node, b.node)) }

/// The inner product Σ a_i b_i of two vectors.
public func dot(_ a: Formula, _ b: Formula) -> Formula {
  guard a.shape.rank == 1, b.shape.rank == 1 else {
    return Formula(.invalid("dot needs two vectors; there are \(a.shape) and \(b.shape)"))
  }
  return a • b
}

/// The matrix product; the same as `a • b`.
public func product(_ a: Formula, _ b: Formula) -> Formula { a • b }

public func exp(_ x: Formula) -> Formula { Formula(.unary(.exp, x.node)) }
public func log(_ x: Formula) -> Formula { Formula(.unary(.log, x.node)) }
/// log(1 + x), accurate near 0.
public func log1p(_ x: Formula) -> Formula { Formula(.unary(.log1p, x.node)) }
/// exp(x) - 1, accurate near 0.
public func expm1(_ x: Formula) -> Formula { Formula(.unary(.expm1, x.node)) }
public func sqrt(_ x: Formula) -> Formula { Formula(.unary(.sqrt, x.node)) }
public func square(_ x: Formula) -> Formula { Formula(.unary(.square, x.node)) }
/// 1 / x.
public func reciprocal(_ x: Formula) -> Formula { Formula(.unary(.reciprocal, x.node)) }
public func tanh(_ x: Formula) -> Formula { Formula(.unary(.tanh, x.node)) }
/// 1 / (1 + exp(-x)).
public func inverseLogit(_ x: Formula) -> Formula { Formula(.unary(.inverseLogit, x.node)) }
/// log(p / (1 - p)).
public func logit(_ p: Formula) -> Formula { log(p) - log1p(-p) }
/// log(1 + exp(x)) without overflow.
public func log1pExp(_ x: Formula) -> Formula { Formula(.unary(.log1pExp, x.node)) }
/// log Γ(x) for x > 0.
public func logGamma(_ x: Formula) -> Formula { Formula(.unary(.logGamma, x.node)) }
/// |x|; its derivative at 0 is taken as 0.
public func abs(_ x: Formula) -> Formula { Formula(.unary(.abs, x.node)) }
public func sin(_ x: Formula) -> Formula { Formula(.unary(.sin, x.node)) }
public func cos(_ x: Formula) -> Formula { Formula(.unary(.cos, x.node)) }
/// The standard normal distribution function.
public func normalCDF(_ x: Formula) -> Formula { Formula(.unary(.normalCDF, x.node)) }
/// x to the power y; of negative x only with whole constant y.
public func pow(_ x: Formula, _ y: Formula) -> Formula { Formula(.binary(.power, x.node, y.node)) }
/// log(exp(a) + exp(b)) without overflow.
public func logAddExp(_ a: Formula, _ b: Formula) -> Formula { Formula(.binary(.logAddExp, a.node, b.node)) }
/// The larger, element by element.
public func maximum(_ a: Formula, _ b: Formula) -> Formula { Formula(.binary(.maximum, a.node, b.node)) }
/// The smaller, element by element.
public func minimum(_ a: Formula, _ b: Formula) -> Formula { Formula(.binary(.minimum, a.node, b.node)) }
