import ArgumentParser
import DemandData
import FittingService
import Foundation
import SalesIngest
import SalesStore

struct Ingest: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Loads sales into the database: a delivery in long format, or the M5 competition's files.",
    discussion: """
      Examples:
        demand ingest data
        demand ingest --sales monday.csv.gz --complete-through 2026-03-02
        demand ingest m5 --sales sales.csv.gz --calendar calendar.csv --prices sell_prices.csv.gz
        demand ingest quarantine

      A load is done as a whole or not at all; bad rows are kept in quarantine with line and reason. What was loaded \
      before is not loaded twice. Without the name of a format, it is 'long': 'demand ingest long --help' lists the \
      files and options.
      """,
    subcommands: [IngestLong.self, IngestM5.self, IngestQuarantine.self], defaultSubcommand: IngestLong.self)
}

struct IngestLong: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "long",
    abstract: "Loads a delivery in long format: one row per product, store and day.",
    discussion: """
      Examples:
        demand ingest long data
        demand ingest data
        demand ingest --sales monday.csv.gz --complete-through 2026-03-02
        demand ingest data --missing unknown --strict

      A folder holds sales*.csv (date,product,store,units[,price][,promotion][,stock]), products.csv \
      (product,category,department[,kind]), stores.csv (store,region) and events.csv \
      (date,event,type[,region][,closed]), each plain or gzip.
      """)

  @Argument(help: ArgumentHelp("Folder of a delivery.", valueName: "folder")) var folder: String?
  @Option(help: ArgumentHelp("A file of sales; may be repeated.", valueName: "file")) var sales: [String] = []
  @Option(help: ArgumentHelp("A file of products.", valueName: "file")) var products: [String] = []
  @Option(help: ArgumentHelp("A file of stores.", valueName: "file")) var stores: [String] = []
  @Option(help: ArgumentHelp("A file of events.", valueName: "file")) var events: [String] = []
  @Option(
    help: ArgumentHelp(
      "What a missing row means: zero or unknown. (default: ingest.missing of the settings)", valueName: "meaning"))
  var missing: DemandConfiguration.Ingest.MissingRule?
  @Option(help: ArgumentHelp("Last day that is complete. (default: the last day of sales)", valueName: "YYYY-MM-DD"))
  var completeThrough: Day?
  @Option(help: ArgumentHelp("Last day that the events speak of. (default: the last event)", valueName: "YYYY-MM-DD"))
  var calendarThrough: Day?
  @Flag(help: "Rows that contradict the database replace what is there.") var replace = false
  @OptionGroup var load: LoadOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    let files = sales + products + stores + events
    if folder == nil, files.isEmpty { throw ValidationError("name the folder of a delivery, or files with --sales") }
    if folder != nil, !files.isEmpty { throw ValidationError("give either a folder or single files, not both") }
  }

  func run() throws {
    let settings = try common.loadConfiguration()
    let files =
      try folder.map { folder throws(IngestError) in try LongFormatLoad.Files(folder: folder) }
      ?? LongFormatLoad.Files(products: products, stores: stores, events: events, sales: sales)
    var options = LongFormatLoad.Options()
    switch missing ?? settings.ingest.missing {
    case .zero: options.missing = .zero
    case .unknown: options.missing = .unknown
    }
    options.delistAfterDays = settings.ingest.notRangedGapDays == 0 ? nil : settings.ingest.notRangedGapDays
    options.badRows = load.policy(settings)
    options.completeThrough = completeThrough
    options.calendarThrough = calendarThrough
    options.replace = replace
    let work = LongFormatLoad(files: files, options: options)
    try load.run(common) { store, environment throws(IngestError) in try work.run(into: store, environment) }
  }
}

extension DemandConfiguration.Ingest.MissingRule: ExpressibleByArgument {}
