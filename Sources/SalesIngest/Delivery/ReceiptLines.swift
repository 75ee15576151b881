import DemandData
import SalesStore

/// Sums the lines of receipts by product, store and day, in bounded memory: what is full is written, and later lines of
/// the same day are added to it.
struct ReceiptLines {
  struct Key: Hashable, Comparable {
    let series: Int
    let day: Int

    static func < (one: Key, other: Key) -> Bool { (one.series, one.day) < (other.series, other.day) }
  }

  struct Sum {
    var fact = SalesFact()
    var pricedUnits = 0.0
    var paid = 0.0

    mutating func add(_ line: SalesFact) {
      fact.units += line.units
      fact.saysStock = fact.saysStock || line.saysStock
      fact.lacksRevenue = fact.lacksRevenue || line.lacksRevenue
      if line.status != .sold { fact.status = line.status }
      for promotion in line.promotions { fact.promote(promotion) }
      if let revenue = line.details.revenue { fact.details.revenue = (fact.details.revenue ?? 0) + revenue }
      fact.details.basePrice = line.details.basePrice ?? fact.details.basePrice
      fact.details.stockOnHand = line.details.stockOnHand ?? fact.details.stockOnHand
      if line.units > 0, line.price > 0 {
        pricedUnits += line.units
        paid += line.units * line.price
        // What a unit cost on average that day.
        fact.price = paid / pricedUnits
      }
    }
  }

  private var sums: [Key: Sum] = [:]
  /// Sums that cannot be written before the last line is read.
  private var waiting: [Key: Sum] = [:]

  /// Sums that can be written.
  var count: Int { sums.count }

  mutating func add(series: Int, day: Int, _ line: SalesFact) {
    let key = Key(series: series, day: day)
    if !waiting.isEmpty, waiting[key] != nil {
      waiting[key]!.add(line)
    } else {
      sums[key, default: Sum()].add(line)
    }
  }

  mutating func wait(_ key: Key, _ sum: Sum) { waiting[key] = sum }

  /// Sums in order, which are then forgotten.
  mutating func take(waiting isLast: Bool) -> [(key: Key, value: Sum)] {
    var all = Array(sums)
    if isLast {
      all += waiting
      waiting.removeAll()
    }
    sums.removeAll(keepingCapacity: true)
    return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
