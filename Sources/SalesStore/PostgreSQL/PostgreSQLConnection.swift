/// A transaction on a PostgreSQL server.
final class PostgreSQLConnection: SQLConnection {
  let session: PostgreSQLSession
  private var bulks: [PostgreSQLBulkInsert] = []

  init(_ session: PostgreSQLSession) { self.session = session }

  var dialect: SQLDialect { .postgresql }

  func prepare(_ sql: String) throws -> any SQLStatement { try PostgreSQLStatement(self, sql) }

  func script(_ sql: String) throws {
    try flush()
    try session.command(sql)
  }

  func scan(_ sql: String, _ row: (any SQLRow) throws -> Void) throws {
    try flush()
    let current = PostgreSQLCopyRow()
    var isFirst = true
    try session.copyOut("COPY (\(sql)) TO STDOUT (FORMAT binary)") { message in
      // The header comes with the first row, or alone; the trailer is a row of -1 fields.
      let header = isFirst ? PostgreSQLCopyRow.headerLength : 0
      isFirst = false
      if current.take(UnsafeRawBufferPointer(rebasing: message[header...])) { try row(current) }
    }
  }

  func bulkInsert(into table: String, columns: [BulkColumn]) throws -> any BulkInsert {
    let bulk = PostgreSQLBulkInsert(session, table: table, columns: columns)
    bulks.append(bulk)
    return bulk
  }

  /// Sends rows on their way into any of the tables that a statement names.
  func flush(before words: Set<Substring>) throws {
    for bulk in bulks where bulk.hasRows && words.contains(bulk.table) { try bulk.flush() }
  }

  private func flush() throws {
    for bulk in bulks where bulk.hasRows { try bulk.flush() }
  }

  /// Waits for everything that was sent.
  func finish() throws {
    try flush()
    try session.synchronise()
  }
}
