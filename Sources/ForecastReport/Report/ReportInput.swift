import DemandData

/// What a report says besides the forecasts of its nodes.
public struct ReportInput: Sendable {
  public var title: String
  /// What the figures count, such as `units` or `kg`.
  public var unit: String
  public var hierarchy: Hierarchy
  public var run: RunFacts
  /// What became of each series, in the order of `hierarchy.series`; empty when the run kept none.
  public var outcomes: [SeriesOutcome]
  /// Convergence of the shared parameters.
  public var parameters: [ParameterDiagnostic]
  /// The last backtest, or nil if none was run.
  public var backtest: BacktestResult?
  /// Last day of the event calendar, nil when there was none; a horizon beyond it becomes a warning.
  public var eventsThrough: Day?
  /// Further warnings, each a full sentence.
  public var warnings: [String]
  public var limits: ReportLimits

  public init(
    title: String, unit: String = "units", hierarchy: Hierarchy, run: RunFacts, outcomes: [SeriesOutcome] = [],
    parameters: [ParameterDiagnostic] = [], backtest: BacktestResult? = nil, eventsThrough: Day? = nil,
    warnings: [String] = [], limits: ReportLimits = ReportLimits()
  ) {
    self.title = title
    self.unit = unit
    self.hierarchy = hierarchy
    self.run = run
    self.outcomes = outcomes
    self.parameters = parameters
    self.backtest = backtest
    self.eventsThrough = eventsThrough
    self.warnings = warnings
    self.limits = limits
  }
}

/// How a run came about: enough to repeat it.
public struct RunFacts: Sendable, Hashable {
  public var id: String
  /// Hash of data, configuration, code version, CPU class and seed.
  public var key: String
  /// Last day of history.
  public var origin: Day
  /// Days forecast.
  public var horizon: Int
  public var seed: UInt64
  /// Joint draws behind every figure.
  public var draws: Int
  /// Version and commit of the program.
  public var version: String
  /// When the run ended, as it shall be read; nil leaves it out, so that equal runs give equal pages.
  public var finishedAt: String?
  /// Anything else worth a line: configuration file, thread count, gate results.
  public var other: [Fact]

  /// A line of the run's table of facts.
  public struct Fact: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  public init(
    id: String, key: String, origin: Day, horizon: Int, seed: UInt64, draws: Int, version: String,
    finishedAt: String? = nil, other: [Fact] = []
  ) {
    self.id = id
    self.key = key
    self.origin = origin
    self.horizon = horizon
    self.seed = seed
    self.draws = draws
    self.version = version
    self.finishedAt = finishedAt
    self.other = other
  }

  /// Last day forecast.
  public var lastDay: Day { origin + horizon }
}

/// How much goes into one page.
public struct ReportLimits: Sendable, Hashable {
  /// Bytes of embedded node data. Nodes above product level always go in; products follow by volume until it is full.
  public var embeddedBytes: Int
  /// Days of daily history in the charts.
  public var dailyHistory: Int
  /// Fallbacks listed by name.
  public var listedFallbacks: Int
  /// Products listed as rising or falling, each.
  public var movers: Int

  public init(
    embeddedBytes: Int = 12_000_000, dailyHistory: Int = 26 * 7, listedFallbacks: Int = 40, movers: Int = 6
  ) {
    self.embeddedBytes = embeddedBytes
    self.dailyHistory = dailyHistory
    self.listedFallbacks = listedFallbacks
    self.movers = movers
  }
}

/// Daily sales of one node.
public struct NodeHistory: Sendable, Hashable {
  public let firstDay: Day
  /// Sold per day; nil where nothing is known or the stores were shut, which the charts leave blank.
  public let units: [Int?]
  /// Days on which the stores were shut by the calendar.
  public let closedDays: Set<Day>

  public init(firstDay: Day, units: [Int?], closedDays: Set<Day> = []) {
    self.firstDay = firstDay
    self.units = units
    self.closedDays = closedDays
  }

  /// What a comparison with a forecast sees of `day`, whose horizon has shut days too: nothing sold on those, nil where
  /// nothing is known.
  public func pace(on day: Day) -> Int? { self[day] ?? (closedDays.contains(day) ? 0 : nil) }

  /// ``pace(on:)`` of the known ones of the last days up to `origin`, the last first.
  public func pace(days: Int, until origin: Day) -> [Int] { (0..<days).compactMap { pace(on: origin - $0) } }

  /// Sold on `day`, nil outside the history too.
  public subscript(day: Day) -> Int? {
    let index = day - firstDay
    return units.indices.contains(index) ? units[index] : nil
  }
}
