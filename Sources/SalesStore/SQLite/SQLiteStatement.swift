import GRDB
import GRDBSQLite

/// A prepared statement that is bound and stepped through SQLite's C interface: for facts by the million, where GRDB's
/// rows and arguments cost as much as SQLite itself.
///
/// Valid inside the database access that made it.
final class SQLiteStatement: SQLStatement {
  private let statement: Statement
  private let handle: OpaquePointer

  init(_ database: Database, _ sql: String) throws {
    statement = try database.makeStatement(sql: sql)
    handle = statement.sqliteStatement
  }

  func bind(_ index: Int, _ value: Int) { sqlite3_bind_int64(handle, Int32(index), Int64(value)) }
  func bind(_ index: Int, _ value: Double) { sqlite3_bind_double(handle, Int32(index), value) }
  func bindNull(_ index: Int) { sqlite3_bind_null(handle, Int32(index)) }

  func bind(_ index: Int, _ value: String) {
    sqlite3_bind_text(handle, Int32(index), value, Int32(value.utf8.count), Self.copy)
  }

  func bind(_ index: Int, _ bytes: [UInt8]) {
    // A null pointer would bind NULL in place of an empty blob.
    if bytes.isEmpty {
      sqlite3_bind_zeroblob(handle, Int32(index), 0)
    } else {
      sqlite3_bind_blob64(handle, Int32(index), bytes, UInt64(bytes.count), Self.copy)
    }
  }

  func step() throws -> Bool {
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    if code == SQLITE_DONE {
      sqlite3_reset(handle)
      return false
    }
    let message = String(cString: sqlite3_errmsg(sqlite3_db_handle(handle)))
    sqlite3_reset(handle)
    throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
  }

  func reset() { sqlite3_reset(handle) }

  func execute() throws {
    _ = try step()
    sqlite3_reset(handle)
  }

  func executeCounting() throws -> Int {
    try execute()
    return Int(sqlite3_changes(sqlite3_db_handle(handle)))
  }

  func int(_ column: Int) -> Int { Int(sqlite3_column_int64(handle, Int32(column))) }
  func double(_ column: Int) -> Double { sqlite3_column_double(handle, Int32(column)) }
  func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }

  func text(_ column: Int) -> String {
    guard let start = sqlite3_column_text(handle, Int32(column)) else { return "" }
    let count = Int(sqlite3_column_bytes(handle, Int32(column)))
    return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  func bytes(_ column: Int) -> [UInt8] {
    guard let start = sqlite3_column_blob(handle, Int32(column)) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, Int32(column)))))
  }

  /// `SQLITE_TRANSIENT`: SQLite copies what is bound. The macro does not come over into Swift.
  private static let copy = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}
