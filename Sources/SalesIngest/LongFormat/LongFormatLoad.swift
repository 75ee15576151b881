import SalesStore

/// Loads a delivery in long format, the mapping ``SourceMapping/long``.
///
///     products.csv  product,category,department[,kind]     kind: count (default) or measure
///     stores.csv    store,region
///     events.csv    date,event,type[,region][,closed]      region empty: everywhere; closed: 0 or 1
///     sales.csv     date,product,store,units[,price][,promotion][,stock]    promotion: 0 or 1; stock: ok, out,
///                                                      closed, unknown or not_ranged
///
/// Any of them may be packed, and masters may be left out where the database has them.
public struct LongFormatLoad: Sendable {
  public typealias Options = DeliveryLoad.Options
  public typealias MissingRows = SourceMapping.MissingRows

  /// The files of a delivery, as names.
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
    /// `calendar.csv`, each plain or packed.
    public init(folder: String) throws(IngestError) {
      let found = try DeliveryFiles(folder: folder, mapping: .long)
      func names(_ role: SourceMapping.Role) -> [String] { found.items(role).map(\.input.name) }
      self.init(products: names(.products), stores: names(.stores), events: names(.events), sales: names(.sales))
    }
  }

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
    let names: [SourceMapping.Role: [String]] = [
      .products: files.products, .stores: files.stores, .events: files.events, .sales: files.sales,
    ]
    let delivery = try DeliveryFiles(names, mapping: .long)
    return try DeliveryLoad(source: "long", mapping: .long, files: delivery, options: options)
      .run(into: store, environment)
  }
}
