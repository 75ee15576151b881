import DemandData
import FittingService
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Structure-aware fuzzing of the whole way from a file to the database: valid deliveries in all notations, mutated.
///
/// Of every file it is checked that the load ends, in time, with an error that names a mend or with a record in which
/// every row of the input is loaded, unchanged, in quarantine, or left out by the mapping. A few hundred cases run with
/// the tests; `make fuzz` runs for ten minutes. A failure prints its seed, which DEMAND_FUZZ_SEED repeats.
@Suite struct ReaderFuzzTests {
  private static let environment = ProcessInfo.processInfo.environment

  @Test(.timeLimit(.minutes(30))) func mutatedDeliveries() throws {
    let folder = try TemporaryFolder()
    if let seed = Self.environment["DEMAND_FUZZ_SEED"].flatMap({ UInt64($0) }) {
      return try FuzzCase(seed: seed).check(in: folder)
    }
    // Every run of `make fuzz` goes its own way; the short one among the tests is the same always.
    let asked = Self.environment["DEMAND_FUZZ_SECONDS"].flatMap(Double.init)
    let base = asked == nil ? 0 : UInt64.random(in: 0..<(1 << 40))
    let (seconds, most) = asked.map { ($0, Int.max) } ?? (5, 300)
    let began = ContinuousClock.now
    var cases = 0
    while cases < most, ContinuousClock.now - began < .seconds(seconds) {
      try FuzzCase(seed: base + UInt64(cases)).check(in: folder)
      cases += 1
    }
    print("reader fuzzing: \(cases) deliveries from seed \(base) in \(ContinuousClock.now - began)")
    #expect(cases > 5)
  }

  /// What fuzzing found, by seed of the case or as the bytes that did it.
  @Test(arguments: FuzzCase.findings) func findings(_ name: String, _ bytes: [UInt8]) throws {
    let folder = try TemporaryFolder()
    try FuzzCase(seed: 0).check(bytes, in: folder)
  }
}

/// Small, fast, and the same everywhere (SplitMix64, Steele et al. 2014).
struct FuzzGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A delivery of one sales file in some notation, damaged in a few places.
struct FuzzCase {
  let seed: UInt64
  private var generator: FuzzGenerator

  init(seed: UInt64) {
    self.seed = seed
    generator = FuzzGenerator(state: seed &* 0x2545_F491_4F6C_DD1D)
  }

  static let findings: [(String, [UInt8])] = [
    ("a lone quote", Array("\"".utf8)),
    ("only a mark", [0xEF, 0xBB, 0xBF]),
    ("an odd byte of UTF-16", [0xFF, 0xFE, 0x61]),
    ("no header", Array("\n\n\n".utf8)),
    ("a cut gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0]),
    ("a cut zip", Array("PK\u{3}\u{4}".utf8)),
    ("an empty zip", Array("PK\u{5}\u{6}".utf8) + [UInt8](repeating: 0, count: 18)),
  ]

  /// Writes the case's file, loads it, and checks what came of it.
  func check(in folder: TemporaryFolder) throws {
    var own = self
    let (bytes, mapping) = own.delivery()
    try check(bytes, mapping, in: folder)
  }

  func check(_ bytes: [UInt8], in folder: TemporaryFolder) throws { try check(bytes, Self.mapping(.comma), in: folder) }

  private static func mapping(_ separator: Separator?) -> SourceMapping {
    var mapping = SourceMapping.long
    mapping.sales[0].separator = separator
    mapping.sales[0].ignoresOthers = true
    mapping.unknownKeys = .create
    return mapping
  }

  private func check(_ bytes: [UInt8], _ mapping: SourceMapping, in folder: TemporaryFolder) throws {
    let path = folder.file("sales.csv")
    try Data(bytes).write(to: URL(filePath: path))
    let began = ContinuousClock.now
    var options = DeliveryLoad.Options()
    options.badRows.maximumShare = 1
    let store = try openStore(
      DatabaseURL(path: folder.file("fuzz.sqlite")), mode: .readWrite(create: true), now: Delivery.now)
    defer {
      try? store.close()
      for ending in ["", "-wal", "-shm"] {
        try? FileManager.default.removeItem(atPath: folder.file("fuzz.sqlite" + ending))
      }
    }
    do {
      let files = try DeliveryFiles([.sales: [path]], mapping: mapping)
      let record = try DeliveryLoad(source: "fuzz", mapping: mapping, files: files, options: options)
        .run(into: store, IngestEnvironment(now: { Delivery.now })).record
      let summary = record.summary
      let details = try #require(summary.details)
      let skipped = details.skipped.values.reduce(0, +)
      if mapping.rows == .totals {
        #expect(
          summary.rowsLoaded + summary.rowsUnchanged + summary.rowsQuarantined + skipped == details.rows, "seed \(seed)"
        )
      }
      let kept = try store.quarantine(load: record.id, limit: .max)
      #expect(kept.count == summary.rowsQuarantined, "seed \(seed)")
      for row in kept {
        #expect(row.reason.count > 15 && row.line > 0 || row.kind == "contradicts_database", "seed \(seed): \(row)")
      }
      // What was loaded can be read, and rows in quarantine can be tried again.
      if summary.rowsLoaded > 0 { _ = try store.panel() }
      _ = try QuarantineRetry(load: record.id, options: options).run(
        into: store, IngestEnvironment(now: { Delivery.now }))
    } catch let error as IngestError {
      #expect(error.description.count > 20, "seed \(seed): \(error)")
      if case .store(let inner) = error, case .noData = inner {
      } else if case .store = error {
        Issue.record("seed \(seed): \(error)")
      }
    }
    #expect(ContinuousClock.now - began < .seconds(20), "seed \(seed) hangs")
  }

  // MARK: Making files

  private mutating func pick<T>(_ items: [T]) -> T { items.randomElement(using: &generator)! }
  private mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &generator) < share }

  private mutating func delivery() -> (bytes: [UInt8], mapping: SourceMapping) {
    let separator = pick(Separator.allCases)
    var mapping = Self.mapping(chance(0.5) ? separator : nil)
    let pattern = pick(["yyyy-MM-dd", "dd.MM.yyyy", "MM/dd/yyyy", "yyyyMMdd"])
    mapping.sales[0].datePatterns = [DatePattern(pattern)!]
    if chance(0.3) { mapping.sales[0].numbers = NumberFormat(decimal: .comma, thousands: .point) }
    mapping.rows = pick([.totals, .totals, .lines])
    mapping.negative = pick(SourceMapping.NegativeUnits.allCases)
    mapping.zero = pick(SourceMapping.ZeroUnits.allCases)
    mapping.unknownKeys = pick(SourceMapping.UnknownKeys.allCases)
    mapping.measured = chance(0.5)
    if chance(0.2) { mapping.sales[0].except = ["product": ["p1"]] }
    var text = CSVText.row(["date", "product", "store", "units", "price", "promotion", "stock"], separator: separator)
    let ending = pick(["\n", "\r\n"])
    text += ending
    for _ in 0..<Int.random(in: 1...40, using: &generator) { text += row(pattern, separator) + ending }
    let scalars = pick(["utf8", "utf8", "utf8", "latin", "utf16"])
    var bytes: [UInt8] =
      switch scalars {
      case "latin": text.unicodeScalars.map { $0.value < 256 ? UInt8($0.value) : 0x3F }
      case "utf16": [0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
      default: (chance(0.2) ? [0xEF, 0xBB, 0xBF] : []) + Array(text.utf8)
      }
    for _ in 0..<Int.random(in: 0...4, using: &generator) { mutate(&bytes) }
    if chance(0.1) { bytes = ZipWriter.archive([("sales.csv", bytes)], deflated: chance(0.5)) }
    if chance(0.03) { mutate(&bytes) }
    return (bytes, mapping)
  }

  private mutating func row(_ pattern: String, _ separator: Separator) -> String {
    let day = (Delivery.first + Int.random(in: -3...33, using: &generator)).components
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let date =
      pattern.replacing("yyyy", with: "\(day.year)").replacing("MM", with: two(day.month)).replacing(
        "dd", with: two(day.day))
    let names = ["p1", "p2", "Käse", "a,b;c|d\te", "say \"so\"", "two\nlines", "", " ", "日本"]
    let numbers = [
      "0", "1", "12", "-3", "2.5", "2,5", "1.234,5", "1e3", "1e300", "nan", "", "x", "00007", "-0", "9999999999",
    ]
    return CSVText.row(
      [
        date, pick(names), pick(["north", "south", "Köln"]),
        chance(0.6) ? "\(Int.random(in: 0...50, using: &generator))" : pick(numbers),
        pick(numbers), pick(["", "0", "1", "yes"]), pick(["", "ok", "out", "?"]),
      ], separator: separator)
  }

  /// One change that a broken program, a broken line or a careless editor makes.
  private mutating func mutate(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let at = Int.random(in: 0..<bytes.count, using: &generator)
    switch Int.random(in: 0..<10, using: &generator) {
    case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: bytes.insert(pick(Array("\",;|\t\r\n\0-.eE0'".utf8) + [0xFF, 0xC3, 0x1A]), at: at)
    case 2: bytes.remove(at: at)
    case 3: bytes.removeLast(min(bytes.count - 1, bytes.count - at))
    case 4:
      let end = min(bytes.count, at + Int.random(in: 1...80, using: &generator))
      bytes.insert(contentsOf: bytes[at..<end], at: at)
    case 5:
      let end = min(bytes.count, at + Int.random(in: 1...80, using: &generator))
      bytes.removeSubrange(at..<end)
    case 6:
      bytes.insert(
        contentsOf: [UInt8](
          repeating: pick(Array("x\"1\n".utf8)), count: 1 << Int.random(in: 1...17, using: &generator)), at: at)
    case 7:
      // A line twice, or two that change places.
      var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
      let line = Int.random(in: 0..<lines.count, using: &generator)
      if chance(0.5) { lines.insert(lines[line], at: line) } else { lines.swapAt(line, lines.count / 2) }
      bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    case 8: bytes = Array(bytes.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: "\r") : $0 })
    default: bytes[at] = UInt8.random(in: 0...255, using: &generator)
    }
    if bytes.isEmpty { bytes = [0] }
  }
}
