import Foundation
import Testing

@Suite struct PublishedForecastTests {
  private func run(_ command: String) throws -> DemandProgram.Outcome {
    try DemandProgram.run(
      command.split(separator: " ").map(String.init), in: try PublishedRetailer.shared.get().folder)
  }

  @Test func nightlySaysWhereTheReportIs() throws {
    let retailer = try PublishedRetailer.shared.get()
    let lines = retailer.nightly.out.split(separator: "\n")
    #expect(lines.first?.contains("published") == true)
    #expect(lines.contains { $0.hasPrefix("report: ") && $0.hasSuffix("report.html") })
    #expect(retailer.folder.contents("reports/forecasts.csv")?.isEmpty == false)
    #expect(retailer.nightly.err.contains("groups"))
  }

  @Test func aRepeatedNightIsANoOp() throws {
    let again = try DemandProgram.run(
      ["nightly", "--horizon", "\(PublishedRetailer.horizon)", "--threads", "1"],
      in: try PublishedRetailer.shared.get().copy())
    #expect(again.status == 0, "\(again.err)")
    #expect(again.out.contains("done before"), "\(again.out)")
  }

  @Test func formatsAgree() throws {
    let csv = try run("query forecast --format csv --quantiles 0.1,0.5,0.9")
    #expect(csv.status == 0 && csv.err.isEmpty, "\(csv.err)")
    let lines = csv.out.split(separator: "\n")
    #expect(lines.first == "product_level,product,location_level,location,date,mean,q0.1,q0.5,q0.9")
    #expect(lines.count == PublishedRetailer.horizon + 1)

    let json = try run("query forecast --format json --quantiles 0.1,0.5,0.9")
    let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [[String: Any]])
    #expect(rows.count == PublishedRetailer.horizon)
    let ndjson = try run("query forecast --format ndjson --quantiles 0.1,0.5,0.9")
    #expect(ndjson.out.split(separator: "\n").count == PublishedRetailer.horizon)
    for (row, line) in zip(rows, lines.dropFirst()) {
      let cells = line.split(separator: ",").map(String.init)
      #expect(row["date"] as? String == cells[4])
      #expect(row["mean"] as? Double == Double(cells[5]))
      #expect(row["q0.5"] as? Int == Int(cells[7]))
      let quantiles = try cells[6...].map { try #require(Int($0)) }
      #expect(quantiles == quantiles.sorted() && quantiles[0] >= 0)
    }
    let markdown = try run("query forecast --format markdown --quantiles 0.5")
    #expect(markdown.out.hasPrefix("| product_level | product |") && markdown.out.contains("---:"))
    let table = try run("query forecast --quantiles 0.5")
    #expect(!table.out.contains("\u{1B}"), "no colour off a terminal")
  }

  @Test func nodesAreFoundByName() throws {
    let levels = try run("query forecast --level department:store --format csv --total")
    let nodes = levels.out.split(separator: "\n").dropFirst()
    #expect(nodes.count == 6)
    for node in nodes {
      let cells = node.split(separator: ",").map(String.init)
      let one = try run("query forecast --product \(cells[1]) --location \(cells[3]) --format csv --total")
      #expect(one.out.split(separator: "\n").last == node)
    }
    // The sum of means over a level is the total's mean: all nodes are sums of the same draws.
    let total = try run("query forecast --format csv --total")
    let mean = try #require(Double(total.out.split(separator: "\n")[1].split(separator: ",")[6]))
    let sum = nodes.reduce(0.0) { $0 + (Double($1.split(separator: ",")[6]) ?? .nan) }
    #expect(abs(sum - mean) < 1e-6 * mean)
  }

  @Test func unknownNodesComeWithTheNearestName() throws {
    let known = try run("query forecast --level department:all --format csv --total").out.split(separator: "\n")
    let name = String(try #require(known.last).split(separator: ",")[1])
    for command in ["query forecast", "query sales"] {
      let outcome = try run("\(command) --product \(name)X")
      #expect(outcome.status == 64 && outcome.out.isEmpty)
      #expect(outcome.error.first?.contains("'\(name)X' is not known") == true, "\(outcome.err)")
      #expect(outcome.error.last?.contains("'\(name)'") == true, "\(outcome.err)")
    }
    let level = try run("query forecast --level department:shop")
    #expect(level.status == 64 && level.error.last?.contains("department:store") == true, "\(level.err)")
  }

  @Test func salesTellZeroesApart() throws {
    let sales = try run("query sales --format csv --level all:store --from 2022-12-20 --to 2022-12-26")
    let lines = sales.out.split(separator: "\n")
    #expect(
      lines.first
        == "product_level,product,location_level,location,date,units,sold,closed,not_ranged,out_of_stock,unknown")
    #expect(lines.count == 1 + 2 * 7, "\(sales.err)")
    let christmas = lines.filter { $0.contains(",2022-12-25,") }.map { $0.split(separator: ",") }
    #expect(christmas.count == 2)
    #expect(christmas.allSatisfy { $0[5] == "0" && Int($0[7]) ?? 0 > 0 }, "stores are closed at Christmas")
    let outside = try run("query sales --from 2031-01-01")
    #expect(outside.status == 3 && outside.out.isEmpty)
  }

  @Test func exportsAreAsDocumented() throws {
    let all = try run("forecast export --levels all --quantiles 0.005,0.025,0.5 --quiet")
    let lines = all.out.split(separator: "\n")
    #expect(lines.first == "product_level,product,location_level,location,date,mean,q0.005,q0.025,q0.5")
    #expect(all.err.isEmpty)
    let pairs = Set(lines.dropFirst().map { $0.split(separator: ",")[0] + ":" + $0.split(separator: ",")[2] })
    #expect(pairs.count == 12)
    let file = try run("forecast export --levels department:store,all:all --format ndjson --output out.ndjson")
    #expect(file.status == 0 && file.out.isEmpty)
    let data = try #require(try PublishedRetailer.shared.get().folder.contents("out.ndjson"))
    let rows = String(decoding: data, as: UTF8.self).split(separator: "\n")
    #expect(rows.count == (6 + 1) * PublishedRetailer.horizon)
    #expect(try rows.allSatisfy { try JSONSerialization.jsonObject(with: Data($0.utf8)) is [String: Any] })
    let nowhere = try run("forecast export --output /no/such/folder/x.csv")
    #expect(nowhere.status == 1 && nowhere.error.count == 2, "\(nowhere.err)")
  }

  @Test func runsAreListedAndShown() throws {
    let list = try run("runs list --format json")
    let rows = try #require(try JSONSerialization.jsonObject(with: Data(list.out.utf8)) as? [[String: Any]])
    #expect(rows.count == 1 && rows[0]["published"] as? Bool == true && rows[0]["status"] as? String == "complete")
    let shown = try run("runs show 1 --format csv")
    #expect(shown.out.contains("horizon,\(PublishedRetailer.horizon)\n"))
    let series = try run("runs show 1 --series --format csv")
    #expect(series.out.hasPrefix("product,store,method,reason,rhat"))
    let diagnostics = try run("runs show 1 --diagnostics --format csv")
    #expect(diagnostics.out.split(separator: "\n").count > 5)
    #expect(try run("runs show 9").status == 64)
    #expect(try run("runs rollback").status == 1)
  }

  @Test func backtestsAreKept() throws {
    let folder = try PublishedRetailer.shared.get().copy()
    let none = try DemandProgram.run(["query", "accuracy"], in: folder)
    #expect(none.status == 3 && none.error.last?.contains("demand backtest") == true)
    let yardsticks = try DemandProgram.run(
      ["backtest", "--yardsticks-only", "--horizon", "14", "--origins", "1", "--format", "json"], in: folder)
    let rows = try JSONSerialization.jsonObject(with: Data(yardsticks.out.utf8)) as? [[String: Any]]
    #expect(rows?.contains { $0["method"] as? String == "seasonal_naive" && $0["wrmsse"] is Double } == true)
    let tooLong = try DemandProgram.run(["backtest", "--origins", "50", "--horizon", "28"], in: folder)
    #expect(tooLong.status == 3 && tooLong.error.count == 2, "\(tooLong.err)")
  }
}
