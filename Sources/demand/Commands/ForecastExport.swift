import ArgumentParser
import DemandData
import FittingService
import ForecastReport
import Foundation
import SalesStore

struct ForecastExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes forecasts of whole levels for other programs to read.",
    discussion: """
      Examples:
        demand forecast export --levels all --output forecasts.csv
        demand forecast export --levels department:store,all:all --quantiles 0.1,0.5,0.9 --format ndjson
        demand forecast export --levels product:store --run 12 > run12.csv

      Columns: product_level, product, location_level, location, date, mean, and one q... for each quantile. One row \
      per node and day. Quantiles are the inverse of the draws' empirical distribution; means are in full precision.
      """)

  @Option(help: ArgumentHelp("Pairs such as department:store with commas between them, or all.", valueName: "list"))
  var levels = "all"
  @Option(
    help: ArgumentHelp(QuantileList.help + " (default: the nine of the M5 competition)", valueName: QuantileList.form))
  var quantiles: QuantileList?
  @Option(
    name: .customLong("run"), parsing: .unconditional,
    help: ArgumentHelp("A run other than the published one.", valueName: "id"))
  var runID: Int?
  @Option(help: "csv or ndjson.") var format = ForecastExport.Format.csv
  @Option(
    help: ArgumentHelp(
      "Where to write; readers see the whole file or none. (default: standard output)", valueName: "file"))
  var output: String?
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let store = try common.openForReading()
    let source = try PublishedRun.find(runID, in: store, common: common)
    let hierarchy = try store.hierarchy()
    let pairs =
      levels == "all"
      ? hierarchy.levelPairs
      : try levels.split(separator: ",").map { try NodeSelection.levelPair(named: String($0), in: hierarchy) }
    guard !pairs.isEmpty else { throw UserError(.usage, "--levels is empty", hint: "write all, or department:store") }
    if let output {
      try AtomicFile.write(to: URL(fileURLWithPath: output)) { sink in
        try withoutActuallyEscaping(sink) { try write(pairs, of: source, in: hierarchy, from: store, to: $0) }
      }
      common.note("run \(source.id): \(output)")
    } else {
      try write(pairs, of: source, in: hierarchy, from: store) { try StandardOutput.write($0) }
    }
  }

  private func write(
    _ pairs: [LevelPair], of source: RunRecord, in hierarchy: Hierarchy, from store: any SalesStore,
    to sink: @escaping ([UInt8]) throws -> Void
  ) throws {
    var export = try ForecastExport(
      hierarchy: hierarchy, origin: source.origin, quantiles: quantiles?.values ?? ForecastExport.defaultQuantiles,
      format: format, to: sink)
    let progress = common.progress
    progress.begin("export", total: pairs.count)
    var rows = 0
    for (done, pair) in pairs.enumerated() {
      let (products, locations) = (hierarchy.product.levels[pair.product], hierarchy.location.levels[pair.location])
      // Forecasts are numbered as the trees were when the run was made; more may have been loaded since.
      let product = Dictionary(uniqueKeysWithValues: products.nodes.enumerated().map { ($1, $0) })
      let location = Dictionary(uniqueKeysWithValues: locations.nodes.enumerated().map { ($1, $0) })
      rows += try store.forecasts(run: source.id, productLevel: products.name, locationLevel: locations.name) {
        names, forecast in
        guard let p = product[names.product], let l = location[names.location] else {
          throw StoreError.unknownName(kind: names.productLevel, name: names.product, known: products.nodes)
        }
        try export.write(
          NodeForecast(
            node: Node(pair: pair, product: p, location: l), days: forecast.days, total: forecast.total))
      }
      progress.advance("export", done: done + 1, total: pairs.count)
    }
    progress.end("export")
    try export.finish()
    guard rows > 0 else {
      throw UserError(
        .noData, "run \(source.id) holds no forecasts at these levels",
        hint: "'demand runs show \(source.id)' tells how far it came")
    }
  }
}

extension ForecastExport.Format: ExpressibleByArgument {}
