import Foundation
import NumericKernels

/// Univariate slice sampling with stepping out and shrinkage (Neal, "Slice sampling", Annals of Statistics 31, 2003).
///
/// A draw leaves the density's distribution invariant for any width; the width only sets the cost.
public struct SliceSampler: Sendable {
  /// The first bracket's width; about the distribution's own width is best.
  public var width: Double
  /// The most widths that the bracket may grow to, Neal's m.
  public var maximumSteps: Int
  /// The support's ends; the bracket does not leave them.
  public var bounds: ClosedRange<Double>

  @inlinable
  public init(
    width: Double, maximumSteps: Int = 32, bounds: ClosedRange<Double> = -Double.infinity...Double.infinity
  ) {
    precondition(width > 0 && width.isFinite && maximumSteps >= 1, "a slice sampler needs a positive width and steps")
    self.width = width
    self.maximumSteps = maximumSteps
    self.bounds = bounds
  }

  /// Replaces `value` by the next state of the chain; returns the log density there.
  ///
  /// The number of evaluations is bounded: at most `maximumSteps` to step out and 200 to shrink, after which, with a
  /// bracket narrower than the spacing of doubles, the value stays. A density of NaN or plus infinity counts as minus infinity.
  ///
  /// - Parameters:
  ///   - value: The current state, of finite log density and within `bounds`.
  ///   - current: The log density at `value` where the caller knows it, which saves an evaluation.
  ///   - stream: The randomness.
  ///   - logDensity: The log density up to a constant.
  @inlinable
  @discardableResult
  public func update(
    _ value: inout Double, current: Double? = nil, using stream: inout RandomStream,
    logDensity: (Double) -> Double
  ) -> Double {
    let start = value
    let startDensity = current ?? logDensity(start)
    let height = startDensity - stream.exponential()
    func isInSlice(_ density: Double) -> Bool { density > height && density < .infinity }
    var lower = start - width * stream.uniform()
    var upper = lower + width
    var stepsDown = Int(Double(maximumSteps) * stream.uniform())
    var stepsUp = maximumSteps - 1 - stepsDown
    while stepsDown > 0 && lower > bounds.lowerBound && isInSlice(logDensity(lower)) {
      lower -= width
      stepsDown -= 1
    }
    while stepsUp > 0 && upper < bounds.upperBound && isInSlice(logDensity(upper)) {
      upper += width
      stepsUp -= 1
    }
    lower = max(lower, bounds.lowerBound)
    upper = min(upper, bounds.upperBound)
    for _ in 0..<200 {
      let candidate = lower + (upper - lower) * stream.uniform()
      let density = logDensity(candidate)
      if isInSlice(density) {
        value = candidate
        return density
      }
      if candidate < start { lower = candidate } else { upper = candidate }
    }
    return startDensity
  }
}
