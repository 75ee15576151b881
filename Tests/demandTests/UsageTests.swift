import Foundation
import Testing

@Suite struct UsageTests {
  static let commands = [
    "simulate", "ingest", "ingest long", "ingest m5", "fit", "forecast", "forecast export",
    "quarantine", "quarantine list", "quarantine export", "quarantine retry", "quarantine drop",
    "nightly", "serve",
    "query", "query forecast", "query sales", "query accuracy", "backtest", "runs", "runs list", "runs show",
    "runs rollback", "config", "config show", "config check", "tutorial",
    "data", "data status", "data check", "data export", "data restatements", "data links", "data ranging",
    "data attributes", "data regressors", "annotate", "annotate add", "annotate list", "annotate expire",
    "annotate remove", "db", "db status", "db migrate", "db backup", "db vacuum",
  ]

  @Test(arguments: [""] + commands) func helpBeginsWithExamples(command: String) throws {
    let words = command.split(separator: " ").map(String.init)
    let help = try DemandProgram.run(words + ["--help"], in: Scratch())
    #expect(help.status == 0)
    #expect(help.err.isEmpty)
    let lines = help.out.split(separator: "\n")
    let examples = try #require(lines.firstIndex(of: "Examples:"))
    #expect(examples <= 3, "\(help.out)")
    #expect(lines[examples + 1].hasPrefix("  demand \(command)"), "\(help.out)")
    #expect(try #require(lines.firstIndex { $0.hasPrefix("USAGE:") }) > examples)
  }

  @Test(
    arguments: commands.filter {
      !["ingest", "quarantine", "query", "runs", "config", "data", "annotate", "db", "tutorial"].contains($0)
    })
  func commonOptionsAreEverywhere(command: String) throws {
    let help = try DemandProgram.run(command.split(separator: " ").map(String.init) + ["--help"], in: Scratch())
    for option in ["--config", "--database", "--seed", "--threads", "--quiet", "--log-format"] {
      #expect(help.out.contains(option), "\(command) \(option)")
    }
  }

  @Test func versionNamesTheCommit() throws {
    let version = try DemandProgram.run(["--version"], in: Scratch())
    #expect(version.status == 0)
    #expect(try /^demand \d+\.\d+\.\d+ \(([0-9a-f]{12}(-modified)?|unknown)\)\n$/.wholeMatch(in: version.out) != nil)
  }

  @Test func completionScripts() throws {
    for shell in ["bash", "zsh", "fish"] {
      let script = try DemandProgram.run(["--generate-completion-script", shell], in: Scratch())
      #expect(script.status == 0)
      #expect(script.out.contains("nightly"))
    }
  }

  static let wrong: [(String, String)] = [
    ("frobnicate", "frobnicate"), ("nightly --horizon 0", "--horizon is 0"), ("fit --horizon 0", "--horizon is 0"),
    ("forecast --horizon 731", "--horizon is 731"), ("backtest --horizon 0", "--horizon is 0"),
    ("serve --horizon 0", "--horizon is 0"), ("nightly --horizon -3", "--horizon is -3"),
    ("fit --threads -1", "--threads is -1"), ("quarantine list --limit -5", "--limit is -5"),
    ("ingest data --max-bad-share -0.5", "--max-bad-share is -0.5"), ("nightly --horizon --quiet", "'--quiet'"),
    ("query sales --database sqlite:nowhere.sqlite", "there is no database at 'nowhere.sqlite'"),
    ("nightly --database sqlite:no/where.sqlite", "there is no database at 'no/where.sqlite'"),
    ("backtest --origins 0", "--origins is 0"),
    ("nightly --horizon x", "'x'"), ("nightly --threads 0", "--threads is 0"), ("simulate", "--output"),
    ("simulate --output x --number 2", "--from-model"), ("simulate --output x --stores 0", "stores"),
    ("--bogus", "Unknown option '--bogus'"), ("ingest data --bogus", "Unknown option '--bogus'"),
    ("ingest data --complete-thru 2024-01-01", "Did you mean '--complete-through'?"),
    ("ingest", "name the folder"), ("ingest m5", "--sales"), ("ingest data --max-bad-share 2", "--max-bad-share is 2"),
    ("query forecast --from 2016-02-30", "2016-02-30"), ("query forecast --from 2016-02-02 --to 2016-02-01", "before"),
    ("query forecast --total --from 2016-02-01", "--total"), ("query forecast --quantiles 0.5,2", "0.5,2"),
    ("query forecast --level a:b --product c", "--level"), ("query sales --format xml", "xml"),
    ("runs show", "run"), ("runs show 1 --series --diagnostics", "--diagnostics"), ("runs list --limit 0", "--limit"),
    ("config check", "file"), ("tutorial", "tutorial"), ("tutorial baking", "baking"),
    ("tutorial grouped --draws 9", "--draws is 9"), ("tutorial grouped --no-plots --output x", "--no-plots"),
    ("annotate add --from 2024-01-01", "--reason"), ("annotate remove", "annotation"),
    ("data restatements --limit 0", "--limit"), ("data links --kind birth", "birth"), ("ingest data --restate x", "x"),
    ("data status --gaps --loads", "--loads"), ("data export", "--output"), ("db backup", "file"),
    ("runs list --database mysql://x", "mysql://"), ("runs list --database sqlite::memory:", "sqlite:/dev/shm"),
    ("runs list --database sqlite:file::memory:?cache=shared", "a database in memory would be gone"),
    ("ingest x.csv --time-grain month", "month"),
    ("runs list --database postgresql://me:secret@x/db", "holds a password"),
    ("fit --config no.yml", "no.yml: no such file"), ("runs list --config no.yml", "no.yml: no such file"),
  ]

  @Test(arguments: wrong) func mistakesAreUsageErrors(command: String, mention: String) throws {
    let folder = try Scratch()
    let outcome = try DemandProgram.run(command.split(separator: " ").map(String.init), in: folder)
    #expect(outcome.status == 64, "\(outcome.err)")
    #expect(outcome.out.isEmpty)
    #expect(outcome.error.count == 2, "\(outcome.err)")
    #expect(outcome.error.first?.contains(mention) == true, "\(outcome.err)")
    #expect(outcome.error.last?.hasPrefix("hint: ") == true)
    #expect(folder.contents("demand.sqlite") == nil)
  }

  @Test(arguments: [
    "fit", "forecast", "forecast export", "nightly", "serve", "query forecast", "query sales", "query accuracy",
    "backtest", "runs list", "runs show 1", "runs rollback", "quarantine list", "quarantine export", "quarantine retry",
    "quarantine drop --all", "annotate list", "annotate remove 1", "annotate expire 1",
    "annotate add --from 2024-01-01 --reason x", "data restatements", "data links", "data attributes", "data ranging",
    "data regressors", "data status", "data status --gaps", "data check", "data export --output out",
    "db status", "db backup b", "db vacuum",
  ])
  func withoutADatabaseThereIsNoData(command: String) throws {
    let folder = try Scratch()
    let outcome = try DemandProgram.run(command.split(separator: " ").map(String.init), in: folder)
    #expect(outcome.status == 3, "\(outcome.err)")
    #expect(outcome.out.isEmpty)
    #expect(outcome.error.count == 2 && outcome.error.last?.contains("demand ingest") == true, "\(outcome.err)")
    #expect(folder.contents("demand.sqlite") == nil)
  }

  /// What a command line names and is not there is a mistake of the command line, whatever it is.
  @Test(arguments: [
    "quarantine list --load 99", "quarantine export --load 99", "quarantine retry --load 99",
    "quarantine drop --load 99", "quarantine list --kind bogus", "data restatements --load 99", "runs show 99",
    "annotate remove 99", "query sales --product nothing", "query sales --level nothing:store",
    "data attributes --node nothing", "query forecast --run 99",
  ])
  func namesThatAreNotThere(command: String) throws {
    let folder = try PublishedRetailer.shared.get().copy()
    let outcome = try DemandProgram.run(command.split(separator: " ").map(String.init), in: folder)
    #expect(outcome.status == 64 && outcome.out.isEmpty, "\(outcome.status) \(outcome.err)")
    #expect(outcome.error.count == 2, "\(outcome.err)")
  }

  @Test func settingsErrorsNameThePlace() throws {
    let folder = try Scratch()
    try folder.write("mine.yml", "model:\n  stage1:\n    chians: 3\n")
    for command in [["config", "check", "mine.yml"], ["nightly", "--config", "mine.yml"]] {
      let outcome = try DemandProgram.run(command, in: folder)
      #expect(outcome.status == 64)
      #expect(
        outcome.error == [
          "error: mine.yml:3:5: unknown key 'model.stage1.chians'", "hint: did you mean 'model.stage1.chains'?",
        ])
    }
  }

  @Test func effectiveSettingsFollowFileAndOptions() throws {
    let folder = try Scratch()
    try folder.write("config/demand.yml", "forecast: {horizon: 35}\n")
    let shown = try DemandProgram.run(["config", "show", "--effective", "--seed", "99"], in: folder)
    #expect(shown.out.contains("  horizon: 35\n") && shown.out.contains("  seed: 99\n"))
    try folder.write("again.yml", shown.out)
    let again = try DemandProgram.run(["config", "show", "--effective", "--config", "again.yml"], in: folder)
    #expect(again.out == shown.out)
    let defaults = try DemandProgram.run(["config", "show"], in: folder)
    #expect(defaults.out.contains("# demand: every setting with its default."))
  }
}
