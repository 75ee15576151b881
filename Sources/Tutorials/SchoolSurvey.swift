import Inference
import NumericKernels

/// Scores of pupils in schools of different sizes, means and spreads.
struct SchoolSurvey: Sendable {
  static let sizes = [3, 4, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 22, 25, 28, 31, 35, 40]
  static let truth = (mu: 60.0, tau: 6.0, variance: 100.0)

  /// The school of each pupil, from 0.
  private(set) var school: [Int] = []
  private(set) var score: [Double] = []
  /// The true mean and variance of each school.
  private(set) var means: [Double] = []
  private(set) var variances: [Double] = []

  init(seed: UInt64) {
    var stream = RandomStream(seed: seed, purpose: DataPurpose.schoolScores)
    for (school, size) in Self.sizes.enumerated() {
      means.append(Self.truth.mu + Self.truth.tau * stream.normal())
      variances.append(InverseGamma(alpha: 6, beta: 5 * Self.truth.variance).random(using: &stream))
      for _ in 0..<size {
        self.school.append(school)
        score.append(means[school] + variances[school].squareRoot() * stream.normal())
      }
    }
  }
}

extension SchoolSurvey {
  /// One school.
  func pooled() throws -> Model {
    var model = Model()
    let mu = model.parameter("mu", .normal(50, 25))
    let variance = model.parameter("sigma2", .inverseGamma(3, 200))
    model.deterministic("school_mean", mu + Formula([Double](repeating: 0, count: means.count)))
    model.observe("score", score, .normal(mu, sqrt(variance)))
    return model
  }

  /// Each school by itself.
  func unpooled() throws -> Model {
    var model = Model()
    let school = try model.index("school", school)
    let mean = model.parameter("school_mean", count: means.count, .normal(50, 25))
    let variance = model.parameter("sigma2", count: means.count, .inverseGamma(3, 200))
    model.observe("score", score, .normal(mean[school], sqrt(variance[school])))
    return model
  }

  /// Schools that are alike as far as the scores say so.
  func partiallyPooled() throws -> Model {
    var model = Model()
    let school = try model.index("school", school)
    let mu = model.parameter("mu", .normal(50, 25))
    let tau2 = model.parameter("tau2", .inverseGamma(2, 50))
    let mean = model.parameter("school_mean", count: means.count, .normal(mu, sqrt(tau2)))
    let variance = model.parameter("sigma2", count: means.count, .inverseGamma(3, 200))
    model.observe("score", score, .normal(mean[school], sqrt(variance[school])))
    return model
  }
}
