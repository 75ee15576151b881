import DemandData
import Foundation
import SalesIngest
import SalesStore
import Testing

@Suite struct InboxTests {
  private let folder: TemporaryFolder
  private let store: any SalesStore

  init() throws {
    folder = try TemporaryFolder()
    store = try openStore(
      DatabaseURL(path: folder.file("demand.sqlite")), mode: .readWrite(create: true), now: Delivery.now)
    try FileManager.default.createDirectory(atPath: folder.file("inbox"), withIntermediateDirectories: true)
  }

  private func put(_ text: String, _ name: String) throws {
    let place = URL(filePath: folder.file("inbox/" + name))
    try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: place)
  }

  private func sales(_ days: Range<Int>, _ product: String = "tea") -> String {
    "date,product,store,units\n" + days.map { "\(Delivery.first + $0),\(product),north,\($0 + 1)\n" }.joined()
  }

  /// Loads and returns what was said, one word and name for each delivery.
  private func empty(
    settling: Double = 0, now: Date = Date(), into other: (any SalesStore)? = nil
  ) throws -> [String] {
    var said: [String] = []
    var options = DeliveryLoad.Options()
    options.today = Delivery.first + 31
    let inbox = Inbox(
      folder: folder.file("inbox"), source: "long", mapping: .long, options: options, settling: settling)
    try inbox.load(into: other ?? store, IngestEnvironment(now: { now })) { name, outcome in
      switch outcome {
      case .loaded: said.append("loaded \(name)")
      case .alreadyLoaded: said.append("known \(name)")
      case .failed: said.append("failed \(name)")
      }
    }
    return said
  }

  private func names(_ place: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.file("inbox" + place)).sorted()
  }

  private static let products = "product,category,department\ntea,drinks,hot\n"
  private static let stores = "store,region\nnorth,upper\n"

  /// Masters first, then by name; what is being written stays, and one bad delivery does not stop the others.
  @Test func deliveriesAreLoadedAndMoved() throws {
    try put(sales(0..<3), "a-monday.csv")
    try put(sales(3..<5, "gin"), "b-unknown.csv")
    try put("not a table", "c-letter.csv")
    try put(Self.products, "products.csv")
    try put(Self.stores, "stores.csv")
    try put(sales(3..<4), "week/sales_1.csv")
    try put(sales(4..<6), "week/sales_2.csv")
    try put(sales(6..<7), "tuesday.csv.part")
    try put(sales(6..<7), ".tuesday.csv")
    #expect(
      try empty() == [
        "loaded products.csv", "loaded stores.csv", "loaded a-monday.csv", "failed b-unknown.csv",
        "failed c-letter.csv", "loaded week",
      ])
    #expect(try names("") == [".tuesday.csv", "done", "failed", "tuesday.csv.part"])
    #expect(try names("/done") == ["a-monday.csv", "products.csv", "stores.csv", "week"])
    #expect(
      try names("/failed") == [
        "b-unknown.csv", "b-unknown.csv.reason.txt", "c-letter.csv", "c-letter.csv.reason.txt",
      ])
    let reason = try String(contentsOfFile: folder.file("inbox/failed/b-unknown.csv.reason.txt"), encoding: .utf8)
    #expect(reason.contains("2 of 2 rows are bad") && reason.contains("'gin'"), "\(reason)")
    #expect(try store.dataSummary().rows == 6 && store.lastCompleteDay() == Delivery.first + 5)
    #expect(try empty().isEmpty)
  }

  /// A load whose file did not get to move, as when the power failed in between, is known the next time.
  @Test func killedBetweenLoadAndMove() throws {
    try put(Self.products, "products.csv")
    try put(Self.stores, "stores.csv")
    try put(sales(0..<3), "monday.csv")
    _ = try empty()
    try FileManager.default.moveItem(
      atPath: folder.file("inbox/done/monday.csv"), toPath: folder.file("inbox/monday.csv"))
    #expect(try empty() == ["known monday.csv"])
    try put(sales(0..<3), "monday.csv")
    #expect(try empty() == ["known monday.csv"])
    #expect(try names("/done") == ["2-monday.csv", "monday.csv", "products.csv", "stores.csv"])
    #expect(try store.dataSummary().rows == 3)
  }

  /// What was written to a moment ago may not be whole.
  @Test func recentFilesWait() throws {
    try put(Self.products, "products.csv")
    #expect(try empty(settling: 600).isEmpty)
    #expect(try empty(settling: 600, now: Date(timeIntervalSinceNow: 601)) == ["loaded products.csv"])
  }

  /// A database that cannot be written is no fault of the delivery.
  @Test func deliveriesStayWhenTheDatabaseFails() throws {
    try put(Self.products, "products.csv")
    let reader = try openStore(DatabaseURL(path: folder.file("demand.sqlite")), mode: .readOnly, now: Delivery.now)
    #expect(throws: IngestError.self) { try self.empty(into: reader) }
    #expect(try names("") == ["done", "failed", "products.csv"])
    #expect(try names("/failed").isEmpty)
  }

  @Test func missingFolder() throws {
    try FileManager.default.removeItem(atPath: folder.file("inbox"))
    try Data().write(to: URL(filePath: folder.file("inbox")))
    #expect(throws: IngestError.self) { try self.empty() }
  }

  private func units() throws -> [Double] {
    var units: [Double] = []
    try store.salesRows(from: nil, to: nil) { units.append($0.units) }
    return units
  }

  /// A correction comes after what it corrects, be that a folder or a file.
  @Test func foldersAndFilesFollowByName() throws {
    try put(Self.products, "products.csv")
    try put(Self.stores, "stores.csv")
    try put(sales(0..<1), "20250122_day/sales.csv")
    try put("date,product,store,units\n\(Delivery.first),tea,north,9\n", "20250123_corr.csv")
    #expect(
      try empty() == [
        "loaded products.csv", "loaded stores.csv", "loaded 20250122_day", "loaded 20250123_corr.csv",
      ])
    #expect(try units() == [9])
  }

  /// The first night: masters in a folder, with sales or without.
  @Test(arguments: ["00_base", "masters"]) func aFolderOfMastersComesFirst(name: String) throws {
    try put(Self.products, "\(name)/products.csv")
    try put(Self.stores, "\(name)/stores.csv")
    if name == "00_base" { try put(sales(0..<1), "\(name)/sales.csv") }
    try put(sales(1..<2), "20250122.csv")
    try put(sales(2..<3), "20250123.csv")
    #expect(try empty() == ["loaded \(name)", "loaded 20250122.csv", "loaded 20250123.csv"])
  }

  /// Links come first, for masters need moves; that what they name lies behind them is no reason to complain.
  @Test(arguments: [true, false]) func linksBeforeWhatTheyName(isThere: Bool) throws {
    try put(Self.products + "rum,drinks,hot\n", "20250101_base/products.csv")
    try put(Self.stores, "20250101_base/stores.csv")
    try put(sales(0..<2), "20250101_base/sales.csv")
    try put(
      "kind,node,other,date\nsuccessor,tea,rum,\(Delivery.first)\nopening,\(isThere ? "north" : "nroth"),,\(Delivery.first)\n",
      "links.csv")
    var records: [String: LoadRecord] = [:]
    let inbox = Inbox(
      folder: folder.file("inbox"), source: "long", mapping: .long, options: .init(), settling: 0)
    let remarks = try inbox.load(into: store, IngestEnvironment(now: { Date() })) { name, outcome in
      if case .loaded(let record) = outcome { records[name] = record }
    }
    #expect(records["links.csv"]?.id == 1 && records["20250101_base"]?.id == 2)
    #expect(records["links.csv"]?.summary.details?.warnings == [])
    #expect(remarks.count == (isThere ? 0 : 1))
    #expect(remarks.allSatisfy { $0.contains("1 links name") && $0.contains("opening of 'nroth'") }, "\(remarks)")
    // By themselves they say it at once.
    try put("kind,node,other,date\nremodel,sorth,,\(Delivery.first)\n", "links.csv")
    #expect(try inbox.load(into: store, IngestEnvironment(now: { Date() })) { records[$0] = $1.record }.isEmpty)
    #expect(records["links.csv"]?.summary.details?.warnings.contains { $0.contains("no store 'sorth'") } == true)
  }

  /// An inbox that is not there is not made: the one meant may be on a disk that is not mounted.
  @Test func anInboxThatIsNotThere() throws {
    try FileManager.default.removeItem(atPath: folder.file("inbox"))
    let error = #expect(throws: IngestError.self) { try self.empty() }
    #expect("\(error!)".contains("there is no such folder"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("inbox")))
  }
}

extension Inbox.Outcome {
  /// What was loaded, now or before.
  fileprivate var record: LoadRecord? {
    switch self {
    case .loaded(let record), .alreadyLoaded(let record): record
    case .failed: nil
    }
  }
}
