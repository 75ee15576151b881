import Synchronization

/// Work done and to do, counted by threads that run side by side and told to a ``RunControl``.
final class WorkTally: Sendable {
  private let state: Mutex<(done: Int, total: Int)>
  private let control: RunControl

  init(total: Int, control: RunControl) {
    state = Mutex((0, total))
    self.control = control
  }

  /// Counts `units` as done.
  func advance(by units: Int = 1) {
    let now = state.withLock { state in
      state.done += units
      return state
    }
    control.progress(now.done, now.total)
  }

  /// Adds work that was not foreseen.
  func extend(by units: Int) { state.withLock { $0.total += units } }

  /// Takes away work that proved needless, and says that all is done.
  func finish() {
    let total = state.withLock { state in
      state.total = state.done
      return state.total
    }
    control.progress(total, total)
  }
}
