import Foundation

/// A disk of a few megabytes, in memory, which can be filled and can be made read-only. Only root may mount one.
package final class SmallDisk: Sendable {
  package let path: String

  /// Whether this process may mount disks: asked by trying.
  package static let canMount: Bool = (try? SmallDisk(megabytes: 1)) != nil

  package static let absence = "mounting a small disk takes root's rights"

  package init(megabytes: Int) throws {
    path = FileManager.default.temporaryDirectory.appending(path: "demand-disk-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    do {
      try run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0777", "tmpfs", path)
    } catch {
      rmdir(path)
      throw error
    }
  }

  deinit {
    try? run("umount", "-l", path)
    rmdir(path)
  }

  package func makeReadOnly() throws { try run("mount", "-o", "remount,ro", path) }

  package func file(_ name: String) -> String { path + "/" + name }

  private func run(_ words: String...) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = words
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw PostgreSQLServer.Failure(description: "\(words.joined(separator: " ")) failed")
    }
  }
}
