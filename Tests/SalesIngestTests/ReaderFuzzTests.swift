import DemandData
import FittingService
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Structure-aware fuzzing of the whole way from a file to the database: valid deliveries in all notations, mutated.
///
/// Of every file it is checked that the load ends, in time, with an error that names a mend or with a record in which
/// every row of the input is loaded, unchanged, in quarantine, or left out by the mapping. A third of the files stays
/// undamaged: there the generator knows every row, on which line it stands and what it is worth, and the database must
/// hold just the units of the rows that are not in quarantine. A few hundred cases run with the tests; `make fuzz` runs
/// for ten minutes. A failure prints its seed, which DEMAND_FUZZ_SEED repeats.
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

extension FuzzGenerator {
  mutating func pick<T>(_ items: [T]) -> T { items.randomElement(using: &self)! }
  mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &self) < share }
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
    (
      "a quoted text of many lines, too long",
      Array(
        ("date,product,store,units\n2024-01-01,p1,north,1\n2024-01-02,\"" + String(repeating: "a line\n", count: 12_000)
          + "\",north,2\n2024-01-03,\"p\n2\",north,3\n2024-01-04,p1,north,4\n").utf8)
    ),
  ]

  /// Writes the case's file, loads it, and checks what came of it.
  func check(in folder: TemporaryFolder) throws {
    var own = self
    try check(own.delivery(), in: folder)
  }

  func check(_ bytes: [UInt8], in folder: TemporaryFolder) throws {
    try check(Made(bytes: bytes, mapping: Self.mapping(.comma)), in: folder)
  }

  /// A file with the mapping that reads it.
  private struct Made {
    var bytes: [UInt8]
    var mapping: SourceMapping
    /// The rows, where nothing has damaged them.
    var rows: [Row]?
    /// The member's name, where the file is an archive of several.
    var member = ""
  }

  /// A row as the generator wrote it.
  private struct Row {
    /// Counted from 1, the header included.
    let line: Int
    let date: String
    let product: String
    let store: String
    /// Nil where no number can be read.
    let units: Double?
  }

  private static func mapping(_ separator: Separator?) -> SourceMapping {
    var mapping = SourceMapping.long
    mapping.sales[0].separator = separator
    mapping.sales[0].ignoresOthers = true
    mapping.unknownKeys = .create
    return mapping
  }

  private func check(_ made: Made, in folder: TemporaryFolder) throws {
    let mapping = made.mapping
    let path = folder.file("sales.csv")
    try Data(made.bytes).write(to: URL(filePath: path))
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
      let name = made.member.isEmpty ? path : "\(path)/\(made.member)"
      let files = try DeliveryFiles([.sales: [name]], mapping: mapping)
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
      if let rows = made.rows {
        #expect(details.rows == rows.count, "seed \(seed)")
        let units = try expectEachIsAccountedFor(rows, mapping, quarantined: kept.map(\.line), skipped: skipped)
        // Sums of days of which a line was refused wait in the summary.
        let waiting = (details.openSums ?? []).reduce(0) { $0 + $1.units }
        let stored = try store.dataSummary().units + waiting
        #expect(abs(stored - units) <= 1e-6 * max(1, units), "seed \(seed): \(stored) units stored, \(units) written")
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
      if made.rows?.isEmpty == false { Issue.record("seed \(seed), undamaged: \(error)") }
    }
    #expect(ContinuousClock.now - began < .seconds(20), "seed \(seed) hangs")
  }

  /// Every row is on its line in quarantine, left out, or worth a number; returns the units of the latter.
  private func expectEachIsAccountedFor(
    _ rows: [Row], _ mapping: SourceMapping, quarantined lines: [Int], skipped: Int
  ) throws -> Double {
    let refused = Set(lines)
    let known = Set(rows.map(\.line))
    #expect(refused.count == lines.count, "seed \(seed)")
    #expect(refused.subtracting(known).isEmpty, "seed \(seed)")
    let unwanted = mapping.sales[0].except["product"] ?? []
    #expect(rows.count { unwanted.contains($0.product) } == skipped, "seed \(seed)")
    var sums: [String: Double] = [:]
    for row in rows where !refused.contains(row.line) && !unwanted.contains(row.product) {
      let units = try #require(row.units, "seed \(seed): line \(row.line) was loaded and says no number")
      let isSetAside = units < 0 && (mapping.rows == .totals || mapping.negative != .net)
      sums["\(row.date)|\(row.product)|\(row.store)", default: 0] += isSetAside ? 0 : units
    }
    return sums.values.reduce(0) { $0 + max(0, $1) }
  }

  // MARK: Making files

  private mutating func pick<T>(_ items: [T]) -> T { generator.pick(items) }
  private mutating func chance(_ share: Double) -> Bool { generator.chance(share) }

  private mutating func delivery() -> Made {
    let separator = pick(Separator.allCases)
    var mapping = Self.mapping(chance(0.5) ? separator : nil)
    let pattern = pick(["yyyy-MM-dd", "dd.MM.yyyy", "MM/dd/yyyy", "yyyyMMdd"])
    mapping.sales[0].datePatterns = [DatePattern(pattern)!]
    let hasDecimalComma = chance(0.3)
    if hasDecimalComma { mapping.sales[0].numbers = NumberFormat(decimal: .comma, thousands: .point) }
    mapping.rows = pick([.totals, .totals, .lines])
    mapping.negative = pick(SourceMapping.NegativeUnits.allCases)
    mapping.zero = pick(SourceMapping.ZeroUnits.allCases)
    mapping.unknownKeys = chance(0.8) ? .create : pick(SourceMapping.UnknownKeys.allCases)
    mapping.measured = chance(0.5)
    if chance(0.2) { mapping.sales[0].except = ["product": ["p1"]] }
    var text = CSVText.row(["date", "product", "store", "units", "price", "promotion", "stock"], separator: separator)
    let ending = pick(["\n", "\r\n"])
    text += ending
    var line = 2
    var rows: [Row] = []
    for _ in 0..<Int.random(in: 1...40, using: &generator) {
      let (row, written) = self.row(pattern, separator, hasDecimalComma, line: line)
      rows.append(row)
      text += written + ending
      line += 1 + written.utf8.count { $0 == UInt8(ascii: "\n") }
      // Lines of nothing are no rows.
      if chance(0.05) {
        text += ending
        line += 1
      }
    }
    let encoding = pick(["utf8", "utf8", "utf8", "latin", "utf16", "utf16 big"])
    var bytes: [UInt8] =
      switch encoding {
      case "latin": text.unicodeScalars.map { $0.value < 256 ? UInt8($0.value) : 0x3F }
      case "utf16": [0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
      case "utf16 big": [0xFE, 0xFF] + text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
      default: (chance(0.2) ? [0xEF, 0xBB, 0xBF] : []) + Array(text.utf8)
      }
    // A quoted text of many lines that is too long is read as a quote that is not closed: line by line.
    let isIntact = chance(0.33) && !rows.contains { $0.product.utf8.count > 1 << 16 && $0.product.contains("\n") }
    if !isIntact { for _ in 0..<Int.random(in: 0...4, using: &generator) { Damage.one(&bytes, &generator) } }
    var made = Made(bytes: bytes, mapping: mapping, rows: isIntact ? rows : nil)
    pack(&made)
    if !isIntact, chance(0.03) { Damage.one(&made.bytes, &generator) }
    return made
  }

  /// Packs some files: with gzip, into an archive, or into one of several members.
  private mutating func pack(_ made: inout Made) {
    switch Int.random(in: 0..<12, using: &generator) {
    case 0: made.bytes = ZipWriter.gzip(made.bytes)
    case 1: made.bytes = ZipWriter.archive([("sales.csv", made.bytes)], deflated: chance(0.5))
    case 2:
      made.member = pick(["in/a folder/s.csv", "s.csv", "Käse.csv"])
      let others = [("read.me", Array("PK\u{1}\u{2}".utf8)), ("empty.csv", [])]
      made.bytes = ZipWriter.archive(
        [others[0], (made.member, made.bytes), others[1]], deflated: chance(0.5))
    default: break
    }
  }

  /// Units that need thought, with what they are where the decimal mark is a point and where it is a comma.
  private static let numbers: [(text: String, point: Double?, comma: Double?)] = [
    ("0", 0, 0), ("1", 1, 1), ("12", 12, 12), ("-3", -3, -3), ("2.5", 2.5, nil), ("2,5", nil, 2.5),
    ("1.234,5", nil, 1234.5), ("1.234", 1.234, 1234), ("1e3", 1000, 1000), ("1e300", nil, nil), ("nan", nil, nil),
    ("", nil, nil), ("x", nil, nil), ("00007", 7, 7), ("-0", 0, 0), ("9999999999", nil, nil), ("1,2,3", nil, nil),
    ("0x10", nil, nil), ("１２", nil, nil),
  ]

  private mutating func row(
    _ pattern: String, _ separator: Separator, _ hasDecimalComma: Bool, line: Int
  ) -> (Row, String) {
    let day = (Delivery.first + Int.random(in: -3...33, using: &generator)).components
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let date =
      pattern.replacing("yyyy", with: "\(day.year)").replacing("MM", with: two(day.month)).replacing(
        "dd", with: two(day.day))
    let names = ["p1", "p2", "Käse", "a,b;c|d\te", "say \"so\"", "two\nlines", "", " ", "日本"]
    var product = pick(names)
    if chance(0.01) {
      product = pick([
        String(repeating: "x", count: 70_000), String(repeating: "a line\n", count: 12_000), "nul\0nul", "\"", "\n\n\n",
      ])
    }
    let store = pick(["north", "south", "Köln"])
    var units = (text: "\(Int.random(in: 0...50, using: &generator))", value: Double?.none)
    units.value = Double(units.text)
    if chance(0.4) {
      let odd = pick(Self.numbers)
      units = (odd.text, hasDecimalComma ? odd.comma : odd.point)
    }
    let text = CSVText.row(
      [
        date, product, store, units.text, pick(Self.numbers).text, pick(["", "0", "1", "yes"]),
        pick(["", "ok", "out", "?"]),
      ], separator: separator)
    return (Row(line: line, date: date, product: product, store: store, units: units.value), text)
  }
}

/// What a broken program, a broken line or a careless editor makes of a file.
enum Damage {
  /// One change, in a place and of a kind that the generator chooses.
  static func one(_ bytes: inout [UInt8], _ generator: inout FuzzGenerator) {
    guard !bytes.isEmpty else { return }
    let at = Int.random(in: 0..<bytes.count, using: &generator)
    switch Int.random(in: 0..<10, using: &generator) {
    case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: bytes.insert(generator.pick(Array("\",;|\t\r\n\0-.eE0'".utf8) + [0xFF, 0xC3, 0x1A]), at: at)
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
          repeating: generator.pick(Array("x\"1\n".utf8)), count: 1 << Int.random(in: 1...17, using: &generator)),
        at: at)
    case 7:
      // A line twice, or two that change places.
      var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
      let line = Int.random(in: 0..<lines.count, using: &generator)
      if generator.chance(0.5) { lines.insert(lines[line], at: line) } else { lines.swapAt(line, lines.count / 2) }
      bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
    case 8: bytes = Array(bytes.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: "\r") : $0 })
    default: bytes[at] = UInt8.random(in: 0...255, using: &generator)
    }
    if bytes.isEmpty { bytes = [0] }
  }
}
