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
    #expect(totals.notes.contains { $0.contains("'Total' in row 11") && $0.contains("leave out lines of totals") })
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
    #expect(refusal("date,product,store,units,,\n2024-01-01,a,b,3,,\n").contains("several columns have no name"))
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
}
