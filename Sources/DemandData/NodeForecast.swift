/// Forecast of one node: a distribution for every day of the horizon and one for their sum.
public struct NodeForecast: Sendable, Hashable {
  public let node: Node
  /// One per day, the first for the day after the origin.
  public let days: [EmpiricalDistribution]
  /// Distribution of the whole horizon's sum over the same draws.
  public let total: EmpiricalDistribution

  public init(node: Node, days: [EmpiricalDistribution], total: EmpiricalDistribution) {
    self.node = node
    self.days = days
    self.total = total
  }
}

/// A packed forecast that is not what it should be: cut off, or from a newer version.
public struct ForecastDecodingError: Error, Hashable, Sendable, CustomStringConvertible {
  public let reason: String
  public var description: String { "packed forecast cannot be read: \(reason); forecast again from the stored run" }
}

/// The packed form that the database keeps: variable-length integers, values as differences, version byte first.
extension NodeForecast {
  private static let version: UInt8 = 1

  public func packed() -> [UInt8] {
    var bytes: [UInt8] = [Self.version]
    func put(_ value: Int) {
      // Zigzag, then seven bits a byte.
      var rest = UInt64(bitPattern: Int64((value << 1) ^ (value >> (Int.bitWidth - 1))))
      while rest >= 0x80 {
        bytes.append(UInt8(rest & 0x7F) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }
    put(days.count)
    for distribution in days + [total] {
      put(distribution.values.count)
      var last = 0
      for (value, count) in zip(distribution.values, distribution.counts) {
        put(value - last)
        put(count)
        last = value
      }
    }
    return bytes
  }

  public init(node: Node, packed bytes: some Collection<UInt8>) throws(ForecastDecodingError) {
    var iterator = bytes.makeIterator()
    guard let version = iterator.next() else { throw ForecastDecodingError(reason: "it is empty") }
    guard version == Self.version else {
      throw ForecastDecodingError(reason: "format \(version) is newer than this program's \(Self.version)")
    }
    func next() throws(ForecastDecodingError) -> Int {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while true {
        guard let byte = iterator.next(), shift < 64 else { throw ForecastDecodingError(reason: "it is cut off") }
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { break }
        shift += 7
      }
      return Int(Int64(bitPattern: (value >> 1)) ^ -Int64(bitPattern: value & 1))
    }
    func distribution() throws(ForecastDecodingError) -> EmpiricalDistribution {
      let distinct = try next()
      guard distinct > 0, distinct <= bytes.count else { throw ForecastDecodingError(reason: "a count is impossible") }
      var values: [Int] = []
      var counts: [Int] = []
      var last = 0
      for index in 0..<distinct {
        let step = try next()
        let count = try next()
        guard count > 0, index == 0 || step > 0 else { throw ForecastDecodingError(reason: "values do not ascend") }
        let (value, overflow) = last.addingReportingOverflow(step)
        guard !overflow, count <= Int32.max else { throw ForecastDecodingError(reason: "a number is impossible") }
        last = value
        values.append(last)
        counts.append(count)
      }
      return EmpiricalDistribution(values: values, counts: counts)
    }
    let dayCount = try next()
    guard dayCount >= 0, dayCount <= bytes.count else { throw ForecastDecodingError(reason: "a count is impossible") }
    var days: [EmpiricalDistribution] = []
    for _ in 0..<dayCount { days.append(try distribution()) }
    self.init(node: node, days: days, total: try distribution())
  }
}
