import DemandData

/// Numbers, days and flags from the bytes of a field.
package enum FieldParsing {
  /// A decimal number: sign, digits, point, exponent; nil for anything else, not-a-number and infinities included.
  package static func number(_ bytes: ArraySlice<UInt8>) -> Double? {
    var mantissa = 0
    var digits = 0
    var fraction: Int?
    for byte in bytes {
      if byte >= 48, byte <= 57 {
        mantissa = mantissa * 10 + Int(byte - 48)
        digits += 1
        if fraction != nil { fraction! += 1 }
        if digits > 15 { return slowNumber(bytes) }
      } else if byte == UInt8(ascii: "."), fraction == nil {
        fraction = 0
      } else {
        return slowNumber(bytes)
      }
    }
    guard digits > 0 else { return nil }
    // Both are exact in a double, so the quotient is correctly rounded.
    return Double(mantissa) / powersOfTen[fraction ?? 0]
  }

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
  ]

  private static func slowNumber(_ bytes: ArraySlice<UInt8>) -> Double? {
    // `Double` also reads hexadecimal, `nan` and `inf`, which no retailer means.
    guard !bytes.isEmpty, bytes.count <= 64, bytes.allSatisfy({ numberBytes.contains($0) }) else { return nil }
    guard let value = Double(String(decoding: bytes, as: UTF8.self)), value.isFinite else { return nil }
    return value
  }

  private static let numberBytes = Set("0123456789+-.eE".utf8)

  /// `YYYY-MM-DD`.
  package static func day(_ bytes: ArraySlice<UInt8>) -> Day? {
    guard bytes.count == 10 else { return nil }
    let start = bytes.startIndex
    guard bytes[start + 4] == UInt8(ascii: "-"), bytes[start + 7] == UInt8(ascii: "-"),
      let year = whole(bytes[start..<start + 4]), let month = whole(bytes[start + 5..<start + 7]),
      let day = whole(bytes[start + 8..<start + 10])
    else { return nil }
    return Day(year: year, month: month, day: day)
  }

  /// Digits only, at most nine.
  static func whole(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard !bytes.isEmpty, bytes.count <= 9 else { return nil }
    var value = 0
    for byte in bytes {
      guard byte >= 48, byte <= 57 else { return nil }
      value = value * 10 + Int(byte - 48)
    }
    return value
  }
}
