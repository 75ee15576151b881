import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// What is inferred from files that are not quite as they should be.
@Suite struct MappingInferenceTests {
  private func infer(_ bytes: [UInt8], name: String = "export.csv") throws -> MappingInference {
    let folder = try TemporaryFolder()
    try Data(bytes).write(to: URL(filePath: folder.file(name)))
    return try MappingInference([folder.file(name)])
  }

  private func infer(_ text: String) throws -> MappingInference { try infer(Array(text.utf8)) }

  /// What an inference says that does not come about.
  private func refusal(_ text: String) -> String {
    do {
      _ = try infer(text)
      return "inferred"
    } catch { return "\(error)" }
  }

  private static let header = "date,product,store,units,price\n"

  @Test func pointsBeforeThreeDigitsAreBetweenThousands() throws {
    let grouped = try infer("date;product;units\n2024-01-01;a;1.204\n2024-01-02;a;13\n2024-01-03;a;2.000.310\n")
    #expect(grouped.mapping.sales[0].numbers == NumberFormat(decimal: .comma, thousands: .point))
    #expect(!grouped.mapping.measured)
    let note = try #require(grouped.notes.first { $0.contains("'1.204' is read as 1204") })
    #expect(note.contains("declare 'decimal: point' and 'thousands: none'"))
    let commas = try infer("date;product;units\n2024-01-01;a;1,204\n2024-01-02;a;13\n")
    #expect(commas.mapping.sales[0].numbers == NumberFormat(decimal: .point, thousands: .comma))
    // A fraction below one, or of other than three digits, shows what the mark is.
    for (units, format) in [
      ("1.204,0.350", NumberFormat()), ("1.204,2.5", NumberFormat()), ("1.204,1234.000", NumberFormat()),
      ("1,204;0,350", NumberFormat(decimal: .comma)),
    ] {
      let pair = units.split(separator: units.contains(";") ? ";" : ",")
      let text = "date;product;units\n2024-01-01;a;\(pair[0])\n2024-01-02;a;\(pair[1])\n"
      #expect(try infer(text).mapping.sales[0].numbers == format, "\(units)")
    }
  }

  @Test func noMarkBetweenThousandsFollowsALoneZero() {
    let german = NumberFormat(decimal: .comma, thousands: .point)
    func number(_ text: String) -> Double? { german.number(Array(text.utf8)[...]) }
    #expect(number("0.123") == nil && number("-0.123") == nil && number("00.123") == nil)
    #expect(number("1.123") == 1123 && number("0,123") == 0.123 && number("10.123,5") == 10123.5)
  }

  @Test func aBadCellAndALineOfTotalsHideNothing() throws {
    let rows = (1...9).map { "2024-01-0\($0),tea,north,\($0),2.5\n" }.joined()
    let inferred = try infer(Self.header + rows + "2024-01-10,tea,north,3?,2.5\n")
    #expect(inferred.mapping.sales[0].columns["units"] == "units")
    #expect(
      inferred.notes.contains {
        $0.contains("1 of 10 cells of 'units' are no numbers") && $0.contains("'3?' in row 11")
      })
    let totals = try infer(Self.header + rows + "Total,,,45,\n")
    #expect(totals.mapping.sales[0].columns["date"] == "date")
    #expect(totals.notes.contains { $0.contains("1 of 10 rows have 'Total' in 'date' in place of a day") })
    #expect(totals.mapping.sales[0].except == ["date": ["Total"]])
    // One in five is no slip.
    let many = rows.replacing(",4,2.5", with: ",x,2.5").replacing(",5,2.5", with: ",y,2.5")
    #expect(refusal(Self.header + many).contains("no column is called like units; those of numbers are 'price'"))
    // A few days tell months from days, and are no slips.
    let american = (1...60).map { day in "\(day < 58 ? "01/\(day % 12 + 1)" : "01/2\(day % 10)")/2024,tea,north,1,2.5\n"
    }
    #expect(
      try infer(Self.header + american.joined()).mapping.sales[0].datePatterns.map(\.description) == ["M/d/yyyy"])
  }

  @Test func headersThatCannotBeUsedAreErrors() {
    let rows = "2024-01-01,tea,north,3,2.5\n2024-01-02,tea,north,3,2.5\n"
    #expect(refusal("date,product,store,units,units\n" + rows).contains("'units' is there more than once: give every"))
    #expect(refusal("date,product,store,units,,\n2024-01-01,a,b,3,x,y\n").contains("several columns have no name"))
    let unknown = refusal("wann,was,wo,wieviel,teuer\n" + rows)
    #expect(
      unknown.contains("has dates in 'wann'") && unknown.contains("those of numbers are 'wieviel', 'teuer'")
        && unknown.contains("rename columns in the header"), "\(unknown)")
    #expect(refusal(rows).contains("begins with data ('2024-01-01'") && refusal(rows).contains("add a first line"))
    let title = refusal("Sales report,,,,\nof January,,,,\n" + Self.header + rows)
    #expect(title.contains("begins with 'Sales report'") && title.contains("on line 3"), "\(title)")
    let other = refusal("Sales report\n" + (Self.header + rows + rows).replacing(",", with: ";"))
    #expect(other.contains("on line 2") && other.contains("delete the lines above"), "\(other)")
    #expect(refusal((Self.header + rows).replacing("\n", with: "\r")).contains("carriage returns alone"))
  }

  @Test func revenueIsNotTakenForUnitsInSilence() throws {
    let money = try infer("Datum;Filiale;Umsatz\n2024-01-01;1;20,50\n2024-01-02;1;3,25\n")
    #expect(money.mapping.sales[0].columns["units"] == "Umsatz" && money.mapping.measured)
    #expect(money.notes.contains { $0.contains("'Umsatz' is taken for them, which looks like revenue") })
    let both = try infer("Datum;Filiale;Umsatz;Menge\n2024-01-01;1;20,50;4\n2024-01-02;1;3,25;1\n")
    #expect(both.mapping.sales[0].columns["units"] == "Menge" && both.mapping.sales[0].columns["revenue"] == "Umsatz")
    #expect(!both.mapping.measured && !both.notes.contains { $0.contains("looks like revenue") })
    let sales = try infer("date,store,sales\n2024-01-01,1,20\n2024-01-02,1,3\n")
    #expect(sales.notes.contains { $0.contains("'sales' is taken for units: if it is money") })
  }

  /// Excel's line that declares the separator, and UTF-16 without a mark, are read.
  @Test func excelsFilesAreRead() throws {
    let rows = "date;product;store;units\n2024-01-01;tea, green;north;3\n2024-01-02;tea, green;north;4\n"
    let folder = try TemporaryFolder()
    try folder.write("product,category,department\n\"tea, green\",drinks,hot\n", to: "products.csv")
    try folder.write("store,region\nnorth,upper\n", to: "stores.csv")
    for (text, encoding) in [
      ("sep=;\r\n" + rows, String.Encoding.utf8), ("\"sep=;\"\n" + rows, .utf8), ("\u{FEFF}sep=;\n" + rows, .utf8),
      (rows, .utf16LittleEndian), (rows, .utf16BigEndian),
    ] {
      let bytes = try #require(text.data(using: encoding))
      let inferred = try infer(Array(bytes))
      #expect(inferred.mapping.sales[0].separator == .semicolon)
      #expect(inferred.mapping.sales[0].columns["units"] == "units", "\(encoding) \(text.prefix(8))")
      try bytes.write(to: URL(filePath: folder.file("sales.csv")))
      let store = try openStore(
        DatabaseURL(path: folder.file("\(bytes.count) \(encoding.rawValue).sqlite")), mode: .readWrite(create: true),
        now: Delivery.now)
      let record = try LongFormatLoad(files: .init(folder: folder.path), options: lenient())
        .run(into: store, IngestEnvironment(now: { Delivery.now })).record
      #expect(record.summary.rowsLoaded == 2 && record.summary.rowsQuarantined == 0, "\(encoding) \(text.prefix(8))")
    }
  }

  @Test func loadsSayWhatIsWrongWithAHeader() throws {
    let delivery = try Delivery()
    let store = try delivery.open()
    try delivery.write()
    func outcome(_ text: String) throws -> String {
      try delivery.folder.write(text, to: "sales.csv")
      do {
        let load = LongFormatLoad(files: try .init(folder: delivery.folder.path))
        return "\(try load.run(into: store, IngestEnvironment(now: { Delivery.now })).record.summary.rowsLoaded)"
      } catch { return "\(error)" }
    }
    let title = try outcome("Sales of January\n\n" + delivery.salesText)
    #expect(title.contains("named on line 3, not on the first: delete the lines above"), "\(title)")
    #expect(try outcome(delivery.salesText.replacing("\n", with: "\r")).contains("carriage returns alone"))
    #expect(try outcome(delivery.salesText) == "\(delivery.sales.count)")
  }

  // MARK: Several files

  private static let days = (1...9).map { "2023-01-0\($0)" }

  private static func rows(_ products: [String] = ["a"], month: String = "01", separator: String = ",") -> String {
    let rows = days.flatMap { day in
      products.map {
        [day.replacing("-01-", with: "-\(month)-"), $0, "north", "3"].joined(separator: separator) + "\n"
      }
    }
    return ["date", "product", "store", "units"].joined(separator: separator) + "\n" + rows.joined()
  }

  private func dryRun(
    _ inferred: MappingInference, _ names: [String], _ options: DeliveryLoad.Options = .init()
  ) throws -> DryRun.Outcome {
    let files = try DeliveryFiles.matching(names, mapping: inferred.mapping)
    return try DryRun(source: "mine", mapping: inferred.mapping, files: files, options: options).run(
      IngestEnvironment(now: { Delivery.now }))
  }

  @Test func allFilesOfTheSameColumnsAreRead() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.rows(month: "01"), to: "2024-01.csv")
    try folder.write(Self.rows(month: "02"), to: "2024-02.csv")
    // Another order, another separator and a column more.
    try folder.write(
      "units;store;date;product;note\n"
        + Self.days.map { "2;north;\($0.replacing("-01-", with: "-03-"));a;x\n" }.joined(),
      to: "2024-03.csv")
    try folder.write("text\nhello\n", to: "other.csv")
    let inferred = try MappingInference([folder.path])
    #expect(inferred.mapping.sales.map(\.files) == [["2024-01.csv", "2024-02.csv", "2024-03.csv"]])
    #expect(inferred.mapping.sales[0].separator == nil && inferred.mapping.rows == .totals)
    #expect(inferred.notes.contains { $0.hasPrefix("3 files of sales") })
    #expect(inferred.notes.contains { $0.contains("other.csv") && $0.contains("not read") })
    let outcome = try dryRun(inferred, [folder.path])
    #expect(outcome.record.summary.rowsLoaded == 27 && outcome.refusal == nil)
    // Another way of writing dates is named.
    try folder.write("date,product,store,units\n31.01.2024,a,north,3\n30.01.2024,a,north,3\n", to: "2024-04.csv")
    let odd = try MappingInference([folder.path])
    #expect(odd.mapping.sales[0].files.count == 3)
    #expect(
      odd.notes.contains { $0.contains("2024-04.csv") && $0.contains("writes its dates otherwise: it is not read") })
    // One that holds what another does.
    try folder.write(Self.rows(month: "02"), to: "2024-04.csv")
    let twice = try MappingInference([folder.path])
    #expect(twice.mapping.rows == .totals && twice.notes.contains { $0.contains("that another file has too") })
  }

  @Test func filesThatNoTableReadsAreNamedAtLoad() throws {
    let delivery = try Delivery()
    try delivery.write()
    try delivery.folder.write("see mapping.yml\n", to: "README.txt")
    func warnings() throws -> [String] {
      let files = try DeliveryFiles(folder: delivery.folder.path, mapping: .long)
      let store = try openStore(
        DatabaseURL(path: delivery.folder.file("\(UUID().uuidString).sqlite")), mode: .readWrite(create: true),
        now: Delivery.now)
      return try DeliveryLoad(source: "long", mapping: .long, files: files).run(
        into: store, IngestEnvironment(now: { Delivery.now })
      ).record.summary.details?.warnings ?? []
    }
    #expect(try !warnings().contains { $0.contains("not read") })
    try delivery.folder.write("a,b\n1,2\n", to: "verkauf.csv")
    try delivery.folder.write("x", to: "more.xlsx")
    let found = try #require(try warnings().first { $0.contains("not read") })
    #expect(found.contains("verkauf.csv'") && found.contains("more.xlsx'") && !found.contains("README"), "\(found)")
  }

  /// Masters of one header are read together; another list that names products is no master.
  @Test func furtherFilesOfMasters() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.rows(["a", "b"]), to: "sales.csv")
    try folder.write("product,name\na,Tea\n", to: "items1.csv")
    try folder.write("product,name\nb,Ham\n", to: "items2.csv")
    try folder.write("product,store,shelf\na,north,3\na,south,4\n", to: "shelves.csv")
    let inferred = try MappingInference([folder.path])
    #expect(inferred.mapping.products.map(\.files) == [["items1.csv", "items2.csv"]])
    #expect(!inferred.mapping.sales[0].files.contains("shelves.csv"))
  }

  // MARK: Months, totals, keys

  @Test func monthsAreNoWeeks() throws {
    func text(_ header: String, _ last: Int) -> String {
      "\(header),product,store,units\n"
        + (1...last).map { "2025-\($0 < 10 ? "0" : "")\($0),a,north,\($0)\n" }.joined()
    }
    #expect(refusal(text("period", 12)).contains("has months in 'period', such as '2025-01', which are no grain"))
    #expect(try infer(text("period", 13)).mapping.sales[0].datePatterns.map(\.description) == ["yyyy-ww"])
    #expect(try infer(text("Calendar Week", 12)).mapping.sales[0].datePatterns.map(\.description) == ["yyyy-ww"])
    #expect(refusal(text("date", 12).replacing("2025-", with: "2025")).contains("has months in 'date'"))
  }

  @Test func totalsAreLeftOut() throws {
    let folder = try TemporaryFolder()
    let text = Self.rows(["a", "b", "Grand Total"]).replacing("a,north", with: "a,All stores")
    try folder.write(text, to: "sales.csv")
    let inferred = try MappingInference([folder.file("sales.csv")])
    #expect(inferred.mapping.sales[0].except == ["product": ["Grand Total"], "store": ["All stores"]])
    #expect(inferred.notes.contains { $0.hasPrefix("9 of 27 rows have 'Grand Total' in 'product'") })
    #expect(try dryRun(inferred, [folder.path]).record.summary.rowsLoaded == 9)
    // A load says it too.
    var mapping = inferred.mapping
    mapping.sales[0].except = [:]
    let outcome = try DryRun(
      source: "mine", mapping: mapping, files: try .matching([folder.path], mapping: mapping), options: .init()
    ).run(IngestEnvironment(now: { Delivery.now }))
    let warning = try #require(outcome.record.summary.details?.warnings.first { $0.contains("may be totals") })
    #expect(warning.contains("product 'Grand Total'") && warning.contains("store 'All stores'"), "\(warning)")
    // A chain that is one store, or is called so.
    let all = try infer(Self.rows().replacing("north", with: "All"))
    #expect(all.mapping.sales[0].except.isEmpty)
  }

  @Test func furtherNamesOfProductsAndStores() throws {
    let products =
      ["product_no", "Product Nr", "prod_id", "prod", "Item No", "item_number", "article_no", "sku_code"]
      + ["ASIN", "plu", "material_no", "Art.-Nr.", "Produkt", "référence", "producto", "product name", "item_name"]
    for name in products {
      #expect(
        try infer(Self.rows().replacing(",product,", with: ",\(name),")).mapping.sales[0].columns["product"] == name)
    }
    let stores =
      ["STORE_NUM", "store_no", "store number", "store name", "shop_code", "outlet_id", "branch_no"]
      + ["site_code", "Markt-Nr", "Standort", "Filiale", "Lager", "Werk", "loc"]
    for name in stores {
      #expect(
        try infer(Self.rows().replacing(",store,", with: ",\(name),")).mapping.sales[0].columns["store"] == name)
    }
  }

  @Test func rowsAreNotSummedOverColumnsThatTellThemApart() throws {
    let product = refusal(Self.rows(["a", "b"]).replacing(",product,", with: ",thing,"))
    #expect(product.contains("called like products, but 'thing' tells the rows of a day apart"), "\(product)")
    let both = Self.days.flatMap { day in
      ["a", "b"].flatMap { thing in ["x", "y"].map { "\(day),\(thing),\($0),4\n" } }
    }
    let pair = refusal("date,thing,spot,units\n" + both.joined())
    #expect(pair.contains("'thing' and 'spot' tell the rows"), "\(pair)")
    // Receipts come on one day each, and one row a day is no sum.
    let receipts = Self.days.enumerated().map { "\($1),\($0),a,1\n\($1),\($0 + 50),a,2\n" }.joined()
    #expect(try infer("date,nr,product,units\n" + receipts).mapping.rows == .lines)
    #expect(
      try infer(Self.rows().replacing(",product,", with: ",thing,")).mapping.sales[0].constants["product"] == "total")
  }

  @Test func copiesOfRowsAreNamed() throws {
    let body = Self.rows().split(separator: "\n").dropFirst().joined(separator: "\n") + "\n"
    let inferred = try infer(Self.rows() + body)
    let note = try #require(inferred.notes.first { $0.contains("like another one in every column") })
    #expect(note.hasPrefix("9 of 18 rows") && note.contains("declare 'rows: totals'"), "\(note)")
    #expect(try !infer(Self.rows()).notes.contains { $0.contains("every column") })
  }

  // MARK: What a dry run says of the load

  @Test func aDryRunSaysThatALoadWouldBeRefused() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.rows() + "2023-01-10,a,north,x\n", to: "sales.csv")
    let inferred = try MappingInference([folder.path])
    var options = DeliveryLoad.Options()
    options.badRows = BadRowPolicy(maximumShare: 0.01)
    let refused = try dryRun(inferred, [folder.path], options)
    #expect(refused.record.summary.rowsLoaded == 9)
    #expect("\(try #require(refused.refusal))".contains("1 of 10 rows are bad, more than the 1.0%"))
    options.badRows = BadRowPolicy(maximumShare: 0.5)
    #expect(try dryRun(inferred, [folder.path], options).refusal == nil)
    options.badRows.strict = true
    #expect(try dryRun(inferred, [folder.path], options).refusal != nil)
  }

  @Test func filesThatAreNoTextAreNamed() throws {
    for (start, word) in [
      ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "a workbook"), (Array("PAR1".utf8), "a Parquet file"),
      (Array("%PDF-1.7".utf8), "a PDF"),
    ] as [([UInt8], String)] {
      #expect {
        _ = try infer(start + [UInt8](repeating: 7, count: 600))
      } throws: {
        "\($0)".contains("it is \(word) and no text: save its table as CSV")
      }
    }
    let folder = try TemporaryFolder()
    try folder.write("x", to: "book.xlsx")
    #expect { _ = try MappingInference([folder.path]) } throws: {
      "\($0)".contains("book.xlsx' is not read: it is no text")
    }
    #expect {
      _ = try DeliveryFiles(folder: folder.path, mapping: .long)
    } throws: { "\($0)".contains("save it as CSV") }
  }
}
