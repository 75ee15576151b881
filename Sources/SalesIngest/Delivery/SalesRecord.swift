import DemandData
import SalesStore

/// What a load met, by series and by store: to find rows that come twice, days that are missing, and what they mean.
struct SalesRecord {
  private struct Series {
    var product: Int
    var store: Int
    var days = DaySet()
    /// Days whose rows have no units, by class: what is declared elsewhere may give them another meaning.
    var empty = [DaySet](repeating: DaySet(), count: DayClass.allCases.count)
    var units = 0.0
    var rows = 0
    /// Last day with a row in the database before this load.
    var lastRowBefore: Int?
  }

  private struct Key: Hashable {
    let product: Int
    let store: Int
  }

  /// By id; nil for those not met.
  private var series: [Series?] = []
  private(set) var storeDays: [Int: DaySet] = [:]
  /// Days of refused rows, which are unknown rather than zero.
  private var refused: [Key: DaySet] = [:]
  /// Where the lines of receipts stood that were refused, by product, store and day; nil once they are too many.
  private var refusedPlaces: [EarlierSums.Key: [LoadDetails.QuarantinePlace]]? = [:]
  private var refusedPlaceCount = 0
  private static let refusedPlaceLimit = 100_000
  /// Rows with units, by class.
  private(set) var filled = [Int](repeating: 0, count: DayClass.allCases.count)

  /// Series met in this load, ascending.
  var touched: [Int] { series.indices.filter { series[$0] != nil } }

  mutating func touch(series id: Int, product: Int, store: Int, lastRow: Int?) {
    while series.count <= id { series.append(nil) }
    guard series[id] == nil else { return }
    series[id] = Series(product: product, store: store, lastRowBefore: lastRow)
  }

  /// A series of the database need not have been met.
  private func met(_ id: Int) -> Series? { series.indices.contains(id) ? series[id] : nil }

  func contains(series id: Int, day: Int) -> Bool { met(id)?.days.contains(day) ?? false }

  func lastRowBefore(series id: Int) -> Int? { met(id)?.lastRowBefore }

  mutating func note(series id: Int, store: Int, day: Int) {
    series[id]?.days.insert(day)
    storeDays[store, default: DaySet()].insert(day)
  }

  /// Notes what a row says of its day.
  mutating func noteState(series id: Int, day: Int, units: Double, _ status: DayStatus) {
    let its = DayClass(units: units, status).rawValue
    // As panels have them: whole ones.
    if units.rounded() != 0 { filled[its] += 1 } else { series[id]?.empty[its].insert(day) }
  }

  /// Days of a series whose rows have no units, of one class.
  func emptyDays(of id: Int, _ its: DayClass) -> DaySet { series[id]!.empty[its.rawValue] }

  /// Counts units, to compare them with those of other loads.
  mutating func noteUnits(series id: Int, _ units: Double) {
    series[id]?.units += units
    series[id]?.rows += 1
  }

  /// Units a row of a series in this load; nil without rows.
  func meanUnits(of id: Int) -> Double? { met(id).flatMap { $0.rows > 0 ? $0.units / Double($0.rows) : nil } }

  /// Names of a series' product and store.
  func names(series id: Int, _ writer: LoadWriter) -> (product: String, store: String) {
    guard let it = met(id) else { return ("?", "?") }
    return (
      writer.products.first { $0.value.id == it.product }?.key ?? "?",
      writer.stores.first { $0.value == it.store }?.key ?? "?"
    )
  }

  mutating func noteUnknown(product: Int, store: Int, day: Int) {
    refused[Key(product: product, store: store), default: DaySet()].insert(day)
  }

  /// Notes a refused line of a receipt, for which its day waits.
  mutating func noteRefusedLine(_ key: EarlierSums.Key, _ place: LoadDetails.QuarantinePlace) {
    guard refusedPlaceCount < Self.refusedPlaceLimit else { return refusedPlaces = nil }
    refusedPlaceCount += 1
    refusedPlaces?[key, default: []].append(place)
  }

  /// Refused lines of a day; nil where they were too many to be kept.
  func refusedLines(_ key: EarlierSums.Key) -> [LoadDetails.QuarantinePlace]? { refusedPlaces.map { $0[key] ?? [] } }

  /// Whether a row of a day was refused.
  func isRefused(series id: Int, day: Int) -> Bool {
    guard !refused.isEmpty, let it = met(id) else { return false }
    return refused[Key(product: it.product, store: it.store)]?.contains(day) ?? false
  }

  /// Product and store of a series.
  func key(of id: Int) -> (product: Int, store: Int) { (series[id]!.product, series[id]!.store) }

  /// Days on which only refused rows tell of a series in range: from its first day on, by this load or an earlier one.
  /// The series are noted as met.
  mutating func unknownDays(_ writer: LoadWriter) -> [(series: Int, days: [Int])] {
    var found: [(series: Int, days: [Int])] = []
    for (key, days) in refused {
      guard let id = writer.knownSeries(product: key.product, store: key.store),
        let first = writer.series(id).firstDay
      else { continue }
      let open = days.days.filter { $0 >= first && !contains(series: id, day: $0) }
      if open.isEmpty { continue }
      touch(series: id, product: key.product, store: key.store, lastRow: writer.series(id).lastRow)
      found.append((id, open))
    }
    return found.sorted { $0.series < $1.series }
  }

  /// Days of refused rows, by product and store.
  var refusedDays: [(key: (product: Int, store: Int), days: [Int])] {
    refused.map { (($0.key.product, $0.key.store), $0.value.days) }.sorted { $0.key < $1.key }
  }

  /// Notes a day on which a series is unknown, which is no word of its store.
  mutating func noteUnknown(series id: Int, day: Int) { series[id]?.days.insert(day) }

  /// Rows of a store that were met, by day.
  func rowCounts(of store: Int, in range: ClosedRange<Int>) -> [Int: Int] {
    var counts: [Int: Int] = [:]
    for it in series {
      guard let it, it.store == store else { continue }
      for day in it.days.days where range.contains(day) { counts[day, default: 0] += 1 }
    }
    return counts
  }

  func store(of id: Int) -> Int { series[id]!.store }

  func days(of id: Int) -> DaySet { series[id]!.days }
}
