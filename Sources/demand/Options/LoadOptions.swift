import ArgumentParser
import DemandData
import FittingService
import Foundation
import Logging
import SalesIngest
import SalesStore
import Synchronization

/// What all loads have in common: what to do about bad rows, progress, and the summary at the end.
struct LoadOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of bad rows above which nothing is loaded. (default: ingest.max_bad_share of the settings)",
      valueName: "share"))
  var maxBadShare: Double?
  @Flag(help: "Load nothing if any row is bad.") var strict = false
  @Option(
    help: ArgumentHelp(
      "Rows that say otherwise than the database: supersede (what was said before is kept), reject, or for lines of "
        + "receipts add (to their days); auto supersedes, and stops at lines of a day that is there. "
        + "(default: ingest.restate of the settings)", valueName: "what"))
  var restate: DeliveryLoad.Restate?
  @OptionGroup var output: FormatOptions

  func validate() throws {
    if let maxBadShare, !(0...1).contains(maxBadShare) {
      throw ValidationError("--max-bad-share is \(maxBadShare): give a number from 0 to 1")
    }
  }

  /// Options of a delivery as far as the settings go.
  func options(_ settings: DemandConfiguration) -> DeliveryLoad.Options {
    var options = DeliveryLoad.Options(settings, now: Date())
    options.badRows = policy(settings)
    if let restate { options.restate = restate }
    return options
  }

  func policy(_ settings: DemandConfiguration) -> BadRowPolicy {
    BadRowPolicy(maximumShare: maxBadShare ?? settings.ingest.maxBadShare, strict: strict)
  }

  /// Opens the database, which is made where there is none, loads, and prints the summary.
  func run(
    _ common: CommonOptions, _ load: (any SalesStore, IngestEnvironment) throws(IngestError) -> LoadResult
  ) throws {
    let store = try common.openForWriting(create: true)
    let bar = LoadProgress(common.progress)
    let result: LoadResult
    do {
      result = try Interruption.catching { stop in
        try load(store, IngestEnvironment(now: { Date() }, isCancelled: { stop.isMade }, progress: bar.show))
      }
    } catch {
      bar.end()
      // A database that was made for a load that failed would only puzzle.
      try? store.discardIfCreated()
      throw error
    }
    bar.end()
    if case .alreadyLoaded(let record) = result {
      common.note("these files were loaded before, as load \(record.id): nothing to do")
    }
    try output.show(Self.table(result.record))
    let summary = result.record.summary
    for warning in summary.details?.warnings ?? [] { Console.shared.report(.warning, warning, hint: "") }
    for note in summary.details?.notes ?? [] { common.note("note: \(note)") }
    if let restated = summary.rowsRestated, restated > 0 {
      common.note(
        "note: \(restated) rows say otherwise than earlier deliveries; 'demand data restatements --load "
          + "\(result.record.id)' shows what they said")
    }
    if summary.rowsQuarantined > 0 {
      Console.shared.report(
        .warning, "\(summary.rowsQuarantined) rows are in quarantine",
        hint: "'demand quarantine list --load \(result.record.id)' shows them with line and reason")
    }
  }

  static func table(_ record: LoadRecord) -> OutputTable {
    let summary = record.summary
    var table = OutputTable([.text("field"), .text("value")])
    func add(_ field: String, _ value: Int) { table.append([.text(field), .integer(value)]) }
    func add(_ field: String, _ day: Day?) { table.append([.text(field), day.map { .day($0) } ?? .missing]) }
    add("load", record.id)
    add("rows_loaded", summary.rowsLoaded)
    add("rows_unchanged", summary.rowsUnchanged)
    if let restated = summary.rowsRestated { add("rows_restated", restated) }
    add("rows_quarantined", summary.rowsQuarantined)
    for (kind, count) in summary.quarantinedByReason.sorted(by: { $0.key < $1.key }) {
      add("quarantined_\(kind)", count)
    }
    for (status, count) in summary.daysByStatus.sorted(by: { $0.key < $1.key }) {
      add("days_\(status.replacing(/[A-Z]/) { "_" + $0.output.lowercased() })", count)
    }
    if let details = summary.details {
      for (name, count) in details.dayClasses.sorted(by: { $0.key < $1.key }) { add("class_\(name)", count) }
      for (name, count) in (details.stored ?? [:]).sorted(by: { $0.key < $1.key }) { add("stored_\(name)", count) }
      for (name, count) in details.notStored.sorted(by: { $0.key < $1.key }) { add("not_stored_\(name)", count) }
      for (file, names) in details.notRead.sorted(by: { $0.key < $1.key }) {
        table.append([.text("not_read_from_\(file)"), .text(names.joined(separator: " "))])
      }
      for (file, count) in details.skipped.sorted(by: { $0.key < $1.key }) { add("left_out_of_\(file)", count) }
      table.append([.text("time_grain"), .text(details.timeGrain)])
    }
    add("first_day", summary.firstDay)
    add("last_day", summary.lastDay)
    add("complete_through", summary.completeThrough)
    add("new_products", summary.newProducts)
    add("new_stores", summary.newStores)
    add("new_series", summary.newSeries)
    return table
  }
}

/// A load's progress in megabytes, a stage for checking and one for loading.
private final class LoadProgress: Sendable {
  private let progress: any BatchProgress
  private let stage = Mutex<IngestProgress.Stage?>(nil)

  init(_ progress: any BatchProgress) { self.progress = progress }

  func show(_ at: IngestProgress) {
    let name = Self.name(at.stage)
    let megabyte = 1_000_000
    let before = stage.withLock { stage in
      defer { stage = at.stage }
      return stage
    }
    if before != at.stage {
      if let before { progress.end(Self.name(before)) }
      progress.begin(name, total: (at.bytesTotal + megabyte - 1) / megabyte)
    }
    progress.advance(
      name, done: at.bytesDone / megabyte, total: (at.bytesTotal + megabyte - 1) / megabyte)
  }

  func end() {
    let last = stage.withLock { stage in
      defer { stage = nil }
      return stage
    }
    if let last { progress.end(Self.name(last)) }
  }

  private static func name(_ stage: IngestProgress.Stage) -> String {
    switch stage {
    case .checking: "check (MB)"
    case .loading: "load (MB)"
    }
  }
}
