/// How the bytes of a file stand for characters.
public enum TextEncoding: String, Sendable, Hashable, CaseIterable, Codable {
  case utf8 = "utf-8"
  case latin1 = "latin-1"
  case windows1252 = "windows-1252"
  case utf16LittleEndian = "utf-16le"
  case utf16BigEndian = "utf-16be"
}

/// Finds out the encoding of a file from all its bytes.
///
/// A byte order mark decides, and zeros in every second byte, as UTF-16 without a mark has them. Else a file that is
/// UTF-8, ASCII included, is UTF-8; so is one with more characters of several bytes than bytes that are none, whose few
/// bad rows are then refused. What is left was written by a program that knows one byte a character: Windows-1252, which
/// has Latin-1 in it. A file that has both kinds of characters was put together of two, which ``change`` tells.
package struct EncodingSurvey {
  private static let startSize = 1024
  private var start: [UInt8] = []
  private var characters = 0
  private var strays = 0
  /// Bytes seen, and where the first character of several bytes and the first byte that is none were.
  private var length = 0
  private var firstCharacter: Int?
  private var firstStray: Int?
  /// Continuation bytes that the present character still needs, and the range of the next one.
  private var pending = 0
  private var lowest: UInt8 = 0x80
  private var highest: UInt8 = 0xBF

  package init() {}

  package mutating func update(_ bytes: ArraySlice<UInt8>) {
    if start.count < Self.startSize { start += bytes.prefix(Self.startSize - start.count) }
    bytes.withUnsafeBytes { raw in
      var index = 0
      while index < raw.count {
        if pending == 0 {
          // Eight ASCII bytes at a time.
          while index + 8 <= raw.count,
            raw.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
          { index += 8 }
          guard index < raw.count else { break }
        }
        take(raw[index], at: length + index)
        index += 1
      }
    }
    length += bytes.count
  }

  /// UTF-16 without a mark: text of mostly Latin letters has a zero in every second byte, and hardly one in the others.
  private var wideWithoutMark: TextEncoding? {
    let pairs = start.count / 2
    guard pairs >= 4 else { return nil }
    let even = (0..<pairs).count { start[2 * $0] == 0 }
    let odd = (0..<pairs).count { start[2 * $0 + 1] == 0 }
    if odd * 2 > pairs, even * 20 <= pairs { return .utf16LittleEndian }
    if even * 2 > pairs, odd * 20 <= pairs { return .utf16BigEndian }
    return nil
  }

  private mutating func stray(at offset: Int) {
    strays += 1
    if firstStray == nil { firstStray = offset }
  }

  private mutating func take(_ byte: UInt8, at offset: Int) {
    if pending > 0 {
      if byte >= lowest, byte <= highest {
        pending -= 1
        (lowest, highest) = (0x80, 0xBF)
        if pending == 0 {
          characters += 1
          if firstCharacter == nil { firstCharacter = offset }
        }
        return
      }
      stray(at: offset)
      pending = 0
    }
    (lowest, highest) = (0x80, 0xBF)
    switch byte {
    case 0..<0x80: break
    case 0xC2...0xDF: pending = 1
    case 0xE0...0xEF:
      pending = 2
      if byte == 0xE0 { lowest = 0xA0 }
      if byte == 0xED { highest = 0x9F }
    case 0xF0...0xF4:
      pending = 3
      if byte == 0xF0 { lowest = 0x90 }
      if byte == 0xF4 { highest = 0x8F }
    default: stray(at: offset)
    }
  }

  /// Where a file that has characters of UTF-8 as well as bytes that are none first changes from the one to the other,
  /// counted in bytes; nil for a file that is all of one kind, or in UTF-16.
  package var change: Int? {
    guard let firstCharacter, let firstStray, encoding == .utf8 || encoding == .windows1252 else { return nil }
    return max(firstCharacter, firstStray)
  }

  package var encoding: TextEncoding {
    if start.starts(with: [0xFF, 0xFE]) { return .utf16LittleEndian }
    if start.starts(with: [0xFE, 0xFF]) { return .utf16BigEndian }
    if start.starts(with: [0xEF, 0xBB, 0xBF]) { return .utf8 }
    if let wide = wideWithoutMark { return wide }
    let bad = strays + (pending > 0 ? 1 : 0)
    return bad == 0 || characters > bad ? .utf8 : .windows1252
  }
}

/// Rewrites bytes of another encoding as UTF-8, piece by piece.
struct Transcoder {
  private let encoding: TextEncoding
  /// UTF-8 of every byte, for encodings of one byte a character.
  private let table: [[UInt8]]
  private var raw: [UInt8] = []
  /// UTF-16: an odd byte, or a high surrogate, waiting for what comes next.
  private var odd: UInt8?
  private var high: UInt16?
  private var begun = false

  /// Nil for UTF-8, which needs none.
  init?(_ encoding: TextEncoding) {
    guard encoding != .utf8 else { return nil }
    self.encoding = encoding
    table = (0..<256).map { byte in
      var scalar = UInt32(byte)
      if encoding == .windows1252, (0x80..<0xA0).contains(byte) { scalar = Self.windows1252[byte - 0x80] }
      return Array(String(Unicode.Scalar(scalar)!).utf8)
    }
  }

  /// Reads until there are bytes to hand on; 0 at the end.
  mutating func read(from stream: any ByteStream, into buffer: inout [UInt8], at start: Int) throws(IngestError) -> Int
  {
    // A byte becomes three at most; two of UTF-16 become three, with one or a surrogate left over from before.
    let room = max(1, (buffer.count - start) / 3 - 2)
    if raw.count != room { raw = [UInt8](repeating: 0, count: room) }
    while true {
      var failure: IngestError?
      let count = raw.withUnsafeMutableBytes { bytes -> Int in
        do throws(IngestError) { return try stream.read(into: bytes) } catch {
          failure = error
          return 0
        }
      }
      if let failure { throw failure }
      var write = start
      if encoding == .latin1 || encoding == .windows1252 {
        for byte in raw[..<count] {
          if byte < 0x80 {
            buffer[write] = byte
            write += 1
          } else {
            for unit in table[Int(byte)] {
              buffer[write] = unit
              write += 1
            }
          }
        }
      } else {
        wide(count, into: &buffer, &write)
      }
      if write > start || count == 0 { return write - start }
    }
  }

  private mutating func wide(_ count: Int, into buffer: inout [UInt8], _ write: inout Int) {
    func put(_ scalar: Unicode.Scalar) {
      for unit in UTF8.encode(scalar)! {
        buffer[write] = unit
        write += 1
      }
    }
    if count == 0 {
      // A file that ends inside a character.
      if odd != nil || high != nil { put("\u{FFFD}") }
      (odd, high) = (nil, nil)
    }
    for byte in raw[..<count] {
      guard let first = odd else {
        odd = byte
        continue
      }
      odd = nil
      let unit =
        encoding == .utf16LittleEndian
        ? UInt16(first) | UInt16(byte) << 8 : UInt16(byte) | UInt16(first) << 8
      defer { begun = true }
      if !begun, unit == 0xFEFF { continue }
      if let pair = high {
        high = nil
        if UTF16.isTrailSurrogate(unit) {
          put(UTF16.decode(UTF16.EncodedScalar([pair, unit])))
          continue
        }
        put("\u{FFFD}")
      }
      if UTF16.isLeadSurrogate(unit) { high = unit } else { put(Unicode.Scalar(unit) ?? "\u{FFFD}") }
    }
  }

  /// Windows-1252's 0x80 to 0x9F; its five holes are control characters, as browsers have it.
  private static let windows1252: [UInt32] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D,
    0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,
    0x017E, 0x0178,
  ]
}
