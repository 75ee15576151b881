import CZlib

/// A gzip file inside an archive, unpacked; bytes that are no gzip, whatever the file's name, are handed on as they are.
final class GzipMemberStream: ByteStream {
  private static let chunk = 1 << 16

  private let packed: any ByteStream
  private let name: String
  private var inflater = z_stream()
  private let input = UnsafeMutablePointer<UInt8>.allocate(capacity: GzipMemberStream.chunk)
  private var isGzip: Bool?
  private var inputEnded = false
  /// Whether the bytes so far end with a whole gzip member.
  private var isWhole = false

  init(_ packed: any ByteStream, _ name: String) throws(IngestError) {
    self.packed = packed
    self.name = name
    // Window bits of 15, and 16 for gzip's header and checksum.
    guard inflateInit2_(&inflater, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw damaged
    }
  }

  deinit {
    inflateEnd(&inflater)
    input.deallocate()
  }

  var position: Int { packed.position }

  private var damaged: IngestError {
    .unreadable(name, reason: "its gzip data is damaged or cut off; deliver it again")
  }

  func read(into room: UnsafeMutableRawBufferPointer) throws(IngestError) -> Int {
    if isGzip == nil { try begin() }
    guard isGzip == true else { return try copy(into: room) }
    inflater.next_out = room.baseAddress!.assumingMemoryBound(to: UInt8.self)
    inflater.avail_out = UInt32(min(room.count, 1 << 30))
    let capacity = inflater.avail_out
    while inflater.avail_out > 0 {
      if inflater.avail_in == 0 { try fill() }
      if inflater.avail_in == 0 {
        guard isWhole else { throw damaged }
        break
      }
      // Another member may follow.
      if isWhole, inflateReset(&inflater) != Z_OK { throw damaged }
      isWhole = false
      let code = inflate(&inflater, Z_NO_FLUSH)
      if code == Z_STREAM_END {
        isWhole = true
      } else if code != Z_OK {
        throw damaged
      }
    }
    return Int(capacity - inflater.avail_out)
  }

  private func begin() throws(IngestError) {
    try fill()
    isGzip = inflater.avail_in >= 2 && input[0] == 0x1F && input[1] == 0x8B
  }

  private func copy(into room: UnsafeMutableRawBufferPointer) throws(IngestError) -> Int {
    guard inflater.avail_in > 0 else { return try packed.read(into: room) }
    let count = min(room.count, Int(inflater.avail_in))
    room.copyMemory(from: UnsafeRawBufferPointer(start: inflater.next_in, count: count))
    inflater.next_in += count
    inflater.avail_in -= UInt32(count)
    return count
  }

  private func fill() throws(IngestError) {
    guard !inputEnded else { return }
    let count = try packed.read(into: UnsafeMutableRawBufferPointer(start: input, count: Self.chunk))
    inputEnded = count == 0
    inflater.next_in = input
    inflater.avail_in = UInt32(count)
  }
}
