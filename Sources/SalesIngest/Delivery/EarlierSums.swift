import DemandData
import SalesStore

/// Sums of days that are unknown, as lines of theirs were refused: the newest that a load has of each, and the lines
/// for which they wait.
struct EarlierSums {
  struct Key: Hashable {
    let product, store, day: Int
  }

  private struct Entry {
    var newest: LoadDetails.OpenSum
    /// The load that has the newest.
    var load: Int
    /// Lines that deliveries refused, by load; nil for all of a load's.
    var refused: [Int: Set<LoadDetails.QuarantinePlace>?] = [:]
    /// The load from which on the day waits: what earlier ones refused is settled.
    var since: Int
    /// Lines that were added in place of refused ones since then.
    var added = 0
  }

  private var entries: [Key: Entry] = [:]
  /// Lines that were dropped from quarantine by load, and whether their days are said to be whole without them.
  private var dropped: [Int: [LoadDetails.QuarantinePlace: Bool]] = [:]
  /// Lines in quarantine by load, once they are asked for.
  private var inQuarantine: [Int: Set<LoadDetails.QuarantinePlace>] = [:]

  init(_ loads: [LoadRecord]) {
    for load in loads.sorted(by: { $0.id < $1.id }) {
      if let lines = load.summary.details?.droppedLines {
        dropped[load.id] = Dictionary(lines.map { ($0.place, $0.isDayWhole) }) { $0 || $1 }
      }
      for it in load.summary.details?.openSums ?? [] { add(it, of: load) }
    }
  }

  private mutating func add(_ it: LoadDetails.OpenSum, of load: LoadRecord) {
    let key = Key(product: it.product, store: it.store, day: it.day)
    let known = entries[key]
    var entry = known ?? Entry(newest: it, load: load.id, since: load.summary.details?.retryOf ?? load.id)
    // A day without good lines says nothing of the sum that was there before.
    if it.hasLines != false || entry.newest.hasLines == false { (entry.newest, entry.load) = (it, load.id) }
    if let first = load.summary.details?.retryOf {
      // Lines that are read again stay with the load that refused them.
      switch entry.refused[first] {
      case .some(.none): break
      case .some(.some(let places)): entry.refused[first] = .some(places.union(it.refused ?? []))
      case .none: entry.refused[first] = .some(Set(it.refused ?? []))
      }
    } else {
      // Earlier versions did not count lines that were added.
      if let added = it.added ?? (it.refused == [] ? 1 : nil) {
        entry.added += added
      } else if known == nil || it.hasLines != false {
        (entry.since, entry.added) = (load.id, 0)
      }
      entry.refused[load.id] = .some(it.refused.map { Set($0) })
    }
    entries[key] = entry
  }

  subscript(_ key: Key) -> ReceiptLines.Sum? {
    guard let it = entries[key]?.newest, it.hasLines != false else { return nil }
    var sum = ReceiptLines.Sum()
    sum.fact.units = it.units
    sum.fact.details.revenue = it.revenue
    sum.fact.lacksRevenue = it.lacksRevenue
    sum.fact.status = DayStatus(rawValue: it.status) ?? .sold
    sum.pricedUnits = it.pricedUnits
    sum.paid = it.paid
    sum.count = 1
    return sum
  }

  /// Whether a day waits for lines, as far as loads tell.
  func contains(_ key: Key) -> Bool { entries[key] != nil }

  /// Whether a day still waits for a line: one in quarantine, or one that was dropped and in whose place none was
  /// added; nil for a day of which no load keeps what it waits for.
  ///
  /// - Parameters:
  ///   - lines: lines that are about to be added.
  ///   - load: the load whose lines in quarantine are being read again.
  mutating func isWaiting(
    _ key: Key, adding lines: Int = 0, passing load: Int? = nil, _ writer: LoadWriter
  ) throws -> Bool? {
    guard let entry = entries[key] else { return nil }
    for (its, refused) in entry.refused where its != load {
      let present = try inQuarantine[its] ?? writer.quarantinedPlaces(load: its)
      inQuarantine[its] = present
      if refused.map({ !$0.isDisjoint(with: present) }) ?? !present.isEmpty { return true }
    }
    return lacking(key).dropped > entry.added + lines
  }

  /// Lines of a day that were dropped without a word on the day, those that were added in their place, and whether
  /// any was said not to be missed.
  func lacking(_ key: Key) -> (dropped: Int, added: Int, isSettled: Bool) {
    guard let entry = entries[key] else { return (0, 0, false) }
    var (waiting, settled) = (0, 0)
    for (load, refused) in entry.refused where load >= entry.since {
      guard let lines = dropped[load] else { continue }
      let its = refused.map { places in places.compactMap { lines[$0] } } ?? Array(lines.values)
      settled += its.count { $0 }
      waiting += its.count { !$0 }
    }
    return (waiting, entry.added, settled > 0)
  }

  /// Days of which something was said since lines of theirs were refused, by the load that has the sum: they are whole
  /// once they wait for nothing.
  var answered: [(key: Key, load: Int)] {
    entries.compactMap { key, entry in
      let lacking = lacking(key)
      guard lacking.added > 0 || lacking.isSettled else { return nil }
      return (key, entry.load)
    }.sorted { Self.isBefore($0.key, $1.key) }
  }

  /// Days that lack lines that were dropped: with `places` of a load among them.
  func partial(_ places: [Int: Set<LoadDetails.QuarantinePlace>]) -> [Key] {
    entries.compactMap { key, entry in
      let (dropped, added, _) = lacking(key)
      guard dropped > added else { return nil }
      let isMeant = places.contains { load, its in
        guard let refused = entry.refused[load] else { return false }
        return refused.map { !$0.isDisjoint(with: its) } ?? true
      }
      return isMeant ? key : nil
    }.sorted(by: Self.isBefore)
  }

  private static func isBefore(_ one: Key, _ other: Key) -> Bool {
    (one.store, one.product, one.day) < (other.store, other.product, other.day)
  }
}
