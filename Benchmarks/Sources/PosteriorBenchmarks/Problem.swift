import Foundation
import Inference

/// The benchmark's models, written as a user would; the peers' are in `peers/nutpie_peer.py`.
enum Problem: String, CaseIterable {
  case regression
  case eightSchools = "eight_schools"
  case schoolScores = "school_scores"
  /// 200 products in 10 stores over 365 days.
  case retail
  /// A tenth of it: 20 products.
  case retailTenth = "retail_tenth"

  func model(data folder: URL) throws -> Model {
    switch self {
    case .regression: try Self.regression(Self.read(RegressionData.self, rawValue, in: folder))
    case .eightSchools: Self.eightSchools(try Self.read(EightSchoolsData.self, rawValue, in: folder))
    case .schoolScores: Self.schoolScores(try Self.read(SchoolScoresData.self, rawValue, in: folder))
    case .retail, .retailTenth:
      try Self.retail(
        Self.read(RetailData.self, rawValue, in: folder),
        counts: Data(contentsOf: folder.appending(path: rawValue + ".counts")))
    }
  }

  private static func read<Value: Decodable>(_ type: Value.Type, _ name: String, in folder: URL) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: name + ".json")))
  }

  private struct RegressionData: Decodable {
    let x: [Double]
    let y: [Double]
  }

  private static func regression(_ data: RegressionData) throws -> Model {
    var model = Model()
    let x = try model.data("x", data.x)
    let alpha = model.parameter("alpha", .normal(0, 10))
    let beta = model.parameter("beta", .normal(0, 10))
    let sigma = model.parameter("sigma", .halfCauchy(5))
    model.observe("y", data.y, .normal(alpha + beta * x, sigma))
    return model
  }

  private struct EightSchoolsData: Decodable {
    let y: [Double]
    let sigma: [Double]
  }

  private static func eightSchools(_ data: EightSchoolsData) -> Model {
    var model = Model()
    let mu = model.parameter("mu", .normal(0, 5))
    let tau = model.parameter("tau", .halfCauchy(5))
    let theta = model.parameter("theta", count: 8, .normal(mu, tau), parameterization: .nonCentered)
    model.observe("y", data.y, .normal(theta, data.sigma))
    return model
  }

  private struct SchoolScoresData: Decodable {
    let scores: [[Double]]
  }

  private static func schoolScores(_ data: SchoolScoresData) -> Model {
    var model = Model()
    let mu = model.parameter("mu", .normal(60, 20))
    let tau2 = model.parameter("tau2", .inverseGamma(2, 50))
    let sigma2 = model.parameter("sigma2", count: data.scores.count, .inverseGamma(4, 300))
    let theta = model.parameter("theta", count: data.scores.count, .normal(mu, sqrt(tau2)))
    model.observe("y", data.scores, .normal(theta.column, sqrt(sigma2).column))
    return model
  }

  private struct RetailData: Decodable {
    let products: Int
    let stores: Int
    let days: Int
    let region: [Int]
    let time: [Double]
    let week: [[Double]]
    let year: [[Double]]
  }

  /// Sales of every product in every store: log mean = series level + product's trend and week + region's year.
  ///
  /// Series levels come from product, store and region. Those levels and the means of trends, weeks and years, that make
  /// the posterior slow to explore, are integrated out and drawn afterwards.
  private static func retail(_ data: RetailData, counts: Data) throws -> Model {
    let (products, stores) = (data.products, data.stores)
    let regions = (data.region.max() ?? 0) + 1
    let units = counts.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map {
        Double(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self)))
      }
    }
    var model = Model()
    let region = try model.index("region", data.region)
    let time = try model.data("time", data.time)
    let week = try model.data("week", data.week)
    let year = try model.data("year", data.year)

    let sdProduct = model.parameter("sd_product", .halfNormal(1))
    let sdStore = model.parameter("sd_store", .halfNormal(0.5))
    let sdRegion = model.parameter("sd_region", .halfNormal(0.5))
    let sdSeries = model.parameter("sd_series", .halfNormal(0.5))
    let sdTrend = model.parameter("sd_trend", .halfNormal(0.5))
    let sdWeek = model.parameter("sd_week", count: 6, .halfNormal(0.3))
    let sdYear = model.parameter("sd_year", .halfNormal(0.3))
    let dispersion = model.parameter("dispersion", .halfNormal(1))

    let overall = model.parameter("overall", .normal(0, 2), parameterization: .marginalized)
    let store = model.parameter("store", count: stores, .normal(0, sdStore), parameterization: .marginalized)
    let regional = model.parameter(
      "region_level", count: regions, .normal(0, sdRegion), parameterization: .marginalized)
    let product = model.parameter(
      "product", count: products, .normal(overall, sdProduct), parameterization: .marginalized)
    let level = model.parameter(
      "level", rows: products, columns: stores, .normal(product.column + (store + regional[region]).row, sdSeries))
    let meanTrend = model.parameter("mean_trend", .normal(0, 0.5), parameterization: .marginalized)
    let trend = model.parameter("trend", count: products, .normal(meanTrend, sdTrend))
    let meanWeek = model.parameter("mean_week", count: 6, .normal(0, 0.5), parameterization: .marginalized)
    let beta = model.parameter("beta", rows: products, columns: 6, .normal(meanWeek, sdWeek))
    let meanYear = model.parameter("mean_year", count: 6, .normal(0, 0.5), parameterization: .marginalized)
    let gamma = model.parameter("gamma", rows: regions, columns: 6, .normal(meanYear, sdYear))

    let productDays = trend.column * time.row + beta • week.transposed
    let storeDays = (gamma • year.transposed)[region]
    let y = try model.data("sales", ModelData(units, shape: [products, stores, data.days]))
    model.observe(
      "units", y,
      .negativeBinomial2Log(
        level.insertingAxis(2) + productDays.insertingAxis(1) + storeDays.insertingAxis(0), 1 / square(dispersion)))
    return model
  }
}
