/// Where a database is: `sqlite:PATH`, or `postgresql://...` as PostgreSQL's own programs take it.
///
/// A PostgreSQL URL may hold any connection option (`?sslmode=verify-full&connect_timeout=5`); what it leaves out comes
/// from libpq's environment variables, password file and service file.
public enum DatabaseURL: Sendable, Hashable, CustomStringConvertible {
  /// An SQLite file by its path as given, relative or absolute.
  case sqlite(path: String)
  /// A connection URL of libpq, whole; it may hold a password, so it is never printed.
  case postgresql(String)

  public init(path: String) { self = .sqlite(path: path) }

  /// Parses a database URL.
  ///
  /// - Throws: ``StoreError/unsupportedURL(_:reason:)``, which a command reports as a usage error.
  public init(_ text: String) throws(StoreError) {
    if text.hasPrefix("sqlite:") {
      let path = String(text.dropFirst("sqlite:".count))
      guard !path.isEmpty, !path.utf8.contains(0) else {
        throw .unsupportedURL(text, reason: "it names no file; write sqlite:PATH, such as sqlite:demand.sqlite")
      }
      guard !Self.isInMemory(path) else {
        throw .unsupportedURL(
          text,
          reason:
            "a database in memory would be gone as soon as the command ends, and the next one would not find it; name "
            + "a file, in a folder such as /dev/shm if it shall not touch a disk: sqlite:/dev/shm/demand.sqlite")
      }
      self = .sqlite(path: path)
    } else if text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") {
      // The text may hold a password: a message must not repeat it.
      if let reason = PostgreSQLOptions.complaint(about: text) {
        throw .unsupportedURL("postgresql://...", reason: reason)
      }
      self = .postgresql(text)
    } else {
      throw .unsupportedURL(
        text.contains("://") ? "\(text.prefix { $0 != ":" })://..." : text,
        reason: "it is no database URL; write sqlite:PATH, such as sqlite:demand.sqlite, or postgresql://HOST/NAME")
    }
  }

  /// What SQLite's own programs take for a database in memory.
  private static func isInMemory(_ path: String) -> Bool {
    path == ":memory:" || path.hasPrefix("file::memory:")
      || path.hasPrefix("file:") && path.contains("mode=memory")
  }

  /// Whether a password stands in the URL itself, where a command line would show it to everybody on the machine.
  public var holdsPassword: Bool {
    if case .postgresql(let url) = self { PostgreSQLOptions(url).password != nil } else { false }
  }

  /// Without any password.
  public var description: String {
    switch self {
    case .sqlite(let path): "sqlite:\(path)"
    case .postgresql(let url): PostgreSQLOptions(url).place
    }
  }

  /// As errors name the database: an SQLite file by its path.
  public var place: String {
    if case .sqlite(let path) = self { path } else { description }
  }
}
