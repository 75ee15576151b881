import Foundation
import GRDBSQLite

/// What lies on the disk of an SQLite database: its file, and those that SQLite keeps beside it.
struct SQLiteFiles {
  let path: String

  init(_ path: String) { self.path = path }

  /// Changes whenever somebody writes.
  struct State: Sendable, Equatable {
    let size: Int
    let modified: Date
  }

  var isFolder: Bool { attributes(path)?[.type] as? FileAttributeType == .typeDirectory }

  var isReadable: Bool { FileManager.default.isReadableFile(atPath: path) }

  /// Bytes of the file; nil where there is none.
  var size: Int? { Self.size(attributes(path)) }

  var state: State? {
    let found = attributes(path)
    guard let size = Self.size(found), let modified = found?[.modificationDate] as? Date else { return nil }
    return State(size: size, modified: modified)
  }

  /// Whether a log holds changes that are not in the file.
  var hasLog: Bool { (Self.size(attributes(path + "-wal")) ?? 0) > 0 }

  /// Whether a rollback journal is there: a write is under way, or was interrupted.
  var hasJournal: Bool { (Self.size(attributes(path + "-journal")) ?? 0) > 0 }

  /// A URI by which SQLite reads the file without locks or files beside it, which is right only while nobody writes.
  var immutableURI: String { URL(filePath: path).absoluteString + "?immutable=1" }

  /// Whether this build of SQLite takes URIs where it is not asked to; Debian's and Apple's do.
  static var understandsURIs: Bool { sqlite3_compileoption_used("USE_URI") == 1 }

  private func attributes(_ path: String) -> [FileAttributeKey: Any]? {
    try? FileManager.default.attributesOfItem(atPath: path)
  }

  private static func size(_ attributes: [FileAttributeKey: Any]?) -> Int? {
    (attributes?[.size] as? NSNumber)?.intValue
  }
}
