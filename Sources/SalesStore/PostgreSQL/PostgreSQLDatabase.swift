import Foundation
import Synchronization

/// A database on a PostgreSQL server, through libpq: a pool of connections, one to each transaction at work.
final class PostgreSQLDatabase: SQLDatabase {
  private let options: PostgreSQLOptions
  private let place: String
  private let isReadOnly: Bool
  private let idle = Mutex<[PostgreSQLSession]?>([])

  /// Connections kept for the next transactions.
  private static let mostIdle = 4
  /// How long a server that restarts is waited for, in seconds: this long in all, with growing pauses.
  private static let patience = 30.0
  private static let pauses = (first: 0.1, longest: 4.0)

  var dialect: SQLDialect { .postgresql }

  private init(url: String, isReadOnly: Bool) {
    options = PostgreSQLOptions(url)
    place = options.place
    self.isReadOnly = isReadOnly
  }

  /// Connects, after looking at the database without touching it.
  static func open(_ url: String, mode: StoreMode, migrator: SchemaMigrator) throws(StoreError) -> PostgreSQLDatabase {
    let database = PostgreSQLDatabase(url: url, isReadOnly: mode == .readOnly)
    do {
      // A wrong address or password shows at once, without patience.
      database.giveBack(try PostgreSQLSession(database.options))
    } catch {
      throw database.storeError(error)
    }
    let version = try migrator.requireUsable(database)
    guard version > 0 || mode == .readWrite(create: true) else { throw .missingDatabase(place: database.place) }
    return database
  }

  func read<T>(_ body: (any SQLConnection) throws -> T) throws -> T {
    try transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", body)
  }

  func write<T>(_ scope: WriteScope, _ body: (any SQLConnection) throws -> T) throws -> T {
    guard !isReadOnly else {
      throw StoreError.unwritable(place: place, reason: "it was opened for reading only")
    }
    // What others did while the lock was waited for must be seen, whatever the role's default.
    return try transaction(
      "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(\(Self.lockKey), \(scope.rawValue))", body)
  }

  /// Advisory locks hold for a whole database; this keeps two schemas of it apart.
  private static let lockKey = "hashtext('demand ' || coalesce(current_schema(), ''))"

  private func transaction<T>(_ begin: String, _ body: (any SQLConnection) throws -> T) throws -> T {
    let session = try begun(begin)
    do {
      let connection = PostgreSQLConnection(session)
      let result = try body(connection)
      try connection.finish()
      do { try session.command("COMMIT") } catch {
        var error = error
        // Of a transaction that wrote nothing, nothing is in doubt.
        if !begin.hasSuffix("READ ONLY") { error.phase = .committing }
        throw error
      }
      giveBack(session)
      return result
    } catch {
      if (try? session.rollBack()) != nil { giveBack(session) }
      throw error
    }
  }

  /// A session within a new transaction. A server that went away since the last one is waited for: nothing is lost
  /// between transactions.
  private func begun(_ begin: String) throws -> PostgreSQLSession {
    let deadline = Date() + Self.patience
    var pause = Self.pauses.first
    while true {
      do {
        let session = try take() ?? PostgreSQLSession(options)
        do {
          try session.command(begin)
          return session
        } catch {
          guard error.isConnectionLost else {
            if (try? session.rollBack()) != nil { giveBack(session) }
            throw error
          }
          // The others that were idle are as dead.
          while try take() != nil {}
          throw error
        }
      } catch let error as PostgreSQLError where error.isConnectionLost || error.phase == .connecting {
        guard Date() + pause < deadline else { throw error }
        Thread.sleep(forTimeInterval: pause)
        pause = min(2 * pause, Self.pauses.longest)
      }
    }
  }

  private func take() throws -> PostgreSQLSession? {
    try idle.withLock { sessions in
      guard sessions != nil else { throw StoreError.database(place: place, reason: "the store was closed") }
      return sessions?.popLast()
    }
  }

  private func giveBack(_ session: PostgreSQLSession) {
    guard !session.isBroken else { return }
    idle.withLock { sessions in
      if let count = sessions?.count, count < Self.mostIdle { sessions?.append(session) }
    }
  }

  func isOwn(_ error: any Error) -> Bool { error is PostgreSQLError }

  func storeError(_ error: any Error) -> StoreError {
    switch error {
    case let own as StoreError: own
    case let error as PostgreSQLError: error.storeError(place: place)
    default: .database(place: place, reason: String(describing: error))
    }
  }

  /// Fresh statistics let the planner find the keys; autovacuum would come a minute later. A load that adds little to what
  /// is there leaves them to it.
  func settle(rows: Int) {
    try? transaction("BEGIN") { connection in
      let known = try connection.int("SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = to_regclass('sales')")
      guard rows * 20 > known ?? 0 else { return }
      for table in ["series", "sales", "price_steps", "store_days", "tree_nodes"] {
        try connection.script("ANALYZE \(table)")
      }
    }
  }

  /// Reads every row of sales, which finds damaged pages where the server keeps checksums, and looks for rows without a
  /// series, which no foreign key prevents.
  func integrityIsOK() throws -> Bool {
    try read { connection in
      try connection.int(
        "SELECT count(*) FROM sales s WHERE NOT EXISTS (SELECT 1 FROM series i WHERE i.series_id = s.series_id)") == 0
    }
  }

  func backup(to path: String) throws {
    let schema = try read { try $0.text("SELECT current_schema()") } ?? "public"
    try PostgreSQLDump(options: options, schema: schema).write(to: path)
  }

  func vacuum() throws {
    guard !isReadOnly else {
      throw StoreError.unwritable(place: place, reason: "it was opened for reading only")
    }
    let session = try take() ?? PostgreSQLSession(options)
    let tables = try session.text(
      "SELECT string_agg(format('%I', tablename), ', ') FROM pg_tables WHERE schemaname = current_schema()")
    // Each on its own: neither works inside a transaction with others.
    try session.command("CLUSTER sales")
    try session.command("VACUUM (ANALYZE) \(tables ?? "sales")")
    giveBack(session)
  }

  func batchLock(holder: String) throws -> any BatchLock {
    let session = try PostgreSQLSession(options)
    guard try session.text("SELECT pg_try_advisory_lock(\(Self.lockKey), 100)") == "t" else {
      let other = try session.text(
        """
        SELECT 'server process ' || a.pid || ', ' || a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND l.objid = 100 AND l.granted AND l.classid::bigint = \(Self.lockKey) & 4294967295
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """)
      throw StoreError.lockHeld(place: place, holder: other ?? "unknown process")
    }
    // Who holds it, for the one who finds it held; nothing depends on the text.
    let name = String(holder.prefix(63)).replacing("'", with: "")
    try session.command("SELECT set_config('application_name', '\(name)', false)")
    return PostgreSQLBatchLock(session: session)
  }

  func discardIfCreated() throws {}

  func close() throws { idle.withLock { $0 = nil } }
}

/// An advisory lock of a session of its own, which the server frees when the session ends.
private final class PostgreSQLBatchLock: BatchLock {
  private let session: PostgreSQLSession

  init(session: PostgreSQLSession) { self.session = session }
}
