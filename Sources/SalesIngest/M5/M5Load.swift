import DemandData
import Foundation
import SalesStore

/// Loads the files of the M5 competition, plain or gzip, with whichever day columns they hold.
///
/// Trees: category, department, product; region (the state), store. A series is ranged from its first week with a price,
/// and that start counts as known. Weekly prices become steps; prices and calendar stay known beyond `until`. Events hold
/// everywhere; SNAP days become benefit events of their state. Christmas is a closure everywhere, because Walmart is
/// shut; the handful of units that the files have on that day are kept with the status closed.
public struct M5Load: Sendable {
  public let files: M5Files
  /// Only these stores; nil for all.
  public let stores: [String]?
  /// Last day of sales to take; nil for the last column.
  public let until: Day?
  public let badRows: BadRowPolicy
  /// What becomes of figures that say otherwise than those loaded before.
  public let restate: DeliveryLoad.Restate

  static let productLevels = ["category", "department", "product"]
  static let locationLevels = ["region", "store"]

  public init(
    files: M5Files, stores: [String]? = nil, until: Day? = nil, badRows: BadRowPolicy = BadRowPolicy(),
    restate: DeliveryLoad.Restate = .supersede
  ) {
    self.files = files
    self.stores = stores
    self.until = until
    self.badRows = badRows
    self.restate = restate
  }

  public init(
    sales: String, calendar: String, prices: String, stores: [String]? = nil, until: Day? = nil,
    badRows: BadRowPolicy = BadRowPolicy(), restate: DeliveryLoad.Restate = .supersede
  ) {
    self.init(
      files: M5Files(sales: sales, calendar: calendar, prices: prices), stores: stores, until: until, badRows: badRows,
      restate: restate)
  }

  /// Loads the files: all but what goes to quarantine, or nothing.
  ///
  /// - Throws: ``IngestError``; the database is as it was then.
  public func run(into store: any SalesStore, _ environment: IngestEnvironment) throws(IngestError) -> LoadResult {
    guard restate != .add else {
      throw .option("--restate add is for lines of receipts: load M5's files with --restate supersede or reject")
    }
    let (sales, calendar, prices) = (
      try InputFile(files.sales), try InputFile(files.calendar), try InputFile(files.prices)
    )
    let inputs = [(role: "sales", input: sales), (role: "calendar", input: calendar), (role: "prices", input: prices)]
    var meter = ProgressMeter(environment: environment, total: inputs.reduce(0) { $0 + $1.input.size })
    let options =
      "m5 \(stores?.sorted().joined(separator: ",") ?? "all stores") \(until?.iso ?? "all days") \(restate.text)"
    let hash = try DeliveryHash.hash(files: inputs, options: options, meter: &meter).hash
    meter.begin(.loading)
    let header = LoadHeader(
      source: "m5", files: inputs.map(\.input.name), contentHash: hash, mayRepeat: restate.supersedes)
    do {
      return try store.withLoad(header, now: environment.now) { writer in
        var refusals = RowRefusals(policy: badRows)
        let days = try M5Calendar(calendar, meter: &meter)
        let wanted = stores.map(Set.init)
        let weekly = try M5Prices(
          prices, calendar: days, stores: wanted, refusals: &refusals, writer: writer, meter: &meter)
        try writer.setLevels(tree: "product", Self.productLevels)
        try writer.setLevels(tree: "location", Self.locationLevels)
        var table = try M5Sales(
          sales, calendar: days, prices: weekly, stores: wanted, until: until, restate: restate, writer: writer)
        _ = try TimeGrainCheck(held: writer.earlierGrains()).grain(
          .day, isSure: true, isDeclared: true, weekdays: [])
        try table.load(refusals: &refusals, meter: &meter)
        try refusals.check(rows: meter.rows)
        try write(days, in: writer)
        let warning = try table.writeStoreDays()
        return table.summary(rows: meter.rows, warnings: warning.map { [$0] } ?? [], refusals: refusals)
      }
    } catch {
      throw IngestError(error)
    }
  }

  private func write(_ calendar: M5Calendar, in writer: LoadWriter) throws {
    for event in calendar.events { try writer.writeEvent(event) }
    for closure in calendar.closures { try writer.writeClosure(closure) }
    for (state, days) in calendar.benefitDays where try writer.hasNode(tree: "location", level: "region", name: state) {
      for day in days {
        try writer.writeEvent(
          .init(
            day: day, name: "SNAP_\(state)", type: EventCalendar.benefitType,
            scope: .location(level: "region", node: state)))
      }
    }
    try writer.noteCalendar(knownThrough: calendar.lastDay)
  }
}
