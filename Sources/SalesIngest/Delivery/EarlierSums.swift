import DemandData
import SalesStore

/// Sums of days that are unknown, as lines of theirs were refused: the newest that a load has of each.
struct EarlierSums {
  private struct Key: Hashable {
    let product, store, day: Int
  }

  private var sums: [Key: LoadDetails.OpenSum] = [:]

  init(_ loads: [LoadRecord]) {
    for load in loads.sorted(by: { $0.id < $1.id }) {
      for it in load.summary.details?.openSums ?? [] {
        sums[Key(product: it.product, store: it.store, day: it.day)] = it
      }
    }
  }

  subscript(product product: Int, store store: Int, day day: Int) -> ReceiptLines.Sum? {
    guard let it = sums[Key(product: product, store: store, day: day)] else { return nil }
    var sum = ReceiptLines.Sum()
    sum.fact.units = it.units
    sum.fact.details.revenue = it.revenue
    sum.fact.lacksRevenue = it.lacksRevenue
    sum.fact.status = DayStatus(rawValue: it.status) ?? .sold
    sum.pricedUnits = it.pricedUnits
    sum.paid = it.paid
    return sum
  }
}
