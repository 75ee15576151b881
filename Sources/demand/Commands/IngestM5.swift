import ArgumentParser
import DemandData
import SalesIngest

struct IngestM5: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "m5",
    abstract: "Loads the files of the M5 competition.",
    discussion: """
      Examples:
        demand ingest m5 --sales sales_train_validation.csv.gz --calendar calendar.csv --prices sell_prices.csv.gz
        demand ingest m5 --sales s.csv --calendar c.csv --prices p.csv --stores CA_1,CA_2 --until 2016-03-27

      Files may be plain or gzip and hold whichever day columns they do. Prices and calendar stay known beyond --until, \
      as they are when a forecast is made.
      """)

  @Option(help: ArgumentHelp("Sales, a column per day.", valueName: "file")) var sales: String
  @Option(help: ArgumentHelp("The calendar.", valueName: "file")) var calendar: String
  @Option(help: ArgumentHelp("Weekly prices.", valueName: "file")) var prices: String
  @Option(help: ArgumentHelp("Only these stores, with commas between them.", valueName: "list")) var stores: String?
  @Option(help: ArgumentHelp("Last day of sales to take.", valueName: "YYYY-MM-DD")) var until: Day?
  @OptionGroup var load: LoadOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let settings = try common.loadConfiguration()
    let work = M5Load(
      sales: sales, calendar: calendar, prices: prices,
      stores: stores.map { $0.split(separator: ",").map(String.init) }, until: until, badRows: load.policy(settings),
      restate: load.options(settings).restate)
    try load.run(common) { store, environment throws(IngestError) in try work.run(into: store, environment) }
  }
}
