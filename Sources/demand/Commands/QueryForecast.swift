import ArgumentParser
import DemandData
import FittingService
import ForecastReport
import Foundation
import SalesStore

struct QueryForecast: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forecast",
    abstract: "Prints the published forecast of one node, or of all nodes of a level.",
    discussion: """
      Examples:
        demand query forecast --product FOODS_3 --location CA_1
        demand query forecast --product FOODS_3 --total --quantiles 0.5,0.9,0.99
        demand query forecast --level department:store --from 2016-04-01 --to 2016-04-07 --format csv

      Quantiles are whole units for counted products: the smallest number of units that is enough with that \
      probability. They do not add up over nodes or days; means do. --total is the distribution of the whole horizon's \
      sum.
      """)

  @OptionGroup var selection: NodeSelection
  @Option(help: ArgumentHelp(QuantileList.help, valueName: QuantileList.form)) var quantiles: QuantileList?
  @Option(help: ArgumentHelp("First day, as YYYY-MM-DD.", valueName: "YYYY-MM-DD")) var from: Day?
  @Option(help: ArgumentHelp("Last day, as YYYY-MM-DD.", valueName: "YYYY-MM-DD")) var to: Day?
  @Flag(help: "The sum of the whole horizon in place of its days.") var total = false
  @Option(
    name: .customLong("run"), parsing: .unconditional,
    help: ArgumentHelp("A run other than the published one.", valueName: "id"))
  var runID: Int?
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if total, from != nil || to != nil {
      throw ValidationError("--total is the sum of the whole horizon: leave out --from and --to")
    }
    if let from, let to, to < from { throw ValidationError("--to \(to) is before --from \(from)") }
  }

  func run() throws {
    let settings = try common.loadConfiguration()
    let store = try common.openForReading()
    let source = try PublishedRun.find(runID, in: store, common: common)
    let first = source.origin + 1
    let last = source.origin + source.horizon
    if (from ?? first) > last || (to ?? last) < first {
      throw UserError(
        .noData, "run \(source.id) forecasts \(first) to \(last), none of the days asked for",
        hint: "choose days within it, or run 'demand nightly' with a longer --horizon")
    }
    let asked = quantiles ?? QuantileList(settings.forecast.quantiles)
    let days: [OutputTable.Column] = total ? [.day("from"), .day("to")] : [.day("date")]
    var table = OutputTable(
      NodeNames.columns + days + [.number("mean", 2)] + asked.columns.map { .integer($0) })
    func append(_ names: NodeNames, _ when: [OutputTable.Cell], _ distribution: EmpiricalDistribution) {
      let values = distribution.quantiles(asked.values).map { OutputTable.Cell.integer($0) }
      table.append(names.cells + when + [.number(distribution.mean)] + values)
    }
    func append(_ names: NodeNames, _ forecast: NodeForecast) {
      if total { return append(names, [.day(first), .day(last)], forecast.total) }
      for (offset, distribution) in forecast.days.enumerated() {
        let day = first + offset
        if day >= from ?? day, day <= to ?? day { append(names, [.day(day)], distribution) }
      }
    }
    let hierarchy = try store.hierarchy()
    if let level = selection.level {
      let pair = try NodeSelection.levelPair(named: level, in: hierarchy)
      let found = try store.forecasts(
        run: source.id, productLevel: hierarchy.product.levels[pair.product].name,
        locationLevel: hierarchy.location.levels[pair.location].name, each: append)
      guard found > 0 else {
        throw UserError(
          .noData, "run \(source.id) holds no forecasts at level \(level)",
          hint: "'demand runs show \(source.id)' tells how far it came")
      }
    } else {
      for names in try selection.nodes(in: hierarchy) { append(names, try store.forecast(run: source.id, names)) }
    }
    try output.show(table)
  }
}

/// The run that a query reads from.
enum PublishedRun {
  /// The run of this id, or the published one; remarks on standard error if that is stale.
  static func find(_ id: Int?, in store: any SalesStore, common: CommonOptions) throws -> RunRecord {
    if let id { return try store.run(id) }
    guard let published = try store.publishedRun() else {
      throw UserError(
        .noData, "nothing is published in \(store.url) yet",
        hint: "run 'demand nightly', or name a run of 'demand runs list' with --run")
    }
    if let since = published.staleSince {
      common.note("note: this forecast is stale since \(since.formatted(.iso8601)): \(published.staleReason ?? "")")
    }
    return published.run
  }
}
