import DemandData
import DemandModel
import Foundation
import Inference
import NumericKernels
import Testing

/// Geweke, "Getting it right: joint distribution tests of posterior simulators", JASA 99 (2004).
///
/// Sampling (parameters, data) independently from the model, and by alternating a sweep with new data given its state,
/// must give the same distribution. An error in any conditional of the sweep moves some mean.
@Suite struct Stage1ExactnessTests {
  @Test func alternatingSweepsAndDataKeepsThePrior() throws {
    let hierarchy = try GroupRetailer.hierarchy(departments: 3, stores: 2)
    let prior = try Stage1Prior(
      hierarchy: hierarchy, calendar: GroupRetailer.calendar, firstDay: GroupRetailer.firstDay, dayCount: 24,
      typicalUnits: 8, levelSpread: 0.5, specification: GroupRetailer.specification())
    let parameters = Stage1Parameters(model: prior.model)
    let independent = 20_000
    var stream = RandomStream(seed: 11, purpose: StreamPurpose.priorSimulation.rawValue)
    let values = (0..<independent).map { _ in
      parameters.values(of: Stage1State(priorOf: prior.model, using: &stream))
    }
    let meanSquares = parameters.names.indices.map { index in
      values.reduce(0) { $0 + $1[index] * $1[index] } / Double(independent)
    }
    // Of everything reported the value, how wide it spreads, and the log of scales, whose tails the others do not show.
    // Spread is the bounded x^2 / (x^2 + E x^2): plain squares of coefficients with unknown scales have tails so long that
    // a mean of 120 says nothing of its own error.
    func statistics(_ values: [Double]) -> [Double] {
      values + zip(values, meanSquares).map { $0 * $0 / ($0 * $0 + $1) }
        + zip(parameters.names, values).map { $0.contains("scale") ? log($1) : $1 }
    }
    var sums = [Double](repeating: 0, count: 3 * parameters.names.count)
    var squares = sums
    for values in values {
      for (index, value) in statistics(values).enumerated() {
        sums[index] += value
        squares[index] += value * value
      }
    }

    // Many short chains, each begun with a draw from the prior and so in equilibrium from its first sweep: their means are
    // independent, and the error of their mean needs no autocorrelation. One long chain stays for hundreds of sweeps where
    // a scale is far out, which its own autocorrelation does not tell.
    let (chains, sweeps) = (120, 100)
    var means = [[Double]](repeating: [], count: sums.count)
    for index in 0..<chains {
      var chain = Stage1Chain(
        model: prior.model, state: Stage1State(priorOf: prior.model, using: &stream), stream: stream)
      var total = [Double](repeating: 0, count: sums.count)
      for sweep in 0..<sweeps {
        var stream = RandomStream(
          seed: 12, purpose: StreamPurpose.stage1.rawValue, chain: UInt32(index), draw: UInt64(sweep))
        let counts = chain.state.rate.indices.map { cell in
          chain.model.history.isObserved[cell] ? Double(stream.poisson(chain.state.rate[cell])) : 0
        }
        chain.model = chain.model.replacingCounts(counts)
        try chain.sweep(using: stream)
        for (index, value) in statistics(parameters.values(of: chain.state)).enumerated() { total[index] += value }
      }
      for index in total.indices { means[index].append(total[index] / Double(sweeps)) }
    }

    var worst = (z: 0.0, name: "")
    var sumOfSquares = 0.0
    for index in means.indices {
      let mean = sums[index] / Double(independent)
      let variance = squares[index] / Double(independent) - mean * mean
      let ofChains = means[index].reduce(0, +) / Double(chains)
      let error = means[index].reduce(0) { $0 + ($1 - ofChains) * ($1 - ofChains) } / Double(chains * (chains - 1))
      let z = (ofChains - mean) / (error + variance / Double(independent)).squareRoot()
      sumOfSquares += z * z
      if abs(z) > abs(worst.z) { worst = (z, parameters.names[index % parameters.names.count]) }
    }
    // About 400 correlated statistics: the largest of as many standard normals exceeds 4.2 with probability 0.01.
    let meanSquare = sumOfSquares / Double(means.count)
    #expect(abs(worst.z) < 4.2, "\(worst.name): z = \(worst.z)")
    #expect(meanSquare < 1.8)
  }

  @Test(arguments: [(0.0, 0.0, 0.5), (1, 2, 0.3), (7, 1, 0.8), (300, 5.5, 0.1), (40, 3, 1.5)])
  func logRateAgainstQuadrature(count: Double, mean: Double, sd: Double) {
    func logDensity(_ x: Double) -> Double { count * x - exp(x) - 0.5 * ((x - mean) / sd) * ((x - mean) / sd) }
    let grid = stride(from: mean - 10 * sd - 3, through: mean + 10 * sd + 3, by: sd / 200)
    let peak = grid.map(logDensity).max()!
    var (mass, first, second) = (0.0, 0.0, 0.0)
    for x in grid {
      let weight = exp(logDensity(x) - peak)
      mass += weight
      first += weight * x
      second += weight * x * x
    }
    first /= mass
    let expectedSD = (second / mass - first * first).squareRoot()
    let posterior = PoissonNormal(
      count: count, logCount: log(max(count, 0.5)), mean: mean, precision: 1 / (sd * sd))
    var stream = RandomStream(seed: 3, purpose: 1)
    var x = mean
    var rate = exp(x)
    var draws: [Double] = []
    for step in 0..<40_000 {
      posterior.update(&x, rate: &rate, using: &stream)
      if step >= 100 { draws.append(x) }
    }
    let drawn = draws.reduce(0, +) / Double(draws.count)
    let drawnSD = (draws.reduce(0) { $0 + ($1 - drawn) * ($1 - drawn) } / Double(draws.count)).squareRoot()
    #expect(abs(drawn - first) < 4.5 * Diagnostics.mcseMean(draws, chains: 1))
    #expect(abs(drawnSD - expectedSD) < 4.5 * Diagnostics.mcseSD(draws, chains: 1))
    #expect(rate == exp(x))
  }
}
