import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Numbers that may be thousands as well as fractions, in files that a mapping without `decimal` reads.
@Suite struct NumberDoubtTests {
  private static func mapping(_ numbers: String = "") -> String {
    """
    mine:
      kind: measure
      sales:
        files: [export.csv]
        \(numbers)
        columns: {date: Datum, product: Artikel, store: Filiale, units: Menge, price: Preis}
        constants: {department: all, category: goods, region: everywhere}
    """
  }

  private func load(_ mapping: String, _ rows: [String]) throws -> LoadRecord {
    let folder = try TemporaryFolder()
    try folder.write("Datum;Artikel;Filiale;Menge;Preis\n" + rows.map { $0 + "\n" }.joined(), to: "export.csv")
    let read = try #require(try SourceMapping.read(yaml: mapping)["mine"])
    let store = try openStore(
      DatabaseURL(path: folder.file("demand.sqlite")), mode: .readWrite(create: true), now: Delivery.now)
    return try DeliveryLoad(
      source: "mine", mapping: read, files: try DeliveryFiles(folder: folder.path, mapping: read)
    ).run(into: store, IngestEnvironment(now: { Delivery.now })).record
  }

  private static let doubtful = [
    "2024-01-01;tea;north;1.204;12", "2024-01-02;tea;north;37;12", "2024-01-03;tea;north;2.310;",
  ]

  @Test func ambiguousFilesAreNotLoaded() throws {
    let error = #expect(throws: IngestError.self) { try load(Self.mapping(), Self.doubtful) }
    let words = "\(error!)"
    #expect(words.contains("export.csv line 2, column Menge: '1.204' may be 1204"), "\(words)")
    #expect(
      words.contains("'decimal: comma' and 'thousands: point'") && words.contains("nothing was loaded"), "\(words)")
    #expect(error?.isDeliverysFault == true)
    // In a price, with a sign of its currency.
    let price = #expect(throws: IngestError.self) {
      try load(Self.mapping(), ["2024-01-01;tea;north;2;10", "2024-01-02;tea;north;2;€ 1.459"])
    }
    #expect("\(price!)".contains("line 3, column Preis: '€ 1.459'"), "\(price!)")
  }

  @Test func whoeverSaysSoIsBelieved() throws {
    for (numbers, units) in [("decimal: point", 3.514), ("{decimal}", 3514)] {
      let keys = numbers == "{decimal}" ? "decimal: comma\n    thousands: point" : numbers
      let record = try load(Self.mapping(keys), Self.doubtful)
      #expect(record.summary.rowsLoaded == 3, "\(units)")
    }
  }

  /// One number that can be nothing but a fraction speaks for all.
  @Test(arguments: ["0.204", "1.5", "1234.567", "-0.001"]) func oneNumberDecides(number: String) throws {
    var rows = Self.doubtful
    rows[2] = "2024-01-03;tea;north;\(number);"
    let mapping = Self.mapping().replacing("kind: measure", with: "kind: measure\n  negative: zero")
    #expect(try load(mapping, rows).summary.rowsLoaded == 3)
    #expect(try load(Self.mapping(), ["2024-01-01;tea;north;12;1204"]).summary.rowsLoaded == 1)
  }

  /// What an inference found out stands in the mapping that it prints.
  @Test func inferredMappingsSayWhatTheyFound() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "date,product,store,units\n2024-01-01,tea,north,1.25\n2024-01-02,tea,north,1.204\n", to: "export.csv")
    let inferred = try MappingInference([folder.file("export.csv")])
    let yaml = inferred.mapping.yaml(indentation: 2)
    #expect(yaml.contains("    decimal: point\n"), "\(yaml)")
    #expect(try SourceMapping.read(yaml: "mine:\n" + yaml)["mine"] == inferred.mapping)
  }
}
