import ArgumentParser
import DemandData
import DemandModel
import ForecastReport
import FittingService
import Foundation
import SalesIngest
import SalesStore

struct DataExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes products, stores, events and sales as a delivery in long format.",
    discussion: """
      Examples:
        demand data export --output delivery
        demand data export --output monday --from 2026-03-02 --to 2026-03-02

      'demand ingest delivery' takes the files again; where the levels are not those of the long format, a mapping.yml \
      beside them says so: 'demand ingest --mapping-file delivery/mapping.yml delivery'. Loaded into an empty database, they \
      give the same days: those that no row tells of, such as unknown ones, have a row that says so in its column stock. \
      How far sales are complete and events known stands in coverage.csv, where a load could not tell by itself. The folder \
      must not hold a delivery. Every row has the price in force. Prices of days to come are not written, nor that the start of a product's range \
      is known, which M5's prices tell: loaded again, it is inferred from its first row.
      """)

  @Option(help: ArgumentHelp("Folder for the files, made where there is none.", valueName: "folder")) var output: String
  @Option(help: ArgumentHelp("First day of sales.", valueName: "YYYY-MM-DD")) var from: Day?
  @Option(help: ArgumentHelp("Last day of sales.", valueName: "YYYY-MM-DD")) var to: Day?
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if let from, let to, to < from { throw ValidationError("--to \(to) is before --from \(from)") }
  }

  func run() throws {
    let settings = try common.loadConfiguration()
    let store = try common.openForReading()
    let isNew = !FileManager.default.fileExists(atPath: output)
    try WritableFolder.require(output)
    let export = try LongFormatExport(store)
    // Somebody's delivery, or an earlier export: a load of the folder would read a mixture of both.
    let there = export.deliveryFiles(in: output)
    guard there.isEmpty else {
      throw UserError(
        .usage,
        "'\(output)' holds a delivery already: \(there.prefix(4).joined(separator: ", "))"
          + (there.count > 4 ? " and \(there.count - 4) more" : ""),
        hint: "name another folder, or remove these files")
    }
    let summary: LongFormatExport.Summary
    do {
      summary = try Interruption.catching { stop in
        try Staging.fill(output) { staging in
          if export.isOwn {
            let text = "exported:\n" + export.mapping.yaml(indentation: 2)
            try AtomicFile.write(to: staging.appendingPathComponent("mapping.yml")) { try $0(Array(text.utf8)) }
          }
          return try export.write(
            from: from, to: to,
            delistAfterDays: settings.ingest.notRangedGapDays == 0 ? nil : settings.ingest.notRangedGapDays
          ) { name, body in try write(staging.appendingPathComponent(name), stop, body) }
        }
      }
    } catch {
      // Only where it was made for this: what is in it stays.
      if isNew { rmdir(output) }
      throw error
    }
    common.note(
      "\(output): \(summary.rows) rows of sales"
        + (summary.unknownRows > 0 ? ", \(summary.unknownRows) of them days of which nothing is known" : ""))
    if export.isOwn {
      common.note(
        "its levels are not those of the long format; to load it again: demand ingest --mapping-file "
          + "\(output)/mapping.yml \(output)")
    }
  }

  /// A file of comma-separated lines; readers see it whole or not at all.
  private func write(_ file: URL, _ stop: StopRequest, _ body: (LongFormatExport.Line) throws -> Void) throws {
    try AtomicFile.write(to: file) { sink in
      var bytes: [UInt8] = []
      try body { fields in
        for (index, field) in fields.enumerated() {
          if index > 0 { bytes.append(UInt8(ascii: ",")) }
          if field.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) {
            bytes += Array("\"\(field.replacing("\"", with: "\"\""))\"".utf8)
          } else {
            bytes += Array(field.utf8)
          }
        }
        bytes.append(UInt8(ascii: "\n"))
        if bytes.count > 1 << 20 {
          if stop.isMade { throw Cancelled() }
          try sink(bytes)
          bytes.removeAll(keepingCapacity: true)
        }
      }
      try sink(bytes)
    }
  }
}

/// A folder in a folder, in which files are made that belong together: they stand in the outer one all or not at all.
private enum Staging {
  private static let prefix = ".demand-export-"

  /// Makes files in a folder of their own, and moves them into `folder` once all are there.
  ///
  /// - Throws: what `body` throws, and ``UserError`` for files that cannot be written; nothing of them is left then.
  static func fill<Result>(_ folder: String, _ body: (URL) throws -> Result) throws -> Result {
    let files = FileManager.default
    removeLeftovers(in: folder)
    let outer = URL(fileURLWithPath: folder)
    let staging = outer.appendingPathComponent("\(prefix)\(ProcessInfo.processInfo.processIdentifier)")
    defer { try? files.removeItem(at: staging) }
    do {
      try reported(staging) { try files.createDirectory(at: staging, withIntermediateDirectories: false) }
      let result = try body(staging)
      var moved: [URL] = []
      do {
        for name in try files.contentsOfDirectory(atPath: staging.path).sorted() {
          let target = outer.appendingPathComponent(name)
          try reported(target) { try files.moveItem(at: staging.appendingPathComponent(name), to: target) }
          moved.append(target)
        }
      } catch {
        for file in moved { try? files.removeItem(at: file) }
        throw error
      }
      return result
    } catch let error as OutputError {
      let name = URL(fileURLWithPath: error.path).lastPathComponent
      throw UserError(
        .failed,
        "the export into '\(folder)' came to no end, at \(name): \(error.reason); nothing of it was left there",
        hint: "make room on the disk, or name a folder on another with --output, then start the same command again")
    }
  }

  private static func reported(_ url: URL, _ action: () throws -> Void) throws {
    do { try action() } catch { throw OutputError(path: url.path, reason: error.localizedDescription) }
  }

  /// Removes what an export left that was killed.
  private static func removeLeftovers(in folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(prefix) {
      guard let process = pid_t(name.dropFirst(prefix.count)), kill(process, 0) != 0, errno == ESRCH else { continue }
      try? FileManager.default.removeItem(atPath: folder + "/" + name)
    }
  }
}
