import Foundation
import SalesStore

/// A load into a database that is thrown away, to show what a mapping would do.
public struct DryRun: Sendable {
  public struct Outcome: Sendable {
    public let record: LoadRecord
    public let refused: [QuarantinedRow]
    /// Whether only the beginning of a file was read.
    public let isPart: Bool
    /// Why a load with these options would not happen, such as too many bad rows; then ``record`` is of one that bears
    /// them.
    public let refusal: IngestError?
  }

  /// Bytes of a file that are read, at most.
  private static let most = 32 << 20

  public let source: String
  public let mapping: SourceMapping
  public let files: DeliveryFiles
  public let options: DeliveryLoad.Options

  public init(source: String, mapping: SourceMapping, files: DeliveryFiles, options: DeliveryLoad.Options) {
    self.source = source
    self.mapping = mapping
    self.files = files
    self.options = options
  }

  /// Loads the files, or their beginnings, with any share of bad rows.
  public func run(_ environment: IngestEnvironment) throws -> Outcome {
    let folder = FileManager.default.temporaryDirectory.appending(path: "demand-dry-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var isPart = false
    var items: [DeliveryFiles.Item] = []
    for (index, item) in files.items.enumerated() {
      guard let path = try Self.beginning(of: item.input, in: folder.appending(path: "\(index)").path) else {
        items.append(item)
        continue
      }
      isPart = true
      items.append(
        .init(role: item.role, table: item.table, input: try InputFile(renaming: item.input.name, path: path)))
    }
    var options = options
    options.badRows = BadRowPolicy(maximumShare: 1)
    let store = try openStore(
      DatabaseURL(path: folder.appending(path: "dry.sqlite").path), mode: .readWrite(create: true),
      now: environment.now())
    let files = DeliveryFiles(items: items, passedOver: self.files.passedOver, unread: self.files.unread)
    let result = try DeliveryLoad(source: source, mapping: mapping, files: files, options: options)
      .run(into: store, environment)
    let refused = try store.quarantine(load: result.record.id, limit: 20)
    try store.close()
    let refusal =
      refused.isEmpty
      ? nil
      : try self.refusal(of: files, at: folder.appending(path: "refused.sqlite").path, environment)
    return Outcome(record: result.record, refused: refused, isPart: isPart, refusal: refusal)
  }

  /// What the load itself, with its own rule for bad rows, says against it.
  private func refusal(
    of files: DeliveryFiles, at path: String, _ environment: IngestEnvironment
  ) throws -> IngestError? {
    let store = try openStore(
      DatabaseURL(path: path), mode: .readWrite(create: true), now: environment.now())
    defer { try? store.close() }
    do throws(IngestError) {
      _ = try DeliveryLoad(source: source, mapping: mapping, files: files, options: options)
        .run(into: store, environment)
      return nil
    } catch {
      guard error.isDeliverysFault else { throw error }
      return error
    }
  }

  /// Copies the beginning of a large file, up to a line's end; nil for one that is small enough.
  private static func beginning(of input: InputFile, in path: String) throws -> String? {
    // Packed files are rarely a tenth of what is in them.
    guard input.size > most / 16 else { return nil }
    let source = try ByteSource(input)
    var bytes = [UInt8](repeating: 0, count: most)
    var filled = 0
    while filled < most {
      let count = try source.read(into: &bytes, at: filled)
      if count == 0 { return nil }
      filled += count
    }
    guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return nil }
    try Data(bytes[...end]).write(to: URL(filePath: path))
    return path
  }
}
