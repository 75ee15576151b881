import Foundation

/// Numbers as text for tables and axes: independent of locale, not a number said as such.
package enum Figure {
  /// A fixed number of decimals; scientific from 10^7 on.
  package static func fixed(_ value: Double, _ decimals: Int) -> String {
    if let word = word(value) { return word }
    if abs(value) >= 1e7 { return significant(value, 3) }
    let text = String(format: "%.\(max(0, decimals))f", value)
    // Minus zero is zero.
    return text.hasPrefix("-") && !text.contains(where: { ("1"..."9").contains($0) }) ? String(text.dropFirst()) : text
  }

  /// So many significant digits, plain between 10^-4 and 10^6, scientific beyond.
  package static func significant(_ value: Double, _ digits: Int) -> String {
    if let word = word(value) { return word }
    if value == 0 { return "0" }
    let power = Int(log10(abs(value)).rounded(.down))
    if power < -4 || power >= 6 { return scientific(value, digits) }
    return String(format: "%.\(max(0, digits - 1 - power))f", value)
  }

  /// So many significant digits and an exponent, such as 1.2e-7.
  static func scientific(_ value: Double, _ digits: Int) -> String {
    if let word = word(value) { return word }
    if value == 0 { return "0" }
    return String(format: "%.\(max(0, digits - 1))e", value)
      .replacing("e+0", with: "e").replacing("e+", with: "e").replacing("e-0", with: "e-")
  }

  /// The decimals at which a quantity of this size shows so many digits, at most 6.
  package static func decimals(showing digits: Int, of size: Double) -> Int {
    guard size.isFinite, size > 0 else { return 2 }
    return min(6, max(0, digits - 1 - Int(log10(size).rounded(.down))))
  }

  private static func word(_ value: Double) -> String? {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "inf" : "-inf" }
    return nil
  }
}
