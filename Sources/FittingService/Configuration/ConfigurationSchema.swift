import DemandModel

/// The keys of a configuration file: the one list from which files are read, checked, printed and hashed.
enum ConfigurationSchema {
  /// In the order of `config/demand.yml`.
  static let settings: [Setting] = model + forecastAndNightly + gatesAndIngest

  /// The section whose keys are names of events.
  static let eventWindows = "model.calendar.event_windows"

  /// The section whose keys are names of mappings, and the setting behind which it is printed.
  static let mappings = "ingest.mappings"
  static let lastOfIngest = "ingest.inbox_mapping"

  /// Settings of one configuration: those of the list, with one for each of its event windows.
  static func settings(of configuration: DemandConfiguration) -> [Setting] {
    settings.flatMap { setting in
      setting.path == "model.calendar.default_event_window"
        ? configuration.model.calendar.eventWindows.keys.sorted().map(eventWindow) + [setting] : [setting]
    }
  }

  static func setting(at path: String) -> Setting? { byPath[path] }
  static func eventWindow(_ name: String) -> Setting {
    .window(ofEvent: name, in: eventWindows, \.model.calendar.eventWindows)
  }

  /// Every section: the proper prefixes of all paths.
  static let sections: Set<String> = {
    var found: Set<String> = [eventWindows]
    for setting in settings {
      let parts = setting.path.split(separator: ".")
      for count in 1..<parts.count { found.insert(parts.prefix(count).joined(separator: ".")) }
    }
    return found
  }()

  /// Names that may stand in a section: keys and sections directly below it.
  static func names(in section: String) -> [String] {
    let paths = settings.map(\.path) + sections
    let prefix = section.isEmpty ? "" : section + "."
    let names = (paths + [mappings]).filter { $0.hasPrefix(prefix) }.compactMap { path -> String? in
      let rest = path.dropFirst(prefix.count)
      return rest.contains(".") || rest.isEmpty ? nil : String(rest)
    }
    return names.sorted()
  }

  private static let byPath = Dictionary(uniqueKeysWithValues: settings.map { ($0.path, $0) })

  private static let model: [Setting] = [
    .name("model.groups.product_level", \.model.groups.productLevel, of: "a product level, such as department"),
    .name("model.groups.location_level", \.model.groups.locationLevel, of: "a location level, such as store"),
    .integer("model.calendar.annual_harmonics", \.model.calendar.annualHarmonics, 0...12),
    .integer("model.calendar.weekend_harmonics", \.model.calendar.weekendHarmonics, 0...6),
    .window("model.calendar.default_event_window", \.model.calendar.defaultEventWindow),
    .flag("model.calendar.parts_of_month", \.model.calendar.partsOfMonth),
    .integer("model.stage1.history_days", \.model.stage1.historyDays, 28...36_525),
    .integer("model.stage1.chains", \.model.stage1.chains, 2...64),
    .integer("model.stage1.warmup", \.model.stage1.warmup, 1...100_000),
    .integer("model.stage1.draws", \.model.stage1.draws, 4...100_000),
    .number("model.stage1.rhat_target", \.model.stage1.rhatTarget, 1...10),
    .integer("model.stage1.extensions", \.model.stage1.extensions, 0...16),
    .integer("model.stage1.kept_draws", \.model.stage1.keptDraws, 1...4096),
    .integer("model.stage2.history_days", \.model.stage2.historyDays, 28...36_525),
    .integer("model.stage2.inner_steps", \.model.stage2.innerSteps, 1...100_000),
    .integer("model.stage2.settling_steps", \.model.stage2.settlingSteps, 0...100_000),
    .integer("model.stage2.archived_draws", \.model.stage2.archivedDraws, 1...65_536),
    .integer("model.stage2.hyperprior_sweeps", \.model.stage2.hyperpriorSweeps, 1...1_000_000),
    .integer("model.simulation.draws", \.model.simulation.draws, 1...65_536),
    .number("model.simulation.trend_damping", \.model.simulation.trendDamping, 0...1),
  ]

  private static let forecastAndNightly: [Setting] = [
    // Horizon and seed stand in the run key by themselves, as options may override them.
    .integer("forecast.horizon", \.forecast.horizon, 1...730, changesResults: false),
    .quantiles("forecast.quantiles", \.forecast.quantiles),
    .seed("forecast.seed", \.forecast.seed),
    .schedule("nightly.schedule", \.nightly.schedule),
    .timeZone("nightly.time_zone", \.nightly.timeZone),
    .path("nightly.reports_directory", \.nightly.reportsDirectory),
    .integer("nightly.backtest.origins", \.nightly.backtest.origins, 0...52),
    .integer("nightly.backtest.every_days", \.nightly.backtest.everyDays, 1...3650, changesResults: false),
    .integer("nightly.keep_runs", \.nightly.keepRuns, 1...10_000, changesResults: false),
  ]

  private static let gatesAndIngest: [Setting] = [
    .number("gates.max_fallback_share", \.gates.maxFallbackShare, 0...1),
    .number("gates.rhat_limit", \.gates.rhatLimit, 1...10),
    .number("gates.drift_limit", \.gates.driftLimit, 1...1000),
    .choice("ingest.missing", \.ingest.missing),
    .choice("ingest.restate", \.ingest.restate, changesResults: false),
    .number("ingest.max_bad_share", \.ingest.maxBadShare, 0...1, changesResults: false),
    .integer("ingest.not_ranged_gap_days", \.ingest.notRangedGapDays, 0...36_525),
    .path("ingest.inbox", \.ingest.inbox),
    .name("ingest.inbox_mapping", \.ingest.inboxMapping, of: "a mapping, such as long", changesResults: false),
    .integer("backtest.origins", \.backtest.origins, 1...520, changesResults: false),
    .integer("backtest.step_days", \.backtest.stepDays, 1...3650, changesResults: false),
  ]
}

/// A rule that ties settings to one another.
struct SettingRelation: Sendable {
  let paths: [String]
  let rule: String
  let holds: @Sendable (DemandConfiguration) -> Bool

  static let all: [SettingRelation] = [
    SettingRelation(
      paths: ["ingest.inbox_mapping"],
      rule: "ingest.inbox_mapping must name a mapping of ingest.mappings, one that ships with the program, or long"
    ) { SourceMappings.named($0.ingest.inboxMapping, in: $0) != nil },
    SettingRelation(
      paths: ["model.stage2.archived_draws", "model.stage1.kept_draws"],
      rule: "model.stage2.archived_draws must be a multiple of model.stage1.kept_draws"
    ) { $0.model.stage2.archivedDraws % $0.model.stage1.keptDraws == 0 },
    SettingRelation(
      paths: ["model.simulation.draws", "model.stage2.archived_draws"],
      rule: "model.simulation.draws must be a multiple of model.stage2.archived_draws"
    ) { $0.model.simulation.draws % $0.model.stage2.archivedDraws == 0 },
    SettingRelation(
      paths: ["model.stage2.settling_steps", "model.stage2.inner_steps"],
      rule: "model.stage2.settling_steps must be less than model.stage2.inner_steps"
    ) { $0.model.stage2.settlingSteps < $0.model.stage2.innerSteps },
    SettingRelation(
      paths: ["model.stage1.kept_draws", "model.stage1.draws", "model.stage1.chains"],
      rule: "model.stage1.kept_draws must not exceed model.stage1.chains x model.stage1.draws"
    ) { $0.model.stage1.keptDraws <= $0.model.stage1.chains * $0.model.stage1.draws },
  ]
}
