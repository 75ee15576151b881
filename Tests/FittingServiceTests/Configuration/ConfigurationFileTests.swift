import DemandModel
import FittingService
import Foundation
import Testing

@Suite struct ConfigurationFileTests {
  func load(_ yaml: String) throws(ConfigurationError) -> DemandConfiguration {
    try DemandConfiguration.embedded.applying(yaml: yaml, file: "mine.yml")
  }

  @Test func theShippedFileHoldsEveryDefault() throws {
    let written = DemandConfiguration.embedded
    var model = ModelSpecification()
    model.calendar.eventWindows = written.model.calendar.eventWindows
    #expect(written.model == model)
    #expect(written.model.calendar.eventWindows.count == 12)
    #expect(written.model.calendar.eventWindows["Thanksgiving"] == [-6, 4])
    #expect(written.model.calendar.eventWindows["Mother's day"] == [-3, 1])
    #expect(written.forecast.horizon == 28)
    // Nothing is left to Swift's own defaults: a key that the file forgets would not be documented.
    for path in DemandConfiguration.keyPaths {
      let key = path.split(separator: ".").last!
      #expect(DemandConfiguration.embeddedText.contains("\(key):"), "\(path) is not in config/demand.yml")
    }
  }

  @Test func aFileOverridesKeyByKey() throws {
    let mine = try load(
      """
      model:
        stage1:
          draws: 800
        calendar:
          event_windows:
            Easter: [-10, 1]
            "Local fair, St. John": [0, 2]
      nightly: {time_zone: Europe/Berlin, reports_directory: out/reports}
      gates:
      ingest:
        missing: unknown
      """)
    var expected = DemandConfiguration.embedded
    expected.model.stage1.draws = 800
    expected.model.calendar.eventWindows["Easter"] = [-10, 1]
    expected.model.calendar.eventWindows["Local fair, St. John"] = [0, 2]
    expected.nightly.timeZone = "Europe/Berlin"
    expected.nightly.reportsDirectory = "out/reports"
    expected.ingest.missing = .unknown
    #expect(mine == expected)
  }

  @Test func emptyFilesChangeNothing() throws {
    #expect(try load("") == .embedded)
    #expect(try load("# nothing yet\n") == .embedded)
    #expect(try load("{}") == .embedded)
  }

  @Test func theEffectiveFileGivesTheSameConfiguration() throws {
    let mine = try load(
      """
      model: {calendar: {event_windows: {"a.b \\"c\\"": [-1, 1]}, parts_of_month: false}}
      nightly: {schedule: "*/5 1-3 * * mon", reports_directory: "x: y"}
      forecast: {quantiles: [0.1, 0.9], seed: 18446744073709551615}
      """)
    #expect(mine != .embedded)
    #expect(try load(mine.effectiveYAML) == mine)
    #expect(try load(DemandConfiguration.embeddedText) == .embedded)
  }

  /// Text of a file, then line, column, key path, value, and words of the message or hint.
  static let wrong: [(String, Int, Int, String?, String?, String)] = [
    ("model:\n  stage1:\n    chians: 4\n", 3, 5, "model.stage1.chians", nil, "did you mean 'model.stage1.chains'?"),
    ("modle: {}\n", 1, 1, "modle", nil, "did you mean 'model'?"),
    ("horizon: 7\n", 1, 1, "horizon", nil, "did you mean 'forecast.horizon'?"),
    ("forecast:\n  zzz: 1\n", 2, 3, "forecast.zzz", nil, "known keys here: horizon, quantiles, seed"),
    ("model:\n  stage1:\n    chains: 1\n", 3, 13, "model.stage1.chains", "1", "a whole number from 2 to 64"),
    ("model:\n  stage1:\n    chains: four\n", 3, 13, "model.stage1.chains", "four", "a whole number from 2 to 64"),
    ("forecast:\n  horizon: 28.0\n", 2, 12, "forecast.horizon", "28.0", "a whole number"),
    ("forecast:\n  horizon: '28'\n", 2, 12, "forecast.horizon", "28", "a whole number"),
    ("forecast: {horizon: 0}\n", 1, 21, "forecast.horizon", "0", "from 1 to 730"),
    ("forecast:\n  horizon:\n", 2, 11, "forecast.horizon", "", "a whole number"),
    ("forecast:\n  horizon: [1]\n", 2, 12, "forecast.horizon", "[1]", "a whole number"),
    ("forecast:\n  quantiles: [0.5, 0.1]\n", 2, 14, "forecast.quantiles", "[0.5, 0.1]", "ascending"),
    ("forecast:\n  quantiles: [0.5, 1]\n", 2, 14, "forecast.quantiles", "[0.5, 1]", "below 1"),
    ("forecast:\n  seed: -1\n", 2, 9, "forecast.seed", "-1", "from 0"),
    ("gates:\n  rhat_limit: .inf\n", 2, 15, "gates.rhat_limit", ".inf", "a number from 1.0 to 10.0"),
    ("model:\n  calendar:\n    parts_of_month: 3\n", 3, 21, "model.calendar.parts_of_month", "3", "true or false"),
    ("ingest:\n  missing: maybe\n", 2, 12, "ingest.missing", "maybe", "zero or unknown"),
    ("nightly:\n  time_zone: Mars/Base\n", 2, 14, "nightly.time_zone", "Mars/Base", "IANA"),
    ("nightly:\n  schedule: 61 * * * *\n", 2, 13, "nightly.schedule", "61 * * * *", "not a valid minute"),
    (
      "model:\n  calendar:\n    event_windows:\n      Easter: [1, 2]\n", 4, 15,
      "model.calendar.event_windows.Easter", "[1, 2]", "lead <= 0 <= lag"
    ),
    ("model: 3\n", 1, 8, "model", nil, "must hold keys"),
    ("- a\n- b\n", 1, 1, nil, nil, "must hold keys"),
    ("model:\n  stage1: [\n", 3, 1, nil, nil, "not valid YAML"),
    ("forecast: {horizon: 1}\nforecast: {horizon: 2}\n", 1, 1, nil, nil, "stands twice"),
    (
      "model:\n  simulation:\n    draws: 500\n", 3, 12, "model.simulation.draws", "500",
      "model.simulation.draws must be a multiple of model.stage2.archived_draws"
    ),
    (
      "model:\n  stage2:\n    settling_steps: 40\n", 3, 21, "model.stage2.settling_steps", "40",
      "must be less than model.stage2.inner_steps"
    ),
  ]

  @Test(arguments: wrong.indices) func errorsSayWhereAndWhatIsAllowed(index: Int) {
    let (yaml, line, column, path, value, mention) = Self.wrong[index]
    let error = #expect(throws: ConfigurationError.self) { try load(yaml) }
    guard let error else { return }
    #expect(error.file == "mine.yml")
    #expect(error.line == line, "\(error)")
    #expect(error.column == column, "\(error)")
    if let path { #expect(error.keyPath == path, "\(error)") }
    if let value { #expect(error.value == value, "\(error)") }
    #expect("\(error) \(error.hint)".contains(mention), "\(error) / \(error.hint)")
    #expect(error.description.hasPrefix("mine.yml:\(line):\(column): "))
    #expect(!error.description.contains("\n") && !error.hint.isEmpty)
  }

  @Test func filesThatCannotBeReadAreNamed() throws {
    let missing = #expect(throws: ConfigurationError.self) { try DemandConfiguration.load(path: "/no/such/demand.yml") }
    #expect(missing?.description == "/no/such/demand.yml: no such file")
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("latin-\(UUID()).yml").path
    try Data([0x61, 0x3A, 0x20, 0xE9, 0xFF]).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let latin = #expect(throws: ConfigurationError.self) { try DemandConfiguration.load(path: path) }
    #expect(latin?.problem == "is not UTF-8 text")
  }

  @Test func theHashFollowsResultsOnly() throws {
    let base = DemandConfiguration.embedded.resultHash
    #expect(base.count == 64)
    for same in [
      "nightly: {schedule: '@daily', time_zone: Asia/Tokyo, reports_directory: r, keep_runs: 3}",
      "forecast: {horizon: 7, seed: 9, quantiles: [0.5]}", "backtest: {origins: 5}", "ingest: {max_bad_share: 0.5}",
      "model: {simulation: {draws: 512, trend_damping: 0.980}}", "# a comment",
    ] {
      #expect(try load(same).resultHash == base, "\(same)")
    }
    var seen: Set<String> = [base]
    for different in [
      "model: {stage1: {draws: 501}}", "model: {simulation: {trend_damping: 0.97}}",
      "model: {calendar: {event_windows: {Easter: [-4, 3]}}}", "model: {calendar: {event_windows: {Fair: [0, 0]}}}",
      "model: {groups: {product_level: category}}", "gates: {rhat_limit: 1.1}", "ingest: {missing: unknown}",
    ] {
      #expect(seen.insert(try load(different).resultHash).inserted, "\(different)")
    }
  }

  @Test func nearestNamesForgiveTypingErrors() {
    let names = ["FOODS_1", "FOODS_2", "HOBBIES_1", "HOUSEHOLD_1"]
    #expect(NearestNames.find("foods_1", in: names).first == "FOODS_1")
    #expect(NearestNames.find("HOBIBES_1", in: names) == ["HOBBIES_1"])
    #expect(NearestNames.find("FOO", in: names) == ["FOODS_1", "FOODS_2"])
    #expect(NearestNames.find("zzz", in: names).isEmpty)
    #expect(NearestNames.quoted(["a", "b", "c"]) == "'a', 'b' or 'c'")
    #expect(NearestNames.quoted([]) == nil)
  }

  @Test func inboxesThatCannotBe() throws {
    #expect(throws: ConfigurationError.self) { try load("ingest: {inbox: 5}") }
    #expect(throws: ConfigurationError.self) { try load("ingest: {inbox: true}") }
    #expect(try load("ingest: {inbox: \"5\"}").ingest.inbox == "5")
    let unknown = #expect(throws: ConfigurationError.self) { try load("ingest:\n  inbox_mapping: nonsense") }
    #expect(unknown?.line == 2 && unknown?.problem.contains("ingest.inbox_mapping") == true, "\(unknown as Any)")
    #expect(try load("ingest: {inbox_mapping: walmart}").ingest.inboxMapping == "walmart")
    let own =
      "ingest:\n  inbox_mapping: mine\n  mappings:\n    mine: {sales: {files: [a.csv], columns: {date: d, product: p, store: s, units: u}}}"
    #expect(try load(own).ingest.inboxMapping == "mine")
  }
}
