import DemandData

/// Table `packed_histories`: the rows of sales of every series up to a day, in one piece each, so that a panel of all
/// series need not read some fifty million rows.
///
/// The table may be emptied at any time. A load removes what it makes wrong in its own transaction, so that what is there
/// is right; rows behind a series' last packed day are read beside it.
struct PackedHistories {
  let database: any SQLConnection

  /// Days that may follow behind the packed ones before a series is packed anew.
  static let longestTail = 28
  /// Series whose rows are read at a time: some fifty megabytes.
  private static let packedAtOnce = 2048

  init(_ database: any SQLConnection) { self.database = database }

  /// Hands on what is packed, but for what is damaged, which is as if it were not there.
  func read(_ body: (_ series: Int, _ payload: UnsafeRawBufferPointer) -> Void) throws {
    try database.scan("SELECT series_id, payload, checksum FROM packed_histories") { row in
      let payload = row.bytes(1)
      guard ContentHash.digest(of: payload) == row.bytes(2) else { return }
      payload.withUnsafeBytes { body(row.int(0), $0) }
    }
  }

  /// A query for the rows of sales behind the packed ones, by the key and never by a pass over the table.
  func rowsBehind(first: Int, end: Int) -> String {
    let days = "s.day BETWEEN \(first) AND \(end - 1)"
    return switch database.dialect {
    case .sqlite:
      // A cross join keeps the order of the tables.
      """
      SELECT s.series_id, s.day, s.units, s.status FROM packed_histories p
      CROSS JOIN sales s ON s.series_id = p.series_id AND s.day > p.through_day WHERE \(days)
      """
    case .postgresql:
      // The offset keeps the planner from turning this into a join of whole tables.
      """
      SELECT b.series_id, b.day, b.units, b.status FROM packed_histories p CROSS JOIN LATERAL (
        SELECT s.series_id, s.day, s.units, s.status FROM sales s
        WHERE s.series_id = p.series_id AND s.day > p.through_day AND \(days) OFFSET 0) b
      """
    }
  }

  /// Series that are not packed, or to which more than a month of days came since; ascending.
  func due() throws -> [Int] {
    var due: [Int] = []
    try database.scan(
      """
      SELECT i.series_id, (SELECT max(s.day) FROM sales s WHERE s.series_id = i.series_id), p.through_day
      FROM series i LEFT JOIN packed_histories p ON p.series_id = i.series_id
      """
    ) { row in
      guard let last = row.optionalInt(1) else { return }
      if row.optionalInt(2).map({ last - $0 > Self.longestTail }) ?? true { due.append(row.int(0)) }
    }
    return due.sorted()
  }

  /// Packs the rows of these series.
  func pack(_ series: [Int]) throws {
    let put = try database.prepare(
      """
      INSERT INTO packed_histories (series_id, through_day, payload, checksum) VALUES (?, ?, ?, ?)
      ON CONFLICT (series_id) DO UPDATE SET through_day = excluded.through_day, payload = excluded.payload,
        checksum = excluded.checksum
      """)
    try rows(of: series) { series, rows in
      let payload = PackedHistory.pack(rows)
      put.bind([series, rows[rows.count - 1].day, payload, ContentHash.digest(of: payload)])
      try put.execute()
    }
  }

  /// How many are damaged, or do not say what the rows of sales say.
  func wrong() throws -> Int {
    var packed: [Int: (through: Int, checksum: [UInt8])] = [:]
    var wrong = 0
    try database.scan("SELECT series_id, through_day, payload, checksum FROM packed_histories") { row in
      let checksum = row.bytes(3)
      if ContentHash.digest(of: row.bytes(2)) == checksum {
        packed[row.int(0)] = (row.int(1), checksum)
      } else {
        wrong += 1
      }
    }
    var right = 0
    try rows(of: packed.keys.sorted()) { series, rows in
      let before = rows.prefix { $0.day <= packed[series]!.through }
      if !before.isEmpty, ContentHash.digest(of: PackedHistory.pack(Array(before))) == packed[series]!.checksum {
        right += 1
      }
    }
    return wrong + packed.count - right
  }

  /// Hands on the rows of series in the order of days, one series after the other.
  private func rows(of series: [Int], _ body: (Int, [PackedHistory.Row]) throws -> Void) throws {
    for part in stride(from: 0, to: series.count, by: Self.packedAtOnce) {
      let wanted = series[part..<min(part + Self.packedAtOnce, series.count)]
      let (first, last) = (wanted.first!, wanted.last!)
      var rows = Dictionary(uniqueKeysWithValues: wanted.map { ($0, [PackedHistory.Row]()) })
      // Ids that mostly follow each other are a range of the key.
      let isRange = last - first < 2 * wanted.count
      let ids = wanted.map { String($0) }.joined(separator: ", ")
      var (id, history) = (Int.min, [PackedHistory.Row]())
      try database.scan(
        """
        SELECT series_id, day, units, status FROM sales
        WHERE \(isRange ? "series_id BETWEEN \(first) AND \(last)" : "series_id IN (\(ids))")
        """
      ) { row in
        let series = row.int(0)
        if series != id {
          if rows[id] != nil { rows[id] = history }
          (id, history) = (series, rows[series] ?? [])
        }
        history.append(
          .init(day: row.int(1), units: SeriesDays.units(row.double(2)), status: UInt8(truncatingIfNeeded: row.int(3))))
      }
      if rows[id] != nil { rows[id] = history }
      for id in wanted {
        guard var history = rows.removeValue(forKey: id), !history.isEmpty else { continue }
        if zip(history, history.dropFirst()).contains(where: { $0.day > $1.day }) { history.sort { $0.day < $1.day } }
        try body(id, history)
      }
    }
  }
}

/// What a load means for the packed histories.
struct PackedDays {
  /// Last packed day by series; `Int.min` for none.
  private var through: [Int] = []
  /// Series whose packed days the load makes wrong.
  private var changed: Set<Int> = []
  /// Whether the load leaves series that are to be packed.
  private(set) var isDue = false

  init() {}

  init(_ database: any SQLConnection, seriesCount: Int) throws {
    var found = [Int](repeating: .min, count: seriesCount)
    try database.scan("SELECT series_id, through_day FROM packed_histories") { row in
      if found.indices.contains(row.int(0)) { found[row.int(0)] = row.int(1) }
    }
    through = found
  }

  mutating func noteWritten(series: Int, day: Int) {
    guard series < through.count, through[series] >= day - PackedHistories.longestTail else {
      isDue = true
      return
    }
    if day <= through[series] {
      changed.insert(series)
      isDue = true
    }
  }

  /// Removes what is not right any more.
  func unpackChanged(_ database: any SQLConnection) throws {
    let unpack = try database.prepare("DELETE FROM packed_histories WHERE series_id = ?")
    for series in changed.sorted() {
      unpack.bind(1, series)
      try unpack.execute()
    }
  }
}

extension SQLStore {
  /// Packs what is due to be packed; see ``PackedHistories``.
  func packHistories() throws(StoreError) {
    guard try !(read { try PackedHistories($0).due() }).isEmpty else { return }
    try write(.facts) { connection in
      let packed = PackedHistories(connection)
      // Asked again: others may have been at work.
      try packed.pack(packed.due())
    }
  }

  /// Removes all packed histories, which are made again with the next load.
  func forgetPackedHistories() throws(StoreError) {
    try write(.facts) { try $0.execute("DELETE FROM packed_histories") }
  }
}
