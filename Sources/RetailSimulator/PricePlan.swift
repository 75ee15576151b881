import DemandData
import Foundation
import NumericKernels

/// Shelf prices and promotions of every product in every region, day by day.
package struct PricePlan: Sendable {
  private let days: Int
  private let regions: Int
  /// `[product][region][day]`, in cents.
  private let cents: [Int32]
  private let onPromotion: [Bool]
  /// Regular price on the first day, `[product][region]`, in cents: demand's price effect is relative to it.
  private let reference: [Int32]

  /// Regular prices end in 9 and step up (rarely down) on some Mondays; promotions start on Wednesdays and last one or
  /// two weeks at 10 to 35 per cent off.
  init(assortment: Assortment, options: SimulatorOptions, streams: SimulationStreams) {
    days = options.days
    regions = assortment.regions.count
    let regionFactor = (0..<regions).map { region -> Double in
      var random = streams.stream(.regionPrice, index: region)
      return exp(0.03 * random.normal())
    }
    var cents: [Int32] = []
    var onPromotion: [Bool] = []
    var reference: [Int32] = []
    cents.reserveCapacity(assortment.products.count * regions * options.days)
    onPromotion.reserveCapacity(assortment.products.count * regions * options.days)
    for product in assortment.products.indices {
      let regular = Self.regularPath(product: product, options: options, streams: streams)
      for region in 0..<regions {
        let discount = Self.promotions(
          product: product, region: region, regions: regions, options: options, streams: streams)
        for day in 0..<options.days {
          let full = Self.charm(regular[day] * regionFactor[region])
          let paid = discount[day] > 0 ? Self.charm(Double(full) / 100 * (1 - discount[day])) : full
          if day == 0 { reference.append(full) }
          cents.append(paid)
          onPromotion.append(discount[day] > 0)
        }
      }
    }
    self.cents = cents
    self.onPromotion = onPromotion
    self.reference = reference
  }

  package func price(product: Int, region: Int, day: Int) -> Int32 { cents[cell(product, region) + day] }

  package func isPromoted(product: Int, region: Int, day: Int) -> Bool { onPromotion[cell(product, region) + day] }

  /// Price over the first day's regular price.
  package func ratio(product: Int, region: Int, day: Int) -> Double {
    Double(cents[cell(product, region) + day]) / Double(reference[product * regions + region])
  }

  private func cell(_ product: Int, _ region: Int) -> Int { (product * regions + region) * days }

  /// The nearest price that ends in 9, at least 0.99.
  private static func charm(_ price: Double) -> Int32 { max(99, Int32((price * 10).rounded()) * 10 - 1) }

  private static func regularPath(product: Int, options: SimulatorOptions, streams: SimulationStreams) -> [Double] {
    var random = streams.stream(.regularPrice, index: product)
    // No regular price below 1.49, so that every promotion is a visible cut.
    var price = max(1.49, 3.5 * exp(0.6 * random.normal()))
    return (0..<options.days).map { day in
      if day > 0 && (options.firstDay + day).weekday == 0 && random.uniform() < 0.9 / 52 {
        price = max(1.49, price * exp(0.04 + 0.03 * random.normal()))
      }
      return price
    }
  }

  /// Discount of every day, 0 without a promotion.
  private static func promotions(
    product: Int, region: Int, regions: Int, options: SimulatorOptions, streams: SimulationStreams
  ) -> [Double] {
    var random = streams.stream(.promotions, index: product, draw: region)
    var discount = [Double](repeating: 0, count: options.days)
    var day = (2 - options.firstDay.weekday + 7) % 7
    while day < options.days {
      guard random.uniform() < options.promotionsPerYear / 52 else {
        day += 7
        continue
      }
      let depth = 0.10 + 0.25 * random.uniform()
      let length = random.uniform() < 0.6 ? 7 : 14
      for promoted in day..<min(options.days, day + length) { discount[promoted] = depth }
      // At least two weeks at the regular price in between.
      day += length + 14
    }
    return discount
  }
}
