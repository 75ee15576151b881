import ArgumentParser
import FittingService

struct Forecast: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Simulates the days ahead from a fit, fitting first where there is none; or exports forecasts.",
    discussion: """
      Examples:
        demand forecast --horizon 28
        demand forecast export --levels all --quantiles 0.025,0.5,0.975 --output forecasts.csv

      Nothing is published: 'demand nightly' does that. 'demand query forecast --run ID' shows what came of it.
      """,
    subcommands: [ForecastExportCommand.self])

  @OptionGroup var horizon: HorizonOption
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    try common.runBatch { environment, settings in
      try ForecastBatch(environment).run(horizon: horizon.value(settings))
    }
  }
}
