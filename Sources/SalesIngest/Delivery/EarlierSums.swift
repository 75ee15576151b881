import DemandData
import SalesStore

/// Sums of days that are unknown, as lines of theirs were refused: the newest that a load has of each, and the lines for
/// which they wait.
struct EarlierSums {
  struct Key: Hashable {
    let product, store, day: Int
  }

  private struct Entry {
    var newest: LoadDetails.OpenSum
    /// The load that has the newest.
    var load: Int
    var isRetry = false
    /// Lines that deliveries refused, by load; nil for all of a load's.
    var refused: [Int: Set<LoadDetails.QuarantinePlace>?] = [:]
  }

  private var entries: [Key: Entry] = [:]
  /// Lines in quarantine by load, once they are asked for.
  private var inQuarantine: [Int: Set<LoadDetails.QuarantinePlace>] = [:]

  init(_ loads: [LoadRecord]) {
    for load in loads.sorted(by: { $0.id < $1.id }) {
      for it in load.summary.details?.openSums ?? [] {
        let key = Key(product: it.product, store: it.store, day: it.day)
        var entry = entries[key] ?? Entry(newest: it, load: load.id)
        // A day without good lines says nothing of the sum that was there before.
        if it.hasLines != false || entry.newest.hasLines == false {
          (entry.newest, entry.load, entry.isRetry) = (it, load.id, load.summary.details?.retryOf != nil)
        }
        // Lines that are read again stay with the load that refused them.
        if load.summary.details?.retryOf == nil { entry.refused[load.id] = .some(it.refused.map { Set($0) }) }
        entries[key] = entry
      }
    }
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
    return sum
  }

  /// Whether a day still waits for a line: nil for a day of which no load keeps what it waits for.
  mutating func isWaiting(_ key: Key, _ writer: LoadWriter) throws -> Bool? {
    guard let entry = entries[key] else { return nil }
    for (load, refused) in entry.refused {
      let present = try inQuarantine[load] ?? writer.quarantinedPlaces(load: load)
      inQuarantine[load] = present
      if refused.map({ !$0.isDisjoint(with: present) }) ?? !present.isEmpty { return true }
    }
    return false
  }

  /// Days whose sum has lines that a later delivery added to what was refused, by the load that has the sum: they are
  /// whole once they wait for nothing.
  var extended: [(key: Key, load: Int)] {
    entries.compactMap { key, entry in
      guard !entry.isRetry, entry.newest.hasLines != false, entry.newest.refused?.isEmpty == true else { return nil }
      return (key, entry.load)
    }.sorted { ($0.key.store, $0.key.product, $0.key.day) < ($1.key.store, $1.key.product, $1.key.day) }
  }
}
