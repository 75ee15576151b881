import Foundation
import GRDB
import GRDBSQLite
import Synchronization

/// A database in one SQLite file, through GRDB.
///
/// Writing opens in WAL with `synchronous=FULL`, so that what was reported survives a power loss.
final class SQLiteDatabase: SQLDatabase {
  private let path: String
  /// Whether this opening made the file.
  private let isNew: Bool
  /// Serialises all access of this process; other processes read along in WAL. Used through ``access(_:)`` only.
  private let queue: DatabaseQueue
  private let usage = Mutex(Usage())
  /// The file's state as it was opened, where it is read without locks.
  private let frozen: SQLiteFiles.State?

  /// Whether the queue may be used, and by how many it is.
  private struct Usage {
    var isClosed = false
    var users = 0
  }

  var dialect: SQLDialect { .sqlite }

  private init(path: String, isNew: Bool, queue: DatabaseQueue, frozen: SQLiteFiles.State? = nil) {
    self.path = path
    self.isNew = isNew
    self.queue = queue
    self.frozen = frozen
  }

  /// Opens a file, after looking at it without touching it.
  static func open(_ path: String, mode: StoreMode, migrator: SchemaMigrator) throws(StoreError) -> SQLiteDatabase {
    let files = SQLiteFiles(path)
    guard !files.isFolder else { throw .unwritable(place: path, reason: "it is a folder") }
    let exists = (files.size ?? 0) > 0
    guard exists || mode == .readWrite(create: true) else { throw .missingDatabase(place: path) }
    if mode == .readOnly { return try openForReading(files) }
    if exists {
      do { try look(path, .reading, migrator) } catch .unreadable {
        // A process that was killed as it made the file left a journal, which only a writer may roll back.
        try look(path, .writing(log: false), migrator)
      }
    }
    return SQLiteDatabase(path: path, isNew: files.size == nil, queue: try connect(path, .writing(log: true)))
  }

  private static func look(_ path: String, _ purpose: Purpose, _ migrator: SchemaMigrator) throws(StoreError) {
    let database = SQLiteDatabase(path: path, isNew: false, queue: try connect(path, purpose))
    try migrator.requireUsable(database)
    do { try database.close() } catch { throw database.storeError(error) }
  }

  /// Reading in WAL writes too, into the file `-shm`; where that cannot be, and nobody writes, it is done without.
  private static func openForReading(_ files: SQLiteFiles) throws(StoreError) -> SQLiteDatabase {
    do {
      let queue = try makeQueue(files.path, .reading)
      _ = try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") }
      return SQLiteDatabase(path: files.path, isNew: false, queue: queue)
    } catch let error as DatabaseError where [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode) {
      guard files.isReadable, let state = files.state else { throw storeError(error, path: files.path) }
      guard !files.hasLog, !files.hasJournal, SQLiteFiles.understandsURIs else {
        throw .unreadable(
          place: files.path,
          reason: "its last changes are in a file beside it that only a user with the right to write in the folder can "
            + "fold in: run `demand db migrate` as one, or copy the database with its -wal file elsewhere")
      }
      return SQLiteDatabase(
        path: files.path, isNew: false, queue: try connect(files.immutableURI, .reading), frozen: state)
    } catch {
      throw storeError(error, path: files.path)
    }
  }

  private enum Purpose: Equatable {
    case reading
    /// - Parameter log: whether to turn to WAL.
    case writing(log: Bool)
  }

  private static func connect(_ path: String, _ purpose: Purpose) throws(StoreError) -> DatabaseQueue {
    do { return try makeQueue(path, purpose) } catch { throw storeError(error, path: path) }
  }

  private static func makeQueue(_ path: String, _ purpose: Purpose) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = purpose == .reading
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(10)
    configuration.label = "demand"
    let log = purpose == .writing(log: true)
    if log { configuration.journalMode = .wal }
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -65536") }
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    // GRDB lowers `synchronous` to NORMAL with WAL, which may lose the last commits on power loss.
    if log {
      try queue.writeWithoutTransaction {
        try $0.execute(sql: "PRAGMA synchronous = FULL")
        try requireInPlace($0)
      }
    }
    return queue
  }

  /// Lets `body` use the queue unless the database was closed: GRDB asks a closed connection for its state, which ends the
  /// process. Whoever is at work when it is closed goes on to the end, and the last one closes the file.
  private func access<T>(_ body: (DatabaseQueue) throws -> T) throws -> T {
    try usage.withLock { usage in
      guard !usage.isClosed else { throw StoreError.database(place: path, reason: "the store was closed") }
      usage.users += 1
    }
    defer {
      let isLast = usage.withLock { usage in
        usage.users -= 1
        return usage.isClosed && usage.users == 0
      }
      if isLast { try? queue.close() }
    }
    return try body(queue)
  }

  func read<T>(_ body: (any SQLConnection) throws -> T) throws -> T {
    guard let frozen else { return try access { try $0.read { try body(SQLiteConnection($0)) } } }
    let result = Result { try access { try $0.read { try body(SQLiteConnection($0)) } } }
    // Read without locks: worth nothing if somebody wrote meanwhile.
    let files = SQLiteFiles(path)
    guard files.state == frozen, !files.hasLog else { throw StoreError.busy(place: path) }
    return try result.get()
  }

  /// Takes the one write lock at its start, whatever the scope.
  func write<T>(_ scope: WriteScope, _ body: (any SQLConnection) throws -> T) throws -> T {
    try access { queue in
      try queue.writeWithoutTransaction { database in
        var result: T?
        try database.inTransaction(.immediate) {
          try Self.requireInPlace(database)
          result = try body(SQLiteConnection(database))
          return .commit
        }
        return result!
      }
    }
  }

  /// What is written into a file that is no longer at its place would be lost with this process.
  private static func requireInPlace(_ database: Database) throws {
    var hasMoved: CInt = 0
    guard sqlite3_file_control(database.sqliteConnection, nil, SQLITE_FCNTL_HAS_MOVED, &hasMoved) == SQLITE_OK,
      hasMoved != 0
    else { return }
    throw DatabaseError(resultCode: .SQLITE_READONLY_DBMOVED)
  }

  /// A large load leaves a log as large as itself. Readers may hold it; then it shrinks later.
  func settle(rows: Int = 0) {
    try? access { try $0.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") } }
  }

  func integrityIsOK() throws -> Bool {
    try access { try $0.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") == "ok" } }
  }

  func backup(to path: String) throws {
    try access { try $0.inDatabase { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) } }
  }

  func vacuum() throws {
    try access { try $0.writeWithoutTransaction { try $0.execute(sql: "VACUUM") } }
    settle()
  }

  func batchLock(holder: String) throws -> any BatchLock {
    // One lock for one database, by whatever links it is named.
    let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    return try FileLock(path: resolved + ".lock", holder: holder)
  }

  /// Others who opened the file meanwhile, or put data into it, keep it: it goes only while nobody else can get in.
  func discardIfCreated() throws {
    guard isNew, !usage.withLock({ $0.isClosed }) else { return }
    let isMine = try access { queue in
      try queue.writeWithoutTransaction { database in
        // Leaving WAL takes the file for itself alone, and fails at once where there are others.
        try database.execute(sql: "PRAGMA busy_timeout = 0")
        guard (try? String.fetchOne(database, sql: "PRAGMA journal_mode = DELETE")) == "delete" else { return false }
        try database.execute(sql: "BEGIN EXCLUSIVE")
        defer { try? database.execute(sql: "ROLLBACK") }
        for table in ["loads", "runs"] where try Int.fetchOne(database, sql: "SELECT 1 FROM \(table)") != nil {
          return false
        }
        try FileManager.default.removeItem(atPath: path)
        return true
      }
    }
    try close()
    guard isMine else { return }
    for suffix in ["-wal", "-shm", "-journal"] { try? FileManager.default.removeItem(atPath: path + suffix) }
  }

  func close() throws {
    let isUnused = usage.withLock { usage in
      defer { usage.isClosed = true }
      return !usage.isClosed && usage.users == 0
    }
    if isUnused { try queue.close() }
  }

  func isOwn(_ error: any Error) -> Bool { error is DatabaseError }

  func storeError(_ error: any Error) -> StoreError { Self.storeError(error, path: path) }

  /// SQLite's result codes in terms of what the user can do.
  private static func storeError(_ error: any Error, path: String) -> StoreError {
    if let own = error as? StoreError { return own }
    guard let error = error as? DatabaseError else {
      return .database(place: path, reason: String(describing: error))
    }
    let message = error.message ?? "SQLite error \(error.resultCode.rawValue)"
    return switch (error.extendedResultCode, error.resultCode) {
    case (.SQLITE_READONLY_DBMOVED, _): .unwritable(place: path, reason: StoreError.movedReason)
    case (.SQLITE_READONLY_ROLLBACK, _), (.SQLITE_READONLY_RECOVERY, _), (.SQLITE_READONLY_CANTINIT, _):
      .unreadable(
        place: path,
        reason: "a program was killed as it wrote, and only a user with the right to write can undo the rest of that: "
          + "run `demand db migrate` as one")
    case (.SQLITE_IOERR_READ, _), (.SQLITE_IOERR_SHORT_READ, _): .unreadable(place: path, reason: message)
    case (_, .SQLITE_BUSY), (_, .SQLITE_LOCKED): .busy(place: path)
    case (_, .SQLITE_NOTADB): .notADatabase(place: path)
    case (_, .SQLITE_CANTOPEN), (_, .SQLITE_READONLY), (_, .SQLITE_PERM), (_, .SQLITE_FULL), (_, .SQLITE_IOERR):
      .unwritable(place: path, reason: message)
    case (_, .SQLITE_CORRUPT): .corrupt(what: "the file '\(path)'", reason: message)
    default: .database(place: path, reason: message)
    }
  }
}
