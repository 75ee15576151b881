/// What can go wrong with a database, with what would mend it.
///
/// `place` names the database without secrets: a path, or `postgresql://user@host:port/name`.
public enum StoreError: Error, Hashable, Sendable {
  /// The URL is not understood: a usage error.
  case unsupportedURL(String, reason: String)
  /// There is no database where a command wanted to read one.
  case missingDatabase(place: String)
  /// The file is not an SQLite database.
  case notADatabase(place: String)
  /// A database, but of another program.
  case foreignDatabase(place: String)
  /// Written by a later version of this program; nothing was touched.
  case newerDatabase(place: String, version: Int, known: Int)
  /// Written by an earlier version, and opened for reading only.
  case olderDatabase(place: String, version: Int, known: Int)
  /// An applied migration is not what the program has under its number.
  case migrationChanged(version: Int, name: String)
  /// A migration was never applied, though a later one was.
  case migrationMissing(version: Int, name: String)
  /// A table that the program made is gone, and can be made again.
  case missingTable(place: String, table: String)
  /// The migrations themselves are wrong: names, numbers, an unreadable folder.
  case invalidMigrations(reason: String)
  case migrationFailed(version: Int, name: String, reason: String)
  /// Another process holds the database, or what a statement needed of it, longer than the lock timeout.
  case busy(place: String)
  /// Another batch works on the database.
  case lockHeld(place: String, holder: String)
  /// The database cannot be written: read only, no permission, no room.
  case unwritable(place: String, reason: String)
  /// The database is there and cannot be read as it is.
  case unreadable(place: String, reason: String)
  /// A backup that was not made.
  case backupFailed(path: String, reason: String)
  /// No connection to the server: wrong address, not running, wrong password.
  case unreachable(place: String, reason: String)
  /// The connection broke within a transaction.
  case connectionLost(place: String, reason: String)
  /// The connection broke while the end of a transaction was under way: whether it was kept is not known.
  case outcomeUnknown(place: String, reason: String)
  /// A statement took longer than the statement timeout.
  case timeout(place: String, reason: String)
  /// No sales have been loaded, or none up to the day asked for.
  case noData(reason: String)
  /// A level, product, store or node that the database does not know.
  case unknownName(kind: String, name: String, known: [String])
  case unknownRun(Int)
  case unknownAnnotation(Int)
  /// What was asked cannot be done with this run, such as publishing one that failed.
  case runState(run: Int, reason: String)
  /// Stored bytes do not match their checksum, or cannot be decoded.
  case corrupt(what: String, reason: String)
  /// Masters do not form a tree.
  case hierarchy(String)
  /// Anything else that the database reports.
  case database(place: String, reason: String)
}

extension StoreError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupportedURL(let url, let reason): "database URL '\(url)': \(reason)"
    case .missingDatabase(let place):
      "there is no database at '\(place)': load data first with `demand ingest`, or name another with --database"
    case .notADatabase(let place):
      "'\(place)' is not an SQLite database: name another file with --database, or move this one away"
    case .foreignDatabase(let place):
      "'\(place)' is a database of another program: name another with --database, or one of its schemas for demand alone"
    case .newerDatabase(let place, let version, let known):
      "database '\(place)' is at schema version \(version), this program knows \(known): upgrade the program; "
        + "the database was not touched"
    case .olderDatabase(let place, let version, let known):
      "database '\(place)' is at schema version \(version), this program needs \(known): "
        + "run `demand db migrate`"
    case .migrationChanged(let version, let name):
      "migration \(version) (\(name)) differs from the one that built this database: restore the original file, "
        + "and put changes into a new migration"
    case .migrationMissing(let version, let name):
      "the database's list of migrations lacks number \(version) (\(name)), though later ones were applied; it was not "
        + "touched"
    case .missingTable(let place, let table):
      "database '\(place)' lacks the table \(table): run `demand db migrate`"
    case .invalidMigrations(let reason): "migrations cannot be used: \(reason)"
    case .migrationFailed(let version, let name, let reason):
      "migration \(version) (\(name)) failed and was rolled back: \(reason)"
    case .busy(let place):
      "database '\(place)' is held by another process: wait until it is done, then try again"
    case .lockHeld(let place, let holder): "another batch is at work on this database (\(holder), lock \(place))"
    case .unwritable(let place, let reason):
      "database '\(place)' cannot be written (\(reason)): check "
        + (isOutOfRoom
          ? "the \(place.hasPrefix("postgresql:") ? "server's disk" : "disk's free space")"
          : place.hasPrefix("postgresql:")
            ? "the user's rights" : "the folder's permissions" + (isFailureOfDisk ? " and free space" : ""))
    case .backupFailed(let path, let reason): "no backup was written to '\(path)': \(reason)"
    case .unreadable(let place, let reason): "database '\(place)' cannot be read: \(reason)"
    case .unreachable(let place, let reason):
      "cannot connect to '\(place)' (\(reason)): check that the server runs, the address, the user and the password"
    case .connectionLost(let place, let reason):
      "the connection to '\(place)' was lost (\(reason)): nothing of the step in hand was kept; start the command again"
    case .outcomeUnknown(let place, let reason):
      "the connection to '\(place)' was lost as a step ended (\(reason)), so it may have been kept or not: start the "
        + "command again, which does only what is not done"
    case .timeout(let place, let reason):
      "database '\(place)' took too long (\(reason)): try again when it is less busy, or raise statement_timeout"
    case .noData(let reason): reason
    case .unknownName(let kind, let name, let known):
      "unknown \(kind) '\(name)'"
        + (known.isEmpty ? "" : ": known are " + known.prefix(8).joined(separator: ", "))
        + (known.count > 8 ? " and \(known.count - 8) more" : "")
    case .unknownRun(let run): "there is no run \(run): `demand runs` lists them"
    case .unknownAnnotation(let id): "there is no annotation \(id): `demand annotate list` shows them"
    case .runState(let run, let reason): "run \(run) \(reason)"
    case .corrupt(let what, let reason):
      "\(what) in the database is damaged (\(reason)): restore a backup; a run is computed anew when it is started again"
    case .hierarchy(let reason): reason
    case .database(let place, let reason): "database '\(place)': \(reason)"
    }
  }

  /// Whether a database cannot be written because its disk is full.
  public var isOutOfRoom: Bool {
    guard case .unwritable(_, let reason) = self else { return false }
    return ["is full", "No space", "could not extend"].contains { reason.contains($0) }
  }

  /// Whether a database cannot be written for what its disk reports, a full one among other things.
  public var isFailureOfDisk: Bool {
    if case .unwritable(_, let reason) = self { reason.contains("I/O error") } else { false }
  }

  /// The reason alone where the database gave one.
  var reason: String {
    switch self {
    case .database(_, let reason), .unwritable(_, let reason), .connectionLost(_, let reason), .timeout(_, let reason):
      reason
    default: description
    }
  }

  /// What an SQLite file is that another process took away.
  static let movedReason = "the file was moved or deleted while in use"

  /// Whether the same opening may succeed a moment later.
  var passesInOpening: Bool {
    switch self {
    case .busy: true
    case .unwritable(_, let reason): reason == Self.movedReason
    default: false
    }
  }
}
