/// The no-U-turn sampler (Hoffman and Gelman 2014) with multinomial sampling and the generalised criterion (Betancourt
/// 2017): Hamiltonian Monte Carlo whose trajectories end where they begin to turn back.
public struct NUTS: Sampler, Hashable {
  /// How the metric is learnt in the warm-up.
  public var metric: MetricAdaptation
  /// The mean acceptance that the step size is adapted to; higher takes shorter steps, which helps against divergences.
  public var targetAcceptance: Double
  /// The most doublings; a trajectory of 2^10 steps is cut short.
  public var maximumDepth: Int
  /// The rise of energy above which a trajectory counts as divergent.
  public var maximumEnergyError: Double
  /// A step size to keep instead of adapting one.
  public var stepSize: Double?
  /// Random starting points are uniform on this distance from 0 in every coordinate.
  public var startRadius: Double

  public init(
    metric: MetricAdaptation = .gradientDiagonal, targetAcceptance: Double = 0.8, maximumDepth: Int = 10,
    maximumEnergyError: Double = 1000, stepSize: Double? = nil, startRadius: Double = 2
  ) {
    self.metric = metric
    self.targetAcceptance = targetAcceptance
    self.maximumDepth = maximumDepth
    self.maximumEnergyError = maximumEnergyError
    self.stepSize = stepSize
    self.startRadius = startRadius
  }

  /// - Throws: ``SamplingError/invalidSettings(_:)``, or what the density throws.
  public func makeKernel(for density: some LogDensity, warmUp: Int) throws -> HamiltonianKernel {
    guard (1...20).contains(maximumDepth) else {
      throw SamplingError.invalidSettings("NUTS needs a maximum depth from 1 to 20, not \(maximumDepth).")
    }
    try checkHamiltonian("NUTS", targetAcceptance, maximumEnergyError, stepSize, startRadius)
    return try HamiltonianKernel(
      density: density,
      noUTurn: Trajectory(maximumDepth: maximumDepth, maximumEnergyError: maximumEnergyError),
      adaptation: HamiltonianAdaptation(
        metric: metric, dimension: density.dimension, warmUp: warmUp, target: targetAcceptance,
        fixedStepSize: stepSize),
      startRadius: startRadius)
  }
}

/// Hamiltonian Monte Carlo with trajectories of one length (Duane et al. 1987; Neal 2011).
///
/// Where the length suits the target it is cheaper than ``NUTS``, whose trajectories find their length themselves.
public struct HMC: Sampler, Hashable {
  public var metric: MetricAdaptation
  /// The mean acceptance that the step size is adapted to.
  public var targetAcceptance: Double
  /// The trajectories' length in time, on the scale of the metric: π/2 carries a standard normal to an independent point.
  public var time: Double
  /// The share by which lengths vary at random to either side, against periods.
  public var jitter: Double
  /// The most leapfrog steps of a trajectory.
  public var maximumSteps: Int
  /// The rise of energy above which a trajectory counts as divergent.
  public var maximumEnergyError: Double
  /// A step size to keep instead of adapting one.
  public var stepSize: Double?
  /// Random starting points are uniform on this distance from 0 in every coordinate.
  public var startRadius: Double

  public init(
    metric: MetricAdaptation = .gradientDiagonal, targetAcceptance: Double = 0.8, time: Double = .pi / 2,
    jitter: Double = 0.25, maximumSteps: Int = 1024, maximumEnergyError: Double = 1000, stepSize: Double? = nil,
    startRadius: Double = 2
  ) {
    self.metric = metric
    self.targetAcceptance = targetAcceptance
    self.time = time
    self.jitter = jitter
    self.maximumSteps = maximumSteps
    self.maximumEnergyError = maximumEnergyError
    self.stepSize = stepSize
    self.startRadius = startRadius
  }

  /// - Throws: ``SamplingError/invalidSettings(_:)``, or what the density throws.
  public func makeKernel(for density: some LogDensity, warmUp: Int) throws -> HamiltonianKernel {
    guard time > 0, time.isFinite, maximumSteps >= 1, (0..<1).contains(jitter) else {
      throw SamplingError.invalidSettings("HMC needs a positive time, at least one step and a jitter below 1.")
    }
    try checkHamiltonian("HMC", targetAcceptance, maximumEnergyError, stepSize, startRadius)
    return try HamiltonianKernel(
      density: density,
      fixedLength: FixedLengthTrajectory(
        time: time, jitter: jitter, maximumSteps: maximumSteps, maximumEnergyError: maximumEnergyError),
      adaptation: HamiltonianAdaptation(
        metric: metric, dimension: density.dimension, warmUp: warmUp, target: targetAcceptance,
        fixedStepSize: stepSize),
      startRadius: startRadius)
  }
}

/// Refuses settings with which no trajectory can be followed.
private func checkHamiltonian(
  _ name: String, _ targetAcceptance: Double, _ maximumEnergyError: Double, _ stepSize: Double?, _ startRadius: Double
) throws(SamplingError) {
  guard targetAcceptance > 0, targetAcceptance < 1 else {
    throw .invalidSettings("\(name) needs a target of acceptance between 0 and 1, not \(targetAcceptance).")
  }
  if let stepSize, !(stepSize > 0 && stepSize.isFinite) {
    throw .invalidSettings("\(name) needs a positive, finite step size, not \(stepSize).")
  }
  try StartingPoint.check(radius: startRadius, of: name)
  guard maximumEnergyError > 0 else {
    throw .invalidSettings("\(name) needs a positive greatest error of the energy, not \(maximumEnergyError).")
  }
}
