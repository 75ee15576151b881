import DemandData

/// A node as the page carries it: a JSON array of four indices, the mean, and four packed lists of integers.
///
/// Lists are Base64 VLQ as in source maps: five bits a character, least significant first, the sign in the lowest bit,
/// bit six set on all but the last character. "Minus zero" (`B`) stands for a value that is not known. Most days of
/// most products sell less than sixteen, one character each.
struct PackedNode: Sendable {
  let node: Node
  /// Mean of the horizon's sum: products that sell most go in first.
  let volume: Double
  let json: [UInt8]

  init(_ it: ReportNode) {
    node = it.node
    volume = it.mean
    var json: [UInt8] = []
    json.append(UInt8(ascii: "["))
    for index in [it.node.pair.product, it.node.product, it.node.pair.location, it.node.location] {
      json.append(integer: index)
      json.append(UInt8(ascii: ","))
    }
    json.append(text: it.mean.description)
    let steps: [Int?] = it.days.flatMap { day in [day[0]] + zip(day, day.dropFirst()).map { $1 &- $0 } }
    for list in [it.daily, it.weekly, steps, it.total.map { $0 }] {
      json.append(text: ",\"")
      for value in list { Self.append(value, to: &json) }
      json.append(0x22)
    }
    json.append(UInt8(ascii: "]"))
    self.json = json
  }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func append(_ value: Int?, to bytes: inout [UInt8]) {
    guard let value else { return bytes.append(UInt8(ascii: "B")) }
    // The sign takes the first digit's lowest bit, so that digit holds four bits of the magnitude.
    var digit = Int(value.magnitude & 15) << 1 | (value < 0 ? 1 : 0)
    var rest = value.magnitude >> 4
    while rest > 0 {
      bytes.append(alphabet[digit | 32])
      digit = Int(rest & 31)
      rest >>= 5
    }
    bytes.append(alphabet[digit])
  }
}
