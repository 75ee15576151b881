import Foundation
import Inference
import NumericKernels

/// Weekly sales of products in stores: products have a level and a trend, stores a season, regions an effect. Some
/// products have been on sale for a few weeks only.
struct WeeklySales: Sendable {
  static let weeks = 78
  /// The week in which each product was first sold.
  static let launches = [0, 0, 0, 0, 0, 48, 62, 70]
  /// The region of each store.
  static let storeRegions = [0, 0, 1, 1, 2, 2]
  /// Orthonormal columns of sum 0.
  static let contrasts = [
    [sqrt(1.0 / 2), sqrt(1.0 / 6)], [-sqrt(1.0 / 2), sqrt(1.0 / 6)], [0, -2 * sqrt(1.0 / 6)],
  ]
  static let truth = (level: 2.0, levels: 0.7, trend: 0.1, trends: 0.25, swing: 0.3, region: 0.3, phi: 8.0)

  /// A row for each product, store and week from its launch on.
  private(set) var rows = Rows()
  private(set) var units: [Int] = []
  /// The true level of each product, and its trend a year.
  private(set) var levels: [Double] = []
  private(set) var trends: [Double] = []
  /// The true season of each store, and effect of each region.
  private(set) var cosines: [Double] = []
  private(set) var sines: [Double] = []
  private(set) var regionEffects: [Double] = []

  /// What of a row is known beforehand.
  struct Rows: Sendable {
    private(set) var product: [Int] = []
    private(set) var store: [Int] = []
    private(set) var region: [Int] = []
    /// Years from the middle of the history.
    private(set) var year: [Double] = []
    private(set) var cosine: [Double] = []
    private(set) var sine: [Double] = []

    mutating func append(product: Int, store: Int, week: Int) {
      self.product.append(product)
      self.store.append(store)
      region.append(WeeklySales.storeRegions[store])
      year.append(Double(week - WeeklySales.weeks / 2) / 52)
      cosine.append(cos(2 * .pi * Double(week) / 52))
      sine.append(sin(2 * .pi * Double(week) / 52))
    }
  }

  init(seed: UInt64) {
    let truth = Self.truth
    var stream = RandomStream(seed: seed, purpose: DataPurpose.retail)
    levels = Self.launches.map { _ in truth.level + truth.levels * stream.normal() }
    trends = Self.launches.map { _ in truth.trend + truth.trends * stream.normal() }
    cosines = Self.storeRegions.map { _ in truth.swing * stream.normal() }
    sines = Self.storeRegions.map { _ in truth.swing * stream.normal() }
    regionEffects = (0..<3).map { _ in truth.region * stream.normal() }
    for (product, launch) in Self.launches.enumerated() {
      for store in Self.storeRegions.indices {
        for week in launch..<Self.weeks {
          rows.append(product: product, store: store, week: week)
          units.append(draw(row: units.count, using: &stream))
        }
      }
    }
  }

  private func draw(row: Int, using stream: inout RandomStream) -> Int {
    let (product, store) = (rows.product[row], rows.store[row])
    let logMean =
      levels[product] + trends[product] * rows.year[row] + cosines[store] * rows.cosine[row]
      + sines[store] * rows.sine[row] + regionEffects[rows.region[row]]
    return stream.negativeBinomial(mean: exp(logMean), size: Self.truth.phi)
  }
}

extension WeeklySales {
  /// How much products share of their trends.
  enum Trends {
    /// One trend for all.
    case pooled
    /// A trend each, by itself.
    case unpooled
    /// Trends that are alike as far as the sales say so.
    case partiallyPooled
  }

  /// Product trend + store season + region effect.
  func model(_ trends: Trends) throws -> Model {
    var model = Model()
    let products = Self.launches.count
    let year = try model.data("year", rows.year)
    let (cosine, sine) = (try model.data("cosine", rows.cosine), try model.data("sine", rows.sine))
    let product = try model.index("product", rows.product)
    let (store, region) = (try model.index("store", rows.store), try model.index("region", rows.region))
    let mu = model.parameter("mu", .normal(2, 1))
    let level = model.parameter("level", count: products, .normal(mu, model.parameter("level_sd", .halfNormal(1))))
    let trend = model.trend(trends, products)
    let swing = model.parameter("swing", .halfNormal(0.5))
    let a = model.parameter("season_cosine", count: Self.storeRegions.count, .normal(0, swing))
    let b = model.parameter("season_sine", count: Self.storeRegions.count, .normal(0, swing))
    // Of sum 0, as a level shared by all regions could not be told from the products' levels: two contrasts of three.
    let contrast = model.parameter("contrast", count: 2, .normal(0, model.parameter("region_sd", .halfNormal(0.5))))
    let effect = model.deterministic("region_effect", Formula(Self.contrasts) • contrast)
    let phi = model.parameter("phi", .gamma(2, 0.1))
    let season = a[store] * cosine + b[store] * sine
    model.observe(
      "units", units, .negativeBinomial2Log(level[product] + trend[product] * year + season + effect[region], phi))
    return model
  }
}

extension Model {
  fileprivate mutating func trend(_ trends: WeeklySales.Trends, _ products: Int) -> Formula {
    switch trends {
    case .pooled:
      let common = parameter("mean_trend", .normal(0, 0.5))
      return deterministic("trend", common + Formula([Double](repeating: 0, count: products)))
    case .unpooled: return parameter("trend", count: products, .normal(0, 2))
    case .partiallyPooled:
      let common = parameter("mean_trend", .normal(0, 0.5))
      return parameter("trend", count: products, .normal(common, parameter("trend_sd", .halfNormal(0.5))))
    }
  }
}
