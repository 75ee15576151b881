import CZlib
import Foundation

/// Bytes in order, unpacked.
protocol ByteStream: AnyObject {
  /// Bytes on disk that are done.
  var position: Int { get }
  /// Fills as much of `room` as it can; 0 at the end.
  func read(into room: UnsafeMutableRawBufferPointer) throws(IngestError) -> Int
}

/// A file, plain or gzip; zlib tells them apart by content.
final class GzipStream: ByteStream {
  private let path: String
  private let file: gzFile

  init(path: String) throws(IngestError) {
    guard let file = gzopen(path, "rb") else {
      throw .unreadable(path, reason: "it cannot be opened; check its permissions")
    }
    gzbuffer(file, 1 << 18)
    self.path = path
    self.file = file
  }

  deinit { gzclose(file) }

  var position: Int { max(0, Int(gzoffset(file))) }

  func read(into room: UnsafeMutableRawBufferPointer) throws(IngestError) -> Int {
    let read = Int(gzread(file, room.baseAddress!, UInt32(min(room.count, 1 << 30))))
    var code: Int32 = Z_OK
    _ = gzerror(file, &code)
    // A file that is cut off gives its bytes first and says so only here.
    guard read >= 0, code == Z_OK || code == Z_STREAM_END else {
      throw .unreadable(path, reason: "its gzip data is damaged or cut off; deliver it again")
    }
    return read
  }
}

/// A member of a zip archive, stored or deflated; its checksum is compared at the end.
final class ZipMemberStream: ByteStream {
  private static let chunk = 1 << 18

  private let handle: FileHandle
  private let name: String
  private let member: ZipArchive.Member
  private let file: ZipBytes
  private var inflater = z_stream()
  private let input = UnsafeMutablePointer<UInt8>.allocate(capacity: ZipMemberStream.chunk)
  private var left: Int
  private var checksum: uLong = crc32(0, nil, 0)
  private var written = 0
  private var ended = false

  init(archive: String, member: ZipArchive.Member) throws(IngestError) {
    name = archive + "/" + member.name
    guard !member.isEncrypted else {
      throw .unreadable(name, reason: "it is encrypted; deliver it without a password")
    }
    guard member.method == 0 || member.method == 8 else {
      throw .unreadable(
        name, reason: "it is packed by method \(member.method); pack it again with deflate, or deliver it as gzip")
    }
    guard let handle = FileHandle(forReadingAtPath: archive) else {
      throw .unreadable(archive, reason: "it cannot be opened; check its permissions")
    }
    self.handle = handle
    self.member = member
    file = ZipBytes(handle: handle, path: name)
    left = member.packedSize
    let header = try file.bytes(member.headerOffset, 30)
    guard header.u32(0) == 0x0403_4B50 else { throw file.damaged }
    do {
      try handle.seek(toOffset: UInt64(member.headerOffset + 30 + header.u16(26) + header.u16(28)))
    } catch { throw file.damaged }
    // Negative window bits: raw deflate, as zip has it.
    guard inflateInit2_(&inflater, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw file.damaged
    }
  }

  deinit {
    inflateEnd(&inflater)
    input.deallocate()
    try? handle.close()
  }

  var position: Int { member.packedSize - left - Int(inflater.avail_in) }

  func read(into room: UnsafeMutableRawBufferPointer) throws(IngestError) -> Int {
    if ended { return 0 }
    let count = member.method == 0 ? try copy(into: room) : try inflate(into: room)
    checksum = crc32(checksum, room.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt32(count))
    written += count
    if count == 0 { ended = true }
    if ended, checksum != uLong(member.checksum) || written != member.size { throw file.damaged }
    return count
  }

  private func copy(into room: UnsafeMutableRawBufferPointer) throws(IngestError) -> Int {
    let count = try fill(UnsafeMutableRawBufferPointer(rebasing: room.prefix(min(room.count, left))))
    if left == 0 { ended = true }
    return count
  }

  private func inflate(into room: UnsafeMutableRawBufferPointer) throws(IngestError) -> Int {
    inflater.next_out = room.baseAddress!.assumingMemoryBound(to: UInt8.self)
    inflater.avail_out = UInt32(min(room.count, 1 << 30))
    let capacity = inflater.avail_out
    while inflater.avail_out > 0 {
      if inflater.avail_in == 0 {
        let count = try fill(UnsafeMutableRawBufferPointer(start: input, count: min(Self.chunk, left)))
        inflater.next_in = input
        inflater.avail_in = UInt32(count)
      }
      let code = CZlib.inflate(&inflater, Z_NO_FLUSH)
      if code == Z_STREAM_END {
        ended = true
        break
      }
      guard code == Z_OK, inflater.avail_in > 0 || left > 0 || inflater.avail_out == 0 else { throw file.damaged }
    }
    return Int(capacity - inflater.avail_out)
  }

  private func fill(_ room: UnsafeMutableRawBufferPointer) throws(IngestError) -> Int {
    guard room.count > 0 else { return 0 }
    guard let data = try? handle.read(upToCount: room.count), !data.isEmpty else { throw file.damaged }
    data.copyBytes(to: room)
    left -= data.count
    return data.count
  }
}
