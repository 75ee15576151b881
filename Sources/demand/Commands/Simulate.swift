import ArgumentParser
import DemandData
import DemandModel
import FittingService
import RetailSimulator

struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes up a retailer whose true parameters are known.",
    discussion: """
      Examples:
        demand simulate --output data
        demand simulate --output small --products 24 --stores 4 --days 400 --seed 7
        demand simulate --output data --overwrite && demand ingest data

      Writes products.csv, stores.csv, events.csv and sales.csv as a retailer would deliver them, and truth.json and \
      truth_series.csv with what is true. Same options and seed, same bytes.
      """)

  @Option(help: ArgumentHelp("Folder for the files; it is made.", valueName: "folder")) var output: String
  @Option(help: "Regions.") var regions = SimulatorOptions().regions
  @Option(help: "Stores in all.") var stores = SimulatorOptions().stores
  @Option(help: "Categories.") var categories = SimulatorOptions().categories
  @Option(help: "Departments in all.") var departments = SimulatorOptions().departments
  @Option(help: "Products in all.") var products = SimulatorOptions().products
  @Option(help: "Days of history.") var days = SimulatorOptions().days
  @Option(help: ArgumentHelp("First day of sales.", valueName: "date")) var firstDay = SimulatorOptions().firstDay
  @Option(help: "Share of products that sell seldom.") var slowMoverShare = SimulatorOptions().slowMoverShare
  @Option(help: "Promotions of a product in a region per year.")
  var promotionsPerYear = SimulatorOptions().promotionsPerYear
  @Flag(help: "Replace the files of an earlier simulation.") var overwrite = false
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let settings = try common.loadConfiguration()
    var options = SimulatorOptions()
    options.regions = regions
    options.stores = stores
    options.categories = categories
    options.departments = departments
    options.products = products
    options.days = days
    options.firstDay = firstDay
    options.slowMoverShare = slowMoverShare
    options.promotionsPerYear = promotionsPerYear
    options.seed = settings.forecast.seed
    let simulator = try RetailSimulator(options)
    let progress = common.progress
    progress.begin("simulate", total: options.products + options.days)
    let summary = try Interruption.catching { stop in
      try simulator.write(
        to: output, overwrite: overwrite,
        control: RunControl(
          threads: common.threadCount, progress: { done, _ in progress.advance("simulate", done: done) },
          isCancelled: { stop.isMade }))
    }
    progress.end("simulate")
    common.note(
      "\(summary.series) series from \(summary.firstDay) to \(summary.lastDay), \(summary.salesRows) rows, "
        + "\(summary.units) units; next: demand ingest \(output)")
    print(summary.directory)
  }
}
