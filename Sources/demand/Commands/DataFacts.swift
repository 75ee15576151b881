import ArgumentParser
import DemandData
import FittingService
import Foundation
import SalesStore

struct DataRestatements: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restatements",
    abstract: "What earlier deliveries said of days that later ones changed.",
    discussion: """
      Examples:
        demand data restatements
        demand data restatements --load 7 --format csv

      Each row has what was said before the load, and what the database says today.
      """)

  @Option(parsing: .unconditional, help: ArgumentHelp("Only what this load changed.", valueName: "id")) var load: Int?
  @OptionGroup var limit: LimitOption
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let store = try common.openForReading()
    if let load { try LoadNumber.require(load, among: try store.loads()) }
    var table = OutputTable([
      .integer("load"), .text("superseded_at"), .text("product"), .text("store"), .day("date"),
      .number("units_before", 1), .text("status_before"), .number("price_before", 2), .number("revenue_before", 2),
      .number("base_price_before", 2), .number("stock_on_hand_before", 1), .number("units_now", 1),
      .text("status_now"),
    ])
    for it in try store.restatements(load: load, limit: limit.limit ?? LimitOption.rows) {
      table.append([
        .integer(it.load), .text(it.supersededAt.formatted(.iso8601)), .text(it.product), .text(it.store),
        .day(it.day), .number(it.units), .text(it.status.words), .optional(it.price), .optional(it.details.revenue),
        .optional(it.details.basePrice), .optional(it.details.stockOnHand), .number(it.presentUnits),
        .text(it.presentStatus.words),
      ])
    }
    try output.show(table)
  }
}

struct DataLinks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "links",
    abstract: "Turns in the lives of products and stores: successors, moves, openings, closures, remodels.",
    discussion: """
      Examples:
        demand data links
        demand data links --kind successor --format csv
      """)

  @Option(help: ArgumentHelp("Only links of this kind.", valueName: "kind")) var kind: LifeCycleLink.Kind?
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    var table = OutputTable([
      .text("kind"), .text("node"), .text("other"), .day("date"), .day("through"), .number("ratio"), .text("previous"),
    ])
    for it in try common.openForReading().lifeCycleLinks() where kind == nil || it.kind == kind {
      table.append([
        .text(it.kind.rawValue), .text(it.node), .text(it.other), .day(it.day), it.through.map { .day($0) } ?? .missing,
        .optional(it.ratio), .text(it.previous),
      ])
    }
    try output.show(table)
  }
}

extension LifeCycleLink.Kind: ExpressibleByArgument {}

struct DataAttributes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attributes",
    abstract: "Properties of products, stores and the nodes above them.",
    discussion: """
      Examples:
        demand data attributes
        demand data attributes --name size --format csv
      """)

  @Option(help: ArgumentHelp("Only the attribute of this name.", valueName: "name")) var name: String?
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    var table = OutputTable([.text("level"), .text("node"), .text("attribute"), .text("value")])
    let all = try common.openForReading().attributes()
    if let name { try FactName.require(name, among: Set(all.map(\.name)), "attribute") }
    for it in all where name == nil || it.name == name {
      table.append([.text(it.level), .text(it.node), .text(it.name), .text(it.value)])
    }
    try output.show(table)
  }
}

/// Names of facts, as options have them.
private enum FactName {
  /// Refuses a name that no fact has.
  static func require(_ name: String, among known: Set<String>, _ what: String) throws {
    if known.contains(name) { return }
    let near = NearestNames.quoted(NearestNames.find(name, in: known.sorted()))
    throw UserError(
      .usage, "there is no \(what) '\(name)'",
      hint: known.isEmpty
        ? "no \(what)s have been loaded"
        : (near.map { "did you mean \($0)? " } ?? "") + "there are \(known.sorted().prefix(20).joined(separator: ", "))"
    )
  }
}

struct DataRanging: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ranging",
    abstract: "Declared days of products in the range of stores.",
    discussion: """
      Examples:
        demand data ranging
        demand data ranging --format csv
      """)

  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    var table = OutputTable([.text("product"), .text("store"), .day("from"), .day("through")])
    for it in try common.openForReading().rangingWindows() {
      table.append([
        .text(it.product), .text(it.store), .day(it.from), it.through.map { .day($0) } ?? .missing,
      ])
    }
    try output.show(table)
  }
}

struct DataRegressors: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "regressors",
    abstract: "Quantities by date and place that may explain sales, such as weather.",
    discussion: """
      Examples:
        demand data regressors --from 2026-01-01
        demand data regressors --name temperature --format csv
      """)

  @Option(help: ArgumentHelp("Only the regressor of this name.", valueName: "name")) var name: String?
  @Option(help: ArgumentHelp("First day.", valueName: "YYYY-MM-DD")) var from: Day?
  @Option(help: ArgumentHelp("Last day.", valueName: "YYYY-MM-DD")) var to: Day?
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if let from, let to, to < from { throw ValidationError("--to \(to) is before --from \(from)") }
  }

  func run() throws {
    var table = OutputTable([
      .text("regressor"), .text("location_level"), .text("location"), .day("date"), .number("value"),
    ])
    let store = try common.openForReading()
    if let name {
      var names: Set<String> = []
      try store.regressors(from: nil, to: nil) { names.insert($0.name) }
      try FactName.require(name, among: names, "regressor")
    }
    try store.regressors(from: from, to: to) { it in
      guard name == nil || it.name == name else { return }
      let (level, node) = it.scope.names
      table.append([.text(it.name), .text(level), .text(node), .day(it.day), .number(it.value)])
    }
    try output.show(table)
  }
}

extension EventCalendar.Scope {
  /// Level and name of the place; `all` for everywhere.
  var names: (level: String, node: String) {
    switch self {
    case .everywhere: (Tree.topName, Tree.topName)
    case .location(let level, let node): (level, node)
    }
  }
}
