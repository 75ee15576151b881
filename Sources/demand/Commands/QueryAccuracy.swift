import ArgumentParser
import DemandData
import SalesStore

struct QueryAccuracy: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accuracy",
    abstract: "Prints how well the model and the yardsticks did in the last backtest.",
    discussion: """
      Examples:
        demand query accuracy
        demand query accuracy --level mean --format markdown
        demand query accuracy --method demand --format json
      """)

  @Option(help: ArgumentHelp("One level only, such as department:store, or mean.", valueName: "level"))
  var level: String?
  @Option(help: ArgumentHelp("One method only, such as demand or seasonal_naive.", valueName: "name"))
  var method: String?
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let store = try common.openForReading()
    guard let backtest = try store.latestBacktest() else {
      throw UserError(
        .noData, "no backtest has been made in \(store.url)",
        hint: "run 'demand backtest', or 'demand nightly' with nightly.backtest.origins above 0")
    }
    let all = backtest.result.accuracy
    try Self.check(level, "--level", among: all.map(\.level))
    try Self.check(method, "--method", among: all.map(\.method))
    let kept = all.filter { $0.level == level ?? $0.level && $0.method == method ?? $0.method }
    let origins = backtest.result.origins.map(\.iso).joined(separator: ", ")
    common.note("backtest of \(backtest.result.horizon) days from \(origins)")
    try output.show(AccuracyTable.table(kept))
  }

  private static func check(_ name: String?, _ option: String, among known: [String]) throws {
    guard let name, !known.contains(name) else { return }
    let distinct = Set(known).sorted().joined(separator: ", ")
    throw UserError(.usage, "\(option) '\(name)' is not in the backtest", hint: "there are \(distinct)")
  }
}

/// Accuracy by level and method, as `query accuracy` and `backtest` print it.
enum AccuracyTable {
  static func table(_ accuracy: [LevelAccuracy]) -> OutputTable {
    var table = OutputTable([
      .text("level"), .text("method"), .integer("nodes"), .number("wrmsse", 4), .number("rmsse", 4),
      .number("mase", 4), .number("wape", 4), .number("bias", 4), .number("wspl", 4), .number("pinball", 4),
      .number("coverage50"), .number("coverage80"), .number("coverage95"),
    ])
    for it in accuracy {
      let figures: [OutputTable.Cell] = [
        .number(it.wrmsse), .number(it.rmsse), .number(it.mase), .number(it.wape), .number(it.bias),
        .optional(it.wspl), .optional(it.pinball), .optional(it.coverage50), .optional(it.coverage80),
        .optional(it.coverage95),
      ]
      table.append([.text(it.level), .text(it.method), .integer(it.nodes)] + figures)
    }
    return table
  }
}
