import ArgumentParser
import DemandModel
import FittingService
import ForecastReport
import Foundation
import Logging
import SalesIngest
import SalesStore

/// How a command ends, as scripts see it.
enum ExitStatus: Int32, Error {
  case done = 0
  case failed = 1
  case manyFallbacks = 2
  case noData = 3
  case lockHeld = 4
  case gateRefused = 5
  case usage = 64
  /// Stopped on request before it was done, as shells tell of programs that a signal ends: 128 and its number.
  case interrupted = 130
  case terminated = 143
}

/// An error as the user sees it: one line that says what is wrong, one that says what to do.
struct UserError: Error, Hashable {
  var status: ExitStatus
  var message: String
  var hint: String

  init(_ status: ExitStatus, _ message: String, hint: String) {
    self.status = status
    self.message = message
    self.hint = hint
  }

  /// Shows message and hint on standard error, each as one line.
  func report() {
    func line(_ text: String) -> String {
      text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
    }
    Console.shared.report(.error, line(message), hint: line(hint))
  }
}

extension UserError {
  /// A mistake in the command line.
  ///
  /// - Parameter full: ArgumentParser's whole message, which names the help page in its last line.
  init(usage error: any Error, full: String) {
    let help = full.split(separator: "\n").last { $0.contains("--help") }
    let page = help?.split(separator: "'", omittingEmptySubsequences: false).dropFirst().first ?? "demand --help"
    self.init(.usage, Demand.message(for: error), hint: "see '\(page)'")
  }

  init(_ error: any Error) {
    switch error {
    case let error as UserError: self = error
    case let error as ConfigurationError: self.init(.usage, error.description, hint: error.hint)
    case let error as StoreError: self.init(store: error)
    case let error as BatchError: self.init(batch: error)
    case let error as IngestError: self.init(ingest: error)
    case let error as BacktestError:
      let status: ExitStatus = if case .historyTooShort = error { .noData } else { .usage }
      self.init(status, error.description, hint: "'demand query sales' shows the history there is")
    case let error as Stage1Error:
      let status: ExitStatus = if case .noHistory = error { .noData } else { .failed }
      self.init(status, error.description, hint: "'demand config show --effective' shows the settings in force")
    case is Cancelled: self.init(Interruption.status, "stopped on request", hint: "start the same command again")
    case let error as OutputError:
      self.init(
        .failed, "cannot write '\(error.path)': \(error.reason)",
        hint: "name a place that exists, is writable and has space left")
    default:
      if let simulator = UserError(simulator: error) {
        self = simulator
        return
      }
      self.init(.failed, "\(error)", hint: "if the message does not say what to do, please report it with the command")
    }
  }

  private init(batch error: BatchError) {
    let status: ExitStatus =
      switch error {
      case .noData: .noData
      case .lockHeld: .lockHeld
      case .gateRefused: .gateRefused
      case .cancelled: Interruption.status
      case .failed: .failed
      }
    self.init(status, error.description, hint: error.hint)
  }

  private init(ingest error: IngestError) {
    let (status, hint): (ExitStatus, String) =
      switch error {
      case .missingFile: (.usage, "see 'demand ingest long --help' or 'demand ingest m5 --help'")
      case .undecided: (.failed, "'demand ingest --help' explains --restate")
      case .unreadable: (.failed, "see 'demand ingest long --help' or 'demand ingest m5 --help'")
      case .emptyFile, .noRows, .nothingToLoad:
        (.noData, "see 'demand ingest long --help' or 'demand ingest m5 --help'")
      case .wrongHeader: (.failed, "see 'demand ingest long --help' or 'demand ingest m5 --help'")
      case .badRow: (.failed, "mend the row, or leave out --strict to put bad rows into quarantine")
      case .tooManyBadRows: (.failed, "mend the rows, or allow more with --max-bad-share")
      case .option: (.usage, "'demand ingest --help' explains the options")
      case .cancelled: (Interruption.status, "start the same command again")
      case .store: (.failed, "")
      }
    if case .store(let inner) = error {
      self.init(store: inner)
    } else {
      self.init(status, error.description, hint: hint)
    }
  }

  private init(store error: StoreError) {
    let (status, hint): (ExitStatus, String) =
      switch error {
      case .unsupportedURL: (.usage, "give --database sqlite:PATH or postgresql://HOST/NAME, or set DEMAND_DATABASE")
      case .missingDatabase: (.noData, "load data with 'demand ingest'; 'demand ingest --help' shows how")
      case .notADatabase, .foreignDatabase: (.failed, "give --database sqlite:PATH or set DEMAND_DATABASE")
      case .migrationFailed:
        (.failed, "it was rolled back: mend what the message says and start the same command again")
      case .migrationMissing: (.failed, "restore the database from a backup, or load the data into a new one")
      case .missingTable: (.failed, "'demand db migrate' makes it anew, as every writing command does")
      case .newerDatabase, .migrationChanged, .invalidMigrations:
        (
          .failed,
          "use the version of demand that wrote this database, or a later one; 'demand --version' tells this one"
        )
      case .olderDatabase: (.failed, "'demand db migrate' brings it up to date, as every writing command does")
      case .busy, .lockHeld: (.lockHeld, "wait for the other process to end")
      case .unwritable where error.isOutOfRoom: (.failed, "make room on the disk, then start the same command again")
      case .unwritable where error.isFailureOfDisk:
        (.failed, "check the disk, make room where it is full, then start the same command again")
      case .unwritable(let place, _) where place.hasPrefix("postgresql:"):
        (.failed, "give the user the right to write the tables (GRANT), or name another user in the URL")
      case .unwritable: (.failed, "give --database a path in a folder that you can write")
      case .backupFailed: (.failed, "name a new file in a folder with room, see 'demand db backup --help'")
      case .unreadable: (.failed, "a database needs its -wal file beside it, and a folder that can be written")
      case .unreachable:
        (.failed, "the password comes from PGPASSWORD, ~/.pgpass or a service file; psql takes the same URL")
      case .connectionLost, .outcomeUnknown: (.failed, "start the same command again")
      case .timeout: (.failed, "statement_timeout can be set in the URL: ?options=-c%20statement_timeout%3D2h")
      case .noData: (.noData, "'demand ingest' loads sales, 'demand nightly' makes and publishes forecasts")
      case .unknownName(_, let name, let known):
        (
          .usage,
          NearestNames.quoted(NearestNames.find(name, in: known)).map { "did you mean \($0)?" }
            ?? "names are case sensitive and as delivered"
        )
      case .unknownAnnotation: (.usage, "'demand annotate list' shows the annotations there are")
      case .unknownRun: (.usage, "'demand runs list' shows the runs there are")
      case .runState: (.failed, "'demand runs list' shows the state of every run")
      case .corrupt: (.failed, "restore the database from a backup, or load the data into a new one")
      case .hierarchy: (.failed, "mend the master files and load them again")
      case .database: (.failed, "check the database, its permissions and the disk")
      }
    self.init(status, error.description, hint: hint)
  }
}
