import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

@Suite struct InterruptionTests {
  /// The program beside the test bundle.
  private var program: String {
    get throws {
      let place = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      let path = place.appending(path: "InterruptedIngest").path
      try #require(FileManager.default.isExecutableFile(atPath: path), "no InterruptedIngest beside the tests")
      return path
    }
  }

  private func start(_ folder: TemporaryFolder) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: try program)
    process.arguments = ["long", folder.path, folder.file("demand.sqlite")]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// Killed at twenty moments of a load, the database opens, is sound, and holds the load whole or not at all; the next
  /// load completes it.
  @Test func killedLoads() throws {
    let folder = try TemporaryFolder()
    let rows = 200 * 300
    try folder.write(
      "product,category,department\n" + (0..<200).map { "p\($0),c,d\($0 % 4)\n" }.joined(), to: "products.csv")
    try folder.write("store,region\ns,r\n", to: "stores.csv")
    let first = Day(iso: "2023-01-01")!
    var sales = "date,product,store,units,price,promotion,stock\n"
    for day in 0..<300 { for product in 0..<200 { sales += "\(first + day),p\(product),s,\(day % 9),2.5,0,ok\n" } }
    try folder.write(sales, to: "sales.csv")
    let url = DatabaseURL(path: folder.file("demand.sqlite"))

    // How long a load takes when nobody stops it, and what it leaves.
    let began = ContinuousClock.now
    let whole = try start(folder)
    whole.waitUntilExit()
    #expect(whole.terminationStatus == 0)
    let duration = ContinuousClock.now - began
    let complete = try openStore(url, mode: .readOnly, now: Delivery.now)
    let snapshot = try complete.dataSnapshot()
    #expect(try complete.dataSummary().rows == rows)
    try complete.close()

    func removeDatabase() throws {
      for ending in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: url.place + ending) }
    }
    try removeDatabase()
    var outcomes: [Int: Int] = [:]
    for attempt in 0..<20 {
      let process = try start(folder)
      Thread.sleep(forTimeInterval: duration / .seconds(1) * Double(attempt + 1) / 20)
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
      let store = try openStore(url, mode: .readWrite(create: true), now: Delivery.now)
      #expect(try store.integrityIsOK())
      let found = try store.dataSummary()
      #expect(found.rows == 0 || found.rows == rows)
      #expect(found.loads == (found.rows == 0 ? 0 : 1) && found.products == (found.rows == 0 ? 0 : 200))
      outcomes[found.rows, default: 0] += 1
      if found.rows == rows {
        #expect(try store.dataSnapshot() == snapshot)
        try store.close()
        try removeDatabase()
      } else {
        try store.close()
      }
    }
    #expect(outcomes[0, default: 0] >= 3, "the kills came too late: \(outcomes)")
    let last = try start(folder)
    last.waitUntilExit()
    #expect(last.terminationStatus == 0)
    let store = try openStore(url, mode: .readOnly, now: Delivery.now)
    #expect(try store.dataSnapshot() == snapshot)
  }
}
