import Foundation
import GRDB

/// Brings a database to the program's schema; refuses databases that it does not understand.
struct SchemaMigrator {
  let migrations: [Migration]
  let path: String

  /// Checks without writing: a foreign or newer database, and a migration that changed, are errors.
  ///
  /// - Returns: the version that the database is at.
  @discardableResult
  func requireUsable(_ database: Database) throws -> Int {
    guard try database.tableExists("schema_migrations") else {
      guard try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") == 0 else {
        throw StoreError.foreignDatabase(path: path)
      }
      return 0
    }
    let applied = try Row.fetchAll(
      database, sql: "SELECT version, name, checksum FROM schema_migrations ORDER BY version")
    let version: Int = applied.last?["version"] ?? 0
    guard version <= migrations.count else {
      throw StoreError.newerDatabase(path: path, version: version, known: migrations.count)
    }
    for row in applied {
      let version: Int = row["version"]
      guard version >= 1 else {
        throw StoreError.corrupt(what: "the list of migrations", reason: "there is no version \(version)")
      }
      let migration = migrations[version - 1]
      guard row["checksum"] as String == migration.checksum else {
        throw StoreError.migrationChanged(version: migration.version, name: migration.name)
      }
    }
    return version
  }

  /// As ``requireUsable(_:)``, and an older database is an error too.
  func requireCurrent(_ database: Database) throws {
    let version = try requireUsable(database)
    guard version == migrations.count else {
      throw StoreError.olderDatabase(path: path, version: version, known: migrations.count)
    }
  }

  /// Applies what is missing, each migration in a transaction of its own. Does nothing to a current database.
  func migrate(_ store: SalesStore, now: Date) throws(StoreError) {
    let version = try store.read { try requireUsable($0) }
    for migration in migrations.dropFirst(version) {
      try store.write { database in
        try database.execute(
          sql: """
            CREATE TABLE IF NOT EXISTS schema_migrations (
              version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at TEXT NOT NULL)
            """)
        // Another process may have been faster.
        guard try requireUsable(database) < migration.version else { return }
        do { try database.execute(sql: migration.sql) } catch let error as DatabaseError {
          throw StoreError.migrationFailed(
            version: migration.version, name: migration.name, reason: error.message ?? "SQLite error")
        }
        try database.execute(
          sql: "INSERT INTO schema_migrations VALUES (?, ?, ?, ?)",
          arguments: [migration.version, migration.name, migration.checksum, Timestamp.text(now)])
      }
    }
  }
}
