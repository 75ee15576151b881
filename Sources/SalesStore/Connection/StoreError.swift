import GRDB

/// What can go wrong with a database, with what would mend it.
public enum StoreError: Error, Hashable, Sendable {
  /// The URL is not understood: a usage error.
  case unsupportedURL(String, reason: String)
  /// There is no database where a command wanted to read one.
  case missingDatabase(path: String)
  /// The file is not an SQLite database.
  case notADatabase(path: String)
  /// An SQLite database, but of another program.
  case foreignDatabase(path: String)
  /// Written by a later version of this program; nothing was touched.
  case newerDatabase(path: String, version: Int, known: Int)
  /// Written by an earlier version, and opened for reading only.
  case olderDatabase(path: String, version: Int, known: Int)
  /// An applied migration is not what the program has under its number.
  case migrationChanged(version: Int, name: String)
  /// The migrations themselves are wrong: names, numbers, an unreadable folder.
  case invalidMigrations(reason: String)
  case migrationFailed(version: Int, name: String, reason: String)
  /// Another process holds the database.
  case busy(path: String)
  /// The file or its folder cannot be written.
  case unwritable(path: String, reason: String)
  /// No sales have been loaded, or none up to the day asked for.
  case noData(reason: String)
  /// A level, product, store or node that the database does not know.
  case unknownName(kind: String, name: String, known: [String])
  case unknownRun(Int)
  /// What was asked cannot be done with this run, such as publishing one that failed.
  case runState(run: Int, reason: String)
  /// Stored bytes do not match their checksum, or cannot be decoded.
  case corrupt(what: String, reason: String)
  /// Masters do not form a tree.
  case hierarchy(String)
  /// Anything else SQLite reports.
  case database(path: String, reason: String)
}

extension StoreError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupportedURL(let url, let reason): "database URL '\(url)': \(reason)"
    case .missingDatabase(let path):
      "there is no database at '\(path)': load data first with `demand ingest`, or name another with --database"
    case .notADatabase(let path):
      "'\(path)' is not an SQLite database: name another file with --database, or move this one away"
    case .foreignDatabase(let path):
      "'\(path)' is an SQLite database of another program: name another file with --database"
    case .newerDatabase(let path, let version, let known):
      "database '\(path)' is at schema version \(version), this program knows \(known): upgrade the program; "
        + "the database was not touched"
    case .olderDatabase(let path, let version, let known):
      "database '\(path)' is at schema version \(version), this program needs \(known): "
        + "run a writing command, such as `demand ingest`, which migrates it"
    case .migrationChanged(let version, let name):
      "migration \(version) (\(name)) differs from the one that built this database: restore the original file, "
        + "and put changes into a new migration"
    case .invalidMigrations(let reason): "migrations cannot be used: \(reason)"
    case .migrationFailed(let version, let name, let reason):
      "migration \(version) (\(name)) failed and was rolled back: \(reason)"
    case .busy(let path):
      "database '\(path)' is held by another process: wait until it is done, then try again"
    case .unwritable(let path, let reason):
      "database '\(path)' cannot be written (\(reason)): check the folder's permissions and free space"
    case .noData(let reason): reason
    case .unknownName(let kind, let name, let known):
      "unknown \(kind) '\(name)'"
        + (known.isEmpty ? "" : ": known are " + known.prefix(8).joined(separator: ", "))
        + (known.count > 8 ? " and \(known.count - 8) more" : "")
    case .unknownRun(let run): "there is no run \(run): `demand runs` lists them"
    case .runState(let run, let reason): "run \(run) \(reason)"
    case .corrupt(let what, let reason):
      "\(what) in the database is damaged (\(reason)): restore a backup; a run is computed anew when it is started again"
    case .hierarchy(let reason): reason
    case .database(let path, let reason): "database '\(path)': \(reason)"
    }
  }
}

extension StoreError {
  /// SQLite's result codes in terms of what the user can do.
  init(_ error: any Error, path: String) {
    if let own = error as? StoreError {
      self = own
      return
    }
    guard let error = error as? DatabaseError else {
      self = .database(path: path, reason: String(describing: error))
      return
    }
    let message = error.message ?? "SQLite error \(error.resultCode.rawValue)"
    self =
      switch error.resultCode {
      case .SQLITE_BUSY, .SQLITE_LOCKED: .busy(path: path)
      case .SQLITE_NOTADB: .notADatabase(path: path)
      case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_FULL, .SQLITE_IOERR:
        .unwritable(path: path, reason: message)
      case .SQLITE_CORRUPT: .corrupt(what: "the file '\(path)'", reason: message)
      default: .database(path: path, reason: message)
      }
  }
}
