import DemandData
import Foundation
import SalesStore

/// Loads a delivery in long format: one row per product, store and day, with masters and events beside it.
///
///     products.csv  product,category,department[,kind]     kind: count (default) or measure
///     stores.csv    store,region
///     events.csv    date,event,type[,region][,closed]      region empty: everywhere; closed: 0 or 1
///     sales.csv     date,product,store,units[,price][,promotion][,stock]    promotion: 0 or 1; stock: ok or out
///
/// Any of them may be gzip, and masters may be left out where the database has them. A day without a row: before a
/// series' first row it was not ranged; after its last one it is not ranged any more once
/// ``Options-swift.struct/delistAfterDays`` have passed up to the origin; between the two it means what
/// ``Options-swift.struct/missing`` says where the store reported anything that day, closed where the calendar says so,
/// else unknown. Rows that repeat what the database has are counted as unchanged.
public struct LongFormatLoad: Sendable {
  /// What a missing row means on a day on which the store reported.
  public enum MissingRows: String, Sendable, Hashable, CaseIterable {
    /// None was sold.
    case zero
    case unknown
  }

  /// The files of a delivery, as paths.
  public struct Files: Sendable, Hashable {
    public var products: [String]
    public var stores: [String]
    public var events: [String]
    public var sales: [String]

    public init(products: [String] = [], stores: [String] = [], events: [String] = [], sales: [String] = []) {
      self.products = products
      self.stores = stores
      self.events = events
      self.sales = sales
    }

    /// The files of a folder by their names: `sales*.csv`, `products.csv`, `stores.csv`, and `events.csv` or
    /// `calendar.csv`, each plain or with `.gz`.
    public init(folder: String) throws(IngestError) {
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder).sorted() else {
        throw .missingFile(folder)
      }
      func matching(_ test: (String) -> Bool) -> [String] {
        names.filter { name in
          let stem = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
          return stem.hasSuffix(".csv") && test(String(stem.dropLast(4)))
        }.map { folder + "/" + $0 }
      }
      self.init(
        products: matching { $0 == "products" }, stores: matching { $0 == "stores" },
        events: matching { $0 == "events" || $0 == "calendar" }, sales: matching { $0.hasPrefix("sales") })
      guard !all.isEmpty else { throw .nothingToLoad(folder) }
    }

    var all: [(role: String, path: String)] {
      products.map { ("products", $0) } + stores.map { ("stores", $0) } + events.map { ("events", $0) }
        + sales.map { ("sales", $0) }
    }
  }

  public struct Options: Sendable, Hashable {
    public var missing = MissingRows.zero
    /// Days without a row, up to the origin, after which a product is no longer ranged; nil for never.
    public var delistAfterDays: Int? = 28
    public var badRows = BadRowPolicy()
    /// Last day that the delivery declares complete; nil for its last day of sales.
    public var completeThrough: Day?
    /// Last day that the event calendar speaks of; nil for its last event.
    public var calendarThrough: Day?
    /// Sales before this day are refused: a mistyped year would make a history of centuries.
    public var earliestDay = Day(year: 1990, month: 1, day: 1)!
    /// Days beyond today from which on sales are refused.
    public var futureDays = 1
    /// Rows that contradict the database take the place of what is there, rather than go to quarantine.
    public var replace = false

    public init() {}
  }

  /// Names of the levels below `all`.
  static let productLevels = ["category", "department", "product"]
  static let locationLevels = ["region", "store"]

  public let files: Files
  public let options: Options

  public init(files: Files, options: Options = Options()) {
    self.files = files
    self.options = options
  }

  /// Loads the delivery: all of it but for the rows in quarantine, or nothing.
  ///
  /// - Throws: ``IngestError``; the database is as it was then.
  public func run(into store: any SalesStore, _ environment: IngestEnvironment) throws(IngestError) -> LoadResult {
    let today = Day(number: Int((environment.now().timeIntervalSince1970 / 86400).rounded(.down)))
    let latestDay = today + options.futureDays
    // The furthest of all loads becomes the forecast's origin, and no later load takes it back.
    if let through = options.completeThrough, through > latestDay {
      throw .option("--complete-through \(through) is after \(latestDay), which has not happened yet: correct it")
    }
    let all = files.all
    var sizes = 0
    for file in all { sizes += try ByteSource(path: file.path).size }
    var meter = ProgressMeter(environment: environment, total: sizes)
    let text =
      "long \(options.missing.rawValue) \(options.delistAfterDays ?? -1) \(options.completeThrough?.iso ?? "") "
      + "\(options.calendarThrough?.iso ?? "") \(options.earliestDay) \(options.replace)"
    let hash = try DeliveryHash.hash(files: all, options: text, meter: &meter)
    meter.begin(.loading)
    let header = LoadHeader(source: "long", files: all.map(\.path), contentHash: hash)
    do {
      return try store.withLoad(header, now: environment.now) { writer in
        var tables = LongTables(writer: writer, options: options, meter: meter)
        try writer.setLevels(tree: "product", Self.productLevels)
        try writer.setLevels(tree: "location", Self.locationLevels)
        for path in files.products { try tables.loadProducts(path) }
        for path in files.stores { try tables.loadStores(path) }
        for path in files.events { try tables.loadEvents(path) }
        var sales = SalesTable(tables: tables, latestDay: latestDay)
        for path in files.sales { try sales.load(path) }
        return try sales.finish()
      }
    } catch {
      throw IngestError(error)
    }
  }
}

extension IngestError {
  /// Errors that come out of a load's transaction.
  init(_ error: any Error) {
    self =
      switch error {
      case let error as IngestError: error
      case let error as StoreError: .store(error)
      default: .store(.database(place: "", reason: String(describing: error)))
      }
  }
}
