import DemandData

/// A line of a run's ledger: one series, what became of it, and its archived draws.
public struct SeriesLedgerRow: Sendable, Hashable {
  public var product: String
  public var store: String
  public var outcome: SeriesOutcome
  /// Empty where nothing was sampled.
  public var draws: [Float]

  public init(product: String, store: String, outcome: SeriesOutcome, draws: [Float] = []) {
    self.product = product
    self.store = store
    self.outcome = outcome
    self.draws = draws
  }
}

extension SQLStore {
  func saveSeries(run: Int, _ rows: [SeriesLedgerRow]) throws(StoreError) {
    try write(.runs) { database in
      let products = try Self.leafIDs(database, tree: "product", table: "products", column: "product_id")
      let stores = try Self.leafIDs(database, tree: "location", table: "stores", column: "store_id")
      let statement = try database.prepare(
        """
        INSERT INTO run_series (run_id, product_id, store_id, method, reason, rhat, ess_bulk, ess_tail,
          acceptance, pareto_k, draws, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (run_id, product_id, store_id) DO UPDATE SET
          method = excluded.method, reason = excluded.reason, rhat = excluded.rhat, ess_bulk = excluded.ess_bulk,
          ess_tail = excluded.ess_tail, acceptance = excluded.acceptance, pareto_k = excluded.pareto_k,
          draws = excluded.draws, checksum = excluded.checksum
        """)
      statement.bind(1, run)
      for row in rows {
        guard let product = products[row.product] else {
          throw StoreError.unknownName(kind: "product", name: row.product, known: [])
        }
        guard let store = stores[row.store] else {
          throw StoreError.unknownName(kind: "store", name: row.store, known: stores.keys.sorted())
        }
        let draws = row.draws.withUnsafeBytes { Array($0) }
        statement.bind(2, product)
        statement.bind(3, store)
        statement.bind(4, row.outcome.method.rawValue)
        statement.bind(5, row.outcome.reason)
        statement.bind(6, row.outcome.rhat)
        statement.bind(7, row.outcome.essBulk)
        statement.bind(8, row.outcome.essTail)
        statement.bind(9, row.outcome.acceptance)
        statement.bind(10, row.outcome.paretoK)
        statement.bind(11, draws)
        statement.bind(12, ContentHash.digest(of: draws))
        try statement.execute()
      }
    }
  }

  func series(run: Int, draws wanted: Bool) throws(StoreError) -> [SeriesLedgerRow] {
    try read { database in
      let statement = try database.prepare(
        """
        SELECT p.name, l.name, r.method, r.reason, r.rhat, r.ess_bulk, r.ess_tail, r.acceptance, r.pareto_k
          \(wanted ? ", r.draws, r.checksum" : "")
        FROM run_series r JOIN tree_nodes p ON p.node_id = r.product_id JOIN tree_nodes l ON l.node_id = r.store_id
        WHERE r.run_id = ? ORDER BY p.name, l.name
        """)
      statement.bind(1, run)
      var rows: [SeriesLedgerRow] = []
      while try statement.step() {
        let (product, store, method) = (statement.text(0), statement.text(1), statement.text(2))
        let what = "series \(product) in \(store) of run \(run)"
        guard let method = SeriesOutcome.Method(rawValue: method) else {
          throw StoreError.corrupt(what: what, reason: "its method '\(method)' is unknown")
        }
        let outcome = SeriesOutcome(
          method: method, reason: statement.optionalText(3), rhat: statement.optionalDouble(4),
          essBulk: statement.optionalDouble(5), essTail: statement.optionalDouble(6),
          acceptance: statement.optionalDouble(7), paretoK: statement.optionalDouble(8))
        var row = SeriesLedgerRow(product: product, store: store, outcome: outcome)
        if wanted {
          let bytes = statement.bytes(9)
          try Self.verify(bytes, statement.bytes(10), what: what)
          row.draws = [Float](unsafeUninitializedCapacity: bytes.count / 4) { buffer, count in
            count = bytes.copyBytes(to: buffer)
          }
        }
        rows.append(row)
      }
      return rows
    }
  }

  func saveDiagnostics(run: Int, _ diagnostics: [ParameterDiagnostic]) throws(StoreError) {
    try write(.runs) { database in
      try database.execute("DELETE FROM run_diagnostics WHERE run_id = ?", [run])
      let statement = try database.prepare("INSERT INTO run_diagnostics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      statement.bind(1, run)
      for (position, it) in diagnostics.enumerated() {
        statement.bind(2, position)
        statement.bind(3, it.name)
        let figures = [it.mean, it.sd, it.q5, it.q50, it.q95, it.rhat, it.essBulk, it.essTail]
        for (column, figure) in figures.enumerated() { statement.bind(4 + column, figure) }
        try statement.execute()
      }
    }
  }

  func diagnostics(run: Int) throws(StoreError) -> [ParameterDiagnostic] {
    try read { database in
      try database.all(
        """
        SELECT name, mean, sd, q5, q50, q95, rhat, ess_bulk, ess_tail FROM run_diagnostics WHERE run_id = ?
        ORDER BY position
        """, [run]
      ) { row in
        // Not-a-number is stored as NULL.
        func figure(_ column: Int) -> Double { row.optionalDouble(column) ?? .nan }
        return ParameterDiagnostic(
          name: row.text(0), mean: figure(1), sd: figure(2), q5: figure(3), q50: figure(4), q95: figure(5),
          rhat: figure(6), essBulk: figure(7), essTail: figure(8))
      }
    }
  }

  /// Ids of a tree's leaves by name.
  static func leafIDs(_ database: any SQLConnection, tree: String, table: String, column: String) throws -> [String:
    Int]
  {
    var ids: [String: Int] = [:]
    let statement = try database.prepare(
      "SELECT n.name, n.node_id FROM \(table) t JOIN tree_nodes n ON n.node_id = t.\(column)")
    while try statement.step() { ids[statement.text(0)] = statement.int(1) }
    return ids
  }
}

extension [UInt8] {
  /// Copies whole 32-bit floats; returns how many.
  fileprivate func copyBytes(to buffer: UnsafeMutableBufferPointer<Float>) -> Int {
    withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: .init(rebasing: $0[..<(count / 4 * 4)])) }
    return count / 4
  }
}
