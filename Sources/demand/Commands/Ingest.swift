import ArgumentParser
import DemandData
import FittingService
import Foundation
import SalesIngest
import SalesStore

struct Ingest: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Loads sales into the database: files of any shape by a mapping, or the M5 competition's.",
    discussion: """
      Examples:
        demand ingest data
        demand ingest --sales monday.csv.gz --complete-through 2026-03-02
        demand ingest --dry-run export.csv > mine.yml
        demand ingest --mapping-file mine.yml export.csv
        demand ingest --mapping rossmann rossmann-store-sales.zip
        gunzip -c day.csv.gz | demand ingest --sales -
        demand ingest m5 --sales sales.csv.gz --calendar calendar.csv --prices sell_prices.csv.gz
        demand quarantine list

      A load is done as a whole or not at all; bad rows are kept in quarantine with line and reason. What was loaded \
      before is not loaded twice. Without the name of a format, it is 'long': 'demand ingest long --help' lists the \
      files and options.
      """,
    subcommands: [IngestLong.self, IngestM5.self], defaultSubcommand: IngestLong.self)
}

struct IngestLong: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "long",
    abstract: "Loads a delivery: one row per product, store and day (or receipt line), as a mapping says.",
    discussion: """
      Examples:
        demand ingest long data
        demand ingest --sales 'days/sales_*.csv.gz' --complete-through 2026-03-02
        demand ingest data --missing unknown --strict
        demand ingest --dry-run export.csv
        demand ingest --mapping walmart walmart-recruiting.zip
        demand ingest --mapping-file mine.yml --sales export.csv --unknown-keys create

      Without a mapping, a folder holds sales*.csv (date,product,store,units[,price][,promotion][,stock]), products.csv \
      (product,category,department[,kind]), stores.csv (store,region), events.csv \
      (date,event,type[,region][,closed]), and attributes.csv, ranging.csv, regressors.csv, links.csv, \
      annotations.csv and coverage.csv where there are such facts. A mapping (rossmann, walmart, favorita, breakfast, online_retail, or yours) \
      reads files of other names and columns. Files may be plain, gzip, or in a zip archive (archive.zip/file.csv), \
      separated by commas, semicolons, tabs or pipes, in UTF-8, UTF-16 or Windows-1252; names may be patterns, folders \
      (whose subfolders are named, not read), or - for standard input.
      """)

  @Argument(help: ArgumentHelp("Folder or archive of a delivery, or files of sales.", valueName: "input"))
  var inputs: [String] = []
  @Option(help: ArgumentHelp("A file of sales; may be repeated.", valueName: "file")) var sales: [String] = []
  @Option(help: ArgumentHelp("A file of products.", valueName: "file")) var products: [String] = []
  @Option(help: ArgumentHelp("A file of stores.", valueName: "file")) var stores: [String] = []
  @Option(help: ArgumentHelp("A file of events.", valueName: "file")) var events: [String] = []
  @OptionGroup var source: MappingOptions
  @Flag(help: "Load nothing: print a mapping, inferred if none is named, and say what it would load.") var dryRun =
    false
  @Option(
    help: ArgumentHelp(
      "What a missing row means: zero or unknown. (default: the mapping's, else ingest.missing of the settings)",
      valueName: "meaning"))
  var missing: SourceMapping.MissingRows?
  @Option(help: ArgumentHelp("Last day that is complete. (default: the last day of sales)", valueName: "YYYY-MM-DD"))
  var completeThrough: Day?
  @Option(help: ArgumentHelp("Last day that the events speak of. (default: the last event)", valueName: "YYYY-MM-DD"))
  var calendarThrough: Day?
  @Flag(help: "Take sales of days to come; forecasts still start after today.") var allowFuture = false
  @OptionGroup var load: LoadOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if inputs.isEmpty, (sales + products + stores + events).isEmpty {
      throw ValidationError("name the folder of a delivery, or files with --sales")
    }
    if !inputs.isEmpty, !(sales + products + stores + events).isEmpty, !dryRun {
      throw ValidationError("give either a folder or single files, not both")
    }
  }

  func run() throws {
    let settings = try common.loadConfiguration()
    if dryRun { return try showDryRun(settings) }
    let (name, mapping) = try source.resolve(settings)
    let work = DeliveryLoad(
      source: name, mapping: mapping, files: try files(mapping), options: options(settings))
    try load.run(common) { store, environment throws(IngestError) in try work.run(into: store, environment) }
  }

  private func options(_ settings: DemandConfiguration) -> DeliveryLoad.Options {
    var options = load.options(settings)
    options.completeThrough = completeThrough
    options.calendarThrough = calendarThrough
    options.allowsFuture = allowFuture
    if let missing {
      options.missing = missing
      options.restatesMissing = true
    }
    return options
  }

  /// The files named, by what they hold.
  private func files(_ mapping: SourceMapping) throws(IngestError) -> DeliveryFiles {
    if inputs.count == 1, DeliveryFiles.isCollection(inputs[0]) {
      return try DeliveryFiles(folder: inputs[0], mapping: mapping)
    }
    let given = [SourceMapping.Role.sales: sales, .products: products, .stores: stores, .events: events]
    return try DeliveryFiles(
      DeliveryFiles.byRole(inputs, mapping: mapping).merging(given) { $0 + $1 }, mapping: mapping)
  }

  /// Prints the mapping, and on standard error what it would load into an empty database.
  private func showDryRun(_ settings: DemandConfiguration) throws {
    var (name, mapping) = try source.resolve(settings)
    var inference: MappingInference?
    // What came through standard input is gone when the inference is.
    defer { withExtendedLifetime(inference) {} }
    if !source.isNamed {
      let inferred = try MappingInference(inputs + sales + products + stores + events)
      inference = inferred
      mapping = source.applied(to: inferred.mapping)
      name = "mine"
      for note in inferred.notes { common.note("note: \(note)") }
      for known in SourceMappings.fitting(inferred.mapping) {
        common.note("note: this looks like the files of a known source: try --mapping \(known)")
      }
    }
    let (number, totals) = (inference?.doubtfulNumber, inference?.doubtfulTotals ?? [])
    try StandardOutput.write(
      "\(name):\n" + mapping.yaml(indentation: 2, doubtfulNumber: number, doubtfulTotals: totals))
    let questions =
      (number.map {
        [
          "\(MappingInference.readings(of: $0)), and no number of the file says which: write 'decimal:' and 'thousands:'"
        ]
      } ?? [])
      + totals.map { "\(MappingInference.readings(of: $0)), and their figures do not say which: write 'except:'" }
    guard questions.isEmpty else {
      throw IngestError.option(
        questions.joined(separator: "; ") + " into the mapping that stands on standard output, which gives both choices"
      )
    }
    let collected =
      source.isNamed
      ? try files(mapping) : try DeliveryFiles.matching(inputs + sales + products + stores + events, mapping: mapping)
    let outcome = try DryRun(source: name, mapping: mapping, files: collected, options: options(settings)).run(
      IngestEnvironment(now: { Date() }))
    let text = LoadOptions.table(outcome.record).text(.table, width: nil, bold: false)
    common.note(
      (outcome.refusal == nil
        ? "It would load into an empty database:\n"
        : "The load would be REFUSED, and nothing loaded. Without the bad rows it would be, in an empty database:\n")
        + text)
    for row in outcome.refused.prefix(5) {
      common.note(
        "would refuse: \(row.place), column \(row.column), value '\(row.value)': \(row.reason)")
    }
    for warning in outcome.record.summary.details?.warnings ?? [] { common.note("warning: \(warning)") }
    if outcome.isPart { common.note("only the beginning of large files was read") }
    common.note(
      "To use the mapping, save what stands on standard output as mine.yml: demand ingest --mapping-file mine.yml ...")
    // With the load's own words and exit code.
    if let refusal = outcome.refusal { throw refusal }
  }
}
