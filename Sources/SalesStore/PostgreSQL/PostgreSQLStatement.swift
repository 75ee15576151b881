import CLibPQ

/// Parameters of a statement in one piece of memory: numbers and text as text, whose type the server finds out, and
/// bytes as they are.
struct PostgreSQLParameters {
  private var bytes: [UInt8] = []
  private var starts: [Int]
  private var lengths: [Int32]
  private var formats: [Int32]

  /// - Parameter count: how many the statement has; all are null at first.
  init(count: Int) {
    starts = [Int](repeating: -1, count: count)
    lengths = [Int32](repeating: 0, count: count)
    formats = [Int32](repeating: 0, count: count)
  }

  /// What was bound stays until it is bound anew; the memory is taken back when a statement's parameters begin again.
  mutating func set(_ index: Int, _ value: (some Collection<UInt8>)?, isText: Bool) {
    guard let value else {
      starts[index - 1] = -1
      return
    }
    if bytes.count > 1 << 16 { compact(except: index - 1) }
    starts[index - 1] = bytes.count
    lengths[index - 1] = Int32(value.count)
    formats[index - 1] = isText ? 0 : 1
    bytes.append(contentsOf: value)
    bytes.append(0)
  }

  private mutating func compact(except index: Int) {
    var kept: [UInt8] = []
    for position in starts.indices where starts[position] >= 0 && position != index {
      let value = bytes[starts[position]..<starts[position] + Int(lengths[position]) + 1]
      starts[position] = kept.count
      kept.append(contentsOf: value)
    }
    bytes = kept
  }

  func withPointers<T>(
    _ body: (
      Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
    ) -> T
  ) -> T {
    bytes.withUnsafeBytes { memory in
      let base = memory.baseAddress?.assumingMemoryBound(to: CChar.self)
      let values = starts.map { $0 < 0 ? nil : base! + $0 }
      return values.withUnsafeBufferPointer { values in
        body(Int32(values.count), values.baseAddress, lengths, formats)
      }
    }
  }
}

/// A statement prepared on a server.
final class PostgreSQLStatement: SQLStatement {
  private let connection: PostgreSQLConnection
  private let name: String
  /// Tables that a bulk insert writes and this statement names.
  private let words: Set<Substring>
  private var parameters: PostgreSQLParameters
  private var result: OpaquePointer?
  private var row: Int32 = -1

  init(_ connection: PostgreSQLConnection, _ sql: String) throws {
    self.connection = connection
    let (text, count) = Self.numbered(sql)
    name = try connection.session.prepare(text)
    words = Set(text.split { !($0.isLetter || $0 == "_") })
    parameters = PostgreSQLParameters(count: count)
  }

  deinit { PQclear(result) }

  /// `$1, $2...` in place of the question marks outside of quotes.
  static func numbered(_ sql: String) -> (sql: String, count: Int) {
    var text = ""
    var count = 0
    var quote: Character?
    for character in sql {
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      }
      if character == "?", quote == nil {
        count += 1
        text += "$\(count)"
      } else {
        text.append(character)
      }
    }
    return (text, count)
  }

  func bind(_ index: Int, _ value: Int) { parameters.set(index, String(value).utf8, isText: true) }

  /// SQLite has no not-a-number: it stores null in its place, and so does this.
  func bind(_ index: Int, _ value: Double) {
    if value.isNaN { bindNull(index) } else { parameters.set(index, "\(value)".utf8, isText: true) }
  }

  /// PostgreSQL's text has no zero byte; a replacement character shows that there was one.
  func bind(_ index: Int, _ value: String) {
    if value.utf8.contains(0) {
      parameters.set(index, value.replacing("\0", with: "\u{FFFD}").utf8, isText: true)
    } else {
      parameters.set(index, value.utf8, isText: true)
    }
  }

  func bind(_ index: Int, _ value: [UInt8]) { parameters.set(index, value, isText: false) }

  func bindNull(_ index: Int) { parameters.set(index, nil as [UInt8]?, isText: true) }

  func step() throws -> Bool {
    if result == nil {
      try connection.flush(before: words)
      result = try connection.session.query(name, parameters)
      row = -1
    }
    row += 1
    guard row < PQntuples(result) else {
      reset()
      return false
    }
    return true
  }

  func reset() {
    PQclear(result)
    result = nil
  }

  func execute() throws {
    try connection.flush(before: words)
    try connection.session.send(name, parameters)
  }

  func executeCounting() throws -> Int {
    try connection.flush(before: words)
    let result = try connection.session.query(name, parameters)
    defer { PQclear(result) }
    return Int(String(cString: PQcmdTuples(result))) ?? 0
  }

  private func value(_ column: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: PQgetvalue(result, row, Int32(column)), count: Int(PQgetlength(result, row, Int32(column))))
  }

  func int(_ column: Int) -> Int { BigEndian.int(value(column)) }

  func double(_ column: Int) -> Double {
    PQftype(result, Int32(column)) == 701 ? BigEndian.double(value(column)) : Double(BigEndian.int(value(column)))
  }

  func text(_ column: Int) -> String { String(decoding: value(column), as: UTF8.self) }
  func bytes(_ column: Int) -> [UInt8] { Array(value(column)) }
  func isNull(_ column: Int) -> Bool { PQgetisnull(result, row, Int32(column)) == 1 }
}

/// Numbers as PostgreSQL sends them.
enum BigEndian {
  /// A whole number of one, two, four or eight bytes; 0 for null.
  static func int(_ bytes: UnsafeRawBufferPointer) -> Int {
    switch bytes.count {
    case 4: Int(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
    case 2: Int(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
    case 8: Int(Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)))
    case 1: Int(bytes[0])
    default: 0
    }
  }

  /// A double; 0 for null.
  static func double(_ bytes: UnsafeRawBufferPointer) -> Double {
    bytes.count == 8 ? Double(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))) : 0
  }
}
