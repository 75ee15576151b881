import NumericKernels

/// One chain of a Markov chain Monte Carlo method, as the runner drives it: NUTS, HMC, Metropolis, Gibbs alike.
///
/// A kernel owns its scratch space and, after ``start(at:using:)``, allocates nothing in a step that goes well. All its
/// randomness comes from the streams handed in, which are named by seed, chain and iteration; what later steps depend
/// on besides is ``state``. So a chain continues bit for bit from a stored state.
public protocol MarkovKernel: SendableMetatype {
  associatedtype State: StoredState

  /// Everything that later steps depend on: position and adaptation.
  var state: State { get }

  /// Continues from a state that a kernel of the same sampler and density has had.
  mutating func restore(_ state: State) throws

  /// Finds a point to start from, tried again while density or gradient are not finite, and readies the adaptation.
  ///
  /// - Parameters:
  ///   - point: A point to start from; nil draws one.
  ///   - streams: The streams of this chain.
  mutating func start(at point: [Double]?, using streams: ChainStreams) throws

  /// One iteration.
  ///
  /// - Parameters:
  ///   - isWarmUp: Whether the kernel may adapt; the runner calls as many warm-up steps as the kernel was made for.
  ///   - stream: The iteration's randomness.
  mutating func step(isWarmUp: Bool, using stream: inout RandomStream) throws -> StepInfo

  /// What a draw keeps of the current state, in the order of the draws' names.
  mutating func variables(into values: inout MutableSpan<Double>, using stream: inout RandomStream) throws

  /// What the adaptation has arrived at, for reports.
  var tuning: ChainTuning { get }
}

/// A method of sampling any ``LogDensity``: its settings, from which each chain has a kernel made.
public protocol Sampler: Sendable {
  associatedtype Kernel: MarkovKernel

  /// A kernel for one chain.
  ///
  /// - Parameter warmUp: The number of warm-up iterations that the adaptation may plan with.
  func makeKernel(for density: some LogDensity, warmUp: Int) throws -> Kernel
}

/// The random streams of one chain.
public struct ChainStreams: Sendable {
  public let seed: UInt64
  public let chain: Int

  public init(seed: UInt64, chain: Int) {
    self.seed = seed
    self.chain = chain
  }

  /// The stream for the attempt of this number at a starting point.
  public func start(attempt: Int) -> RandomStream { stream(StreamPurpose.start, attempt) }
  /// The stream for the search of a first step size.
  public var firstStepSize: RandomStream { stream(StreamPurpose.firstStepSize, 0) }
  /// The stream of a transition, counted from the warm-up's first.
  public func transition(_ iteration: Int) -> RandomStream { stream(StreamPurpose.transition, iteration) }
  /// The stream for random quantities that an iteration's draw keeps.
  public func variables(_ iteration: Int) -> RandomStream { stream(StreamPurpose.variables, iteration) }

  private func stream(_ purpose: UInt32, _ draw: Int) -> RandomStream {
    RandomStream(seed: seed, purpose: purpose, chain: UInt32(truncatingIfNeeded: chain), draw: UInt64(draw))
  }
}

/// What one step of a kernel did.
public struct StepInfo: Sendable {
  /// The log density of the new state, up to a constant.
  public var logDensity: Double
  /// The step's acceptance: the mean Metropolis probability along a trajectory, or over a sweep's proposals.
  public var acceptance: Double
  /// The leapfrog step or the proposal's scale; NaN where there is none.
  public var stepSize: Double
  /// The Hamiltonian at the new state; NaN for methods without momentum.
  public var energy: Double
  /// Doublings of the trajectory; 0 for methods without.
  public var treeDepth: Int
  /// Evaluations of the density.
  public var evaluations: Int
  /// Where and how the trajectory diverged, if it did.
  public var divergence: Divergence.Place?

  public init(
    logDensity: Double, acceptance: Double, stepSize: Double = .nan, energy: Double = .nan, treeDepth: Int = 0,
    evaluations: Int = 0, divergence: Divergence.Place? = nil
  ) {
    self.logDensity = logDensity
    self.acceptance = acceptance
    self.stepSize = stepSize
    self.energy = energy
    self.treeDepth = treeDepth
    self.evaluations = evaluations
    self.divergence = divergence
  }
}

/// What a chain's adaptation arrived at.
public struct ChainTuning: Sendable, Equatable {
  /// The leapfrog step or the proposal's scale; NaN where there is none.
  public var stepSize: Double
  /// The diagonal of the inverse metric, which approximates the coordinates' posterior variances; empty where there is
  /// no metric.
  public var variances: [Double]

  public init(stepSize: Double = .nan, variances: [Double] = []) {
    self.stepSize = stepSize
    self.variances = variances
  }
}

/// A trajectory whose simulation broke down: the posterior may be curved too sharply there for draws to reach.
public struct Divergence: Sendable, Equatable {
  /// Where a trajectory broke down.
  public struct Place: Sendable, Equatable {
    /// The trajectory's beginning, in the density's coordinates.
    public let start: [Double]
    /// The point of which the energy was off.
    public let end: [Double]
    /// How much the energy had risen; infinite or NaN outside the support.
    public let energyError: Double
    /// The density's own words, where it threw.
    public let reason: String?

    public init(start: [Double], end: [Double], energyError: Double, reason: String?) {
      self.start = start
      self.end = end
      self.energyError = energyError
      self.reason = reason
    }
  }

  /// The chain's number in the run.
  public let chain: Int
  /// The iteration, from 0 at the warm-up's first.
  public let iteration: Int
  public let isWarmUp: Bool
  public let place: Place

  public init(chain: Int, iteration: Int, isWarmUp: Bool, place: Place) {
    self.chain = chain
    self.iteration = iteration
    self.isWarmUp = isWarmUp
    self.place = place
  }
}
