import Foundation

/// Hands chains to threads in slices, the one that is furthest behind first, and reports progress in between.
///
/// Sendable by this invariant: all variables are touched under the lock only, and a chain is either in `waiting` or
/// `finished`, or with the one thread that took it out.
final class ChainSchedule<Kernel: MarkovKernel>: @unchecked Sendable {
  private let options: SamplingOptions
  private let identity: RunIdentity
  private let started = ContinuousClock.now
  private let deadline: ContinuousClock.Instant?
  private let lock = NSCondition()
  private var waiting: [ChainRun<Kernel>]
  private var finished: [ChainRun<Kernel>]
  private var runningCount = 0
  private let doneAtStart: Int
  /// What each chain has done, as of its last slice.
  private var status: [ChainStatus]
  private var lastProgress: ContinuousClock.Instant
  private var lastCheckpoint: ContinuousClock.Instant
  private var isCheckpointDue = false
  private var checkpointProblem: String?

  private struct ChainStatus {
    var iteration: Int
    var divergences: Int
    var hasFailed: Bool
  }

  /// The time a thread stays with one chain.
  private static var slice: Duration { .milliseconds(20) }

  init(runs: [ChainRun<Kernel>], options: SamplingOptions, identity: RunIdentity) {
    self.options = options
    self.identity = identity
    deadline = options.timeBudget.map { ContinuousClock.now + $0 }
    waiting = runs.filter { !$0.isFinished }
    finished = runs.filter(\.isFinished)
    status = runs.map { Self.status($0, of: options.iterations) }
    doneAtStart = status.reduce(0) { $0 + $1.iteration }
    lastProgress = started
    lastCheckpoint = started
  }

  /// Runs the chains; returns when none is left to run or the run is stopped.
  func work(threads: Int) {
    let workers = DispatchGroup()
    for number in 0..<min(threads, waiting.count) {
      workers.enter()
      let thread = Thread { [self] in
        while let run = take() {
          let sliceEnd = ContinuousClock.now + Self.slice
          run.advance(until: min(sliceEnd, deadline ?? sliceEnd))
          putBack(run)
        }
        workers.leave()
      }
      thread.name = "chains \(number)"
      // As large as a main thread's, for densities that recurse.
      thread.stackSize = 8 << 20
      thread.start()
    }
    workers.wait()
  }

  /// The chains in their order, stored for the last time; and what kept a checkpoint from being written, if anything
  /// did.
  func finish() -> (chains: [ChainSnapshot], checkpointProblem: String?) {
    lock.withLock {
      let runs = (waiting + finished).sorted { $0.chain < $1.chain }
      writeCheckpoint()
      report(force: true)
      return (runs.map { $0.snapshot() }, checkpointProblem)
    }
  }

  private func take() -> ChainRun<Kernel>? {
    lock.withLock {
      while isCheckpointDue {
        if runningCount > 0 {
          lock.wait()
        } else {
          writeCheckpoint()
          isCheckpointDue = false
          lock.broadcast()
        }
      }
      if options.cancellation?.isCancelled == true { return nil }
      if let deadline, ContinuousClock.now >= deadline { return nil }
      // With no chain waiting, every one left has a thread already.
      guard let next = waiting.indices.min(by: { waiting[$0].progress.iteration < waiting[$1].progress.iteration })
      else { return nil }
      runningCount += 1
      return waiting.remove(at: next)
    }
  }

  private func putBack(_ run: ChainRun<Kernel>) {
    lock.withLock {
      runningCount -= 1
      status[run.chain] = Self.status(run, of: options.iterations)
      if run.isFinished { finished.append(run) } else { waiting.append(run) }
      if let checkpoint = options.checkpoint, ContinuousClock.now - lastCheckpoint >= checkpoint.interval {
        isCheckpointDue = true
      }
      if isCheckpointDue { lock.broadcast() }
      report(force: false)
    }
  }

  /// A checkpoint may hold more iterations than are asked for; they do not count.
  private static func status(_ run: ChainRun<Kernel>, of iterations: Int) -> ChainStatus {
    ChainStatus(
      iteration: min(run.progress.iteration, iterations),
      divergences: run.progress.divergences.count { !$0.isWarmUp && $0.iteration < iterations },
      hasFailed: run.progress.failure.map { ($0.iteration ?? 0) < iterations } ?? false)
  }

  // MARK: - Under the lock

  private func writeCheckpoint() {
    guard let checkpoint = options.checkpoint else { return }
    let runs = (waiting + finished).sorted { $0.chain < $1.chain }
    do {
      try RunCheckpoint.write(runs.lazy.map { $0.snapshot() }, identity: identity, to: checkpoint.url)
      checkpointProblem = nil
    } catch {
      checkpointProblem = String(describing: error)
    }
    lastCheckpoint = .now
  }

  private func report(force: Bool) {
    guard let progress = options.progress else { return }
    let now = ContinuousClock.now
    guard force || now - lastProgress >= options.progressInterval else { return }
    lastProgress = now
    let active = status.filter { !$0.hasFailed }
    let done = active.reduce(0) { $0 + $1.iteration }
    let total = active.count * options.iterations
    let elapsed = now - started
    let seconds = elapsed / .seconds(1)
    let rate = seconds > 0 ? Double(max(0, done - doneAtStart)) / seconds : 0
    progress(
      SamplingProgress(
        done: done, total: total, chainsWarmingUp: active.count { $0.iteration < options.warmUp },
        chainsFailed: status.count - active.count, chainsComplete: active.count { $0.iteration >= options.iterations },
        divergences: active.reduce(0) { $0 + $1.divergences }, rate: rate, elapsed: elapsed,
        secondsLeft: rate > 0 ? Double(total - done) / rate : nil))
  }
}
