import Foundation

/// An advisory lock on a file beside the database, which the kernel frees when the process ends in whatever way.
final class FileLock: BatchLock {
  private let descriptor: Int32

  /// Takes the lock or says who holds it.
  ///
  /// - Parameter path: the lock file; created when absent, and never deleted, since a deleted lock file can be locked
  ///   twice.
  init(path: String, holder: String) throws(StoreError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw .unwritable(place: path, reason: String(cString: strerror(errno)))
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let content = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      close(descriptor)
      let text = content.trimmingCharacters(in: .whitespacesAndNewlines)
      throw .lockHeld(place: path, holder: text.isEmpty ? "unknown process" : text)
    }
    // Who holds it, for the one who finds it held; nothing depends on the text.
    ftruncate(descriptor, 0)
    let text = Array("process \(getpid()), \(holder)\n".utf8)
    _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }
}
