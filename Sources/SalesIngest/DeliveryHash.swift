import SalesStore

/// What one pass over the bytes of a delivery tells before anything is loaded.
enum DeliveryHash {
  /// The content hash of a delivery: the bytes of its files (unpacked, so that plain and gzip agree) and the options
  /// that decide what is taken from them; that of the bytes alone; and how each file's text is written.
  static func hash(
    files: [(role: String, input: InputFile)], options: String, meter: inout ProgressMeter
  ) throws(IngestError) -> (hash: String, contents: String, encodings: [TextEncoding]) {
    var hash = ContentHash()
    var contents = ContentHash()
    hash.update(options)
    var encodings: [TextEncoding] = []
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
      try meter.finish(source)
    }
    return (hash.hex, contents.hex, encodings)
  }
}
