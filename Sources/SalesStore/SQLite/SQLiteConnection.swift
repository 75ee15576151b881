import GRDB

/// A transaction on an SQLite file.
final class SQLiteConnection: SQLConnection {
  private let database: Database

  init(_ database: Database) { self.database = database }

  var dialect: SQLDialect { .sqlite }

  func prepare(_ sql: String) throws -> any SQLStatement { try SQLiteStatement(database, sql) }

  func script(_ sql: String) throws { try database.execute(sql: sql) }

  func scan(_ sql: String, _ row: (any SQLRow) throws -> Void) throws {
    let statement = try SQLiteStatement(database, sql)
    defer { statement.reset() }
    while try statement.step() { try row(statement) }
  }

  func bulkInsert(into table: String, columns: [BulkColumn]) throws -> any BulkInsert {
    try SQLiteBulkInsert(database, table: table, columns: columns)
  }
}

/// Binds and steps one prepared insertion a row: with sorted keys, 1.6 million rows a second.
///
/// Not `INSERT OR REPLACE`, which opens a statement transaction for every row and is four times as slow.
private final class SQLiteBulkInsert: BulkInsert {
  private let statement: SQLiteStatement
  private var column = 1

  init(_ database: Database, table: String, columns: [BulkColumn]) throws {
    statement = try SQLiteStatement(
      database,
      """
      INSERT INTO \(table) (\(columns.map(\.name).joined(separator: ", ")))
      VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
      """)
  }

  func put(_ value: Int) {
    statement.bind(column, value)
    column += 1
  }

  /// Whole numbers are stored as integers, in a third of the room.
  func put(_ value: Double) {
    if value == value.rounded(), abs(value) < 1e15 {
      statement.bind(column, Int(value))
    } else {
      statement.bind(column, value)
    }
    column += 1
  }

  func endRow() throws {
    column = 1
    try statement.execute()
  }
}
