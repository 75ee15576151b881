import Foundation
import Testing

@Suite struct DataCommandTests {
  private func run(_ line: String, in folder: Scratch) throws -> DemandProgram.Outcome {
    let outcome = try DemandProgram.run(line.split(separator: " ").map(String.init), in: folder)
    #expect(outcome.status == 0, "\(line): \(outcome.err)")
    return outcome
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
