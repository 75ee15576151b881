import Foundation
import NumericKernels

/// One chain on its way, moved between threads in slices.
final class ChainRun<Kernel: MarkovKernel> {
  let chain: Int
  private let options: SamplingOptions
  private let variableCount: Int
  private let makeKernel: @Sendable () throws -> Kernel
  private var kernel: Kernel?
  private(set) var progress: ChainSnapshot

  init(
    chain: Int, options: SamplingOptions, variableCount: Int, resuming snapshot: ChainSnapshot?,
    makeKernel: @escaping @Sendable () throws -> Kernel
  ) {
    self.chain = chain
    self.options = options
    self.variableCount = variableCount
    self.makeKernel = makeKernel
    progress = snapshot ?? ChainSnapshot(chain: chain, variableCount: variableCount)
  }

  var isFinished: Bool { progress.failure != nil || progress.iteration >= options.iterations }

  /// The chain's present state, to be stored.
  func snapshot() -> ChainSnapshot {
    var snapshot = progress
    if let kernel, snapshot.failure == nil {
      var words = WordWriter()
      kernel.state.store(into: &words)
      snapshot.kernel = words.words
      snapshot.tuning = kernel.tuning
    }
    return snapshot
  }

  /// Runs until the chain is finished, its warm-up is, it is cancelled, or the clock has passed `end`.
  func advance(until end: ContinuousClock.Instant) {
    let cpuStart = ThreadClock.seconds
    let wasWarmUp = progress.iteration < options.warmUp
    defer {
      let seconds = ThreadClock.seconds - cpuStart
      if wasWarmUp { progress.warmUpSeconds += seconds } else { progress.samplingSeconds += seconds }
    }
    do {
      if kernel == nil { try begin() }
      repeat {
        if options.cancellation?.isCancelled == true { return }
        try iterate()
        // A slice ends with the warm-up, so that its time is told apart.
        if wasWarmUp && progress.iteration >= options.warmUp { return }
      } while !isFinished && ContinuousClock.now < end
    } catch {
      progress.failure = ChainFailure(
        chain: chain, iteration: kernel == nil ? nil : progress.iteration, reason: String(describing: error))
      kernel = nil
    }
  }

  private func begin() throws {
    var new = try makeKernel()
    if progress.kernel.isEmpty {
      try new.start(
        at: options.startingPoints?[chain], using: ChainStreams(seed: options.seed, chain: chain))
    } else {
      var words = WordReader(progress.kernel)
      try new.restore(try Kernel.State(from: &words))
      progress.kernel = []
    }
    kernel = new
  }

  private func iterate() throws {
    let iteration = progress.iteration
    let isWarmUp = iteration < options.warmUp
    let streams = ChainStreams(seed: options.seed, chain: chain)
    var stream = streams.transition(iteration)
    // Optional chaining mutates in place.
    guard let info = try kernel?.step(isWarmUp: isWarmUp, using: &stream) else { return }
    if let place = info.divergence {
      progress.divergences.append(
        Divergence(chain: chain, iteration: iteration, isWarmUp: isWarmUp, place: place))
    }
    if isWarmUp {
      progress.warmUpEvaluations += info.evaluations
    } else if (iteration - options.warmUp + 1) % options.thinning == 0 {
      var stream = streams.variables(iteration)
      try progress.trace.append(info) { values in
        try kernel?.variables(into: &values, using: &stream)
      }
    }
    progress.iteration += 1
    if isFinished, let kernel { progress.tuning = kernel.tuning }
  }
}

/// The CPU time of the calling thread.
enum ThreadClock {
  static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}
