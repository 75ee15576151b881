import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Mapped deliveries: what bad rows say, what is done about unknown keys, zeros, negatives, days to come and jumps.
@Suite struct DeliveryTests {
  private let folder: TemporaryFolder
  private let store: any SalesStore
  private static let header = "date,product,store,units,price"

  init() throws {
    folder = try TemporaryFolder()
    store = try openStore(
      DatabaseURL(path: folder.file("demand.sqlite")), mode: .readWrite(create: true), now: Delivery.now)
  }

  /// A mapping of the long format's files that lets sales say more.
  private static func mapping(_ change: (inout SourceMapping) -> Void = { _ in }) -> SourceMapping {
    var mapping = SourceMapping.long
    for name in ["base_price", "revenue", "stock_on_hand", "open"] { mapping.sales[0].columns[name] = name }
    mapping.sales[0].ignoresOthers = true
    change(&mapping)
    return mapping
  }

  @discardableResult
  private func load(
    _ sales: String, products: String = "product,category,department\ntea,drinks,hot\nham,fresh,meat\n",
    stores: String = "store,region\nnorth,upper\nsouth,lower\n", _ mapping: SourceMapping = mapping(),
    _ change: (inout DeliveryLoad.Options) -> Void = { _ in }
  ) throws -> LoadRecord {
    var options = DeliveryLoad.Options()
    options.badRows.maximumShare = 1
    change(&options)
    var names: [SourceMapping.Role: [String]] = [.sales: [try folder.write(sales, to: "sales.csv")]]
    if !products.isEmpty { names[.products] = [try folder.write(products, to: "products.csv")] }
    if !stores.isEmpty { names[.stores] = [try folder.write(stores, to: "stores.csv")] }
    let files = try DeliveryFiles(names, mapping: mapping)
    return try DeliveryLoad(source: "test", mapping: mapping, files: files, options: options)
      .run(into: store, IngestEnvironment(now: { Delivery.now })).record
  }

  private func units(_ product: String, _ place: String, _ day: Int) throws -> (units: Int, status: DayStatus)? {
    let panel = try store.panel()
    guard
      let series = panel.hierarchy.series.firstIndex(where: {
        panel.hierarchy.product.leaves[$0.product] == product && panel.hierarchy.location.leaves[$0.store] == place
      })
    else { return nil }
    let cell = panel.cells(ofSeries: series).lowerBound + (Delivery.first + day - panel.firstDay)
    return (Int(panel.units[cell]), DayStatus(rawValue: panel.status[cell])!)
  }

  private static func row(_ day: Int, _ product: String, _ place: String, _ units: String, _ price: String = "")
    -> String
  {
    "\(Delivery.first + day),\(product),\(place),\(units),\(price)"
  }

  private func text(_ rows: [String]) -> String { ([Self.header] + rows).joined(separator: "\n") + "\n" }

  // MARK: Bad rows

  /// A hundred rows, each wrong in its own way: all are in quarantine, each with a message that names the mend.
  @Test func aHundredBadRows() throws {
    let resources = try #require(Bundle.module.resourcePath) + "/bad_rows/"
    let mapping = Self.mapping()
    var options = DeliveryLoad.Options()
    options.badRows.maximumShare = 1
    let products = try folder.write(
      "product,category,department\ntea,drinks,hot\nkäse,fresh,cheese\n", to: "products.csv")
    let stores = try folder.write("store,region\nnorth,upper\nsüd,lower\n", to: "stores.csv")
    let files = try DeliveryFiles(
      [.sales: [resources + "sales.csv"], .products: [products], .stores: [stores]], mapping: mapping)
    let record = try DeliveryLoad(source: "test", mapping: mapping, files: files, options: options)
      .run(into: store, IngestEnvironment(now: { Delivery.now })).record
    #expect(record.summary.rowsLoaded == 11 && record.summary.rowsQuarantined == 100)
    let rows = try store.quarantine(load: record.id)
    let found = rows.map { "\($0.line)\t\($0.column)\t\($0.kind)\t\($0.reason)" }.joined(separator: "\n") + "\n"
    if let golden = ProcessInfo.processInfo.environment["DEMAND_WRITE_GOLDEN"] {
      try Data(found.utf8).write(to: URL(filePath: golden))
    }
    let golden = try String(contentsOfFile: resources + "golden.tsv", encoding: .utf8)
    for (line, expected) in zip(found.split(separator: "\n"), golden.split(separator: "\n")) {
      #expect(line == expected)
    }
    #expect(rows.count == 100 && found.count == golden.count)
    let mends = [
      "write", "correct", "add", "deliver", "keep", "fill", "round", "double", "close", "look", "save", "quote",
      "declare", "complete",
    ]
    for row in rows { #expect(mends.contains { row.reason.contains($0) }, "\(row.reason)") }
    #expect(Set(rows.map(\.kind)).count >= 18, "\(Set(rows.map(\.kind)).sorted())")
    #expect(Set(rows.map(\.kind)).isSubset(of: RefusalKind.all(levels: [])))
  }

  /// The day of a refused row is unknown, not a day on which nothing was sold.
  @Test func refusedDaysAreUnknown() throws {
    try load(
      text(
        (0..<5).map { Self.row($0, "tea", "north", $0 == 2 ? "many" : "3") }
          + (0..<5).map { Self.row($0, "ham", "north", "1") }))
    #expect(try units("tea", "north", 2)! == (0, .unknown))
    #expect(try units("tea", "north", 3)! == (3, .sold))
  }

  // MARK: Unknown keys and quarantine

  @Test func heldRowsAreReadAgain() throws {
    let rows = (0..<4).flatMap {
      [Self.row($0, "tea", "north", "1", "2"), Self.row($0, "gin", "north", "\($0 + 5)", "9")]
    }
    let record = try load(text(rows), Self.mapping { $0.unknownKeys = .hold }) { $0.badRows.maximumShare = 0 }
    #expect(record.summary.quarantinedByReason == ["unknown_product": 4] && record.summary.rowsLoaded == 4)
    let environment = IngestEnvironment(now: { Delivery.now })
    var options = DeliveryLoad.Options()
    options.badRows.maximumShare = 0
    let retry = QuarantineRetry(load: record.id, options: options)
    let early = try retry.run(into: store, environment)
    #expect(early.load == nil && early.released == 0 && early.kept == ["unknown_product": 4])
    #expect(try store.loads().count == 1)
    // The product comes with the next delivery, and the held rows fit.
    try load(
      text([Self.row(4, "tea", "north", "1")]), products: "product,category,department\ngin,drinks,strong\n", stores: ""
    )
    let late = try retry.run(into: store, environment)
    #expect(late.released == 4 && late.kept.isEmpty && late.load?.summary.rowsLoaded == 4)
    #expect(try store.quarantine(load: record.id).isEmpty)
    #expect(try units("gin", "north", 3)! == (8, .sold))
    #expect(try store.panel().prices.price.contains(9))
    #expect(try store.lastCompleteDay() == Delivery.first + 4, "rows of earlier days do not move the origin back")
    #expect(try retry.run(into: store, environment).released == 0)
  }

  /// Rows with quotes, separators and line breaks inside come back as they were; those that still do not fit stay.
  @Test func retriesKeepWhatStillDoesNotFit() throws {
    let sales =
      "date;product;store;units;price\n2024-01-01;tea;north;1;1,5\n2024-01-01;\"a; \"\"b\"\"\nc\";north;2;2,5\n"
      + "2024-01-02;\"a; \"\"b\"\"\nc\";north;-2;\n2024-01-03;\"x\"y;north;2;\n2024-01-03;rum;north;2;\n"
    let mapping = Self.mapping { $0.sales[0].numbers = NumberFormat(decimal: .comma) }
    let record = try load(sales, mapping)
    #expect(record.summary.rowsLoaded == 1 && record.summary.rowsQuarantined == 4)
    var reader = try load(
      text([Self.row(8, "tea", "north", "1")]),
      products: "product,category,department\n\"a; \"\"b\"\"\nc\",drinks,odd\n",
      stores: "")
    #expect(reader.summary.newProducts == 1)
    let outcome = try QuarantineRetry(load: record.id, options: .init()).run(
      into: store, IngestEnvironment(now: { Delivery.now }))
    #expect(outcome.released == 1)
    #expect(outcome.kept == ["negative_units": 1, "unknown_product": 1, "text_after_quote": 1])
    #expect(try units("a; \"b\"\nc", "north", 0)! == (2, .sold))
    #expect(try store.quarantine(load: record.id).map(\.line).sorted() == [5, 7, 8])
    reader = try #require(try store.loads().last)
    #expect(reader.summary.rowsQuarantined == 0 && reader.source == "test")
    try store.dropQuarantine(try store.quarantine(load: record.id).compactMap(\.id))
    #expect(try store.quarantine(load: record.id).isEmpty)
  }

  @Test func unknownKeysCanBeMade() throws {
    let record = try load(
      text([Self.row(0, "gin", "east", "1"), Self.row(1, "tea", "east", "2")]),
      Self.mapping { $0.unknownKeys = .create })
    #expect(record.summary.rowsLoaded == 2 && record.summary.newProducts == 3 && record.summary.newStores == 3)
    let hierarchy = try store.panel().hierarchy
    #expect(hierarchy.product.levels.flatMap(\.nodes).contains("unassigned"))
    #expect(try units("gin", "east", 0)! == (1, .sold))
  }

  /// What the reason for fractions of a counted product advises can be followed.
  @Test func countsBecomeMeasures() throws {
    let products = "product,category,department,kind\ntea,drinks,hot,"
    let rows = text([Self.row(0, "tea", "north", "2"), Self.row(1, "tea", "north", "1.5")])
    let record = try load(rows, products: products + "\n")
    #expect(record.summary.rowsLoaded == 1 && record.summary.quarantinedByReason == ["fractional_units": 1])
    let reason = try store.quarantine(load: record.id)[0].reason
    #expect(reason.contains("give the product the kind measure in products.csv and load that"), "\(reason)")
    let later = text([Self.row(2, "tea", "north", "3")])
    try load(later, products: products + "measure\n", stores: "")
    let outcome = try QuarantineRetry(load: record.id, options: .init()).run(
      into: store, IngestEnvironment(now: { Delivery.now }))
    #expect(outcome.released == 1 && outcome.kept.isEmpty)
    #expect(try units("tea", "north", 1)! == (2, .sold), "a panel holds the nearest whole number")
    // A product whose row does not say is what it was; fractions cannot be counted again.
    let silent = try load(text([Self.row(3, "tea", "north", "0.5")]), products: products + "\n", stores: "")
    #expect(silent.summary.rowsLoaded == 1)
    let back = try load(text([Self.row(4, "tea", "north", "1")]), products: products + "count\n", stores: "")
    #expect(back.summary.quarantinedByReason == ["hierarchy": 1])
    #expect(try store.quarantine(load: back.id)[0].reason.contains("has fractions of units"))
    #expect(try store.check().first { $0.check == "fractional_counts" }?.count == 0)
  }

  /// The same where the mapping says the kind of all.
  @Test func countsBecomeMeasuresByTheMapping() throws {
    let mapping = Self.mapping { $0.products[0].columns["kind"] = nil }
    let rows = text([Self.row(0, "tea", "north", "2"), Self.row(1, "tea", "north", "1.5")])
    let record = try load(rows, mapping)
    #expect(try store.quarantine(load: record.id)[0].reason.contains("declare 'kind: measure' in the mapping"))
    var measured = mapping
    measured.measured = true
    let again = try load(rows, products: "", stores: "", measured)
    #expect(again.summary.rowsLoaded == 1 && again.summary.rowsUnchanged == 1)
  }

  /// Days that are loaded and then not learnt from are no secret.
  @Test func incompleteDaysAreTold() throws {
    let rows = text((0..<5).map { Self.row($0, "tea", "north", "1") })
    let details = try load(rows) { $0.completeThrough = Delivery.first + 1 }.summary.details
    #expect(
      details?.warnings.contains { $0.contains("--complete-through 2024-01-02") && $0.contains("3 days") } == true,
      "\(details?.warnings ?? [])")
    // One day is the one under way.
    let next = try load(rows + Self.row(5, "tea", "north", "1") + "\n") { $0.completeThrough = Delivery.first + 4 }
    #expect(next.summary.details?.warnings == [])
    #expect(next.summary.details?.notes.contains { $0.contains("forecasts start on 2024-01-06") } == true)
  }

  // MARK: Zeros, negatives, days to come

  @Test func zerosAndNegatives() throws {
    let rows = [Self.row(0, "tea", "north", "5"), Self.row(1, "tea", "north", "0"), Self.row(2, "tea", "north", "-3")]
    func summary(_ change: (inout SourceMapping) -> Void) throws -> LoadSummary {
      let record = try load(
        text(rows + [Self.row(3, "tea", "north", "\(Int.random(in: 1...1_000_000))")]), Self.mapping(change))
      return record.summary
    }
    #expect(try summary { _ in }.quarantinedByReason == ["negative_units": 1])
    #expect(try units("tea", "north", 2)! == (0, .unknown))
    let zero = try summary { $0.negative = .zero }
    #expect(zero.details?.dayClasses == ["sold": 2, "sold_none": 2])
    #expect(try units("tea", "north", 2)! == (0, .sold))
    let separate = try summary { $0.negative = .separate }
    #expect(separate.details?.notes.contains("3 units came back and are not stored") == true)
    let unknown = try summary {
      $0.negative = .zero
      $0.zero = .unknown
    }
    #expect(unknown.details?.dayClasses == ["sold": 2, "unknown": 2])
    _ = try summary {
      $0.negative = .zero
      $0.zero = .notRanged
    }
    #expect(try units("tea", "north", 1)! == (0, .notRanged))
  }

  /// One wrong date does not move the origin, neither refused nor allowed.
  @Test func daysToCome() throws {
    let rows = [Self.row(0, "tea", "north", "5"), "2033-01-01,tea,north,1,", Self.row(32, "tea", "north", "1")]
    let record = try load(text(rows))
    #expect(record.summary.quarantinedByReason == ["future_date": 2], "32 days on is 2 February, today is the 1st")
    #expect(try store.lastCompleteDay() == Delivery.first)
    let allowed = try load(text(rows)) { $0.allowsFuture = true }
    #expect(allowed.summary.rowsLoaded == 2 && allowed.summary.rowsUnchanged == 1)
    #expect(try store.lastCompleteDay() == Day(iso: "2024-02-01"))
  }

  @Test func dayClassesAndGaps() throws {
    // North reports on days 0 to 9 but 4 and 5; ham is missing on day 7, and ends on day 8.
    let days = (0..<10).filter { $0 != 4 && $0 != 5 }
    let rows =
      days.map { Self.row($0, "tea", "north", $0 == 3 ? "0" : "2") }
      + days.filter { $0 > 0 && $0 != 7 && $0 < 9 }.map { Self.row($0, "ham", "north", "1") }
    let details = try #require(try load(text(rows)).summary.details)
    #expect(
      details.dayClasses == [
        "sold": 7 + 5, "sold_none": 1, "not_ranged": 1, "missing_read_as_zero": 2, "store_silent": 4,
      ])
    #expect(details.timeGrain == "day" && details.rows == 13 + 4, "masters' rows are rows too")
    #expect(
      details.warnings.contains {
        $0.contains("2 days without any row of a store") && $0.contains("north from 2024-01-05, 2 days")
      })
    // The next delivery begins after a gap.
    let later = try load(text([Self.row(13, "tea", "north", "1")])).summary.details
    #expect(later?.warnings.contains { $0.contains("north from 2024-01-11, 3 days") } == true)
  }

  /// The days between the weeks' ends are neither gaps nor unknown.
  @Test func weeksAreNoGaps() throws {
    try load(text([0, 7, 21, 28].map { Self.row($0, "tea", "north", "3") }))
    let panel = try store.panel()
    #expect(
      panel.storeGaps() == [StoreGap(store: "north", from: Delivery.first + 8, through: Delivery.first + 14)])
    let total = panel.coverage(at: LevelPair(product: 0, location: 0))[0]
    #expect(total.sold == 4 && total.unknown == 1 && total.units == 12)
    #expect(try store.check().first { $0.check == "silent_days" }?.count == 7)
  }

  @Test func jumpsOfScale() throws {
    let names = (0..<8).map { "p\($0)" }
    let products = "product,category,department\n" + names.map { "\($0),c,d\n" }.joined()
    func rows(_ days: Range<Int>, _ factor: (Int) -> Int) -> String {
      text(
        days.flatMap { day in
          names.indices.map { Self.row(day, names[$0], "north", "\((12 + (day + $0) % 5) * factor($0))") }
        })
    }
    #expect(try load(rows(0..<10) { _ in 1 }, products: products).summary.details?.warnings == [])
    #expect(try load(rows(10..<12) { _ in 1 }, products: products).summary.details?.warnings == [])
    let one = try load(rows(12..<14) { $0 == 3 ? 24 : 1 }, products: products).summary.details
    #expect(one?.warnings.contains { $0.contains("1 of 8 series jumped in scale (p3 in north") } == true)
    let all = try load(rows(14..<16) { _ in 12 }, products: products).summary.details
    #expect(all?.warnings.contains { $0.contains("over 8 series") && $0.contains("cases instead of units") } == true)
  }

  // MARK: Ways of writing

  @Test func otherNotations() throws {
    var mapping = SourceMapping()
    mapping.sales = [SourceMapping.Table(files: ["*"])]
    mapping.sales[0].columns = [
      "date": "Datum", "product": "Artikel", "store": "Filiale", "units": "Menge", "price": "Preis",
      "category": "Gruppe",
    ]
    mapping.sales[0].constants = ["department": "all goods", "region": "Land"]
    mapping.sales[0].datePatterns = [DatePattern("d.M.yyyy")!, DatePattern("yyyy-Www")!]
    mapping.sales[0].numbers = NumberFormat(decimal: .comma, thousands: .point)
    mapping.measured = true
    let text =
      "Datum;Artikel;Filiale;Menge;Preis;Gruppe;Bemerkung\r\n1.1.2024;Käse;Köln;1.234,5;2,99;Frische;x\r\n"
      + "2.1.2024;Käse;Köln;0;;Frische;\r\n2023-W52;Käse;Köln;1;;Frische;\r\n"
    let bytes = text.unicodeScalars.map { UInt8($0.value) }
    try Data(bytes).write(to: URL(filePath: folder.file("latin.txt")))
    let files = try DeliveryFiles([.sales: [folder.file("latin.txt")]], mapping: mapping)
    let record = try DeliveryLoad(source: "mine", mapping: mapping, files: files)
      .run(into: store, IngestEnvironment(now: { Delivery.now })).record
    #expect(record.summary.rowsLoaded == 3)
    #expect(record.summary.details?.notRead == [folder.file("latin.txt"): ["Bemerkung"]])
    #expect(record.summary.details?.warnings.contains { $0.contains("Windows-1252") } == true)
    #expect(try units("Käse", "Köln", 0)! == (1235, .sold))
    #expect(record.summary.firstDay == Day(iso: "2023-12-31"), "a week is kept under its last day")
    // The same as UTF-16, as spreadsheets save 'Unicode text'.
    let units16 = text.replacing("\r\n1.1", with: "\r\n3.1").utf16
    let wide: [UInt8] = [0xFF, 0xFE] + units16.flatMap { unit -> [UInt8] in [UInt8(unit & 255), UInt8(unit >> 8)] }
    try Data(wide).write(to: URL(filePath: folder.file("wide.txt")))
    let other = try DeliveryLoad(
      source: "mine", mapping: mapping, files: try DeliveryFiles([.sales: [folder.file("wide.txt")]], mapping: mapping)
    ).run(into: store, IngestEnvironment(now: { Delivery.now })).record
    #expect(other.summary.rowsLoaded == 1 && other.summary.rowsUnchanged == 2)
  }

  /// Lines of receipts over several loads and a delivery that repeats days.
  @Test func receiptLines() throws {
    let mapping = Self.mapping {
      $0.rows = .lines
      $0.negative = .net
    }
    let day = text([
      Self.row(0, "tea", "north", "-4", "1"), Self.row(0, "tea", "north", "3", "2"),
      Self.row(0, "tea", "north", "3", "4"),
      Self.row(1, "tea", "north", "-4", "1"), Self.row(0, "gin", "north", "4", "1"),
      Self.row(2, "ham", "north", "x", "1"),
    ])
    let first = try load(day, mapping)
    #expect(
      first.summary.rowsLoaded == 2 && first.summary.quarantinedByReason == ["unknown_product": 1, "not_a_number": 1])
    #expect(try units("tea", "north", 0)! == (2, .sold))
    #expect(try store.panel().prices.price == [3])
    // The same lines again say the same; fewer lines contradict.
    let again = try load(day + Self.row(3, "tea", "north", "1") + "\n", mapping)
    #expect(again.summary.rowsUnchanged == 2 && again.summary.rowsLoaded == 1)
    let part = try load(text([Self.row(0, "tea", "north", "7")]), mapping) { $0.restate = .reject }
    #expect(part.summary.quarantinedByReason == ["contradicts_database": 1])
    #expect(try store.quarantine(load: part.id)[0].reason.contains("add up to 7, the database has 2"))
    // A held line is added to its day once it can be.
    let held = try load(text([Self.row(5, "tea", "north", "2"), Self.row(5, "rum", "north", "2")]), mapping)
    try load(
      text([Self.row(6, "tea", "north", "1")]), products: "product,category,department\nrum,drinks,strong\n",
      stores: "", mapping)
    let outcome = try QuarantineRetry(load: held.id, options: .init()).run(
      into: store, IngestEnvironment(now: { Delivery.now }))
    #expect(outcome.released == 1)
    #expect(try units("rum", "north", 5)! == (2, .sold))
  }
}
