import Foundation

/// Backups by PostgreSQL's own `pg_dump`, which knows every version of the server up to its own.
struct PostgreSQLDump {
  let options: PostgreSQLOptions
  let schema: String

  /// Writes an archive for `pg_restore`.
  func write(to path: String) throws {
    guard let program = Self.program else {
      throw StoreError.backupFailed(
        path: path,
        reason: "pg_dump is not installed: apt-get install postgresql-client, of the server's version or newer")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = [
      "--format=custom", "--no-owner", "--no-privileges", "--table=\"\(schema)\".*", "--file=\(path)",
      "--dbname=\(options.withoutPassword)",
    ]
    if let password = options.password {
      // Everybody may read a command line; nobody else an environment.
      process.environment = ProcessInfo.processInfo.environment.merging(["PGPASSWORD": password]) { $1 }
    }
    let errors = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let lines = complaint.split(whereSeparator: \.isNewline).map(String.init)
      throw StoreError.backupFailed(path: path, reason: lines.joined(separator: "; "))
    }
  }

  private static var program: String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let debian = "/usr/lib/postgresql"
    let versions = ((try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? [])
      .sorted { Int($0) ?? 0 > Int($1) ?? 0 }
    return (path.split(separator: ":").map { "\($0)/pg_dump" } + versions.map { "\(debian)/\($0)/bin/pg_dump" })
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
