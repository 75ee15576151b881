import ArgumentParser
import SalesStore

struct IngestQuarantine: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quarantine",
    abstract: "Prints the rows that a load refused, with line and reason.",
    discussion: """
      Examples:
        demand ingest quarantine
        demand ingest quarantine --load 3 --format csv
      """)

  @Option(help: ArgumentHelp("Number of the load. (default: the last one)", valueName: "id")) var load: Int?
  @Option(help: "How many rows at most.") var limit = 1000
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit is \(limit): give a number above 0") }
  }

  func run() throws {
    let store = try common.openForReading()
    let loads = try store.loads()
    guard let load = load ?? loads.last?.id else {
      throw UserError(.noData, "nothing has been loaded yet", hint: "'demand ingest --help' shows how")
    }
    guard loads.contains(where: { $0.id == load }) else {
      throw UserError(
        .failed, "there is no load \(load)", hint: "there are \(loads.map { String($0.id) }.joined(separator: ", "))")
    }
    var table = OutputTable([
      .text("file"), .integer("line"), .text("column"), .text("value"), .text("kind"), .text("reason"), .text("row"),
    ])
    for row in try store.quarantine(load: load, limit: limit) {
      table.append([
        .text(row.file), .integer(row.line), .text(row.column), .text(row.value), .text(row.kind), .text(row.reason),
        .text(row.raw),
      ])
    }
    try output.show(table)
  }
}
