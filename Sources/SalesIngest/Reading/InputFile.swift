import Foundation
import Synchronization

/// One input: a file, a member of a zip archive, or what came through standard input or a pipe.
///
/// A load reads its input twice, once for its hash and once for its rows; what can be read once only is kept in a
/// temporary file meanwhile.
package struct InputFile: Sendable, Hashable {
  /// As the user knows it: a path, `archive.zip/member.csv`, or `-`.
  package let name: String
  /// Where its bytes are.
  let path: String
  let member: ZipArchive.Member?
  let size: Int
  private let spool: Spool?

  package static let standardInput = "-"

  /// Finds an input by its name.
  ///
  /// - Throws: ``IngestError`` for what is not there, a folder, or an archive of several files.
  package init(_ name: String) throws(IngestError) {
    self.name = name
    if name == Self.standardInput || Self.isPipe(name) {
      let spool = try Spool.shared(name)
      self.spool = spool
      path = spool.path
      member = nil
      size = spool.size
      return
    }
    spool = nil
    let (file, inner) = Self.split(name)
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: file) else { throw .missingFile(name) }
    // Through a link.
    let kind =
      (try? FileManager.default.attributesOfItem(atPath: URL(filePath: file).resolvingSymlinksInPath().path))
      ?? attributes
    guard kind[.type] as? FileAttributeType != .typeDirectory else {
      throw .unreadable(name, reason: "it is a folder; name the file")
    }
    path = file
    guard ZipArchive.isArchive(file) else {
      guard inner == nil else { throw .missingFile(name) }
      member = nil
      size = (kind[.size] as? NSNumber)?.intValue ?? 0
      return
    }
    let archive = try ZipArchive(path: file)
    if let inner {
      guard let found = archive.members.first(where: { $0.name == inner }) else { throw .missingFile(name) }
      member = found
    } else {
      guard archive.members.count == 1 else {
        let names = archive.members.prefix(12).map { "'\(name)/\($0.name)'" }.joined(separator: ", ")
        throw .unreadable(
          name,
          reason: archive.members.isEmpty
            ? "the archive holds no file; deliver it again" : "the archive holds several files; name one of \(names)")
      }
      member = archive.members[0]
    }
    size = member!.packedSize
  }

  /// A file under another name, such as a part of it that was copied.
  init(renaming name: String, path: String) throws(IngestError) {
    let input = try InputFile(path)
    self.name = name
    self.path = path
    member = input.member
    size = input.size
    spool = nil
  }

  private init(archive: String, member: ZipArchive.Member) {
    name = archive + "/" + member.name
    path = archive
    self.member = member
    size = member.packedSize
    spool = nil
  }

  /// Inputs that a name stands for: itself; what a pattern with `*` and `?` matches; the tables of a folder or archive.
  ///
  /// - Parameter wanted: patterns for the names in a folder or archive.
  package static func expand(_ name: String, wanted: [String] = FilePattern.tables) throws(IngestError) -> [InputFile] {
    if name == standardInput { return [try InputFile(name)] }
    if isFolder(name) {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: name)) ?? []
      var found: [InputFile] = []
      for inner in names.sorted() where wanted.contains(where: { FilePattern.matches(inner, $0) }) {
        let path = name + (name.hasSuffix("/") ? "" : "/") + inner
        if !isFolder(path) { found.append(try InputFile(path)) }
      }
      return found
    }
    if FileManager.default.fileExists(atPath: name), ZipArchive.isArchive(name) {
      let archive = try ZipArchive(path: name)
      if archive.members.count == 1 { return [try InputFile(name)] }
      return archive.members.filter { member in wanted.contains { FilePattern.matches(member.name, $0) } }
        .sorted { $0.name < $1.name }.map { InputFile(archive: name, member: $0) }
    }
    let (file, inner) = split(name)
    if let inner, FilePattern.isPattern(inner), ZipArchive.isArchive(file) {
      return try ZipArchive(path: file).members.filter { FilePattern.matches($0.name, inner) }
        .sorted { $0.name < $1.name }.map { InputFile(archive: file, member: $0) }
    }
    if FilePattern.isPattern(name), !FileManager.default.fileExists(atPath: name) {
      let url = URL(filePath: name)
      let folder = name.contains("/") ? url.deletingLastPathComponent().relativePath : "."
      let found = try expand(folder, wanted: [url.lastPathComponent])
      guard !found.isEmpty else { throw .missingFile(name) }
      return found
    }
    return [try InputFile(name)]
  }

  /// Whether it can be read once only, and is kept in a temporary file as long as one of its inputs is.
  var isSpooled: Bool { spool != nil }

  /// Names of the tables in a folder or archive that are no text, and of the archives in a folder, whatever is in them.
  static func workbooks(in name: String) -> [String] {
    let inside: [String]
    if isFolder(name) {
      inside = ((try? FileManager.default.contentsOfDirectory(atPath: name)) ?? []).sorted()
    } else if ZipArchive.isArchive(name) {
      inside = ((try? ZipArchive(path: name)).map { $0.members.map(\.name) } ?? []).sorted()
    } else {
      return []
    }
    return inside.filter { inner in
      FilePattern.workbooks.contains { FilePattern.matches(inner, $0) }
        // A table that is packed by itself is read.
        || FilePattern.matches(inner, "*.zip") && !FilePattern.tables.contains { FilePattern.matches(inner, $0) }
    }.map { name + (name.hasSuffix("/") ? "" : "/") + $0 }
  }

  /// Names of files in the subfolders of a folder, however deep, that fit; a folder's own files are what is read of it.
  static func inSubfolders(of folder: String, wanted: [String]) -> [String] {
    let root = folder.hasSuffix("/") ? folder : folder + "/"
    guard isFolder(folder), let names = FileManager.default.enumerator(atPath: folder) else { return [] }
    var found: [String] = []
    for case let name as String in names where name.contains("/") {
      // A folder of ten thousand others is no delivery.
      if found.count >= 1000 { break }
      if wanted.contains(where: { FilePattern.matches(name, $0) }), !isFolder(root + name) { found.append(root + name) }
    }
    return found.sorted()
  }

  package static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  private static func isPipe(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return status.st_mode & S_IFMT == S_IFIFO || status.st_mode & S_IFMT == S_IFCHR
  }

  /// `archive.zip/member` as the archive and its member.
  private static func split(_ name: String) -> (file: String, inner: String?) {
    if FileManager.default.fileExists(atPath: name) { return (name, nil) }
    var end = name.endIndex
    while let slash = name[..<end].lastIndex(of: "/"), slash > name.startIndex {
      let file = String(name[..<slash])
      if FileManager.default.fileExists(atPath: file), !isFolder(file) {
        return (file, String(name[name.index(after: slash)...]))
      }
      end = slash
    }
    return (name, nil)
  }

  package static func == (one: InputFile, other: InputFile) -> Bool {
    (one.name, one.path, one.member) == (other.name, other.path, other.member)
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// Names of files with `*` for any characters and `?` for one.
package enum FilePattern {
  /// Names of tables.
  package static let tables = ["csv", "tsv", "txt"].flatMap { ["*.\($0)", "*.\($0).gz", "*.\($0).zip"] }

  /// Names of tables that are no text.
  static let workbooks = ["xlsx", "xlsm", "xlsb", "xls", "ods", "parquet", "feather", "orc", "avro"].map { "*.\($0)" }
  /// Names of what may lie beside a delivery and is no part of it.
  static let besides = ["readme*", "licen*", "notes*", "changes*", "changelog*", "*.reason.txt"]

  static func isPattern(_ text: String) -> Bool { text.contains("*") || text.contains("?") }

  /// Whether a file's name, apart from folders before it and capitals, fits a pattern.
  package static func matches(_ name: String, _ pattern: String) -> Bool {
    let name = Array((name.split(separator: "/").last.map(String.init) ?? name).lowercased().utf8)
    let pattern = Array(pattern.lowercased().utf8)
    var (at, in_) = (0, 0)
    var star: (pattern: Int, name: Int)?
    while in_ < name.count {
      if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
        star = (at, in_)
        at += 1
      } else if at < pattern.count, pattern[at] == UInt8(ascii: "?") || pattern[at] == name[in_] {
        at += 1
        in_ += 1
      } else if let back = star {
        star = (back.pattern, back.name + 1)
        (at, in_) = (back.pattern + 1, back.name + 1)
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}

/// A temporary copy of what can be read once only; it goes away with its last user.
private final class Spool: Sendable {
  private struct Weak { weak var spool: Spool? }

  let path: String
  let size: Int

  /// Copies that are in use, by name.
  private static let known = Mutex<[String: Weak]>([:])

  /// The copy that is there, as what was read once is gone, or a new one.
  static func shared(_ name: String) throws(IngestError) -> Spool {
    if let spool = known.withLock({ $0[name]?.spool }) { return spool }
    let spool = try Spool(name)
    known.withLock { $0[name] = Weak(spool: spool) }
    return spool
  }

  private init(_ name: String) throws(IngestError) {
    let url = FileManager.default.temporaryDirectory.appending(path: "demand-input-\(UUID().uuidString)")
    path = url.path
    let input: FileHandle
    if name == InputFile.standardInput {
      input = .standardInput
    } else {
      guard let file = FileHandle(forReadingAtPath: name) else {
        throw .unreadable(name, reason: "it cannot be opened; check its permissions")
      }
      input = file
    }
    var written = 0
    do {
      guard FileManager.default.createFile(atPath: url.path, contents: nil, attributes: [.posixPermissions: 0o600])
      else { throw CocoaError(.fileWriteUnknown) }
      let output = try FileHandle(forWritingTo: url)
      while let data = try input.read(upToCount: 1 << 20), !data.isEmpty {
        try output.write(contentsOf: data)
        written += data.count
      }
      try output.close()
    } catch {
      try? FileManager.default.removeItem(at: url)
      throw .unreadable(
        name, reason: "it cannot be kept in \(url.deletingLastPathComponent().path); make room there or set TMPDIR")
    }
    size = written
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
