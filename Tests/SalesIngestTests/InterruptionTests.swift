import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

@Suite struct InterruptionTests {
  static let rows = 200 * 300

  /// A delivery that takes about a second to load.
  private func deliver(to folder: TemporaryFolder) throws {
    try folder.write(
      "product,category,department\n" + (0..<200).map { "p\($0),c,d\($0 % 4)\n" }.joined(), to: "products.csv")
    try folder.write("store,region\ns,r\n", to: "stores.csv")
    let first = Day(iso: "2023-01-01")!
    var sales = "date,product,store,units,price,promotion,stock\n"
    for day in 0..<300 { for product in 0..<200 { sales += "\(first + day),p\(product),s,\(day % 9),2.5,0,ok\n" } }
    try folder.write(sales, to: "sales.csv")
  }

  /// The program beside the test bundle.
  private var program: String {
    get throws {
      let place = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      let path = place.appending(path: "InterruptedIngest").path
      try #require(FileManager.default.isExecutableFile(atPath: path), "no InterruptedIngest beside the tests")
      return path
    }
  }

  /// A load in a process of its own; what it complains of stands in a file of the database's folder.
  private struct Loader {
    let process: Process
    let complaintPath: String

    var complaint: String {
      process.waitUntilExit()
      let text = (try? String(contentsOfFile: complaintPath, encoding: .utf8)) ?? ""
      return process.terminationStatus == 0 && text.isEmpty ? "" : "exit code \(process.terminationStatus): \(text)"
    }
  }

  private func loader(_ delivery: TemporaryFolder, _ database: TestDatabase) throws -> Loader {
    let process = Process()
    process.executableURL = URL(filePath: try program)
    process.arguments = ["long", delivery.path, database.argument]
    process.standardOutput = FileHandle.nullDevice
    let complaint = database.folder.file("complaint-\(UUID().uuidString)")
    try Data().write(to: URL(filePath: complaint))
    process.standardError = try FileHandle(forWritingTo: URL(filePath: complaint))
    try process.run()
    return Loader(process: process, complaintPath: complaint)
  }

  private func start(_ delivery: TemporaryFolder, _ database: TestDatabase) throws -> Process {
    try loader(delivery, database).process
  }

  /// Killed at random moments of a load, the creation of the database among them, the database opens, is sound, and holds
  /// the load whole or not at all; the next load completes it. `DEMAND_KILLS` sets how often; `make kills` takes 200.
  @Test(arguments: DatabaseKind.available) func killedLoads(on kind: DatabaseKind) throws {
    let kills = ProcessInfo.processInfo.environment["DEMAND_KILLS"].flatMap { Int($0) } ?? 10
    let delivery = try TemporaryFolder()
    try deliver(to: delivery)
    let database = try TestDatabase(kind)

    // How long a load takes when nobody stops it, and what it leaves.
    let began = ContinuousClock.now
    let whole = try start(delivery, database)
    whole.waitUntilExit()
    #expect(whole.terminationStatus == 0)
    let duration = (ContinuousClock.now - began) / .seconds(1)
    let complete = try openStore(database.url, mode: .readOnly, now: Delivery.now)
    let snapshot = try complete.dataSnapshot()
    #expect(try complete.dataSummary().rows == Self.rows)
    try complete.close()

    try database.clear()
    var outcomes: [Int: Int] = [:]
    for attempt in 0..<kills {
      let process = try start(delivery, database)
      // Every third in the first tenth, where the database is made.
      let span = attempt % 3 == 0 ? 0.1 : 1
      Thread.sleep(forTimeInterval: duration * Double.random(in: 0...span))
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
      let store = try openStore(database.url, mode: .readWrite(create: true), now: Delivery.now)
      #expect(try store.integrityIsOK())
      let found = try store.dataSummary()
      #expect(found.rows == 0 || found.rows == Self.rows)
      #expect(found.loads == (found.rows == 0 ? 0 : 1) && found.products == (found.rows == 0 ? 0 : 200))
      outcomes[found.rows, default: 0] += 1
      if found.rows == Self.rows {
        #expect(try store.dataSnapshot() == snapshot)
      }
      try store.close()
      // The creation of a database is interrupted only where there is none.
      if found.rows == Self.rows || attempt % 3 == 2 { try database.clear() }
    }
    #expect(outcomes[0, default: 0] >= 3, "the kills came too late: \(outcomes)")
    let last = try start(delivery, database)
    last.waitUntilExit()
    #expect(last.terminationStatus == 0)
    let store = try openStore(database.url, mode: .readOnly, now: Delivery.now)
    #expect(try store.dataSnapshot() == snapshot)
  }

  /// A disk that is full in the middle of a load, here by a limit on the size of files, which needs no rights of root.
  @Test(arguments: [64, 300, 600]) func fullDisk(kilobytes: Int) throws {
    let delivery = try TemporaryFolder()
    try deliver(to: delivery)
    let database = try TestDatabase(.sqlite)
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    // Without the trap, the signal would end the program before it could say anything.
    process.arguments = [
      "-c", "trap '' XFSZ; ulimit -f \(kilobytes); exec \"$@\"", "bash", try program, "long", delivery.path,
      database.argument,
    ]
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 1)
    #expect(complaint.contains("cannot be written") && complaint.contains("free space"), "\(complaint)")
    let store = try openStore(database.url, mode: .readWrite(create: true), now: Delivery.now)
    #expect(try store.integrityIsOK())
    #expect(try store.dataSummary().rows == 0 && store.loads().isEmpty)
    try store.close()
    #expect(try loader(delivery, database).complaint == "")
    #expect(try openStore(database.url, mode: .readOnly, now: Delivery.now).dataSummary().rows == Self.rows)
  }

  /// Several programs load the same delivery into a new database: one does, and the others find it done.
  @Test(arguments: DatabaseKind.available) func manyLoadersAtOnce(on kind: DatabaseKind) throws {
    let delivery = try TemporaryFolder()
    try deliver(to: delivery)
    let database = try TestDatabase(kind)
    let loaders = try (0..<4).map { _ in try loader(delivery, database) }
    for loader in loaders { #expect(loader.complaint == "") }
    let store = try openStore(database.url, mode: .readOnly, now: Delivery.now)
    let summary = try store.dataSummary()
    #expect(summary.rows == Self.rows && summary.loads == 1 && summary.series == 200)
  }

  /// Many make the same new database at the same moment, again and again: they wait for each other.
  @Test(arguments: DatabaseKind.available) func manyMakeOneDatabase(on kind: DatabaseKind) throws {
    let delivery = try Delivery()
    try delivery.write()
    let folder = try TemporaryFolder()
    for name in ["products.csv", "stores.csv", "events.csv", "sales.csv"] {
      try FileManager.default.copyItem(atPath: delivery.folder.file(name), toPath: folder.file(name))
    }
    for round in 0..<5 {
      let database = try TestDatabase(kind)
      let loaders = try (0..<8).map { _ in try loader(folder, database) }
      for loader in loaders { #expect(loader.complaint == "", "round \(round)") }
      let store = try openStore(database.url, mode: .readOnly, now: Delivery.now)
      #expect(try store.dataSummary().loads == 1)
      #expect(try store.integrityIsOK())
    }
  }
}
