import Foundation
import GRDB
import SalesStore
import Testing

@Suite struct BatchCommandTests {
  /// A night that cannot look for deliveries must not look like one on which none came.
  @Test func anInboxThatIsNotThereFailsTheNight() throws {
    let folder = try PublishedRetailer.shared.get().copy()
    let settings = PublishedRetailer.settings
    try folder.write("config/demand.yml", settings + "\ningest: {inbox: gone}\n")
    for arguments in [["nightly", "--horizon", "14"], ["config", "check", "config/demand.yml"]] {
      let outcome = try DemandProgram.run(arguments, in: folder)
      #expect(outcome.status == (arguments[0] == "nightly" ? 1 : 64), "\(outcome.err)")
      #expect(outcome.error.count == 2 && outcome.error[0].contains("'gone'"), "\(outcome.err)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/gone"))
    try folder.write("config/demand.yml", settings + "\ningest: {inbox_mapping: nonsense}\n")
    for arguments in [["nightly", "--horizon", "14"], ["config", "check", "config/demand.yml"]] {
      let outcome = try DemandProgram.run(arguments, in: folder)
      #expect(outcome.status == 64 && outcome.error[0].contains("ingest.inbox_mapping"), "\(outcome.err)")
    }
  }

  /// The first night of all: its deliveries make the database.
  @Test func anInboxStartsADatabase() throws {
    let folder = try Scratch()
    try folder.write("config/demand.yml", PublishedRetailer.settings + "\ningest: {inbox: inbox}\n")
    let inbox = folder.path + "/inbox"
    try FileManager.default.createDirectory(atPath: inbox, withIntermediateDirectories: false)
    let none = try DemandProgram.run(["nightly", "--horizon", "7"], in: folder)
    #expect(none.status == 3 && none.error.last?.contains("demand ingest") == true, "\(none.err)")
    #expect(folder.contents("demand.sqlite") == nil, "a database without a delivery would only puzzle")
    let retailer = try PublishedRetailer.shared.get().folder
    try folder.copy(retailer.path + "/data", as: "inbox/0001_all")
    for name in try FileManager.default.subpathsOfDirectory(atPath: inbox).map({ inbox + "/" + $0 }) + [inbox] {
      try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -60)], ofItemAtPath: name)
    }
    let night = try DemandProgram.run(["nightly", "--horizon", "7"], in: folder)
    #expect(night.status == 0 && night.out.contains("published"), "\(night.err)")
    #expect(FileManager.default.fileExists(atPath: inbox + "/done/0001_all"))
    let loads = try DemandProgram.run(["data", "status", "--loads", "--format", "csv"], in: folder)
    #expect(loads.out.split(separator: "\n").count == 2, "\(loads.out)")
  }

  @Test func unwritableFoldersAreFoundBeforeTheWork() throws {
    let folder = try PublishedRetailer.shared.get().copy()
    try folder.write("file", "in the way")
    for arguments in [["nightly", "--reports", "file/reports"], ["backtest", "--export", "file/x.csv"]] {
      let outcome = try DemandProgram.run(arguments, in: folder)
      #expect(outcome.status == 1, "\(outcome.err)")
      #expect(outcome.error.count == 2 && outcome.error[0].contains("file"), "\(outcome.err)")
      #expect(outcome.out.isEmpty)
    }
  }

  @Test func aHeldLockHasItsOwnExitCode() throws {
    let folder = try PublishedRetailer.shared.get().copy()
    let descriptor = open(folder.path + "/demand.sqlite.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    try #require(descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    defer { close(descriptor) }
    let outcome = try DemandProgram.run(["nightly", "--horizon", "7"], in: folder)
    #expect(outcome.status == 4, "\(outcome.err)")
    #expect(outcome.error.count == 2 && outcome.error[0].contains("another batch"), "\(outcome.err)")
  }

  @Test func aNewerDatabaseIsNotTouched() throws {
    let folder = try PublishedRetailer.shared.get().copy()
    let migrations = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../migrations/sqlite")
    try FileManager.default.copyItem(atPath: migrations.path, toPath: folder.path + "/migrations")
    let last = try #require(try FileManager.default.contentsOfDirectory(atPath: migrations.path).sorted().last)
    let number = try #require(Int(last.prefix(4)))
    try folder.write("migrations/\(String(10_001 + number).dropFirst())_future.sql", "CREATE TABLE future (x INTEGER);")
    let url = DatabaseURL(path: folder.path + "/demand.sqlite")
    try openStore(
      url, mode: .readWrite(create: false), migrationsFolder: folder.path + "/migrations", now: Date()
    ).close()
    let before = folder.contents("demand.sqlite")
    try folder.write("s.csv", "date,product,store,units\n2024-01-01,P1,S1,1\n")
    for command in ["nightly", "fit", "backtest", "query sales", "runs list", "ingest --sales s.csv", "serve"] {
      let outcome = try DemandProgram.run(command.split(separator: " ").map(String.init), in: folder)
      #expect(outcome.status == 1 && outcome.out.isEmpty, "\(command): \(outcome.err)")
      #expect(outcome.error.count == 2, "\(command): \(outcome.err)")
    }
    #expect(try DemandProgram.run(["fit"], in: folder).err.contains("upgrade the program"))
    #expect(folder.contents("demand.sqlite") == before)
  }

  @Test func aRefusedRunLeavesWhatIsPublished() throws {
    let folder = try PublishedRetailer.shared.get().copy()
    let gates = "gates: {rhat_limit: 1, drift_limit: 100}"
    try folder.write(
      "config/demand.yml",
      PublishedRetailer.settings.split(separator: "\n").filter { !$0.hasPrefix("gates") }.joined(separator: "\n") + "\n"
        + gates)
    let outcome = try DemandProgram.run(["nightly", "--horizon", "\(PublishedRetailer.horizon)"], in: folder)
    #expect(outcome.status == 5, "\(outcome.err)")
    #expect(outcome.error.count == 2 && outcome.error[0].contains("R-hat"), "\(outcome.err)")
    let query = try DemandProgram.run(["query", "forecast", "--total", "--format", "csv"], in: folder)
    #expect(query.status == 0 && query.out.split(separator: "\n").count == 2)
    #expect(query.err.contains("note: this forecast is stale"), "\(query.err)")
  }

  @Test func serveStopsCleanly() throws {
    let folder = try PublishedRetailer.shared.get().copy()
    // A year ahead at least, and nothing missed before, so that no run begins.
    try folder.write(
      "config/demand.yml",
      PublishedRetailer.settings.replacing("nightly: {", with: "nightly: {schedule: '0 0 29 2 *', "))
    let running = try DemandProgram.start(["serve", "--log-format", "json"], in: folder)
    let deadline = Date() + 20
    while try !running.outcomeSoFar().contains("next run"), Date() < deadline { usleep(20_000) }
    running.process.terminate()
    running.process.waitUntilExit()
    let outcome = try running.outcome()
    #expect(running.process.terminationReason == .exit)
    #expect(outcome.status == 0, "\(outcome.err)")
    #expect(outcome.out.isEmpty)
    for line in outcome.err.split(separator: "\n") {
      #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
    }
    #expect(outcome.err.contains("2028-02-29") && outcome.err.contains("\"stopped\""), "\(outcome.err)")
  }

  /// More series with a fallback than the settings allow: the forecast is there, and the exit code tells.
  @Test func manyFallbacksHaveTheirOwnExitCode() throws {
    let folder = try PublishedRetailer.shared.get().copy()
    let command = ["nightly", "--horizon", "\(PublishedRetailer.horizon)"]
    try #require(try DemandProgram.run(command, in: folder).status == 0)
    // The same run, had none of its series been sampled.
    let database = try DatabaseQueue(path: folder.path + "/demand.sqlite")
    try database.write { try $0.execute(sql: "UPDATE runs SET fallback_count = series_count") }
    try database.close()
    let outcome = try DemandProgram.run(command, in: folder)
    #expect(outcome.status == 2, "\(outcome.err)")
    let count = try #require(try /(\d+) series, (\d+) fallbacks/.firstMatch(in: outcome.out))
    #expect(count.1 == count.2 && count.1 != "0")
    #expect(
      outcome.err.contains("\(count.1) of \(count.1) series have a fallback") && outcome.err.contains("--series"),
      "\(outcome.err)")
  }

  @Test(arguments: [(SIGTERM, 143), (SIGINT, 130)] as [(Int32, Int32)])
  func anInterruptedLoadOrBatchIsNoCrash(_ signal: Int32, _ status: Int32) throws {
    let folder = try PublishedRetailer.shared.get().copy()
    let running = try DemandProgram.start(["fit", "--horizon", "21", "--seed", "77"], in: folder)
    let deadline = Date() + 20
    while try !running.outcomeSoFar().contains("groups"), running.process.isRunning, Date() < deadline { usleep(5_000) }
    kill(running.process.processIdentifier, signal)
    running.process.waitUntilExit()
    #expect(running.process.terminationReason == .exit)
    let outcome = try running.outcome()
    #expect(outcome.status == status && outcome.error.count == 2, "\(outcome.err)")
    let again = try DemandProgram.run(["fit", "--horizon", "21", "--seed", "77"], in: folder)
    #expect(again.status == 0, "\(again.err)")
  }

  /// A disk that is full under the reports says nothing against the forecast that was published before them.
  @Test func failingReportsLeaveThePublishedRunAsItIs() throws {
    let folder = try PublishedRetailer.shared.get().copy()
    let url = DatabaseURL(path: folder.path + "/demand.sqlite")
    let horizon = ["--horizon", "\(PublishedRetailer.horizon)"]
    try #require(try DemandProgram.run(["nightly"] + horizon, in: folder).status == 0)
    // A folder in the place of the file makes its last step fail, for root too.
    try FileManager.default.createDirectory(
      atPath: folder.path + "/reports/forecasts.csv/x", withIntermediateDirectories: true)
    let outcome = try DemandProgram.run(
      ["nightly", "--reports", "reports", "--log-format", "json"] + horizon, in: folder)
    #expect(outcome.status == 1)
    let lines = outcome.err.split(separator: "\n")
    #expect(lines.contains { $0.contains(#""level":"error""#) && $0.contains("forecasts.csv") }, "\(outcome.err)")
    for line in lines { #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any]) }
    let store = try openStore(url, mode: .readOnly, now: Date())
    let published = try #require(try store.publishedRun())
    #expect(published.staleSince == nil)
    #expect(published.run.status == .complete && published.run.message.contains("forecasts.csv"))
  }

  /// What a person took back is not put forward again by the next tick of the schedule.
  @Test func takenBackRunsStayBack() throws {
    let folder = try PublishedRetailer.shared.get().copy()
    let second = ["nightly", "--horizon", "\(PublishedRetailer.horizon)", "--seed", "2"]
    try #require(try DemandProgram.run(second, in: folder).status == 0)
    try #require(try DemandProgram.run(["runs", "rollback"], in: folder).status == 0)
    let again = try DemandProgram.run(second, in: folder)
    #expect(again.status == 5 && again.err.contains("taken back"), "\(again.err)")
    let store = try openStore(DatabaseURL(path: folder.path + "/demand.sqlite"), mode: .readOnly, now: Date())
    #expect(try store.publishedRun()?.run.id == 1)
  }

  /// Where a table does not fit the terminal, each row becomes lines of its own and nothing is cut.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "needs script(1) for a terminal"))
  func narrowTerminalsGetBlocks() throws {
    let folder = try PublishedRetailer.shared.get().copy()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/script")
    process.arguments = [
      "-qec", "stty cols 60; '\(try DemandProgram.path)' runs list --limit 1", folder.path + "/terminal",
    ]
    process.currentDirectoryURL = URL(filePath: folder.path)
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let shown = String(decoding: try #require(folder.contents("terminal")), as: UTF8.self).replacing("\r", with: "")
      .split(separator: "\n")
    #expect(shown.contains { $0.contains("origin") && $0.contains(/\d{4}-\d{2}-\d{2}/) }, "\(shown)")
    #expect(!shown.contains { $0.contains("…") }, "\(shown)")
  }

  /// A run whose kept stages are damaged is computed anew when it is started again, with the same outcome.
  @Test func damagedForecastsAreComputedAnew() throws {
    let folder = try PublishedRetailer.shared.get().copy()
    let command = ["nightly", "--horizon", "\(PublishedRetailer.horizon)", "--reports", "reports"]
    try #require(try DemandProgram.run(command, in: folder).status == 0)
    let before = folder.contents("reports/forecasts.csv")
    let database = try DatabaseQueue(path: folder.path + "/demand.sqlite")
    try database.write { try $0.execute(sql: "UPDATE forecasts SET packed = x'0011' WHERE location_depth = 1") }
    try database.close()
    let damaged = try DemandProgram.run(command, in: folder)
    #expect(damaged.status == 1 && damaged.error.count == 2 && damaged.err.contains("damaged"), "\(damaged.err)")
    let again = try DemandProgram.run(command, in: folder)
    #expect(again.status == 0, "\(again.err)")
    #expect(folder.contents("reports/forecasts.csv") == before)
  }
}

extension DemandProgram.Running {
  fileprivate func outcomeSoFar() throws -> String { try String(contentsOfFile: errPath, encoding: .utf8) }
}
