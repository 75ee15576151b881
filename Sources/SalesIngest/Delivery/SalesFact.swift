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
  /// Whether the row says which promotions there were, be it none: then they are all of the day's.
  var saysPromotions = false
  /// Whether the row says that the product was there, or was not.
  var saysStock = false
  /// Whether the row names a state that no rule on zeros or units changes.
  var namesState = false
  /// Units were sold whose price is not known, so that revenue by price is not known either.
  var lacksRevenue = false

  /// Keeps an out-of-stock day one where nothing is said of the stock.
  mutating func keepStock(_ known: (units: Double, status: DayStatus), adds: Bool = false) {
    guard !saysStock, status != .closed, known.status == .outOfStock, adds || known.units == units else { return }
    status = .outOfStock
  }

  /// Adds a kind of promotion; of two shares of one kind the larger counts.
  mutating func promote(_ it: Promotion) {
    guard let index = promotions.firstIndex(where: { $0.kind == it.kind }) else { return promotions.append(it) }
    if promotions[index].share < it.share { promotions[index] = it }
  }
}

extension DayStatus {
  /// Whether a day in this state says what was sold, and with that, that its store reported it.
  var hasUnits: Bool { self != .unknown && self != .notRanged }
}
