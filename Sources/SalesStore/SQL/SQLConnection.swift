/// What the store's SQL needs of a database: transactions. ``SQLiteDatabase`` and ``PostgreSQLDatabase`` are the two.
///
/// The store's logic is written once against these protocols; what differs between the databases is behind them.
protocol SQLDatabase: AnyObject, Sendable {
  /// What the schema of this database is built from.
  var dialect: SQLDialect { get }

  /// One transaction that sees one state of the database from beginning to end.
  func read<T>(_ body: (any SQLConnection) throws -> T) throws -> T

  /// One transaction that is kept whole, or not at all when `body` throws.
  ///
  /// - Parameter scope: transactions of one scope never run at the same time, whichever process they are in.
  func write<T>(_ scope: WriteScope, _ body: (any SQLConnection) throws -> T) throws -> T

  /// The driver's errors in terms of what the user can do.
  func storeError(_ error: any Error) -> StoreError

  /// Whether an error is the driver's, and not of a body that was called within a transaction.
  func isOwn(_ error: any Error) -> Bool

  /// House-keeping behind a load of so many rows.
  func settle(rows: Int)

  /// The database's own check: true when it finds nothing wrong.
  func integrityIsOK() throws -> Bool

  /// Copies the whole database into a file that is not there yet.
  func backup(to path: String) throws

  /// Gives free room back, and puts rows in the order of their keys.
  func vacuum() throws

  /// One batch at a time: a lock that ends with the process in whatever way that ends.
  func batchLock(holder: String) throws -> any BatchLock

  /// Undoes the creation of a database that this opening made; otherwise does nothing.
  func discardIfCreated() throws

  func close() throws
}

/// What a writing transaction keeps others from doing meanwhile. SQLite has one writer anyway.
enum WriteScope: Int, Sendable {
  /// Loads: masters and facts.
  case facts = 1
  /// Runs, forecasts and the published pointer.
  case runs = 2
  /// Migrations.
  case schema = 3
}

/// A connection inside a transaction; valid only there. Placeholders are `?` in both databases.
///
/// Not `Sendable`: it stays on the thread of its transaction.
protocol SQLConnection: AnyObject {
  var dialect: SQLDialect { get }

  func prepare(_ sql: String) throws -> any SQLStatement

  /// Runs several statements without parameters, such as a migration.
  func script(_ sql: String) throws

  /// Streams the rows of a query without parameters: the fastest way to read by the million.
  func scan(_ sql: String, _ row: (any SQLRow) throws -> Void) throws

  /// Prepares to insert rows by the thousand into a table; they are in it before anything else looks at it.
  func bulkInsert(into table: String, columns: [BulkColumn]) throws -> any BulkInsert
}

/// A prepared statement, kept for as many executions as the transaction lasts. Parameters count from 1.
///
/// Results must be stepped through to the end, or reset, before the next statement is executed.
protocol SQLStatement: SQLRow {
  func bind(_ index: Int, _ value: Int)
  func bind(_ index: Int, _ value: Double)
  func bind(_ index: Int, _ value: String)
  func bind(_ index: Int, _ value: [UInt8])
  func bindNull(_ index: Int)

  /// Moves to the next row; false at the end. What is bound stays bound.
  func step() throws -> Bool

  func reset()

  /// Runs a statement that returns no rows, ready to be bound again. Its failure may show only at a later statement or
  /// at the end of the transaction, so that many can be on their way at once.
  func execute() throws

  /// As ``execute()``, and waits; returns how many rows it changed.
  func executeCounting() throws -> Int
}

/// The current row of a result. Columns count from 0.
protocol SQLRow: AnyObject {
  func int(_ column: Int) -> Int
  func double(_ column: Int) -> Double
  func text(_ column: Int) -> String
  func bytes(_ column: Int) -> [UInt8]
  func isNull(_ column: Int) -> Bool
}

/// Column of a bulk insert with the type that its values are given in.
struct BulkColumn: Sendable {
  enum Kind: Sendable { case integer, double }

  let name: String
  let kind: Kind
  /// Bytes of the column's type, where the database has several: 2, 4 or 8.
  let width: Int
}

/// Rows on their way into one table, value after value from left to right.
protocol BulkInsert: AnyObject {
  func put(_ value: Int)
  func put(_ value: Double)
  func endRow() throws
}

/// What differs between the two databases' schemas beyond what the protocols hide.
enum SQLDialect: String, Sendable, CaseIterable {
  case sqlite, postgresql
}

/// A value that a statement takes.
protocol SQLValue {
  func bind(to statement: any SQLStatement, at index: Int)
}

extension Int: SQLValue {
  func bind(to statement: any SQLStatement, at index: Int) { statement.bind(index, self) }
}

extension Double: SQLValue {
  func bind(to statement: any SQLStatement, at index: Int) { statement.bind(index, self) }
}

extension String: SQLValue {
  func bind(to statement: any SQLStatement, at index: Int) { statement.bind(index, self) }
}

extension [UInt8]: SQLValue {
  func bind(to statement: any SQLStatement, at index: Int) { statement.bind(index, self) }
}

extension Optional: SQLValue where Wrapped: SQLValue {
  func bind(to statement: any SQLStatement, at index: Int) {
    if let self { self.bind(to: statement, at: index) } else { statement.bindNull(index) }
  }
}

extension SQLStatement {
  func bind(_ index: Int, _ value: (some SQLValue)?) { value.bind(to: self, at: index) }

  func bind(_ values: [any SQLValue]) {
    for (index, value) in values.enumerated() { value.bind(to: self, at: index + 1) }
  }
}

extension SQLRow {
  func optionalInt(_ column: Int) -> Int? { isNull(column) ? nil : int(column) }
  func optionalDouble(_ column: Int) -> Double? { isNull(column) ? nil : double(column) }
  func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
}

extension SQLConnection {
  /// Runs one statement that returns no rows.
  func execute(_ sql: String, _ values: [any SQLValue] = []) throws {
    let statement = try prepare(sql)
    statement.bind(values)
    try statement.execute()
  }

  /// Runs one statement; returns how many rows it changed.
  func executeCounting(_ sql: String, _ values: [any SQLValue] = []) throws -> Int {
    let statement = try prepare(sql)
    statement.bind(values)
    return try statement.executeCounting()
  }

  /// All rows of a query.
  func all<T>(_ sql: String, _ values: [any SQLValue] = [], _ row: (any SQLRow) throws -> T) throws -> [T] {
    let statement = try prepare(sql)
    statement.bind(values)
    defer { statement.reset() }
    var rows: [T] = []
    while try statement.step() { rows.append(try row(statement)) }
    return rows
  }

  /// The first row of a query, or nil if there is none.
  func first<T>(_ sql: String, _ values: [any SQLValue] = [], _ row: (any SQLRow) throws -> T) throws -> T? {
    let statement = try prepare(sql)
    statement.bind(values)
    defer { statement.reset() }
    return try statement.step() ? try row(statement) : nil
  }

  /// The first column of the first row; nil where there is no row, or it is null.
  func int(_ sql: String, _ values: [any SQLValue] = []) throws -> Int? {
    try first(sql, values) { $0.optionalInt(0) } ?? nil
  }

  func text(_ sql: String, _ values: [any SQLValue] = []) throws -> String? {
    try first(sql, values) { $0.optionalText(0) } ?? nil
  }

  func texts(_ sql: String, _ values: [any SQLValue] = []) throws -> [String] {
    try all(sql, values) { $0.text(0) }
  }
}
