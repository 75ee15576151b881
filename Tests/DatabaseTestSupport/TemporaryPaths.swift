import Foundation
import Synchronization

/// Folders that tests have made and not removed yet. What is left when the tests' process ends goes with it: what statics
/// hold is never released, and neither is what a failed test threw past.
package enum TemporaryPaths {
  private static let paths: Mutex<Set<String>> = {
    atexit { TemporaryPaths.removeAll() }
    return Mutex([])
  }()

  /// Makes a folder of its own in the place for temporary files.
  package static func makeFolder(_ prefix: String) throws -> String {
    let path = FileManager.default.temporaryDirectory.appending(path: "\(prefix)-\(UUID().uuidString)").path
    paths.withLock { _ = $0.insert(path) }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  package static func remove(_ path: String) {
    try? FileManager.default.removeItem(atPath: path)
    // A program that a test started may still have been writing into it: then it is tried again at the end.
    guard !FileManager.default.fileExists(atPath: path) else { return }
    paths.withLock { _ = $0.remove(path) }
  }

  private static func removeAll() {
    for path in paths.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
  }
}
