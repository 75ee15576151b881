import Foundation

/// The one implementation of ``SalesStore``: SQL that both databases understand, through the driver of either.
///
/// Its methods are in the extensions under `Facts/` and `Runs/`. Every one is a transaction unless it says otherwise.
final class SQLStore: SalesStore {
  let url: DatabaseURL
  let database: any SQLDatabase

  init(url: DatabaseURL, database: any SQLDatabase) {
    self.url = url
    self.database = database
  }

  func close() throws(StoreError) { try mapped { try database.close() } }

  func discardIfCreated() throws(StoreError) { try mapped { try database.discardIfCreated() } }

  func integrityIsOK() throws(StoreError) -> Bool { try mapped { try database.integrityIsOK() } }

  func lockForBatch(holder: String) throws(StoreError) -> any BatchLock {
    try mapped { try database.batchLock(holder: holder) }
  }

  func read<T>(_ body: (any SQLConnection) throws -> T) throws(StoreError) -> T {
    try mapped { try database.read(body) }
  }

  func write<T>(_ scope: WriteScope, _ body: (any SQLConnection) throws -> T) throws(StoreError) -> T {
    try mapped { try database.write(scope, body) }
  }

  /// Passes a caller's errors on as they are, and the driver's in the user's terms.
  func passingErrors<T>(_ body: () throws -> T) throws -> T {
    do { return try body() } catch let error where database.isOwn(error) { throw database.storeError(error) }
  }

  private func mapped<T>(_ body: () throws -> T) throws(StoreError) -> T {
    do { return try body() } catch { throw database.storeError(error) }
  }
}
