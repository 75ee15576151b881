import DemandData
import Foundation
import NumericKernels

/// The true parameters of a simulated retailer.
///
/// Expected demand of product p (department d, category c) in store s (region r) on day t, while on the shelf:
///
///     log mean = log base_ps + trend_p t / 365 + weekly_d[weekday] + deviation_s[weekday] + annual_c(t)
///                + events_c(t, r) + elasticity_d log(price / first regular price) + uplift_p [promotion]
///                + weekly shocks + daily shocks
///
/// and demand is negative binomial with that mean and size_ps (variance mean + mean^2 / size). Weekly shocks are random
/// walks, daily ones independent normals shifted to mean one, each the sum of one for the total, the region, the store
/// and the department.
package struct RetailTruth: Sendable, Codable {
  /// Annual profile: sum over k = 1, 2 of cosine[k] cos(k a) + sine[k] sin(k a), a = 2 pi day-of-year / 365.25.
  package struct Annual: Sendable, Codable, Hashable {
    package var cosine: [Double]
    package var sine: [Double]

    package func effect(dayOfYear: Int) -> Double {
      let angle = 2 * Double.pi * Double(dayOfYear) / 365.25
      return cosine.indices.reduce(0) {
        $0 + cosine[$1] * cos(Double($1 + 1) * angle) + sine[$1] * sin(Double($1 + 1) * angle)
      }
    }
  }

  /// Standard deviations on the log scale.
  package struct ShockScales: Sendable, Codable, Hashable {
    package var total: Double
    package var region: Double
    package var store: Double
    package var department: Double
  }

  /// Paths of the weekly random walks, by week from the first day.
  package struct WeeklyPaths: Sendable, Codable {
    package var total: [Double] = []
    package var region: [String: [Double]] = [:]
    package var store: [String: [Double]] = [:]
    package var department: [String: [Double]] = [:]
  }

  package var options: SimulatorOptions
  package var firstDay: String
  package var lastDay: String
  /// Monday to Sunday, sums to zero.
  package var weeklyProfile: [String: [Double]] = [:]
  package var storeWeeklyDeviation: [String: [Double]] = [:]
  package var annual: [String: Annual] = [:]
  /// Event, category, days from the event (negative before it): effect on log demand.
  package var eventEffects: [String: [String: [String: Double]]] = [:]
  package var benefitDays: [String: [Int]] = [:]
  package var priceElasticity: [String: Double] = [:]
  package var promotionUplift: [String: Double] = [:]
  package var trendPerYear: [String: Double] = [:]
  package var storeSize: [String: Double] = [:]
  package var productPopularity: [String: Double] = [:]
  package var weeklyShockScales = ShockScales(total: 0.010, region: 0.008, store: 0.012, department: 0.015)
  package var dailyShockScales = ShockScales(total: 0.02, region: 0.02, store: 0.04, department: 0.03)
  package var weeklyShocks = WeeklyPaths()

  /// Draws every parameter that is not a series' own.
  init(
    options: SimulatorOptions, assortment: Assortment, calendar: HolidayCalendar, streams: SimulationStreams
  ) {
    self.options = options
    firstDay = options.firstDay.iso
    lastDay = (options.firstDay + (options.days - 1)).iso
    for (index, name) in assortment.departments.enumerated() {
      var random = streams.stream(.weeklyProfile, index: index)
      let strength = exp(0.3 * random.normal())
      let shape = [-0.12, -0.16, -0.12, -0.04, 0.10, 0.24, 0.10]
      weeklyProfile[name] = Self.centred(shape.map { strength * $0 + 0.03 * random.normal() })
      random = streams.stream(.elasticity, index: index)
      priceElasticity[name] = -1.5 * exp(0.25 * random.normal())
    }
    for (index, store) in assortment.stores.enumerated() {
      var random = streams.stream(.storeWeekly, index: index)
      storeWeeklyDeviation[store.name] = Self.centred((0..<7).map { _ in 0.05 * random.normal() })
      random = streams.stream(.storeSize, index: index)
      storeSize[store.name] = exp(0.35 * random.normal())
    }
    for (index, name) in assortment.categories.enumerated() {
      var random = streams.stream(.annual, index: index)
      annual[name] = Annual(
        cosine: [0.10 * random.normal(), 0.04 * random.normal()],
        sine: [0.10 * random.normal(), 0.04 * random.normal()])
      random = streams.stream(.events, index: index)
      for kind in calendar.kinds {
        let strength = exp(0.35 * random.normal())
        eventEffects[kind.name, default: [:]][name] = Dictionary(
          uniqueKeysWithValues: kind.profile.map { (String($0), strength * $1) })
      }
    }
    for (index, name) in assortment.regions.enumerated() { benefitDays[name] = calendar.benefitDays[index] }
    for (index, product) in assortment.products.enumerated() {
      var random = streams.stream(.popularity, index: index)
      let isSlow = random.uniform() < options.slowMoverShare
      productPopularity[product.name] = exp(log(3.5) + 0.8 * random.normal()) * (isSlow ? 0.08 : 1)
      random = streams.stream(.uplift, index: index)
      promotionUplift[product.name] = 0.25 * exp(0.35 * random.normal())
      random = streams.stream(.trend, index: index)
      trendPerYear[product.name] = 0.02 + 0.10 * random.normal()
    }
    drawWeeklyShocks(assortment: assortment, streams: streams)
  }

  private mutating func drawWeeklyShocks(assortment: Assortment, streams: SimulationStreams) {
    let weeks = (options.days + 6) / 7
    func path(_ scale: Double, level: Int, node: Int) -> [Double] {
      var random = streams.stream(.weeklyShocks, index: node, draw: level)
      var value = 0.0
      return (0..<weeks).map { week in
        if week > 0 { value += scale * random.normal() }
        return value
      }
    }
    weeklyShocks.total = path(weeklyShockScales.total, level: 0, node: 0)
    for (node, name) in assortment.regions.enumerated() {
      weeklyShocks.region[name] = path(weeklyShockScales.region, level: 1, node: node)
    }
    for (node, store) in assortment.stores.enumerated() {
      weeklyShocks.store[store.name] = path(weeklyShockScales.store, level: 2, node: node)
    }
    for (node, name) in assortment.departments.enumerated() {
      weeklyShocks.department[name] = path(weeklyShockScales.department, level: 3, node: node)
    }
  }

  private static func centred(_ values: [Double]) -> [Double] {
    let mean = values.reduce(0, +) / Double(values.count)
    return values.map { $0 - mean }
  }
}
