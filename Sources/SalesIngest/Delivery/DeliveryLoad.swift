import DemandData
import Foundation
import SalesStore

/// Loads a retailer's delivery as a mapping says: masters, events and sales, all of it or nothing.
///
/// A day without a row: before a series' first row it was not ranged; after its last one it is not ranged any more once
/// ``Options-swift.struct/delistAfterDays`` have passed up to the origin; between the two it means what
/// ``Options-swift.struct/missing`` says where the store reported anything that day, closed where the calendar says so,
/// else unknown. The day of a refused row is unknown. Rows that repeat what the database has are counted as unchanged.
public struct DeliveryLoad: Sendable {
  /// What becomes of rows that say otherwise than an earlier delivery.
  public enum Restate: String, Sendable, Hashable, CaseIterable {
    /// They supersede; but lines of receipts, which may be further ones of the day as well as all of it, stop the load.
    case auto
    /// They hold from now on, and what was said before is kept with them.
    case supersede
    /// They go to quarantine.
    case reject
    /// Lines of receipts are further ones of their days: they are added to what is there.
    case add

    /// For a hash: as earlier versions had it.
    var text: String { self == .auto ? Self.supersede.rawValue : rawValue }

    /// Whether later rows hold, so that contents may be delivered again after others came between.
    var supersedes: Bool { self == .auto || self == .supersede }
  }

  public struct Options: Sendable, Hashable {
    public var missing = SourceMapping.MissingRows.zero
    /// Whether ``missing`` is said for these files rather than a general setting: then it corrects earlier loads on
    /// days that come whole.
    public var restatesMissing = false
    /// Days without a row, up to the origin, after which a product is no longer ranged; nil for never.
    public var delistAfterDays: Int? = 28
    public var badRows = BadRowPolicy()
    /// Last day that the delivery declares complete; nil for its last day of sales.
    public var completeThrough: Day?
    /// Last day that the event calendar speaks of; nil for its last event.
    public var calendarThrough: Day?
    /// Sales before this day are refused: a mistyped year would make a history of centuries.
    public var earliestDay = Day(year: 1990, month: 1, day: 1)!
    /// The day it is where the stores are; nil for the clock's day in UTC.
    public var today: Day?
    /// Days beyond today from which on sales are refused.
    public var futureDays = 0
    /// Sales of any later day are taken, and the origin of forecasts stays at today.
    public var allowsFuture = false
    public var restate = Restate.auto
    /// Whether links that name what is not there are told of at once: not where what they name may lie in the same
    /// inbox.
    package var warnsOfLinks = true

    public init() {}

    /// What of the options decides which rows are taken, as text.
    fileprivate var text: String {
      "\(missing.rawValue) \(delistAfterDays ?? -1) \(completeThrough?.iso ?? "") \(calendarThrough?.iso ?? "") "
        + "\(earliestDay) \(restate.text) \(allowsFuture)"
    }
  }

  /// The mapping's name, kept with the load.
  public let source: String
  public let mapping: SourceMapping
  public let files: DeliveryFiles
  public var options: Options
  /// Sums of receipt lines that are kept in memory; more wait in temporary files.
  package var linesInMemory = ReceiptLines.usualLimit
  /// When the files came, where that is known: contents that came before they were loaded are those that were.
  public var arrivedAt: Date?

  public init(source: String, mapping: SourceMapping, files: DeliveryFiles, options: Options = Options()) {
    self.source = source
    self.mapping = mapping
    self.files = files
    self.options = options
    if let missing = mapping.missing {
      self.options.missing = missing
      self.options.restatesMissing = true
    }
  }

  /// Loads the delivery: all of it but for the rows in quarantine, or nothing.
  ///
  /// - Throws: ``IngestError``; the database is as it was then.
  public func run(into store: any SalesStore, _ environment: IngestEnvironment) throws(IngestError) -> LoadResult {
    let options = try resolved(environment)
    let inputs = distinctInputs
    var meter = ProgressMeter(environment: environment, total: inputs.reduce(0) { $0 + $1.input.size })
    let text = "\(source) \(DeliveryReading(mapping: mapping).text) \(options.text)"
    let checked = try DeliveryHash.hash(files: inputs, options: text, meter: &meter)
    meter.begin(.loading)
    let header = LoadHeader(
      source: source, files: inputs.map(\.input.name), contentHash: checked.hash, contents: checked.contents,
      mayRepeat: options.restate.supersedes && (mapping.rows == .totals || options.restate == .supersede),
      arrivedAt: arrivedAt)
    let encodings = Dictionary(zip(inputs.map(\.input), checked.encodings)) { first, _ in first }
    let changes = Dictionary(zip(inputs.map(\.input), checked.changes)) { first, _ in first }.compactMapValues { $0 }
    do {
      return try store.withLoad(header, now: environment.now) { writer in
        var tables = DeliveryTables(
          writer: writer, mapping: mapping, options: options, meter: meter, encodings: encodings)
        tables.linesInMemory = linesInMemory
        tables.changesOfEncoding = changes
        for warning in files.warnings { tables.remarks.warn(warning) }
        tables.rememberTotals()
        tables.rememberNames()
        var sales = try tables.load(files, latestDay: Self.latestDay(options))
        return try sales.finish()
      }
    } catch {
      throw IngestError(error)
    }
  }

  /// A file that several tables read counts once.
  private var distinctInputs: [(role: String, input: InputFile)] {
    var seen: Set<InputFile> = []
    return files.items.filter { seen.insert($0.input).inserted }.map { ($0.role.rawValue, $0.input) }
  }

  /// The options with the day it is.
  func resolved(_ environment: IngestEnvironment) throws(IngestError) -> Options {
    var options = options
    if options.restate == .add, mapping.rows == .totals {
      throw .option(
        "--restate add is for lines of receipts (rows: lines in the mapping): a row of '\(source)' is all of its day, so "
          + "load with --restate supersede or reject")
    }
    options.today =
      options.today ?? Day(number: Int((environment.now().timeIntervalSince1970 / 86400).rounded(.down)))
    // The furthest of all loads becomes the forecast's origin, and no later load takes it back.
    let latest = options.today! + options.futureDays
    if let through = options.completeThrough, through > latest {
      throw .option("--complete-through \(through) is after \(latest), which has not happened yet: correct it")
    }
    return options
  }

  static func latestDay(_ options: Options) -> Day {
    options.allowsFuture ? Day(year: 9999, month: 12, day: 31)! : options.today! + options.futureDays
  }
}

extension IngestError {
  /// Errors that come out of a load's transaction.
  init(_ error: any Error) {
    self =
      switch error {
      case let error as IngestError: error
      case let error as StoreError: .store(error)
      default: .store(.database(place: "", reason: String(describing: error)))
      }
  }
}
