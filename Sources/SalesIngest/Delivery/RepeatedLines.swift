/// Finds lines of receipts that several files of a delivery have, such as sheets that overlap.
///
/// A line that is there n times in one file and m times in another is there max(n, m) times: repetitions within a file
/// are goods that were scanned twice, those between files are the same lines delivered again.
struct RepeatedLines {
  /// A line by two hashes of its fields, 128 bits in all.
  private struct Line: Hashable {
    let one, other: Int
  }

  /// How often a line is in a file so far read: the most of them.
  private var known: [Line: UInt32] = [:]
  private var present: [Line: UInt32] = [:]

  /// Whether the present row of a file repeats one of an earlier file.
  ///
  /// - Parameters:
  ///   - positions: columns of the line's key.
  ///   - table: how the file is read; another table may read the same lines for another purpose.
  mutating func isRepeated(_ row: borrowing TableReader, _ positions: [Int], _ table: Int) -> Bool {
    var one = Hasher()
    var other = Hasher()
    one.combine(table)
    other.combine(~table)
    for position in positions {
      let bytes = row.csv.bytes(position)
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

  /// Ends a file.
  mutating func finishFile() {
    known.merge(present) { max($0, $1) }
    present.removeAll()
  }
}
