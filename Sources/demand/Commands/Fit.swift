import ArgumentParser
import FittingService

struct Fit: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Samples the model's posterior from the sales in the database.",
    discussion: """
      Examples:
        demand fit
        demand fit --horizon 28 --seed 7 --threads 2

      The draws are archived; 'demand forecast' goes on from them, 'demand nightly' does both and publishes. The same \
      data, settings and seed are not fitted twice.
      """)

  @OptionGroup var horizon: HorizonOption
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    try common.runBatch { environment, settings in
      try FitBatch(environment).run(horizon: horizon.value(settings))
    }
  }
}
