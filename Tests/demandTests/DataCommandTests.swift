import Foundation
import Testing

@Suite struct DataCommandTests {
  @discardableResult
  private func run(_ line: String, in folder: Scratch) throws -> DemandProgram.Outcome {
    let outcome = try DemandProgram.run(line.split(separator: " ").map(String.init), in: folder)
    #expect(outcome.status == 0, "\(line): \(outcome.err)")
    return outcome
  }

  /// What is written out comes back as it was: events of single stores, fractions, and levels of any number.
  @Test(arguments: [
    ("", "category,department", "region"), ("mapping.yml", "family", "state,city"),
  ])
  func exportsComeBack(_ mapping: String, _ above: String, _ around: String) throws {
    let folder = try Scratch()
    let (families, places) = (above.split(separator: ",").count, around.split(separator: ",").count)
    func row(_ names: [String], _ count: Int, _ leaf: String) -> String {
      (names.prefix(count) + [leaf]).joined(separator: ",")
    }
    try folder.write(
      "products.csv",
      "\(above),product,kind\n\(row(["food", "fresh"], families, "tea")),count\n"
        + "\(row(["food", "fresh"], families, "\"ham, raw\"")),measure\n")
    try folder.write(
      "stores.csv",
      "\(around),store\n\(row(["north", "Kiel"], places, "s1"))\n\(row(["north", "Kiel"], places, "s2"))\n")
    try folder.write(
      "events.csv", "date,event,type,store,closed\n2024-01-02,Fair,local,s2,0\n2024-01-03,Stocktaking,own,s1,1\n")
    let sales = (1...5).map {
      "2024-01-0\($0),tea,s1,\($0),2.5,0,ok\n2024-01-0\($0),\"ham, raw\",s2,0.5,3,1,\($0 == 4 ? "out" : "ok")\n"
    }
    try folder.write("sales.csv", "date,product,store,units,price,promotion,stock\n" + sales.joined())
    let levels = { (names: String, leaf: String) in "[\(names.replacing(",", with: ", ")), \(leaf)]" }
    let same = { (names: String) in
      "{" + names.split(separator: ",").map { "\($0): \($0)" }.joined(separator: ", ") + "}"
    }
    try folder.write(
      "first.yml",
      """
      mine:
        product_levels: \(levels(above, "product"))
        location_levels: \(levels(around, "store"))
        sales: {files: [sales.csv], columns: \(same("date,product,store,units,price,promotion,stock"))}
        products: {files: [products.csv], columns: \(same("\(above),product,kind"))}
        stores: {files: [stores.csv], columns: \(same("\(around),store"))}
        events: {files: [events.csv], columns: \(same("date,event,type,store,closed"))}
      """)
    try run("ingest --mapping-file first.yml .", in: folder)
    try run("data export --output out", in: folder)
    let isOwn = !mapping.isEmpty
    #expect((folder.contents("out/mapping.yml") != nil) == isOwn)
    try run(
      "ingest \(isOwn ? "--mapping-file out/mapping.yml " : "")out --database sqlite:again.sqlite", in: folder)
    try run("data export --output again --database sqlite:again.sqlite", in: folder)
    for name in ["products", "stores", "events", "sales"] {
      let (first, second) = (folder.contents("out/\(name).csv"), folder.contents("again/\(name).csv"))
      #expect(first != nil && first == second, "\(name)")
    }
    let text = String(decoding: try #require(folder.contents("out/sales.csv")), as: UTF8.self)
    #expect(text.contains("2024-01-04,\"ham, raw\",s2,0.5,3,1,out\n"), "\(text)")
    #expect(
      String(decoding: folder.contents("out/events.csv") ?? Data(), as: UTF8.self).contains("Stocktaking,own,s1,1"))
  }

  @Test func statusTellsWhatThereIs() throws {
    let retailer = try PublishedRetailer.shared.get()
    let overview = try run("data status --format csv", in: retailer.folder).out
    let series = try #require(overview.firstMatch(of: /\nseries,(\d+)\n/).flatMap { Int($0.1) }, "\(overview)")
    #expect(overview.contains("\nloads,1\n"), "\(overview)")
    let each = try run("data status --level product:store --format csv", in: retailer.folder).out
    #expect(each.split(separator: "\n").count == series + 1)
    #expect(overview.contains("complete_through,20"))
    let stores = try run("data status --level all:store --format csv", in: retailer.folder).out
    #expect(stores.split(separator: "\n").count == 3, "\(stores)")
    #expect(
      stores.hasPrefix("product_level,product,location_level,location,series,units,first_day,last_day,sold,zeros,"))
    let loads = try run("data status --loads --format csv", in: retailer.folder).out
    #expect(loads.split(separator: "\n").count == 2 && loads.contains("long"), "\(loads)")
    #expect(try run("data status --gaps --format csv", in: retailer.folder).out.hasPrefix("store,from,through,days\n"))
    let check = try run("data check --format csv", in: retailer.folder).out
    #expect(check.contains("integrity,ok,0,") && !check.contains(",error,"), "\(check)")
  }

  /// What is written is a delivery that gives the same sales again.
  @Test func exportsComeBack() throws {
    let retailer = try PublishedRetailer.shared.get()
    let scratch = try Scratch()
    let database = "sqlite:\(retailer.folder.path)/demand.sqlite"
    _ = try run("data export --output out --database \(database)", in: scratch)
    _ = try run("ingest out", in: scratch)
    let query = "query sales --level product:store --format csv"
    #expect(try run(query, in: scratch).out == run(query, in: retailer.folder).out)
  }

  @Test func databasesAreLookedAfter() throws {
    let retailer = try PublishedRetailer.shared.get()
    let folder = try retailer.copy()
    #expect(try run("db status --format csv", in: folder).out.contains("schema_version,"))
    let before = try run("query forecast --format csv", in: folder).out
    _ = try run("db backup backups/monday.sqlite", in: folder)
    _ = try run("db vacuum", in: folder)
    #expect(try run("query forecast --format csv", in: folder).out == before)
    #expect(try run("query forecast --format csv --database sqlite:backups/monday.sqlite", in: folder).out == before)
    let again = try DemandProgram.run(["db", "backup", "backups/monday.sqlite"], in: folder)
    #expect(
      again.status == 1 && again.error.count == 2 && again.error[0].contains("a file of this name"), "\(again.err)")
    let fresh = try Scratch()
    #expect(try run("db migrate", in: fresh).out.contains("schema_version"))
    #expect(fresh.contents("demand.sqlite") != nil)
    let empty = try DemandProgram.run(["data", "status", "--gaps"], in: fresh)
    #expect(empty.status == 3 && empty.error.count == 2)
  }
}
