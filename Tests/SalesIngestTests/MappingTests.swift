import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Mappings in files, and those inferred from a delivery.
@Suite struct MappingTests {
  @Test(arguments: [
    ("mine:\n  sale:\n    files: [a.csv]\n", 2, "unknown key 'sale'"),
    ("mine:\n  rows: sums\n  sales: {files: [a.csv]}\n", 2, "write one of totals, lines"),
    ("mine:\n  sales:\n    files: [a.csv]\n    date_pattern: dd.MM\n", 4, "'dd.MM' is no date pattern"),
    ("mine:\n  sales:\n    files: [a.csv]\n    decimal: comma\n    thousands: comma\n", 3, "same mark"),
    ("mine:\n  sales:\n    files: [a.csv]\n    columns: {dates: Datum}\n", 2, "'dates' is no column of sales"),
    ("mine:\n  sales:\n    columns: {date: Datum}\n", 3, "names no files"),
    ("mine:\n  about: nothing\n", 2, "names no table"),
    ("mine:\n  product_levels: [all, sku]\n  sales: {files: [a.csv]}\n", 2, "levels"),
    ("mine: 3\n", 1, "must hold keys"),
    ("- a\n", 1, "must hold names"),
  ])
  func badMappingsNameTheirPlace(_ text: String, _ line: Int, _ part: String) {
    do {
      _ = try SourceMapping.read(yaml: text)
      Issue.record("read: \(text)")
    } catch {
      #expect(error.line == line, "\(error)")
      #expect((error.problem + " " + error.hint).contains(part), "\(error)")
    }
  }

  private func infer(_ files: [(name: String, text: String)]) throws -> (MappingInference, TemporaryFolder) {
    let folder = try TemporaryFolder()
    for file in files { try folder.write(file.text, to: file.name) }
    return (try MappingInference(files.map { folder.file($0.name) }), folder)
  }

  @Test func germanExport() throws {
    let text =
      "Datum;Artikel;Filiale;Menge;Preis;Aktion\n31.12.2023;4711;12;3;1,99;ja\n01.01.2024;4711;12;1.200;2,49;nein\n"
    let (inferred, folder) = try infer([("export.csv", text)])
    let table = inferred.mapping.sales[0]
    #expect(table.separator == .semicolon && table.numbers == NumberFormat(decimal: .comma, thousands: .point))
    #expect(table.datePatterns.map(\.description) == ["dd.MM.yyyy"])
    #expect(
      table.columns == ["date": "Datum", "product": "Artikel", "store": "Filiale", "units": "Menge", "price": "Preis"])
    #expect(inferred.notes.contains { $0.contains("yes: and no:") })
    let read = try SourceMapping.read(yaml: "mine:\n" + inferred.mapping.yaml(indentation: 2))
    #expect(read["mine"] == inferred.mapping)
    let files = try DeliveryFiles.matching([folder.file("export.csv")], mapping: inferred.mapping)
    let outcome = try DryRun(source: "mine", mapping: inferred.mapping, files: files, options: .init()).run(
      IngestEnvironment(now: { Delivery.now }))
    #expect(outcome.record.summary.rowsLoaded == 2 && outcome.refused.isEmpty && !outcome.isPart)
  }

  @Test func receiptsWithMasters() throws {
    let (inferred, _) = try infer([
      (
        "lines.csv",
        "invoice,sku,shop,qty,unit_price,date\n1,a,n,2,1.5,12/30/2023 08:15\n1,a,n,1,1.5,12/30/2023 09:00\n2,b,n,-1,3,01/02/2024 10:00\n"
      ),
      ("items.csv", "sku,name,category,subcategory\na,Tea,drinks,hot\nb,Ham,fresh,meat\n"),
      ("notes.txt", "text\nhello\n"),
    ])
    let mapping = inferred.mapping
    #expect(mapping.rows == .lines && mapping.negative == .net && !mapping.measured)
    #expect(mapping.sales[0].datePatterns.map(\.description) == ["MM/dd/yyyy *"])
    #expect(mapping.sales[0].columns["price"] == "unit_price" && mapping.sales[0].constants == ["region": "stores"])
    #expect(mapping.products[0].columns == ["product": "sku", "category": "category", "department": "subcategory"])
    #expect(mapping.products[0].others == ["name"] && mapping.stores.isEmpty)
    #expect(inferred.notes.contains { $0.contains("notes.txt") })
  }

  /// Columns that flag kinds of promotion are found by their names, if they hold flags.
  @Test func kindsOfPromotion() throws {
    let resources = try #require(Bundle.module.resourcePath) + "/breakfast/"
    let inferred = try MappingInference([resources + "transaction.csv"])
    #expect(
      inferred.mapping.sales[0].promotions == ["feature": "feature", "display": "display", "tpr": "tpr_only"])
    #expect(inferred.mapping.sales[0].others == ["week", "visits", "hhs"])
    let (other, _) = try infer([("d.csv", "date,sku,store,units,display\n2024-01-01,a,s,5,front\n")])
    #expect(other.mapping.sales[0].promotions.isEmpty && other.mapping.sales[0].others == ["display"])
  }

  @Test func weeklyAndAmbiguous() throws {
    let (inferred, _) = try infer([
      ("w.csv", "week,sku,store,units\n" + ["01/02/2024", "08/02/2024", "15/02/2024"].map { "\($0),a,s,5\n" }.joined())
    ])
    #expect(inferred.mapping.grain == .week)
    #expect(inferred.mapping.sales[0].datePatterns.map(\.description) == ["dd/MM/yyyy"])
    let (ambiguous, _) = try infer([("d.csv", "date,sku,store,units\n01/02/2024,a,s,5\n02/02/2024,a,s,5\n")])
    #expect(ambiguous.notes.contains { $0.contains("check date_pattern") })
    #expect(
      ambiguous.mapping.sales[0].datePatterns.map(\.description) == ["dd/MM/yyyy"], "days that follow one another")
    #expect(throws: IngestError.self) { _ = try self.infer([("x.csv", "a,b\nc,d\n")]) }
  }
}
