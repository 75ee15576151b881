import Foundation
import GRDB

/// A database in one SQLite file, through GRDB.
///
/// Writing opens in WAL with `synchronous=FULL`, so that what was reported survives a power loss.
final class SQLiteDatabase: SQLDatabase {
  private let path: String
  /// Whether this opening made the file.
  private let isNew: Bool
  /// Serialises all access of this process; other processes read along in WAL.
  private let queue: DatabaseQueue

  var dialect: SQLDialect { .sqlite }

  private init(path: String, isNew: Bool, queue: DatabaseQueue) {
    self.path = path
    self.isNew = isNew
    self.queue = queue
  }

  /// Opens a file, after looking at it without touching it.
  static func open(_ path: String, mode: StoreMode, migrator: SchemaMigrator) throws(StoreError) -> SQLiteDatabase {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let size = (attributes?[.size] as? NSNumber)?.intValue
    guard attributes?[.type] as? FileAttributeType != .typeDirectory else {
      throw .unwritable(place: path, reason: "it is a folder")
    }
    let exists = (size ?? 0) > 0
    guard exists || mode == .readWrite(create: true) else { throw .missingDatabase(place: path) }
    if exists, mode != .readOnly {
      let look = SQLiteDatabase(path: path, isNew: false, queue: try connect(path, readOnly: true))
      try migrator.requireUsable(look)
      do { try look.close() } catch { throw look.storeError(error) }
    }
    return SQLiteDatabase(path: path, isNew: size == nil, queue: try connect(path, readOnly: mode == .readOnly))
  }

  private static func connect(_ path: String, readOnly: Bool) throws(StoreError) -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = readOnly
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(10)
    configuration.label = "demand"
    if !readOnly { configuration.journalMode = .wal }
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -65536") }
    do {
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      // GRDB lowers `synchronous` to NORMAL with WAL, which may lose the last commits on power loss.
      if !readOnly { try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") } }
      return queue
    } catch {
      throw storeError(error, path: path)
    }
  }

  func read<T>(_ body: (any SQLConnection) throws -> T) throws -> T {
    try queue.read { try body(SQLiteConnection($0)) }
  }

  /// Takes the one write lock at its start, whatever the scope.
  func write<T>(_ scope: WriteScope, _ body: (any SQLConnection) throws -> T) throws -> T {
    try queue.writeWithoutTransaction { database in
      var result: T?
      try database.inTransaction(.immediate) {
        result = try body(SQLiteConnection(database))
        return .commit
      }
      return result!
    }
  }

  /// A large load leaves a log as large as itself. Readers may hold it; then it shrinks later.
  func settle() {
    try? queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
  }

  func integrityIsOK() throws -> Bool {
    try queue.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") == "ok" }
  }

  func batchLock(holder: String) throws -> any BatchLock { try FileLock(path: path + ".lock", holder: holder) }

  func discardIfCreated() throws {
    guard isNew else { return }
    try close()
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
  }

  func close() throws { try queue.close() }

  func isOwn(_ error: any Error) -> Bool { error is DatabaseError }

  func storeError(_ error: any Error) -> StoreError { Self.storeError(error, path: path) }

  /// SQLite's result codes in terms of what the user can do.
  private static func storeError(_ error: any Error, path: String) -> StoreError {
    if let own = error as? StoreError { return own }
    guard let error = error as? DatabaseError else {
      return .database(place: path, reason: String(describing: error))
    }
    let message = error.message ?? "SQLite error \(error.resultCode.rawValue)"
    return switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED: .busy(place: path)
    case .SQLITE_NOTADB: .notADatabase(place: path)
    case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_FULL, .SQLITE_IOERR:
      .unwritable(place: path, reason: message)
    case .SQLITE_CORRUPT: .corrupt(what: "the file '\(path)'", reason: message)
    default: .database(place: path, reason: message)
    }
  }
}
