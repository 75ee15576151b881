import DemandData

/// Numbers as a reader wants them. The page's script writes the same way, so that pre-rendered and drawn figures agree.
enum Figures {
  /// `1,234,567`.
  static func grouped(_ value: Int) -> String {
    let digits = Array(String(value.magnitude).utf8)
    var text: [UInt8] = []
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(UInt8(ascii: ",")) }
      text.append(digit)
    }
    return (value < 0 ? "−" : "") + String(decoding: text, as: UTF8.self)
  }

  /// A mean: whole from a hundred on, one decimal below, two below ten.
  static func amount(_ value: Double) -> String {
    let size = abs(value)
    guard size < 9e18 else { return value.description }
    return size >= 99.95 ? grouped(Int(value.rounded())) : decimal(value, size >= 9.995 ? 1 : 2)
  }

  /// Fixed number of decimals.
  static func decimal(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return value.isNaN ? "not a number" : value.description }
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded())
    let fraction = String(scaled % scale)
    let whole = grouped(scaled / scale)
    let sign = value < 0 && scaled > 0 ? "−" : ""
    return sign
      + (places == 0 ? whole : "\(whole).\(String(repeating: "0", count: places - fraction.count))\(fraction)")
  }

  /// `+3.1%`, `−12%`: one decimal below ten per cent.
  static func change(_ ratio: Double) -> String {
    let percent = ratio * 100
    let text = decimal(percent, abs(percent) < 9.95 ? 1 : 0)
    return (text.hasPrefix("−") || Double(text) == 0 ? "" : "+") + text + "%"
  }

  /// `0.04%` of a whole.
  static func share(_ count: Int, of whole: Int) -> String {
    guard whole > 0 else { return "0%" }
    let percent = 100 * Double(count) / Double(whole)
    return decimal(percent, percent == 0 || percent >= 9.95 ? 0 : percent >= 0.995 ? 1 : 2) + "%"
  }

  /// Axis labels: `950`, `12k`, `1.5M`.
  static func compact(_ value: Double) -> String {
    for (size, suffix) in [(1e12, "T"), (1e9, "bn"), (1e6, "M"), (1e4, "k")] where value >= size {
      let scaled = value / (suffix == "k" ? 1e3 : size)
      return (scaled >= 1e6 ? scaled.description : trimmed(scaled)) + suffix
    }
    return value == value.rounded() ? grouped(Int(value)) : trimmed(value)
  }

  /// At most one decimal, none where it is zero; with a point and no grouping, as SVG coordinates want it.
  static func trimmed(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    let text = tenths.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
}

/// Text for element content and attribute values.
///
/// Works on Unicode scalars: a quote followed by a combining mark is one `Character`, and still ends an attribute.
func escapedHTML(_ text: String) -> String {
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result.append(contentsOf: "&amp;".unicodeScalars)
    case "<": result.append(contentsOf: "&lt;".unicodeScalars)
    case ">": result.append(contentsOf: "&gt;".unicodeScalars)
    case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
    case "'": result.append(contentsOf: "&#39;".unicodeScalars)
    case "\0": result.append("\u{FFFD}")
    default: result.append(scalar)
    }
  }
  return String(result)
}
