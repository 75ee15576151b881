import ArgumentParser
import Foundation

/// The root command.
@main struct Demand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demand",
    abstract: "Forecasts retail demand with intervals that add up.",
    discussion: """
      Examples:
        demand simulate --output data
        demand ingest data
        demand nightly --horizon 28 --reports reports
        demand query forecast --product FOODS_3 --location CA_1
        demand query sales --location north --format csv
        demand tutorial grouped

      Exit codes: 0 done, 1 failed, 2 done with more fallbacks than the configured share, 3 no data, 4 lock held, \
      5 gate refused, 64 usage (also a database, settings or mapping that is named and not there), 130 or 143 stopped by \
      a signal.
      """,
    version: "demand \(Version.text)",
    subcommands: [
      Simulate.self, Ingest.self, Quarantine.self, Annotate.self, Fit.self, Forecast.self, Nightly.self, Serve.self,
      Query.self,
      BacktestCommand.self, Runs.self, DataCommand.self, DatabaseCommand.self, Config.self, TutorialCommand.self,
    ])

  /// Everything goes through here, so that every error reaches the user in the same form.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let status as ExitStatus {
      Foundation.exit(status.rawValue)
    } catch {
      finish(error)
    }
  }

  private static func finish(_ error: any Error) -> Never {
    let code = exitCode(for: error)
    if code == .success {
      // Help, version and completion scripts are what was asked for: data.
      print(fullMessage(for: error))
      Foundation.exit(0)
    }
    let shown = code == .validationFailure ? UserError(usage: error, full: fullMessage(for: error)) : UserError(error)
    shown.report()
    Foundation.exit(shown.status.rawValue)
  }
}
