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

  /// A small delivery whose last day is not complete.
  private static func deliver(to folder: Scratch) throws {
    try folder.write("in/products.csv", "product,category,department\ntea,drinks,hot\n")
    try folder.write("in/stores.csv", "store,region\nnorth,upper\n")
    try folder.write("in/events.csv", "date,event,type\n2024-01-02,Fair,own\n")
    try folder.write("in/attributes.csv", "level,node,attribute,value\nproduct,tea,size,1\n")
    try folder.write(
      "in/sales.csv", "date,product,store,units\n" + (1...5).map { "2024-01-0\($0),tea,north,\($0)\n" }.joined())
  }

  /// A round trip ends with the same status, but for when and whence the data came.
  @Test func exportsCarryHowFarTheDataReaches() throws {
    let folder = try Scratch()
    try Self.deliver(to: folder)
    try run("ingest in --complete-through 2024-01-04 --calendar-through 2024-06-30", in: folder)
    try run("data export --output out", in: folder)
    try run("ingest out --database sqlite:again.sqlite", in: folder)
    func status(_ options: String) throws -> [Substring] {
      try run("data status --format csv\(options)", in: folder).out.split(separator: "\n")
        .filter { !$0.hasPrefix("last_load,") && !$0.hasPrefix("days_behind,") }
    }
    let before = try status("")
    #expect(before.contains("complete_through,2024-01-04") && before.contains("calendar_known_through,2024-06-30"))
    #expect(try status(" --database sqlite:again.sqlite") == before)
  }

  @Test func exportsWriteOverNoDelivery() throws {
    let folder = try Scratch()
    try Self.deliver(to: folder)
    try run("ingest in", in: folder)
    let before = folder.contents("in/sales.csv")
    for file in ["sales.csv", "sales_2.csv.gz", "mapping.yml"] {
      try folder.write("there/\(file)", "mine\n")
      let refused = try DemandProgram.run(["data", "export", "--output", "there"], in: folder)
      #expect(refused.status == 64 && refused.error.count == 2, "\(refused.err)")
      #expect(refused.error.first?.contains("'there' holds a delivery already: \(file)") == true, "\(refused.err)")
      #expect(refused.error.last == "hint: name another folder, or remove these files")
      try FileManager.default.removeItem(atPath: folder.path + "/there/\(file)")
    }
    let again = try DemandProgram.run(["data", "export", "--output", "in"], in: folder)
    #expect(again.status == 64 && folder.contents("in/sales.csv") == before)
    // Other files are nobody's delivery.
    try folder.write("there/notes.txt", "mine\n")
    try run("data export --output there", in: folder)
  }

  /// A kind, load or name that is not there is no empty list.
  @Test func namesOfNothingAreErrors() throws {
    let folder = try Scratch()
    try Self.deliver(to: folder)
    try run("ingest in", in: folder)
    for (command, status, message, hint) in [
      (
        "quarantine drop --all --kind nosuch", 64, "'nosuch' is no kind", "kinds are absurd_price, contradicts_database"
      ),
      ("quarantine list --kind duplicate_rows", 64, "'duplicate_rows' is no kind", "did you mean 'duplicate_row'?"),
      ("quarantine retry --kind unknown_shop", 64, "'unknown_shop' is no kind", "unknown_region"),
      ("quarantine export --load 99", 64, "there is no load 99", "there are 1: 'demand data status --loads'"),
      ("data restatements --load 99", 64, "there is no load 99", "there are 1: 'demand data status --loads'"),
      ("data restatements --load -1", 64, "there is no load -1", "there are 1"),
      ("data attributes --name sice", 64, "there is no attribute 'sice'", "did you mean 'size'?"),
      ("data regressors --name rain", 64, "there is no regressor 'rain'", "no regressors have been loaded"),
    ] {
      let outcome = try DemandProgram.run(command.split(separator: " ").map(String.init), in: folder)
      #expect(outcome.status == status && outcome.out.isEmpty && outcome.error.count == 2, "\(command): \(outcome.err)")
      #expect(outcome.error.first?.contains(message) == true, "\(command): \(outcome.err)")
      #expect(outcome.error.last?.contains(hint) == true, "\(command): \(outcome.err)")
    }
    try run("quarantine list --kind unknown_region", in: folder)
    try run("data attributes --name size", in: folder)
  }

  /// Dropping a row does not make its day known, and the command says what does.
  @Test func droppedRowsLeaveTheirDaysUnknown() throws {
    let folder = try Scratch()
    try Self.deliver(to: folder)
    try folder.write("lines.yml", "mine: {rows: lines, sales: {files: [more.csv]}}\n")
    try run("ingest in", in: folder)
    try folder.write("more.csv", "date,product,store,units\n2024-01-06,tea,north,2\n2024-01-06,tea,north,many\n")
    try run("ingest --mapping-file lines.yml --max-bad-share 1 more.csv", in: folder)
    let dropped = try run("quarantine drop --all", in: folder)
    #expect(dropped.err.contains("1 row dropped") && dropped.err.contains("--restate supersede"), "\(dropped.err)")
    func unknown() throws -> Bool {
      try run("data status --level product:store --format csv", in: folder).out.contains(",5,0,0,0,0,1\n")
    }
    #expect(try unknown())
    try folder.write("more.csv", "date,product,store,units\n2024-01-06,tea,north,2\n2024-01-06,tea,north,1\n")
    try run("ingest --mapping-file lines.yml --restate supersede more.csv", in: folder)
    #expect(try !unknown())
    // A second row of a day leaves none unknown.
    try folder.write("twice.csv", "date,product,store,units\n2024-01-07,tea,north,2\n2024-01-07,tea,north,2\n")
    try run("ingest --sales twice.csv --max-bad-share 1", in: folder)
    #expect(try !run("quarantine drop --all", in: folder).err.contains("unknown"))
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

  /// A disk that is full in the middle, here by a limit on the size of files, which needs no rights of root.
  @Test(arguments: [false, true]) func aFullDiskLeavesNoHalfExport(isThere: Bool) throws {
    let retailer = try PublishedRetailer.shared.get()
    let scratch = try Scratch()
    if isThere { try scratch.write("out/notes.md", "what I think of it\n") }
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.currentDirectoryURL = URL(filePath: scratch.path)
    // Room for the masters, and not for the sales.
    process.arguments = [
      "-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "bash", try DemandProgram.path, "data", "export", "--output",
      "out",
      "--database", "sqlite:\(retailer.folder.path)/demand.sqlite",
    ]
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 1 && complaint.contains("nothing of it was left there"), "\(complaint)")
    #expect(complaint.contains("at sales.csv") && complaint.contains("hint: make room on the disk"), "\(complaint)")
    let left = try? FileManager.default.contentsOfDirectory(atPath: scratch.path + "/out")
    #expect(left == (isThere ? ["notes.md"] : nil))
    // What a killed export left goes with the next one.
    let gone = Process()
    gone.executableURL = URL(filePath: "/bin/true")
    try gone.run()
    gone.waitUntilExit()
    try scratch.write("out/.demand-export-\(gone.processIdentifier)/products.csv", "product\n")
    try run("data export --output out --database sqlite:\(retailer.folder.path)/demand.sqlite", in: scratch)
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/out").sorted()
    #expect(names == ["events.csv"] + (isThere ? ["notes.md"] : []) + ["products.csv", "sales.csv", "stores.csv"])
  }

  @Test func databasesAreLookedAfter() throws {
    let retailer = try PublishedRetailer.shared.get()
    let folder = try retailer.copy()
    #expect(try run("db status --format csv", in: folder).out.contains("schema_version,"))
    let before = try run("query forecast --format csv", in: folder).out
    let missing = try DemandProgram.run(["db", "backup", "backups/monday.sqlite"], in: folder)
    #expect(missing.status == 1 && missing.error[0].contains("there is no folder"), "\(missing.err)")
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/backups"))
    try FileManager.default.createDirectory(atPath: folder.path + "/backups", withIntermediateDirectories: false)
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
