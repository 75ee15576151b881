import Foundation
import Inference
import NumericKernels
import Testing

/// Counts of series crossed by two levels, with slopes and weekly effects by the first: levels that are confounded with
/// each other when all are sampled, and a small version of the benchmark's retail problem.
@Suite("Modelling layer: crossed hierarchy of counts", .serialized)
struct CrossedHierarchyTests {
  static let (products, stores, days) = (12, 5, 60)

  static func model(_ upper: Parameterization) throws -> CompiledModel {
    var stream = RandomStream(seed: 31, purpose: 5)
    func normals(_ count: Int, _ sd: Double) -> [Double] { (0..<count).map { _ in sd * stream.normal() } }
    let region = (0..<stores).map { $0 % 2 }
    let time = (0..<days).map { (Double($0) - 29.5) / 60 }
    let weekday = (0..<days).map { day in (1..<7).map { day % 7 == $0 ? 1.0 : 0 } }
    let (atProduct, atStore, atRegion) = (normals(products, 0.8), normals(stores, 0.3), normals(2, 0.15))
    let trends = normals(products, 0.25)
    let effects = (0..<products).map { _ in normals(6, 0.15) }
    let yearly = normals(2, 0.1)
    var counts: [Double] = []
    for p in 0..<products {
      for s in 0..<stores {
        let level = 0.7 + atProduct[p] + atStore[s] + atRegion[region[s]] + 0.35 * stream.normal()
        for t in 0..<days {
          let effect = zip(effects[p], weekday[t]).reduce(0) { $0 + $1.0 * $1.1 }
          let mean = exp(level + trends[p] * time[t] + effect + yearly[region[s]] * sin(0.1 * Double(t)))
          counts.append(Double(stream.poisson(mean * stream.gamma(shape: 6) / 6)))
        }
      }
    }

    var model = Model()
    let sdProduct = model.parameter("sd_product", .halfNormal(1))
    let sdStore = model.parameter("sd_store", .halfNormal(0.5))
    let sdRegion = model.parameter("sd_region", .halfNormal(0.5))
    let sdSeries = model.parameter("sd_series", .halfNormal(0.5))
    let sdTrend = model.parameter("sd_trend", .halfNormal(0.5))
    let sdWeek = model.parameter("sd_week", .halfNormal(0.3))
    let sdYear = model.parameter("sd_year", .halfNormal(0.3))
    let dispersion = model.parameter("dispersion", .halfNormal(1))
    // Without the feature: standard coordinates where few groups tell of a scale, the parameter itself elsewhere.
    let few: Parameterization = upper == .marginalized ? .marginalized : .nonCentered
    let overall = model.parameter("overall", .normal(0, 2), parameterization: upper)
    let store = model.parameter("store", count: stores, .normal(0, sdStore), parameterization: few)
    let regional = model.parameter("region", count: 2, .normal(0, sdRegion), parameterization: few)
    let product = model.parameter("product", count: products, .normal(overall, sdProduct), parameterization: upper)
    let level = model.parameter(
      "level", rows: products, columns: stores,
      .normal(product.column + (store + regional[Index(region)]).row, sdSeries))
    let meanTrend = model.parameter("mean_trend", .normal(0, 0.5), parameterization: upper)
    let trend = model.parameter("trend", count: products, .normal(meanTrend, sdTrend))
    let meanWeek = model.parameter("mean_week", count: 6, .normal(0, 0.5), parameterization: upper)
    let week = model.parameter("week", rows: products, columns: 6, .normal(meanWeek, sdWeek))
    let year = model.parameter("year", count: 2, .normal(0, sdYear), parameterization: .nonCentered)
    let productDays = trend.column * Formula(time).row + week • (try model.data("weekday", weekday)).transposed
    let storeDays = year[Index(region)].column * Formula((0..<days).map { sin(0.1 * Double($0)) }).row
    let eta = level.insertingAxis(2) + productDays.insertingAxis(1) + storeDays.insertingAxis(0)
    let y = try model.data("counts", ModelData(counts, shape: [products, stores, days]))
    model.observe("y", y, .negativeBinomial2Log(eta, 1 / square(dispersion)))
    return try model.compile()
  }

  @Test("gradients of both forms")
  func gradients() throws {
    for upper in [Parameterization.centered, .marginalized] {
      let model = try Self.model(upper)
      for index in 0..<3 { #expect(gradientError(model, randomPoint(model, UInt64(index), scale: 0.4)) < 1e-6) }
    }
  }

  /// The same posterior as that of the model sampled whole, by chains three times as long.
  @Test("upper levels integrated out: chains converge, and to the posterior of the model as written")
  func posterior() throws {
    let (marginal, plain) = (try Self.model(.marginalized), try Self.model(.centered))
    #expect(marginal.variableNames == plain.variableNames && marginal.dimension == plain.dimension - 27)
    let fit = try marginal.sample(NUTS(targetAcceptance: 0.9), warmUp: 500, draws: 1000, seed: 1)
    let reference = try plain.sample(NUTS(targetAcceptance: 0.95), warmUp: 1000, draws: 3000, seed: 2)
    let rows = DrawSummary(fit.draws).rows
    #expect(rows.allSatisfy { $0.rHat < 1.02 && $0.bulkESS > 400 })
    #expect(Double(rows.count { $0.rHat < 1.01 }) >= 0.99 * Double(rows.count))
    for name in marginal.variableNames {
      let (a, b) = (Array(try fit.draws.draws(of: name)), Array(try reference.draws.draws(of: name)))
      for power in [1.0, 2] {
        let center = b.reduce(0, +) / Double(b.count)
        func moments(_ x: [Double]) -> (mean: Double, error: Double) {
          let values = x.map { pow($0 - center, power) }
          return (values.reduce(0, +) / Double(values.count), Diagnostics.mcseMean(values, chains: 4))
        }
        let (ours, theirs) = (moments(a), moments(b))
        let error = (ours.error * ours.error + theirs.error * theirs.error).squareRoot()
        #expect(abs(ours.mean - theirs.mean) < 4 * error, "\(name), power \(power)")
      }
    }
  }
}
