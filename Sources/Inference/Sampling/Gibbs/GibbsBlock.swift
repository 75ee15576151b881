import Foundation
import NumericKernels

/// One update of a Gibbs sweep: it leaves the distribution of the whole state invariant.
public struct GibbsBlock: Sendable {
  /// What an update works with.
  struct Context {
    /// The state; the block replaces its own coordinates.
    var state: [Double]
    /// What each block has learnt, for those that adapt.
    var memory: [AdaptiveScale]
    var isWarmUp = true
    /// The sum of acceptance probabilities and the number of proposals of this sweep.
    var acceptance = 0.0
    var proposals = 0
    /// The densities that updates have evaluated, where a fingerprint of them is taken: by states alone, data that change
    /// no decision would not be told apart.
    var evaluations: WordChecksum?

    mutating func note(_ logDensity: Double) { evaluations?.add(logDensity) }

    /// The log density at the present state, which a block can leave if it is a number or minus infinity.
    func current(_ logDensity: Double, _ block: String, _ number: Int) throws(GibbsFailure) -> Double {
      if logDensity < .infinity { return logDensity }
      throw GibbsFailure(
        reason:
          "The log density of block \(block) is \(logDensity.isNaN ? "nan" : "inf") at its state, by its coordinate "
          + "\(number); check the density there, and the start.")
    }
  }

  /// What the block is called in messages.
  public let name: String
  /// Coordinates that the block replaces.
  public let coordinates: Range<Int>
  /// The number of adaptive scales that it keeps.
  let memoryCount: Int
  /// The first width or scale.
  let firstScale: Double
  /// Why the block cannot be used, in words.
  var problem: String?
  let update: @Sendable (inout Context, Range<Int>, inout RandomStream) throws -> Void

  /// Draws each coordinate of a range from its full conditional, one after the other.
  ///
  /// - Parameters:
  ///   - coordinates: Coordinates of the state.
  ///   - conditional: The full conditional of the coordinate of this number within the range, given the state.
  public static func conjugate(
    _ name: String, _ coordinates: Range<Int>,
    _ conditional: @escaping @Sendable (_ state: [Double], _ number: Int) -> FullConditional
  ) -> GibbsBlock {
    GibbsBlock(name: name, coordinates: coordinates, memoryCount: 0, firstScale: 1) { context, _, stream in
      for (number, i) in coordinates.enumerated() {
        context.state[i] = conditional(context.state, number).draw(using: &stream)
      }
    }
  }

  /// Draws probabilities of categories from their Dirichlet full conditional.
  ///
  /// - Parameters:
  ///   - concentration: The prior's concentration of each category.
  ///   - counts: Observations of each category, given the state.
  public static func dirichlet(
    _ name: String, _ coordinates: Range<Int>, concentration: [Double],
    counts: @escaping @Sendable (_ state: [Double]) -> [Double]
  ) -> GibbsBlock {
    var block = GibbsBlock(name: name, coordinates: coordinates, memoryCount: 0, firstScale: 1) { context, _, stream in
      let counts = counts(context.state)
      guard counts.count == coordinates.count else {
        throw GibbsFailure(reason: "Block \(name) counted \(counts.count) categories, not \(coordinates.count).")
      }
      Conjugate.drawProbabilities(
        concentration: concentration, counts: counts, into: &context.state, coordinates, using: &stream)
    }
    if concentration.count != coordinates.count {
      block.problem = "has \(concentration.count) concentrations for \(coordinates.count) categories"
    } else if let bad = concentration.first(where: { !($0 > 0 && $0 < .infinity) }) {
      block.problem = "has a concentration of \(bad), which must be positive and finite"
    }
    return block
  }

  /// Moves each coordinate of a range by slice sampling.
  ///
  /// - Parameters:
  ///   - width: The first bracket's width, adapted in the warm-up.
  ///   - bounds: The support's ends.
  ///   - logDensity: The log density of the state as a function of the coordinate of this number within the range, up to
  ///     a constant; terms without it may be left out.
  public static func slice(
    _ name: String, _ coordinates: Range<Int>, width: Double = 1,
    bounds: ClosedRange<Double> = -Double.infinity...Double.infinity,
    _ logDensity: @escaping @Sendable (_ state: [Double], _ number: Int) -> Double
  ) -> GibbsBlock {
    adaptive(name, coordinates, "width", width) { context, memory, stream in
      for (number, i) in coordinates.enumerated() {
        let before = context.state[i]
        var value = before
        let slice = SliceSampler(width: context.memory[memory.lowerBound + number].value, bounds: bounds)
        let current = try context.current(logDensity(context.state, number), name, number)
        context.note(current)
        slice.update(&value, current: current, using: &stream) { candidate in
          context.state[i] = candidate
          let value = logDensity(context.state, number)
          context.note(value)
          return value
        }
        context.state[i] = value
        if context.isWarmUp { context.memory[memory.lowerBound + number].learn(move: value - before) }
      }
    }
  }

  /// Moves each coordinate of a range by random-walk Metropolis with a normal proposal.
  ///
  /// - Parameters:
  ///   - scale: The first proposal's standard deviation, adapted in the warm-up to an acceptance of 0.44.
  ///   - logDensity: As for ``slice(_:_:width:bounds:_:)``; infinite or NaN outside the support.
  public static func metropolis(
    _ name: String, _ coordinates: Range<Int>, scale: Double = 1,
    _ logDensity: @escaping @Sendable (_ state: [Double], _ number: Int) -> Double
  ) -> GibbsBlock {
    adaptive(name, coordinates, "scale", scale) { context, memory, stream in
      for (number, i) in coordinates.enumerated() {
        let before = context.state[i]
        let current = try context.current(logDensity(context.state, number), name, number)
        context.state[i] = before + context.memory[memory.lowerBound + number].value * stream.normal()
        let threshold = -stream.exponential()
        let proposed = logDensity(context.state, number)
        context.note(proposed)
        // Plus infinity is outside the support: a chain could not leave it.
        let gain = proposed < .infinity ? proposed - current : .nan
        if !(gain > threshold) { context.state[i] = before }
        let probability = gain.isNaN ? 0 : min(1, exp(gain))
        context.acceptance += probability
        context.proposals += 1
        if context.isWarmUp {
          context.memory[memory.lowerBound + number].learn(probability: probability, target: 0.44)
        }
      }
    }
  }

  /// A block with an adaptive scale for each coordinate.
  private static func adaptive(
    _ name: String, _ coordinates: Range<Int>, _ what: String, _ first: Double,
    _ update: @escaping @Sendable (inout Context, Range<Int>, inout RandomStream) throws -> Void
  ) -> GibbsBlock {
    var block = GibbsBlock(
      name: name, coordinates: coordinates, memoryCount: coordinates.count, firstScale: first, update: update)
    if !(first > 0 && first < .infinity) {
      block.problem = "has a \(what) of \(first), which must be positive and finite"
    }
    return block
  }

  /// Any update that leaves the distribution of the state invariant.
  public static func custom(
    _ name: String, _ coordinates: Range<Int>,
    _ update: @escaping @Sendable (_ state: inout [Double], _ stream: inout RandomStream) throws -> Void
  ) -> GibbsBlock {
    GibbsBlock(name: name, coordinates: coordinates, memoryCount: 0, firstScale: 1) { context, _, stream in
      try update(&context.state, &stream)
    }
  }
}
