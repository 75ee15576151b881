import ArgumentParser
import DemandData
import Foundation

/// How a query prints its rows.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table, csv, json, ndjson, markdown
}

/// Rows with typed columns, printed in any ``OutputFormat``.
///
/// Column names are the same in all formats and stay so between versions: other programs read them. Machine formats
/// have numbers in full precision; those for people are rounded to the column's decimals.
struct OutputTable {
  struct Column {
    enum Kind {
      case text, day, integer
      /// Decimals that people see.
      case number(decimals: Int)
    }
    let name: String
    let kind: Kind

    static func text(_ name: String) -> Column { Column(name: name, kind: .text) }
    static func day(_ name: String) -> Column { Column(name: name, kind: .day) }
    static func integer(_ name: String) -> Column { Column(name: name, kind: .integer) }
    static func number(_ name: String, _ decimals: Int = 3) -> Column {
      Column(name: name, kind: .number(decimals: decimals))
    }

    var isText: Bool { if case .text = kind { true } else { false } }

    var isRightAligned: Bool {
      switch kind {
      case .text, .day: false
      case .integer, .number: true
      }
    }
  }

  enum Cell {
    case text(String)
    case day(Day)
    case integer(Int)
    case number(Double)
    case flag(Bool)
    case missing

    /// Units, which only measured products have in decimals.
    static func units(_ value: Double) -> Cell {
      value == value.rounded() && abs(value) < 1e15 ? .integer(Int(value)) : .number(value)
    }
    static func optional(_ value: Double?) -> Cell { value.map { .number($0) } ?? .missing }
    static func optional(_ text: String?) -> Cell { text.map { .text($0) } ?? .missing }
  }

  let columns: [Column]
  private(set) var rows: [[Cell]] = []

  init(_ columns: [Column]) { self.columns = columns }

  /// - Precondition: one cell per column.
  mutating func append(_ row: [Cell]) {
    precondition(row.count == columns.count)
    rows.append(row)
  }
}

extension OutputTable {
  /// The whole output, ending in a line feed.
  ///
  /// - Parameters:
  ///   - width: columns of the terminal. Text is cut to fit in it; where that is not enough, each row becomes a block
  ///     of lines, one for each column. Nil for no limit.
  ///   - bold: whether the header of a table may be set in bold.
  func text(_ format: OutputFormat, width: Int? = nil, bold: Bool = false) -> String {
    switch format {
    case .table: aligned(width: width, bold: bold)
    case .markdown: markdown
    case .csv:
      ([columns.map { Self.csv($0.name) }] + rows.map { $0.map { Self.csv($0.plain) } })
        .map { $0.joined(separator: ",") + "\n" }.joined()
    case .ndjson: rows.map { object($0) + "\n" }.joined()
    case .json: rows.isEmpty ? "[]\n" : "[\n" + rows.map { "  " + object($0) }.joined(separator: ",\n") + "\n]\n"
    }
  }

  private func object(_ row: [Cell]) -> String {
    "{" + zip(columns, row).map { "\(JSONText.quoted($0.name)):\($1.json)" }.joined(separator: ",") + "}"
  }

  private static func csv(_ text: String) -> String {
    let special = text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
    return special ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }

  private var markdown: String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    let shown = rows.map { row in zip(columns, row).map { $1.shown($0).replacing("|", with: "\\|") } }
    return line(columns.map(\.name)) + line(columns.map { $0.isRightAligned ? "---:" : "---" })
      + shown.map(line).joined()
  }

  private func aligned(width: Int?, bold: Bool) -> String {
    let shown = rows.map { row in zip(columns, row).map { $1.shown($0) } }
    var widths = columns.indices.map { column in
      shown.reduce(columns[column].name.count) { max($0, $1[column].count) }
    }
    if let width, !Self.fit(&widths, of: columns, into: width) { return blocks(shown, bold: bold) }
    func line(_ cells: [String]) -> String {
      let padded = cells.indices.map { column -> String in
        let cut = Self.cut(cells[column], to: widths[column])
        let space = String(repeating: " ", count: widths[column] - cut.count)
        return columns[column].isRightAligned ? space + cut : cut + space
      }
      return padded.joined(separator: "  ").replacing(/\s+$/, with: "")
    }
    let header = line(columns.map(\.name))
    return (bold ? "\u{1B}[1m\(header)\u{1B}[0m" : header) + "\n" + shown.map { line($0) + "\n" }.joined()
  }

  /// Narrows text columns, the widest first and down to 8 characters or their name; false where that is not enough.
  private static func fit(_ widths: inout [Int], of columns: [Column], into width: Int) -> Bool {
    while widths.reduce(2 * (widths.count - 1), +) > width {
      let candidates = columns.indices.filter {
        columns[$0].isText && widths[$0] > max(8, columns[$0].name.count)
      }
      guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return false }
      widths[widest] -= 1
    }
    return true
  }

  /// A line for each column, and an empty one between rows.
  private func blocks(_ shown: [[String]], bold: Bool) -> String {
    let width = columns.map(\.name.count).max() ?? 0
    return shown.map { row in
      zip(columns, row).map { column, cell in
        let name = column.name + String(repeating: " ", count: width - column.name.count)
        return (bold ? "\u{1B}[1m\(name)\u{1B}[0m" : name) + "  " + cell + "\n"
      }.joined()
    }.joined(separator: "\n")
  }

  private static func cut(_ text: String, to width: Int) -> String {
    text.count <= width ? text : text.prefix(max(0, width - 1)) + "…"
  }
}

extension OutputTable.Cell {
  /// In full precision; empty where missing.
  var plain: String {
    switch self {
    case .text(let text): text
    case .day(let day): day.iso
    case .integer(let value): String(value)
    case .number(let value): value.isFinite ? String(value) : ""
    case .flag(let value): String(value)
    case .missing: ""
    }
  }

  var json: String {
    switch self {
    case .text(let text): JSONText.quoted(text)
    case .day(let day): "\"\(day.iso)\""
    case .integer, .flag: plain
    case .number(let value): value.isFinite ? String(value) : "null"
    case .missing: "null"
    }
  }

  /// As people read it.
  func shown(_ column: OutputTable.Column) -> String {
    switch (self, column.kind) {
    case (.missing, _): "-"
    case (.number(let value), .number(let decimals)): value.isFinite ? Decimals.text(value, decimals) : "-"
    case (.flag(let value), _): value ? "yes" : "no"
    // A line break would tear the row apart.
    case (.text(let text), _): text.replacing("\n", with: " ")
    default: plain
    }
  }
}

/// Numbers with a fixed number of decimals.
enum Decimals {
  static func text(_ value: Double, _ decimals: Int) -> String {
    value.formatted(
      .number.precision(.fractionLength(decimals)).grouping(.never).locale(.init(identifier: "en_US_POSIX")))
  }
}

/// Strings as JSON has them (RFC 8259).
enum JSONText {
  static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
