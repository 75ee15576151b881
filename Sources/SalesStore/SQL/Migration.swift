import Crypto
import Foundation

/// One numbered SQL file of `migrations/sqlite` or `migrations/postgresql`.
struct Migration: Sendable, Hashable {
  let version: Int
  /// File name without its number and ending, such as `initial`.
  let name: String
  let sql: String

  /// SHA-256 of the file, in hexadecimal; recorded with the migration.
  var checksum: String { ContentHash.hex(of: Array(sql.utf8)) }

  /// - Parameter file: `NNNN_name.sql`.
  init(file: String, bytes: [UInt8]) throws(StoreError) {
    let stem = file.hasSuffix(".sql") ? file.dropLast(4) : ""
    let parts = stem.split(separator: "_", maxSplits: 1)
    guard parts.count == 2, parts[0].utf8.count == 4, let version = Int(parts[0]), version > 0 else {
      throw .invalidMigrations(reason: "'\(file)' is not named NNNN_name.sql")
    }
    self.version = version
    name = String(parts[1])
    sql = String(decoding: bytes, as: UTF8.self)
  }

  /// Those built into the program, in order.
  static func embedded(_ dialect: SQLDialect) throws(StoreError) -> [Migration] {
    let files: [(name: String, sqlite: [UInt8], postgresql: [UInt8])] = [
      (
        "0001_initial.sql", PackageResources.sqlite_0001_initial_sql, PackageResources.postgresql_0001_initial_sql
      ),
      (
        "0002_more_facts.sql", PackageResources.sqlite_0002_more_facts_sql,
        PackageResources.postgresql_0002_more_facts_sql
      ),
      (
        "0003_packed_histories.sql", PackageResources.sqlite_0003_packed_histories_sql,
        PackageResources.postgresql_0003_packed_histories_sql
      ),
    ]
    var migrations: [Migration] = []
    for file in files {
      migrations.append(try Migration(file: file.name, bytes: dialect == .sqlite ? file.sqlite : file.postgresql))
    }
    return try ordered(migrations)
  }

  /// Those of a folder on disk that the user named in their place.
  static func inFolder(_ path: String) throws(StoreError) -> [Migration] {
    let files: [String]
    do {
      files = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".sql") }
    } catch {
      throw .invalidMigrations(reason: "folder '\(path)' cannot be read")
    }
    guard !files.isEmpty else { throw .invalidMigrations(reason: "folder '\(path)' holds no .sql file") }
    var migrations: [Migration] = []
    for file in files {
      guard let data = FileManager.default.contents(atPath: path + "/" + file) else {
        throw .invalidMigrations(reason: "'\(path)/\(file)' cannot be read")
      }
      migrations.append(try Migration(file: file, bytes: Array(data)))
    }
    return try ordered(migrations)
  }

  /// Sorted by version, which must count 1, 2, 3...
  static func ordered(_ migrations: [Migration]) throws(StoreError) -> [Migration] {
    let sorted = migrations.sorted { $0.version < $1.version }
    for (index, migration) in sorted.enumerated() where migration.version != index + 1 {
      throw .invalidMigrations(
        reason: "number \(index + 1) is \(migration.version <= index ? "used twice" : "missing")")
    }
    return sorted
  }
}
