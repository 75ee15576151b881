import Dispatch
import Synchronization

/// Runs independent items over a few threads, off Swift's cooperative pool, which long numeric loops would starve.
///
/// Every item writes to its own place, so the result does not depend on the threads.
enum SeriesWorkers {
  /// Output of `body` for every item, in order.
  ///
  /// - Parameters:
  ///   - tally: Where items are counted, if they are.
  ///   - workspace: Made once per worker and handed to all its items.
  /// - Throws: ``Cancelled`` once asked to stop; items under way are finished first.
  static func run<Workspace, Output>(
    count: Int, control: RunControl, tally: WorkTally? = nil,
    workspace: @Sendable () -> Workspace, body: @Sendable (Workspace, Int) -> Output
  ) throws(Cancelled) -> [Output] {
    // Workers write to places of their own; this thread reads after all have ended.
    nonisolated(unsafe) let outputs = UnsafeMutablePointer<Output?>.allocate(capacity: max(1, count))
    outputs.initialize(repeating: nil, count: count)
    defer {
      outputs.deinitialize(count: count)
      outputs.deallocate()
    }
    let next = Atomic<Int>(0)
    let stopped = Atomic<Bool>(false)
    // A few chunks a second at most, and enough of them that no thread waits long for the last.
    let chunk = max(1, min(16, count / (8 * control.threads)))
    DispatchQueue.concurrentPerform(iterations: control.threads) { _ in
      let own = workspace()
      while true {
        if control.isCancelled() { stopped.store(true, ordering: .relaxed) }
        if stopped.load(ordering: .relaxed) { return }
        let first = next.add(chunk, ordering: .relaxed).oldValue
        if first >= count { return }
        let end = min(count, first + chunk)
        for item in first..<end { outputs[item] = body(own, item) }
        tally?.advance(by: end - first)
      }
    }
    if stopped.load(ordering: .relaxed) { throw Cancelled() }
    return (0..<count).map { outputs[$0]! }
  }
}
