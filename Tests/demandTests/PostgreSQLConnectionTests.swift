import DatabaseTestSupport
import Foundation
import Testing

/// The program against a server that wants TLS and a password: every option of libpq in the URL, and secrets from the
/// environment, a password file or a service file.
@Suite(
  .enabled(if: PostgreSQLServer.installed != nil, "\(PostgreSQLServer.absence)"),
  .enabled(if: SecureServer.openSSL != nil, "no openssl on this machine to make a certificate with"))
struct PostgreSQLConnectionTests {
  private let secure: SecureServer
  private let folder: Scratch

  init() throws {
    secure = try SecureServer.shared.get()
    folder = try Scratch()
  }

  private func status(_ url: String, _ environment: [String: String] = [:]) throws -> DemandProgram.Outcome {
    try DemandProgram.run(["db", "migrate", "--database", url], in: folder, environment: environment)
  }

  @Test func verifiedTLS() throws {
    let sound = "sslmode=verify-full&sslrootcert=\(secure.certificate)"
    let outcome = try status(secure.url(sound), ["PGPASSWORD": secure.password])
    #expect(outcome.status == 0, "\(outcome.err)")
    // What the server would not speak to, and whom the client would not trust.
    let plain = try status(secure.url("sslmode=disable"), ["PGPASSWORD": secure.password])
    #expect(plain.status == 1 && plain.error[0].contains("no encryption"), "\(plain.err)")
    let stranger = try status(
      secure.url("sslmode=verify-full&sslrootcert=\(secure.otherCertificate)"), ["PGPASSWORD": secure.password])
    #expect(stranger.status == 1 && stranger.error[0].contains("certificate verify failed"), "\(stranger.err)")
  }

  @Test func passwordsFromEverywhereButTheCommandLine() throws {
    let url = secure.url("sslmode=require")
    let without = try status(url, ["PGPASSFILE": "/nonexistent"])
    #expect(without.status == 1 && without.error[0].contains("no password supplied"), "\(without.err)")
    #expect(without.error[1].contains("PGPASSWORD"), "\(without.err)")
    let wrong = try status(url, ["PGPASSWORD": "sesame"])
    #expect(wrong.status == 1 && wrong.error[0].contains("password authentication failed"), "\(wrong.err)")
    #expect(!wrong.err.contains("sesame"))

    let passwords = try folder.write(
      "pgpass", "\(secure.host):5432:*:\(SecureServer.user):\(secure.password)\n")
    chmod(passwords, 0o600)
    #expect(try status(url, ["PGPASSFILE": passwords]).status == 0)
    #expect(try status(url + "&passfile=\(passwords)").status == 0)

    let services = try folder.write(
      "services",
      """
      [retail]
      host=\(secure.host)
      user=\(SecureServer.user)
      password=\(secure.password)
      dbname=\(secure.database)
      sslmode=require

      """)
    #expect(try status("postgresql://?service=retail", ["PGSERVICEFILE": services]).status == 0)
    let hidden = try DemandProgram.run(
      ["db", "migrate"], in: folder,
      environment: [
        "DEMAND_DATABASE": url.replacing("//\(SecureServer.user)@", with: "//\(SecureServer.user):\(secure.password)@")
      ])
    #expect(hidden.status == 0, "\(hidden.err)")
    #expect(!(hidden.out + hidden.err).contains(secure.password))
  }
}

/// A server that speaks to TLS alone, on an address of its own, and asks for a password.
final class SecureServer: Sendable {
  static let shared = Result { try SecureServer() }
  static let user = "planner"
  static let openSSL = ["/usr/bin/openssl", "/usr/local/bin/openssl"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  let host: String
  let password = "open-\(UUID().uuidString)"
  let database: String
  let certificate: String
  let otherCertificate: String
  private let server: PostgreSQLServer
  private let folder: Scratch

  init() throws {
    // Any address of 127.0.0.0/8 is this machine: nobody else's server is in the way.
    host = "127.\(Int.random(in: 1...254)).\(Int.random(in: 1...254)).\(Int.random(in: 2...254))"
    folder = try Scratch()
    PostgreSQLServer.own(folder.path)
    certificate = try Self.certify("server", host, folder)
    otherCertificate = try Self.certify("other", host, folder)
    let rules = try folder.write("hba.conf", "local all all trust\nhostssl all all 127.0.0.0/8 scram-sha-256\n")
    PostgreSQLServer.own(rules)
    server = try PostgreSQLServer(settings: [
      "listen_addresses=\(host)", "ssl=on", "ssl_cert_file=\(certificate)", "ssl_key_file=\(folder.path)/server.key",
      "hba_file=\(rules)",
    ])
    database = try server.makeDatabase()
    try server.query("CREATE ROLE \(Self.user) LOGIN PASSWORD '\(password)'", in: database)
    try server.query("ALTER DATABASE \(database) OWNER TO \(Self.user)", in: database)
    try server.query("ALTER SCHEMA public OWNER TO \(Self.user)", in: database)
  }

  func url(_ parameters: String) -> String { "postgresql://\(Self.user)@\(host)/\(database)?\(parameters)" }

  private static func certify(_ name: String, _ host: String, _ folder: Scratch) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: openSSL!)
    let (key, certificate) = ("\(folder.path)/\(name).key", "\(folder.path)/\(name).crt")
    process.arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=\(host)", "-addext", "subjectAltName=IP:\(host)", "-keyout", key, "-out", certificate,
    ]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    chmod(key, 0o600)
    PostgreSQLServer.own(key)
    return certificate
  }
}
