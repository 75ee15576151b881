import ArgumentParser
import FittingService
import DemandData
import Foundation
import Logging
import SalesStore

/// Options that every command takes.
struct CommonOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Settings, laid over the defaults key by key.", valueName: "file"))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "Where the data is: sqlite:PATH or postgresql://... (default: $DEMAND_DATABASE, else sqlite:demand.sqlite)",
      valueName: "url"))
  var database: String?

  @Option(parsing: .unconditional, help: "Seed of all random numbers. (default: forecast.seed of the settings)")
  var seed: UInt64?

  @Option(parsing: .unconditional, help: "Worker threads; results do not depend on it. (default: all cores)")
  var threads: Int?

  @Flag(help: "No progress, and only warnings in the log.")
  var quiet = false

  @Option(help: "How log lines look.")
  var logFormat = LogFormat.text

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is \(threads): give a number from 1 to 1024")
    }
  }
}

extension CommonOptions {
  /// The settings in force, with the options over them.
  func loadConfiguration() throws -> DemandConfiguration {
    var configuration = try DemandConfiguration.load(path: config)
    if let seed { configuration.forecast.seed = seed }
    return configuration
  }

  private static var databaseOfEnvironment: String? {
    ProcessInfo.processInfo.environment["DEMAND_DATABASE"].flatMap { $0.isEmpty ? nil : $0 }
  }

  private var isDatabaseNamed: Bool { database != nil || Self.databaseOfEnvironment != nil }

  var databaseURL: DatabaseURL {
    get throws {
      let url = try DatabaseURL(database ?? Self.databaseOfEnvironment ?? "sqlite:demand.sqlite")
      guard database == nil || !url.holdsPassword else {
        throw UserError(
          .usage, "the URL of --database holds a password, which everybody on this machine can read",
          hint: "put it into PGPASSWORD, DEMAND_DATABASE, the password file ~/.pgpass or a service file")
      }
      return url
    }
  }

  /// Opens the database for a command that only reads: it must be there, and nothing is written.
  ///
  /// A settings file that is named is checked too, lest a slip in its name go unseen.
  func openForReading() throws -> any SalesStore {
    if config != nil { _ = try loadConfiguration() }
    return try open(.readOnly)
  }

  /// Opens the database for a command that writes.
  ///
  /// - Parameter create: whether to make one where there is none.
  func openForWriting(create: Bool = false) throws -> any SalesStore {
    try open(.readWrite(create: create))
  }

  private func open(_ mode: StoreMode) throws -> any SalesStore {
    let url = try databaseURL
    do throws(StoreError) { return try openStore(url, mode: mode, now: Date()) } catch {
      guard case .missingDatabase(let place) = error, isDatabaseNamed, !place.hasPrefix("postgresql:") else {
        throw error
      }
      throw UserError(
        .usage, "there is no database at '\(place)'",
        hint:
          "correct the path in \(database == nil ? "DEMAND_DATABASE" : "--database"), or load data into a new one with "
          + "'demand ingest'")
    }
  }

  var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

  var logger: Logger {
    let (format, level) = (logFormat, quiet ? Logger.Level.warning : .info)
    return Logger(label: "demand") { ConsoleLogHandler(label: $0, format: format, level: level) }
  }

  /// None among JSON lines, which machines read; the log says there when a stage is done.
  var progress: any BatchProgress {
    quiet || logFormat == .json ? SilentProgress() : ConsoleProgress(width: Terminal.error.width)
  }

  /// A remark that is not data, unless silence was asked for.
  func note(_ text: String) {
    if quiet { return }
    if logFormat == .json { logger.info("\(text)") } else { Console.shared.write(Console.printable(text) + "\n") }
  }
}

/// Output of queries.
struct FormatOptions: ParsableArguments {
  @Option(help: "How rows are printed.")
  var format = OutputFormat.table

  /// Prints to standard output.
  func show(_ table: OutputTable) throws {
    let terminal = Terminal.output
    try StandardOutput.write(table.text(format, width: terminal.width, bold: terminal.hasColour))
  }
}

extension Day: ExpressibleByArgument {
  public init?(argument: String) { self.init(iso: argument) }
}
