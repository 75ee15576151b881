import ArgumentParser
import DemandData
import FittingService
import ForecastReport
import Foundation
import Logging
import SalesIngest
import SalesStore

struct Quarantine: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Rows that loads refused: shows them, writes them out, reads them again, or forgets them.",
    discussion: """
      Examples:
        demand quarantine list
        demand quarantine list --load 3 --kind unknown_product --format csv
        demand quarantine export --load 3 --output bad.csv
        demand quarantine retry
        demand quarantine retry --load 3 --restate supersede
        demand quarantine drop --load 3 --kind duplicate_row
      """,
    subcommands: [QuarantineList.self, QuarantineExport.self, QuarantineRetryCommand.self, QuarantineDropCommand.self],
    defaultSubcommand: QuarantineList.self)
}

/// Which rows a command is about.
struct QuarantineSelection: ParsableArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp("Number of the load. (default: all loads)", valueName: "id"))
  var load: Int?
  @Option(help: ArgumentHelp("Only rows of this kind; may be repeated.", valueName: "kind")) var kind: [String] = []

  /// Loads with their rows, oldest first.
  func rows(_ store: any SalesStore) throws -> [(load: LoadRecord, rows: [QuarantinedRow])] {
    let loads = try store.loads()
    try LoadNumber.require(load, among: loads)
    let all = try loads.filter { load == nil || $0.id == load }.map { record in
      (load: record, rows: try store.quarantine(load: record.id, limit: Int(Int32.max)))
    }
    if !kind.isEmpty { try requireKinds(in: store, met: Set(all.flatMap { $0.rows.map(\.kind) })) }
    return all.compactMap { record, rows in
      let rows = rows.filter { kind.isEmpty || kind.contains($0.kind) }
      return rows.isEmpty ? nil : (record, rows)
    }
  }

  /// Refuses kinds that no row can have.
  ///
  /// - Parameter met: kinds that rows have, be it by another version of the program.
  private func requireKinds(in store: any SalesStore, met: Set<String>) throws {
    let levels = try ["product", "location"].flatMap { try store.masters(tree: $0).levels }
    let known = Set(RefusalKind.all(levels: levels)).union(met)
    guard let unknown = kind.first(where: { !known.contains($0) }) else { return }
    let near = NearestNames.quoted(NearestNames.find(unknown, in: known.sorted()))
    throw UserError(
      .usage, "--kind '\(unknown)' is no kind of reason",
      hint: (near.map { "did you mean \($0)? " } ?? "") + "kinds are \(known.sorted().joined(separator: ", "))")
  }
}

struct QuarantineList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Prints the rows in quarantine, with file, line and reason.",
    discussion: """
      Examples:
        demand quarantine list
        demand quarantine list --load 3 --format csv
        demand quarantine list --kind unknown_product --limit 20
      """)

  @OptionGroup var selection: QuarantineSelection
  @OptionGroup var limit: LimitOption
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let store = try common.openForReading()
    var table = OutputTable([
      .integer("load"), .text("file"), .integer("line"), .text("column"), .text("value"), .text("kind"),
      .text("reason"), .text("row"),
    ])
    var count = 0
    let most = limit.limit ?? LimitOption.rows
    for (record, rows) in try selection.rows(store) {
      for row in rows {
        count += 1
        guard count <= most else { continue }
        table.append([
          .integer(record.id), .text(row.file), row.line > 0 ? .integer(row.line) : .missing, .text(row.column),
          .text(row.value),
          .text(row.kind), .text(row.reason), .text(row.raw),
        ])
      }
    }
    try output.show(table)
    if count == 0 { common.note("no such rows are in quarantine") }
    if count > most { common.note("\(count - most) further rows; --limit shows more") }
  }
}

struct QuarantineExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes the rows as they came, below their header, to be mended and loaded again.",
    discussion: """
      Examples:
        demand quarantine export --load 3 --output bad.csv
        demand quarantine export --load 3 --kind negative_units > negative.csv

      The rows of one load and one file are written in UTF-8, separated as they were. Mend them in an editor, then load \
      the file like any other ('demand ingest --sales bad.csv', with the mapping of the first time), and forget the old \
      rows with 'demand quarantine drop'. Lines of receipts ('rows: lines') are loaded with --restate add: their days \
      are whole once no line of theirs is in quarantine any more.
      """)

  @OptionGroup var selection: QuarantineSelection
  @Option(help: ArgumentHelp("Of several files of the load, this one.", valueName: "name")) var file: String?
  @Option(help: ArgumentHelp("File to write. (default: standard output)", valueName: "file")) var output: String?
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let store = try common.openForReading()
    let found = try selection.rows(store)
    guard found.count <= 1 else {
      throw UserError(
        .usage, "loads \(found.map { String($0.load.id) }.joined(separator: ", ")) have rows in quarantine",
        hint: "name one with --load")
    }
    guard let (record, all) = found.first else {
      throw UserError(.noData, "no such rows are in quarantine", hint: "'demand quarantine list' shows those there are")
    }
    let files = Set(all.map(\.file)).sorted()
    guard let name = file ?? (files.count == 1 ? files[0] : nil), files.contains(name) else {
      throw UserError(
        .usage, "load \(record.id) has rows of the files \(files.joined(separator: ", "))", hint: "name one with --file"
      )
    }
    let header = QuarantineRetry.header(of: name, in: record)
    let lines = (header.map { [$0] } ?? []) + all.filter { $0.file == name }.map(\.raw)
    if header == nil { common.note("the header of '\(name)' is not known: only its rows are written") }
    let text = lines.map { $0 + "\n" }.joined()
    if let output {
      let url = URL(filePath: output)
      // Somebody may have mended the rows in it.
      if let known = try? url.resolvingSymlinksInPath().resourceValues(forKeys: [.isRegularFileKey]),
        known.isRegularFile == true
      {
        throw UserError(.usage, "'\(output)' is there already", hint: "name another file, or remove this one")
      }
      try AtomicFile.write(to: url) { try $0(Array(text.utf8)) }
    } else {
      try StandardOutput.write(text)
    }
  }
}

struct QuarantineRetryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Reads the rows again after what kept them out was mended, and loads those that fit now.",
    discussion: """
      Examples:
        demand quarantine retry
        demand quarantine retry --load 3 --kind unknown_product
        demand quarantine retry --load 3 --restate supersede

      Rows of unknown products fit once the product was loaded, those of days to come once the day has passed. Rows that \
      fit are loaded and leave quarantine, in one transaction; the others stay. So do rows that say otherwise than the \
      database, unless --restate supersede says that they are the newer, lines of receipts whose day another load may \
      have brought, unless --restate add says that it has not, and second rows of a day, unless named with --kind \
      duplicate_row.
      """)

  @OptionGroup var selection: QuarantineSelection
  @Option(
    help: ArgumentHelp(
      "Rows that say otherwise than the database: supersede or reject; add: further lines of their days. "
        + "(default: reject)", valueName: "what"))
  var restate: DeliveryLoad.Restate?
  @Flag(help: "Take sales of days to come; forecasts still start after today.") var allowFuture = false
  @OptionGroup var output: FormatOptions
  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() throws {
    let settings = try common.loadConfiguration()
    let store = try common.openForWriting()
    var options = DeliveryLoad.Options(settings, now: Date())
    options.allowsFuture = allowFuture
    var table = OutputTable([
      .integer("load"), .integer("loaded"), .integer("kept"), .text("new_load"), .text("reasons"),
    ])
    for (record, rows) in try selection.rows(store) {
      let retry = QuarantineRetry(
        load: record.id, kinds: selection.kind.isEmpty ? nil : Set(selection.kind), options: options,
        restate: restate ?? .reject)
      do {
        let outcome = try Interruption.catching { stop throws(IngestError) in
          try retry.run(into: store, IngestEnvironment(now: { Date() }, isCancelled: { stop.isMade }))
        }
        let kept = outcome.kept.sorted { $0.key < $1.key }
        table.append([
          .integer(record.id), .integer(outcome.released), .integer(kept.reduce(0) { $0 + $1.value }),
          outcome.load.map { .text(String($0.id)) } ?? .missing,
          .text(kept.map { "\($0.key) \($0.value)" }.joined(separator: ", ")),
        ])
      } catch IngestError.option(let reason) where selection.load == nil {
        common.note(reason)
        table.append([.integer(record.id), .integer(0), .integer(rows.count), .missing, .text("cannot be read again")])
      }
    }
    try output.show(table)
  }
}

struct QuarantineDropCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drop",
    abstract: "Forgets rows: their loads still say how many there were.",
    discussion: """
      Examples:
        demand quarantine drop --load 3
        demand quarantine drop --load 3 --kind duplicate_row
        demand quarantine drop --load 3 --days-whole
        demand quarantine drop --all

      A day of receipt lines that lacks dropped ones stays unknown, and is named, until as many lines were added to it \
      ('demand ingest --restate add', before or after), all its lines are loaded with --restate supersede, or \
      --days-whole says that it is whole without them, as they were no sales or stand in other lines. With --load and \
      without --kind, that holds for lines of the load that were dropped before, too. Any other day that a dropped row \
      left unknown stays so until a row of it is delivered.
      """)

  @OptionGroup var selection: QuarantineSelection
  @Flag(help: "Rows of all loads.") var all = false
  @Flag(help: "Days of receipt lines are whole without the dropped ones, which were no sales of theirs.")
  var daysWhole = false
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if selection.load == nil, !all { throw ValidationError("name a load with --load, or say --all") }
  }

  func run() throws {
    let settings = try common.loadConfiguration()
    let store = try common.openForWriting()
    let found = try selection.rows(store)
    let rows = found.flatMap(\.rows)
    let loads = try selection.load.map { [$0] } ?? store.loads().map(\.id)
    let outcome = try QuarantineDrop(
      rows.compactMap(\.id), options: DeliveryLoad.Options(settings, now: Date()), areDaysWhole: daysWhole,
      settling: selection.kind.isEmpty ? Set(loads) : []
    ).run(into: store, IngestEnvironment(now: { Date() }))
    common.note("\(rows.count) row\(rows.count == 1 ? "" : "s") dropped")
    for load in outcome.completed {
      let days = load.summary.rowsLoaded
      common.note(
        "load \(load.id): "
          + (days == 1
            ? "1 day that waited for lines is whole now" : "\(days) days that waited for lines are whole now"))
    }
    if !outcome.partial.isEmpty { warn(of: outcome.partial, dropped: found.map(\.load.id)) }
    let (lines, totals) = (
      found.filter { $0.load.summary.details?.storeDays != nil },
      found.filter { $0.load.summary.details?.storeDays == nil }
    )
    let lost = lines.flatMap(\.rows).count { RefusalKind.namesNoDay($0.kind) }
    if lost > 0, !daysWhole {
      Console.shared.report(
        .warning,
        "\(lost) of the dropped lines named no product, store and day that were known: nobody knows which days "
          + "lack them", hint: "if they were sales, load all lines of their days with --restate supersede")
    }
    if totals.flatMap(\.rows).contains(where: { RefusalKind.mayLeaveDayUnknown($0.kind) }) {
      common.note(
        "note: days that dropped rows left unknown stay so until a row of the day is delivered"
          + (daysWhole ? "; --days-whole is for lines of receipts, and a row here is all of its day" : ""))
    }
  }

  /// Names the days that lack dropped lines, and what makes them whole.
  private func warn(of days: [QuarantineDrop.PartialDay], dropped loads: [Int]) {
    let shown = days.prefix(5).map {
      "\($0.product) in \($0.store) on \($0.day) (\($0.dropped) dropped, \($0.added) added)"
    }
    let load = loads.count == 1 ? "--load \(loads[0])" : "--all"
    Console.shared.report(
      .warning,
      "\(days.count == 1 ? "1 day lacks" : "\(days.count) days lack") dropped lines and "
        + "\(days.count == 1 ? "stays" : "stay") unknown: " + shown.joined(separator: ", ")
        + (days.count > 5 ? " and \(days.count - 5) more" : ""),
      hint:
        "load the mended lines with 'demand ingest --restate add', or all lines of the days with --restate supersede; if "
        + "the lines were no sales of theirs, 'demand quarantine drop \(load) --days-whole' says so")
  }
}
