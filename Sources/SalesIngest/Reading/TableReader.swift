import SalesStore

/// A CSV file with a header of known columns.
struct TableReader: ~Copyable {
  let file: String
  var csv: CSVReader
  /// Column positions by name.
  let columns: [String: Int]
  let columnNames: [String]

  /// Opens a file and checks its header: exactly the required columns, and optional ones, in any order.
  ///
  /// - Parameter openEnded: accept columns beyond these, such as M5's days.
  init(
    path: String, required: [String], optional: [String] = [], openEnded: Bool = false, maximumRecord: Int = 1 << 16
  ) throws(IngestError) {
    var csv = try CSVReader(source: try ByteSource(path: path), maximumRecord: maximumRecord)
    guard try csv.advance() else { throw .emptyFile(path) }
    guard csv.problem == nil else {
      throw .wrongHeader(file: path, found: [csv.raw], required: required, optional: optional)
    }
    var found: [String] = []
    for index in csv.fields.indices { found.append(csv.text(index)) }
    let known = Set(required + optional)
    guard Set(found).count == found.count, required.allSatisfy(found.contains),
      openEnded || found.allSatisfy(known.contains)
    else {
      // A header of two thousand columns helps nobody.
      throw .wrongHeader(file: path, found: Array(found.prefix(24)), required: required, optional: optional)
    }
    self.csv = csv
    file = path
    columnNames = found
    columns = Dictionary(uniqueKeysWithValues: found.enumerated().map { ($1, $0) })
  }

  /// Position of a required column.
  func position(_ name: String) -> Int { columns[name]! }

  /// A refusal of the present record.
  func refusal(column: String, value: String, kind: String, reason: String) -> QuarantinedRow {
    let value = value.count > 200 ? String(value.prefix(200)) : value
    return QuarantinedRow(
      file: file, line: csv.line, column: column, value: value.replacing("\0", with: "\u{2400}"), raw: csv.raw,
      kind: kind, reason: reason)
  }

  /// A refusal that concerns one column of the present record.
  func refusal(_ column: String, _ kind: String, _ reason: String) -> QuarantinedRow {
    refusal(column: column, value: csv.text(position(column)), kind: kind, reason: reason)
  }

  /// Why the present record is no row of this table at all, or nil.
  var structuralRefusal: QuarantinedRow? {
    switch csv.problem {
    case .nulByte:
      refusal(
        column: "-", value: "", kind: "nul_byte", reason: "the row holds a NUL byte: write the file again as text")
    case .tooLong:
      refusal(column: "-", value: "", kind: "too_long", reason: "the row is too long: look for a missing line end")
    case .unclosedQuote:
      refusal(column: "-", value: "", kind: "unclosed_quote", reason: "a quote is not closed: close it or double it")
    case .textAfterQuote:
      refusal(
        column: "-", value: "", kind: "text_after_quote",
        reason: "text follows a closing quote: double the quotes inside the field")
    case nil:
      csv.fields.count == columnNames.count
        ? nil
        : refusal(
          column: "-", value: "\(csv.fields.count) columns", kind: "wrong_column_count",
          reason: "the row has \(csv.fields.count) columns and the header \(columnNames.count): quote fields that hold "
            + "commas, or complete the row")
    }
  }

  /// A field as text, or nil when its bytes are not UTF-8.
  func validText(_ column: Int) -> String? { String(validating: csv.bytes(column), as: UTF8.self) }
}
