import Foundation
import NumericKernels

/// Metropolis-Hastings with proposals that do not depend on the current state (Tierney 1994).
///
/// A state's log weight is the log of target over proposal density, both up to constants.
public enum IndependenceMetropolis {
  /// Whether to move to a proposal: with probability min(1, exp(proposed - current)).
  ///
  /// A proposed weight of NaN or minus infinity is never accepted; anything else is from a state of minus infinity.
  @inlinable
  public static func accepts(
    proposedLogWeight proposed: Double, currentLogWeight current: Double, using stream: inout RandomStream
  ) -> Bool {
    // The number is drawn in any case, so that a stream's position does not depend on the values.
    let threshold = -stream.exponential()
    if proposed.isNaN || proposed == -.infinity { return false }
    return current == -.infinity || proposed - current > threshold
  }

  /// The chain over stored proposals, offered in their order: for each the index of the state after its offer.
  ///
  /// - Parameters:
  ///   - logWeights: The log weight of every proposal.
  ///   - start: The index of the state before the first offer.
  ///   - stream: The randomness.
  public static func chain(logWeights: [Double], startingAt start: Int, using stream: inout RandomStream) -> [Int] {
    var state = start
    return logWeights.indices.map { proposal in
      if accepts(
        proposedLogWeight: logWeights[proposal], currentLogWeight: logWeights[state], using: &stream)
      {
        state = proposal
      }
      return state
    }
  }
}
