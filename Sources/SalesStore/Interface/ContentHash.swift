import Crypto

/// SHA-256 over a stream of values; the program's only content hash.
public struct ContentHash {
  private var state = SHA256()

  public init() {}

  public mutating func update(bytes: some Sequence<UInt8>) {
    if bytes.withContiguousStorageIfAvailable({ state.update(bufferPointer: .init($0)) }) == nil {
      Array(bytes).withUnsafeBytes { state.update(bufferPointer: $0) }
    }
  }

  /// Length first, so that neighbouring texts cannot run into each other.
  public mutating func update(_ text: String) {
    update(text.utf8.count)
    update(bytes: text.utf8)
  }

  public mutating func update(_ value: Int) { update([value]) }

  /// The values' bytes in memory order (little endian on every platform that the program runs on).
  public mutating func update<T: BitwiseCopyable>(_ values: [T]) {
    values.withUnsafeBytes { state.update(bufferPointer: $0) }
  }

  /// The digest in hexadecimal.
  public var hex: String { Self.text(of: Array(state.finalize())) }

  /// SHA-256 of `bytes`, 32 bytes.
  static func digest(of bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

  static func hex(of bytes: [UInt8]) -> String { text(of: digest(of: bytes)) }

  private static func text(of digest: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
