import Foundation

/// Writes a retailer's delivery into a directory: every file under a temporary name first, all renamed at the end, so
/// that a reader never sees half a file.
struct DeliveryWriter {
  /// Every file that a simulation may leave behind.
  static let fileNames = [
    "products.csv", "stores.csv", "events.csv", "sales.csv", "truth.json", "truth_series.csv",
  ]

  private let directory: String
  private var pending: [(temporary: String, final: String)] = []

  /// Makes the directory where there is none.
  ///
  /// - Throws: ``RetailerError/directoryNotEmpty(path:found:)`` unless `overwrite`, or
  ///   ``RetailerError/cannotWrite(path:reason:)``.
  init(directory: String, overwrite: Bool) throws(RetailerError) {
    self.directory = directory
    let files = FileManager.default
    var isDirectory: ObjCBool = false
    if files.fileExists(atPath: directory, isDirectory: &isDirectory) && !isDirectory.boolValue {
      throw .cannotWrite(path: directory, reason: "it is a file, not a directory")
    }
    do {
      try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
      let found = try files.contentsOfDirectory(atPath: directory).sorted()
      if let first = found.first, !overwrite { throw RetailerError.directoryNotEmpty(path: directory, found: first) }
    } catch let error as RetailerError {
      throw error
    } catch {
      throw .cannotWrite(path: directory, reason: Self.reason(error))
    }
  }

  /// Writes one file; it gets its name in ``publish()``.
  mutating func file(_ name: String, _ body: (inout ByteBuffer) throws -> Void) throws {
    let path = "\(directory)/\(name)"
    let temporary = "\(directory)/.\(name).\(ProcessInfo.processInfo.processIdentifier).partial"
    pending.append((temporary, path))
    do {
      try Data().write(to: URL(fileURLWithPath: temporary))
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: temporary))
      var buffer = ByteBuffer(handle: handle)
      try body(&buffer)
      try buffer.flush()
      try handle.close()
    } catch let error as CocoaError {
      discard()
      throw RetailerError.cannotWrite(path: path, reason: Self.reason(error))
    } catch let error as POSIXError {
      discard()
      throw RetailerError.cannotWrite(path: path, reason: Self.reason(error))
    } catch {
      discard()
      throw error
    }
  }

  /// Gives all files their names, and removes what an earlier simulation left and this one does not have.
  func publish() throws(RetailerError) {
    for (temporary, final) in pending {
      guard rename(temporary, final) == 0 else {
        let reason = String(cString: strerror(errno))
        discard()
        throw .cannotWrite(path: final, reason: reason)
      }
    }
    let written = Set(pending.map(\.final))
    for name in Self.fileNames where !written.contains("\(directory)/\(name)") {
      try? FileManager.default.removeItem(atPath: "\(directory)/\(name)")
    }
  }

  private func discard() {
    for (temporary, _) in pending { try? FileManager.default.removeItem(atPath: temporary) }
  }

  private static func reason(_ error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
    if let code = (underlying as? POSIXError)?.code ?? (error as? POSIXError)?.code {
      return String(cString: strerror(code.rawValue))
    }
    return error.localizedDescription
  }
}

/// Bytes on their way to a file, handed over a megabyte at a time.
struct ByteBuffer {
  private let handle: FileHandle
  private var bytes: [UInt8] = []
  private static let capacity = 1 << 20

  init(handle: FileHandle) {
    self.handle = handle
    bytes.reserveCapacity(Self.capacity + 4096)
  }

  mutating func append(_ text: some StringProtocol) { bytes.append(contentsOf: text.utf8) }
  mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }
  mutating func append(_ byte: UInt8) { bytes.append(byte) }

  /// A number of 0 or more, in decimal.
  mutating func append(decimal value: Int32) {
    if value >= 10 { append(decimal: value / 10) }
    bytes.append(48 + UInt8(value % 10))
  }

  /// Cents as a price with two decimals.
  mutating func append(cents: Int32) {
    append(decimal: cents / 100)
    bytes.append(46)
    bytes.append(48 + UInt8(cents % 100 / 10))
    bytes.append(48 + UInt8(cents % 10))
  }

  /// Hands the bytes over if there are enough of them; to be called between lines.
  mutating func flushIfFull() throws {
    if bytes.count >= Self.capacity { try flush() }
  }

  mutating func flush() throws {
    try handle.write(contentsOf: bytes)
    bytes.removeAll(keepingCapacity: true)
  }
}
