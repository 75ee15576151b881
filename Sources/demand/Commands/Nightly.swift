import ArgumentParser
import FittingService

struct Nightly: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Does everything from data to published forecasts and reports.",
    discussion: """
      Examples:
        demand nightly
        demand nightly --horizon 28 --reports reports
        demand nightly --config mine.yml --quiet --log-format json

      Fits, forecasts, passes the gates, publishes, backtests when one is due, and writes reports. A run that fails or \
      is refused leaves the forecast before it published. A repeated run does nothing, and one that was interrupted \
      goes on where it was. With ingest.inbox in the settings, it first loads what lies there, into a new database where \
      there is none.
      """)

  @OptionGroup var horizon: HorizonOption
  @Option(
    help: ArgumentHelp(
      "Folder for forecasts.csv and report.html. (default: nightly.reports_directory of the settings, else none)",
      valueName: "folder"))
  var reports: String?
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    if let reports { try WritableFolder.require(reports) }
    try common.runBatch(emptiesInbox: true) { environment, settings in
      try NightlyBatch(environment).run(horizon: horizon.value(settings), reports: reports)
    }
  }
}
