import DemandData

/// The rows of one series in table `sales`, packed into some fifteen hundred bytes: what a panel sees of them, which is
/// units rounded to whole ones.
///
/// Layout, with numbers in seven bits a byte (LEB128), the lowest first: version, rows, first day (zigzag); the days
/// as runs of (days that follow each other, gap to the next run); the statuses as runs of (status, rows); the units.
package struct PackedHistory {
  package struct Row: Hashable {
    package let day: Int
    package let units: Int32
    package let status: UInt8

    package init(day: Int, units: Int32, status: UInt8) {
      self.day = day
      self.units = units
      self.status = status
    }
  }

  private static let version: UInt8 = 1

  /// - Parameter rows: ascending days, at least one.
  package static func pack(_ rows: [Row]) -> [UInt8] {
    var bytes: [UInt8] = [version]
    bytes.reserveCapacity(rows.count + 64)
    func put(_ value: Int) {
      var rest = UInt64(bitPattern: Int64(value))
      while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }
    put(rows.count)
    put(rows[0].day << 1 ^ rows[0].day >> (Int.bitWidth - 1))
    var start = 0
    while start < rows.count {
      var end = start + 1
      while end < rows.count, rows[end].day == rows[end - 1].day + 1 { end += 1 }
      put(end - start)
      if end < rows.count { put(rows[end].day - rows[end - 1].day) }
      start = end
    }
    start = 0
    while start < rows.count {
      var end = start + 1
      while end < rows.count, rows[end].status == rows[start].status { end += 1 }
      bytes.append(rows[start].status)
      put(end - start)
      start = end
    }
    for row in rows { put(Int(row.units)) }
    return bytes
  }

  /// Hands the rows to `body` in the order of days.
  ///
  /// - Returns: false, without all rows handed on, for bytes that are not of this version or are damaged.
  package static func unpack(_ bytes: UnsafeRawBufferPointer, _ body: (Int, Int32, UInt8) -> Void) -> Bool {
    var reader = Reader(bytes: bytes)
    guard reader.byte() == version, let count = reader.number(), count > 0, count <= bytes.count,
      let code = reader.number()
    else { return false }
    var day = code >> 1 ^ -(code & 1)
    // Runs of days, then of statuses: both are walked along with the units behind them.
    var days: [(first: Int, count: Int)] = []
    var covered = 0
    while covered < count {
      guard let length = reader.number(), length > 0, length <= count - covered else { return false }
      days.append((day, length))
      covered += length
      if covered < count {
        guard let gap = reader.number(), gap > 1, gap < 1 << 32 else { return false }
        day += length - 1 + gap
      }
    }
    var statuses: [(status: UInt8, count: Int)] = []
    covered = 0
    while covered < count {
      guard let status = reader.byte(), let length = reader.number(), length > 0, length <= count - covered else {
        return false
      }
      statuses.append((status, length))
      covered += length
    }
    var (run, left) = (0, statuses[0].count)
    for stretch in days {
      for day in stretch.first..<stretch.first + stretch.count {
        guard let units = reader.number(), units <= Int(Int32.max) else { return false }
        if left == 0 {
          run += 1
          left = statuses[run].count
        }
        left -= 1
        body(day, Int32(truncatingIfNeeded: units), statuses[run].status)
      }
    }
    return reader.isAtEnd
  }

  private struct Reader {
    let bytes: UnsafeRawBufferPointer
    private var next = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { next == bytes.count }

    mutating func byte() -> UInt8? {
      guard next < bytes.count else { return nil }
      next += 1
      return bytes[next - 1]
    }

    /// A number of at most 62 bits; nil where there is none.
    @inline(__always) mutating func number() -> Int? {
      var value = 0
      var shift = 0
      while next < bytes.count, shift < 62 {
        let byte = bytes[next]
        next += 1
        value |= Int(byte & 0x7F) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
      return nil
    }
  }
}
