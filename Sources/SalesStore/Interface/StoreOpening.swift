import Foundation

/// What a database is opened for.
public enum StoreMode: Sendable, Hashable {
  /// Creates a database if asked to, and migrates an older one.
  ///
  /// In PostgreSQL the database itself must be there; what is created is the schema in it.
  case readWrite(create: Bool)
  case readOnly
}

/// Opens the database that a URL names, after looking at it without touching it.
///
/// ```swift
/// let store = try openStore(DatabaseURL("sqlite:demand.sqlite"), mode: .readOnly, now: Date())
/// let panel = try store.panel()
/// ```
///
/// - Parameters:
///   - migrationsFolder: a folder of `NNNN_name.sql` files that takes the place of the embedded migrations.
///   - now: when migrations that run now are recorded as applied.
/// - Throws: ``StoreError`` for a missing, foreign, damaged, newer, unreachable or (read only) older database.
public func openStore(
  _ url: DatabaseURL, mode: StoreMode, migrationsFolder: String? = nil, now: Date
) throws(StoreError) -> any SalesStore {
  let dialect: SQLDialect =
    switch url {
    case .sqlite: .sqlite
    case .postgresql: .postgresql
    }
  let migrations =
    if let migrationsFolder { try Migration.inFolder(migrationsFolder) } else { try Migration.embedded(dialect) }
  let migrator = SchemaMigrator(migrations: migrations, place: url.place)
  return SQLStore(
    url: url,
    database: try openPatiently { () throws(StoreError) in
      let database: any SQLDatabase =
        switch url {
        case .sqlite(let path): try SQLiteDatabase.open(path, mode: mode, migrator: migrator)
        case .postgresql(let url): try PostgreSQLDatabase.open(url, mode: mode, migrator: migrator)
        }
      switch mode {
      case .readOnly: try migrator.requireCurrent(database)
      case .readWrite: try migrator.migrate(database, now: now)
      }
      return database
    })
}

/// How long an opening goes on trying beside others, in seconds.
private let openingPatience = 10.0

/// Repeats an opening that met others at the same.
///
/// Locks are waited for by the databases themselves. But several processes that make one SQLite file refuse each other at
/// once where waiting could block both (turning to WAL, rolling back, folding in the log as the last one closes), and one
/// whose load failed may take the file away that it made.
private func openPatiently<Opened>(_ open: () throws(StoreError) -> Opened) throws(StoreError) -> Opened {
  let deadline = ContinuousClock.now + .seconds(openingPatience)
  while true {
    do throws(StoreError) { return try open() } catch {
      guard error.passesInOpening, ContinuousClock.now < deadline else { throw error }
      // Of several, not all again at the same moment.
      Thread.sleep(forTimeInterval: Double.random(in: 0.002...0.05))
    }
  }
}
