import DemandData
import ForecastReport
import Foundation
import Testing

@Suite struct ForecastExportTests {
  private let hierarchy = tinyHierarchy()
  private let origin = Day(iso: "2024-02-28")!

  private func exported(
    _ hierarchy: Hierarchy, _ forecasts: [NodeForecast], quantiles: [Double], format: ForecastExport.Format
  ) throws -> String {
    let collected = Collected()
    var export = try ForecastExport(
      hierarchy: hierarchy, origin: origin, quantiles: quantiles, format: format, to: { collected.bytes += $0 })
    for forecast in forecasts { try export.write(forecast) }
    try export.finish()
    return String(decoding: collected.bytes, as: UTF8.self)
  }

  private final class Collected { var bytes: [UInt8] = [] }

  private func forecast(_ pair: LevelPair, _ draws: [[Int]]) -> NodeForecast {
    NodeForecast(
      node: Node(pair: pair, product: 0, location: 0), days: draws.map { EmpiricalDistribution(draws: $0) },
      total: EmpiricalDistribution(draws: [0]))
  }

  @Test func writesTheFixedColumns() throws {
    let nodes = [
      forecast(LevelPair(product: 0, location: 0), [[3, 1, 2, 2], [10, 0, 0]]),
      forecast(LevelPair(product: 2, location: 1), [[0, 0, 0], [1, 0, 0]]),
    ]
    let csv = try exported(hierarchy, nodes, quantiles: [0.005, 0.5, 0.75, 0.995], format: .csv)
    #expect(
      csv == """
        product_level,product,location_level,location,date,mean,q0.005,q0.5,q0.75,q0.995
        all,all,all,all,2024-02-29,2.0,1,2,2,3
        all,all,all,all,2024-03-01,3.3333333333333335,0,0,10,10
        product,P1,store,S1,2024-02-29,0.0,0,0,0,0
        product,P1,store,S1,2024-03-01,0.3333333333333333,0,0,1,1

        """)
    let lines = try exported(hierarchy, nodes, quantiles: [0.5], format: .ndjson)
    #expect(
      lines.split(separator: "\n").first
        == #"{"product_level":"all","product":"all","location_level":"all","location":"all","date":"2024-02-29","mean":2.0,"q0.5":2}"#
    )
  }

  @Test(arguments: [
    "plain", "a,b", "say \"hi\"", "two\nlines", "carriage\rreturn", " padded ", "", "\"", "ünï😀", "a\u{301},",
    "a\\b\u{1}",
  ])
  func hostileNamesComeBack(name: String) throws {
    // Names with a line break inside quotes need a real reader on the other side.
    let hierarchy = tinyHierarchy(product: name, store: name + "2")
    let nodes = [forecast(LevelPair(product: 2, location: 1), [[1], [2]])]
    let rows = parseCSV(try exported(hierarchy, nodes, quantiles: [0.5], format: .csv))
    #expect(rows.count == 3)
    #expect(rows[2] == ["product", name, "store", name + "2", "2024-03-01", "2.0", "2"])
    let lines = try exported(hierarchy, nodes, quantiles: [0.5], format: .ndjson).split(separator: "\n")
    #expect(lines.count == 2)
    let object = try JSONSerialization.jsonObject(with: Data(lines[1].utf8)) as? [String: Any]
    #expect(object?["product"] as? String == name)
    #expect(object?["q0.5"] as? Int == 2)
  }

  /// An independent reader of RFC 4180.
  private func parseCSV(_ text: String) -> [[String]] {
    var rows: [[String]] = [[]]
    var field = ""
    var quoted = false
    let scalars = Array(text.unicodeScalars)
    var index = 0
    while index < scalars.count {
      let scalar = scalars[index]
      if quoted {
        if scalar == "\"", index + 1 < scalars.count, scalars[index + 1] == "\"" {
          field.unicodeScalars.append("\"")
          index += 1
        } else if scalar == "\"" {
          quoted = false
        } else {
          field.unicodeScalars.append(scalar)
        }
      } else if scalar == "\"" {
        quoted = true
      } else if scalar == "," || scalar == "\n" {
        rows[rows.count - 1].append(field)
        field = ""
        if scalar == "\n" { rows.append([]) }
      } else {
        field.unicodeScalars.append(scalar)
      }
      index += 1
    }
    return rows.dropLast()
  }

  @Test func quantilesAgreeWithTheDistribution() {
    var random = SplitMix(state: 3)
    for size in [1, 2, 7, 100, 1000] {
      let distribution = EmpiricalDistribution(draws: (0..<size).map { _ in random.count(mean: 4) })
      // In any order, with the ends, and where probability times size is whole.
      let probabilities = [0, 0.005, 0.1, 0.25, 0.5, 0.29, 0.995, 1, 0.7]
      #expect(distribution.quantiles(probabilities) == probabilities.map { distribution.quantile($0) })
    }
  }

  @Test func meansReadBackExactly() throws {
    var random = SplitMix(state: 5)
    let draws = (0..<50).map { _ in (0..<7).map { _ in random.count(mean: 25) } }
    let rows = parseCSV(
      try exported(
        hierarchy, [forecast(LevelPair(product: 0, location: 0), draws)], quantiles: [], format: .csv))
    for (row, values) in zip(rows.dropFirst(), draws) {
      #expect(Double(row[5]) == Double(values.reduce(0, +)) / 7)
    }
  }

  @Test func refusesWhatIsNoProbability() {
    #expect(throws: ForecastExport.InvalidQuantile(probability: 1.5)) {
      try ForecastExport(hierarchy: hierarchy, origin: origin, quantiles: [0.5, 1.5], to: { _ in })
    }
  }

  @Test func hugeIntegersKeepEveryDigit() throws {
    let nodes = [forecast(LevelPair(product: 0, location: 0), [[Int.max], [-42]])]
    let csv = try exported(hierarchy, nodes, quantiles: [0.5], format: .csv)
    #expect(csv.contains(",9223372036854775807\n"))
    #expect(csv.contains(",-42.0,-42\n"))
  }
}

@Suite struct AtomicFileTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("atomic-\(UUID().uuidString)")

  @Test func replacesWholeOrNotAtAll() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("out.csv")
    try AtomicFile.write(to: file) { sink in
      try sink(Array("first".utf8))
      #expect(!FileManager.default.fileExists(atPath: file.path))
    }
    struct Interrupted: Error {}
    #expect(throws: Interrupted.self) {
      try AtomicFile.write(to: file) { sink in
        try sink(Array("half of the sec".utf8))
        throw Interrupted()
      }
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == "first")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.csv"])
  }

  @Test func takesALongExport() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("long.csv")
    // Several buffers' worth of rows.
    let days = (0..<40_000).map { EmpiricalDistribution(draws: [$0]) }
    let node = Node(pair: LevelPair(product: 0, location: 0), product: 0, location: 0)
    try AtomicFile.write(to: file) { sink in
      var export = try ForecastExport(hierarchy: tinyHierarchy(), origin: Day(number: 0), to: sink)
      try export.write(NodeForecast(node: node, days: days, total: days[0]))
      try export.finish()
    }
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 40_001)
    for (index, line) in lines.dropFirst().enumerated() {
      #expect(line.hasSuffix(",\(index),\(index)"))
    }
  }

  @Test func saysWhereItCannotWrite() throws {
    let file = folder.appendingPathComponent("missing/out.csv")
    let error = #expect(throws: OutputError.self) { try AtomicFile.write(to: file) { try $0([1]) } }
    #expect(error?.path == file.path)
    #expect(error?.description.contains("No such file or directory") == true)
  }
}
