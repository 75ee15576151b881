/// Signs and codes of currencies that stand beside amounts. Amounts are taken as they are: nothing is converted.
enum CurrencySign {
  /// Longer ones before those that they begin or end with.
  private static let signs = [
    "US$", "R$", "€", "$", "£", "¥", "₹", "₺", "₽", "₩", "₪", "₫", "₴", "฿", "zł", "Kč", "kr.", "kr", "Ft", "Fr.",
    "EUR", "USD", "GBP", "CHF", "JPY", "CNY", "INR", "SEK", "NOK", "DKK", "ISK", "PLN", "CZK", "HUF", "RON", "BGN",
    "TRY", "RUB", "UAH", "CAD", "AUD", "NZD", "MXN", "BRL", "ARS", "CLP", "COP", "ZAR", "KRW", "SGD", "HKD", "THB",
    "ILS", "AED", "SAR",
  ].map { (text: $0, bytes: Array($0.utf8)) }

  /// Signs that stand for one currency whose code is among them.
  private static let codes = ["€": "EUR", "US$": "USD", "$": "USD", "£": "GBP", "zł": "PLN", "Kč": "CZK", "Ft": "HUF"]

  /// Blanks between sign and digits: an ordinary space, or one of the two that do not break (U+00A0, U+202F).
  private static let blanks: [[UInt8]] = [[0x20], [0xC2, 0xA0], [0xE2, 0x80, 0xAF]]

  /// The sign before or behind an amount, and the amount without it; nil where there is none.
  static func split(_ field: ArraySlice<UInt8>) -> (sign: String, amount: [UInt8])? {
    var rest = trimmed(field)
    var minus: [UInt8] = []
    // The minus may stand before the sign.
    if rest.first == UInt8(ascii: "-") {
      minus = [UInt8(ascii: "-")]
      rest = trimmed(rest.dropFirst())
    }
    for sign in signs {
      if rest.starts(with: sign.bytes) {
        rest = trimmed(rest.dropFirst(sign.bytes.count))
      } else if rest.count > sign.bytes.count, rest.suffix(sign.bytes.count).elementsEqual(sign.bytes) {
        rest = trimmed(rest.dropLast(sign.bytes.count))
      } else {
        continue
      }
      guard let first = rest.first, minus.isEmpty || first != UInt8(ascii: "-") else { return nil }
      return (codes[sign.text] ?? sign.text, minus + rest)
    }
    return nil
  }

  private static func trimmed(_ field: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var field = field
    while let blank = blanks.first(where: { field.starts(with: $0) }) { field = field.dropFirst(blank.count) }
    while let blank = blanks.first(where: { field.count >= $0.count && field.suffix($0.count).elementsEqual($0) }) {
      field = field.dropLast(blank.count)
    }
    return field
  }
}

extension NumberFormat {
  /// An amount of money in this format, with or without the sign of its currency, or nil.
  package func amount(_ bytes: ArraySlice<UInt8>) -> Double? {
    if let value = number(bytes) { return value }
    guard bytes.count <= 64 else { return nil }
    return CurrencySign.split(bytes).flatMap { number($0.amount[...]) }
  }
}
