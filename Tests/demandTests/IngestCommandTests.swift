import Foundation
import GRDB
import Testing

@Suite struct IngestCommandTests {
  static let products = "product,category,department\nP1,FOOD,DAIRY\nP2,FOOD,DAIRY\n"
  static let stores = "store,region\nS1,north\n"
  static let header = "date,product,store,units\n"
  static let good = header + (1...9).map { "2024-01-0\($0),P1,S1,\($0)\n2024-01-0\($0),P2,S1,0\n" }.joined()

  private func delivery(_ sales: String?) throws -> Scratch {
    let folder = try Scratch()
    try folder.write("data/products.csv", Self.products)
    try folder.write("data/stores.csv", Self.stores)
    if let sales { try folder.write("data/sales.csv", sales) }
    return folder
  }

  @Test func aLoadIsSummedUpAndNotRepeated() throws {
    let folder = try delivery(Self.good)
    let first = try DemandProgram.run(["ingest", "data", "--format", "csv"], in: folder)
    #expect(first.status == 0, "\(first.err)")
    #expect(first.out.contains("rows_loaded,18\n") && first.out.contains("last_day,2024-01-09\n"), "\(first.out)")
    let second = try DemandProgram.run(["ingest", "data"], in: folder)
    #expect(second.status == 0)
    #expect(second.err.contains("loaded before, as load 1"))
    let quiet = try DemandProgram.run(["ingest", "data", "--quiet"], in: folder)
    #expect(quiet.err.isEmpty)
  }

  static let refused: [(String, String?, Int32, String)] = [
    ("no sales header", "day,product,store,units\n2024-01-01,P1,S1,1\n", 1, "header"),
    ("empty file", "", 3, "empty"),
    ("negative units", header + "2024-01-01,P1,S1,-2\n", 1, "-2"),
    ("fractional units", header + "2024-01-01,P1,S1,1.5\n", 1, "1.5"),
    ("unknown product", header + "2024-01-01,P9,S1,1\n", 1, "P9"),
    ("unparseable date", header + "01.02.2024,P1,S1,1\n", 1, "01.02.2024"),
  ]

  @Test(arguments: refused)
  func badDeliveriesLeaveTheDatabaseAlone(name: String, sales: String?, status: Int32, mention: String) throws {
    let fresh = try delivery(sales)
    let onNothing = try DemandProgram.run(["ingest", "data"], in: fresh)
    #expect(onNothing.status == status, "\(name): \(onNothing.err)")
    #expect(onNothing.error.count == 2 && onNothing.error[0].contains(mention), "\(onNothing.err)")
    #expect(onNothing.out.isEmpty)
    #expect(fresh.contents("demand.sqlite") == nil, "a database was made for a load that failed")

    let folder = try delivery(Self.good)
    _ = try DemandProgram.run(["ingest", "data"], in: folder)
    let history = try DemandProgram.run(["query", "sales", "--format", "csv"], in: folder)
    try folder.write("data/sales.csv", try #require(sales))
    #expect(try DemandProgram.run(["ingest", "data"], in: folder).status == status)
    #expect(try DemandProgram.run(["query", "sales", "--format", "csv"], in: folder).out == history.out)
  }

  /// Another program that writes for longer than a load waits: its own exit code, nothing changed, and later it works.
  @Test func aDatabaseHeldByAnotherProgram() throws {
    let folder = try delivery(Self.good)
    try #require(try DemandProgram.run(["ingest", "data"], in: folder).status == 0)
    try folder.write("data/sales.csv", Self.header + "2024-01-10,P1,S1,5\n")
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: folder.path + "/demand.sqlite", configuration: configuration)
    try other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    let refused = try DemandProgram.run(["ingest", "data"], in: folder)
    #expect(refused.status == 4, "\(refused.err)")
    #expect(
      refused.error.count == 2 && refused.error[0].contains("is held by another process: wait"), "\(refused.err)")
    try other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    let loaded = try DemandProgram.run(["ingest", "data", "--format", "csv"], in: folder)
    #expect(loaded.status == 0 && loaded.out.contains("rows_loaded,1\n"), "\(loaded.err)")
  }

  @Test func fewBadRowsGoToQuarantine() throws {
    let folder = try delivery(Self.good + "2024-01-09,P1,S1,77\n2024-01-08,P9,S1,1\n")
    let loaded = try DemandProgram.run(["ingest", "data", "--max-bad-share", "0.5"], in: folder)
    #expect(loaded.status == 0, "\(loaded.err)")
    #expect(loaded.err.contains("warning: 2 rows are in quarantine"))
    let kept = try DemandProgram.run(["quarantine", "--format", "csv"], in: folder)
    let lines = kept.out.split(separator: "\n")
    #expect(lines.first == "load,file,line,column,value,kind,reason,row")
    #expect(lines.count == 3 && lines[1].contains(",20,") && lines[2].contains(",21,"), "\(kept.out)")
    // Rows that are being mended are not written over, and what is no file is not replaced.
    let export = ["quarantine", "export", "--output"]
    #expect(try DemandProgram.run(export + ["bad.csv"], in: folder).status == 0)
    try folder.write("bad.csv", "mended\n")
    let mended = folder.contents("bad.csv")
    let second = try DemandProgram.run(export + ["bad.csv"], in: folder)
    #expect(second.status == 64 && second.error[0].contains("'bad.csv' is there already"), "\(second.err)")
    #expect(folder.contents("bad.csv") == mended)
    let pipe = folder.path + "/pipe"
    try #require(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    #expect(try DemandProgram.run(export + ["pipe"], in: folder).status == 0)
    var status = stat()
    #expect(stat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    let strict = try DemandProgram.run(["ingest", "data", "--strict", "--database", "sqlite:b.sqlite"], in: folder)
    #expect(strict.status == 1)
  }

  @Test func missingFilesAreNamed() throws {
    let folder = try Scratch()
    for arguments in [
      ["ingest", "nowhere"], ["ingest", "--sales", "nowhere"],
      ["ingest", "m5", "--sales", "nowhere", "--calendar", "c", "--prices", "p"], ["ingest", "m5", "nowhere"],
    ] {
      let outcome = try DemandProgram.run(arguments, in: folder)
      #expect(outcome.status == 64, "\(outcome.err)")
      #expect(outcome.error.count == 2 && outcome.error[0].contains("'nowhere'"), "\(outcome.err)")
    }
    #expect(folder.contents("demand.sqlite") == nil)
  }

  @Test func filesThatAreNoDatabaseStayAsTheyAre() throws {
    let folder = try delivery(Self.good)
    try folder.write("notes.txt", "not a database, but long enough to be looked at as one\n")
    let before = folder.contents("notes.txt")
    let outcome = try DemandProgram.run(["ingest", "data", "--database", "sqlite:notes.txt"], in: folder)
    #expect(outcome.status == 1)
    #expect(outcome.error.count == 2 && outcome.error[0].contains("not an SQLite database"), "\(outcome.err)")
    #expect(folder.contents("notes.txt") == before)
  }

  /// A correction of many Mondays looks like weeks; an option says what it is.
  @Test func aGrainCanBeSaid() throws {
    let folder = try delivery(Self.good)
    try #require(try DemandProgram.run(["ingest", "data"], in: folder).status == 0)
    try folder.write(
      "mondays.csv",
      Self.header
        + ["2023-12-04", "2023-12-11", "2023-12-18", "2023-12-25", "2024-01-01"].map { "\($0),P1,S1,9\n" }.joined())
    let ingest = ["ingest", "--sales", "mondays.csv", "--format", "csv"]
    let refused = try DemandProgram.run(ingest, in: folder)
    #expect(refused.status == 64 && refused.error[0].contains("say so with --time-grain day"), "\(refused.err)")
    let taken = try DemandProgram.run(ingest + ["--time-grain", "day"], in: folder)
    #expect(taken.status == 0 && taken.out.contains("rows_restated,1\n"), "\(taken.err)")
  }

  /// Of two refused lines one is dropped: the day is named, and whole only when somebody says so.
  @Test func droppedLinesAreMissed() throws {
    let folder = try delivery(nil)
    try folder.write(
      "lines.yml",
      """
      mine:
        rows: lines
        sales: {files: [lines.csv], columns: {date: date, product: product, store: store, units: units}, decimal: point}
        products: {files: [products.csv], columns: {product: product, category: category, department: department}}
        stores: {files: [stores.csv], columns: {store: store, region: region}}
      """)
    try folder.write("data/lines.csv", Self.good + "2024-01-05,P1,S1,x\n2024-01-05,P1,S1,y\n2024-13-05,P1,S1,3\n")
    func run(_ line: String) throws -> DemandProgram.Outcome {
      let outcome = try DemandProgram.run(line.split(separator: " ").map(String.init), in: folder)
      #expect(outcome.status == 0, "\(line): \(outcome.err)")
      return outcome
    }
    _ = try run("ingest --mapping-file lines.yml data --max-bad-share 1")
    let dropped = try run("quarantine drop --load 1")
    #expect(
      dropped.err.contains("1 day lacks dropped lines and stays unknown: P1 in S1 on 2024-01-05"), "\(dropped.err)")
    #expect(dropped.err.contains("demand quarantine drop --load 1 --days-whole"), "\(dropped.err)")
    #expect(dropped.err.contains("1 of the dropped lines named no product, store and day"), "\(dropped.err)")
    let query = "query sales --product P1 --location S1 --from 2024-01-05 --to 2024-01-05 --format csv"
    #expect(try run(query).out.contains(",0,0,0,0,0,1\n"))
    let whole = try run("quarantine drop --load 1 --days-whole")
    #expect(whole.err.contains("1 day that waited for lines is whole now"), "\(whole.err)")
    #expect(try run(query).out.contains(",5,1,0,0,0,0\n"))
  }

  /// What a dry run cannot decide it asks, and prints both answers.
  @Test func aDryRunAsksWhatTotalsAre() throws {
    let folder = try Scratch()
    try folder.write("x.csv", Self.good + (1...9).map { "2024-01-0\($0),Total,S1,\($0 + 500)\n" }.joined())
    let asked = try DemandProgram.run(["ingest", "--dry-run", "x.csv"], in: folder)
    #expect(asked.status == 64 && asked.error[0].contains("9 rows have 'Total' in 'product'"), "\(asked.err)")
    #expect(asked.out.contains("except: undecided") && asked.out.contains("except: {product: [Total]}"), "\(asked.out)")
    try folder.write("mine.yml", asked.out)
    let early = try DemandProgram.run(["ingest", "--mapping-file", "mine.yml", "x.csv"], in: folder)
    #expect(early.status == 64 && early.error[0].contains("is undecided"), "\(early.err)")
    try folder.write("mine.yml", asked.out.replacing("except: undecided", with: "except: {}"))
    let loaded = try DemandProgram.run(
      ["ingest", "--mapping-file", "mine.yml", "x.csv", "--format", "csv"], in: folder)
    #expect(loaded.status == 0 && loaded.out.contains("rows_loaded,27\n"), "\(loaded.err)")
  }

  /// What is exactly wrong comes first.
  @Test func theReasonComesFirst() throws {
    let folder = try Scratch()
    try folder.write("in/notes.txt", "a;b\nhello;world\n")
    try folder.write("in/sales.xlsx", "PK")
    let workbook = try DemandProgram.run(["ingest", "--dry-run", "in"], in: folder)
    #expect(
      workbook.error.first?.hasPrefix("error: 'in/sales.xlsx' is not read: it is no text") == true, "\(workbook.err)")
    try folder.write("y.csv", Self.header)
    let header = try DemandProgram.run(["ingest", "--dry-run", "y.csv"], in: folder)
    #expect(header.error.first?.hasPrefix("error: 'y.csv' holds a header and no rows") == true, "\(header.err)")
    #expect(header.error.first?.contains("rename columns") == false)
  }

  /// What a dry run says of the load, it says with the load's exit code.
  @Test func aDryRunOfWhatIsRefusedFails() throws {
    let folder = try Scratch()
    try folder.write("x.csv", Self.good + "2024-01-10,P1,S1,x\n")
    let refused = try DemandProgram.run(["ingest", "--dry-run", "--max-bad-share", "0.01", "x.csv"], in: folder)
    #expect(refused.status == 1 && refused.err.contains("would be REFUSED"), "\(refused.err)")
    #expect(refused.error.first?.contains("1 of 19 rows are bad") == true && refused.out.hasPrefix("mine:\n"))
    let taken = try DemandProgram.run(["ingest", "--dry-run", "--max-bad-share", "0.1", "x.csv"], in: folder)
    #expect(taken.status == 0 && taken.err.contains("It would load"), "\(taken.err)")
  }

  /// What comes through a pipe is read twice: for the mapping, and for what it would load.
  @Test func aDryRunOfAPipe() throws {
    let folder = try Scratch()
    try folder.write("x.csv", Self.good)
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = ["-c", "cat x.csv | \"$0\" ingest --dry-run - >out.txt 2>err.txt", try DemandProgram.path]
    shell.currentDirectoryURL = URL(filePath: folder.path)
    try shell.run()
    shell.waitUntilExit()
    let said = try String(contentsOfFile: folder.path + "/err.txt", encoding: .utf8)
    #expect(shell.terminationStatus == 0 && said.contains(/rows_loaded +18/), "\(said)")
  }

  /// Data that leave open what is meant are no mistake of the command line.
  @Test func undecidedLinesAreTheDatasFault() throws {
    let folder = try delivery(Self.header + "2024-01-01,P1,S1,2\n")
    try folder.write("lines.yml", "lines:\n  rows: lines\n  sales: {files: [sales.csv, more.csv]}\n")
    let command = ["ingest", "--mapping-file", "lines.yml"]
    try #require(try DemandProgram.run(["ingest", "data"], in: folder).status == 0)
    try folder.write("more.csv", Self.header + "2024-01-01,P1,S1,5\n")
    let outcome = try DemandProgram.run(command + ["more.csv"], in: folder)
    #expect(outcome.status == 1, "\(outcome.err)")
    #expect(outcome.error.count == 2 && outcome.error[0].contains("--restate add"), "\(outcome.err)")
  }

  @Test func secondsOfLoadsAreRounded() throws {
    let folder = try delivery(Self.good)
    try #require(try DemandProgram.run(["ingest", "data"], in: folder).status == 0)
    let loads = try DemandProgram.run(["data", "status", "--loads", "--format", "json"], in: folder)
    #expect(loads.out.contains("\"seconds\""), "\(loads.out)\(loads.err)")
    #expect(try /"seconds": ?\d+(\.\d{1,3})?[,}\s]/.firstMatch(in: loads.out) != nil, "\(loads.out)")
  }
}
