import DemandData
import Foundation
import SalesStore

/// Writes a database as a delivery in long format that, loaded into an empty one, gives the same panel.
///
/// Not in it are prices of days to come, and that the first day of a range is known rather than inferred where no window
/// says so.
public struct LongFormatExport {
  /// Takes the fields of a line.
  public typealias Line = ([String]) throws -> Void
  /// Writes a file: its name, and what hands out its lines.
  public typealias Write = (String, (Line) throws -> Void) throws -> Void

  /// What was written.
  public struct Summary: Sendable, Hashable {
    public var rows = 0
    /// Rows of days of which nothing is known.
    public var unknownRows = 0
    public var lastDay: Day?
  }

  private let store: any SalesStore
  /// The mapping by which the files are read again.
  public let mapping: SourceMapping
  private let products, locations: (levels: [String], rows: [MasterRow])

  public init(_ store: any SalesStore) throws {
    self.store = store
    products = try store.masters(tree: "product")
    locations = try store.masters(tree: "location")
    mapping = SourceMapping.long(productLevels: products.levels, locationLevels: locations.levels)
  }

  /// Whether the levels are not those of the long format, so that its files need ``mapping`` beside them.
  public var isOwn: Bool { mapping != .long }

  /// Writes all files.
  ///
  /// - Parameters:
  ///   - delistAfterDays: days without a row after which loads take a product for no longer ranged; nil: never.
  public func write(from: Day?, to: Day?, delistAfterDays: Int?, _ write: Write) throws -> Summary {
    try write("products.csv") { line in try Self.masters(products, hasKind: true, line) }
    try write("stores.csv") { line in try Self.masters(locations, hasKind: false, line) }
    try write("events.csv") { line in try Self.events(try store.deliveredCalendar(), levels: locations.levels, line) }
    let summary = try writeSales(from, to, delistAfterDays, write)
    try writeFurtherFacts(from, to, write)
    try writeCoverage(lastDay: summary.lastDay, to, write)
    return summary
  }

  /// How far the data reaches, where loads would not find that out by themselves.
  private func writeCoverage(lastDay: Day?, _ to: Day?, _ write: Write) throws {
    guard let complete = try store.lastCompleteDay().map({ min($0, to ?? $0) }) else { return }
    let known = try store.dataSummary().calendarKnownThrough
    let calendar = try store.deliveredCalendar()
    let lastEvent = (calendar.events.map(\.day) + calendar.closures.map(\.day)).max()
    guard complete != lastDay || known != lastEvent else { return }
    try write("coverage.csv") { line in
      try line(["complete_through", "calendar_through"])
      try line([complete.iso, known?.iso ?? ""])
    }
  }

  /// Names of files in a folder that a load of it would read, sorted: those of another delivery.
  public func deliveryFiles(in folder: String) -> [String] {
    let patterns = SourceMapping.Role.allCases.flatMap { mapping.tables($0) }.flatMap(\.files) + ["mapping.yml"]
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { name in
      patterns.contains { FilePattern.matches(name, $0) }
    }.sorted()
  }

  /// Columns beyond the usual ones only where there is something in them.
  private func writeSales(_ from: Day?, _ to: Day?, _ delistAfterDays: Int?, _ write: Write) throws -> Summary {
    let counts = try store.dataSummary().furtherFacts
    func has(_ name: String) -> Bool { counts[name, default: 0] > 0 }
    let details: [(name: String, place: KeyPath<SalesDetails, Double?>)] = [
      ("base_price", \.basePrice), ("revenue", \.revenue), ("stock_on_hand", \.stockOnHand),
    ].filter { has($0.0) }
    var summary = Summary()
    try write("sales.csv") { line in
      try line(
        ["date", "product", "store", "units", "price", "promotion", "stock"] + details.map(\.name)
          + (has("promotion_kinds") ? ["promotion_kinds"] : []))
      try store.deliveryRows(from: from, to: to, delistAfterDays: delistAfterDays) { row in
        summary.rows += 1
        if row.status == .unknown { summary.unknownRows += 1 }
        summary.lastDay = max(summary.lastDay ?? row.day, row.day)
        let isPlain = row.promotions.allSatisfy { $0.kind == Promotion.anyKind }
        let share = row.promotions.map(\.share).max() ?? 0
        let kinds =
          isPlain ? [] : row.promotions.map { $0.share == 1 ? $0.kind : "\($0.kind)=\(Self.number($0.share))" }
        let stock = StockWord(row.status)
        try line(
          [
            row.day.iso, row.product, row.store, stock.hasUnits ? Self.number(row.units) : "",
            row.price.map(Self.number) ?? "", Self.number(share), stock.rawValue,
          ] + details.map { row.details[keyPath: $0.place].map(Self.number) ?? "" }
            + (has("promotion_kinds") ? [kinds.joined(separator: "+")] : []))
      }
    }
    return summary
  }

  /// Files of facts that few deliveries have, where there are any.
  private func writeFurtherFacts(_ from: Day?, _ to: Day?, _ write: Write) throws {
    func file(_ name: String, _ header: [String], _ rows: [[String]]) throws {
      guard !rows.isEmpty else { return }
      try write(name) { line in
        try line(header)
        for row in rows { try line(row) }
      }
    }
    try file(
      "attributes.csv", ["level", "node", "attribute", "value"],
      try store.attributes().map { [$0.level, $0.node, $0.name, $0.value] })
    try file(
      "ranging.csv", ["product", "store", "from", "through"],
      try store.rangingWindows().map { [$0.product, $0.store, $0.from.iso, $0.through?.iso ?? ""] })
    let links = try store.lifeCycleLinks()
    let hasMoved = links.contains { !$0.previous.isEmpty }
    try file(
      "links.csv", ["kind", "node", "other", "date", "through", "ratio"] + (hasMoved ? ["previous"] : []),
      links.map {
        [$0.kind.rawValue, $0.node, $0.other, $0.day.iso, $0.through?.iso ?? "", $0.ratio.map(Self.number) ?? ""]
          + (hasMoved ? [$0.previous] : [])
      })
    try file(
      "annotations.csv",
      [
        "from", "through", "product_level", "product", "location_level", "location", "reason", "author", "made_at",
        "expires_on",
      ],
      try store.annotations().map {
        let node = $0.days.node
        return [
          $0.days.from.iso, $0.days.through.iso, node.productLevel, node.product, node.locationLevel, node.location,
          $0.reason, $0.author, $0.madeAt.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)),
          $0.expiresOn?.iso ?? "",
        ]
      })
    var regressors: [[String]] = []
    try store.regressors(from: from, to: to) { it in
      let (level, node) = if case .location(let level, let node) = it.scope { (level, node) } else { ("", "") }
      regressors.append([it.day.iso, it.name, Self.number(it.value), level, node])
    }
    try file("regressors.csv", ["date", "regressor", "value", "scope_level", "scope_node"], regressors)
  }

  private static func masters(
    _ masters: (levels: [String], rows: [MasterRow]), hasKind: Bool, _ line: Line
  ) throws {
    // The leaf's own name comes first, as in the long format.
    let levels = masters.levels.suffix(1) + masters.levels.dropLast()
    try line(levels + (hasKind ? ["kind"] : []))
    for row in masters.rows {
      let names = row.path.suffix(1) + row.path.dropLast()
      try line(names + (hasKind ? [row.isCount ? "count" : "measure"] : []))
    }
  }

  private static func events(_ calendar: EventCalendar, levels: [String], _ line: Line) throws {
    struct Key: Hashable {
      let day: Day
      let scope: EventCalendar.Scope
    }
    // The level of most events first; others have a column of their own.
    let scopes = calendar.events.map(\.scope) + calendar.closures.map(\.scope)
    let used = levels.filter { level in
      scopes.contains { if case .location(let its, _) = $0 { its == level } else { false } }
    }
    let columns = used.isEmpty ? Array(levels.dropLast().prefix(1)) : used
    try line(["date", "event", "type"] + columns + ["closed"])
    func write(_ day: Day, _ name: String, _ type: String, _ scope: EventCalendar.Scope, closed: Bool) throws {
      var places = columns.map { _ in "" }
      if case .location(let level, let node) = scope, let index = columns.firstIndex(of: level) { places[index] = node }
      try line([day.iso, name, type] + places + [closed ? "1" : "0"])
    }
    var closures = Set(calendar.closures.map { Key(day: $0.day, scope: $0.scope) })
    for event in calendar.events {
      let closed = closures.remove(Key(day: event.day, scope: event.scope)) != nil
      try write(event.day, event.name, event.type, event.scope, closed: closed)
    }
    for closure in calendar.closures where closures.contains(Key(day: closure.day, scope: closure.scope)) {
      try write(closure.day, "", "", closure.scope, closed: true)
    }
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
  }
}
