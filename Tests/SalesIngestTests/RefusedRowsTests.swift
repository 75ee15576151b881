import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// What a refused row leaves of its day, and rows that say two things at once, on both databases.
@Suite struct RefusedRowsTests {
  /// A database with nothing in it, into which files are loaded by a mapping.
  private struct Place {
    let database: TestDatabase
    let store: any SalesStore
    let mapping: SourceMapping

    init(_ kind: DatabaseKind, _ yaml: String) throws {
      database = try TestDatabase(kind)
      store = try openStore(database.url, mode: .readWrite(create: true), now: Delivery.now)
      mapping = try #require(try SourceMapping.read(yaml: yaml)["mine"])
    }

    @discardableResult
    func load(
      _ files: [String: String], sums: Int? = nil, _ change: (inout DeliveryLoad.Options) -> Void = { _ in }
    ) throws -> LoadRecord {
      let folder = try TemporaryFolder()
      for (name, text) in files { try folder.write(text + "\n", to: name) }
      var options = DeliveryLoad.Options()
      options.badRows.maximumShare = 1
      change(&options)
      var load = DeliveryLoad(
        source: "mine", mapping: mapping, files: try DeliveryFiles(folder: folder.path, mapping: mapping),
        options: options)
      if let sums { load.linesInMemory = sums }
      return try load.run(into: store, IngestEnvironment(now: { Delivery.now })).record
    }

    func retry(
      _ load: LoadRecord, kinds: Set<String>? = nil, _ restate: DeliveryLoad.Restate = .reject
    ) throws -> QuarantineRetry.Outcome {
      try QuarantineRetry(load: load.id, kinds: kinds, options: .init(), restate: restate)
        .run(into: store, IngestEnvironment(now: { Delivery.now }))
    }

    /// Stored days as `product day units status`, days counted from the first.
    func sales() throws -> [String] {
      var found: [String] = []
      try store.salesRows(from: nil, to: nil) { row in
        found.append("\(row.product) \(row.day - Delivery.first) \(row.units.formatted()) \(row.status)")
      }
      return found.sorted()
    }

    func details() throws -> [Double?] {
      var found: [Double?] = []
      try store.salesRows(from: nil, to: nil) { found.append($0.details.revenue) }
      return found
    }
  }

  private static let lines = """
    mine:
      rows: lines
      revenue: units_times_price
      products:
        files: [products*.csv]
        columns: {product: product, kind: kind}
        constants: {category: g, department: g}
      sales:
        files: [sales*.csv]
        columns: {date: date, product: product, store: store, units: units, price: price}
        constants: {region: r}
    """
  private static let header = "date,product,store,units,price\n"
  private static let masters = ["products.csv": "product,kind\nP1,count\nP2,count"]
  private static let measured = ["products.csv": "product,kind\nP1,measure"]

  private static func text(_ rows: String...) -> [String: String] {
    ["sales.csv": header + rows.joined(separator: "\n")]
  }

  // MARK: Lines

  @Test(arguments: DatabaseKind.available, [nil, 1]) func dayOfARefusedLineIsUnknown(
    on kind: DatabaseKind, sums: Int?
  ) throws {
    let place = try Place(kind, Self.lines)
    try place.load(Self.text("2024-01-01,P1,S1,5,2", "2024-01-01,P2,S1,1,2").merging(Self.masters) { $1 })
    let record = try place.load(
      Self.text(
        "2024-01-02,P1,S1,x,2", "2024-01-02,P2,S1,4,2", "2024-01-03,P1,S1,7,2", "2024-01-03,P1,S1,x,2",
        "2024-01-03,P2,S1,4,2", "2024-01-04,P1,S1,-1,2", "2024-01-04,P1,S1,3,2", "2024-01-04,P1,S1,2,2"), sums: sums)
    #expect(record.summary.quarantinedByReason == ["not_a_number": 2, "negative_units": 1])
    #expect(
      try place.sales() == [
        "P1 0 5 sold", "P1 1 0 unknown", "P1 2 0 unknown", "P1 3 0 unknown", "P2 0 1 sold", "P2 1 4 sold",
        "P2 2 4 sold",
      ])
    #expect(try place.details() == [10, nil, nil, nil, 2, 8, 8])
    let details = try #require(record.summary.details)
    #expect(details.dayClasses == ["unknown": 3, "sold": 2, "missing_read_as_zero": 1])
    #expect(details.warnings.contains { $0.hasPrefix("2 days of products have good lines and stay unknown") })
    let panel = try place.store.panel()
    let series = try #require(panel.hierarchy.product.leaves.firstIndex(of: "P1"))
    let its = try #require(panel.hierarchy.series.firstIndex { $0.product == series })
    #expect((1...3).allSatisfy { panel.status[its * panel.dayCount + $0] == DayStatus.unknown.rawValue })
  }

  @Test(arguments: DatabaseKind.available) func mendedLinesMakeTheirDayWhole(on kind: DatabaseKind) throws {
    let place = try Place(kind, Self.lines)
    let rows = Self.text(
      "2024-01-01,P1,S1,2,2", "2024-01-01,P1,S1,0.5,2", "2024-01-01,P1,S1,1,3", "2024-01-01,P1,S1,-4,2",
      "2024-01-02,P1,S1,0.25,2", "2024-01-02,P1,S1,6,2", "2024-01-03,P1,S1,1,2")
    let held = try place.load(rows.merging(Self.masters) { $1 })
    #expect(held.summary.quarantinedByReason == ["fractional_units": 2, "negative_units": 1])
    #expect(try place.sales() == ["P1 0 0 unknown", "P1 1 0 unknown", "P1 2 1 sold"])
    try place.load(Self.measured)
    // A line of the first day stays in quarantine, whether it is asked for or not.
    let some = try place.retry(held, kinds: ["fractional_units"])
    #expect(some.released == 2 && some.kept.isEmpty)
    #expect(try place.sales() == ["P1 0 0 unknown", "P1 1 6.25 sold", "P1 2 1 sold"])
    #expect(try place.details() == [nil, 12.5, 2])
    let none = try place.retry(held)
    #expect(none.released == 0 && none.kept == ["negative_units": 1])
    // All lines of the days, mended.
    let mended = Self.text(
      "2024-01-01,P1,S1,2,2", "2024-01-01,P1,S1,0.5,2", "2024-01-01,P1,S1,1,3", "2024-01-01,P1,S1,4,2")
    let error = #expect(throws: IngestError.self) { try place.load(mended) }
    #expect("\(error!)".contains("lines of 3.5 units and others that it refused"), "\(error!)")
    try place.load(mended) { $0.restate = .supersede }
    #expect(try place.sales() == ["P1 0 7.5 sold", "P1 1 6.25 sold", "P1 2 1 sold"])
    #expect(try place.details() == [16, 12.5, 2])
  }

  @Test(arguments: DatabaseKind.available) func furtherLinesOfAnUnknownDay(on kind: DatabaseKind) throws {
    let place = try Place(kind, Self.lines)
    let morning = try place.load(
      Self.text("2024-01-01,P1,S1,2,2", "2024-01-01,P1,S1,0.5,2", "2024-01-02,P1,S1,3,2").merging(Self.masters) { $1 })
    try place.load(Self.text("2024-01-01,P1,S1,4,2")) { $0.restate = .add }
    #expect(try place.sales() == ["P1 0 0 unknown", "P1 1 3 sold"])
    try place.load(Self.measured)
    #expect(try place.retry(morning).kept == ["contradicts_database": 1])
    #expect(try place.retry(morning, .add).released == 1)
    #expect(try place.sales() == ["P1 0 6.5 sold", "P1 1 3 sold"])
    // A day that is there keeps what it has where lines that were to take its place are refused.
    let again = try place.load(Self.text("2024-01-02,P1,S1,1,2", "2024-01-02,P1,S1,x,2")) { $0.restate = .supersede }
    #expect(try place.sales() == ["P1 0 6.5 sold", "P1 1 3 sold"])
    #expect(again.summary.details?.warnings.contains { $0.hasPrefix("1 days of products keep") } == true)
    // Further lines of which some are refused make it unknown.
    try place.load(Self.text("2024-01-02,P1,S1,1,2", "2024-01-02,P1,S1,x,2")) { $0.restate = .add }
    #expect(try place.sales() == ["P1 0 6.5 sold", "P1 1 0 unknown"])
  }

  // MARK: Places

  private static let places = """
    mine:
      links: {files: [links.csv], columns: {kind: kind, node: node, other: other, date: date}}
      sales:
        files: [sales*.csv]
        columns:
          {date: date, category: category, department: department, product: product, region: region, store: store,
            units: units}
    """

  @Test(arguments: DatabaseKind.available) func rowsThatNameAnotherDepartmentOrRegion(on kind: DatabaseKind) throws {
    let place = try Place(kind, Self.places)
    let header = "date,category,department,product,region,store,units\n"
    let record = try place.load([
      "sales.csv": header
        + """
        2024-01-01,C,D1,P1,R1,S1,5
        2024-01-02,C,D2,P1,R1,S1,7
        2024-01-03,C,D1,P1,R2,S1,7
        2024-01-04,C9,D1,P1,R1,S1,7
        2024-01-05,C,D1,P1,R1,S1,8
        2024-01-06,C,,P1,,S1,9
        """
    ])
    #expect(record.summary.quarantinedByReason == ["hierarchy": 3])
    let reasons = try place.store.quarantine(load: record.id).map(\.reason)
    #expect(reasons[0].contains("'P1' stands under 'D1' and under 'D2'"))
    #expect(reasons[0].contains("department_move"), "\(reasons)")
    #expect(reasons[1].contains("'S1' stands under 'R1' and under 'R2'"), "\(reasons)")
    #expect(reasons[2].contains("'D1' stands under 'C' and under 'C9'"), "\(reasons)")
    #expect(
      try place.sales() == [
        "P1 0 5 sold", "P1 1 0 unknown", "P1 2 0 unknown", "P1 3 0 unknown", "P1 4 8 sold", "P1 5 9 sold",
      ])
    // Against the database, too; what does not exist is not made.
    let later = try place.load(["sales.csv": header + "2024-01-07,C,D9,P1,R1,S1,1\n2024-01-08,C,D1,P1,R9,S1,1"])
    #expect(later.summary.quarantinedByReason == ["hierarchy": 2])
    #expect(try place.store.hierarchy().product.levels.flatMap(\.nodes).contains("D9") == false)
    // A declared move mends it: rows name the department of their day.
    let moved = try place.load([
      "links.csv": "kind,node,other,date\ndepartment_move,P1,D2,2024-01-08",
      "sales.csv": header
        + "2024-01-07,C,D1,P1,R1,S1,1\n2024-01-08,C,D2,P1,R1,S1,2\n2024-01-09,C,D1,P1,R1,S1,3\n"
        + "2024-01-09,C,D2,P2,R1,S1,3",
    ])
    let told = try place.store.quarantine(load: moved.id).map(\.reason)
    let sold = try place.sales()
    #expect(moved.summary.quarantinedByReason == ["hierarchy": 1], "\(told) \(sold)")
    #expect(try place.sales().contains("P1 6 1 sold") && place.sales().contains("P1 7 2 sold"))
    #expect(try place.sales().contains("P1 8 0 unknown") && place.sales().contains("P2 8 3 sold"))
  }

  // MARK: Keys of lines

  @Test(arguments: DatabaseKind.available) func keysOfLinesAreComparedByWhatTheySay(on kind: DatabaseKind) throws {
    let place = try Place(
      kind,
      """
      mine:
        rows: lines
        sales:
          files: [sales*.csv]
          date_pattern: ["yyyy-MM-dd HH:mm:ss", "dd/MM/yyyy H:mm"]
          columns: {date: at, product: product, store: store, units: units, price: price}
          constants: {category: g, department: g, region: r}
          line_key: [invoice, at, units, price, customer]
      """)
    let header = "invoice,at,product,store,units,price,customer\n"
    let record = try place.load([
      "sales_1.csv": header
        + """
        7,2024-01-01 08:26:00,P1,S1,6,2.5,13085
        7,2024-01-01 08:27:00,P1,S1,1,2.5,13085
        7,2024-01-02 00:00:00,P1,S1,4,2,
        """,
      // The same three lines otherwise written, and four that are others.
      "sales_2.csv": header
        + """
        7,01/01/2024 8:26,P1,S1,6.0,2.50,13085.0
        7.0,01/01/2024 08:27,P1,S1,1, 2.5,13085
        7,02/01/2024 0:00,P1,S1,4.00,2,
        7,01/01/2024 8:26,P1,S1,6,2.5,13086
        7,01/01/2024 18:26,P1,S1,6,2.5,13085
        7,02/01/2024 8:26,P1,S1,6,2.5,13085
        7,01/01/2024 8:26,P1,S1,6,2.51,13085
        """,
    ])
    #expect(record.summary.details?.skipped.values.map(\.self) == [3], "\(record.summary.details?.skipped ?? [:])")
    #expect(try place.sales() == ["P1 0 25 sold", "P1 1 10 sold"])
  }

  // MARK: Promotions

  @Test(arguments: DatabaseKind.available) func promotionsThatContradictThemselves(on kind: DatabaseKind) throws {
    let place = try DeliveredDatabase(kind)
    let record = try place.deliver(
      sales: [
        "2024-01-01,tea,north,1,0,feature", "2024-01-02,tea,north,1,1,=0.5", "2024-01-03,tea,north,1,0.5,feature",
        "2024-01-04,tea,north,1,,feature", "2024-01-05,tea,north,1,0,", "2024-01-06,tea,north,1,1,feature=",
      ], header: "date,product,store,units,promotion,promotion_kinds")
    #expect(record.summary.quarantinedByReason == ["unknown_promotion": 3])
    let reason = try #require(try place.store.quarantine(load: record.id).first?.reason)
    #expect(reason.contains("names kinds of promotion, and its promotion is 0"), "\(reason)")
    let kinds = try place.rows().map { $0.promotions.map { "\($0.kind)=\($0.share)" } }
    #expect(kinds.filter { !$0.isEmpty } == [["feature=0.5"], ["feature=1.0"]], "\(kinds)")
  }
}
