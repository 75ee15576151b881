import DemandData
import Foundation
import GRDB

/// The database: sales facts, runs, forecasts and the published pointer, in one SQLite file.
///
/// Writing opens in WAL with `synchronous=FULL`, so that a load or a publication that was reported survives a power
/// loss. Every method is one transaction unless it says otherwise. Time stamps come from the caller.
///
/// ```swift
/// let store = try SalesStore.open(DatabaseURL("sqlite:demand.sqlite"), mode: .readOnly)
/// let panel = try store.panel()
/// ```
public final class SalesStore: Sendable {
  public enum Mode: Sendable, Hashable {
    /// Creates the file if asked to, and migrates an older database.
    case readWrite(create: Bool)
    case readOnly
  }

  public let url: DatabaseURL
  /// Serialises all access of this process; other processes read along in WAL.
  let queue: DatabaseQueue

  private init(url: DatabaseURL, queue: DatabaseQueue) {
    self.url = url
    self.queue = queue
  }

  /// Opens a database, after looking at it without touching it.
  ///
  /// - Parameters:
  ///   - migrationsFolder: a folder of `NNNN_name.sql` files that takes the place of the embedded migrations.
  ///   - now: when migrations that run now are recorded as applied.
  /// - Throws: ``StoreError`` for a missing, foreign, damaged, newer or (read only) older database.
  public static func open(
    _ url: DatabaseURL, mode: Mode, migrationsFolder: String? = nil, now: Date
  ) throws(StoreError) -> SalesStore {
    let migrations =
      if let migrationsFolder { try Migration.inFolder(migrationsFolder) } else { try Migration.embedded() }
    let migrator = SchemaMigrator(migrations: migrations, path: url.path)
    let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
    let size = (attributes?[.size] as? NSNumber)?.intValue
    guard attributes?[.type] as? FileAttributeType != .typeDirectory else {
      throw .unwritable(path: url.path, reason: "it is a folder")
    }
    switch mode {
    case .readOnly:
      guard let size, size > 0 else { throw .missingDatabase(path: url.path) }
      let store = SalesStore(url: url, queue: try connect(url.path, readOnly: true))
      try store.read { try migrator.requireCurrent($0) }
      return store
    case .readWrite(let create):
      if let size, size > 0 {
        let queue = try connect(url.path, readOnly: true)
        do {
          _ = try queue.read { try migrator.requireUsable($0) }
          try queue.close()
        } catch { throw StoreError(error, path: url.path) }
      } else if !create {
        throw .missingDatabase(path: url.path)
      }
      let store = SalesStore(url: url, queue: try connect(url.path, readOnly: false))
      try migrator.migrate(store, now: now)
      return store
    }
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
      throw StoreError(error, path: path)
    }
  }

  /// Closes the file; later calls fail. Without it the file closes with the last reference.
  public func close() throws(StoreError) {
    do { try queue.close() } catch { throw StoreError(error, path: url.path) }
  }

  /// SQLite's own check of the whole file: true when it finds nothing wrong.
  public func integrityIsOK() throws(StoreError) -> Bool {
    try read { try String.fetchOne($0, sql: "PRAGMA integrity_check") == "ok" }
  }

  func read<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
    do { return try queue.read(body) } catch { throw StoreError(error, path: url.path) }
  }

  /// One transaction that takes the write lock at its start.
  func write<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
    do { return try inTransaction(body) } catch { throw StoreError(error, path: url.path) }
  }

  /// As ``write(_:)``, with the body's own errors passed on as they are and those of SQLite in the user's terms.
  func inTransaction<T>(_ body: (Database) throws -> T) throws -> T {
    do {
      return try queue.writeWithoutTransaction { database in
        var result: T?
        try database.inTransaction(.immediate) {
          result = try body(database)
          return .commit
        }
        return result!
      }
    } catch let error as DatabaseError {
      throw StoreError(error, path: url.path)
    }
  }
}
