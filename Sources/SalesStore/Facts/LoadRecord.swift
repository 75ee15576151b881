import DemandData
import Foundation

/// What a load is about to bring.
public struct LoadHeader: Sendable, Hashable {
  /// `long` or `m5`.
  public let source: String
  /// Names of the files as given.
  public let files: [String]
  /// Hash of the files' contents and of the options that decide what is taken from them.
  public let contentHash: String
  /// Hash of the files' contents alone, where the load reads all of them; nil otherwise.
  public let contents: String?
  /// Whether contents that were loaded before are loaded again where a later load has changed what they said.
  public let mayRepeat: Bool
  /// When the contents came, where that is known: those that came before they were loaded are the ones that were.
  public let arrivedAt: Date?

  public init(
    source: String, files: [String], contentHash: String, contents: String? = nil, mayRepeat: Bool = true,
    arrivedAt: Date? = nil
  ) {
    self.source = source
    self.files = files
    self.contentHash = contentHash
    self.contents = contents
    self.mayRepeat = mayRepeat
    self.arrivedAt = arrivedAt
  }
}

/// What a load brought, as kept with it.
public struct LoadSummary: Sendable, Hashable, Codable {
  /// Data rows (long format) or cells (M5) that are in the database now because of this load.
  public var rowsLoaded = 0
  /// Rows that said what the database had already.
  public var rowsUnchanged = 0
  /// Rows loaded that said otherwise than an earlier delivery; nil for loads of earlier versions.
  public var rowsRestated: Int?
  public var rowsQuarantined = 0
  /// Quarantined rows by kind of reason, such as `negative_units`.
  public var quarantinedByReason: [String: Int] = [:]
  /// Series-days written, by status: `sold`, `closed`, `notRanged`, `outOfStock`, `unknown`.
  public var daysByStatus: [String: Int] = [:]
  public var firstDay: Day?
  public var lastDay: Day?
  /// Last day that the load declares complete.
  public var completeThrough: Day?
  public var newProducts = 0
  public var newStores = 0
  public var newSeries = 0
  /// What else there is to say; nil for loads of earlier versions.
  public var details: LoadDetails?

  public init() {}
}

/// What a load has to say beyond counts.
public struct LoadDetails: Sendable, Hashable, Codable {
  /// Rows read, headers aside: each was loaded, was there already, is in quarantine, or was left out by the mapping.
  public var rows: Int
  /// `day` or `week`: what lies between the facts of a series.
  public var timeGrain: String
  /// Series-days by what they mean, days without a row among them.
  public var dayClasses: [String: Int]
  public var warnings: [String]
  public var notes: [String]
  /// Values that were read and have no place in the database, by column.
  public var notStored: [String: Int]
  /// Columns that nothing was done with, by file.
  public var notRead: [String: [String]]
  /// Rows that the mapping leaves out, by file.
  public var skipped: [String: Int]
  /// Facts beyond units, prices and events that the load brought, by what they are; nil for loads of earlier versions.
  public var stored: [String: Int]?
  /// How the files were read (JSON), so that rows in quarantine can be read again in the same way.
  public var reading: String
  /// The load whose rows in quarantine this one read again; nil for deliveries.
  public var retryOf: Int?
  /// Hash of the files' contents alone; nil where a part of them was read, and for loads of earlier versions.
  public var contents: String?
  /// Of lines of receipts: the days of each store that the load brought, as first and last days of runs; nil for other
  /// loads and those of earlier versions.
  public var storeDays: [String: [Int]]?
  /// Of lines of receipts: what the good lines of days say that are unknown, as others of their lines were refused; nil
  /// without any.
  public var openSums: [OpenSum]?
  /// Of lines of receipts: those refused ones that were dropped from quarantine; nil without any, and for what earlier
  /// versions dropped.
  public var droppedLines: [DroppedLine]?

  /// A refused line that was dropped from quarantine.
  public struct DroppedLine: Sendable, Hashable, Codable {
    public var place: QuarantinePlace
    /// Whether its day was said to be whole without it.
    public var isDayWhole: Bool

    public init(place: QuarantinePlace, isDayWhole: Bool) {
      self.place = place
      self.isDayWhole = isDayWhole
    }
  }

  /// Where a refused line stood.
  public struct QuarantinePlace: Sendable, Hashable, Codable {
    public var file: String
    public var line: Int

    public init(file: String, line: Int) {
      self.file = file
      self.line = line
    }
  }

  /// The sum of the good lines of a day of which a line was refused: lines out of quarantine are added to it.
  public struct OpenSum: Sendable, Hashable, Codable {
    public var product, store: Int
    public var day: Int
    public var units: Double
    /// Units that have a price, and what was paid for them.
    public var pricedUnits, paid: Double
    public var revenue: Double?
    public var lacksRevenue: Bool
    public var status: UInt8
    /// False where no line of the day was good, so that there is no sum; nil stands for true.
    public var hasLines: Bool?
    /// The lines of this load that were refused, for which the day waits while they are in quarantine; nil where they were
    /// not kept, so that it waits for all of the load's.
    public var refused: [QuarantinePlace]?
    /// Lines that this load added to a day that waited already, in place of refused ones; nil where the day waits from
    /// this load on.
    public var added: Int?

    public init(
      product: Int, store: Int, day: Int, units: Double, pricedUnits: Double, paid: Double, revenue: Double?,
      lacksRevenue: Bool, status: UInt8
    ) {
      self.product = product
      self.store = store
      self.day = day
      self.units = units
      self.pricedUnits = pricedUnits
      self.paid = paid
      self.revenue = revenue
      self.lacksRevenue = lacksRevenue
      self.status = status
    }
  }

  public init(
    rows: Int, timeGrain: String, dayClasses: [String: Int], warnings: [String], notes: [String],
    notStored: [String: Int], notRead: [String: [String]], skipped: [String: Int],
    stored: [String: Int]? = nil, reading: String, retryOf: Int? = nil, storeDays: [String: [Int]]? = nil
  ) {
    self.rows = rows
    self.timeGrain = timeGrain
    self.dayClasses = dayClasses
    self.warnings = warnings
    self.notes = notes
    self.notStored = notStored
    self.notRead = notRead
    self.skipped = skipped
    self.stored = stored
    self.reading = reading
    self.retryOf = retryOf
    self.storeDays = storeDays
  }
}

/// A load as the database keeps it.
public struct LoadRecord: Sendable, Hashable, Codable {
  public let id: Int
  public let source: String
  public let files: [String]
  public let contentHash: String
  public let startedAt: Date
  public let finishedAt: Date
  public let summary: LoadSummary
}

/// Whether a load happened, or was found to have happened before.
public enum LoadResult: Sendable, Hashable {
  case loaded(LoadRecord)
  /// The same contents were loaded before: nothing was done.
  case alreadyLoaded(LoadRecord)

  public var record: LoadRecord {
    switch self {
    case .loaded(let record), .alreadyLoaded(let record): record
    }
  }
}

/// A row that was refused.
public struct QuarantinedRow: Sendable, Hashable, Codable {
  /// Its number in the database; nil before it is there.
  public var id: Int?
  public var file: String
  /// Counted from 1, the header included; 0 for a sum of several lines, which stands on none.
  public var line: Int
  public var column: String
  public var value: String
  /// The row as it came, cut off where it is very long.
  public var raw: String
  /// Stable key of the reason, such as `negative_units`.
  public var kind: String
  /// The reason in words, with what would mend it.
  public var reason: String

  public init(
    file: String, line: Int, column: String, value: String, raw: String, kind: String, reason: String
  ) {
    self.file = file
    self.line = line
    self.column = column
    self.value = value
    self.raw = raw
    self.kind = kind
    self.reason = reason
  }

  /// File and line, as a sentence has them.
  public var place: String { line > 0 ? "\(file) line \(line)" : file }
}
