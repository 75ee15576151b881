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
        demand simulate --output drawn --from-model --number 3
        demand simulate --from-model --coverage 20

      Writes products.csv, stores.csv, events.csv and sales.csv as a retailer would deliver them, and truth.json and \
      truth_series.csv with what is true. Same options and seed, same bytes.
      With --coverage nothing is written: retailers are drawn from the model's priors, each is fitted, and a table says \
      how often posterior intervals hold the truth.
      """)

  @Option(help: ArgumentHelp("Folder for the files; it is made.", valueName: "folder")) var output: String?
  @Flag(help: "Draw the retailer from the model's own priors: no prices, promotions or stock-outs, and smaller.")
  var fromModel = false
  @Option(parsing: .unconditional, help: "Which retailer of this seed to draw, with --from-model.") var number: Int?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Retailers to draw and fit, with --from-model.", valueName: "retailers")
  )
  var coverage: Int?
  @Option(parsing: .unconditional, help: "Regions. (default: 3, from the model 2)") var regions: Int?
  @Option(parsing: .unconditional, help: "Stores in all. (default: 10, from the model 4)") var stores: Int?
  @Option(parsing: .unconditional, help: "Categories. (default: 3, from the model 2)") var categories: Int?
  @Option(parsing: .unconditional, help: "Departments in all. (default: 6, from the model 3)") var departments: Int?
  @Option(parsing: .unconditional, help: "Products in all. (default: 120, from the model 12)") var products: Int?
  @Option(parsing: .unconditional, help: "Days of history. (default: 730, from the model 364)") var days: Int?
  @Option(help: ArgumentHelp("First day of sales. (default: 2022-10-03)", valueName: "YYYY-MM-DD")) var firstDay: Day?
  @Option(parsing: .unconditional, help: "Share of products that sell seldom. (default: 0.25)") var slowMoverShare:
    Double?
  @Option(parsing: .unconditional, help: "Promotions of a product in a region per year. (default: 4)")
  var promotionsPerYear: Double?
  @Flag(help: "Replace the files of an earlier simulation.") var overwrite = false
  @OptionGroup var format: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if fromModel, slowMoverShare != nil || promotionsPerYear != nil {
      throw ValidationError("--slow-mover-share and --promotions-per-year do not go with --from-model")
    }
    if coverage == nil, output == nil { throw ValidationError("name a folder for the files with --output") }
    if let coverage, !fromModel || coverage < 1 || output != nil || number != nil {
      throw ValidationError("--coverage takes at least 1 and goes with --from-model, not with --output or --number")
    }
    if !fromModel, number != nil { throw ValidationError("--number goes with --from-model only") }
    if let number, number < 0 { throw ValidationError("--number is \(number): give 0 or more") }
  }

  func run() throws {
    let settings = try common.loadConfiguration()
    guard let output else { return try studyCoverage(settings) }
    let summary = try fromModel ? drawFromModel(settings, into: output) : simulate(settings, into: output)
    common.note(
      "\(summary.series) series from \(summary.firstDay) to \(summary.lastDay), \(summary.salesRows) rows, "
        + "\(summary.units) units; next: demand ingest \(output)")
    try StandardOutput.write("\(summary.directory)\n")
  }

  private func simulate(_ settings: DemandConfiguration, into output: String) throws -> SimulationSummary {
    var options = SimulatorOptions()
    options.seed = settings.forecast.seed
    if let regions { options.regions = regions }
    if let stores { options.stores = stores }
    if let categories { options.categories = categories }
    if let departments { options.departments = departments }
    if let products { options.products = products }
    if let days { options.days = days }
    if let firstDay { options.firstDay = firstDay }
    if let slowMoverShare { options.slowMoverShare = slowMoverShare }
    if let promotionsPerYear { options.promotionsPerYear = promotionsPerYear }
    let simulator = try RetailSimulator(options)
    return try watched(steps: options.products + options.days) {
      try simulator.write(to: output, overwrite: overwrite, control: $0)
    }
  }

  private func drawFromModel(
    _ settings: DemandConfiguration, into output: String
  ) throws -> SimulationSummary {
    let options = modelOptions(settings)
    let retailer = try ModelRetailer(options)
    return try watched(steps: options.days) {
      try retailer.write(to: output, overwrite: overwrite, number: number ?? 0, control: $0)
    }
  }

  private func studyCoverage(_ settings: DemandConfiguration) throws {
    let retailers = coverage ?? 1
    let study = try CoverageStudy(retailers: retailers, options: modelOptions(settings))
    let result = try watched(steps: retailers) { try study.run(control: $0) }
    var table = OutputTable([
      .text("parameter"), .integer("count"), .number("inside_50"), .number("inside_90"),
      .number("standard_error_90"), .number("rank_uniformity_p"),
    ])
    for row in result.rows {
      table.append([
        .text(row.kind), .integer(row.count), .number(row.inside50), .number(row.inside90),
        .optional(row.standardError90), .optional(row.rankUniformity),
      ])
    }
    try format.show(table)
  }

  private func modelOptions(_ settings: DemandConfiguration) -> ModelRetailerOptions {
    var options = ModelRetailerOptions()
    options.seed = settings.forecast.seed
    options.specification = settings.model
    if let regions { options.regions = regions }
    if let stores { options.stores = stores }
    if let categories { options.categories = categories }
    if let departments { options.departments = departments }
    if let products { options.products = products }
    if let days { options.days = days }
    if let firstDay { options.firstDay = firstDay }
    return options
  }

  private func watched<T>(steps: Int, _ work: (RunControl) throws -> T) throws -> T {
    let progress = common.progress
    progress.begin("simulate", total: steps)
    defer { progress.end("simulate") }
    return try Interruption.catching { stop in
      try work(
        RunControl(
          threads: common.threadCount,
          progress: { done, total in progress.advance("simulate", done: done, total: total) },
          isCancelled: { stop.isMade }))
    }
  }
}
