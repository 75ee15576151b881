import DatabaseTestSupport
import DemandData
import Foundation
import SalesStore
import Testing

/// The migrations of the two databases build the same thing: asked of the databases themselves, not of the files.
@Suite(.enabled(if: PostgreSQLServer.installed != nil, "\(PostgreSQLServer.absence)"))
struct SchemaEquivalenceTests {
  private let sqlite: SmallStore
  private let postgresql: SmallStore

  init() throws {
    (sqlite, postgresql) = try Self.filled.get()
  }

  /// One of each, with something in every view; nothing here changes them.
  private static let filled = Result {
    func make(_ kind: DatabaseKind) throws -> SmallStore {
      let small = try SmallStore(kind)
      try small.load()
      let run = try small.run()
      try small.store.saveSeries(
        run: run.id,
        [SeriesLedgerRow(product: "tea", store: "north", outcome: .init(method: .independence, rhat: 1.5), draws: [1])])
      let (first, node) = (
        SmallStore.first,
        NodeNames(productLevel: "all", product: "all", locationLevel: "store", location: "north")
      )
      _ = try small.store.addAnnotation(
        Annotation(
          days: UnrepresentativeDays(node: node, from: first, through: first + 1), reason: "strike", author: "me",
          madeAt: SmallStore.noon, expiresOn: first + 3))
      _ = try small.store.withLoad(
        LoadHeader(source: "long", files: [], contentHash: "more"), now: { SmallStore.noon }
      ) { writer in
        let id = try writer.seriesID(product: writer.products["tea"]!.id, store: writer.stores["south"]!)
        let day = first.number + 4
        try writer.writeDetails(series: id, day: day, SalesDetails(revenue: 10.25, basePrice: 3))
        try writer.supersede(
          series: id, day: day, units: 6.5, status: .outOfStock, price: nil, details: SalesDetails(revenue: 1))
        _ = try writer.writeAttribute(tree: "location", level: "store", node: "south", name: "size", value: "small")
        return LoadSummary()
      }
      return small
    }
    return (try make(.sqlite), try make(.postgresql))
  }

  private func lines(_ small: SmallStore, _ sql: String) throws -> [String] {
    try small.database.query(sql).split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
  }

  /// Types by what they hold. Units are integers in SQLite, which stores fractions there all the same.
  private static let types = [
    "BLOB": "bytes", "bytea": "bytes", "TEXT": "text", "text": "text", "REAL": "number", "double precision": "number",
    "INTEGER": "integer", "integer": "integer", "bigint": "integer", "smallint": "integer",
  ]

  @Test func tablesAndColumns() throws {
    let ours = try lines(
      sqlite,
      """
      SELECT t.name, t.type, c.name, c.type, c."notnull" OR c.pk > 0 FROM sqlite_master t JOIN pragma_table_info(t.name) c
      WHERE t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid
      """)
    let theirs = try lines(
      postgresql,
      """
      SELECT t.table_name, CASE t.table_type WHEN 'VIEW' THEN 'view' ELSE 'table' END, c.column_name, c.data_type,
        CASE c.is_nullable WHEN 'NO' THEN 1 ELSE 0 END
      FROM information_schema.tables t JOIN information_schema.columns c USING (table_schema, table_name)
      WHERE table_schema = 'public' ORDER BY t.table_name COLLATE "C", c.ordinal_position
      """)
    func columns(_ lines: [String]) throws -> [String] {
      try lines.map { line in
        var fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        // A view's columns have no types and no constraints in SQLite.
        if fields[1] == "view" { return fields[...2].joined(separator: " ") }
        fields[3] = fields[2] == "units" ? "number" : try #require(Self.types[fields[3]], "\(line)")
        return fields.joined(separator: " ")
      }
    }
    let (a, b) = (try columns(ours), try columns(theirs))
    #expect(a.count > 120)
    #expect(a == b, "\(a.difference(from: b))")
  }

  @Test func primaryAndUniqueKeys() throws {
    let ours = try lines(
      sqlite,
      """
      SELECT t.name, i."unique", (SELECT group_concat(name, ',') FROM pragma_index_info(i.name))
      FROM sqlite_master t JOIN pragma_index_list(t.name) i WHERE t.type = 'table'
      UNION ALL
      SELECT t.name, 1, (SELECT name FROM pragma_table_info(t.name) WHERE pk = 1) FROM sqlite_master t
      WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
        AND NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name) WHERE origin = 'pk')
      """)
    let theirs = try lines(
      postgresql,
      """
      SELECT indrelid::regclass, indisunique::int,
        (SELECT string_agg(attname, ',' ORDER BY array_position(indkey::int[], attnum::int))
         FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY (indkey))
      FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace = 'public'::regnamespace
      """)
    #expect(ours.count > 20)
    #expect(ours.sorted() == theirs.sorted(), "\(ours.sorted().difference(from: theirs.sorted()))")
  }

  @Test func foreignKeys() throws {
    let ours = try lines(
      sqlite,
      """
      SELECT t.name, f."table", group_concat(f."from", ','), group_concat(f."to", ','), f.on_delete
      FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table' GROUP BY t.name, f.id
      """)
    let theirs = try lines(
      postgresql,
      """
      SELECT conrelid::regclass, confrelid::regclass,
        (SELECT string_agg(attname, ',' ORDER BY array_position(conkey, attnum))
         FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey)),
        (SELECT string_agg(attname, ',' ORDER BY array_position(confkey, attnum))
         FROM pg_attribute WHERE attrelid = confrelid AND attnum = ANY (confkey)),
        CASE confdeltype WHEN 'c' THEN 'CASCADE' ELSE 'NO ACTION' END
      FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace
      """)
    // In PostgreSQL a trigger for every row of sales would take most of a load's time.
    let left = "sales|series|series_id|series_id|NO ACTION"
    #expect(ours.contains(left))
    #expect(ours.filter { $0 != left }.sorted() == theirs.sorted())
  }

  @Test func checks() throws {
    func normal(_ expression: String) -> String {
      expression.replacing("::text", with: "").replacing("ANY (ARRAY[", with: "IN(").replacing("= IN", with: "IN")
        .replacing("::double precision", with: "")
        .filter { !$0.isWhitespace && !"()[]\"".contains($0) }.uppercased()
    }
    var ours: [String] = []
    for line in try lines(
      sqlite,
      """
      SELECT name, replace(sql, char(10), ' ') FROM (
        SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%')
      """)
    {
      let table = line.prefix { $0 != "|" }
      var rest = line[...]
      while let start = rest.firstRange(of: "CHECK (") {
        var depth = 1
        let end = rest[start.upperBound...].firstIndex { character in
          depth += character == "(" ? 1 : character == ")" ? -1 : 0
          return depth == 0
        }!
        ours.append("\(table) \(normal(String(rest[start.upperBound..<end])))")
        rest = rest[end...]
      }
    }
    let theirs = try lines(
      postgresql,
      """
      SELECT conrelid::regclass, pg_get_expr(conbin, conrelid) FROM pg_constraint
      WHERE contype = 'c' AND connamespace = 'public'::regnamespace
      """
    ).map { line in
      let table = line.prefix { $0 != "|" }
      return "\(table) \(normal(String(line.dropFirst(table.count + 1))))"
    }
    #expect(ours.count > 20)
    #expect(ours.sorted() == theirs.sorted(), "\(ours.sorted().difference(from: theirs.sorted()))")
  }

  /// What the checks refuse, tried on both.
  @Test(arguments: [
    "INSERT INTO tree_levels VALUES ('colour', 1, 'x')", "INSERT INTO tree_levels VALUES ('product', 0, 'x')",
    "INSERT INTO tree_nodes VALUES (99, 'product', 1, '', NULL)",
    "INSERT INTO sales VALUES (1, 1, -1, 0)", "INSERT INTO sales VALUES (1, 1, 2, 4)",
    "INSERT INTO sales VALUES (1, 1, 2000000000, 0)", "INSERT INTO sales VALUES (1, 1, 0, 5)",
    "INSERT INTO store_days VALUES ((SELECT min(store_id) FROM stores), 1, 1)",
    "INSERT INTO price_steps VALUES (1, 1, -0.5)", "INSERT INTO promotions VALUES (1, 1, 'x', 1.5)",
    "INSERT INTO events VALUES (1, 'x', 'y', 'region', '')", "UPDATE series SET delist_after = 0",
    "UPDATE runs SET status = 'odd'", "UPDATE runs SET horizon = 0",
    "INSERT INTO published VALUES (2, 1, 'x', NULL, NULL)",
    "INSERT INTO sales_details VALUES (1, 1, NULL, NULL, NULL)", "INSERT INTO sales_details VALUES (1, 1, 1, -1, NULL)",
    "INSERT INTO ranging_windows VALUES (1, 5, 4)", "INSERT INTO regressors VALUES ('', '', '', 1, 1)",
    "INSERT INTO regressors VALUES ('x', 'store', '', 1, 1)",
    "INSERT INTO annotations VALUES (9, '', '', '', '', 5, 4, 'x', 'y', 'z', NULL)",
    "INSERT INTO annotations VALUES (9, 'product', '', '', '', 5, 5, 'x', 'y', 'z', NULL)",
    "INSERT INTO annotations VALUES (9, '', '', '', '', 5, 5, '', 'y', 'z', NULL)",
    "INSERT INTO life_cycle_links VALUES ('birth', 'x', '', 1, NULL, NULL, '', 1)",
    "INSERT INTO life_cycle_links VALUES ('successor', 'x', '', 1, NULL, NULL, '', 1)",
    "INSERT INTO life_cycle_links VALUES ('opening', 'x', 'y', 1, NULL, NULL, '', 1)",
    "INSERT INTO life_cycle_links VALUES ('successor', 'x', 'y', 1, NULL, 0, '', 1)",
    "INSERT INTO life_cycle_links VALUES ('closure', 'x', '', 2, 1, NULL, '', 1)",
  ])
  func refused(statement: String) {
    for small in [sqlite, postgresql] {
      let error = #expect(throws: (any Error).self) { try small.database.query(statement) }
      #expect(error.map { "\($0)".lowercased().contains("check constraint") } == true, "\(String(describing: error))")
    }
  }

  @Test(arguments: [
    "products_by_path": "path", "sales_by_day": "date, product, store", "prices_by_step": "from_date",
    "events_by_day": "event", "series_outcomes": "run_id", "sales_details_by_day": "date",
    "restatements_by_day": "date", "attributes_by_node": "node", "annotations_by_node": "annotation_id",
  ])
  func views(view: String, order: String) throws {
    // Whole numbers of units are integers in SQLite and the same figures in PostgreSQL.
    let (a, b) = (
      try lines(sqlite, "SELECT * FROM \(view) ORDER BY \(order)"),
      try lines(postgresql, "SELECT * FROM \(view) ORDER BY \(order)")
    )
    #expect(!a.isEmpty)
    func values(_ lines: [String]) -> [[String]] {
      lines.map { line in
        line.split(separator: "|", omittingEmptySubsequences: false).map { field in
          // The truth of an expression is 0 or 1 in SQLite; whole numbers may come with or without a fraction.
          ["f": "0.0", "t": "1.0"][field] ?? Double(field).map { "\($0)" } ?? String(field)
        }
      }
    }
    #expect(values(a) == values(b))
  }
}
