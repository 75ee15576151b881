import Foundation

/// The width of a slice sampler's bracket or the scale of a proposal, learnt in the warm-up.
struct AdaptiveScale: StoredState, Equatable {
  private(set) var value: Double
  private var count = 0.0
  private var meanMove = 0.0

  init(_ value: Double) { self.value = value }

  /// Takes note of a slice sampler's move; a width of three mean moves brackets most slices at once.
  mutating func learn(move: Double) {
    let move = abs(move)
    guard move.isFinite else { return }
    count += 1
    // Later moves weigh more, as the first may still lead to the typical set.
    meanMove += (move - meanMove) * min(1, 2 / count)
    if count >= 10 && meanMove > 0 { value = min(1e300, 3 * meanMove) }
  }

  /// Moves a proposal's scale towards a target acceptance, in steps that sum to infinity with squares that do not.
  mutating func learn(probability: Double, target: Double) {
    count += 1
    value *= exp(min(0.5, 5 * pow(count, -0.7)) * (probability - target))
    value = min(1e150, max(1e-150, value))
  }

  func store(into words: inout WordWriter) {
    words.write(value)
    words.write(count)
    words.write(meanMove)
  }

  init(from words: inout WordReader) throws(DamagedState) {
    value = try words.double()
    count = try words.double()
    meanMove = try words.double()
  }
}
