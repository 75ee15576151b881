import DemandData
import DemandModel
import Foundation

/// Binary form of what stage 1 hands on, as kept in the database between the stages.
///
/// Layout: 4 bytes magic, 4 bytes version, 8 bytes length of a JSON header, the header, then 32-bit floats, all little
/// endian. The store keeps a checksum beside it.
package enum PosteriorArchive {
  package struct Unreadable: Error, CustomStringConvertible {
    package let reason: String
    package var description: String { "archived posterior cannot be read: \(reason); fit again" }
  }

  private static let magic: UInt32 = 0x444D_4450
  private static let version: UInt32 = 2

  private struct Header: Codable {
    var groups: [Node]
    var groupOfSeries: [Int]
    var firstDay: Day
    var dayCount: Int
    var keptDraws: Int
    var weeklyTrend: [Double]
    var shocks: SharedShocks
    var diagnostics: [ParameterDiagnostic]
  }

  package static func encode(_ posterior: GroupPosterior) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    // R-hat of a constant parameter is not a number, and JSON has no such thing.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let header = try encoder.encode(
      Header(
        groups: posterior.groups, groupOfSeries: posterior.groupOfSeries, firstDay: posterior.firstDay,
        dayCount: posterior.dayCount, keptDraws: posterior.keptDraws, weeklyTrend: posterior.weeklyTrend,
        shocks: posterior.shocks, diagnostics: posterior.diagnostics))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(16 + header.count + 4 * posterior.logCalendar.count)
    append(magic, to: &bytes)
    append(version, to: &bytes)
    append(UInt64(header.count), to: &bytes)
    bytes.append(contentsOf: header)
    append(floats: posterior.logCalendar, to: &bytes)
    return bytes
  }

  package static func decodeGroups(_ bytes: [UInt8]) throws -> GroupPosterior {
    guard bytes.count >= 16, read(UInt32.self, bytes, at: 0) == magic else { throw Unreadable(reason: "wrong format") }
    let found = read(UInt32.self, bytes, at: 4)
    guard found == version else { throw Unreadable(reason: "format \(found), this program reads \(version)") }
    let length = read(UInt64.self, bytes, at: 8)
    guard length <= UInt64(bytes.count - 16) else { throw Unreadable(reason: "it is cut off") }
    let end = 16 + Int(length)
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let header = try decoder.decode(Header.self, from: Data(bytes[16..<end]))
    let calendar = try floats(bytes[end...])
    guard calendar.count == header.keptDraws * header.groups.count * header.dayCount else {
      throw Unreadable(reason: "it is cut off")
    }
    return GroupPosterior(
      groups: header.groups, groupOfSeries: header.groupOfSeries, firstDay: header.firstDay,
      dayCount: header.dayCount, keptDraws: header.keptDraws, logCalendar: calendar,
      weeklyTrend: header.weeklyTrend, shocks: header.shocks, diagnostics: header.diagnostics)
  }

  private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  private static func append(floats: [Float], to bytes: inout [UInt8]) {
    for value in floats { append(value.bitPattern, to: &bytes) }
  }

  private static func read<T: FixedWidthInteger>(_ type: T.Type, _ bytes: [UInt8], at offset: Int) -> T {
    bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
  }

  private static func floats(_ bytes: ArraySlice<UInt8>) throws -> [Float] {
    guard bytes.count % 4 == 0 else { throw Unreadable(reason: "it is cut off") }
    return bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map {
        Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
      }
    }
  }
}
