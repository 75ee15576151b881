/// Splits bytes into the fields of one CSV record, without copying them.
package struct RecordScan {
  /// Why a record cannot be used.
  package enum Problem: Hashable, Sendable {
    case nulByte, tooLong, unclosedQuote, textAfterQuote
  }

  private enum State { case fieldStart, plain, quoted, quoteInQuoted }

  let separator: UInt8
  var fields: [Range<Int>] = []
  /// Those of `fields` that stand in quotes, which are part of the range.
  var quotedFields: [Int] = []
  var problem: Problem?

  init(separator: UInt8) { self.separator = separator }

  /// Scans `start..<limit` for one record; its end (the line feed), or nil when the bytes end first.
  ///
  /// On nil, fields are those of the record as if it ended with the bytes, and ``problem`` is `unclosedQuote` inside
  /// quotes.
  mutating func scan(_ buffer: [UInt8], _ range: Range<Int>) -> Int? {
    let bytes = buffer.span
    fields.removeAll(keepingCapacity: true)
    quotedFields.removeAll(keepingCapacity: true)
    problem = nil
    var state = State.fieldStart
    var start = range.lowerBound
    var index = range.lowerBound
    while index < range.upperBound {
      if state == .fieldStart || state == .plain {
        // Most bytes of most files: letters and digits outside quotes.
        while index < range.upperBound, bytes[index] > UInt8(ascii: "\""), bytes[index] != separator {
          state = .plain
          index += 1
        }
        if index == range.upperBound { break }
      }
      let byte = bytes[index]
      if byte == 0 { problem = .nulByte }
      switch state {
      case .fieldStart where byte == UInt8(ascii: "\""):
        state = .quoted
        quotedFields.append(fields.count)
      case .quoted:
        if byte == UInt8(ascii: "\"") { state = .quoteInQuoted }
      case .quoteInQuoted where byte == UInt8(ascii: "\""):
        state = .quoted
      default:
        if byte == separator {
          fields.append(start..<index)
          start = index + 1
          state = .fieldStart
        } else if byte == UInt8(ascii: "\n") {
          fields.append(start..<index)
          return index
        } else if state == .quoteInQuoted {
          if byte != UInt8(ascii: "\r") { problem = problem ?? .textAfterQuote }
        } else {
          state = .plain
        }
      }
      index += 1
    }
    fields.append(start..<range.upperBound)
    if state == .quoted { problem = .unclosedQuote }
    return nil
  }
}
