/// Reads a file of separated values record by record in bounded memory: RFC 4180 quotes, LF or CRLF, an UTF-8 byte
/// order mark.
///
/// A record that is not CSV comes out with its ``problem``, and reading goes on behind it. Blank lines are skipped. A
/// quote inside an unquoted field stands for itself.
package struct CSVReader: ~Copyable {
  package let source: ByteSource
  /// Line on which the present record begins, counted from 1.
  package private(set) var line = 0
  private var scanned: RecordScan

  private var buffer: [UInt8]
  private let maximumRecord: Int
  private var filled = 0
  private var ended = false
  /// Where the next record begins, in the buffer and in lines.
  private var next = 0
  private var nextLine = 1
  private var record = 0..<0
  /// Beginning of a record that was too long to stay in the buffer, or a record as it was before its quotes were
  /// undoubled.
  private var kept: [UInt8]?

  /// - Parameter maximumRecord: bytes that a record may have.
  package init(
    source: ByteSource, separator: UInt8 = UInt8(ascii: ","), maximumRecord: Int, bufferSize: Int = 1 << 20
  ) throws(IngestError) {
    self.source = source
    scanned = RecordScan(separator: separator)
    self.maximumRecord = maximumRecord
    buffer = [UInt8](repeating: 0, count: max(bufferSize, maximumRecord + 2))
    try refill()
    if filled >= 3, buffer[0] == 0xEF, buffer[1] == 0xBB, buffer[2] == 0xBF { next = 3 }
    // A line that declares the separator is none of the table.
    if let declared = Separator.declared(in: buffer[next..<filled]) {
      next += declared.length
      nextLine = 2
    }
  }

  /// Moves to the next record; false at the end of the file.
  package mutating func advance() throws(IngestError) -> Bool {
    while true {
      guard try advanceOverBlank() else { return false }
      if fields.count > 1 || !fields[0].isEmpty || problem != nil || !scanned.quotedFields.isEmpty { break }
    }
    for index in scanned.quotedFields { unquote(index) }
    return true
  }

  private mutating func advanceOverBlank() throws(IngestError) -> Bool {
    line = nextLine
    kept = nil
    while true {
      if next == filled, ended { return false }
      let range = next..<min(filled, next + maximumRecord)
      if let end = scanned.scan(buffer, range) {
        finish(at: end)
        return true
      }
      if filled - next >= maximumRecord {
        try giveUp(problem ?? .tooLong)
        return true
      }
      if ended {
        if problem == .unclosedQuote { try giveUp(.unclosedQuote) } else { finish(at: filled) }
        return true
      }
      try refill()
    }
  }

  private mutating func finish(at end: Int) {
    record = next..<end
    let last = fields[fields.count - 1]
    if !last.isEmpty, buffer[last.upperBound - 1] == UInt8(ascii: "\r") {
      scanned.fields[fields.count - 1] = last.lowerBound..<last.upperBound - 1
    }
    nextLine += 1
    // Only quoted fields can hold line feeds.
    if !scanned.quotedFields.isEmpty { for index in record where buffer[index] == UInt8(ascii: "\n") { nextLine += 1 } }
    next = min(end + 1, filled)
  }

  /// Ends a record that cannot be read at the end of its first line, so that one stray quote costs one line.
  private mutating func giveUp(_ problem: RecordScan.Problem) throws(IngestError) {
    scanned.problem = problem
    scanned.quotedFields.removeAll()
    var index = next
    while index < filled, buffer[index] != UInt8(ascii: "\n") { index += 1 }
    record = next..<min(index, next + 1024)
    scanned.fields = [record]
    nextLine += 1
    if index < filled {
      next = index + 1
      return
    }
    // The line is longer than the buffer. Keep its beginning for the report, drop the rest.
    let head = Array(buffer[record])
    next = filled
    skipping: while !ended {
      try refill()
      while next < filled {
        next += 1
        if buffer[next - 1] == UInt8(ascii: "\n") { break skipping }
      }
    }
    kept = head
    scanned.fields = [0..<0]
    record = 0..<0
  }

  private mutating func unquote(_ index: Int) {
    let range = fields[index]
    guard problem == nil, range.count >= 2 else { return }
    let inner = range.lowerBound + 1..<range.upperBound - 1
    guard buffer[inner].contains(UInt8(ascii: "\"")) else {
      scanned.fields[index] = inner
      return
    }
    // Undoubling quotes writes over the record.
    if kept == nil { kept = Array(buffer[record]) }
    var write = inner.lowerBound
    var read = inner.lowerBound
    while read < inner.upperBound {
      if buffer[read] == UInt8(ascii: "\"") { read += 1 }
      buffer[write] = buffer[read]
      write += 1
      read += 1
    }
    scanned.fields[index] = inner.lowerBound..<write
  }

  /// Moves what is left to the front and fills up the rest.
  private mutating func refill() throws(IngestError) {
    if next > 0 {
      let rest = filled - next
      for index in 0..<rest { buffer[index] = buffer[next + index] }
      filled = rest
      next = 0
    }
    guard filled < buffer.count else { return }
    let read = try source.read(into: &buffer, at: filled)
    filled += read
    if read == 0 { ended = true }
  }

  // MARK: The present record

  /// Why the record cannot be used, or nil.
  package var problem: RecordScan.Problem? { scanned.problem }

  /// Fields as ranges of the buffer.
  package var fields: [Range<Int>] { scanned.fields }

  /// Bytes of a field, unquoted.
  package func bytes(_ field: Int) -> ArraySlice<UInt8> { buffer[fields[field]] }

  /// A field as text; bytes that are not UTF-8 come out as replacement characters.
  package func text(_ field: Int) -> String { String(decoding: buffer[fields[field]], as: UTF8.self) }

  /// The record as it came, for a report: NUL made visible, bytes that are not UTF-8 replaced.
  ///
  /// - Parameter limit: bytes at most.
  package func raw(limit: Int = 1000) -> String {
    var bytes = kept.map { $0.prefix(limit) } ?? buffer[record].prefix(limit)
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self).replacing("\0", with: "\u{2400}")
  }
}
