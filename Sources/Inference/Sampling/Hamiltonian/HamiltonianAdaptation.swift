import Foundation
import NumericKernels

/// How the inverse metric is learnt in the warm-up.
public enum MetricAdaptation: Sendable, Hashable {
  /// The unit metric throughout.
  case unit
  /// Stan's: variances of the draws of each window, shrunk towards 1e-3.
  case diagonal
  /// Stan's: the covariance of the draws of each window, shrunk towards a multiple of the identity.
  case dense
  /// nutpie's: from the draws' and the gradients' variances, sqrt(var(x) / var(∇)), renewed after every draw.
  ///
  /// For a normal posterior with any covariance this is the diagonal scaling closest to it in Fisher divergence; it needs
  /// fewer draws than the variances alone, as gradients tell the precision.
  case gradientDiagonal
}

/// Step size and metric of Hamiltonian Monte Carlo during the warm-up.
struct HamiltonianAdaptation: Sendable {
  let metric: MetricAdaptation
  let warmUp: Int
  let target: Double
  /// A step size that is not adapted.
  let fixedStepSize: Double?

  private(set) var iteration = 0
  private(set) var stepSize: Double
  private var averaging: DualAveraging
  private var windows: WarmUpWindows
  /// Moments of draws and gradients: of the window in use, and of the one that will replace it.
  private var draws: RunningMoments
  private var gradients: RunningMoments
  private var laterDraws: RunningMoments
  private var laterGradients: RunningMoments
  private var hasMetric = false
  private var scratch: [Double]

  /// The first guess of a step size.
  private static let firstStepSize = 0.1
  /// A slot for trial points, in which neither kind of trajectory keeps its current point.
  private static let trialPlace = 2

  init(metric: MetricAdaptation, dimension: Int, warmUp: Int, target: Double, fixedStepSize: Double?) {
    self.metric = metric
    self.warmUp = warmUp
    self.target = target
    self.fixedStepSize = fixedStepSize
    stepSize = fixedStepSize ?? Self.firstStepSize
    averaging = DualAveraging(target: target, stepSize: stepSize)
    windows = WarmUpWindows(warmUp: warmUp)
    draws = RunningMoments(dimension: dimension, dense: metric == .dense)
    gradients = RunningMoments(dimension: dimension)
    (laterDraws, laterGradients) = (RunningMoments(dimension: dimension), gradients)
    scratch = [Double](repeating: 0, count: dimension)
  }

  /// Sets the first metric and step size at a starting point.
  mutating func start(_ system: inout HamiltonianSystem, place: Int, using stream: inout RandomStream) throws {
    if usesGradients && warmUp > 0 {
      // The gradient's size is the only hint of a scale there is yet.
      let gradient = system.gradient(place)
      for i in scratch.indices {
        scratch[i] = gradient[i] == 0 ? 1 : min(1e10, max(1e-10, 1 / abs(gradient[i])))
      }
      system.metric.set(variances: scratch)
      addMoments(system, place)
    }
    guard fixedStepSize == nil else { return }
    try searchStepSize(&system, place: place, using: &stream)
  }

  /// Learns from a warm-up step.
  mutating func update(
    _ system: inout HamiltonianSystem, place: Int, acceptance: Double, symmetricAcceptance: Double, moved: Bool,
    using stream: inout RandomStream
  ) throws {
    defer { iteration += 1 }
    guard iteration < warmUp else { return }
    let isLate = usesGradients && iteration + Self.laterWindow > gradientEnd
    averaging.update(acceptance: isLate ? symmetricAcceptance : acceptance)
    let isNew = usesGradients ? updateFromGradients(&system, place, moved) : updateFromWindow(&system, place)
    if iteration == warmUp - 1 {
      if fixedStepSize == nil { stepSize = averaging.meanStepSize }
    } else if isNew && (!usesGradients || !hasMetric) {
      hasMetric = true
      if fixedStepSize == nil { try? searchStepSize(&system, place: place, using: &stream) }
    } else if fixedStepSize == nil {
      stepSize = averaging.stepSize
    }
  }

  private var usesGradients: Bool {
    metric == .gradientDiagonal
  }

  // MARK: - Windows of draws

  private mutating func updateFromWindow(_ system: inout HamiltonianSystem, _ place: Int) -> Bool {
    guard metric != .unit, windows.first <= iteration, iteration < windows.end else { return false }
    let n = system.dimension
    draws.add(system.positions.span.extracting((place * n)..<((place + 1) * n)))
    guard windows.closings.contains(iteration) else { return false }
    defer { draws.reset() }
    let weight = Double(draws.count) / (Double(draws.count) + 5)
    let floor = 1e-3 * (1 - weight)
    if metric == .dense {
      var covariance = [Double](repeating: 0, count: n * n)
      for i in 0..<n {
        for j in 0..<n { covariance[i * n + j] = weight * draws.covariance(i, j) + (i == j ? floor : 0) }
      }
      // A covariance that cannot be factored, such as of an unbounded coordinate, leaves the metric as it was.
      do throws(NotPositiveDefinite) { try system.metric.set(covariance: covariance) } catch { return false }
    } else {
      for i in 0..<n {
        scratch[i] = weight * draws.variance(i) + floor
        if !scratch[i].isFinite { return false }
      }
      system.metric.set(variances: scratch)
    }
    return true
  }

  // MARK: - Draws and gradients

  /// Draws that a window of the early and of the later warm-up must hold before it takes over.
  private static let (earlyWindow, laterWindow) = (10, 80)
  /// The share of the warm-up with short windows, and the last share, in which only the step size is adapted.
  private static let (earlyShare, finalShare) = (0.3, 0.15)

  private var gradientEnd: Int { warmUp - Int(Self.finalShare * Double(warmUp)) }

  private mutating func addMoments(_ system: HamiltonianSystem, _ place: Int) {
    let n = system.dimension
    let range = (place * n)..<((place + 1) * n)
    draws.add(system.positions.span.extracting(range))
    laterDraws.add(system.positions.span.extracting(range))
    gradients.add(system.gradients.span.extracting(range))
    laterGradients.add(system.gradients.span.extracting(range))
  }

  private mutating func updateFromGradients(_ system: inout HamiltonianSystem, _ place: Int, _ moved: Bool) -> Bool {
    guard iteration < gradientEnd else { return false }
    if moved { addMoments(system, place) }
    let window = iteration < Int(Self.earlyShare * Double(warmUp)) ? Self.earlyWindow : Self.laterWindow
    if laterDraws.count >= window && iteration + window <= gradientEnd {
      swap(&draws, &laterDraws)
      swap(&gradients, &laterGradients)
      laterDraws.reset()
      laterGradients.reset()
    } else if !moved {
      return false
    }
    guard draws.count >= 3 else { return false }
    for i in scratch.indices {
      let ratio = (draws.variance(i) / gradients.variance(i)).squareRoot()
      // A coordinate that does not move, or whose gradient does not change, keeps its scale.
      scratch[i] = ratio > 0 && ratio.isFinite ? min(1e20, max(1e-20, ratio)) : system.metric.variances[i]
    }
    system.metric.set(variances: scratch)
    return true
  }

  // MARK: - Step size

  /// Doubles or halves the step until one leapfrog step's acceptance crosses the target, then begins averaging there.
  ///
  /// - Throws: ``StepSizeSearchFailure`` where no size will do.
  private mutating func searchStepSize(
    _ system: inout HamiltonianSystem, place: Int, using stream: inout RandomStream
  ) throws {
    var step = stepSize.isFinite && stepSize > 0 ? stepSize : Self.firstStepSize
    var grows: Bool?
    precondition(place != Self.trialPlace)
    while true {
      let start = system.begin(at: place, motion: 0, using: &stream)
      let energy = try system.leapfrog(
        fromPlace: place, motion: 0, toPlace: Self.trialPlace, motion: 1, step: step)
      let accepts = start - energy > log(target)
      if let grows, grows != accepts { break }
      grows = accepts
      step *= accepts ? 2 : 0.5
      if step > 1e7 { throw StepSizeSearchFailure.improper }
      if step < 1e-16 { throw StepSizeSearchFailure.discontinuous(system.lastReason) }
    }
    stepSize = step
    averaging.restart(stepSize: step)
  }
}

/// Why no step size could be found at a starting point.
enum StepSizeSearchFailure: Error, Equatable, CustomStringConvertible {
  case improper
  case discontinuous(String?)

  var description: String {
    switch self {
    case .improper:
      return "The density does not fall off, however long the leapfrog step: the posterior seems improper. Give every "
        + "parameter a proper prior."
    case .discontinuous(let reason):
      return "No leapfrog step is short enough: the density is discontinuous at the starting point, or its gradient "
        + "wrong" + (reason.map { " (\($0))" } ?? "") + "."
    }
  }
}

extension HamiltonianAdaptation {
  /// Writes what changes during a run; the settings come from the sampler.
  func store(into words: inout WordWriter) {
    words.write(iteration)
    words.write(stepSize)
    words.write(hasMetric)
    averaging.store(into: &words)
    // Once the warm-up is over, moments are of no use.
    let learns = iteration < warmUp
    words.write(learns)
    if learns { for moments in [draws, gradients, laterDraws, laterGradients] { moments.store(into: &words) } }
  }

  /// Reads what ``store(into:)`` wrote for the same settings.
  mutating func restore(from words: inout WordReader) throws(DamagedState) {
    iteration = try words.int()
    stepSize = try words.double()
    hasMetric = try words.bool()
    averaging = try DualAveraging(from: &words)
    guard try words.bool() else { return }
    draws = try RunningMoments(from: &words)
    gradients = try RunningMoments(from: &words)
    laterDraws = try RunningMoments(from: &words)
    laterGradients = try RunningMoments(from: &words)
    for moments in [draws, gradients, laterDraws, laterGradients] where moments.mean.count != scratch.count {
      throw DamagedState("stored moments have the wrong length")
    }
  }
}
