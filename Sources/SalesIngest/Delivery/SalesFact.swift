import DemandData

/// Everything a row of sales can say of a product in a store on a day, apart from who and when.
///
/// The reading side of the facts: what a database of the present schema has no place for is counted in the load's
/// summary by ``unstored``, and the one place to extend when it does is ``SalesWriter``.
struct SalesFact {
  /// Units (or amount) sold; fractions where the product is measured.
  var units = 0.0
  var status = DayStatus.sold
  /// Price of a unit; not a number where none is given, as for the other amounts below.
  var price = Double.nan
  /// Price of a unit without promotion.
  var basePrice = Double.nan
  var revenue = Double.nan
  var stockOnHand = Double.nan
  /// Share of the day on promotion, 0 to 1.
  var promotion = 0.0
  /// Kinds of promotion in force, by their position in the table's list.
  var promotionKinds: UInt32 = 0

  /// Names of what is given and not stored.
  var unstored: [String] {
    var names: [String] = []
    if !basePrice.isNaN { names.append("base_price") }
    if !revenue.isNaN { names.append("revenue") }
    if !stockOnHand.isNaN { names.append("stock_on_hand") }
    return names
  }
}
