/// Where a database is: `sqlite:PATH`.
public struct DatabaseURL: Sendable, Hashable, CustomStringConvertible {
  /// Path of the SQLite file as given, relative or absolute.
  public let path: String

  public init(path: String) { self.path = path }

  /// Parses a database URL.
  ///
  /// - Throws: ``StoreError/unsupportedURL(_:reason:)``, which a command reports as a usage error.
  public init(_ text: String) throws(StoreError) {
    if text.hasPrefix("sqlite:") {
      let path = String(text.dropFirst("sqlite:".count))
      guard !path.isEmpty, !path.utf8.contains(0) else {
        throw .unsupportedURL(text, reason: "it names no file; write sqlite:PATH, such as sqlite:demand.sqlite")
      }
      self.path = path
    } else if text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") {
      throw .unsupportedURL(text, reason: "this version keeps its data in SQLite only; write sqlite:PATH")
    } else {
      throw .unsupportedURL(text, reason: "it is no database URL; write sqlite:PATH, such as sqlite:demand.sqlite")
    }
  }

  public var description: String { "sqlite:\(path)" }
}
