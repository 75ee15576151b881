import DemandData

extension SQLStore {
  func salesRows(from: Day?, to: Day?, each: (SalesRow) throws -> Void) throws {
    try passingErrors {
      try database.read { connection in
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
        var promoted: [Int: Set<Int>] = [:]
        try connection.scan("SELECT series_id, day FROM promotions") {
          promoted[$0.int(0), default: []].insert($0.int(1))
        }
        try connection.scan(
          """
          SELECT series_id, day, units, status FROM sales
          WHERE day BETWEEN \(from?.number ?? Int(Int32.min)) AND \(to?.number ?? Int(Int32.max))
          ORDER BY series_id, day
          """
        ) { row in
          let (id, day) = (row.int(0), row.int(1))
          guard let name = names[id], let status = DayStatus(rawValue: UInt8(truncatingIfNeeded: row.int(3))) else {
            throw StoreError.corrupt(what: "a row of sales", reason: "series \(id), day \(Day(number: day))")
          }
          let known = steps[id]
          let step = known?.days.lastIndex { $0 <= day }
          try each(
            SalesRow(
              product: name.product, store: name.store, day: Day(number: day), units: row.double(2), status: status,
              price: step.flatMap { known?.prices[$0] }, isPromoted: promoted[id]?.contains(day) ?? false))
        }
      }
    }
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
