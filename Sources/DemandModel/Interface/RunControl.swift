/// How a long computation reports to, and is stopped by, whoever started it. It never changes a result.
public struct RunControl: Sendable {
  /// Worker threads, at least 1.
  public var threads: Int
  /// Called from any thread with units of work done and their total; must return quickly.
  public var progress: @Sendable (_ done: Int, _ total: Int) -> Void
  /// Asked between units of work; once true, the computation throws ``Cancelled``.
  public var isCancelled: @Sendable () -> Bool

  public init(
    threads: Int = 1, progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.threads = max(1, threads)
    self.progress = progress
    self.isCancelled = isCancelled
  }
}

/// The computation was stopped on request; nothing it had begun is to be used.
public struct Cancelled: Error, Hashable, Sendable {
  public init() {}
}

/// The purposes that random streams are keyed by, so that no two uses of a seed ever share numbers.
public enum StreamPurpose: UInt32, Sendable {
  case stage1 = 1
  case seriesSampling = 2
  case hyperprior = 3
  case drawSelection = 4
  case sharedShocks = 5
  case seriesPaths = 6
  case priorSimulation = 7
  case retailSimulation = 8
  case probabilityTransform = 9
}
