import ArgumentParser
import DemandData
import Foundation
import SalesStore

struct Runs: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists the runs of the model, shows one, or goes back to the forecast before.",
    discussion: """
      Examples:
        demand runs list
        demand runs show 12
        demand runs show 12 --diagnostics --format csv
        demand runs rollback
      """,
    subcommands: [RunsList.self, RunsShow.self, RunsRollback.self], defaultSubcommand: RunsList.self)
}

struct RunsList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Lists runs, the newest first.",
    discussion: """
      Examples:
        demand runs list
        demand runs list --limit 5 --format json
      """)

  @OptionGroup var limit: LimitOption
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let store = try common.openForReading()
    let published = try store.publishedRun()?.run.id
    var table = OutputTable([
      .integer("run"), .text("status"), .text("published"), .text("command"), .text("stage"), .day("origin"),
      .integer("horizon"), .integer("series"), .integer("fallbacks"), .text("started"), .number("seconds", 1),
      .text("message"),
    ])
    for run in try store.runs(limit: limit.limit ?? 50) {
      table.append([
        .integer(run.id), .text(run.status.rawValue), .flag(run.id == published), .text(run.command),
        .text(run.stage), .day(run.origin), .integer(run.horizon), .integer(run.seriesCount),
        .integer(run.fallbackCount), .text(run.startedAt.formatted(.iso8601)), .optional(run.seconds),
        .text(run.message),
      ])
    }
    try output.show(table)
  }
}

struct RunsShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows one run: its record, its parameters' diagnostics, or what became of each series.",
    discussion: """
      Examples:
        demand runs show 12
        demand runs show 12 --diagnostics --format csv
        demand runs show 12 --series --format ndjson
      """)

  @Argument(help: ArgumentHelp("Number of the run, from 'demand runs list'.", valueName: "run")) var id: Int
  @Flag(help: "Posterior summary and convergence of every reported parameter.") var diagnostics = false
  @Flag(help: "How every series was sampled, and how well.") var series = false
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if diagnostics, series { throw ValidationError("give one of --diagnostics and --series") }
  }

  func run() throws {
    let store = try common.openForReading()
    let record = try store.run(id)
    if diagnostics {
      try output.show(try diagnosticsTable(store))
    } else if series {
      try output.show(try seriesTable(store))
    } else {
      try output.show(try recordTable(record, store))
    }
  }

  private func recordTable(_ run: RunRecord, _ store: any SalesStore) throws -> OutputTable {
    let ledger = try store.series(run: run.id, draws: false)
    let methods = Dictionary(grouping: ledger, by: \.outcome.method.rawValue).mapValues(\.count)
    let diagnostics = try store.diagnostics(run: run.id)
    var table = OutputTable([.text("field"), .text("value")])
    var fields: [(String, String)] = [
      ("run", "\(run.id)"), ("status", run.status.rawValue),
      ("published", try store.publishedRun()?.run.id == run.id ? "yes" : "no"), ("command", run.command),
      ("stage", run.stage), ("message", run.message), ("origin", run.origin.iso), ("horizon", "\(run.horizon)"),
      ("seed", "\(run.seed)"), ("started", run.startedAt.formatted(.iso8601)),
      ("finished", run.finishedAt?.formatted(.iso8601) ?? ""), ("series", "\(run.seriesCount)"),
      ("fallbacks", "\(run.fallbackCount)"),
    ]
    fields += methods.sorted { $0.key < $1.key }.map { ("series_\($0.key)", "\($0.value)") }
    let worst = diagnostics.map(\.rhat).filter(\.isFinite).max()
    fields += [
      ("forecast_nodes", "\(try store.forecastCount(run: run.id))"),
      ("worst_rhat", worst.map { Decimals.text($0, 4) } ?? ""),
      ("key", run.key), ("data_snapshot", run.snapshot), ("configuration", run.configurationHash),
      ("code_version", run.codeVersion), ("cpu_class", run.cpuClass),
    ]
    for (field, value) in fields { table.append([.text(field), value.isEmpty ? .missing : .text(value)]) }
    return table
  }

  private func diagnosticsTable(_ store: any SalesStore) throws -> OutputTable {
    var table = OutputTable([
      .text("parameter"), .number("mean", 4), .number("sd", 4), .number("q5", 4), .number("q50", 4),
      .number("q95", 4), .number("rhat", 4), .number("ess_bulk", 0), .number("ess_tail", 0),
    ])
    for it in try store.diagnostics(run: id) {
      let figures = [it.mean, it.sd, it.q5, it.q50, it.q95, it.rhat, it.essBulk, it.essTail]
      table.append([.text(it.name)] + figures.map { .number($0) })
    }
    return table
  }

  private func seriesTable(_ store: any SalesStore) throws -> OutputTable {
    var table = OutputTable([
      .text("product"), .text("store"), .text("method"), .text("reason"), .number("rhat", 4), .number("ess_bulk", 0),
      .number("ess_tail", 0), .number("acceptance"), .number("pareto_k"),
    ])
    for row in try store.series(run: id, draws: false) {
      let it = row.outcome
      table.append([
        .text(row.product), .text(row.store), .text(it.method.rawValue), .optional(it.reason), .optional(it.rhat),
        .optional(it.essBulk), .optional(it.essTail), .optional(it.acceptance), .optional(it.paretoK),
      ])
    }
    return table
  }
}

struct RunsRollback: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Publishes the forecast that was published before the present one.",
    discussion: """
      Examples:
        demand runs rollback
      """)

  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let run = try common.openForWriting().rollback(at: Date())
    common.note("run \(run) is published")
  }
}

extension RunRecord {
  fileprivate var seconds: Double? { finishedAt.map { $0.timeIntervalSince(startedAt) } }
}
