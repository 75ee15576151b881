import DemandModel
import SalesIngest

/// Every setting of `demand`, as decoded from `config/demand.yml` and the user's file over it.
///
/// The defaults are those of the embedded `config/demand.yml`, see ``embedded``; that file also says what each one
/// means. Property names are the file's keys in camel case.
public struct DemandConfiguration: Sendable, Hashable {
  public var model: ModelSpecification
  public var forecast: Forecast
  public var nightly: Nightly
  public var gates: Gates
  public var ingest: Ingest
  public var backtest: Backtest

  /// What is forecast.
  public struct Forecast: Sendable, Hashable {
    /// Days ahead of the origin.
    public var horizon = 28
    /// Quantiles that queries and reports show when none are named, ascending, within (0, 1).
    public var quantiles = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975]
    /// Seed of every random stream, unless `--seed` names another.
    public var seed: UInt64 = 1
  }

  /// The nightly batch and its schedule.
  public struct Nightly: Sendable, Hashable {
    /// When `demand serve` runs the batch, in cron's five fields.
    public var schedule = CronExpression.nightly
    /// IANA name of the zone that the schedule's hours are in.
    public var timeZone = "UTC"
    /// Folder that receives the reports when `--reports` names none; nil for no reports.
    public var reportsDirectory: String?
    /// Backtest whose accuracy the report shows.
    public var backtest = Backtest()
    /// Finished runs whose draws and forecasts are kept, the published one always among them.
    public var keepRuns = 14

    public struct Backtest: Sendable, Hashable {
      /// Rolling origins, each one horizon before the next; zero for no backtest.
      public var origins = 1
      /// Days for which a backtest of the model itself holds before the nightly batch makes a new one.
      public var everyDays = 7
    }
  }

  /// What a run must pass before it is published.
  public struct Gates: Sendable, Hashable {
    /// Share of series with a fallback forecast above which a run ends with exit code 2.
    public var maxFallbackShare = 0.01
    /// Largest R-hat allowed for a reported parameter of stage 1.
    public var rhatLimit = 1.05
    /// Largest ratio, either way, of the total forecast to the last published one for the days that both cover.
    public var driftLimit = 2.0
  }

  /// How deliveries of sales are read.
  public struct Ingest: Sendable, Hashable {
    /// What a missing row of a ranged product in an open store means.
    public var missing = MissingRule.zero
    /// What becomes of rows that say otherwise than an earlier delivery.
    public var restate = RestateRule.auto
    /// Share of bad rows above which a load is refused as a whole.
    public var maxBadShare = 0.01
    /// Days without any row after which a product counts as out of a store's range; zero for never.
    public var notRangedGapDays = 56
    /// Folder of deliveries that the nightly batch loads first; nil for none.
    public var inbox: String?
    /// Name of the mapping that reads them.
    public var inboxMapping = "long"
    /// The user's own mappings by name; those that ship with the program are ``SourceMappings/embedded``.
    public var mappings: [String: SourceMapping] = [:]

    public enum RestateRule: String, Sendable, Hashable, CaseIterable {
      /// They supersede; but lines of receipts for a day that is there stop the load.
      case auto
      /// They hold from now on, and what was said before is kept.
      case supersede
      /// They go to quarantine.
      case reject
      /// Lines of receipts are added to their days.
      case add
    }

    public enum MissingRule: String, Sendable, Hashable, CaseIterable {
      /// The delivery lists sales only: a missing row sold none.
      case zero
      /// The delivery lists every product and day: a missing row was lost.
      case unknown
    }
  }

  /// Defaults of `demand backtest`.
  public struct Backtest: Sendable, Hashable {
    public var origins = 3
    /// Days from one origin to the next.
    public var stepDays = 28
  }
}

extension DemandConfiguration {
  /// The values written in Swift, over which ``embedded`` reads the file that ships with the program.
  init() {
    model = ModelSpecification()
    forecast = Forecast()
    nightly = Nightly()
    gates = Gates()
    ingest = Ingest()
    backtest = Backtest()
  }
}
