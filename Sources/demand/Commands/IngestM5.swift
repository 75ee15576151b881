import ArgumentParser
import DemandData
import SalesIngest

struct IngestM5: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "m5",
    abstract: "Loads the files of the M5 competition.",
    discussion: """
      Examples:
        demand ingest m5 m5-forecasting-accuracy
        demand ingest m5 m5-forecasting-accuracy --sales later/sales_train_evaluation.csv.gz
        demand ingest m5 --sales s.csv --calendar c.csv --prices p.csv --stores CA_1,CA_2 --until 2016-03-27

      The folder (or zip archive) holds sales_train_*.csv, calendar.csv and sell_prices.csv; a file that is named takes \
      the place of the one in it. Files may be plain or gzip and hold whichever day columns they do. Prices and calendar \
      stay known beyond --until, as they are when a forecast is made.
      """)

  @Argument(help: ArgumentHelp("Folder or archive of the three files.", valueName: "folder")) var folder: String?
  @Option(help: ArgumentHelp("Sales, a column per day.", valueName: "file")) var sales: String?
  @Option(help: ArgumentHelp("The calendar.", valueName: "file")) var calendar: String?
  @Option(help: ArgumentHelp("Weekly prices.", valueName: "file")) var prices: String?
  @Option(help: ArgumentHelp("Only these stores, with commas between them.", valueName: "list")) var stores: String?
  @Option(help: ArgumentHelp("Last day of sales to take.", valueName: "YYYY-MM-DD")) var until: Day?
  @OptionGroup var load: LoadOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if folder == nil, [sales, calendar, prices].contains(nil) {
      throw ValidationError("name the folder of the three files, or each with --sales, --calendar and --prices")
    }
  }

  func run() throws {
    let settings = try common.loadConfiguration()
    let work = M5Load(
      files: try M5Files(folder: folder, sales: sales, calendar: calendar, prices: prices),
      stores: stores.map { $0.split(separator: ",").map(String.init) }, until: until, badRows: load.policy(settings),
      restate: load.options(settings).restate)
    try load.run(common) { store, environment throws(IngestError) in try work.run(into: store, environment) }
  }
}
