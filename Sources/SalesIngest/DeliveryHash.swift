import SalesStore

/// Content hash of a delivery: the bytes of its files (unpacked, so that plain and gzip agree) and the options that
/// decide what is taken from them.
enum DeliveryHash {
  static func hash(
    files: [(role: String, path: String)], options: String, meter: inout ProgressMeter
  ) throws(IngestError) -> String {
    var hash = ContentHash()
    hash.update(options)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    for (role, path) in files {
      let source = try ByteSource(path: path)
      hash.update(role)
      var length = 0
      while true {
        let count = try source.read(into: &buffer, at: 0)
        if count == 0 { break }
        hash.update(bytes: buffer[..<count])
        length += count
        try meter.report(source)
      }
      guard length > 0 else { throw .emptyFile(path) }
      // Behind the bytes, so that the borders between files count.
      hash.update(length)
      try meter.finish(source)
    }
    return hash.hex
  }
}
