import Foundation

/// Output folders are looked at before hours of work, not after them.
enum WritableFolder {
  /// The folder that a file is in.
  static func of(_ file: String) -> String { URL(fileURLWithPath: file).deletingLastPathComponent().path }

  /// Makes sure that files can be made in the folder, which is made where there is none.
  static func require(_ path: String) throws {
    let files = FileManager.default
    do {
      try files.createDirectory(atPath: path, withIntermediateDirectories: true)
      let probe = path + "/.demand-\(ProcessInfo.processInfo.processIdentifier)"
      try Data().write(to: URL(fileURLWithPath: probe))
      try files.removeItem(atPath: probe)
    } catch {
      throw UserError(
        .failed, "cannot write into the folder '\(path)'",
        hint: "name a folder that exists or can be made, and is writable")
    }
  }
}
