import Foundation

/// Brings a database to the program's schema; refuses databases that it does not understand.
struct SchemaMigrator {
  let migrations: [Migration]
  /// The database as errors name it.
  let place: String

  /// Checks without writing: a foreign or newer database, and a migration that changed, are errors.
  ///
  /// - Returns: the version that the database is at.
  @discardableResult
  func requireUsable(_ database: any SQLDatabase) throws(StoreError) -> Int {
    do { return try database.read { try version($0) } } catch { throw database.storeError(error) }
  }

  /// As ``requireUsable(_:)``, and an older database is an error too.
  func requireCurrent(_ database: any SQLDatabase) throws(StoreError) {
    let version = try requireUsable(database)
    guard version == migrations.count else {
      throw .olderDatabase(place: place, version: version, known: migrations.count)
    }
    let lost: Migration?
    do { lost = try database.read { try lostTable($0) } } catch { throw database.storeError(error) }
    if let lost { throw .missingTable(place: place, table: lost.name) }
  }

  /// Migrations that make one table of their own name, which holds nothing but what others hold.
  private static let remakeable: Set<String> = ["packed_histories"]

  /// The first such migration whose table somebody took away.
  private func lostTable(_ connection: any SQLConnection) throws -> Migration? {
    for migration in migrations where Self.remakeable.contains(migration.name) {
      let query =
        switch connection.dialect {
        case .sqlite: "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '\(migration.name)'"
        case .postgresql:
          "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = '\(migration.name)'"
        }
      if try connection.int(query) == nil { return migration }
    }
    return nil
  }

  private func version(_ connection: any SQLConnection) throws -> Int {
    let (tables, own) =
      switch connection.dialect {
      case .sqlite: ("sqlite_master", "type = 'table' AND name")
      case .postgresql: ("pg_tables WHERE schemaname = current_schema()", "tablename")
      }
    let filter = connection.dialect == .sqlite ? "WHERE" : "AND"
    guard try connection.int("SELECT 1 FROM \(tables) \(filter) \(own) = 'schema_migrations'") != nil else {
      guard try connection.int("SELECT count(*) FROM \(tables)") == 0 else {
        throw StoreError.foreignDatabase(place: place)
      }
      return 0
    }
    let applied = try connection.all("SELECT version, checksum FROM schema_migrations ORDER BY version") {
      (version: $0.int(0), checksum: $0.text(1))
    }
    let version = applied.last?.version ?? 0
    guard version <= migrations.count else {
      throw StoreError.newerDatabase(place: place, version: version, known: migrations.count)
    }
    for (index, (version, checksum)) in applied.enumerated() {
      guard version >= 1 else {
        throw StoreError.corrupt(what: "the list of migrations", reason: "there is no version \(version)")
      }
      guard version == index + 1 else {
        throw StoreError.migrationMissing(version: index + 1, name: migrations[index].name)
      }
      let migration = migrations[version - 1]
      guard checksum == migration.checksum else {
        throw StoreError.migrationChanged(version: migration.version, name: migration.name)
      }
    }
    return version
  }

  /// Applies what is missing, each migration in a transaction of its own. Does nothing to a current database.
  ///
  /// Two processes may do so at once: the transactions exclude each other, and the second finds the work done.
  func migrate(_ database: any SQLDatabase, now: Date) throws(StoreError) {
    let version = try requireUsable(database)
    do {
      for migration in migrations.dropFirst(version) {
        try database.write(.schema) { connection in
          // Another process may have been faster.
          guard try self.version(connection) < migration.version else { return }
          try connection.script(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
              version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at TEXT NOT NULL)
            """)
          do { try connection.script(migration.sql) } catch {
            // What says nothing of the migration: the same command does it once the cause is gone.
            switch database.storeError(error) {
            case .connectionLost, .outcomeUnknown, .busy, .timeout, .unwritable: throw error
            default: break
            }
            throw StoreError.migrationFailed(
              version: migration.version, name: migration.name, reason: database.storeError(error).reason)
          }
          try connection.execute(
            "INSERT INTO schema_migrations VALUES (?, ?, ?, ?)",
            [migration.version, migration.name, migration.checksum, Timestamp.text(now)])
        }
      }
      // Only what is lost is written, so that a database in order is not touched.
      if try database.read({ try lostTable($0) }) != nil {
        try database.write(.schema) { connection in
          if let lost = try lostTable(connection) { try connection.script(lost.sql) }
        }
      }
    } catch {
      throw database.storeError(error)
    }
  }
}
