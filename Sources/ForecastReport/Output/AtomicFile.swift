import Foundation

/// An output file that could not be written: which, why, and what would mend it.
public struct OutputError: Error, Hashable, Sendable, CustomStringConvertible {
  public let path: String
  public let reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  public var description: String {
    "cannot write '\(path)': \(reason); check that the folder exists, is writable and has space left"
  }
}

/// Files that readers see whole or not at all.
public enum AtomicFile {
  /// Writes a file under a temporary name beside `url`, makes it durable, and renames it over `url`.
  ///
  /// A symbolic link stays, and the file that it points to is written. What is there and is no file, such as a pipe or a
  /// device, cannot be replaced and is written to directly.
  ///
  /// Whatever `body` throws is passed on, the temporary file is removed, and a file already at `url` stays as it was.
  ///
  /// - Parameters:
  ///   - url: where the file shall stand; its folder must exist.
  ///   - body: receives a function that appends bytes.
  /// - Throws: ``OutputError``, or what `body` throws.
  public static func write(to url: URL, _ body: (@escaping (_ bytes: [UInt8]) throws -> Void) throws -> Void) throws {
    let url = url.resolvingSymlinksInPath()
    var status = stat()
    if stat(url.path, &status) == 0, status.st_mode & S_IFMT != S_IFREG, status.st_mode & S_IFMT != S_IFDIR {
      return try writeDirectly(to: url, body)
    }
    let name = ".\(url.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier).part"
    let temporary = url.deletingLastPathComponent().appendingPathComponent(name)
    let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw OutputError(path: url.path, reason: String(cString: strerror(errno))) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try body { bytes in
        try reported(at: url) { try handle.write(contentsOf: bytes) }
      }
      try reported(at: url) {
        try handle.synchronize()
        try handle.close()
      }
      guard rename(temporary.path, url.path) == 0 else {
        throw OutputError(path: url.path, reason: String(cString: strerror(errno)))
      }
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw error
    }
  }

  private static func writeDirectly(
    to url: URL, _ body: (@escaping (_ bytes: [UInt8]) throws -> Void) throws -> Void
  ) throws {
    let descriptor = open(url.path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw OutputError(path: url.path, reason: String(cString: strerror(errno))) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try body { bytes in
      try reported(at: url) { try handle.write(contentsOf: bytes) }
    }
    try reported(at: url) { try handle.close() }
  }

  private static func reported(at url: URL, _ action: () throws -> Void) throws {
    do { try action() } catch { throw OutputError(path: url.path, reason: error.localizedDescription) }
  }
}
