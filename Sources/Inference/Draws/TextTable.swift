import Foundation

/// Columns of text, the first flush left and all others flush right, two spaces between them.
package struct TextTable {
  package let header: [String]
  private var rows: [[String]] = []

  package init(header: [String]) { self.header = header }

  package mutating func append(_ row: [String]) {
    precondition(row.count == header.count, "a row needs as many cells as the header")
    rows.append(row)
  }

  /// The table's lines. A first cell that would push its line beyond `width` stands on a line of its own.
  package func text(width: Int = 80) -> String {
    let widths = header.indices.map { column in
      ([header] + rows).reduce(0) { max($0, $1[column].count) }
    }
    let gap = widths.dropFirst().reduce(0, +) + 2 * (header.count - 1) <= width ? 2 : 1
    let others = widths.dropFirst().reduce(0) { $0 + $1 + gap }
    let fitting = ([header] + rows).map { $0[0].count }.filter { $0 + others <= width }.max() ?? 0
    let first = min(widths[0], fitting)
    var lines: [String] = []
    for row in [header] + rows {
      var name = row[0]
      if name.count > first {
        lines.append(name)
        name = ""
      }
      var line = name.padded(to: first)
      for (cell, size) in zip(row, widths).dropFirst() {
        line += String(repeating: " ", count: gap + size - cell.count) + cell
      }
      lines.append(line)
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension String {
  fileprivate func padded(to size: Int) -> String {
    self + String(repeating: " ", count: max(0, size - count))
  }
}
