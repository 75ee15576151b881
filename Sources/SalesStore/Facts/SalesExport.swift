import DemandData

extension SQLStore {
  func salesRows(from: Day?, to: Day?, each: (SalesRow) throws -> Void) throws {
    try passingErrors {
      try database.read { connection in try Self.salesRows(connection, from: from, to: to, each: each) }
    }
  }

  func deliveryRows(from: Day?, to: Day?, delistAfterDays: Int?, each: (SalesRow) throws -> Void) throws {
    try passingErrors {
      try database.read { connection in
        var further: [Int: [ImpliedDays.Item]] = [:]
        if let complete = try Self.lastCompleteDay(connection) {
          let stored = try Self.storedHierarchy(connection, stores: nil, nothing: nothingLoaded)
          further = try ImpliedDays(
            connection, stored: stored, calendar: try Self.calendar(connection), complete: complete,
            delistAfterDays: delistAfterDays
          ).bySeries
        }
        try Self.salesRows(connection, from: from, to: to, further: further, each: each)
      }
    }
  }

  /// - Parameter further: days without a row that are to come out too, in order, by series.
  private static func salesRows(
    _ connection: any SQLConnection, from: Day?, to: Day?, further: [Int: [ImpliedDays.Item]] = [:],
    each: (SalesRow) throws -> Void
  ) throws {
    var names: [Int: (product: String, store: String)] = [:]
    _ = try connection.all(
      """
      SELECT i.series_id, p.name, l.name FROM series i
      JOIN tree_nodes p ON p.node_id = i.product_id JOIN tree_nodes l ON l.node_id = i.store_id
      """
    ) { names[$0.int(0)] = ($0.text(1), $0.text(2)) }
    var steps: [Int: PriceSteps] = [:]
    try connection.scan("SELECT series_id, from_day, price FROM price_steps ORDER BY series_id, from_day") {
      steps[$0.int(0), default: PriceSteps()].append(day: $0.int(1), price: $0.double(2))
    }
    let days = "day BETWEEN \(from?.number ?? Int(Int32.min)) AND \(to?.number ?? Int(Int32.max))"
    var promotions: [SeriesDay: [Promotion]] = [:]
    try connection.scan("SELECT series_id, day, kind, share FROM promotions WHERE \(days) ORDER BY kind") {
      promotions[SeriesDay(series: $0.int(0), day: $0.int(1)), default: []].append(
        Promotion(kind: $0.text(2), share: $0.double(3)))
    }
    func price(_ id: Int, _ day: Int) -> Double? { steps[id]?.price(on: day) }
    let wanted = (from?.number ?? Int(Int32.min))...(to?.number ?? Int(Int32.max))
    var waiting = further.flatMap { id, items in items.filter { wanted.contains($0.day) }.map { (id: id, item: $0) } }
      .sorted { ($0.id, $0.item.day) > ($1.id, $1.item.day) }
    /// Hands out the days without a row up to a place in the order.
    func handOut(before series: Int, _ day: Int) throws {
      while let next = waiting.last, (next.id, next.item.day) < (series, day) {
        waiting.removeLast()
        guard let name = names[next.id] else { continue }
        try each(
          SalesRow(
            product: name.product, store: name.store, day: Day(number: next.item.day), units: 0,
            status: next.item.status, price: price(next.id, next.item.day), promotions: [], details: SalesDetails()))
      }
    }
    try connection.scan(
      """
      SELECT s.series_id, s.day, s.units, s.status, d.revenue, d.base_price, d.stock_on_hand
      FROM sales s LEFT JOIN sales_details d ON d.series_id = s.series_id AND d.day = s.day
      WHERE s.\(days) ORDER BY s.series_id, s.day
      """
    ) { row in
      let (id, day) = (row.int(0), row.int(1))
      guard let name = names[id], let status = DayStatus(rawValue: UInt8(truncatingIfNeeded: row.int(3))) else {
        throw StoreError.corrupt(what: "a row of sales", reason: "series \(id), day \(Day(number: day))")
      }
      try handOut(before: id, day)
      try each(
        SalesRow(
          product: name.product, store: name.store, day: Day(number: day), units: row.double(2), status: status,
          price: price(id, day),
          promotions: promotions[SeriesDay(series: id, day: day)] ?? [],
          details: SalesDetails(
            revenue: row.optionalDouble(4), basePrice: row.optionalDouble(5), stockOnHand: row.optionalDouble(6))))
    }
    try handOut(before: Int.max, Int.max)
  }

  func masters(tree: String) throws(StoreError) -> (levels: [String], rows: [MasterRow]) {
    try read { connection in
      let found = try Self.leaves(connection, tree: tree)
      let measures = Set(try connection.all("SELECT product_id FROM products WHERE kind = 'measure'") { $0.int(0) })
      return (
        found.levels, zip(found.ids, found.paths).map { MasterRow(path: $1, isCount: !measures.contains($0)) }
      )
    }
  }
}

private struct SeriesDay: Hashable {
  let series: Int
  let day: Int
}
