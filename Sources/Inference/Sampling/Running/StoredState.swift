/// A value that a checkpoint can hold: written as 64-bit words, so that doubles come back bit for bit.
public protocol StoredState: Sendable {
  func store(into words: inout WordWriter)
  init(from words: inout WordReader) throws(DamagedState)
}

/// Stored words that are not what they should be.
public struct DamagedState: Error, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

/// Collects values as 64-bit words.
public struct WordWriter: Sendable {
  public private(set) var words: [UInt64] = []

  public init() {}

  public mutating func write(_ value: UInt64) { words.append(value) }
  public mutating func write(_ value: Int) { words.append(UInt64(bitPattern: Int64(value))) }
  public mutating func write(_ value: Bool) { words.append(value ? 1 : 0) }
  public mutating func write(_ value: Double) { words.append(value.bitPattern) }

  /// The count, then the values.
  public mutating func write(_ values: [Double]) {
    write(values.count)
    for value in values { words.append(value.bitPattern) }
  }

  /// The count of UTF-8 bytes, then the bytes in words.
  public mutating func write(_ text: String) {
    let bytes = Array(text.utf8)
    write(bytes.count)
    for first in stride(from: 0, to: bytes.count, by: 8) {
      var word: UInt64 = 0
      for (shift, byte) in bytes[first..<min(first + 8, bytes.count)].enumerated() {
        word |= UInt64(byte) << UInt64(8 * shift)
      }
      words.append(word)
    }
  }
}

/// Reads what a ``WordWriter`` collected, in the same order.
public struct WordReader: Sendable {
  private let words: [UInt64]
  private var position = 0

  public init(_ words: [UInt64]) { self.words = words }

  /// Words not read yet.
  public var remaining: Int { words.count - position }

  public mutating func word() throws(DamagedState) -> UInt64 {
    guard position < words.count else { throw DamagedState("a stored state ends too early") }
    position += 1
    return words[position - 1]
  }

  public mutating func int() throws(DamagedState) -> Int { Int(Int64(bitPattern: try word())) }
  public mutating func bool() throws(DamagedState) -> Bool { try word() != 0 }
  public mutating func double() throws(DamagedState) -> Double { Double(bitPattern: try word()) }

  /// A count that the words left can hold.
  public mutating func count(wordsEach: Int = 1) throws(DamagedState) -> Int {
    let count = try int()
    guard count >= 0, count <= remaining / wordsEach else { throw DamagedState("a stored count is impossible") }
    return count
  }

  public mutating func doubles() throws(DamagedState) -> [Double] {
    let count = try count()
    position += count
    return words[(position - count)..<position].map { Double(bitPattern: $0) }
  }

  public mutating func string() throws(DamagedState) -> String {
    let length = try int()
    guard length >= 0, (length + 7) / 8 <= remaining else { throw DamagedState("a stored text is cut") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(length + 7)
    while bytes.count < length {
      let word = try word()
      for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * shift))) }
    }
    return String(decoding: bytes.prefix(length), as: UTF8.self)
  }
}
