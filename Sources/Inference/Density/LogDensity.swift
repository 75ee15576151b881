import NumericKernels

/// A probability density on R^n, known up to a constant, with its gradient: what samplers and approximations work on.
///
/// A density is shared by all chains and holds no scratch space; each chain asks for an evaluator of its own.
public protocol LogDensity: Sendable {
  associatedtype Evaluator: LogDensityEvaluator

  /// The number of coordinates, at least 1.
  var dimension: Int { get }

  /// Names of what a draw keeps, all different: by default the coordinates `x[1]` to `x[n]`.
  ///
  /// A model written with parameters on constrained scales keeps those and what is computed from them.
  var variableNames: [String] { get }

  /// An evaluator with scratch space of its own, for one chain.
  func makeEvaluator() throws -> Evaluator
}

/// Evaluates a ``LogDensity`` for one chain.
public protocol LogDensityEvaluator {
  /// The log density at `position` up to a constant; writes its gradient.
  ///
  /// Minus infinity, plus infinity and NaN mean that the position is outside the support; the gradient is then not
  /// looked at. A density may be infinite at points of no probability, such as a gamma's of shape below 1 at 0: no chain
  /// can leave them, so none enters. A thrown ``RecoverableDensityError`` means the same with a reason, which samplers
  /// count and report; any other error ends the chain.
  ///
  /// - Parameters:
  ///   - position: `[dimension]`.
  ///   - gradient: `[dimension]`, overwritten.
  mutating func logDensity(at position: Span<Double>, gradient: inout MutableSpan<Double>) throws -> Double

  /// What about `position` keeps the log density or its gradient from being finite, in words; nil, the default, where
  /// no more can be said. Asked for only where sampling has to be given up, so it may take its time.
  mutating func explanation(at position: Span<Double>) -> String?

  /// What a draw keeps of `position`: as many values as ``LogDensity/variableNames``; by default the position itself.
  ///
  /// - Parameter stream: Randomness for quantities that are drawn, such as predictions.
  mutating func variables(
    at position: Span<Double>, into values: inout MutableSpan<Double>, using stream: inout RandomStream) throws
}

/// An error of an evaluation that makes a position impossible rather than a model useless.
public protocol RecoverableDensityError: Error {}

extension LogDensity {
  public var variableNames: [String] { (0..<max(0, dimension)).map { "x[\($0 + 1)]" } }

  /// Why nothing can be drawn from the density, whatever its values are; nil if something can.
  func problem(withNames names: [String]) -> String? {
    if dimension < 1 { return "The density has \(dimension) coordinates; it needs at least one." }
    var seen: Set<String> = []
    return names.first { !seen.insert($0).inserted }.map {
      "The density keeps two variables named \($0); they need different names."
    }
  }
}

/// A density that names more or fewer variables than the default of ``LogDensityEvaluator`` keeps.
struct UnwrittenVariables: Error, CustomStringConvertible {
  let named: Int
  let dimension: Int

  var description: String {
    "The density names \(named) variables, and its evaluator keeps the \(dimension) coordinates: it needs a "
      + "variables(at:into:using:) of its own."
  }
}

extension LogDensityEvaluator {
  public mutating func explanation(at position: Span<Double>) -> String? { nil }

  public mutating func variables(
    at position: Span<Double>, into values: inout MutableSpan<Double>, using stream: inout RandomStream
  ) throws {
    guard values.count == position.count else {
      throw UnwrittenVariables(named: values.count, dimension: position.count)
    }
    for i in position.indices { values[i] = position[i] }
  }
}
