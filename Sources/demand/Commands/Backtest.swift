import ArgumentParser
import DemandData
import FittingService

struct BacktestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backtest",
    abstract: "Forecasts the past from rolling origins and scores it against what happened.",
    discussion: """
      Examples:
        demand backtest --horizon 28 --origins 3
        demand backtest --yardsticks-only --format markdown
        demand backtest --origins 1 --export backtest.csv

      Beside the model stand naive, seasonal naive, moving average, simple exponential smoothing, Croston and TSB (for
      slow sellers). 'demand query accuracy' shows the result again.
      """)

  @OptionGroup var horizon: HorizonOption
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rolling origins. (default: backtest.origins of the settings)", valueName: "count"))
  var origins: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Days from one origin to the next. (default: backtest.step_days of the settings)", valueName: "days"))
  var step: Int?
  @Flag(help: "Only the yardsticks, in seconds.") var yardsticksOnly = false
  @Option(
    help: ArgumentHelp(
      "Write the model's forecasts of all origins too, as 'forecast export' does.", valueName: "file"))
  var export: String?
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if let origins, origins < 1 { throw ValidationError("--origins is \(origins): give a number above 0") }
    if export != nil, yardsticksOnly {
      throw ValidationError("--export writes the model's forecasts: leave out --yardsticks-only")
    }
    if let step, step < 1 { throw ValidationError("--step is \(step): give a number of days above 0") }
  }

  func run() throws {
    if let export { try WritableFolder.require(WritableFolder.of(export)) }
    let settings = try common.loadConfiguration()
    let store = try common.openForWriting()
    let result = try Interruption.catching { stop in
      try BacktestBatch(common.batchEnvironment(store: store, settings: settings, stop: stop)).run(
        horizon: horizon.value(settings), origins: origins ?? settings.backtest.origins,
        step: step ?? settings.backtest.stepDays, yardsticksOnly: yardsticksOnly, export: export)
    }
    let days = result.origins.map(\.iso).joined(separator: ", ")
    common.note("backtest of \(result.horizon) days from \(days)")
    try output.show(AccuracyTable.table(result.accuracy))
  }
}
