import Foundation
import GRDB
import SalesStore

/// The two databases that tests run on.
package enum DatabaseKind: String, Sendable, CaseIterable, CustomStringConvertible {
  case sqlite = "SQLite"
  case postgresql = "PostgreSQL"

  package var description: String { rawValue }

  /// Those that this machine has; PostgreSQL's absence is told by a test of its own.
  package static let available = allCases.filter { $0 == .sqlite || PostgreSQLServer.installed != nil }
}

/// A new and empty database of one kind, with a way to look into it that is not the program's.
package struct TestDatabase: Sendable {
  package let kind: DatabaseKind
  package let url: DatabaseURL
  /// An SQLite file's folder; on PostgreSQL a folder all the same.
  package let folder: TemporaryFolder
  /// PostgreSQL's server and the database's name on it.
  package let server: PostgreSQLServer?
  package let name: String

  /// - Parameter server: the one to use in place of the shared one.
  package init(_ kind: DatabaseKind, server: PostgreSQLServer? = nil) throws {
    self.kind = kind
    folder = try TemporaryFolder()
    switch kind {
    case .sqlite:
      self.server = nil
      name = folder.file("demand.sqlite")
      url = DatabaseURL(path: name)
    case .postgresql:
      let server = try server ?? PostgreSQLServer.shared.get()
      self.server = server
      name = try server.makeDatabase()
      url = try DatabaseURL(server.url(name))
    }
  }

  /// As a command line has it.
  package var argument: String {
    if let server { server.url(name) } else { "sqlite:" + name }
  }

  /// Removes all that is in it, SQLite's files too.
  package func clear() throws {
    guard server == nil else {
      try query("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
      return
    }
    for ending in ["", "-wal", "-shm", "-journal"] { try? FileManager.default.removeItem(atPath: name + ending) }
  }

  /// Runs SQL of this database outside of the store; rows are lines with `|` between their values.
  @discardableResult
  package func query(_ sql: String) throws -> String {
    if let server { return try server.query(sql, in: name) }
    let queue = try DatabaseQueue(path: name)
    defer { try? queue.close() }
    return try queue.writeWithoutTransaction { database in
      var lines: [String] = []
      let statements = try database.allStatements(sql: sql)
      while let statement = try statements.next() {
        let rows = try Row.fetchAll(statement)
        lines += rows.map { row in
          row.databaseValues.map { String.fromDatabaseValue($0) ?? ($0.isNull ? "" : "\($0)") }.joined(separator: "|")
        }
      }
      return lines.joined(separator: "\n")
    }
  }
}
