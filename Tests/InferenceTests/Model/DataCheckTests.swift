import Foundation
import Inference
import Testing

/// What data make impossible is told when the model is compiled, with the names, the row and the value.
@Suite("Modelling layer: data outside a support that is known")
struct DataCheckTests {
  private func expect(_ words: String..., declare: (inout Model) throws -> Void) {
    var model = Model()
    do {
      try declare(&model)
      _ = try model.compile()
      Issue.record("compiled, though \(words) was expected")
    } catch let error as ModelError {
      for word in words { #expect(error.description.contains(word), "\(error.description) lacks \(word)") }
    } catch { Issue.record("\(error) is no ModelError") }
  }

  @Test("bounds between which a prior has no values")
  func boundsOutsideSupport() {
    expect("upper bound of s is -1.0", "gamma") { model in model.parameter("s", .gamma(1, 1), lower: -5, upper: -1) }
    expect("lower bound of p is 2.0", "beta") { model in model.parameter("p", .beta(1, 1), lower: 2) }
  }

  @Test("supports with data in them")
  func supports() {
    expect("y is 7.0 in row 2", "binomial", "from 0.0 to 6.0") { model in
      let n = try model.data("n", [5, 5, 6])
      model.observe("y", [1, 5, 7], .binomial(n, model.parameter("p", .beta(1, 1))))
    }
    expect("y is 11.0 in row 1", "beta_binomial", "from 0.0 to 10.0") { model in
      model.observe("y", [1, 11], .betaBinomial(10, model.parameter("a", .gamma(1, 1)), 2))
    }
    expect("y is 3.0 in row 1", "uniform", "numbers from") { model in
      model.observe("y", [1.0, 3], .uniform(model.parameter("a", .normal(0, 1)), 2))
    }
    expect("y is 2.0 in row 1", "binomial", "theta = 0.0", "-inf") { model in
      model.parameter("p", .beta(1, 1))
      model.observe("y", [0, 2], .binomial(5, 0))
    }
    expect("y is 2.0 in row 1", "theta of its zero-inflation is 1") { model in
      let theta = try model.data("theta", [0.5, 1])
      model.observe("y", [2, 2], .zeroInflated(.poisson(model.parameter("a", .gamma(1, 1))), theta: theta))
    }
    expect("y is 3.0 in row 1", "mixture", "uniform") { model in
      let w = model.parameter("w", count: 2, .dirichlet(1))
      model.observe("y", [1.0, 3], .mixture([.uniform(0, 2), .uniform(1, 2.5)], weights: w))
    }
    // The component that would do has no weight.
    expect("y is 3.0 in row 1", "mixture") { model in
      let a = model.parameter("a", .normal(0, 1))
      model.observe("y", [1.0, 3], .mixture([.uniform(0, 2), .normal(a, 1)], weights: [1.0, 0]))
    }
  }

  @Test("truncation and censoring")
  func bounds() {
    expect("y is 4.0 in row 2", "bounds of its truncated normal", "-inf to 3.0") { model in
      model.observe("y", [1.0, 2, 4], .truncated(.normal(model.parameter("a", .normal(0, 1)), 1), upper: 3))
    }
    expect("y is 2.0 in row 1", "truncated", "2.5") { model in
      let a = model.parameter("a", .normal(0, 1))
      model.observe("y", [1.0, 2], .truncated(.normal(a, 1), lower: [0, 2.5]))
    }
    expect("y is -1.0 in row 0", "no gamma variate is within the bounds") { model in
      let a = model.parameter("a", .gamma(1, 1))
      model.observe("y", [-1.0], .truncated(.gamma(a, 1), lower: -2, upper: -0.5))
    }
    expect("y is 8.0 in row 0", "where no binomial variate is") { model in
      let p = model.parameter("p", .beta(1, 1))
      model.observe("y", [8], .censored(.binomial(5, p), upper: 8))
    }
    expect("y is 9.0 in row 1", "above the upper limit of its censored binomial, 8.0", "observed as the limit") {
      model in
      let p = model.parameter("p", .beta(1, 1))
      model.observe("y", [8, 9], .censored(.binomial(20, p), upper: 8))
    }
    expect("y is -3.0 in row 2", "below the lower limit of its censored normal, -1.5") { model in
      let a = model.parameter("a", .normal(0, 1))
      model.observe("y", [-1.0, 2, -3], .censored(.normal(a, 1), lower: [-1.0, -2, -1.5], upper: 2))
    }
  }

  @Test("vectors and matrices")
  func vectors() {
    let indefinite: [[Double]] = [[1, 2], [2, 1]]
    expect("y", "multi_normal", "Sigma must be positive definite") { model in
      let mu = model.parameter("mu", count: 2, .normal(0, 1))
      model.observe("y", [1, 2], .multivariateNormal(mu, covariance: indefinite))
    }
    expect("theta", "Omega must be symmetric") { model in
      model.parameter("theta", count: 2, .multivariateNormal([0, 0], precision: [[1, 0.5], [0, 1]]))
    }
    expect("theta", "L must have a positive diagonal", "element 1", "-1.0") { model in
      model.parameter("theta", count: 2, .multivariateNormal([0, 0], factor: [[1, 0], [0.5, -1]]))
    }
    expect("kind", "ordered_logistic", "c must increase", "element 1 is 1.0 after 2.0") { model in
      let eta = model.parameter("eta", .normal(0, 1))
      model.observe("kind", [0, 1, 2], .orderedLogistic(eta, [2.0, 1]))
    }
    expect("kind", "theta must be a simplex") { model in
      model.parameter("a", .normal(0, 1))
      model.observe("kind", [0, 1], .categorical([0.5, 0.6]))
    }
    expect("kind is 1.0 in row 2", "categorical", "-inf") { model in
      model.parameter("a", .normal(0, 1))
      model.observe("kind", [0, 0, 1], .categorical([1.0, 0]))
    }
    expect("w", "alpha must be positive") { model in model.parameter("w", count: 2, .dirichlet([1.0, -1])) }
    expect("L", "eta must be positive") { model in model.parameter("L", rows: 2, columns: 2, .lkjCholesky(-1)) }
    expect("row 1 of the observed L", "Cholesky factor") { model in
      let eta = model.parameter("eta", .gamma(2, 1))
      model.observe("L", [[1, 0], [0.5, 0.5]], .lkjCholesky(eta))
    }
  }

  @Test("numbers that are not finite in formulas")
  func infinities() {
    expect("y", "a formula holds inf") { model in
      model.observe("y", [1.0, 2], .normal(model.parameter("a", .normal(0, 1)) + Double.infinity, 1))
    }
    expect("y", "an expression of x", "-inf at position 1") { model in
      let (x, a) = (try model.data("x", [1.0, 0]), model.parameter("a", .normal(0, 1)))
      model.observe("y", [1.0, 2], .normal(a * log(x), 1))
    }
    expect("theta", "divides by x", "0.0 at position 2") { model in
      let (x, a) = (try model.data("x", [1.0, 2, 0]), model.parameter("a", .normal(0, 1)))
      model.parameter("theta", count: 3, .normal(a / x, 1))
    }
    expect("the term t", "a formula holds") { model in
      model.addLogDensity("t", model.parameter("a", .normal(0, 1)) * -Double.infinity)
    }
    expect("mu of normal", "inf") { model in model.parameter("a", .normal(Double.infinity, 1)) }
  }

  @Test("covariances that are singular, asymmetric or indefinite are told with their row")
  func covariances() {
    // Of rank 2: the third row is the sum of the others. Rounding leaves a pivot of 5.6e-17, which is no variance.
    let factor = [[0.1, 0.7], [0.3, -0.2], [0.4, 0.5]]
    let singular = factor.map { a in factor.map { b in a[0] * b[0] + a[1] * b[1] } }
    expect("y", "multi_normal: Sigma", "singular", "row 2 is a combination", "add to the diagonal") { model in
      let mu = model.parameter("mu", count: 3, .normal(0, 1))
      model.observe("y", [1, 2, 3], .multivariateNormal(mu, covariance: singular))
    }
    expect("theta", "Omega", "singular", "row 2") { model in
      model.parameter("theta", count: 3, .multivariateNormal(0, precision: singular))
    }
    // Two equal elements, with the variance of one a rounding larger.
    expect("theta", "Sigma", "singular", "row 1") { model in
      model.parameter("theta", count: 2, .multivariateNormal([0, 0], covariance: [[1, 1], [1, 1 + 0x1p-52]]))
    }
    expect("theta", "Sigma must be positive definite", "row 2 contradicts the rows before it", "-0.5") { model in
      let indefinite: [[Double]] = [[1, 1, 0], [1, 2, 1], [0, 1, 0.5]]
      model.parameter("theta", count: 3, .multivariateNormal(0, covariance: indefinite))
    }
    expect("theta", "Sigma must be positive definite", "-2.0 in row 1") { model in
      model.parameter("theta", count: 2, .multivariateNormal([0, 0], covariance: [[1, 0], [0, -2]]))
    }
    expect("theta", "Sigma must be symmetric", "row 1, column 0 is 0.2", "row 0, column 1 is 0.3") { model in
      model.parameter("theta", count: 2, .multivariateNormal([0, 0], covariance: [[1, 0.3], [0.2, 1]]))
    }
    expect("theta", "L must have a positive diagonal", "element 1", "0.0", "singular") { model in
      model.parameter("theta", count: 2, .multivariateNormal([0, 0], factor: [[1, 0], [1, 0]]))
    }
    expect("theta", "L must be lower triangular", "row 0, column 1 is 0.5") { model in
      model.parameter("theta", count: 2, .multivariateNormal([0, 0], factor: [[1, 0.5], [0, 1]]))
    }
  }

  @Test("what only seems impossible compiles and samples")
  func possible() throws {
    var model = Model()
    let p = model.parameter("p", .beta(1, 1))
    let weights = model.parameter("w", count: 2, .dirichlet(1))
    let n = try model.data("n", [5, 5, 6])
    model.observe("y", [1, 5, 6], .binomial(n, p))
    model.observe("at most", [4, 2], .censored(.poisson(10 * p), upper: 4))
    model.observe("zeros", [0, 0], .zeroInflated(.poisson(p), theta: [1.0, 0.5]))
    model.observe("either", [1.0, 9], .mixture([.uniform(0, 2), .uniform(8, 12)], weights: weights))
    model.observe("rate", [0.0, 1], .exponential(p))
    let fit = try model.compile().sample(NUTS(), chains: 1, warmUp: 50, draws: 20, seed: 1)
    #expect(fit.chainFailures.isEmpty && fit.draws.values.allSatisfy(\.isFinite))
  }

  /// A limit for each row, as where instruments differ: the posterior mean against quadrature.
  @Test("bounds are numbers, arrays and formulas; one for each row, infinite where there is none")
  func boundsOfAllKinds() throws {
    let (least, limits) = (0.5, [3.0, 2, .infinity])
    var model = Model()
    let mu = model.parameter("mu", .normal(0, 2), lower: least)
    model.observe("y", [1.0, 2, 4], .censored(.normal(mu, 1), upper: limits))
    let posterior = try model.compile()
    let fit = try posterior.sample(NUTS(), chains: 2, warmUp: 500, draws: 2000, seed: 1)
    var (mass, first) = (0.0, 0.0)
    for i in 0..<20_000 {
      let x = least + (Double(i) + 0.5) * 0.0005
      let tail = 0.5 * erfc((2 - x) / 2.0.squareRoot())
      let density = exp(-x * x / 8 - 0.5 * (1 - x) * (1 - x) - 0.5 * (4 - x) * (4 - x)) * tail
      (mass, first) = (mass + density, first + x * density)
    }
    let summary = DrawSummary(fit.draws)
    let mean = try #require(summary.rows.first)
    #expect(abs(mean.mean - first / mass) < 4 * mean.mcse, "\(mean.mean), not \(first / mass)")
    // An array for a parameter's elements, and one that is infinite everywhere.
    var bounded = Model()
    bounded.parameter("a", count: 3, .normal(0, 1), lower: [0.0, 1, 2], upper: [1.0, 2, 3])
    bounded.parameter("b", .normal(0, 1), upper: Double.infinity)
    let prior = try bounded.compile().sample(NUTS(), chains: 1, warmUp: 100, draws: 100, seed: 1).draws
    for i in 0..<3 { #expect(prior[i].allSatisfy { $0 > Double(i) && $0 < Double(i + 1) }) }
    #expect(prior[3].contains { $0 < 0 } && prior[3].contains { $0 > 0 })
    expect("a", "lower bound", "-inf at position 1", "of their own") { model in
      model.parameter("a", count: 2, .normal(0, 1), lower: [0, -Double.infinity])
    }
    expect("a", "lower bound", "2.0", "1.5", "position 1") { model in
      model.parameter("a", count: 2, .normal(0, 1), lower: [0.0, 2], upper: [1, 1.5])
    }
  }

  @Test("explicit bounds leave what lies in the family's support")
  func boundsWithinSupport() throws {
    var model = Model()
    model.parameter("half", .halfNormal(1), lower: -Double.infinity)
    model.parameter("rate", .exponential(1), lower: -1)
    model.parameter("share", .beta(2, 2), lower: -1, upper: 3)
    model.parameter("even", .uniform(0, 1), lower: -Double.infinity, upper: 0.5)
    model.parameter("each", count: 2, .exponential(1), lower: [-1, 2])
    let free = model.parameter("free", .normal(0, 1))
    model.parameter("above", .exponential(1), lower: free)
    let draws = try model.compile().sample(NUTS(), chains: 2, warmUp: 300, draws: 1000, seed: 4).draws
    func column(_ name: String) throws -> [Double] { Array(draws[try #require(draws.names.firstIndex(of: name))]) }
    let rows = Dictionary(uniqueKeysWithValues: DrawSummary(draws).rows.map { ($0.name, $0) })
    for name in ["half", "rate", "share", "even", "each[1]", "above"] {
      #expect(try column(name).allSatisfy { $0 >= 0 }, "\(name)")
    }
    #expect(try column("share").allSatisfy { $0 <= 1 } && column("even").allSatisfy { $0 <= 0.5 })
    for (name, mean) in [
      ("half", (2 / Double.pi).squareRoot()), ("rate", 1), ("share", 0.5), ("even", 0.25), ("each[2]", 3),
    ] {
      let row = try #require(rows[name])
      #expect(abs(row.mean - mean) < 5 * row.mcse, "\(name): \(row.mean), not \(mean)")
    }
  }
}
