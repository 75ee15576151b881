/// How a source writes numbers: its decimal mark, and the mark between thousands.
public struct NumberFormat: Sendable, Hashable, Codable {
  /// The mark between the groups of three digits.
  public enum Thousands: String, Sendable, Hashable, CaseIterable, Codable {
    case none
    case comma
    case point
    /// An ordinary space, or one of the two that do not break (U+00A0, U+202F).
    case space
    case apostrophe
  }

  public enum Decimal: String, Sendable, Hashable, CaseIterable, Codable {
    case point
    case comma
  }

  public var decimal = Decimal.point
  public var thousands = Thousands.none

  public init(decimal: Decimal = .point, thousands: Thousands = .none) {
    self.decimal = decimal
    self.thousands = thousands
  }

  /// The marks are two different ones.
  public var isConsistent: Bool {
    !(decimal == .point && thousands == .point) && !(decimal == .comma && thousands == .comma)
  }

  /// How to write numbers, in words.
  var words: String {
    let mark = decimal == .point ? "point" : "comma"
    return "digits with a \(mark) for fractions"
      + (thousands == .none
        ? " and nothing between thousands" : " and thousands by \(thousands.rawValue), which no lone 0 precedes")
  }

  /// A number in this format, or nil.
  ///
  /// Marks between thousands count only where three digits follow each: a decimal mark taken for one would make the
  /// number a thousand times as large. For the same reason no mark follows a lone zero.
  package func number(_ bytes: ArraySlice<UInt8>) -> Double? {
    if decimal == .point, thousands == .none { return FieldParsing.number(bytes) }
    // All digits: the same in all formats.
    guard bytes.count <= 64 else { return nil }
    var plain: [UInt8] = []
    plain.reserveCapacity(bytes.count)
    var isWhole = true
    /// Digits since the last mark, or nil before the first.
    var group: Int?
    var digits = 0
    var rest = bytes
    while let byte = rest.first {
      let width = isWhole ? markWidth(rest) : 0
      if width > 0 {
        guard digits > 0, group == nil ? digits <= 3 : group == 3 else { return nil }
        if group == nil, plain.allSatisfy({ !(49...57).contains($0) }) { return nil }
        group = 0
        rest = rest.dropFirst(width)
        continue
      }
      if byte == (decimal == .comma ? UInt8(ascii: ",") : UInt8(ascii: ".")) {
        guard isWhole else { return nil }
        isWhole = false
        plain.append(UInt8(ascii: "."))
      } else if byte == UInt8(ascii: ".") {
        return nil
      } else {
        if byte >= 48, byte <= 57 {
          digits += 1
          if isWhole, group != nil { group! += 1 }
        } else if byte != UInt8(ascii: "-"), byte != UInt8(ascii: "+") {
          if group != nil { return nil }
          isWhole = false
        }
        plain.append(byte)
      }
      rest = rest.dropFirst()
    }
    guard group == nil || group == 3 else { return nil }
    return FieldParsing.number(plain[...])
  }

  /// Bytes of the mark between thousands at the beginning; zero if there is none.
  private func markWidth(_ bytes: ArraySlice<UInt8>) -> Int {
    switch thousands {
    case .none: return 0
    case .comma: return bytes.first == UInt8(ascii: ",") ? 1 : 0
    case .point: return bytes.first == UInt8(ascii: ".") ? 1 : 0
    case .apostrophe:
      if bytes.first == UInt8(ascii: "'") { return 1 }
      return bytes.starts(with: [0xE2, 0x80, 0x99]) ? 3 : 0
    case .space:
      if bytes.first == UInt8(ascii: " ") { return 1 }
      if bytes.starts(with: [0xC2, 0xA0]) { return 2 }
      return bytes.starts(with: [0xE2, 0x80, 0xAF]) ? 3 : 0
    }
  }
}
