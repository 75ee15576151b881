import DemandData
import DemandModel
import Foundation
import RetailSimulator
import Testing

@Suite struct DeliveryTests {
  @Test func sameSeedGivesTheSameBytesOnAnyNumberOfThreads() throws {
    let directories = [TemporaryDirectory(), TemporaryDirectory(), TemporaryDirectory()]
    for (directory, (seed, threads)) in zip(directories, [(7, 1), (7, 2), (8, 2)]) {
      _ = try RetailSimulator(smallOptions(seed: UInt64(seed))).write(
        to: directory.path, control: RunControl(threads: threads))
    }
    let files = try directories.map { try contents(of: $0) }
    #expect(
      files[0].keys.sorted() == [
        "events.csv", "products.csv", "sales.csv", "stores.csv", "truth.json", "truth_series.csv",
      ])
    #expect(files[0] == files[1])
    #expect(files[0]["sales.csv"] != files[2]["sales.csv"])
    #expect(files[0]["truth.json"] != files[2]["truth.json"])
  }

  @Test func salesAreSortedUniqueAndInsideTheHistory() throws {
    let directory = TemporaryDirectory()
    let options = smallOptions()
    let summary = try RetailSimulator(options).write(to: directory.path)
    let sales = try DeliveredTable("sales.csv", in: directory)
    #expect(sales.heading == "date,product,store,units,price,promotion,stock")
    #expect(sales.rows.count == summary.salesRows)
    let keys = sales.rows.map { "\($0[0]),\($0[1]),\($0[2])" }
    #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 })
    #expect(sales.rows.first?[0] == "2022-10-03")
    #expect(sales.rows.last.map { String($0[0]) } == (options.firstDay + 299).iso)
    let products = Set(try DeliveredTable("products.csv", in: directory).rows.map { $0[0] })
    let stores = Set(try DeliveredTable("stores.csv", in: directory).rows.map { $0[0] })
    #expect(products.count == 15 && stores == ["N1", "N2", "S1"])
    #expect(Set(sales.rows.map { $0[1] }) == products && Set(sales.rows.map { $0[2] }) == stores)
    for row in sales.rows {
      try #require(row.count == 7)
      try #require(Int(row[3]).map { $0 >= 0 } == true)
      try #require(row[4].wholeMatch(of: /[0-9]+\.[0-9]9/) != nil)
      try #require(["0", "1"].contains(row[5]) && ["ok", "out"].contains(row[6]))
    }
    let units = sales.rows.reduce(0) { $0 + Int($1[3])! }
    #expect(units == summary.units)
    #expect(sales.rows.count { $0[6] == "out" } == summary.outOfStockRows && summary.outOfStockRows > 0)
    #expect(sales.rows.count { $0[5] == "1" } == summary.promotionRows && summary.promotionRows > 0)
  }

  @Test func closedDaysHaveNoRowsWhereTheyAreClosedAndOnlyThere() throws {
    let directory = TemporaryDirectory()
    _ = try RetailSimulator(smallOptions()).write(to: directory.path)
    let events = try DeliveredTable("events.csv", in: directory)
    #expect(events.heading == "date,event,type,region,closed")
    let sales = try DeliveredTable("sales.csv", in: directory)
    func stores(on date: String) -> Set<Substring> {
      Set(sales.rows.lazy.filter { $0[0] == date }.map { $0[2] })
    }
    #expect(stores(on: "2022-12-25").isEmpty)
    #expect(stores(on: "2022-12-26") == ["N1", "N2", "S1"])
    // Easter 2023; the second region is closed.
    #expect(stores(on: "2023-04-09") == ["N1", "N2"])
    let closed = events.rows.filter { $0[4] == "1" }.map { "\($0[0]) \($0[1]) \($0[3])" }
    #expect(closed.contains("2022-12-25 Christmas ") && closed.contains("2023-04-09 Easter south"))
  }

  @Test func calendarReachesAYearBeyondTheHistory() throws {
    let directory = TemporaryDirectory()
    let options = smallOptions()
    _ = try RetailSimulator(options).write(to: directory.path)
    let events = try DeliveredTable("events.csv", in: directory)
    let last = try #require(events.rows.last.flatMap { Day(iso: $0[0]) })
    #expect(last >= options.firstDay + (options.days - 1 + 365))
    let dates = events.rows.map { $0[0] }
    #expect(zip(dates, dates.dropFirst()).allSatisfy { $0 <= $1 })
    // Dates from public calendars.
    let named = Set(events.rows.map { "\($0[0]) \($0[1])" })
    for known in [
      "2022-11-24 Thanksgiving", "2023-07-04 IndependenceDay", "2023-05-29 MemorialDay", "2023-09-04 LaborDay",
      "2024-03-31 Easter", "2023-01-01 NewYear",
    ] {
      #expect(named.contains(known))
    }
    #expect(HolidayCalendar.easterSunday(year: 2000).iso == "2000-04-23")
    #expect(HolidayCalendar.easterSunday(year: 2038).iso == "2038-04-25")
    #expect(Set(events.rows.filter { $0[2] == "benefit" }.map { $0[3] }) == ["north", "south"])
  }

  @Test func refusesADirectoryInUseUntilToldToOverwrite() throws {
    let directory = TemporaryDirectory()
    let simulator = try RetailSimulator(smallOptions())
    _ = try simulator.write(to: directory.path)
    #expect(throws: RetailerError.directoryNotEmpty(path: directory.path, found: "events.csv")) {
      try simulator.write(to: directory.path)
    }
    try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(directory.path)/notes.txt"))
    _ = try RetailSimulator(smallOptions(seed: 9)).write(to: directory.path, overwrite: true)
    let names = try contents(of: directory).keys.sorted()
    #expect(names.contains("notes.txt") && names.count == 7)
  }

  @Test func aPlaceThatCannotBeWrittenIsNamed() throws {
    let directory = TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
    let file = "\(directory.path)/file"
    try Data("x".utf8).write(to: URL(fileURLWithPath: file))
    let simulator = try RetailSimulator(smallOptions())
    #expect(throws: RetailerError.cannotWrite(path: file, reason: "it is a file, not a directory")) {
      try simulator.write(to: file, overwrite: true)
    }
    do {
      _ = try simulator.write(to: "\(file)/below")
      Issue.record("a directory below a file was written")
    } catch let error as RetailerError {
      #expect(error.description.contains("\(file)/below"))
    }
  }

  @Test func cancellationLeavesNoFile() throws {
    let directory = TemporaryDirectory()
    let simulator = try RetailSimulator(smallOptions())
    #expect(throws: Cancelled.self) {
      try simulator.write(to: directory.path, control: RunControl(isCancelled: { true }))
    }
    #expect(try contents(of: directory).isEmpty)
  }

  @Test(arguments: [(1, 1, 1, 1, 1, 1), (1, 1, 1, 1, 1, 1000), (3, 40, 3, 3, 3, 2), (12, 12, 7, 30, 30, 8)])
  func hostileSizesAreDelivered(
    regions: Int, stores: Int, categories: Int, departments: Int, products: Int, days: Int
  ) throws {
    let directory = TemporaryDirectory()
    var options = SimulatorOptions()
    (options.regions, options.stores, options.categories) = (regions, stores, categories)
    (options.departments, options.products, options.days) = (departments, products, days)
    let summary = try RetailSimulator(options).write(to: directory.path)
    #expect(try DeliveredTable("products.csv", in: directory).rows.count == products)
    #expect(try DeliveredTable("stores.csv", in: directory).rows.count == stores)
    let sales = try DeliveredTable("sales.csv", in: directory)
    #expect(sales.rows.count == summary.salesRows && summary.salesRows >= 1)
    let keys = sales.rows.map { "\($0[0]),\($0[1]),\($0[2])" }
    #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 })
  }
}

@Suite struct OptionTests {
  typealias Change = @Sendable (inout SimulatorOptions) -> Void

  static let impossible: [(String, Change)] = [
    ("stores", { $0.stores = 2 }), ("days", { $0.days = 0 }), ("products", { $0.products = 5 }),
    ("departments", { $0.departments = 2 }), ("regions", { $0.regions = 0 }), ("categories", { $0.categories = -1 }),
    ("slow mover share", { $0.slowMoverShare = 1.5 }), ("late start share", { $0.lateStartShare = .nan }),
    ("ranged share", { $0.rangedShare = 0 }), ("promotions per year", { $0.promotionsPerYear = -1 }),
    ("products x stores x days", { $0.products = .max }), ("first day", { $0.firstDay = Day(number: -1_000_000) }),
  ]

  @Test(arguments: impossible)
  func anImpossibleOptionIsNamedWithItsMending(name: String, change: Change) throws {
    var options = SimulatorOptions()
    change(&options)
    do {
      _ = try RetailSimulator(options)
      Issue.record("\(name) was accepted")
    } catch .invalidOption(let found, _, let mend) {
      #expect(found == name && !mend.isEmpty)
    }
  }
}
