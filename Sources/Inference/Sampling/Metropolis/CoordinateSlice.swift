import NumericKernels

/// Slice sampling of one coordinate after the other (Neal 2003): nothing to tune and no gradient, at several
/// evaluations of the whole density for each coordinate.
public struct CoordinateSlice: Sampler, Hashable {
  /// The first bracket's width, adapted in the warm-up to the size of the moves.
  public var width: Double
  /// Random starting points are uniform on this distance from 0 in every coordinate.
  public var startRadius: Double

  public init(width: Double = 1, startRadius: Double = 2) {
    self.width = width
    self.startRadius = startRadius
  }

  /// - Throws: ``SamplingError/invalidSettings(_:)``, or what the density throws.
  public func makeKernel(for density: some LogDensity, warmUp: Int) throws -> CoordinateSliceKernel {
    guard width > 0, width.isFinite else {
      throw SamplingError.invalidSettings("Slice sampling needs a positive, finite width, not \(width).")
    }
    try StartingPoint.check(radius: startRadius, of: "Slice sampling")
    return try CoordinateSliceKernel(density: density, width: width, startRadius: startRadius)
  }
}

/// A chain of ``CoordinateSlice``.
public struct CoordinateSliceKernel: MarkovKernel {
  private var system: HamiltonianSystem
  private var widths: [AdaptiveScale]
  private let startRadius: Double

  init(density: some LogDensity, width: Double, startRadius: Double) throws {
    system = HamiltonianSystem(
      evaluator: try density.makeEvaluator(), dimension: density.dimension, places: 1, motions: 0)
    widths = [AdaptiveScale](repeating: AdaptiveScale(width), count: density.dimension)
    self.startRadius = startRadius
  }

  public mutating func start(at point: [Double]?, using streams: ChainStreams) throws {
    try StartingPoint(radius: startRadius).find(&system, place: 0, at: point, using: streams)
  }

  public mutating func step(isWarmUp: Bool, using stream: inout RandomStream) throws -> StepInfo {
    var evaluations = 0
    var current = system.logDensities[0]
    for i in widths.indices {
      let before = system.positions[i]
      var value = before
      var failure: (any Error)?
      let slice = SliceSampler(width: widths[i].value)
      current = slice.update(&value, current: current, using: &stream) { candidate in
        if failure != nil { return -.infinity }
        evaluations += 1
        system.positions[i] = candidate
        do {
          _ = try system.evaluate(0)
          return system.logDensities[0]
        } catch {
          failure = error
          return -.infinity
        }
      }
      if let failure { throw failure }
      system.positions[i] = value
      if isWarmUp { widths[i].learn(move: value - before) }
    }
    system.logDensities[0] = current
    return StepInfo(logDensity: current, acceptance: 1, evaluations: evaluations)
  }

  public mutating func variables(into values: inout MutableSpan<Double>, using stream: inout RandomStream) throws {
    try system.variables(of: 0, into: &values, using: &stream)
  }

  public var tuning: ChainTuning { ChainTuning() }

  public var state: PackedState {
    var words = WordWriter()
    words.write(system.position(0))
    words.write(system.logDensities[0])
    for width in widths { width.store(into: &words) }
    return PackedState(words)
  }

  public mutating func restore(_ state: PackedState) throws {
    var words = state.reader
    let position = try words.doubles()
    guard position.count == system.dimension else { throw DamagedState("a stored position has the wrong length") }
    system.positions = position
    system.logDensities[0] = try words.double()
    for i in widths.indices { widths[i] = try AdaptiveScale(from: &words) }
  }
}
