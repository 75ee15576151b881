import DatabaseTestSupport
import DemandData
import Foundation
import SalesStore
import Testing

/// Panels are the same with packed histories and without, whatever changes below them.
@Suite struct PackedHistoryTests {
  let now = SmallStore.noon

  // MARK: Bytes

  private func unpacked(_ bytes: [UInt8]) -> [PackedHistory.Row]? {
    var rows: [PackedHistory.Row] = []
    let isWhole = bytes.withUnsafeBytes { bytes in
      PackedHistory.unpack(bytes) { rows.append(.init(day: $0, units: $1, status: $2)) }
    }
    return isWhole ? rows : nil
  }

  private func history(_ random: inout some RandomNumberGenerator) -> [PackedHistory.Row] {
    var day = Int.random(in: -20_000...40_000, using: &random)
    let gaps = [1, 1, 1, 1, 1, 2, 40, 100_000]
    let units: [Int32] = [0, 0, 1, 127, 128, 16_384, 1_000_000_000, .max]
    return (0..<Int.random(in: 1...300, using: &random)).map { _ in
      day += gaps.randomElement(using: &random)!
      return .init(
        day: day, units: units.randomElement(using: &random)!, status: UInt8.random(in: 0...4, using: &random))
    }
  }

  @Test func whatIsPackedComesOut() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      let rows = history(&random)
      #expect(unpacked(PackedHistory.pack(rows)) == rows)
    }
  }

  /// Bytes that were cut off, changed or made up end in a refusal or in some rows, and never in a crash.
  @Test func damagedBytes() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<500 {
      var bytes = PackedHistory.pack(history(&random))
      #expect(unpacked(Array(bytes.dropLast())) == nil)
      #expect(unpacked(bytes + [0]) == nil)
      for _ in 0..<3 { bytes[bytes.indices.randomElement(using: &random)!] = UInt8.random(in: 0...255, using: &random) }
      _ = unpacked(bytes)
      _ = unpacked(bytes.map { _ in UInt8.random(in: 0...255, using: &random) })
    }
    #expect(unpacked([]) == nil)
    #expect(unpacked([2, 1, 0, 1, 0, 1, 0]) == nil, "of another version")
  }

  // MARK: In the database

  private func packed(_ small: SmallStore) throws -> [String] {
    let bytes = small.database.kind == .sqlite ? "hex(checksum)" : "encode(checksum, 'hex')"
    return try small.database.query(
      "SELECT series_id, through_day - \(SmallStore.first.number), \(bytes) FROM packed_histories ORDER BY series_id"
    ).split(separator: "\n").map(String.init)
  }

  /// Checks that the panel is the one that the rows themselves give.
  private func expectTrue(_ small: SmallStore) throws {
    #expect(try small.store.check().first { $0.check == "wrong_packed_histories" }?.count == 0)
    let snapshot = try small.store.dataSnapshot()
    let other = try openStore(small.database.url, mode: .readWrite(create: false), now: now)
    try small.database.query(
      "CREATE TABLE kept AS SELECT * FROM packed_histories; DELETE FROM packed_histories")
    #expect(try other.dataSnapshot() == snapshot)
    try small.database.query("INSERT INTO packed_histories SELECT * FROM kept; DROP TABLE kept")
    try other.close()
  }

  private func change(
    _ small: SmallStore, _ hash: String, _ body: (LoadWriter, _ series: (String, String) throws -> Int) throws -> Void
  ) throws {
    _ = try small.store.withLoad(LoadHeader(source: "long", files: [], contentHash: hash), now: { now }) { writer in
      try body(writer) {
        try writer.seriesID(product: writer.products[$0]!.id, store: writer.stores[$1]!)
      }
      var summary = LoadSummary()
      summary.completeThrough = SmallStore.first + 9
      return summary
    }
  }

  @Test(arguments: DatabaseKind.available) func loadsPackAndPanelsRead(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    let before = try packed(small)
    #expect(before.map { $0.split(separator: "|")[..<2].joined(separator: " ") } == ["1 9", "2 4", "3 2"])
    try expectTrue(small)
    // The panel does read them: with the bytes of another series, it has its days.
    let (snapshot, panel) = (try small.store.dataSnapshot(), try small.store.panel())
    try small.database.query(
      """
      UPDATE packed_histories SET payload = (SELECT p.payload FROM packed_histories p WHERE p.series_id = 2),
        checksum = (SELECT p.checksum FROM packed_histories p WHERE p.series_id = 2) WHERE series_id = 1
      """)
    let wrong = try small.store.panel()
    #expect(wrong.units != panel.units)
    #expect(try small.store.check().first { $0.check == "wrong_packed_histories" }?.count == 1)
    // Bytes that do not fit their checksum are as if they were not there.
    try small.database.query("UPDATE packed_histories SET checksum = payload")
    #expect(try small.store.dataSnapshot() == snapshot)
    #expect(try small.store.check().first { $0.check == "wrong_packed_histories" }?.count == 3)
    // Emptied, or mended by a vacuum, nothing is lost.
    try small.database.query("DELETE FROM packed_histories WHERE series_id = 2")
    #expect(try small.store.dataSnapshot() == snapshot)
    try small.store.vacuum()
    #expect(try packed(small) == before)
  }

  @Test(arguments: DatabaseKind.available) func aChangeOfOneSeriesIsSeen(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    let (before, panel) = (try packed(small), try small.store.panel())
    try change(small, "replaced") { writer, series in
      try writer.writeSale(
        series: try series("tea", "north"), day: SmallStore.first.number + 8, units: 6, status: .sold, replaces: true)
    }
    let after = try small.store.panel()
    let cell = panel.cells(ofSeries: 2).lowerBound + 8
    #expect(panel.units[cell] == 5 && after.units[cell] == 6)
    #expect(try packed(small)[0] != before[0], "packed anew")
    #expect(try packed(small)[1...] == before[1...], "the others were left alone")
    try expectTrue(small)
    // A day that was missing in between.
    try change(small, "inserted") { writer, series in
      try writer.writeSale(
        series: try series("tea", "north"), day: SmallStore.first.number + 4, units: 8, status: .sold)
    }
    #expect(try small.store.panel().units[cell - 4] == 8)
    try expectTrue(small)
  }

  @Test(arguments: DatabaseKind.available) func furtherDaysAreReadBesideThem(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    let before = try packed(small)
    for day in 10...38 {
      try change(small, "day \(day)") { writer, series in
        try writer.writeSale(
          series: try series("tea", "north"), day: SmallStore.first.number + day, units: Double(day), status: .sold)
      }
      let through = try packed(small)[0].split(separator: "|")[1]
      #expect(through == (day <= 37 ? "9" : "38"), "a month of days")
      if day % 7 == 3 { try expectTrue(small) }
      let panel = try small.store.panel(through: SmallStore.first + day)
      #expect(panel.units[panel.cells(ofSeries: 2).last!] == Int32(day))
    }
    #expect(try packed(small)[1...] == before[1...])
    // An origin before the last packed day.
    #expect(try small.store.panel(through: SmallStore.first + 8).units.suffix(1) == [5])
  }

  /// A load that fails leaves the packed histories as they were.
  @Test(arguments: DatabaseKind.available) func aFailedLoadUnpacksNothing(on kind: DatabaseKind) throws {
    struct Stop: Error {}
    let small = try SmallStore(kind)
    try small.load()
    let before = try packed(small)
    #expect(throws: Stop.self) {
      try change(small, "failed") { writer, series in
        try writer.writeSale(
          series: try series("tea", "north"), day: SmallStore.first.number + 8, units: 6, status: .sold, replaces: true)
        throw Stop()
      }
    }
    #expect(try packed(small) == before)
    try expectTrue(small)
  }

  /// PostgreSQL reads the days behind the packed ones by the key: the table of sales is never read from end to end.
  @Test(.enabled(if: PostgreSQLServer.installed != nil, "\(PostgreSQLServer.absence)"))
  func noPassOverAllSales() throws {
    let small = try SmallStore(.postgresql)
    func load(_ days: Range<Int>) throws {
      _ = try small.store.withLoad(
        LoadHeader(source: "long", files: [], contentHash: "\(days)"), now: { now }
      ) { writer in
        try writer.setLevels(tree: "product", ["product"])
        try writer.setLevels(tree: "location", ["store"])
        let store = try writer.addStore(path: ["s"])
        for product in 0..<100 {
          let id = try writer.seriesID(product: try writer.addProduct(path: ["p\(product)"]).id, store: store)
          for day in days {
            try writer.writeSale(series: id, day: SmallStore.first.number + day, units: 1, status: .sold)
          }
          writer.setRange(series: id, firstDay: SmallStore.first.number, startKnown: true, delistAfter: nil)
        }
        var summary = LoadSummary()
        summary.completeThrough = SmallStore.first + (days.upperBound - 1)
        return summary
      }
    }
    try load(0..<400)
    try load(400..<402)
    // A session hands in its counts as it ends.
    try small.store.close()
    let passes = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'sales'"
    let before = try small.database.query(passes)
    let reader = try openStore(small.database.url, mode: .readOnly, now: now)
    let panel = try reader.panel()
    #expect(panel.units.count == 100 * 402 && panel.units.allSatisfy { $0 == 1 })
    _ = try reader.salesHistory(
      NodeNames(productLevel: "product", product: "p7", locationLevel: "store", location: "s"))
    try reader.close()
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    var looks = 0
    while looks < 50, try small.database.query(sessions) != "1" {
      Thread.sleep(forTimeInterval: 0.05)
      looks += 1
    }
    #expect(try small.database.query(passes) == before)
  }

  /// The table holds nothing of its own: whoever writes makes it again, and readers are told so.
  @Test(arguments: DatabaseKind.available) func aTableThatWasDropped(on kind: DatabaseKind) throws {
    let small = try SmallStore(kind)
    try small.load()
    let panel = try small.store.panel()
    try small.store.close()
    try small.database.query("DROP TABLE packed_histories")
    #expect(throws: StoreError.missingTable(place: small.database.url.place, table: "packed_histories")) {
      _ = try openStore(small.database.url, mode: .readOnly, now: now)
    }
    let store = try openStore(small.database.url, mode: .readWrite(create: false), now: now)
    let again = try store.panel()
    #expect(again.units == panel.units && again.status == panel.status)
    try store.close()
    try openStore(small.database.url, mode: .readOnly, now: now).close()
  }
}
