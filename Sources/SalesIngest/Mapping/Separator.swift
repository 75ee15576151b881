/// What stands between the fields of a row.
public enum Separator: String, Sendable, Hashable, CaseIterable, Codable {
  case comma, semicolon, tab, pipe

  package var byte: UInt8 {
    switch self {
    case .comma: UInt8(ascii: ",")
    case .semicolon: UInt8(ascii: ";")
    case .tab: UInt8(ascii: "\t")
    case .pipe: UInt8(ascii: "|")
    }
  }

  var character: Character { Character(Unicode.Scalar(byte)) }

  /// The separator of a file, from its beginning: each is tried with the reader itself, and the one that cuts most rows
  /// into as many fields as the header wins. Columns that must be there decide before that.
  ///
  /// - Parameters:
  ///   - isWhole: whether the sample is the whole file, so that its last row counts.
  ///   - columns: names that the header should hold.
  package static func detect(_ sample: [UInt8], isWhole: Bool, columns: [String] = []) -> Separator {
    if let declared = declared(in: sample[...])?.separator { return declared }
    var best = (separator: Separator.comma, columns: -1, share: 0.0, width: 0)
    for candidate in allCases {
      let rows = rows(sample, candidate, isWhole: isWhole, limit: 200)
      guard let header = rows.first else { continue }
      let found = columns.count { header.contains($0) }
      let share = Double(rows.count { $0.count == header.count }) / Double(rows.count)
      let width = header.count
      guard width > 1 || best.columns < 0 else { continue }
      let isBetter =
        found != best.columns
        ? found > best.columns
        : best.width <= 1 || share > best.share + 0.05 || (share >= best.share - 0.05 && width > best.width)
      if isBetter { best = (candidate, found, share, width) }
    }
    return best.separator
  }

  /// The separator that the first line declares, as Excel writes it (`sep=;`), and the line's length with its end.
  ///
  /// - Returns: nil for a first line that says something else; no separator where it is none of ours.
  package static func declared(in bytes: ArraySlice<UInt8>) -> (separator: Separator?, length: Int)? {
    let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes
    let line = text.prefix(9).prefix { $0 != UInt8(ascii: "\n") }
    guard line.endIndex < text.endIndex, text[line.endIndex] == UInt8(ascii: "\n") else { return nil }
    var word = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    if word.count > 2, word.first == UInt8(ascii: "\""), word.last == UInt8(ascii: "\"") {
      word = word.dropFirst().dropLast()
    }
    guard word.count == 5, String(decoding: word.prefix(4), as: UTF8.self).lowercased() == "sep=" else { return nil }
    return (allCases.first { $0.byte == word.last }, line.count + 1)
  }

  /// First rows of a sample as texts.
  package static func rows(_ sample: [UInt8], _ separator: Separator, isWhole: Bool, limit: Int) -> [[String]] {
    var scan = RecordScan(separator: separator.byte)
    var rows: [[String]] = []
    var next = sample.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    next += declared(in: sample[...])?.length ?? 0
    while next < sample.count, rows.count < limit {
      let end = scan.scan(sample, next..<sample.count)
      if end == nil, !isWhole { break }
      let fields = scan.fields.enumerated().map { index, range -> String in
        var bytes = sample[range]
        if index == scan.fields.count - 1, bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        let text = String(decoding: bytes, as: UTF8.self)
        guard scan.quotedFields.contains(index), text.count >= 2, text.hasSuffix("\"") else { return text }
        return String(text.dropFirst().dropLast()).replacing("\"\"", with: "\"")
      }
      if fields != [""] { rows.append(fields) }
      next = (end ?? sample.count) + 1
    }
    return rows
  }
}
