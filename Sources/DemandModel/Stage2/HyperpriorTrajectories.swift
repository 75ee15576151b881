import Foundation
import NumericKernels

/// Hamiltonian Monte Carlo steps of all hyperparameters together, with the choice among every series' candidate draws
/// summed out (``CandidateSets``).
///
/// Where data say little of a series, its parameters and the hyperprior hold each other in place, and drawing them in
/// turn mixes slowly: for effects of stores on rarely informed shelf probabilities it hardly moved at all. Summing the
/// choice out leaves a smooth density of some tens to hundreds of dimensions with a cheap gradient.
///
/// Step size by dual averaging towards an acceptance of 0.8 (Hoffman and Gelman, JMLR 15, 2014), a diagonal metric from
/// the sample variances of a window of the warm-up, trajectories of random length about a quarter of a standard
/// normal's period.
struct HyperpriorTrajectories {
  private let coordinates: HyperpriorCoordinates
  private let sets: CandidateSets
  private let warmup: Int
  /// Standard deviations that the momenta are scaled by.
  private var scale: [Double]
  private var stepSize: StepSizeAdaptation
  private var moments: RunningMoments

  private static let longest = 48

  init(model: HyperpriorModel, sets: CandidateSets, warmup: Int) {
    coordinates = HyperpriorCoordinates(model: model)
    self.sets = sets
    self.warmup = warmup
    scale = [Double](repeating: 1, count: coordinates.count)
    stepSize = StepSizeAdaptation(start: 0.02)
    moments = RunningMoments(count: coordinates.count)
  }

  /// One trajectory from a state about new candidates, then a choice among them.
  mutating func sweep(
    _ sweep: Int, state: inout Hyperparameters, current: inout [Int], values: inout [Double],
    _ stream: inout RandomStream
  ) {
    sets.renew(about: current, using: &stream)
    let adapts = sweep < warmup
    let acceptance = advance(&state, adapts ? stepSize.trial : stepSize.averaged, &stream)
    sets.choose(state, into: &current, values: &values, using: &stream)
    guard adapts else { return }
    stepSize.learn(acceptance)
    // Windows: a tenth to learn a step size, then metrics of growing windows; a last sixth for the final step size.
    let ends = [warmup / 5, warmup / 2, warmup * 5 / 6]
    if sweep >= warmup / 10, sweep < ends[2] { moments.add(coordinates.vector(state)) }
    if ends.contains(sweep + 1), moments.number > 10 {
      scale = moments.standardDeviations(shrunkTo: 1e-2)
      moments = RunningMoments(count: coordinates.count)
      stepSize = StepSizeAdaptation(start: 0.25)
    }
  }

  /// Follows a trajectory; returns the probability of accepting its end.
  private func advance(
    _ state: inout Hyperparameters, _ epsilon: Double, _ stream: inout RandomStream
  ) -> Double {
    let start = coordinates.vector(state)
    var q = start
    var moved = state
    var gradient = [Double](repeating: 0, count: q.count)
    let before = coordinates.logPosterior(q, moved, sets, gradient: &gradient)
    var momentum = q.map { _ in stream.normal() }
    let kinetic = momentum.reduce(0) { $0 + 0.5 * $1 * $1 }
    let length = (0.5 + stream.uniform()) * .pi / 2
    let steps = min(Self.longest, max(1, Int((length / epsilon).rounded())))
    var after = before
    for _ in 0..<steps {
      for i in q.indices {
        momentum[i] += 0.5 * epsilon * scale[i] * gradient[i]
        q[i] += epsilon * scale[i] * momentum[i]
      }
      coordinates.write(q, to: &moved)
      after = coordinates.logPosterior(q, moved, sets, gradient: &gradient)
      for i in q.indices { momentum[i] += 0.5 * epsilon * scale[i] * gradient[i] }
      if !after.isFinite { break }
    }
    let ratio = after - before + kinetic - momentum.reduce(0) { $0 + 0.5 * $1 * $1 }
    let threshold = log(stream.uniform())
    guard ratio.isFinite else { return 0 }
    if threshold < ratio { state = moved }
    return exp(min(0, ratio))
  }
}

/// Dual averaging of a step size's logarithm towards an acceptance of 0.8 (Hoffman and Gelman 2014, section 3.2).
private struct StepSizeAdaptation {
  private static let wanted = 0.8
  private let centre: Double
  private var error = 0.0
  private var number = 0.0
  private var logTrial: Double
  private var logAveraged: Double

  init(start: Double) {
    centre = log(2 * start)
    logTrial = log(start)
    logAveraged = logTrial
  }

  var trial: Double { exp(logTrial) }
  var averaged: Double { exp(logAveraged) }

  mutating func learn(_ acceptance: Double) {
    number += 1
    let weight = 1 / (number + 10)
    error = (1 - weight) * error + weight * (Self.wanted - acceptance)
    logTrial = centre - number.squareRoot() / 0.05 * error
    let forgetting = pow(number, -0.75)
    logAveraged = forgetting * logTrial + (1 - forgetting) * logAveraged
  }
}

/// Means and sums of squares of vectors, in one pass (Welford 1962).
private struct RunningMoments {
  private(set) var number = 0.0
  private var mean: [Double]
  private var squares: [Double]

  init(count: Int) {
    mean = [Double](repeating: 0, count: count)
    squares = mean
  }

  mutating func add(_ values: [Double]) {
    number += 1
    for i in values.indices {
      let deviation = values[i] - mean[i]
      mean[i] += deviation / number
      squares[i] += deviation * (values[i] - mean[i])
    }
  }

  /// Shrunk a little, as far as five observations would, towards a common value.
  func standardDeviations(shrunkTo common: Double) -> [Double] {
    squares.map { ((5 * common * common + $0) / (number + 5)).squareRoot() }
  }
}
