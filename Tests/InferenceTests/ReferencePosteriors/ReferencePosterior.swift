import Foundation
import Inference
import Testing

/// Data and moments of a posterior of posteriordb, as `Reference/reference_posteriors.py` writes them.
struct ReferencePosterior: Decodable {
  let data: [String: Datum]
  /// Of each variable the mean, its Monte Carlo standard error, the mean square, its standard error.
  let variables: [String: [Double]]

  /// A number, a vector or the rows of a matrix.
  enum Datum: Decodable {
    case number(Double)
    case vector([Double])
    case matrix([[Double]])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let vector = try? container.decode([Double].self) {
        self = .vector(vector)
      } else {
        self = .matrix(try container.decode([[Double]].self))
      }
    }
  }

  static func read(_ name: String, folder: String = "reference_posteriors") throws -> ReferencePosterior {
    let url = try #require(
      Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Resources/\(folder)"))
    return try JSONDecoder().decode(ReferencePosterior.self, from: Data(contentsOf: url))
  }

  func number(_ name: String) throws -> Double {
    guard case .number(let number)? = data[name] else { throw Missing(name: name) }
    return number
  }

  func vector(_ name: String) throws -> [Double] {
    guard case .vector(let vector)? = data[name] else { throw Missing(name: name) }
    return vector
  }

  func matrix(_ name: String) throws -> [[Double]] {
    guard case .matrix(let rows)? = data[name] else { throw Missing(name: name) }
    return rows
  }

  func indices(_ name: String) throws -> [Int] { try vector(name).map { Int($0) } }

  struct Missing: Error { let name: String }
}

/// Models of posteriordb, written in the modelling layer as their Stan programs say.
enum ReferenceModel: String, CaseIterable {
  case autoregression = "arK-arK"
  case eightSchools = "eight_schools-eight_schools_noncentered"
  case garch = "garch-garch11"
  case kidScores = "kidiq-kidscore_momiq"
  case partyIdentification = "nes2000-nes"
  case regression = "sblrc-blr"

  func model(_ data: ReferencePosterior) throws -> Model {
    switch self {
    case .autoregression: try Self.autoregression(data)
    case .eightSchools: try Self.eightSchools(data)
    case .garch: try Self.garch(data)
    case .kidScores: try Self.kidScores(data)
    case .partyIdentification: try Self.partyIdentification(data)
    case .regression: try Self.regression(data)
    }
  }

  /// y_t ~ N(alpha + Σ beta_k y_(t-k), sigma).
  private static func autoregression(_ data: ReferencePosterior) throws -> Model {
    let (y, order) = (try data.vector("y"), Int(try data.number("K")))
    var model = Model()
    let lags = try model.data("lags", (order..<y.count).map { t in (1...order).map { y[t - $0] } })
    let alpha = model.parameter("alpha", .normal(0, 10))
    let beta = model.parameter("beta", count: order, .normal(0, 10))
    let sigma = model.parameter("sigma", .halfCauchy(2.5))
    model.observe("y", Array(y[order...]), .normal(alpha + lags • beta, sigma))
    return model
  }

  private static func eightSchools(_ data: ReferencePosterior) throws -> Model {
    var model = Model()
    let mu = model.parameter("mu", .normal(0, 5))
    let tau = model.parameter("tau", .halfCauchy(5))
    let theta = model.parameter("theta", count: 8, .normal(mu, tau), parameterization: .nonCentered)
    model.observe("y", try data.vector("y"), .normal(theta, try data.vector("sigma")))
    return model
  }

  /// sigma²_t = alpha0 + alpha1 (y_(t-1) - mu)² + beta1 sigma²_(t-1), alpha1 + beta1 < 1; flat priors.
  private static func garch(_ data: ReferencePosterior) throws -> Model {
    let (y, sigma1) = (try data.vector("y"), try data.number("sigma1"))
    var model = Model()
    let previous = try model.data("previous", Array(y.dropLast()))
    let mu = model.parameter("mu", .flat)
    let alpha0 = model.parameter("alpha0", .flat, lower: 0)
    let alpha1 = model.parameter("alpha1", .flat, lower: 0, upper: 1)
    let beta1 = model.parameter("beta1", .flat, lower: 0, upper: 1 - alpha1)
    let variances = scan(from: Formula(sigma1 * sigma1), over: previous) { variance, inputs in
      alpha0 + alpha1 * square(inputs[0] - mu) + beta1 * variance
    }
    model.observe("y", y, .normal(mu, sqrt(.concatenating([Formula(sigma1 * sigma1), variances]))))
    return model
  }

  private static func kidScores(_ data: ReferencePosterior) throws -> Model {
    var model = Model()
    let iq = try model.data("mom_iq", try data.vector("mom_iq"))
    let beta = model.parameter("beta", count: 2, .flat)
    let sigma = model.parameter("sigma", .halfCauchy(2.5))
    model.observe("kid_score", try data.vector("kid_score"), .normal(beta[0] + beta[1] * iq, sigma))
    return model
  }

  private static func partyIdentification(_ data: ReferencePosterior) throws -> Model {
    let age = try data.vector("age_discrete")
    let columns =
      [try data.vector("real_ideo"), try data.vector("race_adj")]
      + [2.0, 3, 4].map { group in age.map { $0 == group ? 1 : 0 } }
      + [try data.vector("educ1"), try data.vector("gender"), try data.vector("income")]
    var model = Model()
    let x = try model.data("x", age.indices.map { row in [1] + columns.map { $0[row] } })
    let beta = model.parameter("beta", count: 9, .flat)
    let sigma = model.parameter("sigma", .flat, lower: 0)
    model.observe("partyid7", try data.vector("partyid7"), .normal(x • beta, sigma))
    return model
  }

  private static func regression(_ data: ReferencePosterior) throws -> Model {
    var model = Model()
    let x = try model.data("X", try data.matrix("X"))
    let beta = model.parameter("beta", count: 5, .normal(0, 10))
    let sigma = model.parameter("sigma", .halfNormal(10))
    model.observe("y", try data.vector("y"), .normal(x • beta, sigma))
    return model
  }
}
