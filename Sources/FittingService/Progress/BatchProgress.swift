/// Where long work says how far it is. Implementations draw bars, print lines, or keep silent.
///
/// Stages of one piece of work follow one another; `advance` may be called from any thread and as often as is
/// convenient, the receiver decides how often to show it.
public protocol BatchProgress: Sendable {
  /// A stage of `total` steps starts; zero when the number is not known beforehand.
  func begin(_ stage: String, total: Int)
  /// `done` of `total` steps of the stage are finished, counted from its beginning; the total may have grown since.
  func advance(_ stage: String, done: Int, total: Int)
  func end(_ stage: String)
}

/// Progress that nobody watches.
public struct SilentProgress: BatchProgress {
  public init() {}
  public func begin(_ stage: String, total: Int) {}
  public func advance(_ stage: String, done: Int, total: Int) {}
  public func end(_ stage: String) {}
}
