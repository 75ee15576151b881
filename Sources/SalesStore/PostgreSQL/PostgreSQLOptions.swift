import CLibPQ
import Foundation

/// What a connection URL says, as libpq itself reads it.
struct PostgreSQLOptions {
  private let url: String
  private let given: [String: String]

  init(_ url: String) {
    self.url = url
    given = Self.parse(url) ?? [:]
  }

  /// Why a text is no connection URL, or nil if it is one.
  ///
  /// libpq's own message may quote a piece of the password, so it is not passed on.
  static func complaint(about url: String) -> String? {
    parse(url) == nil
      ? "it is no connection URL of PostgreSQL: its form is postgresql://USER@HOST:PORT/NAME?OPTION=VALUE, options are "
        + "those of libpq, and special characters in names are percent-encoded"
      : nil
  }

  var password: String? { given["password"] }

  /// All options but the password, as `KEY='VALUE'`, for a program's command line.
  var withoutPassword: String {
    given.filter { $0.key != "password" }.sorted { $0.key < $1.key }
      .map { "\($0.key)='\($0.value.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'" }
      .joined(separator: " ")
  }

  /// The database without secrets: `postgresql://user@host:port/name`, as far as it is known.
  var place: String {
    func value(_ option: String, _ variable: String) -> String? {
      given[option] ?? ProcessInfo.processInfo.environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }
    var text = "postgresql://"
    if let user = value("user", "PGUSER") { text += "\(user)@" }
    let host = value("host", "PGHOST") ?? given["hostaddr"]
    // The path of a socket's folder does not stand in a host's place.
    if let host, !host.hasPrefix("/") { text += host }
    if let port = value("port", "PGPORT") { text += ":\(port)" }
    if let name = value("dbname", "PGDATABASE") { text += "/\(name)" }
    var rest: [String] = []
    if let host, host.hasPrefix("/") { rest.append("host=\(host)") }
    if let service = value("service", "PGSERVICE") { rest.append("service=\(service)") }
    return rest.isEmpty ? text : "\(text)?\(rest.joined(separator: "&"))"
  }

  /// Keywords for `PQconnectdbParams`; those of the URL override the ones before it.
  var keywords: [(String, String)] {
    var defaults = [("fallback_application_name", "demand")]
    // A service file's settings would yield to ours.
    let hasService = given["service"] != nil || ProcessInfo.processInfo.environment["PGSERVICE"] != nil
    if !hasService {
      if ProcessInfo.processInfo.environment["PGCONNECT_TIMEOUT"] == nil { defaults.append(("connect_timeout", "10")) }
      // A server that vanished without a word is noticed within two minutes.
      defaults += [("keepalives_idle", "30"), ("keepalives_interval", "15"), ("keepalives_count", "5")]
    }
    return defaults + [("dbname", url), ("client_encoding", "UTF8")]
  }

  private static func parse(_ url: String) -> [String: String]? {
    guard !url.utf8.contains(0), let options = PQconninfoParse(url, nil) else { return nil }
    defer { PQconninfoFree(options) }
    var given: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val { given[String(cString: keyword)] = String(cString: value) }
      option += 1
    }
    return given
  }
}
