import DemandData

/// What the database holds, in figures.
public struct DataSummary: Sendable, Hashable, Codable {
  public var products: Int
  public var stores: Int
  public var series: Int
  /// Series-days with a row.
  public var rows: Int
  public var units: Double
  /// Rows by status: `sold`, `closed`, `notRanged`, `outOfStock`, `unknown`.
  public var rowsByStatus: [String: Int]
  public var priceSteps: Int
  public var events: Int
  public var loads: Int
  public var quarantined: Int
  public var firstDay: Day?
  public var lastDay: Day?
  public var completeThrough: Day?
  public var calendarKnownThrough: Day?
  /// Facts beyond sales, prices and events: rows by what they are, such as `revenue`, `ranging_windows` or `regressors`.
  public var furtherFacts: [String: Int]
}

extension SQLStore {
  func dataSummary() throws(StoreError) -> DataSummary {
    try read { database in
      func count(_ table: String) throws -> Int {
        try database.int("SELECT count(*) FROM \(table)") ?? 0
      }
      func day(_ expression: String, _ table: String) throws -> Day? {
        try database.int("SELECT \(expression) FROM \(table)").map(Day.init(number:))
      }
      var byStatus: [String: Int] = [:]
      var units = 0.0
      var last: Int?
      let statement = try database.prepare("SELECT status, count(*), sum(units), max(day) FROM sales GROUP BY status")
      while try statement.step() {
        guard let status = DayStatus(rawValue: UInt8(statement.int(0))) else { continue }
        byStatus[String(describing: status)] = statement.int(1)
        units += statement.double(2)
        last = max(last ?? Int.min, statement.int(3))
      }
      return DataSummary(
        products: try count("products"), stores: try count("stores"), series: try count("series"),
        rows: byStatus.values.reduce(0, +), units: units, rowsByStatus: byStatus,
        priceSteps: try count("price_steps"), events: try count("events"), loads: try count("loads"),
        quarantined: try count("quarantine"), firstDay: try day("min(first_day)", "series"),
        lastDay: last.map(Day.init(number:)), completeThrough: try day("max(complete_through)", "loads"),
        calendarKnownThrough: try day("max(known_through)", "calendar_coverage"),
        furtherFacts: try Self.furtherFacts(database))
    }
  }

  private static func furtherFacts(_ database: any SQLConnection) throws -> [String: Int] {
    var counts: [String: Int] = [:]
    let details = try database.first(
      "SELECT count(revenue), count(base_price), count(stock_on_hand) FROM sales_details"
    ) { [$0.int(0), $0.int(1), $0.int(2)] }
    for (name, count) in zip(["revenue", "base_price", "stock_on_hand"], details ?? []) { counts[name] = count }
    for table in [
      "promotions", "closures", "ranging_windows", "attributes", "regressors", "annotations", "life_cycle_links",
      "superseded_sales",
    ] { counts[table] = try database.int("SELECT count(*) FROM \(table)") ?? 0 }
    counts["promotion_kinds"] = try database.int(
      "SELECT count(DISTINCT kind) FROM promotions WHERE kind <> '\(Promotion.anyKind)'")
    return counts
  }
}
