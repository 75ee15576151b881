import DemandData

extension SQLStore {
  func restatements(load: Int?, limit: Int) throws(StoreError) -> [Restatement] {
    try read { database in
      try database.all(
        """
        SELECT p.name, l.name, s.day, s.load_id, s.superseded_at, s.units, s.status, s.price, s.revenue, s.base_price,
          s.stock_on_hand, now.units, now.status
        FROM superseded_sales s
        JOIN sales now ON now.series_id = s.series_id AND now.day = s.day
        JOIN series i ON i.series_id = s.series_id
        JOIN tree_nodes p ON p.node_id = i.product_id
        JOIN tree_nodes l ON l.node_id = i.store_id
        WHERE s.load_id = coalesce(?, s.load_id)
        ORDER BY s.load_id, p.name, l.name, s.day LIMIT ?
        """, [load, limit]
      ) { row in
        Restatement(
          product: row.text(0), store: row.text(1), day: Day(number: row.int(2)), load: row.int(3),
          supersededAt: try Timestamp.date(row.text(4)), units: row.double(5), status: try Self.status(row.int(6)),
          price: row.optionalDouble(7),
          details: SalesDetails(
            revenue: row.optionalDouble(8), basePrice: row.optionalDouble(9), stockOnHand: row.optionalDouble(10)),
          presentUnits: row.double(11), presentStatus: try Self.status(row.int(12)))
      }
    }
  }

  static func status(_ value: Int) throws -> DayStatus {
    guard let status = DayStatus(rawValue: UInt8(truncatingIfNeeded: value)) else {
      throw StoreError.corrupt(what: "a row of sales", reason: "there is no status \(value)")
    }
    return status
  }

  func rangingWindows() throws(StoreError) -> [RangingWindow] {
    try read { database in
      try database.all(
        """
        SELECT p.name, l.name, w.from_day, w.through_day FROM ranging_windows w
        JOIN series i ON i.series_id = w.series_id
        JOIN tree_nodes p ON p.node_id = i.product_id
        JOIN tree_nodes l ON l.node_id = i.store_id
        ORDER BY p.name, l.name, w.from_day
        """
      ) {
        RangingWindow(
          product: $0.text(0), store: $0.text(1), from: Day(number: $0.int(2)),
          through: $0.optionalInt(3).map(Day.init(number:)))
      }
    }
  }

  func attributes() throws(StoreError) -> [NodeAttribute] {
    try read { database in
      try database.all(
        "SELECT level, node, attribute, value FROM attributes_by_node ORDER BY tree, level, node, attribute"
      ) { NodeAttribute(level: $0.text(0), node: $0.text(1), name: $0.text(2), value: $0.text(3)) }
    }
  }

  func lifeCycleLinks() throws(StoreError) -> [LifeCycleLink] { try read { try Self.lifeCycleLinks($0) } }

  static func lifeCycleLinks(_ database: any SQLConnection) throws -> [LifeCycleLink] {
    try database.all(
      "SELECT kind, node, other, day, through_day, ratio, previous FROM life_cycle_links ORDER BY day, kind, node, other"
    ) { row in
      guard let kind = LifeCycleLink.Kind(rawValue: row.text(0)) else {
        throw StoreError.corrupt(what: "a life-cycle link", reason: "there is no kind '\(row.text(0))'")
      }
      return LifeCycleLink(
        kind: kind, node: row.text(1), other: row.text(2), day: Day(number: row.int(3)),
        through: row.optionalInt(4).map(Day.init(number:)), ratio: row.optionalDouble(5), previous: row.text(6))
    }
  }

  func regressors(from: Day?, to: Day?, each: (Regressor) throws -> Void) throws {
    try passingErrors {
      try database.read { connection in
        try connection.scan(
          """
          SELECT name, scope_level, scope_node, day, value FROM regressors
          WHERE day BETWEEN \(from?.number ?? Int(Int32.min)) AND \(to?.number ?? Int(Int32.max))
          ORDER BY name, scope_level, scope_node, day
          """
        ) { row in
          let level = row.text(1)
          try each(
            Regressor(
              name: row.text(0), day: Day(number: row.int(3)),
              scope: level.isEmpty ? .everywhere : .location(level: level, node: row.text(2)), value: row.double(4)))
        }
      }
    }
  }
}
