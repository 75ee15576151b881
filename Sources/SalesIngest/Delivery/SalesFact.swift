import DemandData
import SalesStore

/// Everything a row of sales can say of a product in a store on a day, apart from who and when.
struct SalesFact {
  /// Units (or amount) sold; fractions where the product is measured.
  var units = 0.0
  var status = DayStatus.sold
  /// Price of a unit; not a number where none is given.
  var price = Double.nan
  var details = SalesDetails()
  /// Kinds of promotion in force, each once.
  var promotions: [Promotion] = []

  /// Adds a kind of promotion; of two shares of one kind the larger counts.
  mutating func promote(_ it: Promotion) {
    guard let index = promotions.firstIndex(where: { $0.kind == it.kind }) else { return promotions.append(it) }
    if promotions[index].share < it.share { promotions[index] = it }
  }
}
