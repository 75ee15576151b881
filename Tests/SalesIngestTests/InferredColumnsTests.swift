import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Which columns an inference takes for what, and what it says of the others.
@Suite struct InferredColumnsTests {
  private func infer(_ files: [String: String]) throws -> (MappingInference, folder: TemporaryFolder) {
    let folder = try TemporaryFolder()
    for (name, text) in files { try folder.write(text, to: name) }
    return (try MappingInference([folder.path]), folder)
  }

  private func infer(_ text: String) throws -> MappingInference { try infer(["export.csv": text]).0 }

  private func refusal(_ text: String) -> String {
    do {
      _ = try infer(text)
      return "inferred"
    } catch { return "\(error)" }
  }

  // MARK: Dates

  @Test func severalColumnsOfDatesAreTold() throws {
    let both = try infer("order_date,ship_date,sku,qty\n2024-01-01,2024-01-03,a,1\n2024-01-02,2024-01-05,a,2\n")
    #expect(both.mapping.sales[0].columns["date"] == "order_date")
    let note = try #require(both.notes.first { $0.contains("the day of a sale is taken from 'order_date'") })
    #expect(note.contains("'ship_date' holds dates too") && note.contains("under 'date:'"))
    let one = try infer("order_date,note,sku,qty\n2024-01-01,x,a,1\n2024-01-02,y,a,2\n")
    #expect(!one.notes.contains { $0.contains("holds dates too") })
  }

  @Test func yearsOfTwoDigitsComeFirstOrLast() throws {
    func dates(_ values: [String]) throws -> (pattern: String, notes: [String]) {
      let inferred = try infer("date,sku,qty\n" + values.map { "\($0),a,1\n" }.joined())
      return (
        inferred.mapping.sales[0].datePatterns[0].description, inferred.notes.filter { $0.contains("date_pattern") }
      )
    }
    // No month has 99 days, nor any year a 30 February.
    let (first, none) = try dates(["99.12.30", "99.12.31"])
    #expect(first == "yy.MM.dd" && none.isEmpty)
    #expect(try dates(["30.02.24", "28.02.24"]).pattern == "yy.MM.dd")
    #expect(try dates(["28.02.99", "01.03.99"]) == ("dd.MM.yy", []))
    // Either way: the reading with the days close together, and both are named.
    let (near, told) = try dates(["25.12.30", "25.12.31", "26.01.01"])
    #expect(near == "yy.MM.dd")
    #expect(told.count == 1 && told[0].contains("'25.12.30' may be yy.MM.dd (2025-12-30) or dd.MM.yy (2030-12-25)"))
    let (other, also) = try dates(["05.03.24", "06.03.24", "07.03.24"])
    #expect(other == "dd.MM.yy")
    #expect(also.count == 1 && also[0].contains("dd.MM.yy (2024-03-05) or yy.MM.dd (2005-03-24)"), "\(also)")
    #expect(try dates(["24-12-30", "24-12-31", "25-01-01"]).pattern == "yy-MM-dd")
    #expect(try dates(["2024.12.30", "2024.12.31"]) == ("yyyy.MM.dd", []))
  }

  @Test func unknownFormsOfDatesAreQuoted() {
    let named = refusal("date,sku,qty\n5th of May,a,1\n6th of May,a,2\n")
    #expect(named.contains("line 2 has '5th of May' in 'date', which is no form of dates that is known"), "\(named)")
    #expect(named.contains("declare date_pattern"))
    let unnamed = refusal("when,sku,qty\n5th of May,a,1\n6th of May,a,2\n")
    #expect(unnamed.contains("line 2 has '5th of May', 'a', '1'"), "\(unnamed)")
  }

  // MARK: Money

  @Test(arguments: [
    ("€ 1,99", 1.99, ";"), ("1,99 €", 1.99, ";"), ("$1.99", 1.99, ","), ("1.99 EUR", 1.99, ","), ("-£2.50", -2.5, ","),
    ("1.234,50 kr", 1234.5, ";"), ("1\u{A0}234,50\u{A0}zł", 1234.5, ";"), ("CHF 1'234.50", 1234.5, ","),
  ])
  func signsOfCurrenciesAreLeftOut(_ text: String, _ value: Double, _ separator: String) throws {
    let rows = ["date,sku,qty,price,revenue", "2024-01-01,a,1,\(text.replacing("-", with: "")),\(text)"]
    // Commas within the amounts stay.
    let lines = rows.enumerated().map { index, row in
      separator == ","
        ? row
        : index == 0
          ? row.replacing(",", with: ";")
          : "2024-01-01;a;1;\(text.replacing("-", with: ""));\(text)"
    }
    let (inferred, folder) = try infer(["export.csv": lines.joined(separator: "\n") + "\n"])
    #expect(inferred.mapping.sales[0].columns["price"] == "price", "\(inferred.notes)")
    #expect(inferred.notes.contains { $0.contains("is read without its sign of a currency") })
    let store = try openStore(
      DatabaseURL(path: folder.file("demand.sqlite")), mode: .readWrite(create: true), now: Delivery.now)
    let files = try DeliveryFiles.matching([folder.file("export.csv")], mapping: inferred.mapping)
    let record = try DeliveryLoad(source: "mine", mapping: inferred.mapping, files: files)
      .run(into: store, IngestEnvironment(now: { Delivery.now })).record
    #expect(record.summary.rowsLoaded == 1)
    try store.salesRows(from: nil, to: nil) { row in
      #expect(row.price == abs(value) && row.details.revenue == value)
    }
  }

  @Test func pricesThatAreNoneAreTold() throws {
    let odd = try infer("date,sku,qty,price\n2024-01-01,a,1,about 2\n2024-01-02,a,1,3 each\n2024-01-03,a,1,4?\n")
    #expect(odd.mapping.sales[0].columns["price"] == nil)
    #expect(odd.notes.contains { $0.contains("'price' is called like a price, and values such as 'about 2'") })
    let mixed = try infer("date,sku,qty,price\n2024-01-01,a,1,$2\n2024-01-02,a,1,2 EUR\n2024-01-03,a,1,USD 2\n")
    #expect(mixed.notes.contains { $0.contains("there are several, EUR, USD: nothing is converted") })
    let one = try infer("date,sku,qty,price\n2024-01-01,a,1,€2\n2024-01-02,a,1,2 EUR\n")
    #expect(!one.notes.contains { $0.contains("several") })
    // Units are no money: a sign among them is a bad row.
    let loaded = try Delivery()
    let store = try loaded.open()
    var wrong = loaded
    wrong.sales[3] = "2024-01-02,tea,south,$2,€ 2.5,0,ok"
    wrong.sales[4] = "2024-01-03,tea,north,2,2.5 dollars,0,ok"
    wrong.sales[5] = "2024-01-03,tea,south,2,€ 2.5,0,ok"
    let record = try wrong.load(into: store, lenient()).record
    let rows = try store.quarantine(load: record.id)
    #expect(
      rows.map(\.column) == ["units", "price"] && rows.allSatisfy { $0.reason.contains("write digits") }, "\(rows)")
  }

  // MARK: The long format

  /// What the long format has, an inference finds.
  @Test func columnsAndFilesOfTheLongFormat() throws {
    let days = (1...5).map { "2024-01-0\($0)" }
    let (inferred, folder) = try infer([
      "products.csv": "product,category,department,kind\ntea,drinks,hot,count\nham,fresh,meat,measure\n",
      "stores.csv": "store,region\nnorth,upper\n",
      "events.csv": "date,event,type,region,closed\n2024-01-05,Fair,own,upper,0\n2024-01-06,,,upper,1\n",
      "sales.csv": "date,product,store,units,price,promotion,promotion_kinds,stock\n"
        + days.map { "\($0),tea,north,1,2.5,0.5,feature,ok\n\($0),ham,north,1.5,3,0,,out\n" }.joined(),
      "regressors.csv": "date,regressor,value,region\n2024-01-01,rain,0.5,upper\n2024-01-02,rain,1,upper\n",
      "links.csv": "kind,node,other,date\nremodel,north,,2024-01-02\n",
      "ranging.csv": "product,store,from,through\ntea,north,2024-01-01,\n",
      "attributes.csv": "level,node,attribute,value\nproduct,tea,size,100 g\n",
      "annotations.csv": "from,through,reason,author\n2024-01-03,2024-01-03,strike,me\n",
      "coverage.csv": "complete_through,calendar_through\n2024-01-04,2024-06-30\n",
    ])
    let mapping = inferred.mapping
    #expect(
      mapping.sales[0].columns.keys.sorted() == [
        "date", "price", "product", "promotion", "promotion_kinds", "stock", "store", "units",
      ])
    #expect(mapping.sales[0].others.isEmpty && mapping.products[0].columns["kind"] == "kind" && !mapping.measured)
    #expect(mapping.events[0].columns.keys.sorted() == ["closed", "date", "event", "region", "type"])
    for role in SourceMapping.Role.allCases { #expect(mapping.tables(role).count == 1, "\(role)") }
    #expect(!inferred.notes.contains { $0.contains("is not read") || $0.contains("measured") }, "\(inferred.notes)")
    let printed = try #require(try SourceMapping.read(yaml: "mine:\n" + mapping.yaml(indentation: 2))["mine"])
    #expect(printed == mapping)
    let store = try openStore(
      DatabaseURL(path: folder.file("demand.sqlite")), mode: .readWrite(create: true), now: Delivery.now)
    let record = try DeliveryLoad(
      source: "mine", mapping: mapping, files: try DeliveryFiles.matching([folder.path], mapping: mapping)
    ).run(into: store, IngestEnvironment(now: { Delivery.now })).record
    #expect(record.summary.rowsLoaded == 10 && record.summary.rowsQuarantined == 0)
    #expect(record.summary.completeThrough == Day(iso: "2024-01-04"))
    let stored = record.summary.details?.stored ?? [:]
    #expect(["annotations", "attributes", "links", "ranging_windows", "regressors"].allSatisfy { stored[$0] != nil })
    #expect(try store.calendar().events.count == 1 && store.calendar().closures.count == 1)
  }

  @Test func columnsOfOpenStoresAreTaken() throws {
    let rows = (1...7).map { "2024-01-0\($0),tea,north,\($0 % 7),\($0 == 7 ? 0 : 1)\n" }.joined()
    for name in ["open", "Open", "is_open"] {
      let inferred = try infer("date,product,store,units,\(name)\n" + rows)
      #expect(inferred.mapping.sales[0].columns["open"] == name && inferred.mapping.sales[0].others.isEmpty)
    }
    let hours = try infer(
      "date,product,store,units,open\n" + (1...7).map { "2024-01-0\($0),tea,north,\($0),8-18\n" }.joined())
    #expect(hours.mapping.sales[0].columns["open"] == nil)
    #expect(hours.notes.contains { $0.contains("'open' holds values such as '8-18', which are neither yes nor no") })
  }

  @Test func columnsOfOtherStockAreTold() throws {
    let other = try infer("date,sku,qty,stock\n2024-01-01,a,1,17\n2024-01-02,a,2,15\n")
    #expect(other.mapping.sales[0].columns["stock"] == nil)
    #expect(other.notes.contains { $0.contains("'stock' holds values such as '15', which are no stock status") })
  }
}
