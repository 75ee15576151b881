import DemandData
import Foundation
import SalesStore

/// Where one of our columns comes from in a file.
struct MappedColumn {
  /// Our name.
  let name: String
  /// Its name in the file, for reports.
  let source: String
  /// Position in the file; nil for a constant.
  let position: Int?
  let constant: [UInt8]
  /// Their texts, with ours.
  let values: [[UInt8]: [UInt8]]

  /// Our name as a sentence has it.
  var words: String { name.replacing("_", with: " ") }
}

/// A file whose columns are read by their meaning.
struct MappedTable: ~Copyable {
  var reader: TableReader
  let table: SourceMapping.Table
  /// Columns of the file that nothing is done with.
  let unread: [String]
  /// Columns that the mapping names and the file lacks.
  let absent: [String]
  private(set) var skipped = 0
  /// Rows with something in a column without a name.
  private(set) var namelessValues = 0
  private let columns: [String: MappedColumn]
  private let empty: [[UInt8]]
  private let only: [(position: Int, texts: Set<[UInt8]>)]
  private let except: [(position: Int, texts: Set<[UInt8]>)]
  /// Positions of promotion columns by kind.
  let promotions: [(kind: String, position: Int)]
  /// Positions of attributes of the table's nodes, and of regressors, by name.
  let attributes, regressors: [(name: String, position: Int)]
  let others: [(name: String, position: Int)]
  private let yes: Set<String>
  private let no: Set<String>

  /// Opens a file and finds the columns that its role needs.
  ///
  /// - Throws: ``IngestError/wrongHeader(file:found:required:optional:)`` when one is missing.
  init(
    _ input: InputFile, _ table: SourceMapping.Table, encoding: TextEncoding, separator: Separator, required: [String],
    optional: [String]
  ) throws(IngestError) {
    func theirs(_ names: [String]) -> [String] {
      names.filter { table.constants[$0] == nil }.map { table.columns[$0] ?? $0 }
    }
    let filters = Array(table.only.keys) + Array(table.except.keys)
    let needed = theirs(required) + filters.sorted()
    let welcome =
      optional.compactMap { table.columns[$0] } + table.promotions.values.sorted() + table.attributes.values.sorted()
      + table.regressors.values.sorted() + table.others
    reader = try TableReader(
      input, encoding: encoding, separator: separator, required: needed, optional: welcome,
      open: table.ignoresOthers ? "" : nil)
    self.table = table
    let positions = reader.columns
    var columns: [String: MappedColumn] = [:]
    var absent: [String] = []
    for name in required + optional {
      let source = table.columns[name] ?? name
      var values: [[UInt8]: [UInt8]] = [:]
      for (key, value) in table.values[name] ?? [:] { values[Array(key.utf8)] = Array(value.utf8) }
      if let constant = table.constants[name] {
        columns[name] = MappedColumn(
          name: name, source: name, position: nil, constant: Array(constant.utf8), values: [:])
      } else if let position = positions[source], table.columns[name] != nil || required.contains(name) {
        columns[name] = MappedColumn(name: name, source: source, position: position, constant: [], values: values)
      } else if table.columns[name] != nil {
        absent.append(source)
      }
    }
    promotions = table.promotions.sorted { $0.key < $1.key }.compactMap { kind, column in
      positions[column].map { (kind, $0) }
    }
    func found(_ columns: [String: String]) -> [(name: String, position: Int)] {
      columns.sorted { $0.key < $1.key }.compactMap { name, column in positions[column].map { (name, $0) } }
    }
    attributes = found(table.attributes)
    regressors = found(table.regressors)
    others = table.others.compactMap { name in positions[name].map { (name, $0) } }
    self.columns = columns
    // A mapping of ours names columns that a delivery need not have.
    self.absent = table.ignoresOthers ? absent : []
    let named = [table.promotions, table.attributes, table.regressors].flatMap(\.values)
    let read = Set(columns.values.map(\.source) + named + table.others + filters)
    unread = reader.columnNames.filter { !$0.isEmpty && !read.contains($0) }
    empty = table.empty.filter { !$0.isEmpty }.map { Array($0.utf8) }
    only = table.only.map { (positions[$0]!, Set($1.map { Array($0.utf8) })) }
    except = table.except.map { (positions[$0]!, Set($1.map { Array($0.utf8) })) }
    yes = Set(table.yes.map { $0.lowercased() })
    no = Set((table.no + table.empty).map { $0.lowercased() })
  }

  /// One of our columns, if the file or the mapping has it.
  func column(_ name: String) -> MappedColumn? { columns[name] }

  /// Bytes of a field of the present row; empty for the texts that mean nothing.
  func bytes(_ column: MappedColumn) -> ArraySlice<UInt8> {
    guard let position = column.position else { return column.constant[...] }
    return bytes(column, at: position)
  }

  private func bytes(_ column: MappedColumn, at position: Int) -> ArraySlice<UInt8> {
    let bytes = reader.csv.bytes(position)
    if !column.values.isEmpty, let ours = column.values[Array(bytes)] { return ours[...] }
    return isEmpty(bytes) ? [] : bytes
  }

  private func isEmpty(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.isEmpty || (!empty.isEmpty && empty.contains { bytes.elementsEqual($0) })
  }

  /// A field as text in normalization form C, or nil when it is not UTF-8: an accent that is a character of its own makes
  /// no other name.
  func text(_ column: MappedColumn) -> String? {
    let bytes = bytes(column)
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    return bytes.allSatisfy { $0 < 0x80 } ? text : text.precomposedStringWithCanonicalMapping
  }

  /// A field as a flag, or nil when it is none; an empty one is no.
  func flag(_ column: MappedColumn) -> Bool? { flag(String(decoding: bytes(column), as: UTF8.self)) }

  func flag(at position: Int) -> Bool? { flag(reader.csv.text(position)) }

  private func flag(_ text: String) -> Bool? {
    let word = text.lowercased()
    return yes.contains(word) ? true : no.contains(word) || word.isEmpty ? false : nil
  }

  func isEmpty(at position: Int) -> Bool { isEmpty(reader.csv.bytes(position)) }

  /// A field by its position as it is, or nil when it is empty.
  func bytes(at position: Int) -> ArraySlice<UInt8>? { isEmpty(at: position) ? nil : reader.csv.bytes(position) }

  /// A field as a day by the first pattern that fits; weeks are kept under their last day.
  ///
  /// - Parameter firstOfWeek: whether days name the week that they begin.
  func day(_ column: MappedColumn, firstOfWeek: Bool = false) -> Day? {
    let field = bytes(column)
    for pattern in table.datePatterns {
      if let day = pattern.day(field) { return firstOfWeek || pattern.isWeekly ? day + 6 : day }
    }
    return nil
  }

  mutating func noteNameless() {
    if reader.nameless.contains(where: { !reader.csv.fields[$0].isEmpty }) { namelessValues += 1 }
  }

  /// Whether the mapping leaves the present row out.
  mutating func isSkipped() -> Bool {
    guard !only.isEmpty || !except.isEmpty else { return false }
    let isSkipped =
      only.contains { !$0.texts.contains(Array(reader.csv.bytes($0.position))) }
      || except.contains { $0.texts.contains(Array(reader.csv.bytes($0.position))) }
    if isSkipped { skipped += 1 }
    return isSkipped
  }

  /// A refusal that concerns one column of the present row.
  func refusal(_ column: MappedColumn, _ kind: String, _ reason: String) -> QuarantinedRow {
    let value = column.position.map { reader.csv.text($0) } ?? String(decoding: column.constant, as: UTF8.self)
    return reader.refusal(column: column.source, value: value, kind: kind, reason: reason)
  }

  /// How to write the numbers of this file, in words.
  var numberWords: String { table.numbers.words }

  /// How to write the dates of this file, in words.
  var dateWords: String {
    table.datePatterns == [.iso]
      ? Reasons.date
      : "not a date: write a day of the calendar as " + table.datePatterns.map(\.description).joined(separator: " or ")
        + ", or declare another date_pattern"
  }
}

/// Reasons that several tables give.
enum Reasons {
  static let date = "not a date: write a day of the calendar as YYYY-MM-DD"
  static let utf8 = "the text is not UTF-8: save the file as UTF-8, or declare its encoding in a mapping"

  static func empty(_ column: MappedColumn) -> String { "the \(column.source) is empty: fill it in" }
}
