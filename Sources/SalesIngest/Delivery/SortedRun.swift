import DemandData
import Foundation
import SalesStore

/// Sums of receipt lines in order, in a temporary file that goes away with its last user.
final class SortedRun {
  private let url: URL
  private var file: FileHandle?
  private var buffer: [UInt8] = []
  private var at = 0

  private static let chunk = 1 << 18

  init(_ sums: [(key: ReceiptLines.Key, value: ReceiptLines.Sum)]) throws(IngestError) {
    url = FileManager.default.temporaryDirectory.appending(path: "demand-lines-\(UUID().uuidString)")
    do {
      guard FileManager.default.createFile(atPath: url.path, contents: nil, attributes: [.posixPermissions: 0o600])
      else { throw CocoaError(.fileWriteUnknown) }
      let output = try FileHandle(forWritingTo: url)
      var bytes = RunBytes()
      for (key, sum) in sums {
        bytes.append(key, sum)
        guard bytes.bytes.count > 4 * Self.chunk else { continue }
        try output.write(contentsOf: bytes.bytes)
        bytes.bytes.removeAll(keepingCapacity: true)
      }
      try output.write(contentsOf: bytes.bytes)
      try output.close()
    } catch {
      try? FileManager.default.removeItem(at: url)
      throw Self.failure(url)
    }
  }

  deinit {
    try? file?.close()
    try? FileManager.default.removeItem(at: url)
  }

  /// The next sum; nil at the end.
  func next() throws(IngestError) -> (ReceiptLines.Key, ReceiptLines.Sum)? {
    do {
      if file == nil { file = try FileHandle(forReadingFrom: url) }
      guard try fill(4), case let size = Int(RunBytes.read(buffer, at, as: UInt32.self)), try fill(4 + size) else {
        return nil
      }
      defer { at += 4 + size }
      var bytes = RunBytes(bytes: buffer, at: at + 4)
      return bytes.next()
    } catch { throw Self.failure(url) }
  }

  /// Whether so many bytes are there.
  private func fill(_ count: Int) throws -> Bool {
    while buffer.count - at < count {
      guard let data = try file?.read(upToCount: max(count, Self.chunk)), !data.isEmpty else { return false }
      buffer.removeFirst(at)
      at = 0
      buffer += data
    }
    return true
  }

  private static func failure(_ url: URL) -> IngestError {
    .unreadable(
      "receipt lines",
      reason: "their sums cannot be kept in \(url.deletingLastPathComponent().path) meanwhile; make room there or set "
        + "TMPDIR")
  }
}

/// Sums as bytes: each after its length, numbers as this machine has them.
private struct RunBytes {
  var bytes: [UInt8] = []
  var at = 0

  mutating func append(_ key: ReceiptLines.Key, _ sum: ReceiptLines.Sum) {
    let start = bytes.count
    put(UInt32(0))
    put(key.series)
    put(key.day)
    put(sum.count)
    let fact = sum.fact
    for value in [
      fact.units, sum.pricedUnits, sum.paid, fact.price, fact.details.revenue ?? .nan, fact.details.basePrice ?? .nan,
      fact.details.stockOnHand ?? .nan,
    ] { put(value) }
    bytes.append(fact.status.rawValue)
    bytes.append(fact.saysStock ? 1 : 0)
    bytes.append(fact.lacksRevenue ? 1 : 0)
    put(UInt32(fact.promotions.count))
    for promotion in fact.promotions {
      put(promotion.share)
      let kind = Array(promotion.kind.utf8)
      put(UInt32(kind.count))
      bytes += kind
    }
    withUnsafeBytes(of: UInt32(bytes.count - start - 4)) { bytes.replaceSubrange(start..<start + 4, with: $0) }
  }

  mutating func next() -> (ReceiptLines.Key, ReceiptLines.Sum) {
    let key = ReceiptLines.Key(series: take(Int.self), day: take(Int.self))
    var sum = ReceiptLines.Sum()
    sum.count = take(Int.self)
    func known(_ value: Double) -> Double? { value.isNaN ? nil : value }
    sum.fact.units = take(Double.self)
    sum.pricedUnits = take(Double.self)
    sum.paid = take(Double.self)
    sum.fact.price = take(Double.self)
    sum.fact.details.revenue = known(take(Double.self))
    sum.fact.details.basePrice = known(take(Double.self))
    sum.fact.details.stockOnHand = known(take(Double.self))
    sum.fact.status = DayStatus(rawValue: take(UInt8.self)) ?? .unknown
    sum.fact.saysStock = take(UInt8.self) == 1
    sum.fact.lacksRevenue = take(UInt8.self) == 1
    for _ in 0..<take(UInt32.self) {
      let share = take(Double.self)
      let count = Int(take(UInt32.self))
      sum.fact.promotions.append(
        Promotion(kind: String(decoding: bytes[at..<at + count], as: UTF8.self), share: share))
      at += count
    }
    return (key, sum)
  }

  private mutating func put<Value: BitwiseCopyable>(_ value: Value) {
    withUnsafeBytes(of: value) { bytes += $0 }
  }

  private mutating func take<Value: BitwiseCopyable>(_ type: Value.Type) -> Value {
    defer { at += MemoryLayout<Value>.size }
    return Self.read(bytes, at, as: type)
  }

  /// - Precondition: the bytes are there.
  static func read<Value: BitwiseCopyable>(_ bytes: [UInt8], _ at: Int, as type: Value.Type) -> Value {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: type) }
  }
}
