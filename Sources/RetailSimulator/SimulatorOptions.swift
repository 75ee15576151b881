import DemandData

/// What kind of retailer ``RetailSimulator`` makes: sizes, first day, seed and shares.
public struct SimulatorOptions: Sendable, Hashable, Codable {
  public var regions = 3
  /// Stores in all, spread evenly over the regions.
  public var stores = 10
  public var categories = 3
  /// Departments in all, spread evenly over the categories.
  public var departments = 6
  /// Products in all, spread evenly over the departments.
  public var products = 120
  public var days = 730
  /// First day of sales; the default makes a history that ends on 2024-10-01.
  public var firstDay = Day(number: 19268)
  public var seed: UInt64 = 1
  /// Share of products that sell about a twelfth of what others do, so that most of their days are zeros.
  public var slowMoverShare = 0.25
  /// Shares of products that come into the range late and that leave it early.
  public var lateStartShare = 0.10
  public var discontinuedShare = 0.05
  /// Share of the product-store pairs that are ranged.
  public var rangedShare = 0.98
  /// Promotions of a product in a region per year.
  public var promotionsPerYear = 4.0
  /// Share of deliveries that do not arrive; 0 leaves only stock-outs by high demand.
  public var missedDeliveryShare = 0.02

  public init() {}

  /// Cells (product x store x day) beyond which a simulation is refused: about 2 GiB of memory.
  public static let largestCellCount = 200_000_000

  /// - Throws: ``RetailerError/invalidOption(name:value:mend:)`` for the first option that cannot be met.
  public func validate() throws(RetailerError) {
    func require(_ holds: Bool, _ name: String, _ value: some Any, _ mend: String) throws(RetailerError) {
      if !holds { throw .invalidOption(name: name, value: "\(value)", mend: mend) }
    }
    try require(regions >= 1, "regions", regions, "give at least 1")
    try require(regions <= 99, "regions", regions, "give at most 99")
    try require(stores >= regions, "stores", stores, "every region needs a store: give at least \(regions)")
    try require(categories >= 1, "categories", categories, "give at least 1")
    try require(
      departments >= categories, "departments", departments,
      "every category needs a department: give at least \(categories)")
    try require(
      products >= departments, "products", products, "every department needs a product: give at least \(departments)")
    try require(days >= 1, "days", days, "give at least 1")
    let cells = products.multipliedReportingOverflow(by: stores)
    let all = cells.partialValue.multipliedReportingOverflow(by: days)
    try require(
      !cells.overflow && !all.overflow && all.partialValue <= Self.largestCellCount, "products x stores x days",
      "\(products) x \(stores) x \(days)", "keep their product at or below \(Self.largestCellCount)")
    let earliest = Day(year: 1900, month: 1, day: 1)!
    let latest = Day(year: 2200, month: 1, day: 1)!
    try require(
      firstDay >= earliest && firstDay.number <= latest.number - days, "first day", firstDay,
      "keep all days between \(earliest) and \(latest)")
    for (name, share) in [
      ("slow mover share", slowMoverShare), ("late start share", lateStartShare),
      ("discontinued share", discontinuedShare), ("missed delivery share", missedDeliveryShare),
    ] {
      try require(share >= 0 && share <= 1, name, share, "give a number from 0 to 1")
    }
    try require(
      lateStartShare + discontinuedShare <= 1, "late start and discontinued shares",
      lateStartShare + discontinuedShare, "a product does one of the two, so keep their sum at or below 1")
    try require(rangedShare > 0 && rangedShare <= 1, "ranged share", rangedShare, "give a number above 0, at most 1")
    try require(
      promotionsPerYear >= 0 && promotionsPerYear <= 12, "promotions per year", promotionsPerYear,
      "give a number from 0 to 12")
  }
}

/// Why a simulation was not run or not written.
public enum RetailerError: Error, Hashable, Sendable, CustomStringConvertible {
  case invalidOption(name: String, value: String, mend: String)
  case directoryNotEmpty(path: String, found: String)
  case cannotWrite(path: String, reason: String)

  public var description: String {
    switch self {
    case .invalidOption(let name, let value, let mend):
      "\(name) cannot be \(value): \(mend)"
    case .directoryNotEmpty(let path, let found):
      "\(path) is not empty (it holds '\(found)'): name a new directory, or allow overwriting"
    case .cannotWrite(let path, let reason):
      "cannot write \(path): \(reason); name a directory that may be written to and has room"
    }
  }
}
