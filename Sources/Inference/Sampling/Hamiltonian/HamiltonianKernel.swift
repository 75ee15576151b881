import NumericKernels

/// A chain of Hamiltonian Monte Carlo: of ``NUTS`` or ``HMC``.
public struct HamiltonianKernel: MarkovKernel {
  enum Path {
    case noUTurn
    case fixedLength
  }

  private var system: HamiltonianSystem
  private var adaptation: HamiltonianAdaptation
  /// Which of the two makes the chain's trajectories.
  private let path: Path
  private var noUTurn: Trajectory
  private var fixedLength: FixedLengthTrajectory
  private let startRadius: Double
  /// The slot of the current point.
  private var place = 0

  init(
    density: some LogDensity, noUTurn: Trajectory, adaptation: HamiltonianAdaptation, startRadius: Double
  ) throws {
    path = .noUTurn
    self.noUTurn = noUTurn
    fixedLength = FixedLengthTrajectory(time: 1, jitter: 0, maximumSteps: 1, maximumEnergyError: 0)
    let slots = Trajectory.slots(maximumDepth: noUTurn.maximumDepth)
    system = HamiltonianSystem(
      evaluator: try density.makeEvaluator(), dimension: density.dimension, places: slots.places,
      motions: slots.motions)
    self.adaptation = adaptation
    self.startRadius = startRadius
  }

  init(
    density: some LogDensity, fixedLength: FixedLengthTrajectory, adaptation: HamiltonianAdaptation,
    startRadius: Double
  ) throws {
    path = .fixedLength
    noUTurn = Trajectory(maximumDepth: 0, maximumEnergyError: 0)
    self.fixedLength = fixedLength
    let slots = FixedLengthTrajectory.slots
    system = HamiltonianSystem(
      evaluator: try density.makeEvaluator(), dimension: density.dimension, places: slots.places,
      motions: slots.motions)
    self.adaptation = adaptation
    self.startRadius = startRadius
  }

  public mutating func start(at point: [Double]?, using streams: ChainStreams) throws {
    var attempt = 0
    while true {
      attempt = try StartingPoint(radius: startRadius).find(
        &system, place: place, at: point, from: attempt, using: streams)
      var (stream, adaptation) = (streams.firstStepSize, adaptation)
      do {
        try adaptation.start(&system, place: place, using: &stream)
        self.adaptation = adaptation
        return
      } catch StepSizeSearchFailure.discontinuous where point == nil && attempt + 1 < StartingPoint.attempts {
        // Where a recursion has run away, say, the density is finite and so large that no step keeps a digit of the
        // energy.
        attempt += 1
      }
    }
  }

  public mutating func step(isWarmUp: Bool, using stream: inout RandomStream) throws -> StepInfo {
    let stepSize = adaptation.stepSize
    let outcome: Trajectory.Outcome
    let start: Int
    switch path {
    case .noUTurn:
      outcome = try noUTurn.transition(&system, stepSize: stepSize, using: &stream)
      place = noUTurn.place
      start = Trajectory.startPlace
    case .fixedLength:
      // A trajectory that diverges leaves the current point's slot alone.
      start = place
      outcome = try fixedLength.transition(&system, stepSize: stepSize, using: &stream)
      place = fixedLength.place
    }
    let count = Double(max(1, outcome.evaluations))
    var info = StepInfo(
      logDensity: system.logDensities[place], acceptance: outcome.sumAcceptance / count, stepSize: stepSize,
      energy: outcome.energy, treeDepth: outcome.depth, evaluations: outcome.evaluations)
    if let divergence = outcome.divergence {
      info.divergence = Divergence.Place(
        start: system.position(start), end: system.position(divergence.place),
        energyError: divergence.energyError, reason: system.lastReason)
    }
    if isWarmUp {
      try adaptation.update(
        &system, place: place, acceptance: info.acceptance,
        symmetricAcceptance: outcome.sumSymmetricAcceptance / count, moved: outcome.moved, using: &stream)
    }
    return info
  }

  public mutating func variables(into values: inout MutableSpan<Double>, using stream: inout RandomStream) throws {
    try system.variables(of: place, into: &values, using: &stream)
  }

  public var tuning: ChainTuning {
    ChainTuning(stepSize: adaptation.stepSize, variances: system.metric.inverseDiagonal)
  }

  public var state: PackedState {
    var words = WordWriter()
    words.write(system.position(place))
    words.write(system.gradient(place))
    words.write(system.logDensities[place])
    system.metric.store(into: &words)
    adaptation.store(into: &words)
    return PackedState(words)
  }

  public mutating func restore(_ state: PackedState) throws {
    var words = state.reader
    let position = try words.doubles()
    let gradient = try words.doubles()
    let n = system.dimension
    guard position.count == n, gradient.count == n else {
      throw DamagedState("a stored position has \(position.count) coordinates, not \(n)")
    }
    for i in 0..<n {
      system.positions[place * n + i] = position[i]
      system.gradients[place * n + i] = gradient[i]
    }
    system.logDensities[place] = try words.double()
    system.metric = try EuclideanMetric(from: &words)
    guard system.metric.dimension == n else { throw DamagedState("a stored metric has the wrong size") }
    try adaptation.restore(from: &words)
  }
}
