import DemandData
import SalesStore

/// Prices and promotions that the database has of the series at hand: what a row with the same units may contradict.
struct SaidBefore {
  private struct Series {
    let prices: PriceSteps
    let promotions: [Int: [Promotion]]
  }

  /// More are dropped and looked up again.
  private static let most = 20_000

  private var series: [Int: Series] = [:]

  /// Forgets what was looked up, because the load has changed it.
  mutating func forget() { series.removeAll(keepingCapacity: true) }

  /// Whether a row gives another price, promotion or figure than the database has. A price or figure that it does not
  /// have is contradicted by nothing; a day without a promotion is by one, which changes what a fit sees of that day.
  mutating func isContradicted(by fact: SalesFact, series id: Int, day: Int, _ writer: LoadWriter) throws -> Bool {
    if series[id] == nil {
      if series.count >= Self.most { forget() }
      series[id] = Series(
        prices: try writer.priceSteps(series: id), promotions: try writer.promotions(of: [id])[id] ?? [:])
    }
    let known = series[id]!
    if fact.price > 0, known.prices.price(on: day).map({ $0.differs(from: fact.price) }) == true { return true }
    if fact.saysPromotions, Set(known.promotions[day] ?? []) != Set(fact.promotions) { return true }
    return try !fact.details.isEmpty && writer.details(series: id, day: day).isContradicted(by: fact.details)
  }

  /// Whether promotions of a day are others, or none; where none were known, any fill them in.
  static func isContradicted(_ known: [Promotion], by later: [Promotion]) -> Bool {
    !known.isEmpty && Set(known) != Set(later)
  }
}
