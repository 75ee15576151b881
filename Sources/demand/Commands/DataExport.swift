import ArgumentParser
import DemandData
import ForecastReport
import Foundation
import SalesIngest
import SalesStore

struct DataExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes products, stores, events and sales as a delivery in long format.",
    discussion: """
      Examples:
        demand data export --output delivery
        demand data export --output monday --from 2026-03-02 --to 2026-03-02

      'demand ingest delivery' takes the files again; where the levels are not those of the long format, a mapping.yml \
      beside them says so: 'demand ingest --mapping-file delivery/mapping.yml delivery'. Days of which nothing is known and \
      days out of range have no row; every row has the price in force. Prices of days to come are not written, \
      nor that a product was in range before its first row, which M5's prices tell: loaded again, it starts at that row.
      """)

  @Option(help: ArgumentHelp("Folder for the files, made where there is none.", valueName: "folder")) var output: String
  @Option(help: ArgumentHelp("First day of sales.", valueName: "YYYY-MM-DD")) var from: Day?
  @Option(help: ArgumentHelp("Last day of sales.", valueName: "YYYY-MM-DD")) var to: Day?
  @OptionGroup(title: "Common options") var common: CommonOptions

  func validate() throws {
    if let from, let to, to < from { throw ValidationError("--to \(to) is before --from \(from)") }
  }

  func run() throws {
    let store = try common.openForReading()
    try WritableFolder.require(output)
    let (products, locations) = (try store.masters(tree: "product"), try store.masters(tree: "location"))
    let mapping = SourceMapping.long(productLevels: products.levels, locationLevels: locations.levels)
    let isOwn = mapping != .long
    if isOwn {
      let text = "exported:\n" + mapping.yaml(indentation: 2)
      try AtomicFile.write(to: URL(fileURLWithPath: output).appendingPathComponent("mapping.yml")) { sink in
        try sink(Array(text.utf8))
      }
    }
    try write("products.csv") { line in try Self.masters(products, hasKind: true, line) }
    try write("stores.csv") { line in try Self.masters(locations, hasKind: false, line) }
    try write("events.csv") { line in try Self.events(try store.calendar(), levels: locations.levels, line) }
    let rows = try writeSales(store)
    try writeFurtherFacts(store)
    common.note("\(output): \(rows) rows of sales")
    if isOwn {
      common.note(
        "its levels are not those of the long format; to load it again: "
          + "demand ingest --mapping-file \(output)/mapping.yml \(output)")
    }
  }

  /// Columns beyond the usual ones only where there is something in them.
  private func writeSales(_ store: any SalesStore) throws -> Int {
    let counts = try store.dataSummary().furtherFacts
    func has(_ name: String) -> Bool { counts[name, default: 0] > 0 }
    let details: [(name: String, place: KeyPath<SalesDetails, Double?>)] = [
      ("base_price", \.basePrice), ("revenue", \.revenue), ("stock_on_hand", \.stockOnHand),
    ].filter { has($0.0) }
    var rows = 0
    try write("sales.csv") { line in
      try line(
        ["date", "product", "store", "units", "price", "promotion", "stock"] + details.map(\.name)
          + (has("promotion_kinds") ? ["promotion_kinds"] : []))
      try store.salesRows(from: from, to: to) { row in
        guard row.status != .notRanged, row.status != .unknown else { return }
        rows += 1
        let isPlain = row.promotions.allSatisfy { $0.kind == Promotion.anyKind }
        let share = row.promotions.map(\.share).max() ?? 0
        let kinds =
          isPlain ? [] : row.promotions.map { $0.share == 1 ? $0.kind : "\($0.kind)=\(Self.number($0.share))" }
        try line(
          [
            row.day.iso, row.product, row.store, Self.number(row.units), row.price.map(Self.number) ?? "",
            Self.number(share), row.status == .outOfStock ? "out" : "ok",
          ] + details.map { row.details[keyPath: $0.place].map(Self.number) ?? "" }
            + (has("promotion_kinds") ? [kinds.joined(separator: "+")] : []))
      }
    }
    return rows
  }

  /// Files of facts that few deliveries have: where there are any, or a file of an earlier export would tell of them.
  private func writeFurtherFacts(_ store: any SalesStore) throws {
    func write(_ name: String, _ header: [String], _ rows: [[String]]) throws {
      let file = URL(fileURLWithPath: output).appendingPathComponent(name).path
      guard !rows.isEmpty || FileManager.default.fileExists(atPath: file) else { return }
      try self.write(name) { line in
        try line(header)
        for row in rows { try line(row) }
      }
    }
    try write(
      "attributes.csv", ["level", "node", "attribute", "value"],
      try store.attributes().map { [$0.level, $0.node, $0.name, $0.value] })
    try write(
      "ranging.csv", ["product", "store", "from", "through"],
      try store.rangingWindows().map { [$0.product, $0.store, $0.from.iso, $0.through?.iso ?? ""] })
    try write(
      "links.csv", ["kind", "node", "other", "date", "through", "ratio"],
      try store.lifeCycleLinks().map {
        [$0.kind.rawValue, $0.node, $0.other, $0.day.iso, $0.through?.iso ?? "", $0.ratio.map(Self.number) ?? ""]
      })
    try write(
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
      let (level, node) = if case .everywhere = it.scope { ("", "") } else { it.scope.names }
      regressors.append([it.day.iso, it.name, Self.number(it.value), level, node])
    }
    try write("regressors.csv", ["date", "regressor", "value", "scope_level", "scope_node"], regressors)
  }

  private typealias Line = ([String]) throws -> Void

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

  /// A file of comma-separated lines; readers see it whole or not at all.
  private func write(_ name: String, _ body: (Line) throws -> Void) throws {
    try AtomicFile.write(to: URL(fileURLWithPath: output).appendingPathComponent(name)) { sink in
      var bytes: [UInt8] = []
      try body { fields in
        for (index, field) in fields.enumerated() {
          if index > 0 { bytes.append(UInt8(ascii: ",")) }
          if field.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) {
            bytes += Array("\"\(field.replacing("\"", with: "\"\""))\"".utf8)
          } else {
            bytes += Array(field.utf8)
          }
        }
        bytes.append(UInt8(ascii: "\n"))
        if bytes.count > 1 << 20 {
          try sink(bytes)
          bytes.removeAll(keepingCapacity: true)
        }
      }
      try sink(bytes)
    }
  }
}
