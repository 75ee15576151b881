import DemandData
import Foundation
import SalesStore

/// Reads the rows of a load that are in quarantine again, in the way they were read first, after what kept them out was
/// mended: a product was added, a date has come, an option allows them.
public struct QuarantineRetry: Sendable {
  public struct Outcome: Sendable, Hashable {
    /// The new load; nil when no row fitted.
    public let load: LoadRecord?
    /// Rows that are out of quarantine now.
    public let released: Int
    /// Rows that stay, by the kind of what keeps them out now.
    public let kept: [String: Int]
  }

  /// Rows that need a decision: read again only where they are named.
  public static let undecidedKinds: Set<String> = ["duplicate_row"]
  /// Rows that are not rows: only their sender can mend them.
  public static let unreadableKinds: Set<String> = [
    "nul_byte", "too_long", "unclosed_quote", "text_after_quote", "invalid_utf8",
  ]

  public let load: Int
  /// Only rows of these kinds; nil for all.
  public let kinds: Set<String>?
  public private(set) var options: DeliveryLoad.Options

  /// - Parameter restate: what becomes of rows that say otherwise than the database, whatever the options say: the
  ///   database may have been corrected since.
  public init(
    load: Int, kinds: Set<String>? = nil, options: DeliveryLoad.Options, restate: DeliveryLoad.Restate = .reject
  ) {
    self.load = load
    self.kinds = kinds
    self.options = options
    self.options.restate = restate
  }

  /// The header of a file that a load read, as a line; nil where it is not known.
  public static func header(of file: String, in load: LoadRecord) -> String? {
    let reading = load.summary.details.flatMap { DeliveryReading(text: $0.reading) }
    return reading?.files.first { $0.name == file }.map { CSVText.row($0.header, separator: $0.separator) }
  }

  /// No row fitted: undoes the load.
  private struct NothingFits: Error { let outcome: Kept }

  /// Another process has taken rows since they were read: undoes the load.
  private struct RowsChanged: Error {}

  /// Rows that stay: how many by kind, and those that stay for another reason than before.
  private struct Kept {
    var kinds: [String: Int] = [:]
    var changed: [QuarantinedRow] = []

    mutating func add(_ row: QuarantinedRow, _ refusal: QuarantinedRow) {
      kinds[refusal.kind, default: 0] += 1
      guard refusal.kind != row.kind else { return }
      var row = row
      (row.kind, row.reason, row.column, row.value) = (refusal.kind, refusal.reason, refusal.column, refusal.value)
      changed.append(row)
    }
  }

  /// Loads the rows that fit now and takes them out of quarantine, in one transaction.
  ///
  /// - Throws: ``IngestError``, also for loads whose rows cannot be read again; the database is as it was then.
  public func run(into store: any SalesStore, _ environment: IngestEnvironment) throws(IngestError) -> Outcome {
    while true {
      do { return try retry(store, environment) } catch is RowsChanged {
        continue
      } catch {
        throw IngestError(error)
      }
    }
  }

  private func retry(_ store: any SalesStore, _ environment: IngestEnvironment) throws -> Outcome {
    guard let record = try store.loads().first(where: { $0.id == load }) else {
      throw IngestError.option("there is no load \(load)")
    }
    guard let reading = record.summary.details.flatMap({ DeliveryReading(text: $0.reading) }) else {
      throw IngestError.option(
        "rows of load \(load) (\(record.source)) cannot be read again by themselves: mend the files and load them whole"
      )
    }
    let rows = try store.quarantine(load: load, limit: Int.max)
    let files = reading.files.reduce(into: [String: DeliveryReading.File]()) { files, file in
      // Where a file was read for sales and for events, its sales are what is wanted.
      if files[file.name] == nil || file.role == .sales { files[file.name] = file }
    }
    var kept = Kept()
    var copies: [String: RetriedFile] = [:]
    var isAsked = false
    for row in rows {
      if let kinds, !kinds.contains(row.kind) {
        // A line that stays leaves its day unknown.
        if reading.mapping.rows == .lines, let file = files[row.file], file.role == .sales, row.line > 0,
          !Self.unreadableKinds.contains(row.kind)
        {
          copies[row.file, default: RetriedFile(file)].append(row, isPassedOver: true)
        }
        continue
      }
      let isUndecided = kinds == nil && Self.undecidedKinds.contains(row.kind)
      guard let file = files[row.file], row.line > 0, !Self.unreadableKinds.contains(row.kind), !isUndecided else {
        kept.kinds[row.kind, default: 0] += 1
        continue
      }
      copies[row.file, default: RetriedFile(file)].append(row)
      isAsked = true
    }
    guard isAsked else { return Outcome(load: nil, released: 0, kept: kept.kinds) }
    let folder = FileManager.default.temporaryDirectory.appending(path: "demand-retry-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var items: [DeliveryFiles.Item] = []
    var retried: [String: RetriedFile] = [:]
    for (index, name) in copies.keys.sorted().enumerated() {
      let path = folder.appending(path: "\(index).csv").path
      try Data(copies[name]!.text.utf8).write(to: URL(filePath: path))
      retried[path] = copies[name]!
      items.append(
        DeliveryFiles.Item(role: copies[name]!.file.role, table: copies[name]!.table, input: try InputFile(path)))
    }
    return try run(store, environment, record, reading.mapping, items, retried, kept)
  }

  private func run(
    _ store: any SalesStore, _ environment: IngestEnvironment, _ record: LoadRecord, _ mapping: SourceMapping,
    _ items: [DeliveryFiles.Item], _ retried: [String: RetriedFile], _ unreadable: Kept
  ) throws -> Outcome {
    let files = DeliveryFiles(items: items)
    let delivery = DeliveryLoad(source: record.source, mapping: mapping, files: files, options: options)
    var options = try delivery.resolved(environment)
    options.badRows = BadRowPolicy(maximumShare: 1)
    options.completeThrough = record.summary.completeThrough
    let meter = ProgressMeter(environment: environment, total: items.reduce(0) { $0 + $1.input.size })
    let rows = retried.values.flatMap(\.rows)
    var hash = ContentHash()
    hash.update("retry \(load) \(rows.compactMap(\.id).sorted()) \(environment.now().timeIntervalSince1970)")
    var released = 0
    var kept = unreadable
    do {
      let header = LoadHeader(source: record.source, files: record.files, contentHash: hash.hex, contents: hash.hex)
      let result = try store.withLoad(header, now: environment.now) { writer in
        let present = try writer.quarantined(load: load)
        guard rows.allSatisfy({ present.contains($0.id ?? 0) }) else { throw RowsChanged() }
        let tables = DeliveryTables(
          writer: writer, mapping: mapping, options: options, meter: meter, encodings: [:], keepsRefusals: false)
        let among = RetriedLoad(
          load, among: try writer.earlierLoads(), passedOver: retried.mapValues(\.passedOver),
          origins: retried.reduce(into: [:]) { $0.merge($1.value.origins(in: $1.key)) { first, _ in first } })
        var sales = try tables.load(files, latestDay: DeliveryLoad.latestDay(options), retried: among)
        var summary = try sales.finish()
        var ids: [Int] = []
        for (path, file) in retried {
          let refused = sales.tables.refusals.refusedLines?[path] ?? [:]
          for (row, line) in zip(file.rows, file.lines) where !file.passedOver.contains(line) {
            if let refusal = refused[line] { kept.add(row, refusal) } else { ids.append(row.id ?? 0) }
          }
        }
        guard !ids.isEmpty else { throw NothingFits(outcome: kept) }
        try writer.release(quarantined: ids)
        released = ids.count
        // Those that stay are counted where they are, with the load that met them.
        summary.rowsQuarantined = 0
        summary.quarantinedByReason = [:]
        return summary
      }
      guard case .loaded(let record) = result else { throw RowsChanged() }
      try store.explainQuarantine(kept.changed)
      return Outcome(load: record, released: released, kept: kept.kinds)
    } catch let nothing as NothingFits {
      try store.explainQuarantine(nothing.outcome.changed)
      return Outcome(load: nil, released: 0, kept: nothing.outcome.kinds)
    }
  }
}

/// Rows of a file that are read again, below its header.
private struct RetriedFile {
  let file: DeliveryReading.File
  var rows: [QuarantinedRow] = []
  /// Lines on which the rows begin.
  var lines: [Int] = []
  /// Lines of rows that are to stay.
  var passedOver: Set<Int> = []
  var text: String
  private var nextLine: Int

  init(_ file: DeliveryReading.File) {
    self.file = file
    text = CSVText.row(file.header, separator: file.separator) + "\n"
    nextLine = 1 + text.utf8.count { $0 == UInt8(ascii: "\n") }
  }

  mutating func append(_ row: QuarantinedRow, isPassedOver: Bool = false) {
    if isPassedOver { passedOver.insert(nextLine) }
    rows.append(row)
    lines.append(nextLine)
    text += row.raw + "\n"
    nextLine += 1 + row.raw.utf8.count { $0 == UInt8(ascii: "\n") }
  }

  /// Where its rows stood, by where they stand in the file `path`.
  func origins(in path: String) -> [LoadDetails.QuarantinePlace: LoadDetails.QuarantinePlace] {
    Dictionary(
      zip(lines, rows).map { line, row in
        (LoadDetails.QuarantinePlace(file: path, line: line), .init(file: row.file, line: row.line))
      }
    ) { first, _ in first }
  }

  var table: SourceMapping.Table {
    var table = file.table
    table.encoding = .utf8
    table.separator = file.separator
    return table
  }
}

/// Rows of separated values as text.
package enum CSVText {
  package static func row(_ fields: [String], separator: Separator) -> String {
    fields.map { field in
      field.contains { $0 == separator.character || $0 == "\"" || $0.isNewline }
        ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
    }.joined(separator: String(separator.character))
  }
}
