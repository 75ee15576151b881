import DemandData
import Foundation

/// Care of the database itself.
public protocol MaintenanceStore: Sendable {
  /// What the database is, at which version, and how large.
  func databaseStatus() throws(StoreError) -> DatabaseStatus

  /// Copies the whole database, as it is at one moment, into a file; others go on working meanwhile.
  ///
  /// From SQLite it is a database of the same kind, from PostgreSQL an archive of `pg_dump` for `pg_restore`. The file is
  /// there whole or not at all.
  ///
  /// - Parameter path: where nothing stands yet.
  func backup(to path: String) throws(StoreError)

  /// Gives room that deleted runs left back to the disk, and puts every series' history together.
  ///
  /// Needs room for a second copy meanwhile. PostgreSQL locks one table after the other.
  func vacuum() throws(StoreError)

  /// Looks for what ought not to be there; one finding for each thing looked for, also where there is nothing.
  ///
  /// - Complexity: several passes over all rows.
  func check() throws(StoreError) -> [DataFinding]
}

/// What a database is.
public struct DatabaseStatus: Sendable, Hashable, Codable {
  public struct AppliedMigration: Sendable, Hashable, Codable {
    public let version: Int
    public let name: String
    public let appliedAt: Date
  }

  /// Such as `SQLite 3.40.1`.
  public let software: String
  /// Bytes on disk, without what waits in a log.
  public let bytes: Int
  /// Bytes of them that hold nothing; nil where the database does not say.
  public let freeBytes: Int?
  /// Oldest first; the last one's version is the database's.
  public let migrations: [AppliedMigration]
}

/// Something that was looked for in the data.
public struct DataFinding: Sendable, Hashable, Codable {
  public enum Severity: String, Sendable, Hashable, Codable {
    case ok, warning, error
  }

  /// Stable key, such as `sales_without_series`.
  public let check: String
  public let severity: Severity
  /// How often it was found.
  public let count: Int
  /// What was looked for, and what mends it.
  public let meaning: String
}

/// A row of sales with names in place of numbers.
public struct SalesRow: Sendable, Hashable {
  public let product: String
  public let store: String
  public let day: Day
  public let units: Double
  public let status: DayStatus
  /// The price in force on the day, where one is known.
  public let price: Double?
  /// By kind.
  public let promotions: [Promotion]
  public let details: SalesDetails
}

/// A product or store with its ancestors.
public struct MasterRow: Sendable, Hashable {
  /// Names from the top level down to the leaf.
  public let path: [String]
  /// Whether its units are whole numbers; true for stores.
  public let isCount: Bool
}

/// Sales and masters as another program would take them.
public protocol ExportStore: Sendable {
  /// Rows of sales by series and day, streamed.
  ///
  /// - Parameter each: must not call the store again.
  /// - Complexity: O(rows).
  func salesRows(from: Day?, to: Day?, each: (SalesRow) throws -> Void) throws

  /// Rows of a delivery that, loaded into an empty database, says of every series and day what this database says: the
  /// rows of ``salesRows(from:to:each:)``, and among them, with their state and no units, the days without a row that
  /// would be read as something else.
  ///
  /// - Parameters:
  ///   - delistAfterDays: days without a row after which the load will take a product for no longer ranged; nil: never.
  ///   - each: must not call the store again.
  /// - Complexity: O(rows), three passes.
  func deliveryRows(from: Day?, to: Day?, delistAfterDays: Int?, each: (SalesRow) throws -> Void) throws

  /// Names of the levels below `all`, and all leaves, of the tree `product` or `location`.
  func masters(tree: String) throws(StoreError) -> (levels: [String], rows: [MasterRow])
}
