import SalesStore

/// What one pass over the bytes of a delivery tells before anything is loaded.
enum DeliveryHash {
  /// The content hash of a delivery: the bytes of its files (unpacked, so that plain and gzip agree) and the options
  /// that decide what is taken from them; that of the bytes alone; how each file's text is written; and the line on which
  /// that changes, in files that are put together of two.
  static func hash(
    files: [(role: String, input: InputFile)], options: String, meter: inout ProgressMeter
  ) throws(IngestError) -> (hash: String, contents: String, encodings: [TextEncoding], changes: [Int?]) {
    var hash = ContentHash()
    var contents = ContentHash()
    hash.update(options)
    var encodings: [TextEncoding] = []
    var changes: [Int?] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    for (role, input) in files {
      let source = try ByteSource(input)
      hash.update(role)
      contents.update(role)
      var length = 0
      var survey = EncodingSurvey()
      while true {
        let count = try source.read(into: &buffer, at: 0)
        if count == 0 { break }
        hash.update(bytes: buffer[..<count])
        contents.update(bytes: buffer[..<count])
        survey.update(buffer[..<count])
        length += count
        try meter.report(source)
      }
      guard length > 0 else { throw .emptyFile(input.name) }
      // Behind the bytes, so that the borders between files count.
      hash.update(length)
      contents.update(length)
      encodings.append(survey.encoding)
      changes.append(try survey.change.map { offset throws(IngestError) in try line(of: offset, in: input) })
      try meter.finish(source)
    }
    return (hash.hex, contents.hex, encodings, changes)
  }

  /// The line of a byte, counted from 1.
  static func line(of offset: Int, in input: InputFile) throws(IngestError) -> Int {
    let source = try ByteSource(input)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var (line, at) = (1, 0)
    while at < offset {
      let count = try source.read(into: &buffer, at: 0)
      if count == 0 { break }
      for byte in buffer[..<min(count, offset - at)] where byte == UInt8(ascii: "\n") { line += 1 }
      at += count
    }
    return line
  }
}
