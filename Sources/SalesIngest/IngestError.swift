import SalesStore

/// Why a load did not happen. The database is as it was.
public enum IngestError: Error, Hashable, Sendable {
  case missingFile(String)
  case unreadable(String, reason: String)
  case emptyFile(String)
  /// A delivery of headers.
  case noRows
  /// The header is not the one expected.
  case wrongHeader(file: String, found: [String], required: [String], optional: [String])
  /// A folder or archive without the files that the mapping names.
  case nothingToLoad(String, wanted: [String])
  /// A strict load met a bad row, or a file on which all else depends has one.
  case badRow(QuarantinedRow)
  case tooManyBadRows(bad: Int, rows: Int, share: Double, examples: [QuarantinedRow])
  /// An option does not fit the data, such as an unknown store or a day without sales.
  case option(String)
  /// The data leave open what is meant, such as lines of receipts for a day that is there already.
  case undecided(String)
  case cancelled
  case store(StoreError)
}

extension IngestError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missingFile(let path): "there is no file '\(path)': check the name"
    case .unreadable(let path, let reason): "'\(path)' cannot be read: \(reason)"
    case .emptyFile(let path): "'\(path)' is empty: deliver it again, with its header"
    case .noRows: "the delivery holds headers but no rows; nothing was loaded: deliver it again, with its rows"
    case .wrongHeader(let file, let found, let required, let optional):
      "'\(file)' line 1: the header is '\(Self.start(of: found.joined(separator: ",")))', expected are the columns "
        + "\(required.joined(separator: ", "))"
        + (optional.isEmpty ? "" : " and, where there are any, \(optional.joined(separator: ", "))")
        + Self.difference(found: found, required: required, optional: optional)
    case .nothingToLoad(let folder, let wanted):
      "'\(folder)' holds none of \(wanted.joined(separator: ", ")) (plain, .gz or .zip): name the folder or archive of a "
        + "delivery"
    case .badRow(let row): Self.text(row)
    case .tooManyBadRows(let bad, let rows, let share, let examples):
      "\(bad) of \(rows) rows are bad, more than the \(share * 100)% that a load may have; nothing was loaded. "
        + "The first: " + examples.map(Self.text).joined(separator: "; ")
    case .option(let reason), .undecided(let reason): reason
    case .cancelled: "the load was cancelled; nothing was loaded"
    case .store(let error): error.description
    }
  }

  private static func text(_ row: QuarantinedRow) -> String {
    "\(row.place), column \(row.column), value '\(row.value)': \(row.reason)"
  }

  /// As much as a message holds.
  private static func start(of text: String) -> String { text.count > 200 ? String(text.prefix(200)) + "..." : text }

  private static func difference(found: [String], required: [String], optional: [String]) -> String {
    let text = found.joined(separator: ",")
    if required.isEmpty { return ": write a line with the names of the columns" }
    if text.contains(where: { $0 == "\0" || $0 == "\u{2400}" || $0 == "\u{FFFD}" }) {
      return ": this is no UTF-8 text, save it as CSV in UTF-8"
    }
    if found.count == 1, let separator = ([";", "\t", "|"] as [Character]).first(where: { text.contains($0) }) {
      return ": put commas between the columns, not '\(separator == "\t" ? "tab" : String(separator))'"
    }
    let missing = required.filter { !found.contains($0) }
    let unknown = found.filter { !required.contains($0) && !optional.contains($0) }
    var parts: [String] = []
    if !missing.isEmpty { parts.append("add \(missing.joined(separator: ", "))") }
    if !unknown.isEmpty {
      parts.append("rename or remove \(start(of: unknown.map { "'\($0)'" }.joined(separator: ", ")))")
    }
    if parts.isEmpty { parts.append("name every column once") }
    return ": " + parts.joined(separator: ", ")
  }
}
