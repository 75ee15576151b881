import DatabaseTestSupport
import DemandData
import Foundation
import GRDB
import SalesStore
import Testing

@Suite struct OpeningTests {
  let now = SmallStore.noon

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return String(describing: error) }
    return "no error"
  }

  @Test func urls() throws {
    #expect(try DatabaseURL("sqlite:a/b.sqlite") == .sqlite(path: "a/b.sqlite"))
    #expect(try DatabaseURL("sqlite:a b?c#d.sqlite") == .sqlite(path: "a b?c#d.sqlite"))
    #expect(message { _ = try DatabaseURL("sqlite:") }.contains("names no file"))
    #expect(message { _ = try DatabaseURL("demand.sqlite") }.contains("write sqlite:PATH"))
  }

  @Test func freshThenAgain() throws {
    let folder = try TemporaryFolder()
    let url = DatabaseURL(path: folder.file("new.sqlite"))
    #expect(throws: StoreError.missingDatabase(place: url.place)) {
      _ = try openStore(url, mode: .readOnly, now: now)
    }
    #expect(throws: StoreError.missingDatabase(place: url.place)) {
      _ = try openStore(url, mode: .readWrite(create: false), now: now)
    }
    #expect(!FileManager.default.fileExists(atPath: url.place))
    try openStore(url, mode: .readWrite(create: true), now: now).close()
    func applied() throws -> [Row] {
      try DatabaseQueue(path: url.place).read { try Row.fetchAll($0, sql: "SELECT * FROM schema_migrations") }
    }
    let first = try applied()
    try openStore(url, mode: .readWrite(create: true), now: now + 60).close()
    #expect(try applied() == first)
    #expect(first.map { $0["name"] as String }.prefix(2) == ["initial", "more_facts"])
    #expect(first[0]["applied_at"] as String == "2024-01-01T12:00:00.250Z")
    let store = try openStore(url, mode: .readOnly, now: now)
    #expect(try store.integrityIsOK())
    #expect(message { _ = try store.panel() }.contains("holds no sales"))
    #expect(throws: StoreError.self) { try store.saveArtifact(run: 1, kind: "a", payload: []) }
  }

  @Test func migrationsOfAFolder() throws {
    let folder = try TemporaryFolder()
    let url = DatabaseURL(path: folder.file("demand.sqlite"))
    func open(_ mode: StoreMode = .readWrite(create: true)) throws {
      try openStore(url, mode: mode, migrationsFolder: folder.path, now: now).close()
    }
    #expect(message { try open() }.contains("holds no .sql file"))
    try folder.write("CREATE TABLE a (x); CREATE TABLE b (x);", to: "0001_first.sql")
    try open()
    try folder.write("CREATE TABLE c (x); CREATE TABLE nonsense;", to: "0002_second.sql")
    #expect(message { try open() }.contains("migration 2 (second) failed and was rolled back"))
    try folder.write("CREATE TABLE c (x);", to: "0002_second.sql")
    #expect(throws: StoreError.olderDatabase(place: url.place, version: 1, known: 2)) { try open(.readOnly) }
    try open()
    try folder.write("CREATE TABLE c (x, y);", to: "0002_second.sql")
    #expect(throws: StoreError.migrationChanged(version: 2, name: "second")) { try open() }
    try FileManager.default.removeItem(atPath: folder.file("0002_second.sql"))
    let before = try folder.bytes(of: "demand.sqlite")
    #expect(throws: StoreError.newerDatabase(place: url.place, version: 2, known: 1)) { try open() }
    #expect(message { try open(.readOnly) }.contains("upgrade the program"))
    #expect(try folder.bytes(of: "demand.sqlite") == before)
    try folder.write("", to: "0003_third.sql")
    #expect(message { try open() }.contains("number 2 is missing"))
    try folder.write("", to: "first.sql")
    #expect(message { try open() }.contains("not named NNNN_name.sql"))
  }

  @Test func foreignFiles() throws {
    let folder = try TemporaryFolder()
    let text = try folder.write(String(repeating: "no database at all\n", count: 200), to: "text.sqlite")
    for mode in [StoreMode.readOnly, .readWrite(create: true)] {
      #expect(throws: StoreError.notADatabase(place: text)) {
        _ = try openStore(DatabaseURL(path: text), mode: mode, now: now)
      }
    }
    #expect(
      message { _ = try openStore(DatabaseURL(path: folder.path), mode: .readOnly, now: now) }
        .contains("it is a folder"))
    let nowhere = DatabaseURL(path: folder.file("missing/demand.sqlite"))
    #expect(
      message { _ = try openStore(nowhere, mode: .readWrite(create: true), now: now) }
        .contains("check the folder's permissions"))
    let songs = DatabaseURL(path: folder.file("songs.sqlite"))
    let queue = try DatabaseQueue(path: songs.place)
    try queue.write { try $0.execute(sql: "CREATE TABLE songs (title)") }
    try queue.close()
    let before = try folder.bytes(of: "songs.sqlite")
    for mode in [StoreMode.readOnly, .readWrite(create: true)] {
      #expect(throws: StoreError.foreignDatabase(place: songs.place)) {
        _ = try openStore(songs, mode: mode, now: now)
      }
    }
    #expect(try folder.bytes(of: "songs.sqlite") == before)
  }

  /// The embedded migrations are those of the repository, all of them.
  @Test func embeddedMigrationsAreTheFolder() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = root.appending(path: "migrations/sqlite").path
    try #require(FileManager.default.fileExists(atPath: folder))
    let temporary = try TemporaryFolder()
    let url = DatabaseURL(path: temporary.file("demand.sqlite"))
    try openStore(url, mode: .readWrite(create: true), now: now).close()
    try openStore(url, mode: .readOnly, migrationsFolder: folder, now: now).close()
  }
}
