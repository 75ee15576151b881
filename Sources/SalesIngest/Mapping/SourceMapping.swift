import DemandData

/// How a retailer's files are read: which files, how they are written, which of their columns mean what, and how a
/// missing row, a zero and a negative are to be understood.
///
/// A mapping is data, not a program: those of known sources ship with `demand`, a user's own stand in the settings.
public struct SourceMapping: Sendable, Hashable, Codable {
  /// What a table of a delivery holds.
  public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    // In the order in which they are loaded: what names others comes behind them, but for moves, which masters need.
    case coverage, links, products, stores, events, sales, attributes, ranging, regressors, annotations
  }

  /// What one row of sales is.
  public enum Rows: String, Sendable, Hashable, Codable, CaseIterable {
    /// All that was sold of a product in a store in a day (or week); a second row for it is a mistake.
    case totals
    /// One line of a receipt or invoice: summed.
    case lines
  }

  /// Days between the facts of a series.
  public enum TimeGrain: String, Sendable, Hashable, Codable, CaseIterable { case auto, day, week }

  /// Which day of its week a row of weekly data names. It is kept under the last one.
  public enum WeekDate: String, Sendable, Hashable, Codable, CaseIterable { case last, first }

  public enum MissingRows: String, Sendable, Hashable, Codable, CaseIterable {
    /// None was sold.
    case zero
    case unknown
  }

  /// What a row of zero units means.
  public enum ZeroUnits: String, Sendable, Hashable, Codable, CaseIterable {
    case sold
    case outOfStock = "out_of_stock"
    case notRanged = "not_ranged"
    case unknown

    var status: DayStatus {
      switch self {
      case .sold: .sold
      case .outOfStock: .outOfStock
      case .notRanged: .notRanged
      case .unknown: .unknown
      }
    }
  }

  /// What negative units mean.
  public enum NegativeUnits: String, Sendable, Hashable, Codable, CaseIterable {
    /// A mistake.
    case quarantine
    /// None was sold.
    case zero
    /// Returns: taken off the sales of the same day; a day below zero counts as zero.
    case net
    /// Returns: set aside, so that units stay what left the shop; counted in the summary.
    case separate
  }

  /// Where the revenue of a row comes from.
  public enum Revenue: String, Sendable, Hashable, Codable, CaseIterable {
    /// The column `revenue`, if there is one.
    case column
    /// Units times price, row by row; returns count against it where units are net.
    case unitsTimesPrice = "units_times_price"
  }

  /// What becomes of a row whose product or store no master knows.
  public enum UnknownKeys: String, Sendable, Hashable, Codable, CaseIterable {
    /// It is a bad row.
    case reject
    /// It waits in quarantine and is not counted as bad.
    case hold
    /// The product or store is made, under nodes named `unassigned`.
    case create
  }

  /// One kind of table.
  public struct Table: Sendable, Hashable, Codable {
    /// Names of files within a folder or archive, with `*` and `?`.
    public var files: [String]
    /// Nil: detected.
    public var separator: Separator?
    /// Nil: detected.
    public var encoding: TextEncoding?
    public var numbers = NumberFormat()
    public var datePatterns = [DatePattern.iso]
    /// Texts that mean an empty field.
    public var empty = [""]
    /// Our columns by name, with theirs.
    public var columns: [String: String]
    /// Our columns that are the same in all rows.
    public var constants: [String: String] = [:]
    /// Their texts in place of which ours are read, by our column.
    public var values: [String: [String: String]] = [:]
    /// Only rows with one of these texts in their column are read.
    public var only: [String: [String]] = [:]
    /// Rows with one of these texts in their column are left out.
    public var except: [String: [String]] = [:]
    /// Promotion kinds, with the columns that say so.
    public var promotions: [String: String] = [:]
    /// Attributes of the products or stores that a table lists, with the columns that say them.
    public var attributes: [String: String] = [:]
    /// Regressors by name, with the columns of their values.
    public var regressors: [String: String] = [:]
    /// Columns that tell a line of a receipt from all others but its repetitions: lines that several files of a
    /// delivery have count once.
    public var lineKey: [String] = []
    /// Columns that say more than the database holds; they are read over and named in the summary.
    public var others: [String] = []
    /// Columns beyond those named are read over too, rather than refused.
    public var ignoresOthers = true
    /// Whether ``numbers`` were said, be it by a format's documentation, rather than left open.
    public var declaresNumbers = false
    public var yes = ["1", "true", "yes", "y", "t"]
    public var no = ["", "0", "false", "no", "n", "f"]

    // How loads keep it: without ``declaresNumbers``, for texts of mappings, by which loads are known, stay as they
    // were.
    enum CodingKeys: CodingKey {
      case files, separator, encoding, numbers, datePatterns, empty, columns, constants, values, only, except
      case promotions, attributes, regressors, lineKey, others, ignoresOthers, yes, no
    }

    public init(files: [String], columns: [String: String] = [:]) {
      self.files = files
      self.columns = columns
    }
  }

  public var about = ""
  /// Names of the levels below `all`, top down, the product last.
  public var productLevels = ["category", "department", "product"]
  /// Names of the levels below `all`, top down, the store last.
  public var locationLevels = ["region", "store"]
  public var products: [Table] = []
  public var stores: [Table] = []
  public var events: [Table] = []
  public var sales: [Table] = []
  /// Attributes of nodes, one a row.
  public var attributes: [Table] = []
  /// Days of products in the range of stores.
  public var ranging: [Table] = []
  public var regressors: [Table] = []
  /// Turns in the lives of products and stores.
  public var links: [Table] = []
  /// Days that are not representative.
  public var annotations: [Table] = []
  /// How far sales are complete and events known.
  public var coverage: [Table] {
    get { coverageTables ?? [] }
    set { coverageTables = newValue.isEmpty ? nil : newValue }
  }
  // Nil rather than empty, so that mappings without it are the same text, and their files the same contents, as before.
  private var coverageTables: [Table]?
  public var rows = Rows.totals
  public var grain = TimeGrain.auto
  public var weekDate = WeekDate.last
  /// Whether products are measured (weight, revenue) rather than counted, where no column says.
  public var measured = false
  /// Nil: as the settings say.
  public var missing: MissingRows?
  public var zero = ZeroUnits.sold
  public var negative = NegativeUnits.quarantine
  public var unknownKeys = UnknownKeys.reject
  public var revenue = Revenue.column

  public init() {}

  /// Whether a table of products says which are counted and which are measured.
  var saysKinds: Bool { products.contains { $0.columns["kind"] != nil || $0.constants["kind"] != nil } }

  /// A file of a role as a user knows it, such as `products.csv`; nil where sales stand alone.
  func fileName(_ role: Role) -> String? { tables(role).first?.files.first.map { $0.replacing("*", with: "") } }

  public func tables(_ role: Role) -> [Table] {
    switch role {
    case .products: products
    case .stores: stores
    case .events: events
    case .sales: sales
    case .attributes: attributes
    case .ranging: ranging
    case .regressors: regressors
    case .links: links
    case .annotations: annotations
    case .coverage: coverage
    }
  }

  subscript(role: Role) -> [Table] {
    get { tables(role) }
    set {
      switch role {
      case .products: products = newValue
      case .stores: stores = newValue
      case .events: events = newValue
      case .sales: sales = newValue
      case .attributes: attributes = newValue
      case .ranging: ranging = newValue
      case .regressors: regressors = newValue
      case .links: links = newValue
      case .annotations: annotations = newValue
      case .coverage: coverage = newValue
      }
    }
  }

  /// Our columns that a role may have, those that it must have first.
  public func columns(_ role: Role) -> (required: [String], optional: [String]) {
    switch role {
    case .products: (productLevels, ["kind"])
    case .stores: (locationLevels, [])
    case .events: (["date", "event", "type"], ["closed", "withdrawn", "scope_level", "scope_node"] + locationLevels)
    case .sales:
      (
        ["date", "product", "store", "units"],
        ["price", "base_price", "revenue", "promotion", "promotion_kinds", "stock", "stock_on_hand", "open", "kind"]
          + productLevels.dropLast() + locationLevels.dropLast()
      )
    case .attributes: (["level", "node", "attribute", "value"], [])
    case .ranging: (["product", "store", "from"], ["through", "withdrawn"])
    case .regressors: (["date"], ["regressor", "value", "scope_level", "scope_node"] + locationLevels)
    case .links: (["kind", "node", "date"], ["other", "through", "ratio", "withdrawn", "previous"])
    case .annotations:
      (
        ["from", "through", "reason", "author"],
        ["product_level", "product", "location_level", "location", "made_at", "expires_on"]
      )
    case .coverage: (["complete_through"], ["calendar_through"])
    }
  }
}

extension DatePattern: Codable {
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let pattern = DatePattern(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is no date pattern"))
    }
    self = pattern
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension SourceMapping {
  /// The long format that `demand` documents as its own.
  public static let long = long(
    productLevels: ["category", "department", "product"], locationLevels: ["region", "store"])

  /// The long format with other levels above product and store, as `demand data export` writes it.
  ///
  /// - Parameters:
  ///   - productLevels: names of the levels below `all`, top down, the product last.
  ///   - locationLevels: likewise, the store last.
  public static func long(productLevels: [String], locationLevels: [String]) -> SourceMapping {
    func table(_ files: [String], _ columns: [String], optional: [String]) -> Table {
      var table = Table(files: files)
      table.columns = Dictionary(uniqueKeysWithValues: (columns + optional).map { ($0, $0) })
      table.separator = nil
      table.ignoresOthers = false
      table.yes = ["1"]
      table.no = ["", "0"]
      return table
    }
    var mapping = SourceMapping()
    mapping.about = "one row per product, store and day, with masters and events beside it"
    mapping.productLevels = productLevels
    mapping.locationLevels = locationLevels
    mapping.products = [table(["products.csv*"], productLevels, optional: ["kind"])]
    mapping.stores = [table(["stores.csv*"], locationLevels, optional: [])]
    mapping.events = [
      table(
        ["events.csv*", "calendar.csv*"], ["date", "event", "type"], optional: locationLevels + ["closed", "withdrawn"])
    ]
    mapping.sales = [
      table(
        ["sales*.csv*"], ["date", "product", "store", "units"],
        optional: ["price", "promotion", "stock", "base_price", "revenue", "stock_on_hand", "promotion_kinds"])
    ]
    mapping.sales[0].declaresNumbers = true
    for role in [Role.attributes, .ranging, .regressors, .links, .annotations, .coverage] {
      let (required, optional) = mapping.columns(role)
      // Links are read with `previous` all the same: the text of this mapping, by which loads are known, stays as it
      // was.
      mapping[role] = [
        table(["\(role.rawValue).csv*"], required, optional: optional.filter { $0 != "previous" })
      ]
    }
    return mapping
  }
}

extension SourceMapping.Table {
  /// Keys that are not there, as in what earlier versions wrote, have their defaults.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(files: try values.decode([String].self, forKey: .files))
    func read<Value: Decodable>(_ value: inout Value, _ key: CodingKeys) throws {
      if let found = try values.decodeIfPresent(Value.self, forKey: key) { value = found }
    }
    separator = try values.decodeIfPresent(Separator.self, forKey: .separator)
    encoding = try values.decodeIfPresent(TextEncoding.self, forKey: .encoding)
    try read(&numbers, .numbers)
    try read(&datePatterns, .datePatterns)
    try read(&empty, .empty)
    try read(&columns, .columns)
    try read(&constants, .constants)
    try read(&self.values, .values)
    try read(&only, .only)
    try read(&except, .except)
    try read(&promotions, .promotions)
    try read(&attributes, .attributes)
    try read(&regressors, .regressors)
    try read(&lineKey, .lineKey)
    try read(&others, .others)
    try read(&ignoresOthers, .ignoresOthers)
    try read(&yes, .yes)
    try read(&no, .no)
  }
}

extension SourceMapping {
  /// Keys that are not there, as in what earlier versions wrote, have their defaults.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    func read<Value: Decodable>(_ value: inout Value, _ key: CodingKeys) throws {
      if let found = try values.decodeIfPresent(Value.self, forKey: key) { value = found }
    }
    try read(&about, .about)
    try read(&productLevels, .productLevels)
    try read(&locationLevels, .locationLevels)
    try read(&products, .products)
    try read(&stores, .stores)
    try read(&events, .events)
    try read(&sales, .sales)
    try read(&attributes, .attributes)
    try read(&ranging, .ranging)
    try read(&regressors, .regressors)
    try read(&links, .links)
    try read(&annotations, .annotations)
    coverageTables = try values.decodeIfPresent([Table].self, forKey: .coverageTables)
    try read(&rows, .rows)
    try read(&grain, .grain)
    try read(&weekDate, .weekDate)
    try read(&measured, .measured)
    missing = try values.decodeIfPresent(MissingRows.self, forKey: .missing)
    try read(&zero, .zero)
    try read(&negative, .negative)
    try read(&unknownKeys, .unknownKeys)
    try read(&revenue, .revenue)
  }
}
