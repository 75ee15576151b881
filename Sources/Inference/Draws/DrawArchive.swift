import Crypto
import Foundation

/// Draws in one binary file with a checksum, every bit as it was.
///
/// Layout, all little endian: 8 bytes `DRAWARCH`; UInt32 version; UInt32 length of a JSON header; the header; 64-bit
/// floats, first the draws in their order, then where there are statistics log density, acceptance, step size, energy,
/// tree depth, leapfrogs and divergent flag, each `[chain, draw]`; the SHA-256 of all before. Versions to come read
/// this one.
public struct DrawArchive: Sendable, Equatable {
  public let draws: Draws
  public let statistics: SamplerStatistics?
  /// Whatever is to be remembered with the draws, such as the model's name.
  public let notes: [String: String]

  /// - Throws: ``Draws/Misfit`` for statistics of other chains or draws.
  public init(
    draws: Draws, statistics: SamplerStatistics? = nil, notes: [String: String] = [:]
  ) throws(Draws.Misfit) {
    try statistics?.checkFit(to: draws)
    self.draws = draws
    self.statistics = statistics
    self.notes = notes
  }

  /// Why a file cannot be read.
  public enum Unreadable: Error, Equatable, CustomStringConvertible {
    case notAnArchive
    case newerVersion(UInt32)
    case truncated(expected: Int, found: Int)
    case damaged

    public var description: String {
      switch self {
      case .notAnArchive: "This is no archive of draws: it does not begin as one."
      case .newerVersion(let version):
        "The archive has format \(version); this program reads up to \(DrawArchive.version). Use a newer program."
      case .truncated(let expected, let found):
        "The archive is cut off: it has \(found) of \(expected) bytes. Write or copy it again."
      case .damaged: "The archive's checksum does not match: it was damaged. Write or copy it again."
      }
    }
  }

  private static let magic = Array("DRAWARCH".utf8)
  static let version: UInt32 = 1
  private static let digestSize = 32

  private struct Header: Codable {
    var names: [String]
    var chainCount: Int
    var drawCount: Int
    var hasStatistics: Bool
    var notes: [String: String]

    /// Numbers that follow; nil if there cannot be so many.
    var valueCount: Int? {
      guard chainCount >= 1, drawCount >= 0, Set(names).count == names.count else { return nil }
      let (each, overflow) = chainCount.multipliedReportingOverflow(by: drawCount)
      let (count, overflows) = each.multipliedReportingOverflow(by: names.count + (hasStatistics ? 7 : 0))
      return overflow || overflows || count > Int.max / 16 ? nil : count
    }
  }

  /// Writes the archive to a file, wholly or not at all.
  public func write(to path: String) throws {
    try Data(encoded()).write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  /// Reads an archive from a file.
  public init(path: String) throws {
    try self.init([UInt8](try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)))
  }

  /// The archive's bytes; the same draws give the same bytes.
  public func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let header = try encoder.encode(
      Header(
        names: draws.names, chainCount: draws.chainCount, drawCount: draws.drawCount,
        hasStatistics: statistics != nil, notes: notes))
    var bytes = Self.magic
    bytes.reserveCapacity(64 + header.count + 8 * draws.values.count)
    Self.append(Self.version, to: &bytes)
    Self.append(UInt32(header.count), to: &bytes)
    bytes.append(contentsOf: header)
    for value in draws.values { Self.append(value.bitPattern, to: &bytes) }
    if let s = statistics {
      for column in [s.logDensity, s.acceptance, s.stepSize, s.energy] {
        for value in column { Self.append(value.bitPattern, to: &bytes) }
      }
      for column in [s.treeDepth, s.leapfrogs, s.divergent.map { $0 ? 1 : 0 }] {
        for value in column { Self.append(Double(value).bitPattern, to: &bytes) }
      }
    }
    bytes.append(contentsOf: SHA256.hash(data: bytes))
    return bytes
  }

  /// Reads an archive's bytes; what is cut off or damaged is told apart, and nothing of it is used.
  public init(_ bytes: [UInt8]) throws(Unreadable) {
    let start = Self.magic.count + 8
    guard bytes.starts(with: Self.magic) else { throw .notAnArchive }
    guard bytes.count >= start else { throw .truncated(expected: start, found: bytes.count) }
    let version = Self.read(UInt32.self, bytes, at: Self.magic.count)
    guard version == Self.version else { throw version > Self.version ? .newerVersion(version) : .damaged }
    let headerEnd = start + Int(Self.read(UInt32.self, bytes, at: Self.magic.count + 4))
    guard bytes.count >= headerEnd else { throw .truncated(expected: headerEnd, found: bytes.count) }
    guard let header = try? JSONDecoder().decode(Header.self, from: Data(bytes[start..<headerEnd])),
      let count = header.valueCount
    else { throw .damaged }
    let end = headerEnd + 8 * count
    guard bytes.count >= end + Self.digestSize else {
      throw .truncated(expected: end + Self.digestSize, found: bytes.count)
    }
    let digest = SHA256.hash(data: bytes[..<end])
    guard bytes.count == end + Self.digestSize, digest.elementsEqual(bytes[end...]) else { throw .damaged }
    var position = headerEnd
    func doubles(_ count: Int) -> [Double] {
      var values: [Double] = []
      values.reserveCapacity(count)
      for i in 0..<count {
        values.append(Double(bitPattern: Self.read(UInt64.self, bytes, at: position + 8 * i)))
      }
      position += 8 * count
      return values
    }
    let each = header.chainCount * header.drawCount
    draws = Draws(
      wellFormed: header.names, chainCount: header.chainCount, drawCount: header.drawCount,
      values: doubles(each * header.names.count))
    notes = header.notes
    if header.hasStatistics {
      let (density, acceptance, step, energy) = (doubles(each), doubles(each), doubles(each), doubles(each))
      let whole = (0..<3).map { _ in doubles(each).map { Int(exactly: $0) ?? 0 } }
      statistics = SamplerStatistics(
        wellFormed: header.chainCount, drawCount: header.drawCount, logDensity: density, acceptance: acceptance,
        stepSize: step, energy: energy, treeDepth: whole[0], leapfrogs: whole[1],
        divergent: whole[2].map { $0 != 0 })
    } else {
      statistics = nil
    }
  }

  private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  private static func read<T: FixedWidthInteger>(_ type: T.Type, _ bytes: [UInt8], at offset: Int) -> T {
    bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
  }
}
