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
    for (version, checksum) in applied {
      guard version >= 1 else {
        throw StoreError.corrupt(what: "the list of migrations", reason: "there is no version \(version)")
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
            throw StoreError.migrationFailed(
              version: migration.version, name: migration.name, reason: database.storeError(error).reason)
          }
          try connection.execute(
            "INSERT INTO schema_migrations VALUES (?, ?, ?, ?)",
            [migration.version, migration.name, migration.checksum, Timestamp.text(now)])
        }
      }
    } catch {
      throw database.storeError(error)
    }
  }
}
