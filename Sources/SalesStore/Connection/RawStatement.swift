import GRDB
import GRDBSQLite

/// A prepared statement that is bound and stepped through SQLite's C interface: for facts by the million, where GRDB's
/// rows and arguments cost as much as SQLite itself.
///
/// Valid inside the database access that made it. Parameters count from 1, columns from 0, as in SQLite.
final class RawStatement {
  private let statement: Statement
  private let handle: OpaquePointer

  init(_ database: Database, _ sql: String) throws {
    statement = try database.makeStatement(sql: sql)
    handle = statement.sqliteStatement
  }

  func bind(_ index: Int32, _ value: Int) { sqlite3_bind_int64(handle, index, Int64(value)) }
  func bind(_ index: Int32, _ value: Double) { sqlite3_bind_double(handle, index, value) }

  func bind(_ index: Int32, _ value: Double?) {
    if let value { sqlite3_bind_double(handle, index, value) } else { sqlite3_bind_null(handle, index) }
  }

  func bind(_ index: Int32, _ value: String) {
    sqlite3_bind_text(handle, index, value, Int32(value.utf8.count), Self.copy)
  }

  func bind(_ index: Int32, _ value: String?) {
    if let value { bind(index, value) } else { sqlite3_bind_null(handle, index) }
  }

  func bind(_ index: Int32, _ bytes: [UInt8]) {
    // A null pointer would bind NULL in place of an empty blob.
    if bytes.isEmpty {
      sqlite3_bind_zeroblob(handle, index, 0)
    } else {
      sqlite3_bind_blob64(handle, index, bytes, UInt64(bytes.count), Self.copy)
    }
  }

  /// Moves to the next row; false at the end.
  func step() throws -> Bool {
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    if code == SQLITE_DONE { return false }
    let message = String(cString: sqlite3_errmsg(sqlite3_db_handle(handle)))
    sqlite3_reset(handle)
    throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
  }

  func reset() { sqlite3_reset(handle) }

  /// Runs a statement that returns no rows, ready to be bound again.
  func execute() throws {
    _ = try step()
    sqlite3_reset(handle)
  }

  func int(_ column: Int32) -> Int { Int(sqlite3_column_int64(handle, column)) }
  func double(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }
  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
  func text(_ column: Int32) -> String { sqlite3_column_text(handle, column).map { String(cString: $0) } ?? "" }

  func bytes(_ column: Int32) -> [UInt8] {
    guard let start = sqlite3_column_blob(handle, column) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
  }

  /// `SQLITE_TRANSIENT`: SQLite copies what is bound. The macro does not come over into Swift.
  private static let copy = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}
