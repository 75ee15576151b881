import Foundation
import NumericKernels

/// A trajectory of fixed length whose end is accepted or refused (Duane et al. 1987).
///
/// The length is drawn about the one asked for, which keeps trajectories from falling in with a period of the target.
struct FixedLengthTrajectory {
  let time: Double
  /// The share by which lengths vary to either side.
  let jitter: Double
  let maximumSteps: Int
  let maximumEnergyError: Double
  /// The slots of the current point and of the trajectory's end.
  private(set) var place = 0
  private var endPlace = 1

  static let slots = (places: 3, motions: 2)

  init(time: Double, jitter: Double, maximumSteps: Int, maximumEnergyError: Double) {
    self.time = time
    self.jitter = jitter
    self.maximumSteps = maximumSteps
    self.maximumEnergyError = maximumEnergyError
  }

  mutating func transition(
    _ system: inout HamiltonianSystem, stepSize: Double, using stream: inout RandomStream
  ) throws -> Trajectory.Outcome {
    var outcome = Trajectory.Outcome()
    let length = time * (1 + jitter * (2 * stream.uniform() - 1))
    let wanted = max(1, (length / stepSize).rounded())
    let steps = wanted < Double(maximumSteps) ? Int(wanted) : maximumSteps
    let threshold = -stream.exponential()
    let start = system.begin(at: place, motion: 0, using: &stream)
    outcome.energy = start
    var from = place
    var energy = start
    for _ in 0..<steps {
      energy = try system.leapfrog(
        fromPlace: from, motion: from == place ? 0 : 1, toPlace: endPlace, motion: 1, step: stepSize)
      from = endPlace
      outcome.evaluations += 1
      let gain = start - energy
      guard gain.isFinite && -gain <= maximumEnergyError else {
        outcome.divergence = (endPlace, -gain)
        return outcome
      }
    }
    let ratio = exp(start - energy)
    outcome.sumAcceptance = min(1, ratio) * Double(outcome.evaluations)
    outcome.sumSymmetricAcceptance = 2 * min(1, ratio) / (1 + ratio) * Double(outcome.evaluations)
    if start - energy > threshold {
      swap(&place, &endPlace)
      outcome.moved = true
      outcome.energy = energy
    }
    return outcome
  }
}
