import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Structure-aware fuzzing of M5's three files, a column for every day: valid ones, and then damaged ones.
///
/// Of every delivery it is checked that the load ends in time, with an error that names a file and a mend or with a record
/// that agrees with the database; of undamaged ones, that every cell is there. `make fuzz` runs for ten minutes;
/// DEMAND_FUZZ_SEED repeats a seed.
@Suite struct WideReaderFuzzTests {
  private static let environment = ProcessInfo.processInfo.environment

  @Test(.timeLimit(.minutes(30))) func mutatedDeliveries() throws {
    if let seed = Self.environment["DEMAND_FUZZ_SEED"].flatMap({ UInt64($0) }) {
      return try WideFuzzCase(seed: seed).check()
    }
    let asked = Self.environment["DEMAND_FUZZ_SECONDS"].flatMap(Double.init)
    let base = asked == nil ? 0 : UInt64.random(in: 0..<(1 << 40))
    let (seconds, most) = asked.map { ($0, Int.max) } ?? (3, 100)
    let began = ContinuousClock.now
    var cases = 0
    while cases < most, ContinuousClock.now - began < .seconds(seconds) {
      try WideFuzzCase(seed: base + UInt64(cases)).check()
      cases += 1
    }
    print("wide reader fuzzing: \(cases) deliveries from seed \(base) in \(ContinuousClock.now - began)")
    #expect(cases > 2)
  }
}

/// Files of M5's shape in some notation, damaged in a few places.
struct WideFuzzCase {
  let seed: UInt64
  private var generator: FuzzGenerator

  init(seed: UInt64) {
    self.seed = seed
    generator = FuzzGenerator(state: seed &* 0x9E6C_63D0_876A_68DF)
  }

  func check() throws {
    var own = self
    try own.run()
  }

  private mutating func run() throws {
    var damaged: [String] = []
    var (cells, units) = (0, 0)
    let fixture = try M5Fixture { sales in
      // Cells of other widths, and columns in another order.
      for row in sales.indices.dropFirst() {
        var fields = sales[row].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        for field in fields.indices.dropFirst(6) where generator.chance(0.1) {
          fields[field] = generator.pick(["0", "7", "00012", "99999", "1000000"])
        }
        sales[row] = fields.joined(separator: ",")
      }
      if generator.chance(0.3) {
        sales = sales.map { Self.rotated($0, by: 5) }
      }
      (cells, units) = Self.content(sales)
    }
    for name in ["sales.csv", "calendar.csv", "prices.csv"] {
      var bytes = Array(try fixture.folder.bytes(of: name))
      if generator.chance(0.2) { bytes = [0xEF, 0xBB, 0xBF] + bytes }
      if generator.chance(0.2) { bytes = bytes.flatMap { $0 == UInt8(ascii: "\n") ? [13, 10] : [$0] } }
      if generator.chance(0.3) {
        damaged.append(name)
        for _ in 0..<Int.random(in: 1...3, using: &generator) { Damage.one(&bytes, &generator) }
      }
      if generator.chance(0.2) { bytes = ZipWriter.gzip(bytes) }
      try Data(bytes).write(to: URL(filePath: fixture.folder.file(name)))
    }
    let store = try fixture.open()
    defer { try? store.close() }
    let began = ContinuousClock.now
    do throws(IngestError) {
      let record = try fixture.load(into: store).record
      let stored = try expectAgreement(record, store)
      if damaged.isEmpty {
        #expect(record.summary.rowsQuarantined == 0, "seed \(seed)")
        #expect(record.summary.rowsLoaded + (record.summary.daysByStatus["notRanged"] ?? 0) == cells, "seed \(seed)")
        #expect(stored == Double(units), "seed \(seed)")
      }
    } catch {
      #expect(error.description.count > 20, "seed \(seed): \(error)")
      if case .store(let inner) = error {
        if case .hierarchy = inner {} else { Issue.record("seed \(seed): \(error)") }
      }
      #expect(!damaged.isEmpty, "seed \(seed), undamaged: \(error)")
    }
    #expect(ContinuousClock.now - began < .seconds(20), "seed \(seed) hangs")
  }

  /// Checks that the record of a load agrees with the database; returns the units that are there.
  private func expectAgreement(_ record: LoadRecord, _ store: any SalesStore) throws(IngestError) -> Double {
    do throws(StoreError) {
      let stored = try store.dataSummary()
      #expect(stored.rows == record.summary.rowsLoaded && stored.loads == 1, "seed \(seed)")
      let kept = try store.quarantine(load: record.id, limit: .max)
      #expect(kept.count == record.summary.quarantinedByReason.values.reduce(0, +), "seed \(seed)")
      for row in kept { #expect(row.reason.count > 15 && row.line > 0, "seed \(seed): \(row)") }
      if stored.rows > 0 { _ = try store.panel() }
      return stored.units
    } catch {
      throw IngestError.store(error)
    }
  }

  /// Cells of days in a file of sales, and their sum.
  private static func content(_ sales: [String]) -> (cells: Int, units: Int) {
    let header = sales[0].split(separator: ",")
    let days = header.indices.filter { header[$0].hasPrefix("d_") }
    var units = 0
    for row in sales.dropFirst() {
      let fields = row.split(separator: ",", omittingEmptySubsequences: false)
      for day in days { units += Int(fields[day])! }
    }
    return (days.count * (sales.count - 1), units)
  }

  private static func rotated(_ row: String, by count: Int) -> String {
    let fields = row.split(separator: ",", omittingEmptySubsequences: false)
    return (fields[count...] + fields[..<count]).joined(separator: ",")
  }
}
