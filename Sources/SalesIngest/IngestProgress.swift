import Foundation

/// How far a load is.
public struct IngestProgress: Sendable, Hashable {
  public enum Stage: String, Sendable, Hashable { case checking, loading }

  public var stage: Stage
  /// The file being read.
  public var file: String
  /// Bytes on disk done and in all, over the files of this stage.
  public var bytesDone: Int
  public var bytesTotal: Int
  /// Rows read so far.
  public var rows: Int
}

/// What a load asks of its caller: the clock, whether to stop, and where to report.
public struct IngestEnvironment {
  public var now: () -> Date
  public var isCancelled: () -> Bool
  public var progress: (IngestProgress) -> Void

  public init(
    now: @escaping () -> Date, isCancelled: @escaping () -> Bool = { false },
    progress: @escaping (IngestProgress) -> Void = { _ in }
  ) {
    self.now = now
    self.isCancelled = isCancelled
    self.progress = progress
  }
}

/// Bookkeeping of progress over several files; reports about every 4,096 rows.
struct ProgressMeter {
  let environment: IngestEnvironment
  let total: Int
  var stage = IngestProgress.Stage.checking
  private var finishedBytes = 0
  private(set) var rows = 0

  init(environment: IngestEnvironment, total: Int) {
    self.environment = environment
    self.total = total
  }

  mutating func begin(_ stage: IngestProgress.Stage) {
    self.stage = stage
    finishedBytes = 0
  }

  /// Counts a row.
  mutating func row(_ source: ByteSource) throws(IngestError) {
    rows += 1
    if rows % 4096 == 0 { try report(source) }
  }

  func report(_ source: ByteSource) throws(IngestError) {
    guard !environment.isCancelled() else { throw .cancelled }
    environment.progress(
      IngestProgress(
        stage: stage, file: source.path, bytesDone: finishedBytes + source.position, bytesTotal: total, rows: rows))
  }

  mutating func finish(_ source: ByteSource) throws(IngestError) {
    finishedBytes += source.size
    guard !environment.isCancelled() else { throw .cancelled }
    environment.progress(
      IngestProgress(stage: stage, file: source.path, bytesDone: finishedBytes, bytesTotal: total, rows: rows))
  }
}
