import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// What an inference does where names and values of columns leave room for doubt.
@Suite struct MappingDoubtTests {
  private func infer(_ files: [(String, String)]) throws -> MappingInference {
    let folder = try TemporaryFolder()
    for (name, text) in files { try folder.write(text, to: name) }
    return try MappingInference(files.map { folder.file($0.0) })
  }

  private func infer(_ text: String) throws -> MappingInference { try infer([("export.csv", text)]) }

  private func refusal(_ text: String) -> String {
    do {
      _ = try infer(text)
      return "inferred"
    } catch { return "\(error)" }
  }

  private static func days(_ row: (Int, Day) -> String) -> String {
    (0..<6).map { row($0, Delivery.first + $0) + "\n" }.joined()
  }

  @Test func totalsOfNamesAreLeftOut() throws {
    for total in [
      "Summe north", "north Ergebnis", "Gesamtergebnis", "Total north", "Summe:", "north total", "Summe: north",
      "SUMME north", "Total (north)", "Total général", "TOTAL GENERAL", "Totale", "Totaal", "Somme", "Suma", "∑",
    ] {
      let rows = Self.days { "\($1),tea,north,\($0)\n\($1),ham,north,1\n\($1),\(total),north,\($0 + 1)" }
      let inferred = try infer("date,product,store,units\n" + rows)
      #expect(inferred.mapping.sales[0].except == ["product": [total]], "\(total)")
    }
    for name in ["north star", "All Bran", "Total Clean", "Ergebnisheft", "Suma Soap"] {
      let rows = Self.days { "\($1),tea,north,\($0)\n\($1),\(name),north,1" }
      #expect(try infer("date,product,store,units\n" + rows).mapping.sales[0].except.isEmpty, "\(name)")
    }
  }

  @Test func mondaysAndBeginningsAreFirstDaysOfWeeks() throws {
    func weekDate(_ name: String, _ shift: Int) throws -> SourceMapping.WeekDate {
      let rows = (0..<5).map { "\(Delivery.first + 7 * $0 + shift),tea,north,1\n" }.joined()
      let mapping = try infer("\(name),product,store,units\n" + rows).mapping
      #expect(mapping.grain == .week)
      return mapping.weekDate
    }
    #expect(try weekDate("date", 0) == .first && weekDate("week_start", 6) == .first)
    #expect(try weekDate("date", 6) == .last && weekDate("week_end", 0) == .last)
  }

  @Test func numbersThatMayBeTwoAreLeftOpen() throws {
    for units in [["15.260", "9.556", "20.251"], ["20,000", "12,000", "27,000"], ["20.000", "12.000", "3.000", "7"]] {
      let rows = units.enumerated().map { "\(Delivery.first + $0);tea;north;\($1)\n" }.joined()
      let inferred = try infer("date;product;store;units\n" + rows)
      #expect(inferred.doubtfulNumber == units[0] && inferred.notes.isEmpty && !inferred.mapping.measured)
      let yaml = inferred.mapping.yaml(indentation: 2, doubtfulNumber: inferred.doubtfulNumber)
      #expect(yaml.contains("# '\(units[0])' may be ") && yaml.contains("decimal: undecided"), "\(yaml)")
      #expect(throws: (any Error).self) { try SourceMapping.read(yaml: "mine:\n" + yaml) }
    }
    // A value below a thousand, or beyond a million, shows what the mark is.
    for units in [["1.204", "13"], ["1.204", "2.000.310"]] {
      let rows = units.enumerated().map { "\(Delivery.first + $0);tea;north;\($1)\n" }.joined()
      #expect(try infer("date;product;store;units\n" + rows).doubtfulNumber == nil)
    }
  }

  @Test func overlappingReceiptsAreCountedAndGetAKey() throws {
    func lines(_ range: Range<Int>) -> String {
      "invoice,date,product,store,units\n"
        + range.map { "\($0),\(Delivery.first + $0 / 50),tea,north,\($0 % 4 + 1)\n" }.joined()
    }
    let inferred = try infer([("a.csv", lines(0..<500)), ("b.csv", lines(400..<900))])
    #expect(inferred.mapping.sales[0].lineKey == ["invoice", "date", "product", "store", "units"])
    #expect(inferred.notes.contains { $0.contains("100 of 1000 rows are in an earlier file too") }, "\(inferred.notes)")
  }

  @Test func upsideDownLevelsAreTurned() throws {
    let sales = "date,product,store,units\n" + Self.days { "\($1),p\($0),north,1" }
    let items =
      "product,class,department\n" + (0..<6).map { "p\($0),c\($0 / 2),d\($0 / 4)\n" }.joined()
    let turned = try infer([("sales.csv", sales), ("items.csv", items)]).mapping.products[0].columns
    #expect(turned["category"] == "department" && turned["department"] == "class")
    let upright =
      "product,class,department\n" + (0..<6).map { "p\($0),c\($0 / 4),d\($0 / 2)\n" }.joined()
    let kept = try infer([("sales.csv", sales), ("items.csv", upright)]).mapping.products[0].columns
    #expect(kept["category"] == "class" && kept["department"] == "department")
    let own =
      "date,product,category,department,store,units\n" + Self.days { "\($1),p\($0),c\($0 / 2),d\($0 / 4),north,1" }
    #expect(try infer(own).mapping.sales[0].columns["category"] == "department")
  }

  @Test func datesThatAreNotReadAreExplained() {
    let tail = ",tea,north,1\n"
    #expect(refusal("date,product,store,units\n").contains("holds a header and no rows"))
    let forms = refusal(
      "date,product,store,units\n" + (1...9).flatMap { ["0\($0).01.2025", "\($0).1.25"] }.map { $0 + tail }.joined())
    #expect(
      forms.contains("in several forms, such as '01.01.2025' and '1.1.25'")
        && forms.contains("date_pattern takes several"),
      "\(forms)")
    for week in ["202502", "2/2025", "2025-KW02", "KW 02 2025", "02.2025"] {
      let text = refusal("week,product,store,units\n" + String(repeating: week + tail, count: 3))
      #expect(text.contains("such as '\(week)': write them as 2025-W02"), "\(text)")
    }
    let bare = refusal("KW,Jahr,product,store,units\n" + (1...9).map { "\($0),2025" + tail }.joined())
    #expect(bare.contains("weeks without their year in 'KW'"), "\(bare)")
  }

  @Test func bytesThatAreNoTextAreNamedAsSuch() throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<2000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 9) | 1 }
    try Data(bytes).write(to: URL(filePath: folder.file("u.csv")))
    #expect { try MappingInference([folder.file("u.csv")]) } throws: {
      "\($0)".contains("it is no text: save its table")
    }
  }

  @Test func columnsWithoutNameAndValuesAreNothing() throws {
    let inferred = try infer("date,,product,store,units,,\n" + Self.days { "\($1),,tea,north,\($0),," } + ",,,,,,\n")
    #expect(inferred.mapping.sales[0].columns["units"] == "units" && inferred.mapping.sales[0].others.isEmpty)
    #expect(inferred.notes.isEmpty, "\(inferred.notes)")
  }
}
