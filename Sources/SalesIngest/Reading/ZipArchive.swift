import CZlib
import Foundation

/// The central directory of a zip file, ZIP64 included (PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4).
package struct ZipArchive: Sendable {
  /// A file in the archive.
  package struct Member: Sendable, Hashable {
    package let name: String
    let method: Int
    let isEncrypted: Bool
    let checksum: UInt32
    let packedSize: Int
    let size: Int
    let headerOffset: Int
  }

  package let path: String
  /// Files, folders left out, in the archive's order.
  package let members: [Member]

  /// Whether a file begins like a zip archive.
  static func isArchive(_ path: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? handle.close() }
    let start = (try? handle.read(upToCount: 4)) ?? Data()
    return start == Data([0x50, 0x4B, 3, 4]) || start == Data([0x50, 0x4B, 5, 6])
  }

  /// Reads the directory at the archive's end.
  ///
  /// - Throws: ``IngestError/unreadable(_:reason:)`` for what is no whole archive.
  package init(path: String) throws(IngestError) {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw .unreadable(path, reason: "it cannot be opened; check its permissions")
    }
    defer { try? handle.close() }
    self.path = path
    members = try Self.directory(ZipBytes(handle: handle, path: path))
    let names = Set(members.map(\.name))
    if names.contains("[Content_Types].xml") || names.isSuperset(of: ["mimetype", "content.xml"]) {
      throw .unreadable(path, reason: "it is a workbook and no text: save its sheet as CSV")
    }
  }

  private static func directory(_ file: ZipBytes) throws(IngestError) -> [Member] {
    let size = try file.size()
    // The record at the end may have a comment of up to 65,535 bytes behind it.
    let tailStart = max(0, size - 65_557)
    let tail = try file.bytes(tailStart, min(size, 65_557))
    guard let end = stride(from: tail.count - 22, through: 0, by: -1).first(where: { tail.u32($0) == 0x0605_4B50 })
    else { throw file.damaged }
    var count = tail.u16(end + 10)
    var length = tail.u32(end + 12)
    var offset = tail.u32(end + 16)
    if count == 0xFFFF || length == 0xFFFF_FFFF || offset == 0xFFFF_FFFF {
      let locator = end - 20
      guard locator >= 0, tail.u32(locator) == 0x0706_4B50 else { throw file.damaged }
      let record = try file.bytes(tail.u64(locator + 8), 56)
      guard record.u32(0) == 0x0606_4B50 else { throw file.damaged }
      count = record.u64(32)
      length = record.u64(40)
      offset = record.u64(48)
    }
    guard offset >= 0, length >= 0, offset <= size, length <= size - offset else { throw file.damaged }
    let entries = try file.bytes(offset, length)
    var members: [Member] = []
    var at = 0
    for _ in 0..<count {
      guard at + 46 <= entries.count, entries.u32(at) == 0x0201_4B50 else { throw file.damaged }
      let (nameLength, extraLength) = (entries.u16(at + 28), entries.u16(at + 30))
      let next = at + 46 + nameLength + extraLength + entries.u16(at + 32)
      guard next <= entries.count else { throw file.damaged }
      let name = String(decoding: entries.bytes[(at + 46)..<(at + 46 + nameLength)], as: UTF8.self)
      var wide = Extra(entries, at + 46 + nameLength, extraLength)
      let full = wide.value(entries.u32(at + 24))
      let packed = wide.value(entries.u32(at + 20))
      let header = wide.value(entries.u32(at + 42))
      if !name.hasSuffix("/") {
        members.append(
          Member(
            name: name, method: entries.u16(at + 10), isEncrypted: entries.u16(at + 8) & 1 != 0,
            checksum: UInt32(entries.u32(at + 16)), packedSize: packed, size: full, headerOffset: header))
      }
      at = next
    }
    return members
  }

  /// Sizes and offsets of ZIP64, which stand in for those of all ones.
  private struct Extra {
    var values: [Int] = []

    init(_ entries: LittleEndian, _ start: Int, _ length: Int) {
      var at = start
      while at + 4 <= start + length {
        let size = entries.u16(at + 2)
        guard at + 4 + size <= start + length else { return }
        if entries.u16(at) == 1 {
          values = stride(from: at + 4, to: at + 4 + size - 7, by: 8).map { entries.u64($0) }.reversed()
        }
        at += 4 + size
      }
    }

    mutating func value(_ short: Int) -> Int { short == 0xFFFF_FFFF ? values.popLast() ?? -1 : short }
  }
}

/// Bytes of an archive, by offset.
struct ZipBytes {
  let handle: FileHandle
  let path: String

  var damaged: IngestError { .unreadable(path, reason: "the zip archive is damaged or cut off; deliver it again") }

  func size() throws(IngestError) -> Int {
    guard let end = try? handle.seekToEnd() else { throw damaged }
    return Int(end)
  }

  func bytes(_ offset: Int, _ count: Int) throws(IngestError) -> LittleEndian {
    guard offset >= 0, count >= 0 else { throw damaged }
    do {
      try handle.seek(toOffset: UInt64(offset))
      let data = try handle.read(upToCount: count) ?? Data()
      guard data.count == count else { throw damaged }
      return LittleEndian(bytes: [UInt8](data))
    } catch { throw damaged }
  }
}

/// Numbers as zip files write them; zero beyond the end.
struct LittleEndian {
  let bytes: [UInt8]
  var count: Int { bytes.count }

  private func value(_ at: Int, _ width: Int) -> Int {
    guard at >= 0, at + width <= bytes.count else { return 0 }
    var value: UInt64 = 0
    for index in 0..<width { value |= UInt64(bytes[at + index]) << UInt64(8 * index) }
    return Int(truncatingIfNeeded: value)
  }

  func u16(_ at: Int) -> Int { value(at, 2) }
  func u32(_ at: Int) -> Int { value(at, 4) }
  func u64(_ at: Int) -> Int { value(at, 8) }
}
