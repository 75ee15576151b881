import Foundation
import Inference

/// The benchmark's models, written as a user would; the peers' are in `peers/peers.py`.
enum Problem: String, CaseIterable {
  case regression
  case eightSchools = "eight_schools"
  case schoolScores = "school_scores"

  func model(data folder: URL) throws -> Model {
    switch self {
    case .regression: try Self.regression(Self.read(RegressionData.self, rawValue, in: folder))
    case .eightSchools: Self.eightSchools(try Self.read(EightSchoolsData.self, rawValue, in: folder))
    case .schoolScores: Self.schoolScores(try Self.read(SchoolScoresData.self, rawValue, in: folder))
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
}
