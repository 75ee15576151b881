import ArgumentParser
import DemandData
import Foundation
import SalesStore

struct Annotate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Notes days that are not representative, such as those of a strike: fits do not see their sales.",
    discussion: """
      Examples:
        demand annotate add --location north --from 2026-03-02 --to 2026-03-08 --reason "warehouse strike"
        demand annotate add --product DAIRY --from 2026-05-04 --reason "recall" --author "A. Meyer"
        demand annotate list --format csv
        demand annotate expire 3
        demand annotate remove 3

      The next nightly batch fits again. Sales stay in the database, and queries and reports of sales show them. A \
      delivery may bring annotations too, in a file annotations.csv.
      """,
    subcommands: [AnnotateAdd.self, AnnotateList.self, AnnotateExpire.self, AnnotateRemove.self],
    defaultSubcommand: AnnotateList.self)
}

struct AnnotateAdd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Adds an annotation.",
    discussion: """
      Examples:
        demand annotate add --location north --from 2026-03-02 --to 2026-03-08 --reason "warehouse strike"
        demand annotate add --product P17 --location N3 --from 2026-03-02 --reason "till broken"
        demand annotate add --from 2026-01-05 --to 2026-01-07 --reason "hurricane" --expires 2027-01-01

      Without --product or --location it holds for all of them.
      """)

  @Option(
    help: ArgumentHelp(
      "A product, department, category, or all; its level is found by the name, or given as level:name.",
      valueName: "name")) var product: String?
  @Option(help: ArgumentHelp("A store, region, or all; likewise.", valueName: "name")) var location: String?
  @Option(help: ArgumentHelp("First day.", valueName: "YYYY-MM-DD")) var from: Day
  @Option(help: ArgumentHelp("Last day. (default: the first)", valueName: "YYYY-MM-DD")) var to: Day?
  @Option(help: "Why sales of these days say nothing about demand.") var reason: String
  @Option(help: "Who says so. (default: the name of the user)") var author: String?
  @Option(
    help: ArgumentHelp(
      "The first last day of sales (origin) whose fit sees the days again. (default: never)", valueName: "YYYY-MM-DD"))
  var expires: Day?
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if let to, to < from { throw ValidationError("--to \(to) is before --from \(from)") }
    if reason.isEmpty { throw ValidationError("--reason is empty: say why") }
  }

  func run() throws {
    let store = try common.openForWriting()
    let node = try NodeSelection.node(product: product, location: location, in: try store.hierarchy())
    let annotation = Annotation(
      days: UnrepresentativeDays(node: node, from: from, through: to ?? from), reason: reason, author: try writer,
      madeAt: Date(), expiresOn: expires)
    let (id, isNew) = try store.addAnnotation(annotation)
    if !isNew { common.note("annotation \(id) says so already: nothing to do") }
    try output.show(try AnnotateList.table(store) { $0.id == id })
  }

  private var writer: String {
    get throws {
      let environment = ProcessInfo.processInfo.environment
      let names = [author, environment["USER"], environment["LOGNAME"]].compactMap { $0 }
      guard let name = names.first(where: { !$0.isEmpty }) else {
        throw UserError(.usage, "who says so is not known", hint: "give --author NAME")
      }
      return name
    }
  }
}

struct AnnotateList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Prints all annotations, with what is in force for the next fit.",
    discussion: """
      Examples:
        demand annotate list
        demand annotate list --in-force --format json
      """)

  @Flag(help: "Only those that the next fit heeds.") var inForce = false
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let store = try common.openForReading()
    let origin = try store.lastCompleteDay()
    try output.show(try Self.table(store) { !inForce || Self.isInForce($0, origin) })
  }

  static func isInForce(_ annotation: Annotation, _ origin: Day?) -> Bool {
    origin.map(annotation.isInForce) ?? (annotation.expiresOn == nil)
  }

  static func table(_ store: any SalesStore, where isWanted: (Annotation) -> Bool) throws -> OutputTable {
    let origin = try store.lastCompleteDay()
    var table = OutputTable(
      [.integer("annotation")] + NodeNames.columns + [
        .day("from"), .day("through"), .text("reason"), .text("author"), .text("made_at"), .day("expires_on"),
        .text("state"),
      ])
    for it in try store.annotations() where isWanted(it) {
      table.append(
        [it.id.map { .integer($0) } ?? .missing] + it.days.node.cells + [
          .day(it.days.from), .day(it.days.through), .text(it.reason), .text(it.author),
          .text(it.madeAt.formatted(.iso8601)), it.expiresOn.map { .day($0) } ?? .missing,
          .text(isInForce(it, origin) ? "in force" : "expired"),
        ])
    }
    return table
  }
}

struct AnnotateExpire: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "expire",
    abstract: "Lets fits see the days of annotations again; the record stays.",
    discussion: """
      Examples:
        demand annotate expire 3
        demand annotate expire 3 4 --on 2026-12-31
      """)

  @Argument(help: ArgumentHelp("Numbers of annotations.", valueName: "annotation")) var ids: [Int]
  @Option(
    help: ArgumentHelp(
      "The first origin whose fit sees the days. (default: the last complete day, so from the next fit on)",
      valueName: "YYYY-MM-DD")) var on: Day?
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let store = try common.openForWriting()
    guard let day = try on ?? store.lastCompleteDay() else {
      throw UserError(.noData, "nothing has been loaded yet", hint: "give --on YYYY-MM-DD")
    }
    for id in ids { try store.expireAnnotation(id, on: day) }
    try output.show(try AnnotateList.table(store) { $0.id.map(ids.contains) ?? false })
  }
}

struct AnnotateRemove: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Forgets annotations that were a mistake; 'expire' keeps the record.",
    discussion: """
      Examples:
        demand annotate remove 3
        demand annotate remove 3 4
      """)

  @Argument(help: ArgumentHelp("Numbers of annotations.", valueName: "annotation")) var ids: [Int]
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let store = try common.openForWriting()
    for id in ids { try store.removeAnnotation(id) }
    common.note(ids.count == 1 ? "annotation \(ids[0]) is gone" : "\(ids.count) annotations are gone")
  }
}
