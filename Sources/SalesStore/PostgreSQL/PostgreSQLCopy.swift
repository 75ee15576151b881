/// Collects rows in the binary form of COPY, and sends them by the hundred thousand.
final class PostgreSQLBulkInsert: BulkInsert {
  let table: Substring
  private let session: PostgreSQLSession
  private let sql: String
  private let columns: [BulkColumn]
  private var bytes: [UInt8] = []
  private var column = 0

  private static let chunk = 4 << 20
  /// Signature, no flags, no header extension.
  private static let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0] + [UInt8](repeating: 0, count: 8)

  init(_ session: PostgreSQLSession, table: String, columns: [BulkColumn]) {
    self.session = session
    self.table = table[...]
    self.columns = columns
    sql = "COPY \(table) (\(columns.map(\.name).joined(separator: ", "))) FROM STDIN (FORMAT binary)"
    bytes.reserveCapacity(Self.chunk + (1 << 12))
    bytes = Self.header
  }

  var hasRows: Bool { bytes.count > Self.header.count }

  func put(_ value: Int) {
    beginRow()
    switch columns[column].width {
    case 2: append(Int16(truncatingIfNeeded: value))
    case 4: append(Int32(truncatingIfNeeded: value))
    default: append(Int64(value))
    }
    column += 1
  }

  func put(_ value: Double) {
    beginRow()
    append(value.bitPattern)
    column += 1
  }

  func endRow() throws {
    column = 0
    if bytes.count >= Self.chunk { try flush() }
  }

  private func beginRow() {
    if column == 0 { appendBytes(Int16(columns.count)) }
  }

  private func append(_ value: some FixedWidthInteger) {
    appendBytes(Int32(value.bitWidth / 8))
    appendBytes(value)
  }

  private func appendBytes(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  func flush() throws {
    appendBytes(Int16(-1))
    defer {
      bytes.removeAll(keepingCapacity: true)
      bytes.append(contentsOf: Self.header)
    }
    try session.copyIn(sql, bytes)
  }
}

/// A row in the binary form of COPY; valid within the closure that it is handed to.
final class PostgreSQLCopyRow: SQLRow {
  static let headerLength = 19

  private var message = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Where each field's value begins, and its length; -1 for null.
  private var starts = [Int](repeating: 0, count: 16)
  private var lengths = [Int](repeating: -1, count: 16)

  /// Finds the fields of a row; false for the trailer, or where there is none.
  func take(_ message: UnsafeRawBufferPointer) -> Bool {
    guard message.count >= 2 else { return false }
    self.message = message
    let count = Int(Int16(bigEndian: message.loadUnaligned(as: Int16.self)))
    guard count >= 0 else { return false }
    if count > starts.count {
      starts = [Int](repeating: 0, count: count)
      lengths = [Int](repeating: -1, count: count)
    }
    var offset = 2
    for field in 0..<count {
      let length = Int(Int32(bigEndian: message.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
      offset += 4
      starts[field] = offset
      lengths[field] = length
      offset += max(0, length)
    }
    return true
  }

  private func value(_ column: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: message[starts[column]..<starts[column] + max(0, lengths[column])])
  }

  func int(_ column: Int) -> Int { BigEndian.int(value(column)) }
  func double(_ column: Int) -> Double { BigEndian.double(value(column)) }
  func text(_ column: Int) -> String { String(decoding: value(column), as: UTF8.self) }
  func bytes(_ column: Int) -> [UInt8] { Array(value(column)) }
  func isNull(_ column: Int) -> Bool { lengths[column] < 0 }
}
