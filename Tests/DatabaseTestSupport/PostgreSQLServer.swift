import Foundation

/// A PostgreSQL server that tests start for themselves: made in a temporary folder, reached by a Unix socket there, and
/// gone with the tests' process in whatever way that ends.
///
/// The server refuses to run as root; then it runs as the user `postgres`, or as `nobody`. What it leaves is removed as
/// that user, who owns it: there are machines on which root may not.
package final class PostgreSQLServer: Sendable {
  /// Folder of the socket, the data and the server's log.
  package let folder: String
  private let programs: String
  private let guardian: Process
  private let lifeline: FileHandle
  private let answers: FileHandle

  /// Name of the superuser, who needs no password.
  private static let superuser = "demand"

  /// One server for all tests that do not stop it; started by the first that wants one.
  package static let shared = Result { try PostgreSQLServer() }

  /// Folder of the server's programs: on the path, or the newest of Debian's; nil where there is none.
  package static let installed: String? = {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let debian = "/usr/lib/postgresql"
    let versions = ((try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? [])
      .sorted { Int($0) ?? 0 > Int($1) ?? 0 }
    return (path.split(separator: ":").map(String.init) + versions.map { "\(debian)/\($0)/bin" })
      .first { folder in
        ["initdb", "pg_ctl", "psql"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
      }
  }()

  /// Why tests on PostgreSQL are skipped.
  package static let absence: String = "no PostgreSQL server on this machine: apt-get install postgresql"

  /// Whom the server runs as, where that is not the user of the tests.
  private static let user: String? = geteuid() != 0 ? nil : ["postgres", "nobody"].first { getpwnam($0) != nil }

  /// Gives a folder to the server's user.
  package static func own(_ folder: String) {
    if let user, let entry = getpwnam(user) { chown(folder, entry.pointee.pw_uid, entry.pointee.pw_gid) }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Makes and starts a server.
  ///
  /// - Parameter settings: such as `max_connections=20`.
  package init(settings: [String] = []) throws {
    guard let programs = Self.installed else { throw Failure(description: Self.absence) }
    self.programs = programs
    let user = Self.user
    // A socket's path may have some hundred characters at most.
    let temporary = FileManager.default.temporaryDirectory.path
    folder = (temporary.utf8.count > 40 ? "/tmp" : temporary) + "/demand-pg-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    Self.own(folder)
    guardian = Process()
    guardian.executableURL = URL(filePath: "/bin/sh")
    let options = (["listen_addresses=''", "unix_socket_directories='\(folder)'", "fsync=off"] + settings)
      .map { "-c \($0)" }.joined(separator: " ")
    guardian.arguments = [
      "-c", Self.frame(user), "guardian", folder, "/bin/sh", "-c", Self.life, "server", programs, folder,
      Self.superuser,
      options,
    ]
    let (input, output) = (Pipe(), Pipe())
    guardian.standardInput = input
    guardian.standardOutput = output
    // Somebody else's descriptors would keep the lifeline open beyond this process.
    _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
    lifeline = input.fileHandleForWriting
    answers = output.fileHandleForReading
    try guardian.run()
    guard String(decoding: answers.availableData, as: UTF8.self) == "ready\n" else {
      let log = ["/initdb.log", "/server.log"].compactMap { try? String(contentsOfFile: folder + $0, encoding: .utf8) }
      throw Failure(description: "PostgreSQL did not start: \(log.joined())")
    }
  }

  deinit {
    try? lifeline.close()
    guardian.waitUntilExit()
  }

  /// Runs until its standard input ends, which is when the tests' process ends; a line of it stops or starts the server.
  /// Texts of the server sort by a language, where that can be had, so that nothing rests on the order of bytes unknowingly.
  private static let life = """
    trap '' INT TERM HUP
    cd "$2"
    { "$1/initdb" -D data -U "$3" -A trust -E UTF8 --no-sync --locale=C --locale-provider=icu --icu-locale=en ||
      { rm -rf data; "$1/initdb" -D data -U "$3" -A trust -E UTF8 --no-sync --locale=C; }; } >initdb.log 2>&1 &&
    "$1/pg_ctl" -D data -w -t 120 -l server.log -o "$4" start >/dev/null 2>&1 &&
    echo ready
    while read -r words; do
      "$1/pg_ctl" -D data -w -t 120 -l server.log -o "$4" $words >/dev/null 2>&1 && echo done || echo failed
    done
    "$1/pg_ctl" -D data -w -m immediate stop >/dev/null 2>&1
    for pause in 0.2 1 5; do
      find . -mindepth 1 -delete && break
      sleep "$pause"
    done
    """

  /// Runs the words behind a folder as the server's user, who empties it, and then removes it as the tests' user, whose
  /// folder it lies in.
  private static func frame(_ user: String?) -> String {
    let change = user.map { "setpriv --reuid=\($0) --regid=$(id -g \($0)) --clear-groups -- " } ?? ""
    return """
      trap '' INT TERM HUP
      folder=$1
      shift
      \(change)"$@"
      rmdir "$folder"
      """
  }

  // MARK: Databases

  private let count = Counter()

  /// A database that is new and empty.
  package func makeDatabase(options: String = "") throws -> String {
    let name = "t\(count.next())"
    _ = try query("CREATE DATABASE \(name) \(options)", in: "postgres")
    return name
  }

  /// The URL of a database on this server.
  ///
  /// - Parameter parameters: further options of the connection, such as `options=-csearch_path%3Da`.
  package func url(_ database: String, user: String? = nil, parameters: String = "") -> String {
    let more = parameters.isEmpty ? "" : "&" + parameters
    return "postgresql://\(user ?? Self.superuser)@/\(database)?host=\(folder)\(more)"
  }

  /// Runs SQL by `psql`; rows are lines with `|` between their values.
  @discardableResult
  package func query(_ sql: String, in database: String) throws -> String {
    try psql(["-c", sql], in: database)
  }

  /// Runs a file of SQL, such as a dump.
  package func run(file: String, in database: String) throws { _ = try psql(["-f", file], in: database) }

  private func psql(_ what: [String], in database: String) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: programs + "/psql")
    process.arguments = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url(database)] + what
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: complaint) }
    return text.trimmingCharacters(in: .newlines)
  }

  /// Ends all connections to a database, as an administrator would.
  package func cutConnections(to database: String) throws {
    try query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database)' AND pid <> pg_backend_pid()",
      in: "postgres")
  }

  // MARK: Power

  package enum Shutdown: String { case fast, immediate }

  package func stop(_ how: Shutdown) throws { try control("-m \(how.rawValue) stop") }

  package func start() throws { try control("start") }

  /// By the guardian: a process of this one's would hand its descriptors on to the server, and never seem to end.
  private func control(_ words: String) throws {
    try lifeline.write(contentsOf: Data((words + "\n").utf8))
    guard String(decoding: answers.availableData, as: UTF8.self) == "done\n" else {
      throw Failure(description: "pg_ctl \(words) failed")
    }
  }
}
