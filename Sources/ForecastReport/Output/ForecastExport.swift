import DemandData

/// Streams forecasts as CSV or as newline-delimited JSON: one row per node and day.
///
/// Columns: `product_level,product,location_level,location,date,mean`, then `q` and its probability for every quantile
/// asked for. Quantiles are the inverse of the draws' empirical distribution, so integers for counts. Means are
/// written with the fewest digits that read back as the same number. Lines end in a line feed.
///
/// ```swift
/// try AtomicFile.write(to: url) { sink in
///   var export = try ForecastExport(
///     hierarchy: hierarchy, origin: origin, quantiles: [0.1, 0.5, 0.9], format: .csv, to: sink)
///   for forecast in forecasts { try export.write(forecast) }
///   try export.finish()
/// }
/// ```
///
/// - Complexity: O(distinct values + quantiles) per row; memory is one buffer of about a megabyte.
public struct ForecastExport {
  public enum Format: String, Sendable, Hashable, CaseIterable {
    case csv
    case ndjson
  }

  /// A probability outside 0...1, or none at all that could be asked for.
  public struct InvalidQuantile: Error, Hashable, Sendable, CustomStringConvertible {
    public let probability: Double

    public init(probability: Double) { self.probability = probability }

    public var description: String { "quantile \(probability) is not a probability: give numbers from 0 to 1" }
  }

  /// The default: those of the M5 uncertainty competition.
  public static let defaultQuantiles = [0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995]

  private let hierarchy: Hierarchy
  private let origin: Day
  private let quantiles: [Double]
  private let format: Format
  private let sink: ([UInt8]) throws -> Void
  /// What stands between the cells of a row: the text before each quantile.
  private let beforeQuantile: [[UInt8]]
  private var buffer: [UInt8] = []
  private static let bufferSize = 1 << 20

  /// - Parameters:
  ///   - origin: last day of history; the first row of each node is the day after.
  ///   - quantiles: probabilities, in the order of the columns.
  ///   - hasHeader: whether CSV begins with the names of its columns; not when it goes on with another origin.
  ///   - sink: appends bytes to the destination.
  /// - Throws: ``InvalidQuantile``.
  public init(
    hierarchy: Hierarchy, origin: Day, quantiles: [Double] = ForecastExport.defaultQuantiles, format: Format = .csv,
    hasHeader: Bool = true, to sink: @escaping ([UInt8]) throws -> Void
  ) throws(InvalidQuantile) {
    for probability in quantiles where !(0...1).contains(probability) {
      throw InvalidQuantile(probability: probability)
    }
    self.hierarchy = hierarchy
    self.origin = origin
    self.quantiles = quantiles
    self.format = format
    self.sink = sink
    beforeQuantile = quantiles.map { probability in
      switch format {
      case .csv: [UInt8(ascii: ",")]
      case .ndjson: Array(",\"q\(probability)\":".utf8)
      }
    }
    buffer.reserveCapacity(Self.bufferSize + (1 << 16))
    if format == .csv, hasHeader {
      buffer.append(text: "product_level,product,location_level,location,date,mean")
      for probability in quantiles { buffer.append(text: ",q\(probability)") }
      buffer.append(0x0A)
    }
  }

  /// Appends the rows of one node.
  public mutating func write(_ forecast: NodeForecast) throws {
    let prefix = rowPrefix(of: hierarchy.names(of: forecast.node))
    for (offset, distribution) in forecast.days.enumerated() {
      buffer.append(contentsOf: prefix)
      buffer.append(text: (origin + (offset + 1)).iso)
      buffer.append(text: format == .csv ? "," : "\",\"mean\":")
      buffer.append(text: distribution.mean.description)
      let values = distribution.quantiles(quantiles)
      for (before, value) in zip(beforeQuantile, values) {
        buffer.append(contentsOf: before)
        buffer.append(integer: value)
      }
      if format == .ndjson { buffer.append(UInt8(ascii: "}")) }
      buffer.append(0x0A)
      if buffer.count >= Self.bufferSize { try flush() }
    }
  }

  /// Writes what is still in the buffer. Call it once, after the last node.
  public mutating func finish() throws { try flush() }

  private mutating func flush() throws {
    guard !buffer.isEmpty else { return }
    try sink(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  private func rowPrefix(of names: NodeNames) -> [UInt8] {
    var prefix: [UInt8] = []
    let cells = [
      ("product_level", names.productLevel), ("product", names.product), ("location_level", names.locationLevel),
      ("location", names.location),
    ]
    switch format {
    case .csv:
      for (_, name) in cells {
        prefix.append(csvField: name)
        prefix.append(UInt8(ascii: ","))
      }
    case .ndjson:
      prefix.append(UInt8(ascii: "{"))
      for (key, name) in cells {
        prefix.append(text: "\"\(key)\":")
        prefix.append(jsonString: name)
        prefix.append(UInt8(ascii: ","))
      }
      prefix.append(text: "\"date\":\"")
    }
    return prefix
  }
}

extension EmpiricalDistribution {
  /// The same values as ``quantile(_:)`` for each probability, in their order; where they ascend, in one pass.
  package func quantiles(_ probabilities: [Double]) -> [Int] {
    let total = Double(drawCount)
    var result: [Int] = []
    result.reserveCapacity(probabilities.count)
    var index = 0
    var cumulative = counts[0]
    var last = -Double.infinity
    for probability in probabilities {
      if probability < last {
        index = 0
        cumulative = counts[0]
      }
      last = probability
      while index < values.count - 1, Double(cumulative) < probability * total - 1e-9 {
        index += 1
        cumulative += counts[index]
      }
      result.append(values[index])
    }
    return result
  }
}
