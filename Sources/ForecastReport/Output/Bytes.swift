/// Text formats are assembled as bytes: an export has tens of millions of cells, and a `String` for each would cost
/// more than the forecasts themselves.
extension [UInt8] {
  mutating func append(text: some StringProtocol) { append(contentsOf: text.utf8) }

  /// Decimal digits of `value`.
  mutating func append(integer value: Int) {
    if value < 0 { append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    let start = count
    repeat {
      append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    self[start...].reverse()
  }

  /// A field as RFC 4180 has it: in quotes, with quotes doubled, where it holds a comma, a quote, a line break, or a
  /// blank at either end (which readers tend to trim).
  mutating func append(csvField text: String) {
    let special: (UInt8) -> Bool = { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
    let blank: (UInt8?) -> Bool = { $0 == 0x20 || $0 == 0x09 }
    guard text.utf8.contains(where: special) || blank(text.utf8.first) || blank(text.utf8.last) else {
      return append(text: text)
    }
    append(0x22)
    for byte in text.utf8 {
      if byte == 0x22 { append(0x22) }
      append(byte)
    }
    append(0x22)
  }

  /// A JSON string with its quotes. `<`, `>` and `&` are escaped too, so that the text can stand inside a `script`
  /// element whatever it says; so are U+2028 and U+2029, which end lines in JavaScript.
  mutating func append(jsonString text: String) {
    append(0x22)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": append(text: "\\\"")
      case "\\": append(text: "\\\\")
      case "\n": append(text: "\\n")
      case "\r": append(text: "\\r")
      case "\t": append(text: "\\t")
      case "<", ">", "&", "\u{0}"..."\u{1F}", "\u{7F}", "\u{2028}", "\u{2029}":
        let hex = String(scalar.value, radix: 16)
        append(text: "\\u" + String(repeating: "0", count: 4 - hex.count) + hex)
      default: append(contentsOf: UTF8.encode(scalar)!)
      }
    }
    append(0x22)
  }
}
