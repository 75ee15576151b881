import SalesStore

/// A file of separated values with a header.
struct TableReader: ~Copyable {
  let file: String
  var csv: CSVReader
  /// Column positions by name.
  let columns: [String: Int]
  let columnNames: [String]
  /// Positions of columns without a name, which are not read.
  let nameless: [Int]

  /// Bytes of a refused row that are kept.
  private let rawLimit: Int

  /// Opens a file and checks its header: exactly the required columns, and optional ones, in any order.
  ///
  /// - Parameter open: accept columns beyond these whose names begin like this, such as M5's days.
  init(
    _ input: InputFile, encoding: TextEncoding? = nil, separator: Separator = .comma, required: [String],
    optional: [String] = [], open: String? = nil, maximumRecord: Int = 1 << 16, rawLimit: Int = 1 << 16
  ) throws(IngestError) {
    var csv = try CSVReader(
      source: try ByteSource(input, encoding: encoding), separator: separator.byte, maximumRecord: maximumRecord)
    guard try csv.advance() else { throw .emptyFile(input.name) }
    if Self.hasOldLineEnds(csv) { throw Self.oldLineEnds(input.name) }
    guard csv.problem == nil else {
      throw .wrongHeader(file: input.name, found: [csv.raw()], required: required, optional: optional)
    }
    var found: [String] = []
    for index in csv.fields.indices { found.append(csv.text(index)) }
    do throws(IngestError) {
      try Self.check(header: found, of: input.name, required: required, optional: optional, open: open)
    } catch {
      // A title above the header.
      for _ in 0..<20 where !required.isEmpty {
        guard try csv.advance() else { break }
        let names = Set(csv.fields.indices.map { csv.text($0) })
        if required.allSatisfy(names.contains) {
          throw .unreadable(
            input.name,
            reason:
              "its columns are named on line \(csv.line), not on the first: delete the lines above, such as a title")
        }
      }
      throw error
    }
    self.csv = csv
    self.rawLimit = rawLimit
    file = input.name
    columnNames = found
    nameless = found.indices.filter { found[$0].isEmpty }
    columns = Dictionary(found.enumerated().map { ($1, $0) }) { first, _ in first }
  }

  /// Whether the file's lines end in carriage returns alone.
  private static func hasOldLineEnds(_ csv: borrowing CSVReader) -> Bool {
    let text = csv.raw().utf8
    return text.contains(UInt8(ascii: "\r")) && !text.contains(UInt8(ascii: "\n"))
  }

  static func oldLineEnds(_ file: String) -> IngestError {
    .unreadable(
      file,
      reason: "its lines end in carriage returns alone, as old Macs wrote them: save it with the line ends of Unix "
        + "or Windows, such as with tr '\\r' '\\n'")
  }

  /// Checks that the header has the required columns, every one once, and no others than the optional ones and those
  /// that begin with `open`.
  private static func check(
    header: [String], of file: String, required: [String], optional: [String], open: String?
  ) throws(IngestError) {
    let known = Set(required + optional)
    // Excel leaves columns without names and values behind.
    let header = header.filter { !$0.isEmpty }
    func isKnown(_ name: String) -> Bool { known.contains(name) || open.map { name.hasPrefix($0) } == true }
    let isDistinct = Set(header).count == header.count
    guard isDistinct, required.allSatisfy(header.contains), header.allSatisfy(isKnown) else {
      // A header of two thousand columns helps nobody, and those that may be there are not to blame.
      let blamed =
        isDistinct && open != nil && open != "" ? header.filter { known.contains($0) || !isKnown($0) } : header
      throw .wrongHeader(
        file: file, found: Array(blamed.prefix(24)), required: required,
        optional: open == "" ? optional + header.filter { !known.contains($0) } : optional)
    }
  }

  /// Whether the present record has only separators: it is a blank line to whoever wrote it.
  var isBlank: Bool { csv.problem == nil && csv.fields.count > 1 && csv.fields.allSatisfy(\.isEmpty) }

  /// Position of a required column.
  func position(_ name: String) -> Int { columns[name]! }

  /// A refusal of the present record.
  func refusal(column: String, value: String, kind: String, reason: String) -> QuarantinedRow {
    let value = value.count > 200 ? String(value.prefix(200)) : value
    return QuarantinedRow(
      file: file, line: csv.line, column: column, value: value.replacing("\0", with: "\u{2400}"),
      raw: csv.raw(limit: rawLimit),
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
      refusal(
        column: "-", value: "", kind: "too_long",
        reason: "the row is too long: look for a missing line end or a quote that is not closed")
    case .unclosedQuote:
      refusal(
        column: "-", value: "", kind: "unclosed_quote",
        reason: "a quote is not closed: close it, or double it if it belongs to the text")
    case .textAfterQuote:
      refusal(
        column: "-", value: "", kind: "text_after_quote",
        reason: "text follows a closing quote: double the quotes inside the field")
    case nil:
      csv.fields.count == columnNames.count
        ? nil
        : refusal(
          column: "-", value: "\(csv.fields.count) columns", kind: "wrong_column_count",
          reason: "the row has \(csv.fields.count) column\(csv.fields.count == 1 ? "" : "s") and the header "
            + "\(columnNames.count): complete it, quote fields that hold separators, or separate all rows alike")
    }
  }

  /// A field as text, or nil when its bytes are not UTF-8.
  func validText(_ column: Int) -> String? { String(validating: csv.bytes(column), as: UTF8.self) }
}
