import Foundation
import Inference
import NumericKernels
import Testing

/// Rows whose structure is made use of, beside the same density row by row: a family given by its type alone is always
/// evaluated row by row.
@Suite("Modelling layer: structured rows")
struct StructuredRowsTests {
  /// What observed rows are distributed as: `structured` by the named factories, otherwise row by row.
  struct Family {
    let structured: Bool

    func normal(_ mu: Formula, _ sigma: Formula) -> Distribution {
      structured ? .normal(mu, sigma) : .scalar(Normal.self, [mu, sigma])
    }
    func negativeBinomial(_ eta: Formula, _ phi: Formula) -> Distribution {
      structured ? .negativeBinomial2Log(eta, phi) : .scalar(NegativeBinomial2Log.self, [eta, phi])
    }
    func poisson(_ eta: Formula) -> Distribution {
      structured ? .poissonLog(eta) : .scalar(PoissonLog.self, [eta])
    }
  }

  static func integers(_ count: Int, below bound: Int, _ purpose: UInt32) -> [Int] {
    var stream = RandomStream(seed: 31, purpose: purpose)
    return (0..<count).map { _ in min(bound - 1, Int(stream.uniform() * Double(bound))) }
  }
  static func counts(_ count: Int, mean: Double = 3) -> [Double] {
    var stream = RandomStream(seed: 32, purpose: 1)
    return (0..<count).map { _ in Double(stream.negativeBinomial(mean: mean, size: 0.8)) }
  }
  static func reals(_ count: Int) -> [Double] {
    var stream = RandomStream(seed: 33, purpose: 1)
    return (0..<count).map { _ in stream.normal() }
  }

  /// Values to 1e-10, gradients to 1e-8 of the largest, and against central differences to 1e-6, at random points.
  static func compare(
    points: Int = 3, scale: Double = 0.7, shift: [Double]? = nil, step: Double = 1e-3,
    _ declare: (inout Model, Family) throws -> Void
  ) throws {
    func compiled(_ structured: Bool) throws -> CompiledModel {
      var model = Model()
      try declare(&model, Family(structured: structured))
      return try model.compile()
    }
    let (fast, plain) = (try compiled(true), try compiled(false))
    for index in 0..<points {
      var point = randomPoint(fast, UInt64(index), scale: scale)
      if let shift { for i in shift.indices { point[i] += shift[i] } }
      let (a, b) = (evaluate(fast, point), evaluate(plain, point))
      #expect(abs(a.value - b.value) <= 1e-10 * abs(b.value), "values \(a.value) and \(b.value)")
      let largest = b.gradient.map(abs).max() ?? 0
      let error = zip(a.gradient, b.gradient).map { abs($0 - $1) }.max() ?? .nan
      #expect(error <= 1e-8 * largest, "gradients differ by \(error) of \(largest)")
      let difference = gradientError(fast, point, step: step)
      #expect(difference < 1e-6, "differences: \(difference)")
    }
  }

  /// Predictors of counts: how many of which effects, and which rows see which.
  struct Predictor: Sendable, CustomStringConvertible {
    let description: String
    let rows: Int
    let declare: @Sendable (inout Model, Int) throws -> Formula
  }

  static let predictors = [
    Predictor(description: "one mean", rows: 37) { model, _ in model.parameter("a", .normal(0, 1)) },
    Predictor(description: "a single row", rows: 1) { model, _ in model.parameter("a", count: 1, .normal(0, 1)) },
    Predictor(description: "series by day in order", rows: 12 * 50) { model, n in
      let level = model.parameter("level", .normal(0, 1))
      let series = model.parameter("series", count: 12, .normal(0, 1))
      let day = model.parameter("day", count: 50, .normal(0, 1))
      return level + series[Index((0..<n).map { $0 / 50 })] + day[Index((0..<n).map { $0 % 50 })]
    },
    Predictor(description: "runs longer than a chunk", rows: 700) { model, n in
      let half = model.parameter("half", count: 2, .normal(0, 1))
      let day = model.parameter("day", count: 350, .normal(0, 1))
      return half[Index((0..<n).map { $0 / 350 })] - 0.5 * day[Index((0..<n).map { $0 % 350 })]
    },
    Predictor(description: "effects in random order", rows: 503) { model, n in
      let a = model.parameter("a", count: 40, .normal(0, 1))
      let b = model.parameter("b", count: 70, .normal(0, 1))
      return a[Index(integers(n, below: 40, 1))] - b[Index(integers(n, below: 70, 2))]
    },
    Predictor(description: "many rows of equal effects", rows: 900) { model, n in
      let a = model.parameter("a", count: 4, .normal(0, 1))
      let b = model.parameter("b", count: 7, .normal(0, 1))
      return 0.3 + a[Index(integers(n, below: 4, 1))] + b[Index(integers(n, below: 7, 2))]
    },
    Predictor(description: "pairs of positions", rows: 301) { model, n in
      let effect = model.parameter("effect", rows: 6, columns: 20, .normal(0, 1))
      let store = model.parameter("store", count: 5, .normal(0, 1))
      let pair = effect[Index(integers(n, below: 6, 3)), Index(integers(n, below: 20, 4))]
      return tanh(pair) + store[Index(integers(n, below: 5, 5))]
    },
    Predictor(description: "a covariate and an offset", rows: 64) { model, n in
      let slope = model.parameter("slope", .normal(0, 1))
      let group = model.parameter("group", count: 8, .normal(0, 1))
      return Formula(reals(n)) + slope * Formula(reals(n).map { $0 * $0 }) + group[Index((0..<n).map { $0 % 8 })]
    },
    Predictor(description: "each row its own", rows: 45) { model, n in
      let walk = model.parameter("walk", count: n, .normal(0, 0.3))
      return 0.5 + walk.cumulativeSum()
    },
    Predictor(description: "a matrix of rows and columns", rows: 15) { model, n in
      let row = model.parameter("row", count: 3, .normal(0, 1))
      let column = model.parameter("column", count: 5, .normal(0, 1))
      return (row.column + column.row).reshaped([15])
    },
  ]

  @Test("negative binomial", arguments: predictors)
  func negativeBinomial(_ predictor: Predictor) throws {
    for mean in [0.4, 3.0] {
      try Self.compare { model, family in
        let phi = model.parameter("phi", .exponential(1))
        let eta = try predictor.declare(&model, predictor.rows)
        model.observe("y", Self.counts(predictor.rows, mean: mean), family.negativeBinomial(eta, phi))
      }
    }
  }

  @Test("Poisson", arguments: predictors)
  func poisson(_ predictor: Predictor) throws {
    try Self.compare { model, family in
      let eta = try predictor.declare(&model, predictor.rows)
      model.observe("y", Self.counts(predictor.rows), family.poisson(eta))
    }
  }

  @Test("sizes far from 1, counts far apart")
  func extremeSizes() throws {
    for shift in [-6.0, 12] {
      try Self.compare(shift: [shift]) { model, family in
        let phi = model.parameter("phi", .flat, lower: 0)
        let a = model.parameter("a", count: 3, .normal(0, 1))
        let y: [Double] = [0, 1, 5, 90_000, 2, 0, 7, 1_000_000, 3, 0, 12]
        model.observe("y", y, family.negativeBinomial(a[Index((0..<11).map { $0 % 3 })], phi))
      }
    }
  }

  @Test("terms that would overflow one by one")
  func cancellingTerms() throws {
    try Self.compare(shift: [400, -399, -401, 399.5], step: 1e-6) { model, family in
      let a = model.parameter("a", count: 2, .flat)
      let b = model.parameter("b", count: 2, .flat)
      let index = Index([0, 1, 1, 0, 0, 1])
      model.observe("y", [3, 0, 2, 1, 4, 0], family.negativeBinomial(a[index] + b[index], 2))
      model.observe("z", [3, 0, 2, 1, 4, 0], family.poisson(a[index] + b[index]))
    }
  }

  @Test("groups of normal rows")
  func normalGroups() throws {
    let n = 400
    let (school, year) = (Self.integers(n, below: 9, 1), Self.integers(n, below: 5, 2))
    let y = Self.reals(n)
    try Self.compare { model, family in
      let theta = model.parameter("theta", count: 9, .normal(0, 1))
      let sigma = model.parameter("sigma", .halfCauchy(1))
      model.observe("y", y, family.normal(theta[Index(school)], sigma))
    }
    try Self.compare { model, family in
      let mu = model.parameter("mu", .normal(0, 1))
      let theta = model.parameter("theta", count: 9, .normal(0, 1))
      let variance = model.parameter("variance", count: 9, .inverseGamma(2, 1))
      model.observe("y", y, family.normal(mu - theta[Index(school)], sqrt(variance[Index(school)])))
    }
    try Self.compare { model, family in
      let a = model.parameter("a", count: 9, .normal(0, 1))
      let b = model.parameter("b", count: 5, .normal(0, 1))
      let spread = model.parameter("spread", count: 5, .normal(0, 1))
      model.observe("y", y, family.normal(0.5 + a[Index(school)] - b[Index(year)], exp(0.3 * spread[Index(year)])))
    }
    try Self.compare { model, family in
      let sigma = model.parameter("sigma", count: 9, .halfCauchy(1))
      model.observe("y", y, family.normal(0.25, sigma[Index(school)]))
    }
    try Self.compare { model, family in
      let theta = model.parameter("theta", count: 9, .normal(0, 1))
      model.observe("y", y, family.normal(theta[Index(school)], 0.8))
    }
  }

  @Test("linear normal rows")
  func leastSquares() throws {
    let n = 60
    let matrix = (0..<n).map { [1, sin(Double($0)), cos(Double($0) * 0.3)] }
    try Self.compare { model, family in
      let x = try model.data("x", matrix)
      let beta = model.parameter("beta", count: 3, .normal(0, 1))
      let alpha = model.parameter("alpha", .normal(0, 1))
      let sigma = model.parameter("sigma", .halfCauchy(1))
      model.observe("y", Self.reals(n), family.normal(x • beta - alpha + Formula(Self.reals(n)), sigma))
    }
    // A column that is a multiple of another, and fewer rows than columns.
    try Self.compare { model, family in
      let beta = model.parameter("beta", count: 3, .normal(0, 1))
      let sigma = model.parameter("sigma", .halfCauchy(1))
      model.observe("y", [0.3, -1], family.normal(Formula([[1, 2, 0.5], [2, 4, 1]]) • beta, sigma))
    }
  }

  @Test("a parameter out of its range makes structured rows undefined too")
  func outOfRange() throws {
    for structured in [true, false] {
      var model = Model()
      let family = Family(structured: structured)
      let s = model.parameter("s", .normal(0, 1))
      let theta = model.parameter("theta", count: 2, .normal(0, 1))
      model.observe("y", [1, 2, 3, 4], family.normal(theta[[0, 0, 1, 1]], s))
      model.observe("n", [1, 2, 3, 4], family.negativeBinomial(theta[[0, 0, 1, 1]], s))
      let compiled = try model.compile()
      #expect(!(evaluate(compiled, [-1, 0, 0]).value > -.infinity))
      #expect(!(evaluate(compiled, [1, .nan, 0]).value > -.infinity))
      #expect(!(evaluate(compiled, [1, .infinity, 0]).value > -.infinity))
    }
  }

  @Test(
    "rows of any scale: log density and gradient are those of scale 1, shifted", arguments: [-160, -40, 0, 40, 160])
  func extremeScales(exponent: Int) throws {
    let n = 40
    func figures(_ scale: Double, linear: Bool) throws -> (value: Double, gradient: [Double]) {
      var model = Model()
      let b = model.parameter("b", count: 2, .flat)
      let logSD = model.parameter("log_sd", .flat)
      let y = (0..<n).map { scale * sin(Double($0)) }
      let x = (0..<n).map { Double($0) / 10 }
      let mean =
        linear
        ? scale * b[[0]] + b[[1]] * Formula(x.map { $0 * scale }) : scale * b[Index(x.map { $0 < 2 ? 0 : 1 })]
      model.observe("y", y, .normal(mean, scale * exp(logSD)))
      return evaluate(try model.compile(), [0.3, -0.2, 0.1])
    }
    let scale = pow(10, Double(exponent))
    for linear in [true, false] {
      let (one, other) = (try figures(1, linear: linear), try figures(scale, linear: linear))
      let expected = one.value - Double(n) * log(scale)
      #expect(abs(other.value - expected) <= 1e-10 * max(abs(expected), abs(one.value)), "\(other.value), \(expected)")
      for (a, b) in zip(one.gradient, other.gradient) { #expect(abs(a - b) <= 1e-9 * max(1, abs(a)), "\(a) \(b)") }
    }
  }
}
