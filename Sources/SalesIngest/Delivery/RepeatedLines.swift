import DemandData

/// Finds lines of receipts that several files of a delivery have, such as sheets that overlap.
///
/// A line that is there n times in one file and m times in another is there max(n, m) times: repetitions within a file
/// are goods that were scanned twice, those between files are the same lines delivered again.
struct RepeatedLines {
  /// A line by two hashes of its fields, 128 bits in all.
  private struct Line: Hashable {
    let one, other: Int
  }

  /// A column of a line's key: what the mapping reads as dates and numbers is compared as such.
  struct Field {
    enum Kind: Int { case date, number, text }

    let position: Int
    let kind: Kind
  }

  /// How often a line is in a file so far read: the most of them.
  private var known: [Line: UInt32] = [:]
  private var present: [Line: UInt32] = [:]

  /// Whether the present row of a file repeats one of an earlier file.
  ///
  /// - Parameters:
  ///   - fields: columns of the line's key.
  ///   - table: how the file is read; another table may read the same lines for another purpose.
  mutating func isRepeated(_ row: borrowing MappedTable, _ fields: [Field], _ table: Int) -> Bool {
    var one = Hasher()
    var other = Hasher()
    one.combine(table)
    other.combine(~table)
    for field in fields {
      let bytes = Self.plain(row.reader.csv.bytes(field.position))
      switch field.kind {
      case .number:
        if let number = row.table.numbers.number(bytes) {
          one.combine(number)
          other.combine(number)
          continue
        }
      case .date:
        if let (day, rest) = row.table.datePatterns.lazy.compactMap({ $0.moment(bytes) }).first {
          for value in [day.number] + rest.map(Int.init) {
            one.combine(value)
            other.combine(value)
          }
          continue
        }
      case .text: break
      }
      one.combine(bytes.count)
      other.combine(bytes.count)
      bytes.withUnsafeBytes {
        one.combine(bytes: $0)
        other.combine(bytes: $0)
      }
    }
    let line = Line(one: one.finalize(), other: other.finalize())
    let count = present[line, default: 0] + 1
    present[line] = count
    return count <= known[line, default: 0]
  }

  /// A field without spaces around it, and without the `.0` that spreadsheets put behind whole numbers.
  static func plain(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
    var bytes = bytes.drop(while: isSpace)
    while let last = bytes.last, isSpace(last) { bytes.removeLast() }
    let zeros = bytes.reversed().prefix { $0 == 48 }.count
    let whole = bytes.dropLast(zeros + 1)
    guard zeros > 0, bytes.dropLast(zeros).last == UInt8(ascii: "."), !whole.isEmpty,
      whole.allSatisfy({ $0 >= 48 && $0 <= 57 })
    else { return bytes }
    return whole
  }

  /// Ends a file.
  mutating func finishFile() {
    known.merge(present) { max($0, $1) }
    present.removeAll()
  }
}
