import Foundation

/// A folder that goes away with its last reference.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws { path = try TemporaryPaths.makeFolder("demand") }

  deinit { TemporaryPaths.remove(path) }

  package func file(_ name: String) -> String { path + "/" + name }

  @discardableResult
  package func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: file(name)))
    return file(name)
  }

  package func bytes(of name: String) throws -> Data { try Data(contentsOf: URL(filePath: file(name))) }
}
