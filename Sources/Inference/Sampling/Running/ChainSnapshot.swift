/// Everything there is of a chain between two iterations.
struct ChainSnapshot: Sendable {
  let chain: Int
  /// Iterations done.
  var iteration = 0
  /// The kernel's stored state; empty before the start and while a kernel is at work.
  var kernel: [UInt64] = []
  var trace: ChainTrace
  var divergences: [Divergence] = []
  var warmUpEvaluations = 0
  var warmUpSeconds = 0.0
  var samplingSeconds = 0.0
  var tuning = ChainTuning()
  var failure: ChainFailure?

  init(chain: Int, variableCount: Int) {
    self.chain = chain
    trace = ChainTrace(variableCount: variableCount)
  }
}

extension ChainSnapshot: StoredState {
  func store(into words: inout WordWriter) {
    words.write(chain)
    words.write(iteration)
    words.write(kernel.count)
    for word in kernel { words.write(word) }
    trace.store(into: &words)
    words.write(divergences.count)
    for divergence in divergences { divergence.store(into: &words) }
    words.write(warmUpEvaluations)
    words.write(warmUpSeconds)
    words.write(samplingSeconds)
    words.write(tuning.stepSize)
    words.write(tuning.variances)
    words.write(failure != nil)
    if let failure {
      words.write(failure.iteration ?? -1)
      words.write(failure.reason)
    }
  }

  init(from words: inout WordReader) throws(DamagedState) {
    chain = try words.int()
    iteration = try words.int()
    let count = try words.count()
    kernel.reserveCapacity(count)
    for _ in 0..<count { kernel.append(try words.word()) }
    trace = try ChainTrace(from: &words)
    let divergenceCount = try words.count()
    for _ in 0..<divergenceCount { divergences.append(try Divergence(from: &words)) }
    warmUpEvaluations = try words.int()
    warmUpSeconds = try words.double()
    samplingSeconds = try words.double()
    tuning.stepSize = try words.double()
    tuning.variances = try words.doubles()
    if try words.bool() {
      let iteration = try words.int()
      failure = ChainFailure(
        chain: chain, iteration: iteration < 0 ? nil : iteration, reason: try words.string())
    }
  }
}

extension Divergence: StoredState {
  public func store(into words: inout WordWriter) {
    words.write(chain)
    words.write(iteration)
    words.write(isWarmUp)
    words.write(place.start)
    words.write(place.end)
    words.write(place.energyError)
    words.write(place.reason != nil)
    if let reason = place.reason { words.write(reason) }
  }

  public init(from words: inout WordReader) throws(DamagedState) {
    chain = try words.int()
    iteration = try words.int()
    isWarmUp = try words.bool()
    let start = try words.doubles()
    let end = try words.doubles()
    let energyError = try words.double()
    let reason = try words.bool() ? try words.string() : nil
    place = Place(start: start, end: end, energyError: energyError, reason: reason)
  }
}

extension RunIdentity: StoredState {
  func store(into words: inout WordWriter) {
    words.write(sampler)
    words.write(names.count)
    for name in names { words.write(name) }
    words.write(chains)
    words.write(warmUp)
    words.write(thinning)
    words.write(seed)
    words.write(startingPoints.count)
    for point in startingPoints { words.write(point) }
    fingerprint.store(into: &words)
  }

  init(from words: inout WordReader) throws(DamagedState) {
    sampler = try words.string()
    let count = try words.count()
    names = []
    for _ in 0..<count { names.append(try words.string()) }
    chains = try words.int()
    warmUp = try words.int()
    thinning = try words.int()
    seed = try words.word()
    let points = try words.count()
    startingPoints = []
    for _ in 0..<points { startingPoints.append(try words.doubles()) }
    fingerprint = try DensityFingerprint(from: &words)
  }

  /// What sets this run apart from one that was stored, in words; nil where nothing does.
  func difference(from stored: RunIdentity) -> String? {
    if names != stored.names {
      return "it keeps \(stored.names.count) variables, not the same \(names.count)"
    }
    let numbers = [
      ("chains", chains, stored.chains), ("warm-up iterations", warmUp, stored.warmUp),
      ("iterations per draw", thinning, stored.thinning),
    ]
    for (what, mine, its) in numbers where mine != its { return "it has \(its) \(what), not \(mine)" }
    if seed != stored.seed { return "its seed is \(stored.seed), not \(seed)" }
    if sampler != stored.sampler { return "its sampler is \(stored.sampler), not \(sampler)" }
    if startingPoints != stored.startingPoints { return "its starting points differ" }
    return fingerprint.contradicts(stored.fingerprint) ? "its data or model differ" : nil
  }
}
