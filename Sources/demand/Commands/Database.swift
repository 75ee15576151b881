import ArgumentParser
import Foundation
import SalesStore

struct DatabaseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "db",
    abstract: "Looks after the database: its version, backups and room on the disk.",
    discussion: """
      Examples:
        demand db status
        demand db migrate --database postgresql:///demand
        demand db backup backups/monday.sqlite
        demand db vacuum
      """,
    subcommands: [DatabaseStatusCommand.self, DatabaseMigrate.self, DatabaseBackup.self, DatabaseVacuum.self])
}

struct DatabaseStatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Tells what the database is, its schema version and its size.",
    discussion: """
      Examples:
        demand db status
        demand db status --format json
      """)

  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws { try output.show(Self.table(try common.openForReading())) }

  static func table(_ store: any SalesStore) throws -> OutputTable {
    let status = try store.databaseStatus()
    var table = OutputTable([.text("field"), .text("value")])
    table.append([.text("database"), .text("\(store.url)")])
    table.append([.text("software"), .text(status.software)])
    table.append([.text("schema_version"), .integer(status.migrations.last?.version ?? 0)])
    for it in status.migrations {
      table.append([
        .text("migration_\(it.version)"), .text("\(it.name), applied \(it.appliedAt.formatted(.iso8601))"),
      ])
    }
    table.append([.text("bytes"), .integer(status.bytes)])
    table.append([.text("free_bytes"), status.freeBytes.map { .integer($0) } ?? .missing])
    return table
  }
}

struct DatabaseMigrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Brings the database to this program's schema; makes it where there is none.",
    discussion: """
      Examples:
        demand db migrate
        demand db migrate --database postgresql://demand@db.example/demand

      Migrations go forward only, each in a transaction of its own. A current database stays as it is; a newer one, one \
      of another program and one whose migrations were changed are refused. Every writing command migrates too.
      """)

  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws { try output.show(DatabaseStatusCommand.table(try common.openForWriting(create: true))) }
}

struct DatabaseBackup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copies the whole database, as it is at one moment, into a file.",
    discussion: """
      Examples:
        demand db backup backups/monday.sqlite
        demand db backup monday.dump --database postgresql:///demand

      Others go on working meanwhile. An SQLite backup is a database to work with at once: --database \
      sqlite:backups/monday.sqlite. A PostgreSQL backup is made by pg_dump, which must be installed, and goes into an empty \
      database by 'pg_restore --dbname=NAME monday.dump'.
      """)

  @Argument(help: ArgumentHelp("The file to make; it must not be there.", valueName: "file")) var file: String
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let store = try common.openForReading()
    let folder = WritableFolder.of(file)
    // A folder made here could take the place of a disk that is not mounted.
    guard FileManager.default.fileExists(atPath: folder) else {
      throw UserError(
        .failed, "there is no folder '\(folder)' for the backup", hint: "make or mount the folder, or name another")
    }
    try WritableFolder.require(folder)
    try store.backup(to: file)
    let size = (try FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber)?.intValue ?? 0
    common.note("\(file): \(size) bytes")
  }
}

struct DatabaseVacuum: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vacuum",
    abstract: "Gives free room back to the disk and puts every series' history together.",
    discussion: """
      Examples:
        demand db vacuum

      Worth while after many runs were pruned or many days were added one by one. Needs room for a second copy, and \
      nobody can write meanwhile (in PostgreSQL: nor read the table at work).
      """)

  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let store = try common.openForWriting()
    let before = try store.databaseStatus().bytes
    try store.vacuum()
    common.note("\(before) bytes before, \(try store.databaseStatus().bytes) now")
  }
}
