import NumericKernels

/// Gibbs sampling: a state of named numbers, and blocks that each redraw some of them given the others (Geman and Geman
/// 1984), by conjugacy, slice sampling or Metropolis.
///
///     let mean = GibbsBlock.conjugate("mu", 0..<1) { state, _ in
///       Conjugate.normalMean(priorMean: 0, priorVariance: 100, sum: sum, count: n, variance: state[1])
///     }
public struct Gibbs: Sendable {
  /// Names of the state's numbers, all different.
  public let names: [String]
  /// The blocks in the order of a sweep.
  public let blocks: [GibbsBlock]
  private let start: @Sendable (inout RandomStream) -> [Double]
  private let logDensity: (@Sendable ([Double]) -> Double)?
  private let identity: String

  /// - Parameters:
  ///   - names: Names of the state's numbers, all different.
  ///   - blocks: Blocks that between them replace every number.
  ///   - logDensity: The log density of a state up to a constant, for the statistics of the fit; nil leaves it NaN.
  ///   - start: A state to start from, such as a draw from the prior.
  /// - Throws: ``SamplingError/invalidSettings(_:)`` for numbers that no block replaces.
  public init(
    names: [String], blocks: [GibbsBlock], logDensity: (@Sendable ([Double]) -> Double)? = nil,
    start: @escaping @Sendable (inout RandomStream) -> [Double]
  ) throws(SamplingError) {
    guard Set(names).count == names.count, !names.isEmpty else {
      throw .invalidSettings("Gibbs sampling needs names, all different.")
    }
    for block in blocks where block.coordinates.lowerBound < 0 || block.coordinates.upperBound > names.count {
      throw .invalidSettings(
        "Block \(block.name) replaces \(block.coordinates), but the state has \(names.count) numbers.")
    }
    for block in blocks {
      if let problem = block.problem { throw .invalidSettings("Block \(block.name) \(problem).") }
    }
    for i in names.indices where !blocks.contains(where: { $0.coordinates.contains(i) }) {
      throw .invalidSettings("No block replaces \(names[i]).")
    }
    self.names = names
    self.blocks = blocks
    self.logDensity = logDensity
    self.start = start
    identity = "Gibbs(" + blocks.map { "\($0.name) \($0.coordinates)" }.joined(separator: ", ") + ")"
  }

  /// Runs parallel chains; blocks the calling thread.
  ///
  /// Starting points of the options replace the start given here.
  public func sample(_ options: SamplingOptions) throws -> Fit {
    try ChainRunner(options).run(names: names, identity: identity, fingerprint: fingerprint(options)) { makeKernel() }
  }

  private func makeKernel() -> GibbsKernel {
    GibbsKernel(blocks: blocks, count: names.count, logDensity: logDensity, startState: start)
  }

  /// What a few sweeps from a start that is always the same come to.
  private func fingerprint(_ options: SamplingOptions) -> DensityFingerprint {
    var fingerprint = DensityFingerprint()
    var kernel = makeKernel()
    let streams = ChainStreams(seed: DensityFingerprint.seed, chain: 0)
    // Where a sweep throws, the ones before are compared, and the chains tell of it.
    guard (try? kernel.start(at: options.startingPoints?.first, using: streams)) != nil else { return fingerprint }
    for sweep in 0..<5 {
      var stream = streams.transition(sweep)
      guard let mark = try? kernel.mark(using: &stream) else { return fingerprint }
      fingerprint.set(mark, at: sweep)
    }
    return fingerprint
  }
}

/// A chain of ``Gibbs``.
public struct GibbsKernel: MarkovKernel {
  private let blocks: [GibbsBlock]
  private let count: Int
  private let logDensity: (@Sendable ([Double]) -> Double)?
  private let startState: @Sendable (inout RandomStream) -> [Double]
  private var context: GibbsBlock.Context
  /// Where each block's memory begins.
  private let memories: [Range<Int>]

  init(
    blocks: [GibbsBlock], count: Int, logDensity: (@Sendable ([Double]) -> Double)?,
    startState: @escaping @Sendable (inout RandomStream) -> [Double]
  ) {
    self.blocks = blocks
    self.count = count
    self.logDensity = logDensity
    self.startState = startState
    var memory: [AdaptiveScale] = []
    var memories: [Range<Int>] = []
    for block in blocks {
      memories.append(memory.count..<(memory.count + block.memoryCount))
      memory += [AdaptiveScale](repeating: AdaptiveScale(block.firstScale), count: block.memoryCount)
    }
    self.memories = memories
    context = GibbsBlock.Context(state: [], memory: memory)
  }

  public mutating func start(at point: [Double]?, using streams: ChainStreams) throws {
    var reason = ""
    for attempt in 0..<(point == nil ? StartingPoint.attempts : 1) {
      var stream = streams.start(attempt: attempt)
      context.state = point ?? startState(&stream)
      guard context.state.count == count else {
        throw SamplingError.startingPointImpossible(reason: "it has \(context.state.count) numbers, not \(count)")
      }
      guard context.state.allSatisfy(\.isFinite) else {
        reason = "a number is not finite"
        continue
      }
      let value = logDensity?(context.state) ?? 0
      if value.isFinite { return }
      reason = "the log density is \(value)"
    }
    if point != nil { throw SamplingError.startingPointImpossible(reason: reason) }
    throw SamplingError.noStartingPoint(attempts: StartingPoint.attempts, lastReason: reason)
  }

  public mutating func step(isWarmUp: Bool, using stream: inout RandomStream) throws -> StepInfo {
    context.isWarmUp = isWarmUp
    context.acceptance = 0
    context.proposals = 0
    for (block, memory) in zip(blocks, memories) {
      try block.update(&context, memory, &stream)
      guard context.state.count == count else {
        throw GibbsFailure(reason: "Block \(block.name) left a state of \(context.state.count) numbers, not \(count).")
      }
      for i in block.coordinates where !context.state[i].isFinite {
        throw GibbsFailure(
          reason:
            "Block \(block.name) drew \(ParameterWords.number(context.state[i])) for its coordinate \(i - block.coordinates.lowerBound); "
            + "check the parameters of its conditional.")
      }
    }
    return StepInfo(
      logDensity: logDensity?(context.state) ?? .nan,
      acceptance: context.proposals == 0 ? 1 : context.acceptance / Double(context.proposals))
  }

  /// A checksum of the state, a sweep from there and the densities evaluated in it.
  fileprivate mutating func mark(using stream: inout RandomStream) throws -> WordChecksum {
    var mark = WordChecksum()
    for number in context.state { mark.add(number) }
    context.evaluations = mark
    defer { context.evaluations = nil }
    mark.add(try step(isWarmUp: true, using: &stream).logDensity)
    if let evaluations = context.evaluations { mark.add(evaluations.value) }
    for number in context.state { mark.add(number) }
    return mark
  }

  public mutating func variables(into values: inout MutableSpan<Double>, using stream: inout RandomStream) throws {
    for i in values.indices { values[i] = context.state[i] }
  }

  public var tuning: ChainTuning { ChainTuning() }

  public var state: PackedState {
    var words = WordWriter()
    words.write(context.state)
    for memory in context.memory { memory.store(into: &words) }
    return PackedState(words)
  }

  public mutating func restore(_ state: PackedState) throws {
    var words = state.reader
    context.state = try words.doubles()
    guard context.state.count == count else { throw DamagedState("a stored state has the wrong length") }
    for i in context.memory.indices { context.memory[i] = try AdaptiveScale(from: &words) }
  }
}

/// A block that cannot draw.
struct GibbsFailure: Error, Equatable, CustomStringConvertible {
  let reason: String

  var description: String { reason }
}
