import DatabaseTestSupport
import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

/// Rows of totals, told from sales by where they stand and by their figures.
@Suite struct TotalsTests {
  private static let header = "date,product,store,units\n"
  private static let days = (0..<12).map { Delivery.first + $0 }

  private func folder(_ files: [String: String]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, text) in files { try folder.write(text, to: name) }
    return folder
  }

  private func infer(_ text: String) throws -> MappingInference {
    let folder = try folder(["export.csv": text])
    return try MappingInference([folder.file("export.csv")])
  }

  private func dryRun(_ text: String) throws -> (inferred: MappingInference, outcome: DryRun.Outcome) {
    let folder = try folder(["export.csv": text])
    let inferred = try MappingInference([folder.path])
    let files = try DeliveryFiles.matching([folder.path], mapping: inferred.mapping)
    return (
      inferred,
      try DryRun(source: "mine", mapping: inferred.mapping, files: files, options: .init()).run(
        IngestEnvironment(now: { Delivery.now }))
    )
  }

  /// Sales of two products in two stores, as whole numbers that repeat nowhere.
  private static func sales(_ row: (_ product: String, _ store: String, _ day: Int) -> Int) -> String {
    days.indices.flatMap { day in
      ["tea", "ham"].flatMap { product in
        ["north", "south"].map { "\(days[day]),\(product),\($0),\(row(product, $0, day))\n" }
      }
    }.joined()
  }

  private static func units(_ product: String, _ store: String, _ day: Int) -> Int {
    day + (product == "tea" ? 3 : 11) + (store == "north" ? 2 : 5)
  }

  // MARK: Words in place of a day

  @Test(arguments: ["Total", "Summe", "Gesamtergebnis", "Total January", "Grand total:"])
  func totalsInTheColumnOfDaysAreLeftOut(word: String) throws {
    let totals = ["tea", "ham"].map { "\(word),\($0),,999\n" }.joined() + "\(word),,,1998\n"
    let (inferred, outcome) = try dryRun(Self.header + Self.sales(Self.units) + totals)
    #expect(inferred.mapping.sales[0].except == ["date": [word]])
    #expect(inferred.notes.contains { $0.hasPrefix("3 of 51 rows have '\(word)' in 'date'") }, "\(inferred.notes)")
    #expect(!inferred.notes.contains { $0.contains("would be refused") })
    #expect(outcome.refusal == nil && outcome.refused.isEmpty && outcome.record.summary.rowsLoaded == 48)
  }

  /// So many totals that they once hid the dates.
  @Test func aTotalForEveryFewRows() throws {
    let rows = Self.days.prefix(4).map { "\($0),tea,north,3\nTotal,,,3\n" }.joined()
    let (inferred, outcome) = try dryRun(Self.header + rows)
    #expect(inferred.mapping.sales[0].except["date"] == ["Total"] && outcome.record.summary.rowsLoaded == 4)
  }

  @Test func oddDatesAreBlamedAndNotGoodOnes() throws {
    let rows = Self.days.prefix(8).map { "\($0),tea,north,3\n" } + ["n.n.,tea,north,1\n", "offen,tea,north,1\n"]
    let error = #expect(throws: IngestError.self) { try infer(Self.header + rows.joined()) }
    let words = "\(error!)"
    #expect(words.contains("2 of 10 cells of 'date'") && words.contains("'n.n.' in row 10"), "\(words)")
    #expect(!words.contains("2024-01-01"), "\(words)")
  }

  // MARK: Names

  /// A product called so, with sales of its own in both stores.
  @Test(arguments: ["Total", "All", "Result"]) func aProductCalledTotalIsLoaded(name: String) throws {
    let own = Self.days.indices.flatMap { day in
      ["north", "south"].map { "\(Self.days[day]),\(name),\($0),\(1 + (day * 5) % 7)\n" }
    }
    let (inferred, outcome) = try dryRun(Self.header + Self.sales(Self.units) + own.joined())
    #expect(inferred.mapping.sales[0].except.isEmpty && inferred.doubtfulTotals.isEmpty)
    #expect(inferred.notes.contains { $0.contains("they are read as a product") }, "\(inferred.notes)")
    #expect(outcome.record.summary.rowsLoaded == 72)
    // Totals beside it count it with the others.
    let sums = Self.days.indices.map { day in
      let others = ["tea", "ham"].flatMap { product in ["north", "south"].map { Self.units(product, $0, day) } }
      return "\(Self.days[day]),Grand total,,\(others.reduce(0, +) + 2 * (1 + (day * 5) % 7))\n"
    }
    let both = try infer(Self.header + Self.sales(Self.units) + own.joined() + sums.joined())
    #expect(both.mapping.sales[0].except == ["product": ["Grand total"]], "\(both.doubtfulTotals)")
    // The load sees it by the same figures.
    let details = try #require(outcome.record.summary.details)
    #expect(details.notes.contains { $0.contains("'\(name)' is called like a total") }, "\(details.notes)")
    #expect(!details.warnings.contains { $0.contains("may be totals") }, "\(details.warnings)")
  }

  /// Totals of a day, of a day and store, of a product over stores, of a department, and of all days.
  @Test func sumsOfOthersAreTotals() throws {
    func sum(_ day: Int, product: String? = nil, store: String? = nil) -> Int {
      (product.map { [$0] } ?? ["tea", "ham"]).flatMap { product in
        (store.map { [$0] } ?? ["north", "south"]).map { Self.units(product, $0, day) }
      }.reduce(0, +)
    }
    let kinds: [(totals: [String], except: [String: [String]])] = [
      (Self.days.indices.map { "\(Self.days[$0]),Total,,\(sum($0))\n" }, ["product": ["Total"]]),
      (
        Self.days.indices.map { "\(Self.days[$0]),Total,Total,\(sum($0))\n" },
        ["product": ["Total"], "store": ["Total"]]
      ),
      (
        Self.days.indices.flatMap { day in
          ["north", "south"].map { "\(Self.days[day]),Total,\($0),\(sum(day, store: $0))\n" }
        }, ["product": ["Total"]]
      ),
      (
        Self.days.indices.flatMap { day in
          ["tea", "ham"].map { "\(Self.days[day]),\($0),Total,\(sum(day, product: $0))\n" }
        }, ["store": ["Total"]]
      ),
      (["\(Self.days[11]),Total,,\(Self.days.indices.map { sum($0) }.reduce(0, +))\n"], ["product": ["Total"]]),
    ]
    for (totals, except) in kinds {
      let (inferred, outcome) = try dryRun(Self.header + Self.sales(Self.units) + totals.joined())
      #expect(inferred.mapping.sales[0].except == except, "\(totals[0]) \(inferred.doubtfulTotals)")
      #expect(outcome.record.summary.rowsLoaded == 48)
    }
    // Within departments, with fractions that were rounded.
    let goods = Self.days.indices.flatMap { day in
      [("tea", "hot"), ("rum", "cold"), ("gin", "cold")].map { "\(Self.days[day]),\($0),\($1),north,\(day).25\n" }
        + ["\(Self.days[day]),Total,cold,north,\(2 * day).5\n"]
    }
    let inferred = try infer("date,product,department,store,units\n" + goods.joined())
    #expect(inferred.mapping.sales[0].except == ["product": ["Total"]], "\(inferred.doubtfulTotals)")
  }

  /// What no figures decide is asked, with both choices to copy, and no load takes the mapping before.
  @Test func undecidedTotalsAreAsked() throws {
    // More than the sum of the others: of more products than the file has, or a product that outsells all.
    let more = Self.days.indices.map { "\(Self.days[$0]),Total,north,\(500 + $0)\n" }.joined()
    // Alone on its days.
    let alone = (20..<24).map { "\(Delivery.first + $0),Total,north,7\n" }.joined()
    for rows in [more, alone] {
      let inferred = try infer(Self.header + Self.sales(Self.units) + rows)
      #expect(inferred.mapping.sales[0].except.isEmpty)
      #expect(inferred.doubtfulTotals.map(\.names) == [["Total"]] && inferred.doubtfulTotals[0].column == "product")
      let yaml = inferred.mapping.yaml(indentation: 2, doubtfulTotals: inferred.doubtfulTotals)
      #expect(yaml.contains("except: undecided") && yaml.contains("except: {product: [Total]}"), "\(yaml)")
      #expect(yaml.contains("except: {}"), "\(yaml)")
      let error = #expect(throws: MappingError.self) { try SourceMapping.read(yaml: "mine:\n" + yaml) }
      #expect(error?.problem.contains("is undecided") == true && error?.key.contains("except") == true)
      for (choice, except) in [("{product: [Total]}", ["product": ["Total"]]), ("{}", [:])] {
        let chosen = yaml.replacing("except: undecided", with: "except: \(choice)")
        #expect(try SourceMapping.read(yaml: "mine:\n" + chosen)["mine"]?.sales[0].except == except)
      }
    }
  }

  /// A load without an inference warns of what sums the others.
  @Test(arguments: DatabaseKind.available) func loadsWarnOfSums(on kind: DatabaseKind) throws {
    let sums = (0..<5).flatMap { day in
      [("tea", 2 + day), ("ham", 3), ("Total", 5 + day)].map { "\(Delivery.first + day),\($0),north,\($1),1" }
    }
    let fresh = try DeliveredDatabase(kind)
    let record = try fresh.deliver(
      ["products.csv": DeliveredDatabase.products + "Total,drinks,hot\n"], sales: sums)
    #expect(fresh.warnings(record).contains { $0.contains("product 'Total' may be totals") })
    // With sales of its own it is a product.
    let own = try DeliveredDatabase(kind)
    let other = try own.deliver(
      ["products.csv": DeliveredDatabase.products + "Total,drinks,hot\n"],
      sales: sums.map { $0.replacing(/Total,north,(\d+)/, with: "Total,north,1") })
    #expect(!own.warnings(other).contains { $0.contains("may be totals") }, "\(own.warnings(other))")
    #expect(other.summary.details?.notes.contains { $0.contains("product 'Total' is called like a total") } == true)
  }
}
