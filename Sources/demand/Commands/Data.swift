import ArgumentParser
import DemandData
import Foundation
import SalesStore

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Tells what data there is, whether it is sound, and writes it out again.",
    discussion: """
      Examples:
        demand data status
        demand data status --level department:store
        demand data status --gaps
        demand data check
        demand data restatements
        demand data links
        demand data export --output delivery
      """,
    subcommands: [
      DataStatus.self, DataCheck.self, DataExport.self, DataRestatements.self, DataLinks.self, DataRanging.self,
      DataAttributes.self, DataRegressors.self,
    ])
}

struct DataStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "How fresh and complete the data is: in all, by node, by gap or by load.",
    discussion: """
      Examples:
        demand data status
        demand data status --level all:store
        demand data status --level department:store --format csv
        demand data status --gaps
        demand data status --loads

      With --level, days of series by what is known of them: sold, zeros (on sale, none bought), closed, not ranged, out \
      of stock, unknown; weeks where the data is weekly. A gap is a stretch of days on which nothing is known of a store.
      """)

  @Option(
    help: ArgumentHelp("All nodes of a pair of levels, such as department:store.", valueName: "pair")) var level:
    String?
  @Flag(help: "Days on which a store delivered nothing.") var gaps = false
  @Flag(help: "Loads, the newest first.") var loads = false
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if [level != nil, gaps, loads].count(where: { $0 }) > 1 {
      throw ValidationError("give one of --level, --gaps and --loads")
    }
  }

  func run() throws {
    let store = try common.openForReading()
    if loads {
      try output.show(try Self.loadTable(store))
    } else if gaps {
      try output.show(Self.gapTable(try Self.panel(store)))
    } else if let level {
      let panel = try Self.panel(store)
      let pair = try NodeSelection.levelPair(named: level, in: panel.hierarchy)
      try output.show(Self.coverageTable(panel, at: pair, measures: try store.measuredUnits(through: panel.origin)))
    } else {
      try output.show(try Self.overview(store, now: Date()))
    }
  }

  /// As it was delivered: annotated days are known, though fits do without them.
  private static func panel(_ store: any SalesStore) throws -> Panel {
    try store.panel(through: nil, stores: nil, showsAnnotatedDays: true)
  }

  private static func overview(_ store: any SalesStore, now: Date) throws -> OutputTable {
    let summary = try store.dataSummary()
    var table = OutputTable([.text("field"), .text("value")])
    func add(_ field: String, _ value: OutputTable.Cell) { table.append([.text(field), value]) }
    func add(_ field: String, _ day: Day?) { add(field, day.map { .day($0) } ?? .missing) }
    let today = Day(number: Int((now.timeIntervalSince1970 / 86_400).rounded(.down)))
    add("complete_through", summary.completeThrough)
    add("days_behind", summary.completeThrough.map { .integer(max(0, today - $0)) } ?? .missing)
    add("first_day", summary.firstDay)
    add("last_day", summary.lastDay)
    add("calendar_known_through", summary.calendarKnownThrough)
    for (field, count) in [
      ("products", summary.products), ("stores", summary.stores), ("series", summary.series), ("rows", summary.rows),
    ] { add(field, .integer(count)) }
    let isWhole = summary.units == summary.units.rounded() && summary.units < 1e15
    add("units", isWhole ? .integer(Int(summary.units)) : .number(summary.units))
    for (status, count) in summary.rowsByStatus.sorted(by: { $0.key < $1.key }) {
      add("rows_\(status.replacing(/[A-Z]/) { "_" + $0.output.lowercased() })", .integer(count))
    }
    for (field, count) in [
      ("price_steps", summary.priceSteps), ("events", summary.events), ("loads", summary.loads),
      ("quarantined", summary.quarantined),
    ] { add(field, .integer(count)) }
    for (field, count) in summary.furtherFacts.sorted(by: { $0.key < $1.key }) { add(field, .integer(count)) }
    let inForce = try store.annotations().count { AnnotateList.isInForce($0, summary.completeThrough) }
    add("annotations_in_force", .integer(inForce))
    if let last = try store.loads().last {
      add(
        "last_load", .text("\(last.id), \(last.finishedAt.formatted(.iso8601)), \(last.files.joined(separator: " "))"))
    }
    return table
  }

  /// - Parameter measures: what series of measured products sold, which the panel has in whole units a day.
  private static func coverageTable(
    _ panel: Panel, at pair: LevelPair, measures: [Hierarchy.Series: Double]
  ) -> OutputTable {
    var units: [Node: Double] = [:]
    for (index, series) in panel.hierarchy.series.enumerated() {
      guard let exact = measures[series] else { continue }
      let whole = panel.units[panel.cells(ofSeries: index)].reduce(0) { $0 + Int($1) }
      units[panel.hierarchy.node(ofSeries: index, at: pair), default: 0] += exact - Double(whole)
    }
    var table = OutputTable(
      NodeNames.columns + [
        .integer("series"), .number("units"), .day("first_day"), .day("last_day"), .integer("sold"), .integer("zeros"),
        .integer("closed"), .integer("not_ranged"), .integer("out_of_stock"), .integer("unknown"),
      ])
    for it in panel.coverage(at: pair) {
      let days: [OutputTable.Cell] = [it.firstDay, it.lastDay].map { $0.map { .day($0) } ?? .missing }
      let sold = ((Double(it.units) + units[it.node, default: 0]) * 1e6).rounded() / 1e6
      let counts = [it.sold, it.zeros, it.closed, it.notRanged, it.outOfStock, it.unknown]
      table.append(
        panel.hierarchy.names(of: it.node).cells + [.integer(it.series), .units(sold)] + days
          + counts.map { .integer($0) })
    }
    return table
  }

  private static func gapTable(_ panel: Panel) -> OutputTable {
    var table = OutputTable([.text("store"), .day("from"), .day("through"), .integer("days")])
    for gap in panel.storeGaps() {
      table.append([.text(gap.store), .day(gap.from), .day(gap.through), .integer(gap.through - gap.from + 1)])
    }
    return table
  }

  private static func loadTable(_ store: any SalesStore) throws -> OutputTable {
    var table = OutputTable([
      .integer("load"), .text("source"), .text("finished"), .number("seconds", 1), .integer("rows_loaded"),
      .integer("quarantined"), .day("complete_through"), .text("files"),
    ])
    for load in try store.loads().reversed() {
      table.append([
        .integer(load.id), .text(load.source), .text(load.finishedAt.formatted(.iso8601)),
        .number((load.finishedAt.timeIntervalSince(load.startedAt) * 1000).rounded() / 1000),
        .integer(load.summary.rowsLoaded),
        .integer(load.summary.rowsQuarantined), load.summary.completeThrough.map { .day($0) } ?? .missing,
        .text(load.files.joined(separator: " ")),
      ])
    }
    return table
  }
}

struct DataCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Looks for damage and contradictions in the database.",
    discussion: """
      Examples:
        demand data check
        demand data check --format json

      Exit code 1 when one of the checks finds an error; warnings are for you to judge.
      """)

  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let findings = try common.openForReading().check()
    var table = OutputTable([.text("check"), .text("result"), .integer("count"), .text("meaning")])
    for it in findings {
      table.append([.text(it.check), .text(it.severity.rawValue), .integer(it.count), .text(it.meaning)])
    }
    try output.show(table)
    let errors = findings.filter { $0.severity == .error }
    guard errors.isEmpty else {
      throw UserError(
        .failed, "the database is not sound: \(errors.map(\.check).joined(separator: ", "))",
        hint: "the table says what mends each; 'demand db backup' first keeps what there is")
    }
  }
}
