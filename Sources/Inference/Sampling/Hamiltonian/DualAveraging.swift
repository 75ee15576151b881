import Foundation

/// Nesterov's dual averaging of a log step size towards a target acceptance (Hoffman and Gelman 2014, section 3.2.1).
package struct DualAveraging: Sendable, Equatable {
  package let target: Double
  private var attraction: Double
  private var count = 0.0
  private var meanError = 0.0
  private var logStep: Double
  private var meanLogStep: Double

  /// The published settings: how strongly steps shrink towards the first guess, how far early iterations count less, how
  /// fast the mean forgets.
  private static let (shrinkage, delay, forgetting) = (0.05, 10.0, 0.75)

  package init(target: Double, stepSize: Double) {
    self.target = target
    attraction = 0
    logStep = 0
    meanLogStep = 0
    restart(stepSize: stepSize)
  }

  /// Begins anew from a guess; steps are drawn towards ten times it.
  mutating func restart(stepSize: Double) {
    attraction = log(10 * stepSize)
    count = 0
    meanError = 0
    logStep = log(stepSize)
    meanLogStep = logStep
  }

  /// Takes note of a step's acceptance; NaN counts as 0.
  package mutating func update(acceptance: Double) {
    let acceptance = acceptance.isNaN ? 0 : min(1, acceptance)
    count += 1
    let rate = 1 / (count + Self.delay)
    meanError = (1 - rate) * meanError + rate * (target - acceptance)
    // Steps beyond e^±300 would overflow in a trajectory without telling more.
    logStep = min(300, max(-300, attraction - meanError * count.squareRoot() / Self.shrinkage))
    let weight = pow(count, -Self.forgetting)
    meanLogStep = weight * logStep + (1 - weight) * meanLogStep
  }

  /// The step to explore with.
  package var stepSize: Double { exp(logStep) }
  /// The mean of the steps, to keep.
  package var meanStepSize: Double { exp(meanLogStep) }
}

extension DualAveraging: StoredState {
  package func store(into words: inout WordWriter) {
    for value in [target, attraction, count, meanError, logStep, meanLogStep] { words.write(value) }
  }

  package init(from words: inout WordReader) throws(DamagedState) {
    target = try words.double()
    attraction = try words.double()
    count = try words.double()
    meanError = try words.double()
    logStep = try words.double()
    meanLogStep = try words.double()
  }
}
