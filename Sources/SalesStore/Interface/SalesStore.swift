import DemandData

/// The database: sales facts, runs, forecasts and the published pointer.
///
/// All modules work on this protocol and on nothing below it; ``openStore(_:mode:migrationsFolder:now:)`` gives the store
/// behind a URL, SQLite or PostgreSQL. What was reported as done survives a power loss. Every method is one transaction
/// unless it says otherwise. Time stamps come from the caller. A store may be used from several threads.
public protocol SalesStore: LoadStore, FactStore, RunStore, LedgerStore, ForecastStore, PublicationStore, ArtifactStore,
  BacktestStore, MaintenanceStore, ExportStore, AnnotationStore, FurtherFactStore
{
  var url: DatabaseURL { get }

  /// The database's own check of all that it holds: true when it finds nothing wrong.
  func integrityIsOK() throws(StoreError) -> Bool

  /// Takes the lock that lets one batch at a time work on the database; it is free again with the last reference, or
  /// when the process ends in whatever way.
  ///
  /// - Parameter holder: what the one who finds it held is told, such as `demand nightly since 2024-01-01T04:00:00Z`.
  /// - Throws: ``StoreError/lockHeld(place:holder:)``.
  func lockForBatch(holder: String) throws(StoreError) -> any BatchLock

  /// Removes the database if this store's opening made it: one that was made for a load that failed would only puzzle.
  /// The store is closed then. A PostgreSQL database stays as it is.
  func discardIfCreated() throws(StoreError)

  /// Closes the store; later calls fail. Without it the store closes with its last reference.
  func close() throws(StoreError)
}

/// Held while a batch works.
public protocol BatchLock: AnyObject {}
