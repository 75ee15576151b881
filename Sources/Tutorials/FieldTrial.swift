import Inference
import NumericKernels

/// Yields of fields against nitrogen, the fields lying on farms.
struct FieldTrial: Sendable {
  static let farmSizes = [20, 18, 15, 12, 10, 8, 7, 5, 3, 2]
  static let truth = (alpha: 6.0, beta: 1.2, sigma: 0.8, tau: 1.0)

  /// Nitrogen, centred and scaled.
  private(set) var nitrogen: [Double] = []
  /// The farm of each field, from 0.
  private(set) var farm: [Int] = []
  private(set) var yield: [Double] = []
  /// The true level of each farm.
  private(set) var levels: [Double] = []

  init(seed: UInt64) {
    var stream = RandomStream(seed: seed, purpose: DataPurpose.linearRegression)
    for (farm, size) in Self.farmSizes.enumerated() {
      levels.append(Self.truth.alpha + Self.truth.tau * stream.normal())
      for _ in 0..<size {
        let x = stream.normal()
        nitrogen.append(x)
        self.farm.append(farm)
        yield.append(levels[farm] + Self.truth.beta * x + Self.truth.sigma * stream.normal())
      }
    }
  }
}

extension FieldTrial {
  /// One line for all fields.
  func pooled() throws -> Model {
    var model = Model()
    let x = try model.data("nitrogen", nitrogen)
    let alpha = model.parameter("alpha", .normal(0, 10))
    let beta = model.parameter("beta", .normal(0, 10))
    let sigma = model.parameter("sigma", .halfCauchy(5))
    model.deterministic("level", alpha + Formula([Double](repeating: 0, count: levels.count)))
    model.observe("yield", yield, .normal(alpha + beta * x, sigma))
    return model
  }

  /// A level for each farm, none of which knows of the others.
  func unpooled() throws -> Model {
    var model = Model()
    let x = try model.data("nitrogen", nitrogen)
    let farm = try model.index("farm", farm)
    let level = model.parameter("level", count: levels.count, .normal(0, 10))
    let beta = model.parameter("beta", .normal(0, 10))
    let sigma = model.parameter("sigma", .halfCauchy(5))
    model.observe("yield", yield, .normal(level[farm] + beta * x, sigma))
    return model
  }

  /// Levels of farms that are alike as far as the data say so.
  func partiallyPooled() throws -> Model {
    var model = Model()
    let x = try model.data("nitrogen", nitrogen)
    let farm = try model.index("farm", farm)
    let alpha = model.parameter("alpha", .normal(0, 10))
    let tau = model.parameter("tau", .halfCauchy(5))
    let level = model.parameter("level", count: levels.count, .normal(alpha, tau))
    let beta = model.parameter("beta", .normal(0, 10))
    let sigma = model.parameter("sigma", .halfCauchy(5))
    model.observe("yield", yield, .normal(level[farm] + beta * x, sigma))
    return model
  }
}
