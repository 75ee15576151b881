import Foundation
import Inference
import NumericKernels
import Testing

@Suite("Modelling layer: parameterisation by the data's weight")
struct ParameterizationTests {
  @Test("what cannot be non-centred is centred")
  func oneWayOnly() throws {
    var model = Model()
    let t = model.parameter("t", .halfNormal(1))
    model.parameter("a", count: 3, .normal(0, t), constraint: .zeroSum, parameterization: .automatic)
    model.parameter("b", count: 3, .normal(0, t), lower: 0, parameterization: .automatic)
    model.parameter("c", .gamma(1, 1), parameterization: .automatic)
    let chosen = try model.compile().parameterizations
    #expect(chosen == ["t": .centered, "a": .centered, "b": .centered, "c": .centered])
  }

  @Test("eight schools are non-centred")
  func eightSchools() throws {
    func compiled(_ parameterization: Parameterization) throws -> CompiledModel {
      var model = Model()
      let mu = model.parameter("mu", .normal(0, 5))
      let tau = model.parameter("tau", .halfCauchy(5))
      let theta = model.parameter("theta", count: 8, .normal(mu, tau), parameterization: parameterization)
      model.observe("y", PredictionTests.schools, .normal(theta, PredictionTests.errors))
      return try model.compile()
    }
    let chosen = try compiled(.automatic)
    #expect(chosen.parameterizations == ["mu": .centered, "tau": .centered, "theta": .nonCentered])
    let point = randomPoint(chosen, 3)
    let (a, b) = (evaluate(chosen, point), evaluate(try compiled(.nonCentered), point))
    #expect(a.value == b.value && a.gradient == b.gradient)
  }

  /// Group effects with standard deviation 0.5, and counts of `days` days about exp of them.
  static func counts(groups: Int, days: Int, mean: Double) throws -> CompiledModel {
    var stream = RandomStream(seed: 8, purpose: 4)
    let effects = (0..<groups).map { _ in log(mean) + 0.5 * stream.normal() }
    let index = (0..<(groups * days)).map { $0 / days }
    let y = index.map { Double(stream.poisson(exp(effects[$0]))) }
    var model = Model()
    let mu = model.parameter("mu", .normal(0, 2))
    let tau = model.parameter("tau", .halfNormal(1))
    let effect = model.parameter("effect", count: groups, .normal(mu, tau), parameterization: .automatic)
    model.observe("y", y, .poissonLog(effect[Index(index)]))
    return try model.compile()
  }

  @Test("counts of many days are centred, of few days non-centred", arguments: [20, 200])
  func counts(groups: Int) throws {
    #expect(try Self.counts(groups: groups, days: 50, mean: 3).parameterizations["effect"] == .centered)
    #expect(try Self.counts(groups: groups, days: 2, mean: 0.2).parameterizations["effect"] == .nonCentered)
  }

  @Test("levels of a hierarchy are chosen one by one")
  func levels() throws {
    var stream = RandomStream(seed: 9, purpose: 4)
    // Each of 6 regions has 40 stores, each store 2 weak observations: stores are little known, regions well.
    let region = (0..<240).map { $0 / 40 }
    let store = (0..<480).map { $0 / 2 }
    let regions = (0..<6).map { _ in 3 * stream.normal() }
    let stores = region.map { regions[$0] + 0.5 * stream.normal() }
    let y = store.map { stores[$0] + 2 * stream.normal() }
    var model = Model()
    let high = model.parameter("high", .halfNormal(5))
    let low = model.parameter("low", .halfNormal(5))
    let sigma = model.parameter("sigma", .halfNormal(5))
    let above = model.parameter("region", count: 6, .normal(0, high), parameterization: .automatic)
    let below = model.parameter("store", count: 240, .normal(above[Index(region)], low), parameterization: .automatic)
    model.observe("y", y, .normal(below[Index(store)], sigma))
    let chosen = try model.compile()
    #expect(chosen.parameterizations["store"] == .nonCentered)
    #expect(chosen.parameterizations["region"] == .centered)
  }

  @Test("what cannot be non-centred is told")
  func impossible() {
    ModelErrorTests.expect("tau", "non-centred") { model in
      model.parameter("tau", .halfCauchy(1), parameterization: .nonCentered)
    }
  }
}
