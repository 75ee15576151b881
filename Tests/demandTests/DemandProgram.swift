import DatabaseTestSupport
import Foundation
import Testing

/// The built program, run as users run it.
enum DemandProgram {
  struct Outcome {
    let status: Int32
    let out: String
    let err: String

    /// What stands on standard error from `error:` on.
    var error: [String] {
      let lines = err.split(separator: "\n").map(String.init)
      return Array(lines.drop { !$0.hasPrefix("error: ") })
    }
  }

  static var path: String {
    get throws {
      let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      let places = [URL(filePath: bundle), URL(filePath: CommandLine.arguments[0])].map {
        $0.deletingLastPathComponent()
      }
      for place in places {
        let path = place.appending(path: "demand").path
        if FileManager.default.isExecutableFile(atPath: path) { return path }
      }
      throw ProgramIsMissing()
    }
  }

  struct ProgramIsMissing: Error, CustomStringConvertible {
    var description: String { "no program 'demand' beside the tests: build with 'swift build --build-tests'" }
  }

  /// Runs the program in `folder`, with neither DEMAND_DATABASE nor a terminal.
  static func run(_ arguments: [String], in folder: Scratch, environment: [String: String] = [:]) throws -> Outcome {
    let process = try start(arguments, in: folder, environment: environment)
    process.process.waitUntilExit()
    return try process.outcome()
  }

  struct Running {
    let process: Process
    let outPath: String
    let errPath: String

    func outcome() throws -> Outcome {
      Outcome(
        status: process.terminationStatus, out: try String(contentsOfFile: outPath, encoding: .utf8),
        err: try String(contentsOfFile: errPath, encoding: .utf8))
    }
  }

  static func start(_ arguments: [String], in folder: Scratch, environment: [String: String] = [:]) throws -> Running {
    let process = Process()
    process.executableURL = URL(filePath: try path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: folder.path)
    var inherited = ProcessInfo.processInfo.environment
    inherited["DEMAND_DATABASE"] = nil
    process.environment = inherited.merging(environment) { $1 }
    // Files rather than pipes: a pipe that nobody empties stops the program.
    let name = UUID().uuidString
    let (out, err) = (folder.path + "/.out-\(name)", folder.path + "/.err-\(name)")
    for path in [out, err] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    process.standardOutput = FileHandle(forWritingAtPath: out)
    process.standardError = FileHandle(forWritingAtPath: err)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return Running(process: process, outPath: out, errPath: err)
  }
}

/// A folder of its own for a test, removed with it.
final class Scratch: Sendable {
  let path: String

  init() throws {
    path = try TemporaryPaths.makeFolder("demand-tests")
  }

  deinit { TemporaryPaths.remove(path) }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    let url = URL(filePath: path).appending(path: name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
    return url.path
  }

  func copy(_ source: String, as name: String) throws {
    try FileManager.default.copyItem(atPath: source, toPath: path + "/" + name)
  }

  func contents(_ name: String) -> Data? { FileManager.default.contents(atPath: path + "/" + name) }
}

/// A small simulated retailer, loaded, forecast and published once for all tests that only read.
struct PublishedRetailer {
  let folder: Scratch
  let nightly: DemandProgram.Outcome
  static let horizon = 14

  /// Quick rather than good: too few draws to be trusted, so the gate on R-hat is open.
  static let settings = """
    model:
      stage1: {chains: 2, warmup: 60, draws: 60, kept_draws: 8, history_days: 300}
      stage2: {archived_draws: 16, inner_steps: 16, hyperprior_sweeps: 50}
      simulation: {draws: 32}
    nightly: {backtest: {origins: 0}}
    gates: {rhat_limit: 10, drift_limit: 100}
    """

  static let shared = Result { try PublishedRetailer() }

  private init() throws {
    folder = try Scratch()
    try folder.write("config/demand.yml", Self.settings)
    let sizes = ["--products", "6", "--stores", "2", "--regions", "2", "--departments", "3", "--days", "300"]
    for arguments in [["simulate", "--output", "data"] + sizes, ["ingest", "data"]] {
      let done = try DemandProgram.run(arguments, in: folder)
      try #require(done.status == 0, "\(arguments): \(done.err)")
    }
    nightly = try DemandProgram.run(
      ["nightly", "--horizon", "\(Self.horizon)", "--reports", "reports"], in: folder)
    try #require(nightly.status == 0, "nightly: \(nightly.err)")
  }

  /// A copy of the database with its settings, for a test that writes.
  func copy() throws -> Scratch {
    let scratch = try Scratch()
    try scratch.write("config/demand.yml", Self.settings)
    for suffix in ["", "-wal", "-shm"] {
      let file = folder.path + "/demand.sqlite" + suffix
      if FileManager.default.fileExists(atPath: file) { try scratch.copy(file, as: "demand.sqlite" + suffix) }
    }
    return scratch
  }
}
